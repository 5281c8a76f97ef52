//! What a step costs: little along an edge of the scan, much across one or where there is none.
//!
//! After Mortensen and Barrett, Intelligent Scissors for Image Composition (SIGGRAPH 1995), eq. 1 to 5: zero crossings of the Laplacian,
//! direction and magnitude of the gradient, weighted 0.43, 0.43 and 0.14. Here derivatives are per mm, and a step costs by its length.

use std::f64::consts::{PI, TAU};

use medley_volume::glam::DVec2;

use super::search::STEPS;

const ZERO_CROSSING: f64 = 0.43;
const DIRECTION: f64 = 0.43;
const MAGNITUDE: f64 = 0.14;
/// The cost 1 of the paper as a whole number.
const SCALE: f64 = 256.0;
/// Directions are told apart in this many steps of a full turn.
const TURNS: usize = 64;
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
    /// Lengths of steps, the shortest being 1.
    length: [f64; 8],
}

impl Costs {
    /// Of a slice of `size` values, the first axis fastest, `step_mm` apart.
    pub fn of(values: &[f32], size: [usize; 2], step_mm: [f64; 2]) -> Self {
        let smooth = smoothed(values, size);
        let at = |u: isize, v: isize| {
            let [u, v] = [(u, size[0]), (v, size[1])].map(|(n, side)| n.clamp(0, side as isize - 1) as usize);
            f64::from(smooth[v * size[0] + u])
        };
        let mut gradients = Vec::with_capacity(values.len());
        let mut laplacian = Vec::with_capacity(values.len());
        for v in 0..size[1] as isize {
            for u in 0..size[0] as isize {
                let here = at(u, v);
                let (left, right, back, front) = (at(u - 1, v), at(u + 1, v), at(u, v - 1), at(u, v + 1));
                gradients.push(DVec2::new((right - left) / (2.0 * step_mm[0]), (front - back) / (2.0 * step_mm[1])));
                let bend = |a: f64, b: f64, step: f64| (a + b - 2.0 * here) / (step * step);
                laplacian.push((bend(left, right, step_mm[0]) + bend(back, front, step_mm[1])) as f32);
            }
        }
        let strongest = strongest(&gradients);
        let strength: Vec<f32> = gradients.iter().map(|g| (g.length() / strongest).min(1.0) as f32).collect();
        let along = gradients
            .iter()
            .map(|g| {
                if *g == DVec2::ZERO { TURNS as u8 } else { ((g.y.atan2(g.x) / TAU * TURNS as f64).round().rem_euclid(TURNS as f64)) as u8 }
            })
            .collect();
        let point = (0..values.len())
            .map(|n| {
                let crosses = strength[n] > WEAK && is_zero_crossing(&laplacian, size, n);
                let cost = ZERO_CROSSING * f64::from(u8::from(!crosses)) + MAGNITUDE * (1.0 - f64::from(strength[n]));
                (cost * SCALE).round() as u16
            })
            .collect();
        let step_of = |[x, y]: [isize; 2]| DVec2::new(x as f64 * step_mm[0], y as f64 * step_mm[1]);
        let shortest = step_mm[0].min(step_mm[1]);
        Self { point, along, strength, direction: directions(step_of), length: STEPS.map(|step| step_of(step).length() / shortest) }
    }

    /// What a step costs.
    pub fn link(&self, from: usize, step: usize, to: usize) -> u32 {
        let (p, q) = (usize::from(self.along[from]), usize::from(self.along[to]));
        let direction = self.direction[(step * (TURNS + 1) + p) * (TURNS + 1) + q];
        (f64::from(self.point[to] + direction) * self.length[step]) as u32 + 1
    }

    /// The most a step can cost.
    pub fn dearest(&self) -> u32 {
        (SCALE * self.length.iter().copied().fold(1.0, f64::max)) as u32 + 4
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

/// A gradient few others exceed, so that one metal clip does not make all other edges weak; never 0.
fn strongest(gradients: &[DVec2]) -> f64 {
    let mut lengths: Vec<f64> = gradients.iter().map(|g| g.length()).filter(|length| *length > 0.0).collect();
    if lengths.is_empty() {
        return 1.0;
    }
    let at = ((lengths.len() - 1) as f64 * STRONGEST) as usize;
    *lengths.select_nth_unstable_by(at, f64::total_cmp).1
}
