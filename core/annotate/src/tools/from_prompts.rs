//! A body from clicks, scribbles and a box, without a network.

use medley_volume::prompt::{Seeds, segment};
use medley_volume::{Grid, IndexBox, Ras, with_voxels};

use super::bounds::padded;
use super::label_part::voxels_of;
use super::marks::{box_between, marked_voxels};
use super::{Canvas, VoxelSet};
use crate::{Edit, Refusal, Tool};

/// The answer is sought among so many voxels at most: about 120 MB and a second or two of two processors.
pub const MOST_VOXELS: usize = 1 << 22;

/// What a person showed of the object that gets the active label.
#[derive(Clone, Copy)]
pub struct FromPrompts<'a> {
    /// Clicks (one point) and scribbles (a line through several) on the object, mm.
    pub object: &'a [Vec<Ras>],
    /// The same beside it.
    pub other: &'a [Vec<Ras>],
    /// Two opposite corners of a box, along the scan's axes, that holds all of the object. With a box and no mark on the object its middle counts as one.
    pub bounds: Option<[Ras; 2]>,
    /// Without a box: how far from the marks the object may reach, mm. Less where that would be more than [`MOST_VOXELS`].
    pub reach_mm: f64,
    /// Whether the active label is taken away where the answer says it is not, in the box or within reach. Otherwise it only gains voxels.
    pub replaces: bool,
    /// Asked some thousand times a second, also by other threads; `true` ends the search.
    pub is_cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl FromPrompts<'_> {
    /// A reach that holds most organs, mm.
    pub const REACH_MM: f64 = 60.0;
}

impl std::fmt::Debug for FromPrompts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { object, other, bounds, reach_mm, replaces, .. } = self;
        write!(f, "FromPrompts {{ {object:?}, not {other:?}, in {bounds:?}, {reach_mm} mm, replaces: {replaces} }}")
    }
}

/// The object shown gets the active label, see [`medley_volume::prompt`]. The Edit is the preview: nothing is in the mask until it is applied.
///
/// Voxels that the rules keep are not the object's, unless they have the active label. Every mark on the object is in, every mark beside it out; what is
/// marked as both is in.
///
/// # Errors
/// [`Refusal::NoScan`], [`Refusal::OtherGrid`], [`Refusal::Empty`] without a mark or box in the scan, [`Refusal::Kept`] if all marks on the object
/// are on voxels that the rules keep, [`Refusal::TooLarge`] for a box or marks around too much, [`Refusal::Cancelled`], [`Refusal::Locked`],
/// [`Refusal::NoChange`].
pub fn from_prompts(canvas: &Canvas, params: &FromPrompts) -> Result<Edit, Refusal> {
    canvas.require_unlocked(canvas.label)?;
    let found = from_prompts_voxels(canvas, params)?;
    if !params.replaces {
        return canvas.paint(&found, Tool::Prompts);
    }
    canvas.edit(Tool::Prompts, found.region(), |row, labels| {
        let inside = found.row(row.first, labels.len());
        for (label, is_inside) in labels.iter_mut().zip(inside) {
            if *is_inside {
                *label = canvas.label;
            } else if *label == canvas.label {
                *label = 0;
            }
        }
    })
}

