//! Fill holes: what a label encloses becomes part of it.

use medley_volume::AnatomicalPlane;
use medley_volume::morphology::{holes_filled, holes_filled_in_slices};

use super::Canvas;
use super::label_part::LabelPart;
use crate::{Edit, Refusal, Tool};

/// Which holes are filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FillHoles {
    /// Each slice of a plane by itself, so that a tube is filled too; `None` means only what is closed in space.
    pub in_slices: Option<AnatomicalPlane>,
    /// Whether other labels in a hole are overwritten; otherwise only its background is filled.
    pub overwrites_others: bool,
}

/// What the active label encloses becomes part of it.
///
/// # Errors
/// [`Refusal::NoVoxels`], [`Refusal::Locked`], [`Refusal::NoChange`] if there is no hole.
pub fn fill_holes(canvas: &Canvas, params: &FillHoles) -> Result<Edit, Refusal> {
    let part = LabelPart::of(canvas, 0.0)?;
    let after = match params.in_slices {
        Some(plane) => holes_filled_in_slices(&part.grid, &part.inside, part.grid.axes().voxel_axis[plane.normal_axis()]),
        None => holes_filled(&part.grid, &part.inside),
    };
    part.replaced(canvas, Tool::FillHoles, after, params.overwrites_others)
}
