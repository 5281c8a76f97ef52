//! How often each value occurs in a scan.

use medley_volume::{Volume, with_voxels};
use rayon::prelude::*;

use crate::state::window_level::WindowLevel;

/// More bins than this would not be told apart on a screen.
const MOST_BINS: usize = 1024;
/// Bins of a scan whose values are no whole numbers.
const FINE_BINS: usize = 512;
/// Voxels that one thread counts at a time.
const BLOCK: usize = 1 << 18;

/// Counts of values in bins of equal width.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    /// Where the first bin begins, in the volume's unit.
    pub low: f64,
    /// Of each bin.
    pub bin_width: f64,
    /// How many voxels each bin holds.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Of all finite values of a scan; `range` are its smallest and largest. Bins of whole numbers hold equally many of them, so
    /// that no comb appears.
    #[must_use]
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn of(volume: &Volume, range: (f64, f64)) -> Self {
        let (min, max) = range;
        let scaling = volume.scaling();
        let step = scaling.slope.abs();
        let (low, bin_width) = if volume.voxels().is_integer() && step > 0.0 {
            let steps = ((max - min) / step).round() + 1.0;
            (min - step / 2.0, (steps / MOST_BINS as f64).ceil().max(1.0) * step)
        } else {
            let width = (max - min) / FINE_BINS as f64;
            (min, if width > 0.0 { width } else { 1.0 })
        };
        let bins = (((max - low) / bin_width).floor() as usize + 1).min(MOST_BINS + 1);
        let counts = with_voxels!(volume.voxels(), stored => stored
        .par_chunks(BLOCK)
        .map(|block| {
            let mut counts = vec![0u64; bins];
            for &stored in block {
                let value = scaling.apply(stored as f64);
                if value.is_finite() {
                    // What lies below becomes 0 in the cast.
                    counts[(((value - low) / bin_width) as usize).min(bins - 1)] += 1;
                }
            }
            counts
        })
        .reduce(|| vec![0; bins], |mut sum, counts| {
            sum.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            sum
        }));
        Self { low, bin_width, counts }
    }

    /// Where the last bin ends.
    #[must_use]
    pub fn high(&self) -> f64 {
        self.low + self.bin_width * self.counts.len() as f64
    }

    /// The bin of a value, if one has it.
    #[must_use]
    pub fn bin_of(&self, value: f64) -> Option<usize> {
        let at = ((value - self.low) / self.bin_width).floor();
        (at >= 0.0 && at < self.counts.len() as f64).then_some(at as usize)
    }

    /// How many voxels lie in the bins that a window reaches, as a part of all.
    #[must_use]
    pub fn fraction_within(&self, window: WindowLevel) -> f64 {
        let all: u64 = self.counts.iter().sum();
        let middle = |bin: usize| self.low + (bin as f64 + 0.5) * self.bin_width;
        let is_within = |bin: &usize| (window.low()..=window.high()).contains(&middle(*bin));
        let within: u64 = (0..self.counts.len()).filter(is_within).map(|bin| self.counts[bin]).sum();
        within as f64 / all.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;

    fn of(voxels: Voxels, scaling: Scaling) -> Histogram {
        let grid = Grid::axis_aligned([voxels.len(), 1, 1], [1.0; 3]).expect("a grid");
        let volume = Volume::new(grid, voxels, scaling, Quantity::Arbitrary).expect("fits");
        let summary = volume.summary();
        Histogram::of(&volume, (summary.min, summary.max))
    }

    #[test]
    fn every_whole_number_has_its_bin() {
        let stored: Vec<i16> = (0..600).map(|n| (n * n % 37) as i16 - 10).collect();
        let found = of(Voxels::I16(stored.clone()), Scaling { slope: -2.0, intercept: 7.0 });
        assert_eq!(found.counts.len(), 37);
        assert_eq!(found.counts.iter().sum::<u64>(), 600);
        for number in -10..27i16 {
            let bin = found.bin_of(f64::from(number) * -2.0 + 7.0).expect("a bin");
            assert_eq!(found.counts[bin], stored.iter().filter(|&&stored| stored == number).count() as u64);
        }
        assert_eq!(found.bin_of(1e6), None);
    }

    #[test]
    fn many_whole_numbers_share_bins_evenly() {
        let found = of(Voxels::U16((0..=u16::MAX).collect()), Scaling::IDENTITY);
        assert_eq!(found.counts, vec![64; 1024]);
    }

    #[test]
    fn values_between_are_counted_and_those_that_are_no_numbers_are_not() {
        let mut stored: Vec<f32> = (0..1000).map(|n| n as f32 / 10.0).collect();
        stored.extend([f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
        let found = of(Voxels::F32(stored.clone()), Scaling::IDENTITY);
        assert_eq!(found.counts.iter().sum::<u64>(), 1000);
        let upper = stored.iter().filter(|value| value.is_finite() && **value >= 50.0).count() as f64;
        let window = WindowLevel { width: 50.0, level: 75.0 };
        assert!((found.fraction_within(window) * 1000.0 - upper).abs() < 4.0);
    }

    #[test]
    fn a_scan_of_one_value_has_one_bin() {
        assert_eq!(of(Voxels::I16(vec![5; 8]), Scaling::IDENTITY).counts, vec![8]);
        assert_eq!(of(Voxels::F32(vec![5.0; 8]), Scaling::IDENTITY).counts, vec![8]);
    }
}
