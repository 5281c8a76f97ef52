//! Hollow: of a label only a wall is left.

pub use medley_volume::morphology::Shell;
use medley_volume::morphology::hollowed;

use super::Canvas;
use super::label_part::{LabelPart, require_distance};
use crate::{Edit, Refusal, Tool};

/// The wall that is left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hollow {
    /// How thick it is.
    pub thickness_mm: f64,
    /// On which side of the surface it lies.
    pub shell: Shell,
    /// Whether the wall may take voxels of other labels; otherwise it gains from background only.
    pub overwrites_others: bool,
}

/// The active label becomes the wall of its body; the core becomes background.
///
/// # Errors
/// [`Refusal::NoVoxels`], [`Refusal::Locked`], [`Refusal::NoChange`], [`Refusal::Parameter`] for a thickness that is not above zero.
pub fn hollow(canvas: &Canvas, params: &Hollow) -> Result<Edit, Refusal> {
    require_distance(params.thickness_mm)?;
    let part = LabelPart::of(canvas, params.thickness_mm)?;
    let after = hollowed(&part.grid, &part.inside, params.thickness_mm, params.shell);
    part.replaced(canvas, Tool::Hollow, after, params.overwrites_others)
}
