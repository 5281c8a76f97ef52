use glam::DVec3;
use rayon::prelude::*;

use crate::aligned::{AlignedAxis, Ends, aligned};
use crate::grid::corners;
use crate::{Grid, Volume, VolumeError, Voxels};

/// A number a voxel can be stored as.
trait Stored: Copy + Send + Sync {
    fn to_f64(self) -> f64;
    /// Rounded and held within the type's range where it is an integer.
    fn of_f64(value: f64) -> Self;
}

macro_rules! stored {
    ($half:expr => $($kind:ty),+) => {
        $(impl Stored for $kind {
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn of_f64(value: f64) -> Self {
                // Halves go away from zero; a cast drops what is behind the point, and calls no function as rounding does.
                (value + $half.copysign(value)) as Self
            }
        })+
    };
}

stored!(0.5f64 => u8, i8, u16, i16, u32, i32, u64, i64);
stored!(0.0f64 => f32, f64);

/// A scan put onto another grid, linear between its eight nearest voxels, through patient space. Its stored type and scaling stay.
///
/// Nothing is smoothed: onto a much coarser grid this samples, it does not average. Outside the scan is its smallest value.
///
/// # Errors
/// None for a volume that exists; the type is that of [`Volume::new`].
pub fn volume_onto(volume: &Volume, target: Grid) -> Result<Volume, VolumeError> {
    let scaling = volume.scaling();
    let from = volume.grid();
    // Looking for the smallest value takes as long as the rest: only where it is needed.
    let outside = if covers(from, &target) { 0.0 } else { (volume.summary().min - scaling.intercept) / scaling.slope };
    let voxels = match volume.voxels() {
        Voxels::U8(stored) => Voxels::U8(sampled(stored, from, &target, outside)),
        Voxels::I8(stored) => Voxels::I8(sampled(stored, from, &target, outside)),
        Voxels::U16(stored) => Voxels::U16(sampled(stored, from, &target, outside)),
        Voxels::I16(stored) => Voxels::I16(sampled(stored, from, &target, outside)),
        Voxels::U32(stored) => Voxels::U32(sampled(stored, from, &target, outside)),
        Voxels::I32(stored) => Voxels::I32(sampled(stored, from, &target, outside)),
        Voxels::U64(stored) => Voxels::U64(sampled(stored, from, &target, outside)),
        Voxels::I64(stored) => Voxels::I64(sampled(stored, from, &target, outside)),
        Voxels::F32(stored) => Voxels::F32(sampled(stored, from, &target, outside)),
        Voxels::F64(stored) => Voxels::F64(sampled(stored, from, &target, outside)),
    };
    Volume::new(target, voxels, scaling, volume.quantity())
}

/// Whether all of a target grid's voxels lie in the source.
fn covers(from: &Grid, target: &Grid) -> bool {
    let between = from.voxel_from_ras() * target.ras_from_voxel();
    let most = DVec3::from_array(from.shape().map(|count| count as f64 - 0.5));
    // A box lies in a box if its corners do. A little inside, so that rounding leaves none out.
    let is_inside = |at: DVec3| at.cmpgt(DVec3::splat(1e-6 - 0.5)).all() && at.cmplt(most - 1e-6).all();
    corners(target.shape()).iter().all(|&corner| is_inside(between.transform_point3(corner)))
}

fn sampled<T: Stored>(stored: &[T], from: &Grid, target: &Grid, outside: f64) -> Vec<T> {
    let mut values = vec![T::of_f64(outside); target.len()];
    let [ni, nj, _] = target.shape();
    let rows = values.par_chunks_mut(ni).enumerate().with_min_len(16).map(|(row, out)| (row % nj, row / nj, out));
    match aligned(from, target, Ends::Included) {
        Some(axes) => rows.for_each(|(j, k, out)| sample_row(stored, &axes, [j, k], out)),
        None => {
            let between = from.voxel_from_ras() * target.ras_from_voxel();
            rows.for_each(|(j, k, out)| {
                let start = between.transform_point3(DVec3::new(0.0, j as f64, k as f64));
                for (i, value) in out.iter_mut().enumerate() {
                    if let Some(found) = linear_at(stored, from, start + between.matrix3.x_axis * i as f64) {
                        *value = T::of_f64(found);
                    }
                }
            });
        }
    }
    values
}

/// One row, read by tables from the up to four rows around it.
fn sample_row<T: Stored>(stored: &[T], [along, across, above]: &[AlignedAxis; 3], [j, k]: [usize; 2], out: &mut [T]) {
    if !across.inside.contains(&j) || !above.inside.contains(&k) {
        return;
    }
    let mut rows = [(0, 0.0); 4];
    let mut count = 0;
    for n in 0..4usize {
        let part = |axis: &AlignedAxis, at: usize, is_upper: bool| match is_upper {
            true => (axis.low[at] + axis.step, axis.share[at]),
            false => (axis.low[at], 1.0 - axis.share[at]),
        };
        let ((y, share_y), (z, share_z)) = (part(across, j, n & 1 == 1), part(above, k, n & 2 == 2));
        // A row of no weight may lie beyond a grid that is one voxel thick, or hold numbers that are not finite.
        if share_y * share_z > 0.0 {
            rows[count] = (y + z, share_y * share_z);
            count += 1;
        }
    }
    // Four rows are the rule: for them the loop is written out.
    if count == 4 { blend_rows(stored, along, &rows, out) } else { blend_rows(stored, along, &rows[..count], out) }
}

