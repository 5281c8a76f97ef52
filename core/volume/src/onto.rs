use glam::DVec3;
use rayon::prelude::*;

use crate::{Grid, Volume, VolumeError, Voxels};

/// A number a voxel can be stored as.
trait Stored: Copy + Send + Sync {
    fn to_f64(self) -> f64;
    /// Rounded and held within the type's range where it is an integer.
    fn of_f64(value: f64) -> Self;
}

macro_rules! stored {
    ($round:expr => $($kind:ty),+) => {
        $(impl Stored for $kind {
            fn to_f64(self) -> f64 {
                self as f64
            }
            fn of_f64(value: f64) -> Self {
                let round: fn(f64) -> f64 = $round;
                round(value) as Self
            }
        })+
    };
}

stored!(f64::round => u8, i8, u16, i16, u32, i32, u64, i64);
stored!(|value| value => f32, f64);

/// A scan put onto another grid, linear between its eight nearest voxels, through patient space. Its stored type and scaling stay.
///
/// Nothing is smoothed: onto a much coarser grid this samples, it does not average. Outside the scan is its smallest value.
///
/// # Errors
/// None for a volume that exists; the type is that of [`Volume::new`].
pub fn volume_onto(volume: &Volume, target: Grid) -> Result<Volume, VolumeError> {
    let scaling = volume.scaling();
    let outside = (volume.summary().min - scaling.intercept) / scaling.slope;
    let from = volume.grid();
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

fn sampled<T: Stored>(stored: &[T], from: &Grid, target: &Grid, outside: f64) -> Vec<T> {
    let between = from.voxel_from_ras() * target.ras_from_voxel();
    let [ni, nj, nk] = target.shape();
    (0..nk * nj)
        .into_par_iter()
        .flat_map_iter(|row| {
            let (k, j) = (row / nj, row % nj);
            (0..ni).map(move |i| {
                let at = between.transform_point3(DVec3::new(i as f64, j as f64, k as f64));
                T::of_f64(linear_at(stored, from, at).unwrap_or(outside))
            })
        })
        .collect()
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
}
