//! Random changes that make few cases look like more: small turns and stretches, and what differs between scanners.
//!
//! Mirroring is off unless asked for. Organs have sides: a mirrored liver teaches a network that livers are on the left. It is
//! right only where the labels of both sides are the same structure, as in a brain with merged sides, or where labels of the left
//! and the right change places with it (`label_pairs` of the settings).

mod blur;
mod elastic;

use medley_volume::glam::DMat3;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use blur::Blur;
pub use elastic::Elastic;

pub(crate) use elastic::Displacement;

use crate::card::is_default;

/// How strongly patches are changed. Every value is the largest change either way; values in HU count for CT, those in standard
/// deviations for scans without a unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Augmentation {
    /// Stretch of all axes, as a share: 0.2 draws a factor between 1/1.2 and 1.2.
    pub scale: f64,
    /// Turn about the body axis (S), degrees.
    pub turn_axial_deg: f64,
    /// Turn about the other two axes, degrees.
    pub turn_tilt_deg: f64,
    /// Factor on the values, as a share.
    pub contrast: f64,
    /// Shift of all values, standard deviations.
    pub brightness: f64,
    /// Shift of all values of a CT, HU.
    pub brightness_hu: f64,
    /// Exponent on the values between the patch's own smallest and largest, as a share.
    pub gamma: f64,
    /// Shift of each structure's values on its own, in a CT, HU: as contrast medium does, which fills vessels and organs
    /// differently from scan to scan.
    pub enhancement_hu: f64,
    /// Largest standard deviation of added noise, standard deviations of the scan.
    pub noise: f64,
    /// Largest standard deviation of noise added to a CT, HU.
    pub noise_hu: f64,
    /// How far a patch may stick out of its case sideways, as a share of its size, so that much air is nothing new.
    pub overhang: f64,
    /// Chance of mirroring left and right; see the module for when that is right.
    pub mirror: f64,
    /// Smooth deformation; left out of a card where there is none.
    #[serde(skip_serializing_if = "is_default")]
    pub elastic: Elastic,
    /// Blur; left out of a card where there is none.
    #[serde(skip_serializing_if = "is_default")]
    pub blur: Blur,
}

impl Default for Augmentation {
    fn default() -> Self {
        Self {
            scale: 0.2,
            turn_axial_deg: 15.0,
            turn_tilt_deg: 5.0,
            contrast: 0.4,
            brightness: 0.3,
            brightness_hu: 60.0,
            gamma: 0.5,
            enhancement_hu: 120.0,
            noise: 0.1,
            noise_hu: 10.0,
            overhang: 0.25,
            mirror: 0.0,
            elastic: Elastic::default(),
            blur: Blur::default(),
        }
    }
}

/// How steps in a patch become steps in the case: a matrix on offsets in voxels `[r, a, s]`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Warp {
    rows: [[f64; 3]; 3],
    /// The step in the case for one voxel along the patch's rows.
    pub(crate) step: [f64; 3],
}

impl Warp {
    fn new(rows: [[f64; 3]; 3]) -> Self {
        Self { rows, step: rows.map(|row| row[0]) }
    }

    pub(crate) fn apply(&self, offset: [f64; 3]) -> [f64; 3] {
        self.rows.map(|row| (0..3).map(|axis| row[axis] * offset[axis]).sum())
    }

    /// Whether it shows the patch in a mirror.
    pub(crate) fn is_mirrored(&self) -> bool {
        DMat3::from_cols_array_2d(&self.rows).determinant() < 0.0
    }

    /// The matrix that undoes it.
    pub(crate) fn inverse(&self) -> DMat3 {
        DMat3::from_cols_array_2d(&self.rows).transpose().inverse()
    }
}

