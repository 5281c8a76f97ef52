//! Fix this slice, carry it through: a label drawn in one slice is taken on to its neighbours.

use medley_volume::IndexBox;
use medley_volume::prompt::{Carry, Ending, carry_slice};

use super::bounds::padded;
use super::from_prompts::values_in;
use super::label_part::voxels_of;
use super::{Canvas, Slice, VoxelSet};
use crate::{Edit, Refusal, Tool};

/// Beyond what is drawn so much is looked at, mm; a shape may grow so far on its way.
const AROUND_MM: f64 = 40.0;

/// What is carried where.
#[derive(Clone, Copy)]
pub struct CarrySlice<'a> {
    /// The slice with the drawing.
    pub from: Slice,
    /// How many slices to higher indices across the slice's axis. [`Slice::stepped`] tells which way that is in the patient.
    pub upwards: usize,
    /// How many to lower indices.
    pub downwards: usize,
    /// Whether slices that are reached end with what was carried there alone. Otherwise the label only gains voxels.
    pub replaces: bool,
    /// Whether voxels of other labels may become the active one; otherwise only background does.
    pub overwrites_others: bool,
    /// Asked some thousand times a second; `true` ends the search.
    pub is_cancelled: &'a (dyn Fn() -> bool + Sync),
}

/// How far a drawing was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CarriedTo {
    /// Slices to higher indices that were drawn, and why no more.
    pub upwards: (usize, Ending),
    /// The same to lower ones.
    pub downwards: (usize, Ending),
}

/// The active label of one slice is taken on to the next ones, see [`carry_slice`], for as long as the scan supports it. The Edit is the preview;
/// it says how far it went beside.
///
/// # Errors
/// [`Refusal::NoScan`], [`Refusal::OtherGrid`], [`Refusal::Outside`] if there is no such slice, [`Refusal::EmptySlice`] if the label is not in it,
/// [`Refusal::NoEvidence`] if the first slices already have none, [`Refusal::Cancelled`], [`Refusal::Locked`], [`Refusal::NoChange`].
pub fn carry(canvas: &Canvas, params: &CarrySlice) -> Result<(Edit, CarriedTo), Refusal> {
    canvas.require_unlocked(canvas.label)?;
    let CarrySlice { from, upwards, downwards, .. } = *params;
    let (scan, grid) = (canvas.scan()?, canvas.mask.grid());
    let shape = grid.shape();
    if from.axis > 2 || from.index >= shape[from.axis] {
        return Err(Refusal::Outside);
    }
    let drawn = from.region(shape);
    let is_drawn: Vec<bool> = canvas.mask.region(&drawn).into_iter().map(|label| label == canvas.label && label != 0).collect();
    let set = VoxelSet::new(drawn, is_drawn);
    let bounds = bounds_of_set(&set).ok_or(Refusal::EmptySlice)?;
    let mut region = padded(bounds, voxels_of(grid, AROUND_MM), shape);
    region.low[from.axis] = from.index.saturating_sub(downwards);
    region.high[from.axis] = from.index.saturating_add(upwards).saturating_add(1).min(shape[from.axis]);
    let part = grid.cropped(&region);
    let (mut slice_low, mut slice_high) = (region.low, region.high);
    (slice_low[from.axis], slice_high[from.axis]) = (from.index, from.index + 1);
    let (values, inside) = (values_in(scan, &region), set.within(IndexBox { low: slice_low, high: slice_high }));
    let at = from.index - region.low[from.axis];
    let way = |count: usize, is_upwards: bool| {
        let carry = Carry { inside: inside.inside(), axis: from.axis, from: at, count, is_upwards };
        carry_slice(&part, &values, &carry, params.is_cancelled).ok_or(Refusal::Cancelled)
    };
    let (up, down) = rayon::join(|| way(upwards, true), || way(downwards, false));
    let (up, down) = (up?, down?);
    if up.slices.len() + down.slices.len() == 0 && [up.ending, down.ending].contains(&Ending::Evidence) {
        return Err(Refusal::NoEvidence);
    }
    let mut reached = region;
    reached.low[from.axis] = from.index - down.slices.len();
    reached.high[from.axis] = from.index + up.slices.len() + 1;
    let [u, v] = from.in_plane();
    let wide = region.shape()[u];
    let edit = canvas.edit(Tool::Carry, reached, |row, labels| {
        for (n, label) in labels.iter_mut().enumerate() {
            let voxel = [row.first[0] + n, row.first[1], row.first[2]];
            let place = (voxel[v] - region.low[v]) * wide + voxel[u] - region.low[u];
            let is_inside = match voxel[from.axis] {
                index if index > from.index => up.slices[index - from.index - 1][place],
                index if index < from.index => down.slices[from.index - index - 1][place],
                _ => continue,
            };
            if is_inside && (*label == 0 || params.overwrites_others) {
                *label = canvas.label;
            } else if !is_inside && params.replaces && *label == canvas.label {
                *label = 0;
            }
        }
    })?;
    Ok((edit, CarriedTo { upwards: (up.slices.len(), up.ending), downwards: (down.slices.len(), down.ending) }))
}

/// The smallest box around the voxels of a set.
fn bounds_of_set(set: &VoxelSet) -> Option<IndexBox> {
    let (region, shape) = (set.region(), set.region().shape());
    let mut found: Option<IndexBox> = None;
    for (n, _) in set.inside().iter().enumerate().filter(|(_, is_inside)| **is_inside) {
        let place = [n % shape[0], n / shape[0] % shape[1], n / shape[0] / shape[1]];
        let voxel = std::array::from_fn(|axis| region.low[axis] + place[axis]);
        found = Some(found.map_or(IndexBox { low: voxel, high: voxel.map(|v: usize| v + 1) }, |found| found.including(voxel)));
    }
    found
}
