//! Grow: from a point over similar values.

use medley_volume::glam::DVec3;
use medley_volume::morphology::{holes_filled, holes_filled_in_slices};
use medley_volume::{IndexBox, Ras};

use super::flood::Flood;
use super::{Canvas, Extent, VoxelSet};
use crate::values::Values;
use crate::{Edit, Refusal, Tool, ValueRange};

/// How alike values must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Growth {
    /// As far from the value at the seed at most (connected threshold).
    Tolerance(f64),
    /// Within a range.
    Range(ValueRange),
    /// Within a range that is learnt from the region itself (confidence connected).
    Confidence(Confidence),
}

/// Mean ± `factor` standard deviations, first of the voxels around the seed, then, `rounds` times, of the region found.
///
/// As ITK documents its ConfidenceConnectedImageFilter: the range is widened to hold the seed's value, deviations are those of a
/// sample (n − 1), and voxels of the neighbourhood beyond the edge count as the nearest one inside. Within a slice the
/// neighbourhood is flat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Confidence {
    /// Standard deviations to each side of the mean.
    pub factor: f64,
    /// How often the range is learnt anew.
    pub rounds: usize,
    /// Voxels from the seed to the edge of the neighbourhood that gives the first range; 1 means 3 × 3 × 3.
    pub radius: usize,
}

impl Default for Confidence {
    fn default() -> Self {
        Self { factor: 2.5, rounds: 4, radius: 1 }
    }
}

/// A region grown from a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grow {
    /// Where it starts, mm.
    pub seed: Ras,
    /// In one slice, or through all.
    pub extent: Extent,
    /// How alike values must be.
    pub growth: Growth,
    /// No voxel's centre is farther from the seed's, mm.
    pub radius_mm: Option<f64>,
    /// Whether holes in it are closed.
    pub fills_holes: bool,
}

/// The region gets the active label.
///
/// Voxels that the rules keep are walls: the region does not pass through a locked label. Those that have the active label already
/// are passed through.
///
/// # Errors
/// [`Refusal::NoScan`], [`Refusal::OtherGrid`], [`Refusal::Outside`], [`Refusal::Kept`] for a seed in a wall,
/// [`Refusal::SeedOutOfRange`], [`Refusal::Locked`], [`Refusal::NoChange`].
pub fn grow(canvas: &Canvas, params: &Grow) -> Result<Edit, Refusal> {
    canvas.require_unlocked(canvas.label)?;
    canvas.paint(&grow_voxels(canvas, params)?, Tool::Grow)
}

/// The voxels that [`grow`] means.
///
/// # Errors
/// As [`grow`].
pub fn grow_voxels(canvas: &Canvas, params: &Grow) -> Result<VoxelSet, Refusal> {
    let values = Values::of(canvas.scan()?);
    let grid = canvas.mask.grid();
    let seed = canvas.voxel_at(params.seed)?;
    let held = canvas.mask.at(grid.offset(seed));
    let is_way = |label: u16| label == canvas.label || canvas.rules.allow(label);
    if !is_way(held) {
        return Err(Refusal::Kept(held));
    }
    let mut bounds = params.extent.region(grid, params.seed)?;
    let reach = params.radius_mm.map(|radius| Reach::new(canvas, seed, radius));
    if let Some(reach) = &reach {
        bounds = bounds.intersection(&reach.bounds).ok_or(Refusal::Outside)?;
    }
    let flood = Flood { shape: grid.shape(), bounds, ends_at_edge: false };
    let region = |range: ValueRange| {
        let passes = |voxel, offset| {
            range.contains(values.at(offset)) && is_way(canvas.mask.at(offset)) && reach.as_ref().is_none_or(|reach| reach.holds(voxel))
        };
        flood.run(seed, passes).ok().filter(|set| !set.region().is_empty()).ok_or(Refusal::SeedOutOfRange)
    };
    let at_seed = values.at(grid.offset(seed));
    let found = match params.growth {
        Growth::Tolerance(tolerance) => region(ValueRange { low: at_seed - tolerance, high: at_seed + tolerance })?,
        Growth::Range(range) => region(range)?,
        Growth::Confidence(confidence) => {
            let around = |range: Option<(f64, f64)>| {
                let (mean, deviation) = range?;
                let (low, high) = (mean - confidence.factor * deviation, mean + confidence.factor * deviation);
                Some(ValueRange { low: low.min(at_seed), high: high.max(at_seed) })
            };
            let mut range =
                around(mean_and_deviation(neighbourhood(canvas, seed, bounds, confidence.radius).map(|offset| values.at(offset))));
            let mut found = region(range.ok_or(Refusal::SeedOutOfRange)?)?;
            for _ in 0..confidence.rounds {
                let learnt = around(mean_and_deviation(offsets(&found, grid.shape()).map(|offset| values.at(offset))));
                if learnt == range {
                    break;
                }
                range = learnt;
                found = region(range.ok_or(Refusal::SeedOutOfRange)?)?;
            }
            found
        }
    };
    Ok(if params.fills_holes { without_holes(canvas, params.extent, &found) } else { found })
}

