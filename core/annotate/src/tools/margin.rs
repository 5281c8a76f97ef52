//! Margin: a label is grown or shrunk by millimetres, evenly or by direction.

use medley_volume::morphology::{dilated, eroded};
use rayon::prelude::*;

use super::Canvas;
use super::label_part::LabelPart;
use crate::{Edit, Refusal, Tool};

/// By how much, in millimetres: above zero grows, below zero shrinks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distances {
    /// In all directions alike.
    Even(f64),
    /// In each direction of the patient by its own distance, along the voxel axis nearest to it. Between two directions the distance
    /// follows an ellipsoid. What shrinks does so after all else has grown.
    Directions {
        /// To the patient's right.
        right: f64,
        /// To the left.
        left: f64,
        /// To the front.
        anterior: f64,
        /// To the back.
        posterior: f64,
        /// To the head.
        superior: f64,
        /// To the feet.
        inferior: f64,
    },
}

/// A margin around the active label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Margin {
    /// By how much.
    pub distances: Distances,
    /// Whether it grows over other labels; otherwise over background only.
    pub overwrites_others: bool,
}

/// The active label grown or shrunk. A voxel is reached if its centre is; beyond the edge of the scan there is nothing to shrink from.
///
/// # Errors
/// [`Refusal::NoVoxels`], [`Refusal::Locked`], [`Refusal::NoChange`], [`Refusal::Parameter`] for a distance that is not finite.
pub fn margin(canvas: &Canvas, params: &Margin) -> Result<Edit, Refusal> {
    let by_direction = match params.distances {
        Distances::Even(mm) => [mm; 6],
        Distances::Directions { right, left, anterior, posterior, superior, inferior } => {
            [left, right, posterior, anterior, inferior, superior]
        }
    };
    if by_direction.iter().any(|mm| !mm.is_finite()) {
        return Err(Refusal::Parameter("Choose distances in millimetres."));
    }
    let part = LabelPart::of(canvas, by_direction.into_iter().fold(0.0, f64::max))?;
    let after = match params.distances {
        Distances::Even(mm) if mm >= 0.0 => dilated(&part.grid, &part.inside, mm),
        Distances::Even(mm) => eroded(&part.grid, &part.inside, -mm),
        Distances::Directions { .. } => {
            let [left, right, posterior, anterior, inferior, superior] = by_direction;
            let reach =
                |sign: f64| [[left, right], [posterior, anterior], [inferior, superior]].map(|pair| pair.map(|mm| (mm * sign).max(0.0)));
            let larger = grown(&part, &part.inside, reach(1.0));
            // To shrink from the right is to grow what lies around to the left.
            let around: Vec<bool> = larger.iter().map(|is_inside| !is_inside).collect();
            let around = grown(&part, &around, reach(-1.0).map(|[low, high]| [high, low]));
            around.into_iter().map(|is_outside| !is_outside).collect()
        }
    };
    part.replaced(canvas, Tool::Margin, after, params.overwrites_others)
}

/// The set grown by `reach_mm[patient axis]` = [towards left, back or feet; towards right, front or head].
fn grown(part: &LabelPart, inside: &[bool], reach_mm: [[f64; 2]; 3]) -> Vec<bool> {
    let (axes, shape) = (part.grid.axes(), part.grid.shape());
    if reach_mm.iter().flatten().all(|mm| *mm <= 0.0) {
        return inside.to_vec();
    }
    // Squared distance in units of the reach; above 1 is out of it.
    let mut squared: Vec<f32> = inside.iter().map(|is_inside| if *is_inside { 0.0 } else { f32::INFINITY }).collect();
    for axis in 0..3 {
        let Some(patient) = (0..3).find(|&patient| axes.voxel_axis[patient] == axis) else { continue };
        let [mut low, mut high] = reach_mm[patient];
        if axes.is_flipped[patient] {
            (low, high) = (high, low);
        }
        let costs = |mm: f64| {
            let spacing = part.grid.spacing()[axis];
            let steps = ((mm / spacing + 1e-6) as usize).min(shape[axis] - 1);
            (1..=steps).map(move |step| (step as f64 * spacing / mm).powi(2) as f32).collect::<Vec<f32>>()
        };
        spread(&mut squared, shape, axis, &costs(low), &costs(high));
    }
    squared.into_iter().map(|squared| squared <= 1.0 + 1e-6).collect()
}

/// Along one axis each voxel gets the least of what voxels near it hold and what the way from there costs. `low[n]` is the cost of `n + 1`
/// steps towards lower indices.
fn spread(squared: &mut [f32], shape: [usize; 3], axis: usize, low: &[f32], high: &[f32]) {
    if low.is_empty() && high.is_empty() {
        return;
    }
    let stride = [1, shape[0], shape[0] * shape[1]][axis];
    let side = shape[axis];
    let before = squared.to_vec();
    squared.par_chunks_mut(shape[0]).enumerate().for_each(|(row, values)| {
        let start = row * shape[0];
        for (n, value) in values.iter_mut().enumerate() {
            let offset = start + n;
            let at = offset / stride % side;
            // What grows to higher indices comes from lower ones.
            for (step, cost) in (1..=at).zip(high) {
                *value = value.min(before[offset - step * stride] + cost);
            }
            for (step, cost) in (1..side - at).zip(low) {
                *value = value.min(before[offset + step * stride] + cost);
            }
        }
    });
}
