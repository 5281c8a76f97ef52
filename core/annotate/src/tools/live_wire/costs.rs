//! What a step costs: little along an edge of the scan, much across one or where there is none.
//!
//! After Mortensen and Barrett, Intelligent Scissors for Image Composition (SIGGRAPH 1995), eq. 1 to 5: zero crossings of the Laplacian,
//! direction and magnitude of the gradient, weighted 0.43, 0.43 and 0.14. Here derivatives are per mm, and a step costs by its length.

use std::f64::consts::{PI, TAU};

use medley_volume::glam::{DVec2, Vec2};
use rayon::prelude::*;

use super::search::STEPS;

const ZERO_CROSSING: f64 = 0.43;
const DIRECTION: f64 = 0.43;
const MAGNITUDE: f64 = 0.14;
/// The cost 1 of the paper as a whole number.
const SCALE: f64 = 256.0;
/// Lengths are whole numbers of this part of the shortest step.
const UNIT: u32 = 256;
/// Directions are told apart in this many steps of a full turn.
const TURNS: usize = 32;
/// Zero crossings in noise are none: below this part of the strongest gradients.
const WEAK: f32 = 0.05;
/// The part of all gradients that lies below the one that counts as the strongest.
const STRONGEST: f64 = 0.98;

#[derive(Debug, Clone)]
pub(super) struct Costs {
    /// What a point costs by its own features.
    point: Vec<u16>,
    /// The direction along the edge; `TURNS` where the scan is flat.
    along: Vec<u8>,
    /// The strength of the edge, 0 to 1.
    pub strength: Vec<f32>,
    /// What directions cost: `[step][direction at its start][direction at its end]`.
    direction: Vec<u16>,
    /// Lengths of steps, the shortest being [`UNIT`].
    length: [u32; 8],
}

impl Costs {
    /// Of a slice of `size` values, the first axis fastest, `step_mm` apart.
    pub fn of(values: &[f32], size: [usize; 2], step_mm: [f64; 2]) -> Self {
        let [width, height] = size;
        let smooth = smoothed(values, size);
        let row_of = |v: usize| &smooth[v * width..(v + 1) * width];
        let [half_u, half_v] = step_mm.map(|step| 0.5 / step as f32);
        let [bend_u, bend_v] = step_mm.map(|step| (1.0 / (step * step)) as f32);
        let (mut strength, mut laplacian, mut along) = (vec![0.0f32; values.len()], vec![0.0f32; values.len()], vec![0u8; values.len()]);
        let rows = strength.par_chunks_mut(width).zip(laplacian.par_chunks_mut(width)).zip(along.par_chunks_mut(width));
        rows.enumerate().with_min_len(32).for_each(|(v, ((strength, laplacian), along))| {
            let (above, here, below) = (row_of(v.saturating_sub(1)), row_of(v), row_of((v + 1).min(height - 1)));
            for u in 0..width {
                let (left, right) = (here[u.saturating_sub(1)], here[(u + 1).min(width - 1)]);
                let gradient = Vec2::new((right - left) * half_u, (below[u] - above[u]) * half_v);
                strength[u] = gradient.length();
                along[u] = direction_of(gradient);
                laplacian[u] = (left + right - 2.0 * here[u]) * bend_u + (above[u] + below[u] - 2.0 * here[u]) * bend_v;
            }
        });
        let strongest = strongest(&strength);
        strength.par_iter_mut().with_min_len(1 << 14).for_each(|strength| *strength = (*strength / strongest).min(1.0));
        let cost = |n: usize| {
            let crosses = strength[n] > WEAK && is_zero_crossing(&laplacian, size, n);
            let cost = ZERO_CROSSING as f32 * f32::from(u8::from(!crosses)) + MAGNITUDE as f32 * (1.0 - strength[n]);
            (cost * SCALE as f32).round() as u16
        };
        let point = (0..values.len()).into_par_iter().with_min_len(1 << 14).map(cost).collect();
        let step_of = |[x, y]: [isize; 2]| DVec2::new(x as f64 * step_mm[0], y as f64 * step_mm[1]);
        let shortest = step_mm[0].min(step_mm[1]);
        Self {
            point,
            along,
            strength,
            direction: directions(step_of),
            length: STEPS.map(|step| (step_of(step).length() / shortest * f64::from(UNIT)).round() as u32),
        }
    }

