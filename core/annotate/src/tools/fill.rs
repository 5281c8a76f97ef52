//! Fill: the piece of a label under the pointer gets the active label.

use medley_volume::Ras;

use super::flood::{Flood, Leak};
use super::{Canvas, Extent, VoxelSet};
use crate::{Edit, Refusal, Tool};

/// What is filled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fill {
    /// A point of the piece, mm.
    pub seed: Ras,
    /// In one slice, or through all.
    pub extent: Extent,
    /// Whether background may be filled that reaches the edge of the scan. Otherwise only what a closed contour holds is filled.
    pub may_reach_edge: bool,
}

/// The piece of the label under the seed, through voxels that touch by a face, becomes the active label. Background is filled only
/// where it is closed off, unless [`Fill::may_reach_edge`].
///
/// # Errors
/// [`Refusal::Leaks`] if background is open to the edge, [`Refusal::Outside`], [`Refusal::Kept`], [`Refusal::Locked`],
/// [`Refusal::NoChange`].
pub fn fill(canvas: &Canvas, fill: &Fill) -> Result<Edit, Refusal> {
    canvas.require_unlocked(canvas.label)?;
    canvas.paint(&fill_voxels(canvas, fill)?, Tool::Fill)
}

/// The piece that [`fill`] would fill.
///
/// # Errors
/// As [`fill`].
pub fn fill_voxels(canvas: &Canvas, fill: &Fill) -> Result<VoxelSet, Refusal> {
    let (mask, grid) = (canvas.mask, canvas.mask.grid());
    let seed = canvas.voxel_at(fill.seed)?;
    let held = mask.at(grid.offset(seed));
    if held == canvas.label {
        return Err(Refusal::NoChange);
    }
    if !canvas.rules.allow(held) {
        return Err(Refusal::Kept(held));
    }
    let bounds = fill.extent.region(grid, fill.seed)?;
    let ends_at_edge = held == 0 && !fill.may_reach_edge;
    let flood = Flood { shape: grid.shape(), bounds, ends_at_edge };
    flood.run(seed, |_, offset| mask.at(offset) == held).map_err(|Leak| Refusal::Leaks)
}
