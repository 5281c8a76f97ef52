use medley_volume::AnatomicalPlane;

use crate::PaintRules;

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
