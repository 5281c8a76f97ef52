//! Scenes to use tools in, and the same scene stored in another order of axes.

use medley_annotate::tools::Canvas;
use medley_annotate::{Author, Edit, PaintRules, Refusal};
use medley_volume::glam::{DAffine3, DMat3, DVec3};
use medley_volume::{Grid, IndexBox, LabelMap, Quantity, Ras, Scaling, Volume, VoxelIndex, Voxels};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A mask, the scan below it and the rules.
#[derive(Clone)]
pub struct Scene {
    pub mask: LabelMap,
    pub scan: Volume,
    pub rules: PaintRules,
}

pub fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

impl Scene {
    /// An empty mask over a scan of zeros, voxels of 1 mm.
    pub fn empty(shape: [usize; 3]) -> Self {
        Self::on(Grid::axis_aligned(shape, [1.0; 3]).expect("a grid"))
    }

    pub fn on(grid: Grid) -> Self {
        let scan = Volume::new(grid, Voxels::I16(vec![0; grid.len()]), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        Self { mask: LabelMap::empty(grid), scan, rules: PaintRules::default() }
    }

    /// A mask of blobs of labels 0, 1, 2, 3 and 300, over a scan of smooth values with steps, on an oblique grid of uneven voxels.
    pub fn random(seed: u64) -> Self {
        let rng = &mut rng(seed);
        let shape: [usize; 3] = std::array::from_fn(|_| rng.random_range(5..14));
        let turn = DMat3::from_rotation_z(0.2) * DMat3::from_rotation_x(-0.15) * DMat3::from_diagonal(DVec3::new(0.8, 1.3, 2.5));
        let affine = DAffine3 { matrix3: turn, translation: DVec3::new(-31.0, 12.5, 7.0) };
        Self::blobs(Grid::new(shape, affine).expect("a grid"), rng)
    }

    /// Blobs of labels and values on a grid.
    pub fn blobs(grid: Grid, rng: &mut ChaCha8Rng) -> Self {
        let mut scene = Self::on(grid);
        let shape = grid.shape();
        let mut values = vec![0i16; grid.len()];
        for label in [1u16, 2, 3, 300, 1, 2] {
            let middle = shape.map(|side| rng.random_range(0..side) as f64);
            let radius = rng.random_range(1.0..4.0);
            let value = rng.random_range(-200..400);
            for offset in 0..grid.len() {
                let voxel = voxel_of(offset, shape).map(|v| v as f64);
                let distance = (DVec3::from_array(voxel) - DVec3::from_array(middle)).length();
                if distance <= radius {
                    scene.mask.set(offset, label);
                }
                if distance <= radius + 1.0 {
                    values[offset] = value;
                }
            }
        }
        values.iter_mut().for_each(|value| *value += rng.random_range(-8i16..9));
        scene.scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        scene
    }

    pub fn canvas(&self, label: u16) -> Canvas<'_> {
        Canvas { mask: &self.mask, scan: Some(&self.scan), label, rules: &self.rules, author: &Author::Person, at_ms: 7 }
    }

    pub fn shape(&self) -> [usize; 3] {
        self.mask.grid().shape()
    }

    pub fn set(&mut self, voxel: [usize; 3], label: u16) {
        self.mask.set(self.mask.grid().offset(voxel), label);
    }

    /// The centre of a voxel.
    pub fn at(&self, voxel: [usize; 3]) -> Ras {
        self.mask.grid().ras_of(VoxelIndex(voxel))
    }

    pub fn set_values(&mut self, value: impl Fn([usize; 3]) -> i16) {
        let grid = *self.mask.grid();
        let values = (0..grid.len()).map(|offset| value(voxel_of(offset, grid.shape()))).collect();
        self.scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
    }

