use medley_volume::glam::DVec3;
use medley_volume::{Grid, IndexBox, Ras};

/// Strokes of clicks and scribbles as voxels of a grid: those that lie under them, in order, each once in a row. A stroke of one point is a click.
/// Points beyond the grid mark nothing.
pub(crate) fn marked_voxels(grid: &Grid, strokes: &[Vec<Ras>]) -> Vec<[usize; 3]> {
    let finest = grid.spacing().iter().copied().fold(f64::INFINITY, f64::min);
    let mut voxels: Vec<[usize; 3]> = Vec::new();
    let mut mark = |point: DVec3| {
        if let Some(voxel) = grid.voxel_at(Ras(point)).map(|voxel| voxel.0).filter(|voxel| voxels.last() != Some(voxel)) {
            voxels.push(voxel);
        }
    };
    for stroke in strokes {
        stroke.iter().take(1).for_each(|point| mark(point.0));
        for pair in stroke.windows(2) {
            let way = pair[1].0 - pair[0].0;
            // Half a voxel at a time, and never more than a scan can be long.
            let steps = (way.length() / (0.5 * finest)).ceil().clamp(1.0, 1e5) as usize;
            (1..=steps).for_each(|step| mark(pair[0].0 + way * (step as f64 / steps as f64)));
        }
    }
    voxels
}

/// The voxels whose centres lie between two corners of a box along the grid's axes; `None` if there is none.
pub(crate) fn box_between(grid: &Grid, corners: [Ras; 2]) -> Option<IndexBox> {
    let [a, b] = corners.map(|corner| grid.continuous_index_of(corner));
    let shape = grid.shape();
    let low = std::array::from_fn(|axis| (a[axis].min(b[axis]) - 1e-6).ceil().max(0.0) as usize);
    let high = std::array::from_fn(|axis| ((a[axis].max(b[axis]) + 1e-6).floor() + 1.0).clamp(0.0, shape[axis] as f64) as usize);
    let region = IndexBox { low, high };
    (!region.is_empty()).then_some(region)
}
