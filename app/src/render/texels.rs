//! From stored voxels to 16-bit texels and back to values.

use medley_volume::{Scaling, Volume, Voxels, with_voxels};
use rayon::prelude::*;

use super::reduced::LEVELS;
use crate::state::window_level::WindowLevel;

const TOP: f64 = u16::MAX as f64;
/// Fewer levels than this over the bulk of the voxels, and a few extreme ones are cut off to get more.
const FEWEST_LEVELS: f64 = 1024.0;

/// What the texels of a scan's texture stand for: `stored = lowest + step · texel`, then the volume's scaling.
///
/// Whole numbers that span at most 65,535 are exact (`step` is 1). Others are rounded to 65,536 levels between their smallest
/// and largest finite value; if a few extreme values would leave less than 1,024 of those levels to the 0.1–99.9 percentile,
/// they are cut off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Texels {
    lowest: f64,
    step: f64,
    scaling: Scaling,
    highest_texel: u16,
}

impl Texels {
    /// How the voxels of `volume` are written.
    pub(crate) fn of(volume: &Volume) -> Self {
        let scaling = volume.scaling();
        let (mut low, mut high) = finite_range(volume.voxels());
        let is_exact = volume.voxels().is_integer() && high - low <= TOP;
        if !is_exact {
            let ends = volume.quantiles([0.001, 0.999]).map(|value| (value - scaling.intercept) / scaling.slope);
            let (first, last) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            let bulk = last - first;
            if bulk > 0.0 && bulk < (high - low) * FEWEST_LEVELS / TOP {
                let margin = bulk * (TOP / FEWEST_LEVELS - 1.0) / 2.0;
                low = low.max(first - margin);
                high = high.min(last + margin);
            }
        }
        let step = if is_exact || high <= low { 1.0 } else { (high - low) / TOP };
        let highest_texel = ((high - low) / step).round().clamp(1.0, TOP) as u16;
        Self { lowest: low, step, scaling, highest_texel }
    }

    /// The largest texel in use; at least 1.
    pub(crate) fn highest(&self) -> u16 {
        self.highest_texel
    }

    /// Whether a larger texel stands for a larger value.
    pub(crate) fn is_rising(&self) -> bool {
        self.scaling.slope > 0.0
    }

    /// The value that a level of the reduced copy (0 … 1023) stands for.
    pub(crate) fn value_of_level(&self, level: f64) -> f64 {
        self.scaling.apply(self.lowest + self.step * level * f64::from(self.highest_texel) / f64::from(LEVELS))
    }

    /// The value a texel stands for.
    #[cfg(test)]
    pub(crate) fn value(&self, texel: u16) -> f64 {
        self.scaling.apply(self.lowest + self.step * f64::from(texel))
    }

    /// Factor and summand from texel to grey, where 0 is the window's black and 1 its white.
    pub(crate) fn gray_from_texel(&self, window: WindowLevel) -> [f64; 2] {
        let width = window.width.max(f64::MIN_POSITIVE);
        let factor = self.scaling.slope * self.step / width;
        let summand = (self.scaling.apply(self.lowest) - window.low()) / width;
        [factor, summand]
    }

    /// The texels of the voxels at `offsets`. What is not a number becomes the lowest.
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub(crate) fn encode(&self, voxels: &Voxels, offsets: std::ops::Range<usize>) -> Vec<u16> {
        let (lowest, per_step) = (self.lowest, 1.0 / self.step);
        // A cast from float saturates, and makes 0 of what is not a number.
        with_voxels!(voxels, stored => stored[offsets]
            .par_iter()
            .with_min_len(1 << 14)
            .map(|&v| ((v as f64 - lowest) * per_step + 0.5) as u16)
            .collect())
    }
}

/// Smallest and largest finite stored number; zeros where there is none.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
fn finite_range(voxels: &Voxels) -> (f64, f64) {
    let nothing = (f64::INFINITY, f64::NEG_INFINITY);
    let wider = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
    let (low, high) = with_voxels!(voxels, stored => stored
        .par_chunks(1 << 16)
        .map(|block| block.iter().map(|&v| v as f64).filter(|v| v.is_finite()).fold(nothing, |range, v| wider(range, (v, v))))
        .reduce(|| nothing, wider));
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity};

    use super::*;

    fn volume(voxels: Voxels, scaling: Scaling) -> Volume {
        let grid = Grid::axis_aligned([voxels.len(), 1, 1], [1.0; 3]).expect("a grid");
        Volume::new(grid, voxels, scaling, Quantity::Arbitrary).expect("fits")
    }

    #[test]
    fn whole_numbers_of_any_type_come_back_exactly() {
        let scaling = Scaling { slope: -0.5, intercept: 7.0 };
        let all = [
            Voxels::I16(vec![-32768, 32767, 0, -1024]),
            Voxels::U16(vec![0, 65535, 3]),
            Voxels::I32(vec![1_000_000, 1_000_001, 1_065_535]),
            Voxels::U8(vec![9, 9]),
            Voxels::I64(vec![-70_000, -4_465]),
        ];
        for voxels in all {
            let volume = volume(voxels, scaling);
            let texels = Texels::of(&volume);
            let encoded = texels.encode(volume.voxels(), 0..volume.voxels().len());
            for (offset, &texel) in encoded.iter().enumerate() {
                let value = volume.voxels().stored(offset).map(|stored| scaling.apply(stored));
                assert_eq!(value, Some(texels.value(texel)));
                assert!(texel <= texels.highest());
            }
        }
    }

    #[test]
    fn fractions_are_off_by_half_a_level_at_most_and_nan_is_the_lowest() {
        let stored: Vec<f32> = (0..1000).map(|n| (n as f32 * 0.37).sin() * 900.0).chain([f32::NAN]).collect();
        let volume = volume(Voxels::F32(stored.clone()), Scaling::IDENTITY);
        let texels = Texels::of(&volume);
        let encoded = texels.encode(volume.voxels(), 0..1001);
        for (&texel, &value) in encoded.iter().zip(&stored).take(1000) {
            assert!((texels.value(texel) - f64::from(value)).abs() <= 1800.0 / 65535.0 / 2.0 + 1e-6);
        }
        assert_eq!(encoded[1000], 0);
    }

    #[test]
    fn one_spike_does_not_take_the_levels_from_the_rest() {
        let stored: Vec<f32> = (0..9999).map(|n| (n % 1000) as f32).chain([1e9]).collect();
        let volume = volume(Voxels::F32(stored), Scaling::IDENTITY);
        let texels = Texels::of(&volume);
        let encoded = texels.encode(volume.voxels(), 0..10_000);
        assert!((texels.value(encoded[500]) - 500.0).abs() < 0.6, "{}", texels.value(encoded[500]));
        assert!((texels.value(encoded[501]) - 501.0).abs() < 0.6);
        assert_eq!(encoded[9999], u16::MAX);
    }

    #[test]
    fn black_is_the_windows_low_end_and_white_its_high_end() {
        let volume = volume(Voxels::I16(vec![-1000, 240, -160, 40]), Scaling { slope: 2.0, intercept: 10.0 });
        let texels = Texels::of(&volume);
        let window = WindowLevel { width: 800.0, level: 90.0 };
        let [factor, summand] = texels.gray_from_texel(window);
        for texel in texels.encode(volume.voxels(), 0..4) {
            let wanted = (texels.value(texel) - window.low()) / 800.0;
            assert!((factor * f64::from(texel) + summand - wanted).abs() < 1e-12);
        }
    }
}