/// One row, linear along it between the weighted sums of the rows that start at the given offsets.
#[inline(always)]
fn blend_rows<T: Stored>(stored: &[T], along: &AlignedAxis, rows: &[(usize, f64)], out: &mut [T]) {
    let range = along.inside.clone();
    let places = along.low[range.clone()].iter().zip(&along.share[range.clone()]);
    let sum = |at: usize| rows.iter().fold(0.0, |sum, &(start, weight)| sum + weight * stored[start + at].to_f64());
    for (value, (&low, &share)) in out[range].iter_mut().zip(places) {
        *value = T::of_f64(if share > 0.0 { sum(low) * (1.0 - share) + sum(low + along.step) * share } else { sum(low) });
    }
}

/// The value at a continuous voxel index; half a voxel beyond the outermost centres still belongs to the scan.
fn linear_at<T: Stored>(stored: &[T], grid: &Grid, at: DVec3) -> Option<f64> {
    let mut low = [0; 3];
    let mut share = [0.0; 3];
    for axis in 0..3 {
        let last = grid.shape()[axis] - 1;
        if !(at[axis] >= -0.5 && at[axis] <= last as f64 + 0.5) {
            return None;
        }
        let inside = at[axis].clamp(0.0, last as f64);
        low[axis] = (inside as usize).min(last.saturating_sub(1));
        share[axis] = inside - low[axis] as f64;
    }
    let mut sum = 0.0;
    for corner in 0..8usize {
        let upper: [usize; 3] = std::array::from_fn(|axis| corner >> axis & 1);
        let weight: f64 = (0..3).map(|axis| if upper[axis] == 1 { share[axis] } else { 1.0 - share[axis] }).product();
        // A corner of no weight may lie beyond a grid that is one voxel thick, or hold a number that is not finite.
        if weight > 0.0 {
            sum += weight * stored[grid.offset(std::array::from_fn(|axis| low[axis] + upper[axis]))].to_f64();
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use glam::DAffine3;

    use super::*;
    use crate::{Quantity, Scaling, VoxelIndex};

    fn ramp() -> Volume {
        let grid = Grid::axis_aligned([6, 5, 4], [2.0, 3.0, 4.0]).expect("a grid");
        let values = (0..grid.len()).map(|o| (10 * (o % 6)) as i16 + 100 * (o / 30) as i16).collect();
        Volume::new(grid, Voxels::I16(values), Scaling { slope: 2.0, intercept: -7.0 }, Quantity::Arbitrary).expect("fits")
    }

    #[test]
    fn its_own_grid_changes_nothing_and_turned_axes_only_reorder() {
        let scan = ramp();
        assert_eq!(volume_onto(&scan, *scan.grid()), Ok(scan.clone()));
        let turned = crate::resample::canonical_grid(
            &Grid::new([4, 6, 5], DAffine3::from_cols_array(&[0.0, 0.0, -4.0, 2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 12.0]))
                .expect("a grid"),
        );
        assert_eq!(volume_onto(&scan, turned.expect("a grid")), Ok(scan));
    }

    #[test]
    fn a_ramp_is_met_between_voxels_and_outside_is_the_smallest_value() {
        let scan = ramp();
        let shifted = DAffine3::from_translation(DVec3::new(1.0, 0.0, 0.0)) * scan.grid().ras_from_voxel();
        let moved = volume_onto(&scan, Grid::new([8, 5, 4], shifted).expect("a grid")).expect("fits");
        assert_eq!(moved.value(VoxelIndex([1, 2, 3])), Some((15.0 + 300.0) * 2.0 - 7.0));
        assert_eq!(moved.value(VoxelIndex([5, 0, 0])), Some(50.0 * 2.0 - 7.0));
        assert_eq!(moved.value(VoxelIndex([6, 0, 3])), Some(-7.0));
    }

    #[test]
    fn one_slice_and_numbers_that_are_not_finite_do_not_spread() {
        let grid = Grid::axis_aligned([3, 1, 1], [1.0; 3]).expect("a grid");
        let voxels = Voxels::F32(vec![1.0, f32::NAN, 3.0]);
        let scan = Volume::new(grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let same = volume_onto(&scan, grid).expect("fits");
        assert_eq!(same.value(VoxelIndex([0, 0, 0])), Some(1.0));
        assert_eq!(same.value(VoxelIndex([2, 0, 0])), Some(3.0));
        assert!(same.value(VoxelIndex([1, 0, 0])).is_some_and(f64::is_nan));
    }

    /// Grids along the scan's axes and turned ones, finer, coarser, shifted, beyond it.
    #[test]
    fn tables_give_what_each_place_by_itself_does() {
        let scan = ramp();
        let Voxels::I16(stored) = scan.voxels() else { panic!("int16") };
        let noise: Vec<i16> = stored.iter().enumerate().map(|(n, value)| value + (n * 7919 % 613) as i16 - 300).collect();
        let from = DAffine3::from_cols_array(&[0.0, -0.7, 0.0, 0.0, 0.0, 1.9, 1.1, 0.0, 0.0, 1.3, 9.5, 0.4]);
        for affine in [from, DAffine3::from_scale(DVec3::new(3.1, 1.2, 5.0)), DAffine3::from_rotation_z(0.3)] {
            let target = Grid::new([13, 9, 8], affine).expect("a grid");
            let found = sampled(&noise, scan.grid(), &target, -1000.0);
            let between = scan.grid().voxel_from_ras() * target.ras_from_voxel();
            for (offset, &value) in found.iter().enumerate() {
                let at = DVec3::new((offset % 13) as f64, (offset / 13 % 9) as f64, (offset / 117) as f64);
                let wanted = linear_at(&noise, scan.grid(), between.transform_point3(at)).unwrap_or(-1000.0);
                assert!((f64::from(value) - wanted).abs() <= 0.5 + 1e-9, "{offset}: {value} against {wanted}");
            }
            assert!(found.iter().any(|&value| value != -1000));
        }
    }
}