impl Augmentation {
    /// No change at all.
    #[must_use]
    pub fn none() -> Self {
        Self {
            scale: 0.0,
            turn_axial_deg: 0.0,
            turn_tilt_deg: 0.0,
            contrast: 0.0,
            brightness: 0.0,
            brightness_hu: 0.0,
            gamma: 0.0,
            enhancement_hu: 0.0,
            noise: 0.0,
            noise_hu: 0.0,
            overhang: 0.0,
            mirror: 0.0,
            elastic: Elastic::default(),
            blur: Blur::default(),
        }
    }

    /// # Errors
    /// A sentence for the first value that makes no sense.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0.0..=8.0).contains(&self.blur.most_voxels) {
            return Err("the blur must be between 0 and 8 voxels".to_owned());
        }
        self.elastic.check()
    }

    /// Draws the deformation of a patch `[S, A, R]`, if it is to be deformed.
    pub(crate) fn displacement(&self, rng: &mut ChaCha8Rng, patch: [usize; 3], spacing_mm: [f64; 3]) -> Option<Displacement> {
        self.elastic.draw(rng, patch, spacing_mm)
    }

    /// Draws a turn and stretch. Turns are made in millimetres, so that they stay turns where voxels are not cubes.
    pub(crate) fn warp(&self, rng: &mut ChaCha8Rng, spacing_mm: [f64; 3]) -> Warp {
        let scale = share(rng, self.scale);
        let turns = [self.turn_tilt_deg, self.turn_tilt_deg, self.turn_axial_deg].map(|most| either_way(rng, most).to_radians());
        let mirror = if self.mirror > 0.0 && rng.random_bool(self.mirror.min(1.0)) { -1.0 } else { 1.0 };
        let mut rows = [[mirror * scale, 0.0, 0.0], [0.0, scale, 0.0], [0.0, 0.0, scale]];
        for (axis, turn) in turns.into_iter().enumerate() {
            if turn != 0.0 {
                rows = turned(rows, axis, turn);
            }
        }
        Warp::new(std::array::from_fn(|to| std::array::from_fn(|from| rows[to][from] * spacing_mm[from] / spacing_mm[to])))
    }

    /// Changes the values of one patch of `shape` `[D, H, W]`, whose voxels are of `classes`. `hu_per_unit`: what one unit of the
    /// values is worth, in a CT.
    pub(crate) fn intensities(
        &self,
        rng: &mut ChaCha8Rng,
        values: &mut [f32],
        shape: [usize; 3],
        classes: &[i32],
        hu_per_unit: Option<f64>,
    ) {
        let (enhancement, brightness, noise) = match hu_per_unit {
            Some(unit) => (self.enhancement_hu / unit, self.brightness_hu / unit, self.noise_hu / unit),
            None => (0.0, self.brightness, self.noise),
        };
        if enhancement > 0.0 {
            let last = classes.iter().copied().max().unwrap_or(0).max(0);
            let shifts: Vec<f32> = (0..=last).map(|c| if c == 0 { 0.0 } else { either_way(rng, enhancement) as f32 }).collect();
            for (value, class) in values.iter_mut().zip(classes) {
                *value += usize::try_from(*class).map_or(0.0, |class| shifts[class]);
            }
        }
        let gamma = share(rng, self.gamma) as f32;
        if gamma != 1.0 {
            let (low, high) = values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
            let range = (high - low).max(1e-6);
            values.iter_mut().for_each(|v| *v = low + range * ((*v - low) / range).powf(gamma));
        }
        let (factor, shift) = (share(rng, self.contrast) as f32, either_way(rng, brightness) as f32);
        values.iter_mut().for_each(|v| *v = *v * factor + shift);
        self.blur.apply(rng, values, shape);
        if noise > 0.0 {
            let spread = rng.random_range(0.0..=noise) as f32;
            values.iter_mut().for_each(|v| *v += spread * nearly_normal(rng));
        }
    }
}

/// A number between −most and most.
fn either_way(rng: &mut ChaCha8Rng, most: f64) -> f64 {
    if most > 0.0 { rng.random_range(-most..=most) } else { 0.0 }
}

