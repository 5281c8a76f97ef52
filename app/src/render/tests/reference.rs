//! What a slab, an oblique cut and a second scan should look like, computed pixel by pixel without a device.

use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{Grid, Ras, Volume, VoxelIndex};

use super::super::SlabFrame;
use super::easel::View;
use crate::state::slab::Projection;

/// Nearer than this to where one voxel ends and the next begins, or the grid itself ends, a pixel may show either.
pub(super) const EDGE: f64 = 2e-3;

/// The value of a scan at a continuous voxel index; `None` outside.
pub(super) fn value_at(volume: &Volume, voxel: DVec3, is_interpolated: bool) -> Option<f64> {
    let shape = volume.grid().shape();
    let is_inside = (0..3).all(|axis| voxel[axis] >= -0.5 && voxel[axis] < shape[axis] as f64 - 0.5);
    let stored = |at: DVec3| {
        let clamped = std::array::from_fn(|axis| at[axis].clamp(0.0, shape[axis] as f64 - 1.0) as usize);
        volume.value(VoxelIndex(clamped)).expect("clamped")
    };
    if !is_inside {
        return None;
    }
    if !is_interpolated {
        return Some(stored((voxel + 0.5).floor()));
    }
    let (low, mut sum) = (voxel.floor(), 0.0);
    for corner in 0..8 {
        let pick = DVec3::new(f64::from(corner & 1), f64::from(corner >> 1 & 1), f64::from(corner >> 2));
        let weights = (1.0 - (voxel - low)) * (1.0 - pick) + (voxel - low) * pick;
        sum += weights.x * weights.y * weights.z * stored(low + pick);
    }
    Some(sum)
}

/// Where the samples under a point lie, in voxel indices of the first scan.
pub(super) fn samples(view: &View, slab: Option<SlabFrame>, point: DVec2) -> Vec<DVec3> {
    let middle = view.geometry.voxel_under(point);
    match slab {
        None => vec![middle],
        Some(slab) => {
            let reach = i64::from(slab.reach);
            (-reach..=reach).map(|n| middle + slab.step * n as f64).collect()
        }
    }
}

/// Values along a normal as one; `None` where there is none.
pub(super) fn projected(values: impl Iterator<Item = f64>, slab: Option<SlabFrame>) -> Option<f64> {
    let values: Vec<f64> = values.collect();
    let projection = slab.map_or(Projection::Maximum, |slab| slab.projection);
    let first = *values.first()?;
    Some(match projection {
        Projection::Maximum => values.iter().fold(first, |a, b| a.max(*b)),
        Projection::Minimum => values.iter().fold(first, |a, b| a.min(*b)),
        Projection::Mean => values.iter().sum::<f64>() / values.len() as f64,
    })
}

/// Whether a sample is so near to an edge that rounding decides.
pub(super) fn is_undecided(grid: &Grid, voxel: DVec3, is_interpolated: bool) -> bool {
    (0..3).any(|axis| {
        let at = voxel[axis];
        let ends = [-0.5, grid.shape()[axis] as f64 - 0.5];
        let is_at_end = ends.iter().any(|end| (at - end).abs() < EDGE);
        let is_between = (at + 0.5 - (at + 0.5).round()).abs() < EDGE;
        is_at_end || (!is_interpolated && is_between)
    })
}

/// A place in one grid's voxel indices, in another's.
pub(super) fn onto(from: &Grid, to: &Grid, voxel: DVec3) -> DVec3 {
    to.continuous_index_of(Ras(from.ras_from_voxel().transform_point3(voxel)))
}
