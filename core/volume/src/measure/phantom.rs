use glam::{DAffine3, DVec3};
use rayon::prelude::*;

use crate::resample::{regridded, shape_at_spacing};
use crate::{Grid, IndexBox, LabelMap, LabelVoxels, Quantity, Scaling, Volume, VolumeError, Voxels};

/// A scan like a CT, made by a formula: a body with organs of uneven outline, vessels, hollow parts, small lesions, and specks as thresholds leave
/// them.
#[derive(Debug, Clone)]
pub struct Phantom {
    /// CT numbers, `int16`.
    pub volume: Volume,
    /// Labels from 1 to [`Phantom::LABELS`], `uint8`.
    pub labels: LabelMap,
    /// All labels as one, 1.
    pub mask: LabelMap,
    /// The same for each voxel.
    pub inside: Vec<bool>,
    /// Nearly the same space in voxels of about 1.5 mm.
    pub coarser: Grid,
}

/// A body whose surface is an ellipsoid with waves.
struct Organ {
    middle: [f64; 3],
    radii: [f64; 3],
    /// Height of the waves, as a share of the radius.
    waves: f64,
    label: u8,
}

impl Phantom {
    /// The highest label.
    pub const LABELS: u16 = 24;

    /// One of `shape`, in voxels of 0.8 × 0.8 × 1 mm.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn new(shape: [usize; 3]) -> Result<Self, VolumeError> {
        let grid = Grid::axis_aligned(shape, [0.8, 0.8, 1.0])?;
        // Shifted a little: halfway between two voxels either is the nearest.
        let coarser = regridded(&grid, shape_at_spacing(&grid, [1.5; 3]))?;
        let coarser = Grid::new(coarser.shape(), DAffine3::from_translation(DVec3::new(0.1, 0.07, 0.13)) * coarser.ras_from_voxel())?;
        let organs = organs(shape);
        let area = shape[0] * shape[1];
        let mut labels = vec![0u8; grid.len()];
        labels.par_chunks_mut(area).enumerate().for_each(|(k, plane)| {
            organs.iter().for_each(|organ| organ.draw(shape, k, plane));
            // One voxel in two thousand is what a threshold got wrong.
            for (n, label) in plane.iter_mut().enumerate() {
                let noise = scrambled((k * area + n) as u64);
                if noise.is_multiple_of(2000) {
                    *label = if *label == 0 { (noise >> 32) as u8 % 24 + 1 } else { 0 };
                }
            }
        });
        let ramp = |n: usize| (n % shape[0]) as i16 / 16;
        let numbers = labels.par_iter().enumerate().with_min_len(area);
        let numbers = numbers.map(|(n, &label)| i16::from(label) * 40 - 900 + ramp(n) + (scrambled(n as u64) >> 40) as i16 % 25).collect();
        let inside: Vec<bool> = labels.par_iter().with_min_len(area).map(|&label| label != 0).collect();
        let ones = inside.par_iter().with_min_len(area).map(|&is_inside| u8::from(is_inside)).collect();
        Ok(Self {
            volume: Volume::new(grid, Voxels::I16(numbers), Scaling::IDENTITY, Quantity::Hounsfield)?,
            labels: LabelMap::new(grid, LabelVoxels::U8(labels))?,
            mask: LabelMap::new(grid, LabelVoxels::U8(ones))?,
            inside,
            coarser,
        })
    }
}

/// Large organs, every fourth with a hollow; then vessels, then lesions. Later ones lie over earlier ones.
fn organs(shape: [usize; 3]) -> Vec<Organ> {
    let least = *shape.iter().min().unwrap_or(&1) as f64;
    let mut drawn = 0;
    // Even between 0 and 1.
    let mut share = || {
        drawn += 1;
        (scrambled(drawn) >> 40) as f64 / f64::from(1 << 24)
    };
    let mut organs = Vec::new();
    for n in 0..400u16 {
        let middle: [f64; 3] = std::array::from_fn(|axis| (0.12 + 0.76 * share()) * shape[axis] as f64);
        let size = 0.05 + 0.09 * share();
        let mut radii: [f64; 3] = std::array::from_fn(|_| (0.7 + 0.6 * share()) * size * least);
        let label = (n % Phantom::LABELS) as u8 + 1;
        match n {
            0..28 => {
                organs.push(Organ { middle, radii, waves: 0.12, label });
                if n % 4 == 0 {
                    organs.push(Organ { middle, radii: radii.map(|radius| radius * 0.5), waves: 0.2, label: 0 });
                }
                continue;
            }
            28..60 => radii = [radii[0] * 0.15, radii[1] * 0.15, radii[2] * 3.0],
            _ => radii = radii.map(|radius| radius * 0.1 + 1.5),
        }
        organs.push(Organ { middle, radii, waves: 0.05, label });
    }
    organs
}

impl Organ {
    /// Draws what plane `k` cuts of it.
    fn draw(&self, shape: [usize; 3], k: usize, plane: &mut [u8]) {
        let reach = self.radii.map(|radius| radius * (1.0 + self.waves) + 1.0);
        let from = |axis: usize| (self.middle[axis] - reach[axis]).max(0.0) as usize;
        let to = |axis: usize| ((self.middle[axis] + reach[axis]).max(0.0) as usize).min(shape[axis]);
        if !(from(2)..to(2)).contains(&k) {
            return;
        }
        let bounds = IndexBox { low: [from(0), from(1), 0], high: [to(0), to(1), 1] };
        let wave = |at: usize, axis: usize| (at as f64 * 0.11 * (axis + 1) as f64 + f64::from(self.label)).sin();
        let high = wave(k, 2);
        for row in bounds.rows(shape) {
            let j = row.start / shape[0];
            for n in row {
                let voxel = [n - j * shape[0], j, k];
                let squared: f64 = (0..3).map(|axis| ((voxel[axis] as f64 - self.middle[axis]) / self.radii[axis]).powi(2)).sum();
                let edge = 1.0 + self.waves * wave(voxel[0], 0) * wave(j, 1) * high;
                if squared <= edge * edge {
                    plane[n] = self.label;
                }
            }
        }
    }
}

/// A number without pattern for each number (SplitMix64, Steele et al. 2014).
fn scrambled(n: u64) -> u64 {
    let n = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let n = (n ^ n >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ n >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ n >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phantom_has_all_labels_and_much_background() {
        let phantom = Phantom::new([96, 90, 80]).expect("a phantom");
        let counts = phantom.labels.counts();
        assert_eq!(counts.len(), usize::from(Phantom::LABELS) + 1);
        let share = phantom.inside.iter().filter(|is_inside| **is_inside).count() as f64 / phantom.inside.len() as f64;
        assert!((0.05..0.5).contains(&share), "{share}");
        assert_eq!(phantom.mask.counts().get(&0), counts.get(&0));
    }
}