    /// The mask after an Edit; panics unless the Edit comes and goes without a trace and keeps to the rules.
    pub fn after(&self, edit: &Edit) -> LabelMap {
        let start = labels(&self.mask);
        let mut mask = self.mask.clone();
        edit.apply(&mut mask).expect("the Edit fits the mask it was made on");
        let after = mask.clone();
        let mut changed = 0;
        for (offset, (&was, is)) in start.iter().zip(labels(&after)).enumerate() {
            if was != is {
                changed += 1;
                let value = self.scan.value(VoxelIndex(voxel_of(offset, self.shape()))).expect("inside");
                assert!(self.rules.allow(was) && !self.rules.locked.contains(&is), "{was} became {is} in spite of {:?}", self.rules);
                assert!(self.rules.values.is_none_or(|range| range.contains(value)), "value {value} is outside the rule");
            }
        }
        assert_eq!(changed, edit.changed);
        edit.revert(&mut mask).expect("the Edit is in the mask");
        assert_eq!(labels(&mask), start);
        after
    }

    /// Offsets of the voxels that an Edit changes.
    pub fn changed(&self, edit: &Edit) -> Vec<[usize; 3]> {
        let after = self.after(edit);
        (0..after.len()).filter(|&n| after.at(n) != self.mask.at(n)).map(|n| voxel_of(n, self.shape())).collect()
    }

    /// The same scene with its voxels stored in another order: axis `order[a]` of the old grid becomes axis `a`, turned around
    /// where `flips` says so. Every voxel stays where it is in the patient.
    pub fn reordered(&self, order: [usize; 3], flips: [bool; 3]) -> Self {
        let old = *self.mask.grid();
        let shape = order.map(|axis| old.shape()[axis]);
        let from = |voxel: [usize; 3]| {
            let mut was = [0; 3];
            for axis in 0..3 {
                was[order[axis]] = if flips[axis] { shape[axis] - 1 - voxel[axis] } else { voxel[axis] };
            }
            was
        };
        let m = old.ras_from_voxel().matrix3;
        let column = |axis: usize| if flips[axis] { -m.col(order[axis]) } else { m.col(order[axis]) };
        let first = old.ras_of(VoxelIndex(from([0; 3]))).0;
        let affine = DAffine3 { matrix3: DMat3::from_cols(column(0), column(1), column(2)), translation: first };
        let grid = Grid::new(shape, affine).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        let mut values = vec![0i16; grid.len()];
        for offset in 0..grid.len() {
            let was = old.offset(from(voxel_of(offset, shape)));
            mask.set(offset, self.mask.at(was));
            values[offset] = self.scan.voxels().stored(was).expect("inside") as i16;
        }
        let scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        Self { mask, scan, rules: self.rules.clone() }
    }

    /// A tool gives the same in the patient, in whatever of the 48 orders the voxels are stored.
    pub fn same_in_all_orders(&self, tool: impl Fn(&Self) -> Result<Edit, Refusal>) {
        let wanted = tool(self).map(|edit| self.after(&edit));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for signs in 0..8 {
                let flips = [0, 1, 2].map(|axis| signs >> axis & 1 == 1);
                let scene = self.reordered(order, flips);
                let found = tool(&scene).map(|edit| scene.after(&edit));
                match (&wanted, found) {
                    (Ok(wanted), Ok(found)) => {
                        for offset in 0..found.len() {
                            let at = scene.at(voxel_of(offset, scene.shape()));
                            let wanted = wanted.label(self.mask.grid().voxel_at(at).expect("the same place")).expect("inside");
                            assert_eq!(found.at(offset), wanted, "{order:?} {flips:?} {at:?}");
                        }
                    }
                    (Err(wanted), found) => assert_eq!(found.as_ref().err(), Some(wanted), "{order:?} {flips:?}"),
                    (Ok(_), Err(refusal)) => panic!("{order:?} {flips:?}: {refusal}"),
                }
            }
        }
    }
}

pub fn voxel_of(offset: usize, shape: [usize; 3]) -> [usize; 3] {
    [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]]
}

pub fn labels(mask: &LabelMap) -> Vec<u16> {
    mask.region(&IndexBox::whole(mask.grid().shape()))
}

/// The voxels of a label as rows of a picture, one string for each `j` of slice `k`.
pub fn picture(mask: &LabelMap, k: usize) -> Vec<String> {
    let [width, height, _] = mask.grid().shape();
    let sign = |label: u16| if label == 0 { '.' } else { char::from_digit(u32::from(label % 10), 10).unwrap_or('?') };
    (0..height).map(|j| (0..width).map(|i| sign(mask.at((k * height + j) * width + i))).collect()).collect()
}
