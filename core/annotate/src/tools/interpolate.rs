//! Interpolate: a label drawn in some slices is completed between them.

use medley_volume::{AnatomicalPlane, between_slices};

use super::Canvas;
use super::label_part::LabelPart;
use crate::{Edit, Refusal, Tool};

/// Across which slices a label is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interpolate {
    /// The plane it was drawn in.
    pub plane: AnatomicalPlane,
    /// Whether voxels of other labels may become the active one; otherwise only background does.
    pub overwrites_others: bool,
}

/// The active label is completed between its drawn slices, see [`between_slices`]; the drawn slices stay as they are. The Edit is the
/// preview: nothing is in the mask until it is applied.
///
/// # Errors
/// [`Refusal::NoGap`] if no slice lies between drawn ones, [`Refusal::NoVoxels`], [`Refusal::Locked`], [`Refusal::NoChange`].
pub fn interpolate(canvas: &Canvas, params: &Interpolate) -> Result<Edit, Refusal> {
    let part = LabelPart::of(canvas, 0.0)?;
    let axis = part.grid.axes().voxel_axis[params.plane.normal_axis()];
    let after = between_slices(&part.grid, &part.inside, axis);
    if after == part.inside {
        return Err(Refusal::NoGap);
    }
    part.replaced(canvas, Tool::Interpolate, after, params.overwrites_others)
}
