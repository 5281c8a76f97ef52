//! Polygon and freehand contour: what a closed line holds gets the active label.

use medley_volume::glam::DVec2;
use medley_volume::{Grid, Ras};

use super::{Canvas, Slice, VoxelSet};
use crate::{Edit, Refusal, Tool};

/// A voxel whose centre is this near to the line, in voxels, lies on it.
const ON_LINE: f64 = 1e-7;

/// Voxels of a slice inside a closed contour get the active label; label 0 takes them away.
///
/// The contour is closed from its last point to its first; its points (mm) are brought into the slice along the slice's voxel axis. A
/// voxel is inside if a line from its centre to far away crosses the contour an odd number of times (even-odd), or if its centre
/// lies on the contour. A contour that crosses itself leaves out what it goes around twice. A freehand contour is one of many points.
///
/// # Errors
/// [`Refusal::NoContour`], [`Refusal::Empty`] if no voxel's centre is inside, [`Refusal::Locked`], [`Refusal::NoChange`].
pub fn polygon(canvas: &Canvas, slice: Slice, contour: &[Ras]) -> Result<Edit, Refusal> {
    contour_edit(canvas, slice, contour, Tool::Polygon)
}

pub(crate) fn contour_edit(canvas: &Canvas, slice: Slice, contour: &[Ras], tool: Tool) -> Result<Edit, Refusal> {
    canvas.require_unlocked(canvas.label)?;
    canvas.paint(&polygon_voxels(canvas.mask.grid(), slice, contour)?, tool)
}

/// The voxels that [`polygon`] means.
///
/// # Errors
/// As [`polygon`], and [`Refusal::Outside`] if the grid has no such slice.
pub fn polygon_voxels(grid: &Grid, slice: Slice, contour: &[Ras]) -> Result<VoxelSet, Refusal> {
    let shape = grid.shape();
    if slice.axis > 2 || slice.index >= shape[slice.axis] {
        return Err(Refusal::Outside);
    }
    let [u, v] = slice.in_plane();
    let points: Vec<DVec2> = contour.iter().map(|&point| grid.continuous_index_of(point)).map(|at| DVec2::new(at[u], at[v])).collect();
    if points.len() < 3 || points.iter().any(|point| !point.is_finite()) {
        return Err(Refusal::NoContour);
    }
    let (low, high) = points.iter().fold((points[0], points[0]), |(low, high), &point| (low.min(point), high.max(point)));
    let Some([first_u, end_u]) = covered(low.x, high.x, shape[u]) else { return Err(Refusal::Empty) };
    let Some([first_v, end_v]) = covered(low.y, high.y, shape[v]) else { return Err(Refusal::Empty) };
    let mut region = slice.region(shape);
    (region.low[u], region.high[u]) = (first_u, end_u);
    (region.low[v], region.high[v]) = (first_v, end_v);
    let mut inside = vec![false; region.len()];
    let width = end_u - first_u;
    let mut pieces = Vec::new();
    let mut edges: Vec<(DVec2, DVec2)> = points.iter().copied().zip(points.iter().copied().cycle().skip(1)).collect();
    // Edges in the order in which rows going up meet them; those passed are never looked at again.
    edges.sort_by(|a, b| a.0.y.min(a.1.y).total_cmp(&b.0.y.min(b.1.y)));
    let (mut active, mut next): (Vec<(DVec2, DVec2)>, usize) = (Vec::new(), 0);
    for row in first_v..end_v {
        let y = row as f64;
        while edges.get(next).is_some_and(|edge| edge.0.y.min(edge.1.y) <= y + ON_LINE) {
            active.push(edges[next]);
            next += 1;
        }
        active.retain(|edge| edge.0.y.max(edge.1.y) >= y - ON_LINE);
        pieces_of_row(&active, y, &mut pieces);
        for [from, to] in &pieces {
            if let Some([first, end]) = covered(*from, *to, shape[u]) {
                let start = (row - first_v) * width;
                inside[start + first.max(first_u) - first_u..start + end.min(end_u) - first_u].fill(true);
            }
        }
    }
    if !inside.contains(&true) {
        return Err(Refusal::Empty);
    }
    Ok(VoxelSet::new(region, inside))
}

/// Where the row at `y` lies inside the contour or on it.
fn pieces_of_row(edges: &[(DVec2, DVec2)], y: f64, pieces: &mut Vec<[f64; 2]>) {
    pieces.clear();
    let mut crossings = Vec::new();
    for &(from, to) in edges {
        if (from.y <= y) != (to.y <= y) {
            // From the same end whatever the direction of drawing, so that an edge has one crossing.
            let (a, b) = if from.y < to.y { (from, to) } else { (to, from) };
            crossings.push(a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x));
        }
        let is_on = |point: DVec2| (point.y - y).abs() <= ON_LINE;
        match (is_on(from), is_on(to)) {
            (true, true) => pieces.push([from.x.min(to.x), from.x.max(to.x)]),
            (true, false) => pieces.push([from.x; 2]),
            (false, true) => pieces.push([to.x; 2]),
            (false, false) => {}
        }
    }
    crossings.sort_by(f64::total_cmp);
    pieces.extend(crossings.as_chunks().0);
}

/// The indices, half-open, from `low` to `high` on an axis of `side` voxels.
fn covered(low: f64, high: f64, side: usize) -> Option<[usize; 2]> {
    let (first, last) = ((low - ON_LINE).ceil().max(0.0), (high + ON_LINE).floor().min(side as f64 - 1.0));
    (first <= last).then_some([first as usize, last as usize + 1])
}
