use medley_volume::{Grid, IndexBox};

use super::bounds::{bounds_of, padded};
use super::{Canvas, VoxelSet};
use crate::{Edit, Refusal, Tool};

/// The voxels of a label within a box around it.
pub(crate) struct LabelPart {
    /// The box in the mask.
    pub region: IndexBox,
    /// The box as a grid.
    pub grid: Grid,
    /// Which of its voxels have the label.
    pub inside: Vec<bool>,
}

impl LabelPart {
    /// The active label, in a box wider by `reach_mm` and one voxel on each side.
    ///
    /// # Errors
    /// [`Refusal::Locked`], or [`Refusal::NoVoxels`] if the mask does not have it.
    pub fn of(canvas: &Canvas, reach_mm: f64) -> Result<Self, Refusal> {
        canvas.require_unlocked(canvas.label)?;
        let none = Refusal::NoVoxels(canvas.label);
        let bounds = if canvas.label == 0 { None } else { bounds_of(canvas.mask, &[canvas.label]) }.ok_or(none)?;
        let grid = canvas.mask.grid();
        let region = padded(bounds, voxels_of(grid, reach_mm), grid.shape());
        let inside = canvas.mask.region(&region).into_iter().map(|label| label == canvas.label).collect();
        Ok(Self { region, grid: grid.cropped(&region), inside })
    }

    /// The Edit after which the active label has exactly the voxels of `after` in the box. What it leaves becomes background;
    /// other labels give way only if it overwrites them.
    pub fn replaced(&self, canvas: &Canvas, tool: Tool, after: Vec<bool>, overwrites_others: bool) -> Result<Edit, Refusal> {
        let after = VoxelSet::new(self.region, after);
        canvas.edit(tool, self.region, |row, labels| {
            let inside = after.row(row.first, labels.len());
            for (label, is_inside) in labels.iter_mut().zip(inside) {
                if *is_inside && (*label == 0 || overwrites_others) {
                    *label = canvas.label;
                } else if !is_inside && *label == canvas.label {
                    *label = 0;
                }
            }
        })
    }
}

/// How many voxels a distance covers along each axis, and one more.
pub(crate) fn voxels_of(grid: &Grid, reach_mm: f64) -> [usize; 3] {
    let shape = grid.shape();
    std::array::from_fn(|axis| ((reach_mm.max(0.0) / grid.spacing()[axis] + 1e-6) as usize).min(shape[axis]) + 1)
}

/// A distance that must be a finite number above zero.
pub(crate) fn require_distance(mm: f64) -> Result<(), Refusal> {
    if mm.is_finite() && mm > 0.0 { Ok(()) } else { Err(Refusal::Parameter("Choose a distance above zero.")) }
}
