//! Threshold: all voxels whose values lie in a range get the active label.

use medley_volume::{IndexBox, Ras};

use super::flood::Flood;
use super::{Canvas, VoxelSet};
use crate::values::Values;
use crate::{Edit, Refusal, Tool, ValueRange};

/// Which voxels a threshold takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// Values inside.
    pub range: ValueRange,
    /// Only voxels of this box; `None` means the whole scan. A box of one slice is the preview of that slice.
    pub region: Option<IndexBox>,
    /// Only the piece that hangs together (by faces) with this point.
    pub seed: Option<Ras>,
}

/// Voxels with values in the range get the active label; [`PaintRules::only_over`](crate::PaintRules::only_over) keeps them to one label.
///
/// # Errors
/// [`Refusal::NoScan`], [`Refusal::OtherGrid`], [`Refusal::SeedOutOfRange`], [`Refusal::Outside`], [`Refusal::Locked`],
/// [`Refusal::NoChange`].
pub fn threshold(canvas: &Canvas, params: &Threshold) -> Result<Edit, Refusal> {
    canvas.require_unlocked(canvas.label)?;
    if params.seed.is_some() {
        return canvas.paint(&threshold_voxels(canvas, params)?, Tool::Threshold);
    }
    let values = Values::of(canvas.scan()?);
    canvas.edit(Tool::Threshold, region_of(canvas, params)?, |row, labels| {
        let mut marks = vec![false; labels.len()];
        values.mark(row.offset, params.range, &mut marks);
        for (label, is_inside) in labels.iter_mut().zip(marks) {
            *label = if is_inside { canvas.label } else { *label };
        }
    })
}

/// The voxels that [`threshold`] means, one `bool` for each voxel of its box.
///
/// # Errors
/// As [`threshold`].
pub fn threshold_voxels(canvas: &Canvas, params: &Threshold) -> Result<VoxelSet, Refusal> {
    let values = Values::of(canvas.scan()?);
    let region = region_of(canvas, params)?;
    let shape = canvas.mask.grid().shape();
    if let Some(seed) = params.seed {
        let flood = Flood { shape, bounds: region, ends_at_edge: false };
        let piece = flood.run(canvas.voxel_at(seed)?, |_, offset| params.range.contains(values.at(offset)));
        return piece.ok().filter(|piece| !piece.region().is_empty()).ok_or(Refusal::SeedOutOfRange);
    }
    let mut inside = vec![false; region.len()];
    let width = region.shape()[0];
    for (row, marks) in region.rows(shape).zip(inside.chunks_exact_mut(width)) {
        values.mark(row.start, params.range, marks);
    }
    Ok(VoxelSet::new(region, inside))
}

fn region_of(canvas: &Canvas, params: &Threshold) -> Result<IndexBox, Refusal> {
    let whole = IndexBox::whole(canvas.mask.grid().shape());
    params.region.map_or(Some(whole), |region| region.intersection(&whole)).ok_or(Refusal::Outside)
}