/// A factor between 1/(1+most) and 1+most, as often below 1 as above.
fn share(rng: &mut ChaCha8Rng, most: f64) -> f64 {
    if most > 0.0 { either_way(rng, (1.0 + most).ln()).exp() } else { 1.0 }
}

/// Mean 0, variance 1: the sum of four uniform numbers, near enough to a bell for noise and the same on every machine.
fn nearly_normal(rng: &mut ChaCha8Rng) -> f32 {
    let bits: u64 = rng.random();
    let sum: u32 = (0..4).map(|part| (bits >> (16 * part)) as u32 & 0xffff).sum();
    // A uniform number over 0…65535 has variance 65536²/12.
    (sum as f32 - 131_070.0) / (65_536.0 * 0.577_350_26)
}

fn turned(rows: [[f64; 3]; 3], axis: usize, angle: f64) -> [[f64; 3]; 3] {
    let (sin, cos) = angle.sin_cos();
    let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
    let mut out = rows;
    for column in 0..3 {
        out[u][column] = cos * rows[u][column] - sin * rows[v][column];
        out[v][column] = sin * rows[u][column] + cos * rows[v][column];
    }
    out
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_turn_keeps_lengths_in_millimetres() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let only_turns = Augmentation { scale: 0.0, ..Augmentation::default() };
        let spacing = [0.8, 0.8, 5.0];
        let length = |v: [f64; 3]| (0..3).map(|axis| (v[axis] * spacing[axis]).powi(2)).sum::<f64>().sqrt();
        for _ in 0..20 {
            let warp = only_turns.warp(&mut rng, spacing);
            for offset in [[10.0, 0.0, 0.0], [3.0, -4.0, 2.0]] {
                assert!((length(warp.apply(offset)) - length(offset)).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn sides_stay_where_they_are_unless_mirroring_is_asked_for() {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let sides = |augmentation: Augmentation, rng: &mut ChaCha8Rng| -> Vec<bool> {
            (0..200).map(|_| augmentation.warp(rng, [1.0; 3]).step[0] > 0.0).collect()
        };
        assert!(sides(Augmentation::default(), &mut rng).iter().all(|&same| same));
        let mirrored = sides(Augmentation { mirror: 0.5, ..Augmentation::default() }, &mut rng);
        assert!(mirrored.iter().filter(|&&same| !same).count() > 60);
    }

    #[test]
    fn noise_has_the_spread_it_says() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let values: Vec<f64> = (0..20_000).map(|_| f64::from(nearly_normal(&mut rng))).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }

    #[test]
    fn contrast_medium_fills_each_structure_on_its_own_and_only_in_ct() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let only = Augmentation { enhancement_hu: 100.0, ..Augmentation::none() };
        let mut values = vec![0.0; 6];
        only.intensities(&mut rng, &mut values, [1, 1, 6], &[0, 1, 1, 2, 2, -1], Some(50.0));
        assert_eq!((values[0], values[5]), (0.0, 0.0));
        assert!(values[1] == values[2] && values[3] == values[4] && values[1] != values[3]);
        assert!(values.iter().all(|value| value.abs() <= 2.0));
        let mut values = vec![0.0; 2];
        only.intensities(&mut rng, &mut values, [1, 1, 2], &[1, 2], None);
        assert_eq!(values, [0.0; 2]);
    }

    #[test]
    fn no_augmentation_changes_nothing() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let mut values = vec![1.0, -2.0, 3.5];
        Augmentation::none().intensities(&mut rng, &mut values, [1, 1, 3], &[0, 1, 2], Some(30.0));
        assert_eq!(values, [1.0, -2.0, 3.5]);
        let still = Augmentation::none().warp(&mut rng, [1.0, 2.0, 3.0]);
        assert_eq!(still.apply([4.0, 5.0, 6.0]), [4.0, 5.0, 6.0]);
    }
}
