//! The voxels that a square or cubic tip covers on its way from one point to the next.

use medley_volume::Grid;
use medley_volume::glam::DVec3;

use crate::capsule::{Span, in_slices, line};

/// Compared with this slack in voxels, so that a voxel exactly on the edge is inside whatever the rounding.
const SLACK: f64 = 1e-9;

/// The voxels of a cube drawn from one point to another, both in continuous voxel indices. Spans may overlap.
pub(crate) fn cube(grid: &Grid, from: DVec3, to: DVec3, radius_mm: f64, mut visit: impl FnMut(Span)) {
    let half = grid.spacing().map(|step| radius_mm / step);
    swept(from, to, half, grid.shape().map(|side| (0, side)), 0, &mut visit);
    line(grid, from, to, radius_mm, &mut visit);
}

/// The voxels of a square in the slice nearest to its middle along voxel axis `normal`, as a disc is drawn.
pub(crate) fn square(grid: &Grid, normal: usize, from: DVec3, to: DVec3, radius_mm: f64, mut visit: impl FnMut(Span)) {
    let half = grid.spacing().map(|step| radius_mm / step);
    let along = if normal == 0 { 1 } else { 0 };
    in_slices(grid, normal, from, to, |a, b, bounds| swept(a, b, half, bounds, along, &mut visit));
    line(grid, from, to, radius_mm, &mut visit);
}

/// The voxels inside `bounds` that the box with half sides `half` (voxels) meets on its way, as one span along axis `along` per row:
/// a voxel is met if the way passes through the same box around the voxel.
fn swept(from: DVec3, to: DVec3, half: [f64; 3], mut bounds: [(usize, usize); 3], along: usize, visit: &mut impl FnMut(Span)) {
    for axis in 0..3 {
        let low = (from[axis].min(to[axis]) - half[axis] - SLACK).ceil().max(bounds[axis].0 as f64);
        let high = (from[axis].max(to[axis]) + half[axis] + SLACK).floor().min(bounds[axis].1 as f64 - 1.0);
        if low > high {
            return;
        }
        bounds[axis] = (low as usize, high as usize + 1);
    }
    let way = to - from;
    // When, between 0 and 1, the way is within half a side of an index along an axis.
    let within = |axis: usize, index: usize, (enter, leave): (f64, f64)| {
        let (distance, reach) = (index as f64 - from[axis], half[axis] + SLACK);
        if way[axis] == 0.0 {
            return (distance.abs() <= reach).then_some((enter, leave));
        }
        let (a, b) = ((distance - reach) / way[axis], (distance + reach) / way[axis]);
        let (enter, leave) = (enter.max(a.min(b)), leave.min(a.max(b)));
        (enter <= leave).then_some((enter, leave))
    };
    let (outer, inner) = match along {
        0 => (2, 1),
        1 => (2, 0),
        _ => (1, 0),
    };
    for o in bounds[outer].0..bounds[outer].1 {
        let Some(times) = within(outer, o, (0.0, 1.0)) else { continue };
        for n in bounds[inner].0..bounds[inner].1 {
            let Some((enter, leave)) = within(inner, n, times) else { continue };
            let (a, b) = (from[along] + way[along] * enter, from[along] + way[along] * leave);
            let low = (a.min(b) - half[along] - SLACK).ceil().max(bounds[along].0 as f64);
            let high = (a.max(b) + half[along] + SLACK).floor().min(bounds[along].1 as f64 - 1.0);
            if low <= high {
                let mut start = [0; 3];
                (start[outer], start[inner], start[along]) = (o, n, low as usize);
                visit(Span { start, axis: along, count: (high - low) as usize + 1 });
            }
        }
    }
}
