//! The voxels that a brush covers on its way from one point to the next: all whose centre is within the radius of the way.

use medley_volume::Grid;
use medley_volume::glam::DVec3;

/// Voxels in a line along one voxel axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    /// The first voxel.
    pub start: [usize; 3],
    /// The voxel axis the line runs along.
    pub axis: usize,
    /// How many voxels.
    pub count: usize,
}

/// Distances are compared with this slack, so that a voxel exactly on the edge is inside whatever the rounding.
const SLACK: f64 = 1.0 + 1e-9;

/// The voxels of a ball drawn from one point to another, both in continuous voxel indices. Spans may overlap.
pub(crate) fn ball(grid: &Grid, from: DVec3, to: DVec3, radius_mm: f64, mut visit: impl FnMut(Span)) {
    let bounds = grid.shape().map(|side| (0, side));
    capsule(grid, from, to, radius_mm, bounds, 0, &mut visit);
    line(grid, from, to, radius_mm, &mut visit);
}

/// The voxels of a disc drawn from one point to another. The disc lies in the slice nearest to its middle along voxel axis
/// `normal`; a way that crosses slices is painted in each with the part of it that is nearest to that slice.
pub(crate) fn disc(grid: &Grid, normal: usize, from: DVec3, to: DVec3, radius_mm: f64, mut visit: impl FnMut(Span)) {
    let along = if normal == 0 { 1 } else { 0 };
    in_slices(grid, normal, from, to, |a, b, bounds| capsule(grid, a, b, radius_mm, bounds, along, &mut visit));
    line(grid, from, to, radius_mm, &mut visit);
}

/// The part of a way that is nearest to each slice it passes, and that slice as bounds.
pub(crate) fn in_slices(grid: &Grid, normal: usize, from: DVec3, to: DVec3, mut visit: impl FnMut(DVec3, DVec3, [(usize, usize); 3])) {
    let last_slice = grid.shape()[normal] as f64 - 1.0;
    let (first, last) = (from[normal].round(), to[normal].round());
    let (low, high) = (first.min(last).max(0.0), first.max(last).min(last_slice));
    let mut slice = low;
    while slice <= high {
        let (mut a, mut b) = (from, to);
        if first != last {
            let at = |position: f64| ((position - from[normal]) / (to[normal] - from[normal])).clamp(0.0, 1.0);
            let (enter, leave) = (at(slice - 0.5), at(slice + 0.5));
            (a, b) = (from.lerp(to, enter), from.lerp(to, leave));
        }
        a[normal] = slice;
        b[normal] = slice;
        let mut bounds = grid.shape().map(|side| (0, side));
        bounds[normal] = (slice as usize, slice as usize + 1);
        visit(a, b, bounds);
        slice += 1.0;
    }
}

/// The voxels inside `bounds` (half-open, per axis) within the radius of the segment, as one span along axis `along` per row: a
/// capsule is convex, so a row meets it in one piece. The ends come from the quadratics and are then settled by the distance.
fn capsule(
    grid: &Grid,
    from: DVec3,
    to: DVec3,
    radius_mm: f64,
    mut bounds: [(usize, usize); 3],
    along: usize,
    visit: &mut impl FnMut(Span),
) {
    let (into_mm, into_voxel) = (grid.ras_from_voxel().matrix3, grid.voxel_from_ras().matrix3);
    for axis in 0..3 {
        let reach = radius_mm * into_voxel.row(axis).length() + 1e-6;
        let low = (from[axis].min(to[axis]) - reach).ceil().max(bounds[axis].0 as f64);
        let high = (from[axis].max(to[axis]) + reach).floor().min(bounds[axis].1 as f64 - 1.0);
        if low > high {
            return;
        }
        bounds[axis] = (low as usize, high as usize + 1);
    }
    let way = into_mm * (to - from);
    let way_squared = way.length_squared();
    let limit = radius_mm * radius_mm * SLACK;
    let step = into_mm.col(along);
    let (outer, inner) = match along {
        0 => (2, 1),
        1 => (2, 0),
        _ => (1, 0),
    };
    for o in bounds[outer].0..bounds[outer].1 {
        for n in bounds[inner].0..bounds[inner].1 {
            let mut row = DVec3::ZERO;
            row[outer] = o as f64;
            row[inner] = n as f64;
            let base = into_mm * (row - from);
            let is_inside = |t: usize| {
                let at = base + step * t as f64;
                let nearest = if way_squared > 0.0 { (at.dot(way) / way_squared).clamp(0.0, 1.0) } else { 0.0 };
                (at - way * nearest).length_squared() <= limit
            };
            let Some((enter, leave)) = row_meets_capsule(base, step, way, limit) else { continue };
            let mut low = ((enter - 1.0).floor().max(bounds[along].0 as f64)) as usize;
            let mut high = ((leave + 2.0).ceil().min(bounds[along].1 as f64).max(0.0)) as usize;
            while low < high && !is_inside(low) {
                low += 1;
            }
            while high > low && !is_inside(high - 1) {
                high -= 1;
            }
            if high > low {
                let mut start = [0; 3];
                start[outer] = o;
                start[inner] = n;
                start[along] = low;
                visit(Span { start, axis: along, count: high - low });
            }
        }
    }
}

