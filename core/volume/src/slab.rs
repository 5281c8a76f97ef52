use glam::DVec3;

use crate::{Grid, LabelMap};

/// How far from a voxel's middle another grid's may lie, in voxels.
const SAME: f64 = 0.02;

/// A mask of some of a grid's voxels on the whole grid: exactly its labels, and background around. `None` if its voxels are not among
/// the grid's: other sizes, turned, shifted by part of a voxel, or beyond the ends.
///
/// Segmentations of DICOM hold only the slices that have labels. Axes may be in another order or run the other way.
#[must_use]
pub fn slab_onto(mask: &LabelMap, grid: &Grid) -> Option<LabelMap> {
    let between = grid.voxel_from_ras() * mask.grid().ras_from_voxel();
    let [ni, nj, nk] = mask.grid().shape();
    let whole = |at: DVec3| {
        let index = at.round();
        let is_inside = (0..3).all(|axis| (0.0..grid.shape()[axis] as f64).contains(&index[axis]));
        ((at - index).abs().max_element() < SAME && is_inside).then(|| index.to_array().map(|n| n as usize))
    };
    // An affine map that brings all eight corners onto voxels, along its axes, brings all between there too.
    for axis in between.matrix3.to_cols_array_2d() {
        let steps = axis.map(f64::abs);
        let is_one_step = steps.iter().filter(|step| **step > 0.5).count() == 1;
        if !is_one_step || steps.iter().any(|step| (step - step.round()).abs() > SAME || *step > 1.5) {
            return None;
        }
    }
    for corner in 0..8usize {
        let end = |bit: usize, size: usize| if corner >> bit & 1 == 1 { (size - 1) as f64 } else { 0.0 };
        whole(between.transform_point3(DVec3::new(end(0, ni), end(1, nj), end(2, nk))))?;
    }
    let mut onto = LabelMap::empty(*grid);
    let [wide, high, _] = grid.shape();
    for (k, j, i) in (0..nk).flat_map(|k| (0..nj).flat_map(move |j| (0..ni).map(move |i| (k, j, i)))) {
        let label = mask.at((k * nj + j) * ni + i);
        if label != 0 {
            let [x, y, z] = whole(between.transform_point3(DVec3::new(i as f64, j as f64, k as f64)))?;
            onto.set((z * high + y) * wide + x, label);
        }
    }
    Some(onto)
}

#[cfg(test)]
mod tests {
    use glam::{DAffine3, DMat3};

    use super::*;
    use crate::VoxelIndex;

    fn oblique() -> Grid {
        let turn = DMat3::from_rotation_z(0.3) * DMat3::from_rotation_x(-0.2) * DMat3::from_diagonal(DVec3::new(0.8, 1.1, 2.5));
        Grid::new([7, 6, 5], DAffine3 { matrix3: turn, translation: DVec3::new(-40.0, 12.0, 300.0) }).expect("a grid")
    }

    /// Slices 1 to 3 of the grid, in the other order, with rows and columns exchanged.
    fn slab(grid: &Grid, shift: f64) -> LabelMap {
        let own = DAffine3 { matrix3: DMat3::from_cols(DVec3::Y, DVec3::X, -DVec3::Z), translation: DVec3::new(0.0, 0.0, 3.0 + shift) };
        let mut mask = LabelMap::empty(Grid::new([6, 7, 3], grid.ras_from_voxel() * own).expect("a grid"));
        (0..mask.len()).for_each(|offset| mask.set(offset, (offset % 5) as u16));
        mask
    }

    #[test]
    fn each_label_comes_to_the_same_place_in_the_patient() {
        let grid = oblique();
        let mask = slab(&grid, 0.0);
        let onto = slab_onto(&mask, &grid).expect("its voxels are the grid's");
        let mut seen = 0;
        for offset in 0..onto.len() {
            let index = VoxelIndex([offset % 7, offset / 7 % 6, offset / 42]);
            let at = mask.grid().voxel_from_ras().transform_point3(grid.ras_of(index).0).round();
            let inside = (0..3).all(|axis| at[axis] >= 0.0 && at[axis] < mask.grid().shape()[axis] as f64);
            let [i, j, k] = at.to_array().map(|n| n.max(0.0) as usize);
            let wanted = if inside { mask.at((k * 7 + j) * 6 + i) } else { 0 };
            assert_eq!(onto.at(offset), wanted, "{index:?}");
            seen += usize::from(wanted != 0);
        }
        assert_eq!(seen, mask.counts().iter().filter(|(value, _)| **value != 0).map(|(_, count)| count).sum::<usize>());
    }

    #[test]
    fn what_lies_between_voxels_or_beyond_is_not_guessed() {
        let grid = oblique();
        assert!(slab_onto(&slab(&grid, 0.4), &grid).is_none(), "between two slices");
        assert!(slab_onto(&slab(&grid, 2.0), &grid).is_none(), "beyond the last slice");
        let coarse = Grid::new([3, 3, 2], grid.ras_from_voxel() * DAffine3::from_scale(DVec3::splat(2.0))).expect("a grid");
        assert!(slab_onto(&LabelMap::empty(coarse), &grid).is_none(), "larger voxels");
    }
}