/// The voxels that [`from_prompts`] means; their box is the part of the scan that was looked at.
///
/// # Errors
/// As [`from_prompts`].
pub fn from_prompts_voxels(canvas: &Canvas, params: &FromPrompts) -> Result<VoxelSet, Refusal> {
    let (scan, grid) = (canvas.scan()?, canvas.mask.grid());
    let (mut object, other) = (marked_voxels(grid, params.object), marked_voxels(grid, params.other));
    let bounds = params.bounds.map(|corners| box_between(grid, corners).ok_or(Refusal::Empty)).transpose()?;
    if let (true, Some(bounds)) = (object.is_empty(), bounds) {
        object.push(std::array::from_fn(|axis| (bounds.low[axis] + bounds.high[axis] - 1) / 2));
    }
    let first = *object.first().ok_or(Refusal::Empty)?;
    let region = match bounds {
        // One voxel more on each side is the wall.
        Some(bounds) => padded(bounds, [1; 3], grid.shape()),
        None => within_reach(grid, object.iter().chain(&other), params.reach_mm),
    };
    let region = object.iter().chain(&other).fold(region, |region, &voxel| region.including(voxel));
    if region.len() > MOST_VOXELS {
        return Err(Refusal::TooLarge);
    }
    let part = grid.cropped(&region);
    let place = |voxel: &[usize; 3]| part.offset(std::array::from_fn(|axis| voxel[axis] - region.low[axis]));
    let mut is_wall = walls(grid, &region, bounds.as_ref());
    for (wall, held) in is_wall.iter_mut().zip(canvas.mask.region(&region)) {
        *wall |= held != canvas.label && !canvas.rules.allow(held);
    }
    let held_by_rules = |voxel: &&[usize; 3]| {
        let held = canvas.mask.at(grid.offset(**voxel));
        held != canvas.label && !canvas.rules.allow(held)
    };
    let free: Vec<usize> = object.iter().filter(|voxel| !held_by_rules(voxel)).map(place).collect();
    if free.is_empty() {
        return Err(Refusal::Kept(canvas.mask.at(grid.offset(first))));
    }
    let seeds = Seeds {
        object: free,
        other: other.iter().map(place).collect(),
        walls: (0..is_wall.len()).filter(|&offset| is_wall[offset]).collect(),
    };
    let inside = segment(&part, &values_in(scan, &region), &seeds, params.is_cancelled).ok_or(Refusal::Cancelled)?;
    Ok(VoxelSet::new(region, inside))
}

/// The values of a box; what is not a number counts as the smallest that is.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
pub(crate) fn values_in(scan: &medley_volume::Volume, region: &IndexBox) -> Vec<f32> {
    let (shape, scaling) = (scan.grid().shape(), scan.scaling());
    let mut values: Vec<f32> = with_voxels!(scan.voxels(), stored => {
        region.rows(shape).flat_map(|row| stored[row].iter().map(|&v| scaling.apply(v as f64) as f32)).collect()
    });
    let least = values.iter().copied().filter(|v| v.is_finite()).fold(f32::INFINITY, f32::min);
    values.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = if least.is_finite() { least } else { 0.0 });
    values
}

/// A box around marks, wider by a reach, or by as much of it as memory allows.
fn within_reach<'a>(grid: &Grid, voxels: impl Iterator<Item = &'a [usize; 3]>, reach_mm: f64) -> IndexBox {
    let around = voxels.fold(None, |found: Option<IndexBox>, &voxel| {
        Some(found.map_or(IndexBox { low: voxel, high: voxel.map(|v| v + 1) }, |found| found.including(voxel)))
    });
    let around = around.unwrap_or(IndexBox { low: [0; 3], high: [0; 3] });
    let mut reach_mm = if reach_mm.is_finite() { reach_mm.max(0.0) } else { FromPrompts::REACH_MM };
    loop {
        let region = padded(around, voxels_of(grid, reach_mm), grid.shape());
        if region.len() <= MOST_VOXELS || reach_mm < 1.0 {
            return region;
        }
        reach_mm *= 0.95;
    }
}

/// The outermost voxels of a box on those sides where the scan goes on; with a box of the person's, all beyond that.
fn walls(grid: &Grid, region: &IndexBox, bounds: Option<&IndexBox>) -> Vec<bool> {
    let shape = grid.shape();
    let is_wall = |voxel: [usize; 3]| match bounds {
        Some(bounds) => !bounds.contains(voxel),
        None => (0..3).any(|axis| {
            (voxel[axis] == region.low[axis] && voxel[axis] > 0) || (voxel[axis] + 1 == region.high[axis] && voxel[axis] + 1 < shape[axis])
        }),
    };
    let mut walls = Vec::with_capacity(region.len());
    for k in region.low[2]..region.high[2] {
        for j in region.low[1]..region.high[1] {
            walls.extend((region.low[0]..region.high[0]).map(|i| is_wall([i, j, k])));
        }
    }
    walls
}
