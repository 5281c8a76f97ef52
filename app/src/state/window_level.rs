//! Which values are drawn black and which white.

use medley_annotate::ValueRange;
use medley_volume::{Quantity, Volume};

use crate::texts::toolbar as texts;

/// A window of values: `level` is its middle, `width` the distance from black to white, in the volume's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowLevel {
    /// From black to white; always above zero.
    pub width: f64,
    /// The value drawn as middle grey.
    pub level: f64,
}

/// A named window for CT numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Preset {
    /// What it is for.
    pub name: &'static str,
    /// Its window in HU.
    pub window: WindowLevel,
}

const fn preset(name: &'static str, width: f64, level: f64) -> Preset {
    Preset { name, window: WindowLevel { width, level } }
}

/// The windows radiologists expect, in HU.
pub const CT_PRESETS: [Preset; 9] = [
    preset(texts::SOFT_TISSUE, 400.0, 40.0),
    preset(texts::LUNG, 1500.0, -600.0),
    preset(texts::BONE, 2000.0, 400.0),
    preset(texts::MEDIASTINUM, 350.0, 50.0),
    preset(texts::BRAIN, 80.0, 40.0),
    preset(texts::LIVER, 150.0, 60.0),
    preset(texts::SUBDURAL, 200.0, 75.0),
    preset(texts::STROKE, 40.0, 40.0),
    preset(texts::CTA, 600.0, 300.0),
];

impl WindowLevel {
    /// The window a volume is first shown in: soft tissue for CT numbers, else the 0.1–99.9 percentile.
    #[must_use]
    pub fn first_for(volume: &Volume) -> Self {
        match volume.quantity() {
            Quantity::Hounsfield => CT_PRESETS[0].window,
            Quantity::Arbitrary => Self::percentile(volume),
        }
    }

    /// From the 0.1 to the 99.9 percentile of the volume's values.
    #[must_use]
    pub fn percentile(volume: &Volume) -> Self {
        let [low, high] = volume.quantiles([0.001, 0.999]);
        let width = if high > low { high - low } else { 1.0 };
        Self { width, level: (low + high) / 2.0 }
    }

    /// From the 0.1 to the 99.9 percentile of some values; `None` where none is a number.
    #[must_use]
    pub fn of_values(mut values: Vec<f64>) -> Option<Self> {
        values.retain(|value| value.is_finite());
        let last = values.len().checked_sub(1)?;
        let [low, high] = [0.001, 0.999].map(|fraction| {
            let at = (fraction * last as f64).round() as usize;
            *values.select_nth_unstable_by(at, f64::total_cmp).1
        });
        let width = if high > low { high - low } else { 1.0 };
        Some(Self { width, level: (low + high) / 2.0 })
    }

    /// With this value drawn black and white where it was; at least `least` wide.
    #[must_use]
    pub fn with_low(self, low: f64, least: f64) -> Self {
        let low = low.min(self.high() - least);
        Self { width: self.high() - low, level: (low + self.high()) / 2.0 }
    }

    /// With this value drawn white and black where it was; at least `least` wide.
    #[must_use]
    pub fn with_high(self, high: f64, least: f64) -> Self {
        let high = high.max(self.low() + least);
        Self { width: high - self.low(), level: (self.low() + high) / 2.0 }
    }

    /// The value drawn black.
    #[must_use]
    pub fn low(self) -> f64 {
        self.level - self.width / 2.0
    }

    /// The value drawn white.
    #[must_use]
    pub fn high(self) -> f64 {
        self.level + self.width / 2.0
    }

    /// The values between black and white.
    #[must_use]
    pub fn range(self) -> ValueRange {
        ValueRange { low: self.low(), high: self.high() }
    }

    /// After a drag of `right` and `down` points: right widens, up brightens; `range` is the volume's largest less its
    /// smallest value, so that a drag means as much in every unit.
    #[must_use]
    pub fn dragged(self, right: f64, down: f64, range: f64) -> Self {
        let unit = (range / 1500.0).max(self.width / 400.0).max(1e-9);
        Self { width: (self.width + right * unit).max(unit), level: self.level + down * unit }
    }

    /// The preset it equals, if one does.
    #[must_use]
    pub fn preset(self) -> Option<Preset> {
        CT_PRESETS.into_iter().find(|preset| preset.window == self)
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Scaling, Voxels};

    use super::*;

    fn volume(quantity: Quantity) -> Volume {
        let grid = Grid::axis_aligned([10, 10, 10], [1.0; 3]).expect("a grid");
        Volume::new(grid, Voxels::I16((0..1000).collect()), Scaling::IDENTITY, quantity).expect("fits")
    }

    #[test]
    fn ct_starts_in_soft_tissue_and_mr_in_its_percentiles() {
        assert_eq!(WindowLevel::first_for(&volume(Quantity::Hounsfield)), WindowLevel { width: 400.0, level: 40.0 });
        let mr = WindowLevel::first_for(&volume(Quantity::Arbitrary));
        assert_eq!((mr.low().round(), mr.high().round()), (1.0, 998.0));
        assert_eq!(mr.preset(), None);
    }

    #[test]
    fn an_edge_is_moved_and_the_other_stays() {
        let window = WindowLevel { width: 400.0, level: 40.0 };
        let lower = window.with_low(-300.0, 1.0);
        assert_eq!((lower.low(), lower.high()), (-300.0, 240.0));
        let upper = window.with_high(500.0, 1.0);
        assert_eq!((upper.low(), upper.high()), (-160.0, 500.0));
        assert_eq!(window.with_low(1e6, 2.0).width, 2.0);
        assert_eq!(window.with_high(-1e6, 2.0), WindowLevel { width: 2.0, level: -159.0 });
    }

    #[test]
    fn a_window_of_some_values_reaches_from_percentile_to_percentile() {
        let mut values: Vec<f64> = (0..=2000).rev().map(f64::from).collect();
        values.extend([f64::NAN, f64::INFINITY]);
        let found = WindowLevel::of_values(values).expect("values");
        assert_eq!((found.low(), found.high()), (2.0, 1998.0));
        assert_eq!(WindowLevel::of_values(vec![7.0; 3]), Some(WindowLevel { width: 1.0, level: 7.0 }));
        assert_eq!(WindowLevel::of_values(vec![f64::NAN]), None);
    }

    #[test]
    fn a_drag_never_closes_the_window() {
        let narrow = WindowLevel { width: 40.0, level: 40.0 }.dragged(-1e6, 10.0, 4000.0);
        assert!(narrow.width > 0.0 && narrow.level > 40.0);
    }
}