    /// What a step costs.
    pub fn link(&self, from: usize, step: usize, to: usize) -> u32 {
        let (p, q) = (usize::from(self.along[from]), usize::from(self.along[to]));
        let direction = self.direction[(step * (TURNS + 1) + p) * (TURNS + 1) + q];
        u32::from(self.point[to] + direction) * self.length[step] / UNIT + 1
    }

    /// The most a step can cost.
    pub fn dearest(&self) -> u32 {
        (SCALE as u32 + 2) * self.length.into_iter().fold(UNIT, u32::max) / UNIT + 1
    }
}

/// Eq. 4 and 5 for each step and each pair of directions. Where the scan is flat there is no direction to follow.
fn directions(step_of: impl Fn([isize; 2]) -> DVec2) -> Vec<u16> {
    let unit = |turn: usize| DVec2::from_angle(turn as f64 / TURNS as f64 * TAU).perp();
    let mut costs = Vec::with_capacity(8 * (TURNS + 1) * (TURNS + 1));
    for step in STEPS.map(step_of) {
        for p in 0..=TURNS {
            for q in 0..=TURNS {
                let cost = if p == TURNS || q == TURNS {
                    1.0
                } else {
                    let way = if unit(p).dot(step) >= 0.0 { step } else { -step }.normalize();
                    let angle = |edge: DVec2| edge.dot(way).clamp(-1.0, 1.0).acos();
                    2.0 / (3.0 * PI) * (angle(unit(p)) + angle(unit(q)))
                };
                costs.push((DIRECTION * cost * SCALE).round() as u16);
            }
        }
    }
    costs
}

/// The direction of a gradient in steps of a full turn; `TURNS` where there is none.
fn direction_of(gradient: Vec2) -> u8 {
    if gradient == Vec2::ZERO {
        return TURNS as u8;
    }
    (gradient.y.atan2(gradient.x) / std::f32::consts::TAU * TURNS as f32).round().rem_euclid(TURNS as f32) as u8
}

/// Whether the Laplacian changes its sign towards a neighbour, this point being the nearer to zero.
fn is_zero_crossing(laplacian: &[f32], [width, height]: [usize; 2], n: usize) -> bool {
    let (u, v, here) = (n % width, n / width, laplacian[n]);
    let beside =
        [(u > 0).then(|| n - 1), (u + 1 < width).then_some(n + 1), (v > 0).then(|| n - width), (v + 1 < height).then_some(n + width)];
    here == 0.0 || beside.into_iter().flatten().any(|m| laplacian[m] * here < 0.0 && here.abs() <= laplacian[m].abs())
}

/// With the binomial filter 1 2 1 along both axes; beyond the edge the nearest value counts.
fn smoothed(values: &[f32], [width, height]: [usize; 2]) -> Vec<f32> {
    let mut rows = Vec::with_capacity(values.len());
    for row in values.chunks_exact(width) {
        rows.extend((0..width).map(|u| (row[u.saturating_sub(1)] + 2.0 * row[u] + row[(u + 1).min(width - 1)]) / 4.0));
    }
    let mut smooth = Vec::with_capacity(values.len());
    for v in 0..height {
        let row = |v: usize| &rows[v * width..(v + 1) * width];
        let (above, here, below) = (row(v.saturating_sub(1)), row(v), row((v + 1).min(height - 1)));
        smooth.extend((0..width).map(|u| (above[u] + 2.0 * here[u] + below[u]) / 4.0));
    }
    smooth
}

/// A gradient few others exceed, so that one metal clip does not make all other edges weak; never 0. From an evenly spaced sample.
fn strongest(lengths: &[f32]) -> f32 {
    const SAMPLE: usize = 1 << 15;
    let step = (lengths.len() / SAMPLE).max(1) | 1;
    let mut sample: Vec<f32> = lengths.iter().step_by(step).copied().filter(|length| *length > 0.0).collect();
    if sample.is_empty() {
        return lengths.iter().copied().reduce(f32::max).filter(|length| *length > 0.0).unwrap_or(1.0);
    }
    let at = ((sample.len() - 1) as f64 * STRONGEST) as usize;
    *sample.select_nth_unstable_by(at, f32::total_cmp).1
}
