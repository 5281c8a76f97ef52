//! Small studies on a real disk.
#![allow(dead_code, reason = "each test file uses a part of this")]
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

use std::fs;
use std::path::{Path, PathBuf};

use medley_annotate::{Author, Brush, BrushShape, Edit, History, PaintRules, Stroke, Tool};
use medley_io::StoredGeometry;
use medley_project::{CaseId, OpenCase, Role, Study};
use medley_volume::{AnatomicalPlane, Grid, IndexBox, LabelMap, LabelTable, Quantity, Ras, Scaling, Volume, VoxelIndex, Voxels};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

pub const SHAPE: [usize; 3] = [14, 11, 9];

pub fn grid() -> Grid {
    let scale = medley_volume::glam::DAffine3::from_scale(medley_volume::glam::DVec3::new(-1.5, 2.0, 2.5));
    Grid::new(SHAPE, medley_volume::glam::DAffine3::from_rotation_z(0.1) * scale).expect("a grid")
}

/// Writes a scan on `grid` whose voxels depend on `seed`.
pub fn write_image(path: &Path, grid: &Grid, seed: usize) {
    let voxels = (0..grid.len()).map(|n| ((n * 31 + seed * 7) % 500) as i16).collect();
    let volume = Volume::new(*grid, Voxels::I16(voxels), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
    medley_io::write_volume(path, &volume, &StoredGeometry::of_grid(grid)).expect("written");
}

/// A study with one case whose image lies inside its folder, so that the folder can be copied whole.
pub fn new_study(folder: &Path) -> (Study, CaseId) {
    fs::create_dir_all(folder).expect("a folder");
    let study = Study::create(folder, &LabelTable::from_names([(1, "liver"), (2, "spleen")])).expect("a study");
    let image = folder.join("images/scan one.nii.gz");
    fs::create_dir_all(folder.join("images")).expect("a folder");
    write_image(&image, &grid(), 1);
    let case = study.add_case("", &image, Role::Training).expect("a case");
    (study, case)
}

/// Copies a folder as a power cut would leave it: whatever is in the files now.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

pub fn mask_file(study: &Path) -> PathBuf {
    study.join("masks/scan_one.nii.gz")
}

pub fn labels(mask: &LabelMap) -> Vec<u16> {
    (0..mask.len()).map(|offset| mask.at(offset)).collect()
}

/// A change that is not in the mask yet.
pub fn random_edit(mask: &LabelMap, rng: &mut ChaCha8Rng) -> Option<Edit> {
    let low: [usize; 3] = std::array::from_fn(|axis| rng.random_range(0..SHAPE[axis]));
    let high: [usize; 3] = std::array::from_fn(|axis| rng.random_range(low[axis] + 1..=SHAPE[axis]));
    let region = IndexBox { low, high };
    let most = if rng.random_bool(0.1) { 400 } else { 4 };
    let after: Vec<u16> = (0..region.len()).map(|_| rng.random_range(0..most)).collect();
    let (author, tool) =
        if rng.random_bool(0.3) { (Author::Model("model-7".to_owned()), Tool::Proposal) } else { (Author::Person, Tool::Script) };
    Edit::from_region(mask, region, &after, author, tool, rng.random_range(0..1_000_000))
}

/// A stroke that is in the mask already.
pub fn random_stroke(mask: &mut LabelMap, rng: &mut ChaCha8Rng) -> Option<Edit> {
    let shape = if rng.random_bool(0.5) { BrushShape::Ball } else { BrushShape::Disc(AnatomicalPlane::Axial) };
    let brush = Brush { label: rng.random_range(0..4), radius_mm: rng.random_range(0.0..6.0), shape, rules: PaintRules::default() };
    let mut stroke = Stroke::begin(brush);
    for _ in 0..rng.random_range(1..4) {
        let voxel = VoxelIndex(std::array::from_fn(|axis| rng.random_range(0..SHAPE[axis])));
        let Ras(at) = mask.grid().ras_of(voxel);
        stroke.extend(mask, None, Ras(at));
    }
    stroke.finish(mask, Author::Person, 7)
}

/// What a mask and its history must be, kept the simple way: whole masks.
#[derive(Debug, Clone)]
pub struct Model {
    pub now: Vec<u16>,
    pub before: Vec<Vec<u16>>,
    pub after: Vec<Vec<u16>>,
}

impl Model {
    pub fn new() -> Self {
        Self { now: vec![0; SHAPE.iter().product()], before: Vec::new(), after: Vec::new() }
    }

    pub fn change_to(&mut self, next: Vec<u16>) {
        self.before.push(std::mem::replace(&mut self.now, next));
        self.after.clear();
    }

    pub fn undo(&mut self) {
        let back = self.before.pop().expect("something to undo");
        self.after.push(std::mem::replace(&mut self.now, back));
    }

    pub fn redo(&mut self) {
        let next = self.after.pop().expect("something to redo");
        self.before.push(std::mem::replace(&mut self.now, next));
    }

    /// Compares a mask and all that can be undone and redone in it.
    pub fn check(&self, mask: &LabelMap, history: &History) {
        assert_eq!(labels(mask), self.now);
        assert_eq!((history.len(), history.redo_len()), (self.before.len(), self.after.len()));
        let (mut mask, mut history) = (mask.clone(), history.clone());
        for before in self.before.iter().rev() {
            history.undo(&mut mask).expect("fits").expect("something to undo");
            assert_eq!(labels(&mask), *before);
        }
        let forth = self.before.iter().skip(1).chain(std::iter::once(&self.now)).chain(self.after.iter().rev());
        for after in forth.skip(usize::from(self.before.is_empty())) {
            history.redo(&mut mask).expect("fits").expect("something to redo");
            assert_eq!(labels(&mask), *after);
        }
    }

    pub fn check_case(&self, open: &OpenCase) {
        assert_eq!(open.notices, Vec::<String>::new());
        assert_eq!(open.mask.grid(), open.volume.grid());
        self.check(&open.mask, &open.history);
    }
}
