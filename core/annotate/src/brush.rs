use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Grid, IndexBox, Ras};

use crate::capsule::{self, Span};
use crate::edit::around;
use crate::tools::VoxelSet;
use crate::{PaintRules, swept_box};

/// The tip of a brush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrushShape {
    /// A disc in the stored voxel slice nearest to an anatomical plane.
    Disc(AnatomicalPlane),
    /// A ball in millimetres.
    Ball,
    /// A square along the voxel axes in the stored voxel slice nearest to an anatomical plane; the radius is half its side.
    Square(AnatomicalPlane),
    /// A cube along the voxel axes; the radius is half its side.
    Cube,
}

/// What a stroke paints with.
#[derive(Debug, Clone, PartialEq)]
pub struct Brush {
    /// The label painted; 0 erases.
    pub label: u16,
    /// From the middle of the tip to its edge. A negative or non-finite radius counts as 0: one voxel.
    pub radius_mm: f64,
    /// The tip.
    pub shape: BrushShape,
    /// What stays untouched.
    pub rules: PaintRules,
}

impl Brush {
    /// The voxels the tip covers at a point (mm), whatever the rules say: what a press there would paint at most. `None` if it covers
    /// none.
    #[must_use]
    pub fn tip(&self, grid: &Grid, at: Ras) -> Option<VoxelSet> {
        let at = grid.continuous_index_of(at);
        if !at.is_finite() {
            return None;
        }
        let (mut spans, mut bounds) = (Vec::new(), None::<IndexBox>);
        self.cover(grid, at, at, |span| {
            let mut last = span.start;
            last[span.axis] += span.count - 1;
            bounds = Some(around(bounds, span.start, last));
            spans.push(span);
        });
        let mut tip = VoxelSet::none_of(bounds?);
        for Span { start, axis, count } in spans {
            for n in 0..count {
                let mut voxel = start;
                voxel[axis] += n;
                tip.insert(voxel);
            }
        }
        Some(tip)
    }

    /// Visits the voxels covered on the way from one point to another, in continuous voxel indices. Spans may overlap.
    pub(crate) fn cover(&self, grid: &Grid, from: DVec3, to: DVec3, visit: impl FnMut(Span)) {
        let radius_mm = if self.radius_mm.is_finite() { self.radius_mm.max(0.0) } else { 0.0 };
        let normal = |plane: AnatomicalPlane| grid.axes().voxel_axis[plane.normal_axis()];
        match self.shape {
            BrushShape::Ball => capsule::ball(grid, from, to, radius_mm, visit),
            BrushShape::Disc(plane) => capsule::disc(grid, normal(plane), from, to, radius_mm, visit),
            BrushShape::Cube => swept_box::cube(grid, from, to, radius_mm, visit),
            BrushShape::Square(plane) => swept_box::square(grid, normal(plane), from, to, radius_mm, visit),
        }
    }
}