/// Where the line `base + t · step` (mm, the way's first point at the origin) enters and leaves the capsule around `way`.
fn row_meets_capsule(base: DVec3, step: DVec3, way: DVec3, limit: f64) -> Option<(f64, f64)> {
    let ball_at = |middle: DVec3| below_zero(step.length_squared(), (base - middle).dot(step), (base - middle).length_squared() - limit);
    let mut found = ball_at(DVec3::ZERO);
    let way_squared = way.length_squared();
    if way_squared > 0.0 {
        found = hull(found, ball_at(way));
        let (across, step_across) = (base - way * (base.dot(way) / way_squared), step - way * (step.dot(way) / way_squared));
        // A row all but parallel to the way: its crosswise part is rounding, not direction.
        let step_across = if step_across.length_squared() < 1e-18 * step.length_squared() { DVec3::ZERO } else { step_across };
        let tube = below_zero(step_across.length_squared(), across.dot(step_across), across.length_squared() - limit);
        let between_ends = between(base.dot(way), step.dot(way), way_squared);
        if let (Some(tube), Some(ends)) = (tube, between_ends) {
            let common = (tube.0.max(ends.0), tube.1.min(ends.1));
            if common.0 <= common.1 {
                found = hull(found, Some(common));
            }
        }
    }
    found
}

/// The `t` for which `a t² + 2 b t + c ≤ 0`, with `a ≥ 0`.
fn below_zero(a: f64, b: f64, c: f64) -> Option<(f64, f64)> {
    if a <= 0.0 {
        return (c <= 0.0).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let discriminant = b * b - a * c;
    // A touching row may come out a little below zero; the distance has the last word on its voxels.
    if discriminant < -1e-9 * (b * b).max(a * c.abs()) {
        return None;
    }
    let root = discriminant.max(0.0).sqrt();
    Some(((-b - root) / a, (-b + root) / a))
}

/// The `t` for which `0 ≤ start + t · slope ≤ end`.
fn between(start: f64, slope: f64, end: f64) -> Option<(f64, f64)> {
    if slope.abs() <= 1e-12 * end.sqrt() {
        return (start >= 0.0 && start <= end).then_some((f64::NEG_INFINITY, f64::INFINITY));
    }
    let (a, b) = (-start / slope, (end - start) / slope);
    Some((a.min(b), a.max(b)))
}

fn hull(a: Option<(f64, f64)>, b: Option<(f64, f64)>) -> Option<(f64, f64)> {
    match (a, b) {
        (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
        (a, b) => a.or(b),
    }
}

/// The voxels that the way itself passes through, without a gap. Only a tip smaller than a voxel needs them.
pub(crate) fn line(grid: &Grid, from: DVec3, to: DVec3, radius_mm: f64, visit: &mut impl FnMut(Span)) {
    let half_diagonal = grid.spacing().iter().sum::<f64>() / 2.0;
    if radius_mm >= half_diagonal {
        return;
    }
    let delta = to - from;
    let (mut enter, mut leave) = (0.0f64, 1.0f64);
    for axis in 0..3 {
        let (low, high) = (-0.5, grid.shape()[axis] as f64 - 0.5);
        if delta[axis] == 0.0 {
            if from[axis] < low || from[axis] > high {
                return;
            }
            continue;
        }
        let (a, b) = ((low - from[axis]) / delta[axis], (high - from[axis]) / delta[axis]);
        enter = enter.max(a.min(b));
        leave = leave.min(a.max(b));
    }
    if enter > leave {
        return;
    }
    let steps = (delta.abs().max_element() * (leave - enter)).ceil().max(1.0);
    let mut step = 0.0;
    while step <= steps {
        let at = from.lerp(to, enter + (leave - enter) * (step / steps)).round();
        if (0..3).all(|axis| at[axis] >= 0.0 && at[axis] < grid.shape()[axis] as f64) {
            visit(Span { start: [at.x as usize, at.y as usize, at.z as usize], axis: 0, count: 1 });
        }
        step += 1.0;
    }
}
