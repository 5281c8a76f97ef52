use medley_volume::AnatomicalPlane;

/// The tip of a brush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrushShape {
    /// A disc in the stored voxel slice nearest to an anatomical plane.
    Disc(AnatomicalPlane),
    /// A ball in millimetres.
    Ball,
}

/// Which voxels a tool must leave alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaintRules {
    /// Voxels of these labels stay as they are.
    pub locked: Vec<u16>,
    /// Only voxels of this label may change.
    pub only_over: Option<u16>,
}

impl PaintRules {
    /// Whether a voxel that holds `label` may change.
    #[must_use]
    pub fn allow(&self, label: u16) -> bool {
        self.only_over.is_none_or(|only| only == label) && !self.locked.contains(&label)
    }
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
