//! How long it takes to tell for every voxel of a large mask who put there what it holds: 512 × 512 × 500 voxels, a proposal of an
//! organ and three hundred strokes over it.

use std::time::Instant;

use medley_annotate::{Author, Brush, BrushShape, Edit, PaintRules, Stroke, Tool};
use medley_project::provenance::OriginMap;
use medley_volume::{Grid, LabelMap, VoxelIndex};

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let grid = Grid::axis_aligned([512, 512, 500], [0.8, 0.8, 1.0])?;
    let mut mask = LabelMap::empty(grid);
    let ball = |radius_mm: f64, label: u16| Brush { label, radius_mm, shape: BrushShape::Ball, rules: PaintRules::default() };
    let mut edits = Vec::new();
    let mut stroke = Stroke::begin(ball(110.0, 1));
    stroke.extend(&mut mask, None, grid.center());
    edits.extend(stroke.finish(&mask, Author::Model("m".to_owned()), 0).map(|edit| Edit { tool: Tool::Proposal, ..edit }));
    for n in 0..300usize {
        let mut stroke = Stroke::begin(ball(6.0, (n % 3) as u16));
        for step in 0..10 {
            let voxel = [100 + (n * 37) % 300, 100 + (n * 53 + step * 4) % 300, 80 + (n * 11) % 300];
            stroke.extend(&mut mask, None, grid.ras_of(VoxelIndex(voxel)));
        }
        edits.extend(stroke.finish(&mask, Author::Person, 0));
    }
    let changed: usize = edits.iter().map(|edit| edit.changed).sum();
    let start = Instant::now();
    let map = OriginMap::replay(grid, edits.iter().cloned().map(|edit| Ok::<_, std::convert::Infallible>(Some(edit))))?;
    let (replayed, start) = (start.elapsed(), Instant::now());
    let counts = map.counts();
    let (counted, start) = (start.elapsed(), Instant::now());
    let shown = map.untouched_model_work();
    println!(
        "{} edits of {changed} voxels: replayed in {replayed:.1?}, counted in {counted:.1?} ({} rows), a map to show in {:.1?} ({} untouched)",
        edits.len(),
        counts.len(),
        start.elapsed(),
        shown.counts().get(&1).copied().unwrap_or_default(),
    );
    Ok(())
}
