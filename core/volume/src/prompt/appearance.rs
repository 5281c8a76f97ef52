//! How the object looks, and how likely each voxel is to be of it.

use rayon::prelude::*;

use crate::Grid;

/// Seeds show what lies within so many mm around them, and one voxel at least.
const SHOWN_MM: f64 = 5.0;
/// An object's standard deviation is at least this part of the spread of all values: a click on a calm place must not make the rest of an organ
/// unlikely. Chosen, as the width of the densities (one deviation), on organs of abdominal CT and MR.
const LEAST_PART: f32 = 50.0;
/// Bins of values.
const BINS: usize = 128;
/// The share of the person's other seeds in how the rest looks.
const SHOWN_SHARE: f32 = 0.3;
/// Likelihoods are whole numbers up to this.
pub(super) const CERTAIN: u8 = 250;

/// Likelihood of being the object's, by value.
pub(super) struct Appearance {
    low: f32,
    step: f32,
    of_bin: Vec<u8>,
    /// The object's standard deviation, told robustly.
    pub deviation: f32,
}

impl Appearance {
    pub fn new(grid: &Grid, values: &[f32], object: &[usize], other: &[usize]) -> Self {
        let shown = values_around(grid, values, object);
        let rest = values_around(grid, values, other);
        Self::of_samples(&shown, values, &rest)
    }

    /// From values of the object, values of everything, and values that are certainly not the object's.
    pub fn of_samples(object: &[f32], all: &[f32], other: &[f32]) -> Self {
        let [quarter, middle, three_quarters] = [0.25, 0.5, 0.75].map(|share| quantile(object, share));
        let spread = quantile(all, 0.99) - quantile(all, 0.01);
        let deviation = ((three_quarters - quarter) / 1.349).max(spread / LEAST_PART).max(f32::MIN_POSITIVE);
        let (low, step) = (middle - 12.0 * deviation, 24.0 * deviation / BINS as f32);
        let width = deviation / step;
        let density = |samples: &[f32]| density(samples, low, step, width);
        let (object, mut rest) = (density(object), density(all));
        if !other.is_empty() {
            rest.iter_mut().zip(density(other)).for_each(|(rest, shown)| *rest += SHOWN_SHARE * (shown - *rest));
        }
        let floor = 2e-3 / BINS as f32;
        let likelihood = |(object, rest): (&f32, &f32)| {
            let share = (object + floor) / (object + rest + 2.0 * floor);
            (share.clamp(0.02, 0.98) * f32::from(CERTAIN)).round() as u8
        };
        Self { low, step, of_bin: object.iter().zip(&rest).map(likelihood).collect(), deviation }
    }

    /// For each value how likely it is the object's, up to [`CERTAIN`].
    pub fn likelihoods(&self, values: &[f32]) -> Vec<u8> {
        values.par_iter().with_min_len(1 << 14).map(|&value| self.of_bin[bin(value, self.low, self.step)]).collect()
    }
}

fn bin(value: f32, low: f32, step: f32) -> usize {
    (((value - low) / step).max(0.0) as usize).min(BINS - 1)
}

/// A histogram made smooth by a Gaussian of `width` bins, of sum one.
fn density(samples: &[f32], low: f32, step: f32, width: f32) -> Vec<f32> {
    let count = |counts: &mut Vec<u32>, &value: &f32| counts[bin(value, low, step)] += 1;
    let empty = || vec![0u32; BINS];
    let counts = samples.par_chunks(1 << 16).map(|part| {
        let mut counts = empty();
        part.iter().for_each(|value| count(&mut counts, value));
        counts
    });
    let counts = counts.reduce(empty, |a, b| a.iter().zip(&b).map(|(a, b)| a + b).collect());
    let reach = (3.0 * width).ceil() as isize;
    let weights: Vec<f32> = (-reach..=reach).map(|n| (-0.5 * (n as f32 / width).powi(2)).exp()).collect();
    let total: f32 = weights.iter().sum::<f32>() * samples.len().max(1) as f32;
    let at = |n: isize| counts[n.clamp(0, BINS as isize - 1) as usize] as f32;
    (0..BINS as isize).map(|n| (-reach..=reach).zip(&weights).map(|(by, weight)| weight * at(n + by)).sum::<f32>() / total).collect()
}

fn quantile(samples: &[f32], share: f64) -> f32 {
    let mut samples = samples.to_vec();
    let place = (samples.len().saturating_sub(1) as f64 * share).round() as usize;
    if samples.is_empty() { 0.0 } else { *samples.select_nth_unstable_by(place, f32::total_cmp).1 }
}

/// The values near some voxels, each voxel once.
fn values_around(grid: &Grid, values: &[f32], offsets: &[usize]) -> Vec<f32> {
    let (shape, spacing) = (grid.shape(), grid.spacing());
    let reach = spacing.map(|step| ((SHOWN_MM / step + 1e-6) as usize).max(1));
    let mut is_near = vec![false; grid.len()];
    let mut found = Vec::new();
    for &offset in offsets {
        let middle = [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]];
        let side = |axis: usize| middle[axis].saturating_sub(reach[axis])..(middle[axis] + reach[axis] + 1).min(shape[axis]);
        for k in side(2) {
            for j in side(1) {
                for near in side(0).map(|i| grid.offset([i, j, k])) {
                    if !std::mem::replace(&mut is_near[near], true) {
                        found.push(values[near]);
                    }
                }
            }
        }
    }
    found
}

/// Values averaged with their neighbours (¼, ½, ¼) along the axes that are finely sampled. For 16-bit integers this is exact, and so the same for
/// every order of axes.
pub(super) fn smoothed(grid: &Grid, values: &[f32]) -> Vec<f32> {
    let (shape, spacing) = (grid.shape(), grid.spacing());
    let finest = spacing.iter().copied().fold(f64::INFINITY, f64::min);
    let mut values = values.to_vec();
    for axis in (0..3).filter(|&axis| shape[axis] > 2 && spacing[axis] <= 2.0 * finest) {
        let stride = [1, shape[0], shape[0] * shape[1]][axis];
        let average = |offset: usize| {
            let place = offset / stride % shape[axis];
            let before = values[if place > 0 { offset - stride } else { offset }];
            let after = values[if place + 1 < shape[axis] { offset + stride } else { offset }];
            0.25 * (before + after) + 0.5 * values[offset]
        };
        values = (0..values.len()).into_par_iter().with_min_len(1 << 14).map(average).collect();
    }
    values
}
