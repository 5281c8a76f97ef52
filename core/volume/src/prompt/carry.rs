//! A corrected slice taken on to its neighbours, one after the other, for as long as the scan supports it.

use super::appearance::{Appearance, CERTAIN, smoothed};
use super::band::Border;
use crate::between_slices::Slices;
use crate::distance::signed_distance_mm;
use crate::{Connectivity, Grid, components_of};

/// How far from the outline the surroundings are looked at, mm.
const RING_MM: f32 = 12.0;
/// How much the values count beside the distance from the last outline.
const OF_VALUES: f64 = 0.6;
/// Slices that have less than this in common with the last one (Dice) end the way.
const LEAST_COMMON: f64 = 0.6;
/// So does a slice in which the mean likelihood falls below this share of that in the corrected one.
const LEAST_LIKELY: f64 = 0.6;

/// Why no further slice was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// All that were asked for are there.
    Complete,
    /// The scan ends.
    Edge,
    /// The object ends here, or the scan no longer shows it.
    Evidence,
}

/// The slices reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// For each slice, from the one beside the corrected one on, which voxels are inside: in storage order of the slice's two axes.
    pub slices: Vec<Vec<bool>>,
    /// Why there are no more.
    pub ending: Ending,
}

/// A drawn slice and the way it is to be taken.
#[derive(Debug, Clone, Copy)]
pub struct Carry<'a> {
    /// Which voxels of the slice are inside, in storage order of its two axes.
    pub inside: &'a [bool],
    /// The voxel axis (0 = i, 1 = j, 2 = k) across which it lies.
    pub axis: usize,
    /// Its index.
    pub from: usize,
    /// How many slices are wanted.
    pub count: usize,
    /// Whether they are those of higher indices.
    pub is_upwards: bool,
}

/// Takes what is drawn in one slice to the next ones. `None` as soon as `is_cancelled` says so.
///
/// In each slice a minimal cut (see [`segment`](super::segment)) weighs how far a voxel lies from the last slice's outline, in proportion to
/// the step between slices, against values as inside and around the outline in the drawn slice and the last one, and edges. A slice that has
/// too little in common with the last, or whose values are no longer those of the object, is not drawn and ends the way.
///
/// # Panics
/// If `values` does not fill the grid, `inside` the slice, or there is no such slice.
#[must_use]
pub fn carry_slice(grid: &Grid, values: &[f32], carry: &Carry, is_cancelled: &(dyn Fn() -> bool + Sync)) -> Option<Carried> {
    assert_eq!(values.len(), grid.len(), "the values must fill the grid");
    let slices = Slices::of(grid, carry.axis);
    assert!(carry.from < slices.count && carry.inside.len() == slices.plane.len(), "there must be such a slice");
    let plane = &slices.plane;
    let values_of = |n: usize| smoothed(plane, &slices.offsets(n).map(|offset| values[offset]).collect::<Vec<_>>());
    let drawn = Samples::of(plane, &values_of(carry.from), carry.inside);
    let likely_at_first = drawn.mean_likelihood(&values_of(carry.from), carry.inside);
    let (mut last, mut samples) = (carry.inside.to_vec(), drawn.clone());
    let mut found = Vec::new();
    for step in 1..=carry.count {
        let at = if carry.is_upwards { carry.from.checked_add(step).filter(|n| *n < slices.count) } else { carry.from.checked_sub(step) };
        let Some(at) = at else { return Some(Carried { slices: found, ending: Ending::Edge }) };
        let values = values_of(at);
        let both = drawn.with(&samples);
        let next = next_slice(plane, &values, &last, &both.appearance(), is_cancelled)?;
        if common(&last, &next) < LEAST_COMMON || drawn.mean_likelihood(&values, &next) < LEAST_LIKELY * likely_at_first {
            return Some(Carried { slices: found, ending: Ending::Evidence });
        }
        samples = Samples::of(plane, &values, &next);
        found.push(next.clone());
        last = next;
    }
    Some(Carried { slices: found, ending: Ending::Complete })
}

fn next_slice(
    plane: &Grid,
    values: &[f32],
    last: &[bool],
    appearance: &Appearance,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<bool>> {
    let spacing = plane.spacing();
    let slack = f64::max(0.7 * spacing[2], 1.5 * (spacing[0] * spacing[1]).sqrt());
    let (likely, distances) = (appearance.likelihoods(values), signed_distance_mm(plane, last));
    let evidence = |offset: usize| {
        let share = f64::from(likely[offset]) / f64::from(CERTAIN);
        OF_VALUES * (share / (1.0 - share)).ln() - (f64::from(distances[offset]) / slack).clamp(-8.0, 8.0)
    };
    let border = Border { grid: plane, values, deviation: appearance.deviation, weight: 1.0 };
    let settled = border.settled(last, &vec![false; last.len()], evidence, is_cancelled)?;
    // Only what continues a piece of the last slice.
    let pieces = components_of(plane, &settled, 1, Connectivity::Faces);
    let mut is_continued = vec![false; pieces.list.len() + 1];
    pieces.ids.iter().zip(last).filter(|(_, is_inside)| **is_inside).for_each(|(&id, _)| is_continued[id as usize] = true);
    is_continued[0] = false;
    Some(pieces.ids.iter().map(|&id| is_continued[id as usize]).collect())
}

/// Values inside an outline and around it.
#[derive(Clone)]
struct Samples {
    object: Vec<f32>,
    around: Vec<f32>,
}

impl Samples {
    fn of(plane: &Grid, values: &[f32], inside: &[bool]) -> Self {
        let distances = signed_distance_mm(plane, inside);
        let where_ =
            |is_wanted: &dyn Fn(f32) -> bool| values.iter().zip(&distances).filter(|(_, mm)| is_wanted(**mm)).map(|(v, _)| *v).collect();
        Self { object: where_(&|mm| mm < 0.0), around: where_(&|mm| mm > 0.0 && mm <= RING_MM) }
    }

    fn with(&self, other: &Self) -> Self {
        let both = |a: &[f32], b: &[f32]| a.iter().chain(b).copied().collect();
        Self { object: both(&self.object, &other.object), around: both(&self.around, &other.around) }
    }

    fn appearance(&self) -> Appearance {
        Appearance::of_samples(&self.object, &self.around, &[])
    }

    fn mean_likelihood(&self, values: &[f32], inside: &[bool]) -> f64 {
        let likely = self.appearance().likelihoods(values);
        let (sum, count) = likely
            .iter()
            .zip(inside)
            .filter(|(_, is_inside)| **is_inside)
            .fold((0u64, 0u64), |(sum, n), (&v, _)| (sum + u64::from(v), n + 1));
        sum as f64 / count.max(1) as f64
    }
}

/// Dice of two sets.
fn common(a: &[bool], b: &[bool]) -> f64 {
    let count = |set: &[bool]| set.iter().filter(|is_inside| **is_inside).count();
    let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
    2.0 * both as f64 / (count(a) + count(b)).max(1) as f64
}
