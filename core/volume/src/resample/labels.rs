use glam::DVec3;
use rayon::prelude::*;

use crate::aligned::{Ends, aligned};
use crate::{Grid, LabelMap, LabelVoxels};

/// A mask put onto another grid by nearest neighbour through patient space; outside the mask's grid is background.
#[must_use]
pub fn labels_onto(mask: &LabelMap, target: Grid) -> LabelMap {
    let voxels = match mask.voxels() {
        LabelVoxels::U8(labels) => LabelVoxels::U8(nearest_onto(labels, mask.grid(), &target)),
        LabelVoxels::U16(labels) => smallest(nearest_onto(labels, mask.grid(), &target)),
    };
    LabelMap::new(target, voxels).unwrap_or_else(|_| LabelMap::empty(target))
}

fn smallest(labels: Vec<u16>) -> LabelVoxels {
    let is_small = labels.par_iter().with_min_len(1 << 14).all(|&label| label <= u16::from(u8::MAX));
    if is_small { LabelVoxels::U8(labels.into_par_iter().map(|label| label as u8).collect()) } else { LabelVoxels::U16(labels) }
}

fn nearest_onto<T: Copy + Default + Send + Sync>(labels: &[T], from: &Grid, target: &Grid) -> Vec<T> {
    let mut onto = vec![T::default(); target.len()];
    let [wide, high, _] = target.shape();
    let rows = onto.par_chunks_mut(wide).enumerate().with_min_len(16).map(|(row, out)| (row % high, row / high, out));
    if let Some(axes) = aligned(from, target, Ends::Excluded) {
        let [along, across, above] = [0, 1, 2].map(|axis| axes[axis].nearest());
        let range = &axes[0].inside;
        rows.filter(|(j, k, _)| axes[1].inside.contains(j) && axes[2].inside.contains(k)).for_each(|(j, k, out)| {
            let row = &labels[across[j] + above[k]..];
            out[range.clone()].iter_mut().zip(&along[range.clone()]).for_each(|(label, &at)| *label = row[at]);
        });
        return onto;
    }
    let between = from.voxel_from_ras() * target.ras_from_voxel();
    let most = DVec3::from_array(from.shape().map(|count| count as f64 - 0.5));
    rows.for_each(|(j, k, out)| {
        let start = between.transform_point3(DVec3::new(0.0, j as f64, k as f64));
        for (i, label) in out.iter_mut().enumerate() {
            let at = start + between.matrix3.x_axis * i as f64;
            if at.cmpgt(DVec3::splat(-0.5)).all() && at.cmplt(most).all() {
                *label = labels[from.offset((at + 0.5).to_array().map(|at| at as usize))];
            }
        }
    });
    onto
}

#[cfg(test)]
mod tests {
    use glam::{DAffine3, DMat3};

    use super::*;
    use crate::VoxelIndex;

    #[test]
    fn labels_go_to_finer_coarser_and_turned_grids_as_each_place_by_itself_does() {
        let matrix3 = DMat3::from_cols(DVec3::new(0.0, -2.0, 0.0), DVec3::new(0.0, 0.0, 3.0), DVec3::new(-1.0, 0.0, 0.0));
        let grid = Grid::new([3, 4, 5], DAffine3 { matrix3, translation: DVec3::new(10.0, 20.0, 30.0) }).expect("a usable affine");
        let mut mask = LabelMap::empty(grid);
        (0..grid.len()).for_each(|offset| mask.set(offset, (offset * 37 % 11) as u16 * 60));
        let turn = DAffine3::from_rotation_y(0.3);
        for affine in [DAffine3::IDENTITY, turn] {
            let finer = DAffine3::from_translation(DVec3::splat(-0.21)) * DAffine3::from_scale(DVec3::splat(0.37));
            let affine = grid.ras_from_voxel() * affine * finer;
            let target = Grid::new([9, 12, 14], affine).expect("a grid");
            let onto = labels_onto(&mask, target);
            let near = |offset: usize| {
                let voxel = VoxelIndex([offset % 9, offset / 9 % 12, offset / 108]);
                grid.voxel_at(target.ras_of(voxel)).map_or(0, |at| mask.at(grid.offset(at.0)))
            };
            assert!((0..target.len()).all(|offset| onto.at(offset) == near(offset)));
            assert!(onto.counts().len() > 3);
        }
    }
}
