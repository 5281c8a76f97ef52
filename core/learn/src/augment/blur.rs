//! Blur: scans differ in how sharp their reconstruction is.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How patches are blurred. Off unless `chance` is above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Blur {
    /// Chance that a patch is blurred.
    pub chance: f64,
    /// Largest standard deviation of the Gaussian, voxels; each axis draws its own, from 0 up (nnU-Net: 0.5 to 1).
    pub most_voxels: f64,
}

impl Default for Blur {
    fn default() -> Self {
        Self { chance: 0.0, most_voxels: 1.0 }
    }
}

/// Beyond so many standard deviations nothing counts.
const REACH: f64 = 3.0;

impl Blur {
    /// Blurs a patch `[D, H, W]`, or leaves it.
    pub(super) fn apply(self, rng: &mut ChaCha8Rng, values: &mut [f32], shape: [usize; 3]) {
        if self.chance <= 0.0 || !rng.random_bool(self.chance.min(1.0)) {
            return;
        }
        for axis in 0..3 {
            let sigma = self.most_voxels * rng.random::<f64>();
            // A narrower bell lies on one voxel.
            if sigma > 0.1 {
                along(values, shape, axis, &bell(sigma));
            }
        }
    }
}

/// One half of a Gaussian from its middle outwards; the whole sums to one.
fn bell(sigma: f64) -> Vec<f32> {
    let half: Vec<f64> = (0..=(REACH * sigma).ceil() as usize).map(|at| (-0.5 * (at as f64 / sigma).powi(2)).exp()).collect();
    let sum = 2.0 * half.iter().sum::<f64>() - half[0];
    half.iter().map(|weight| (weight / sum) as f32).collect()
}

/// Weighs neighbours along one axis of `[D, H, W]`; beyond its edges a patch goes on as there.
fn along(values: &mut [f32], shape: [usize; 3], axis: usize, bell: &[f32]) {
    let stride: usize = shape[axis + 1..].iter().product();
    let size = shape[axis];
    let mut line = vec![0.0; size];
    for outer in (0..values.len()).step_by(stride * size) {
        for start in outer..outer + stride {
            line.iter_mut().enumerate().for_each(|(at, value)| *value = values[start + at * stride]);
            for at in 0..size {
                let beside = |reach: usize| line[at.saturating_sub(reach)] + line[(at + reach).min(size - 1)];
                let sides: f32 = bell.iter().enumerate().skip(1).map(|(reach, weight)| weight * beside(reach)).sum();
                values[start + at * stride] = bell[0] * line[at] + sides;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_point_becomes_a_bell_of_the_spread_asked_for() {
        let shape = [3, 21, 5];
        let mut values = vec![0.0; 3 * 21 * 5];
        values[(21 + 10) * 5 + 2] = 1.0;
        along(&mut values, shape, 1, &bell(1.5));
        let line: Vec<f64> = (0..21).map(|h| f64::from(values[(21 + h) * 5 + 2])).collect();
        assert!((line.iter().sum::<f64>() - 1.0).abs() < 1e-5);
        let variance: f64 = line.iter().enumerate().map(|(h, value)| value * (h as f64 - 10.0).powi(2)).sum();
        assert!((variance.sqrt() - 1.5).abs() < 0.03, "{}", variance.sqrt());
        assert!((values.iter().sum::<f32>() - 1.0).abs() < 1e-5, "it left its line");
    }

    #[test]
    fn a_constant_stays_and_noise_gets_less() {
        let (mut rng, blur) = (ChaCha8Rng::seed_from_u64(1), Blur { chance: 1.0, most_voxels: 1.0 });
        let mut constant = vec![2.5; 4 * 6 * 8];
        blur.apply(&mut rng, &mut constant, [4, 6, 8]);
        assert!(constant.iter().all(|value| (value - 2.5).abs() < 1e-5));
        let mut noise: Vec<f32> = (0..4096).map(|_| rng.random_range(-1.0..1.0)).collect();
        let power = |values: &[f32]| values.iter().map(|v| v * v).sum::<f32>();
        let before = power(&noise);
        blur.apply(&mut rng, &mut noise, [16; 3]);
        assert!(power(&noise) < 0.9 * before);
    }
}