/// The set with its holes: what it encloses in the slice, or in space.
fn without_holes(canvas: &Canvas, extent: Extent, set: &VoxelSet) -> VoxelSet {
    let grid = canvas.mask.grid().cropped(&set.region());
    let inside = match extent {
        Extent::Slice(plane) => holes_filled_in_slices(&grid, set.inside(), grid.axes().voxel_axis[plane.normal_axis()]),
        Extent::Volume => holes_filled(&grid, set.inside()),
    };
    VoxelSet::new(set.region(), inside)
}

/// A ball around a voxel's centre.
struct Reach {
    seed: DVec3,
    radius_mm: f64,
    into_mm: medley_volume::glam::DMat3,
    bounds: IndexBox,
}

impl Reach {
    fn new(canvas: &Canvas, seed: [usize; 3], radius_mm: f64) -> Self {
        let grid = canvas.mask.grid();
        let radius_mm = if radius_mm >= 0.0 { radius_mm } else { 0.0 };
        let mut bounds = IndexBox::whole(grid.shape());
        for axis in 0..3 {
            let steps = (radius_mm * grid.voxel_from_ras().matrix3.row(axis).length() + 1e-6).min(grid.shape()[axis] as f64) as usize;
            bounds.low[axis] = seed[axis].saturating_sub(steps);
            bounds.high[axis] = bounds.high[axis].min(seed[axis] + steps + 1);
        }
        let seed = DVec3::from_array(seed.map(|v| v as f64));
        Self { seed, radius_mm, into_mm: grid.ras_from_voxel().matrix3, bounds }
    }

    fn holds(&self, voxel: [usize; 3]) -> bool {
        let way = self.into_mm * (DVec3::from_array(voxel.map(|v| v as f64)) - self.seed);
        way.length_squared() <= self.radius_mm * self.radius_mm * (1.0 + 1e-9)
    }
}

/// The offsets of a cube around a voxel, flat where the bounds are; beyond the grid the nearest voxel inside counts again.
fn neighbourhood(canvas: &Canvas, seed: [usize; 3], bounds: IndexBox, radius: usize) -> impl Iterator<Item = usize> {
    let grid = *canvas.mask.grid();
    let side = move |axis: usize| {
        let is_flat = bounds.shape()[axis] == 1;
        let reach = if is_flat { 0 } else { radius.min(64) as isize };
        (-reach..=reach).map(move |step| seed[axis].saturating_add_signed(step).min(grid.shape()[axis] - 1))
    };
    side(2).flat_map(move |k| side(1).flat_map(move |j| side(0).map(move |i| grid.offset([i, j, k]))))
}

fn offsets(set: &VoxelSet, shape: [usize; 3]) -> impl Iterator<Item = usize> {
    set.region().rows(shape).flatten().zip(set.inside()).filter_map(|(offset, is_inside)| is_inside.then_some(offset))
}

/// Mean and standard deviation (of a sample) of the finite values; `None` if there is none. Summed around the first value, so
/// that large offsets of CT numbers do not eat the digits.
fn mean_and_deviation(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut values = values.filter(|value| value.is_finite());
    let base = values.next()?;
    let (mut count, mut sum, mut squares) = (1.0, 0.0, 0.0);
    for value in values {
        let value = value - base;
        count += 1.0;
        sum += value;
        squares += value * value;
    }
    let variance: f64 = if count > 1.0 { (squares - sum * sum / count) / (count - 1.0) } else { 0.0 };
    Some((base + sum / count, variance.max(0.0).sqrt()))
}
