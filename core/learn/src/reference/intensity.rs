use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::FileArray;
use crate::LearnError;

/// A scan z-scored as the reference does it, before its noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Normalised {
    /// Every voxel's z-score.
    pub scan: FileArray,
    /// Whether each voxel was 0, and so becomes noise.
    pub is_zero: Vec<bool>,
    /// Mean of the voxels above zero.
    pub mean: f64,
    /// Their standard deviation.
    pub std: f64,
}

/// Z-scores by mean and standard deviation of the voxels above zero. Voxels below count for neither, but are scored too. (In CT
/// that leaves out everything lighter than water, and 0, which is water, becomes noise: the method is made for MR.)
///
/// Sums are 64-bit; the reference's are 32-bit where the scan is stored so, which moves scores by some 1e-7.
///
/// # Errors
/// If no voxel is above zero, or those that are have all one value.
pub fn normalise(scan: &FileArray) -> Result<Normalised, LearnError> {
    let above = || scan.values.iter().filter(|value| **value > 0.0).map(|value| f64::from(*value));
    let count = above().count() as f64;
    let mean = above().sum::<f64>() / count;
    let std = (above().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
    if count == 0.0 || std == 0.0 {
        let reason = "the reference's normalisation needs voxels of several values above zero, and the scan has none";
        return Err(LearnError::Setting(reason.to_owned()));
    }
    let values = scan.values.iter().map(|value| ((f64::from(*value) - mean) / std) as f32).collect();
    let is_zero = scan.values.iter().map(|value| *value == 0.0).collect();
    Ok(Normalised { scan: FileArray { shape: scan.shape, values }, is_zero, mean, std })
}

impl Normalised {
    /// The scan with standard normal noise where it was zero, from `seed`. (The reference's noise is another on every run.)
    #[must_use]
    pub fn with_noise(mut self, seed: u64) -> FileArray {
        let mut draws = ChaCha8Rng::seed_from_u64(seed);
        for (value, _) in self.scan.values.iter_mut().zip(&self.is_zero).filter(|(_, is_zero)| **is_zero) {
            // Box and Muller (1958).
            let (radius, angle) = (1.0 - draws.random::<f64>(), draws.random::<f64>());
            *value = ((-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()) as f32;
        }
        self.scan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voxels_above_zero_are_the_measure_of_all() {
        let scan = FileArray { shape: [1, 1, 5], values: vec![0.0, 2.0, 6.0, -4.0, 0.0] };
        let found = normalise(&scan).expect("normalised");
        assert_eq!((found.mean, found.std), (4.0, 2.0));
        assert_eq!(found.scan.values, [-2.0, -1.0, 1.0, -4.0, -2.0]);
        assert_eq!(found.is_zero, [true, false, false, false, true]);
        let noisy = found.clone().with_noise(1);
        assert_eq!(noisy.values[1..4], [-1.0, 1.0, -4.0]);
        assert_eq!(noisy, found.clone().with_noise(1));
        assert_ne!(noisy, found.with_noise(2));
        assert!(normalise(&FileArray { shape: [1, 1, 2], values: vec![0.0, -1.0] }).is_err());
    }

    #[test]
    fn the_noise_is_standard_normal() {
        let mut values = vec![0.0; 40_002];
        values[..2].copy_from_slice(&[1.0, 3.0]);
        let noise = normalise(&FileArray { shape: [1, 1, 40_002], values }).expect("normalised").with_noise(3).values;
        let mean = noise.iter().sum::<f32>() / noise.len() as f32;
        let variance = noise.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / noise.len() as f32;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
