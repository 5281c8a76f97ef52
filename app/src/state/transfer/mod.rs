//! How the values of a scan become colour and opacity in the 3D view: a curve of straight pieces.
//!
//! # Map
//! - this file: the curve and what a hand may do to it; [`ValueScale`]: from its own unit to values
//! - `presets`: curves to begin with
//!
//! # Invariants
//! 1. Points are sorted by where they lie, finite, with opacities of 0 … 1; two at least.
//! 2. A curve for CT numbers is in HU. One for other scans is in parts of the way from the scan's empty to its bright values, so
//!    that it fits the next scan too.

mod presets;

use medley_volume::{Grid, Quantity};
use serde::{Deserialize, Serialize};

pub use presets::{TransferPreset, presets};

/// A place on the curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TransferPoint {
    /// Where, in the curve's unit.
    pub at: f64,
    /// How much of the light behind a layer of [`opacity_unit_mm`] it takes, 0 … 1.
    pub opacity: f32,
    /// Gamma-encoded red, green, blue.
    pub color: [u8; 3],
}

/// From value to colour and opacity, linear between points and constant beyond the outermost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct TransferFunction {
    points: Vec<TransferPoint>,
    opacity: f32,
    shift: f64,
}

/// As settings keep it; nothing in there is believed.
#[derive(Serialize, Deserialize)]
struct Written {
    points: Vec<TransferPoint>,
    opacity: f32,
    shift: f64,
}

impl From<Written> for TransferFunction {
    fn from(written: Written) -> Self {
        let mut function = Self::new(written.points);
        function.set_opacity(written.opacity);
        function.set_shift(written.shift);
        function
    }
}

impl From<TransferFunction> for Written {
    fn from(TransferFunction { points, opacity, shift }: TransferFunction) -> Self {
        Self { points, opacity, shift }
    }
}

impl TransferFunction {
    /// The curve through `points` in any order. What is not finite is left out; where fewer than two are left, transparent ones
    /// are put beside them.
    #[must_use]
    pub fn new(points: Vec<TransferPoint>) -> Self {
        let mut points: Vec<TransferPoint> = points
            .into_iter()
            .filter(|point| point.at.is_finite())
            .map(|point| TransferPoint { opacity: part(point.opacity), ..point })
            .collect();
        points.sort_by(|a, b| a.at.total_cmp(&b.at));
        while points.len() < 2 {
            let at = points.last().map_or(0.0, |last| last.at + 1.0);
            points.push(TransferPoint { at, opacity: 0.0, color: [255; 3] });
        }
        Self { points, opacity: 1.0, shift: 0.0 }
    }

    /// The points, from the lowest to the highest, before the shift.
    #[must_use]
    pub fn points(&self) -> &[TransferPoint] {
        &self.points
    }

    /// What all opacities are multiplied with, 0 … 1.
    #[must_use]
    pub fn opacity(&self) -> f32 {
        self.opacity
    }

    /// Sets what all opacities are multiplied with.
    pub fn set_opacity(&mut self, opacity: f32) {
        self.opacity = part(opacity);
    }

    /// How far the whole curve is moved towards higher values, in its unit.
    #[must_use]
    pub fn shift(&self) -> f64 {
        self.shift
    }

    /// Moves the whole curve.
    pub fn set_shift(&mut self, shift: f64) {
        self.shift = if shift.is_finite() { shift } else { 0.0 };
    }

    /// Red, green, blue (gamma-encoded, 0 … 1) and opacity at a place in the curve's unit.
    #[must_use]
    pub fn at(&self, at: f64) -> [f32; 4] {
        let at = at - self.shift;
        let after = self.points.partition_point(|point| point.at <= at);
        let (low, high) = (&self.points[after.saturating_sub(1)], &self.points[after.min(self.points.len() - 1)]);
        let way = high.at - low.at;
        let part = if way > 0.0 { ((at - low.at) / way).clamp(0.0, 1.0) as f32 } else { 0.0 };
        let between = |low: f32, high: f32| low + (high - low) * part;
        let color = |n: usize| between(f32::from(low.color[n]), f32::from(high.color[n])) / 255.0;
        [color(0), color(1), color(2), between(low.opacity, high.opacity) * self.opacity]
    }

    /// Puts a point in, with the curve's colour there. Returns its number.
    pub fn insert(&mut self, at: f64, opacity: f32) -> Option<usize> {
        if !at.is_finite() {
            return None;
        }
        let [red, green, blue, _] = self.at(at + self.shift);
        let color = [red, green, blue].map(|channel| (channel * 255.0).round() as u8);
        let number = self.points.partition_point(|point| point.at <= at);
        self.points.insert(number, TransferPoint { at, opacity: part(opacity), color });
        Some(number)
    }

    /// Takes a point out, unless only two are left. Returns whether it did.
    pub fn remove(&mut self, number: usize) -> bool {
        let may = self.points.len() > 2 && number < self.points.len();
        if may {
            self.points.remove(number);
        }
        may
    }

    /// Moves a point, at most as far as its neighbours.
    pub fn move_point(&mut self, number: usize, at: f64, opacity: f32) {
        let low = number.checked_sub(1).and_then(|n| self.points.get(n)).map_or(f64::NEG_INFINITY, |point| point.at);
        let high = self.points.get(number + 1).map_or(f64::INFINITY, |point| point.at);
        if let Some(point) = self.points.get_mut(number).filter(|_| at.is_finite()) {
            point.at = at.clamp(low, high);
            point.opacity = part(opacity);
        }
    }

    /// Gives a point a colour.
    pub fn set_color(&mut self, number: usize, color: [u8; 3]) {
        if let Some(point) = self.points.get_mut(number) {
            point.color = color;
        }
    }

    /// The same curve over values instead of its own unit, with its shift done.
    #[must_use]
    pub fn over_values(&self, scale: ValueScale) -> Self {
        let points = self.points.iter().map(|point| TransferPoint { at: scale.value(point.at + self.shift), ..*point });
        Self { points: points.collect(), opacity: self.opacity, shift: 0.0 }
    }
}

fn part(opacity: f32) -> f32 {
    if opacity.is_finite() { opacity.clamp(0.0, 1.0) } else { 0.0 }
}

/// The unit of a scan's curve: the values at 0 and 1 of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueScale {
    zero: f64,
    one: f64,
}

impl ValueScale {
    /// The curve is in the values themselves, as for CT numbers.
    pub const VALUES: Self = Self { zero: 0.0, one: 1.0 };

    /// 0 is `empty`, the value of what is around the patient; 1 is `bright`.
    #[must_use]
    pub fn between(empty: f64, bright: f64) -> Self {
        let one = if bright > empty { bright } else { empty + 1.0 };
        Self { zero: empty, one }
    }

    /// The value at a place of the curve.
    #[must_use]
    pub fn value(self, at: f64) -> f64 {
        self.zero + at * (self.one - self.zero)
    }

    /// The place of a value on the curve.
    #[must_use]
    pub fn place(self, value: f64) -> f64 {
        (value - self.zero) / (self.one - self.zero)
    }
}

/// The thickness in mm that opacities are meant for: a hundredth of the volume's mean side, so that a hand and a whole body
/// look alike.
#[must_use]
pub fn opacity_unit_mm(grid: &Grid) -> f64 {
    let milliliters = grid.voxel_volume_ml() * grid.len() as f64;
    ((milliliters * 1000.0).cbrt() / 100.0).max(1e-6)
}

/// The curves of a program run: one for CT numbers, one for every other scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transfers {
    hounsfield: TransferFunction,
    arbitrary: TransferFunction,
}

impl Default for Transfers {
    fn default() -> Self {
        let first = |quantity| presets(quantity)[0].function();
        Self { hounsfield: first(Quantity::Hounsfield), arbitrary: first(Quantity::Arbitrary) }
    }
}

impl Transfers {
    /// The curve for scans of a quantity.
    #[must_use]
    pub fn of(&self, quantity: Quantity) -> &TransferFunction {
        match quantity {
            Quantity::Hounsfield => &self.hounsfield,
            Quantity::Arbitrary => &self.arbitrary,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, quantity: Quantity) -> &mut TransferFunction {
        match quantity {
            Quantity::Hounsfield => &mut self.hounsfield,
            Quantity::Arbitrary => &mut self.arbitrary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random (Knuth's constants).
    fn numbers(seed: u64) -> impl FnMut() -> f64 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / f64::from(1u32 << 31)
        }
    }

    fn is_sound(function: &TransferFunction) -> bool {
        let points = function.points();
        points.len() >= 2
            && points.windows(2).all(|pair| pair[0].at <= pair[1].at)
            && points.iter().all(|point| point.at.is_finite() && (0.0..=1.0).contains(&point.opacity))
    }

    #[test]
    fn whatever_a_hand_does_points_stay_sorted_and_opacities_within_bounds() {
        let mut next = numbers(7);
        let mut function = TransferFunction::new(Vec::new());
        for _ in 0..2000 {
            let (at, opacity) = ((next() - 0.5) * 4000.0, (next() * 3.0 - 1.0) as f32);
            let number = (next() * 12.0) as usize;
            match (next() * 4.0) as usize {
                0 => _ = function.insert(at, opacity),
                1 => _ = function.remove(number),
                2 => function.move_point(number, at, opacity),
                _ => function.set_color(number, [number as u8; 3]),
            }
            assert!(is_sound(&function), "{function:?}");
        }
        assert!(function.points().len() > 2, "the walk went somewhere");
    }

    #[test]
    fn what_was_written_comes_back_and_nonsense_is_mended() {
        let function = presets(Quantity::Hounsfield)[1].function();
        let text = serde_json::to_string(&function).expect("writes");
        assert_eq!(serde_json::from_str::<TransferFunction>(&text).expect("reads"), function);
        let wrong = r#"{"points": [{"at": 5, "opacity": 9, "color": [1, 2, 3]}, {"at": -5, "opacity": -1, "color": [4, 5, 6]}],
            "opacity": 40, "shift": 3}"#;
        let mended: TransferFunction = serde_json::from_str(wrong).expect("reads");
        assert!(is_sound(&mended));
        assert_eq!(mended.points()[1].opacity, 1.0);
        assert_eq!((mended.opacity(), mended.shift()), (1.0, 3.0));
    }

    #[test]
    fn it_is_straight_between_points_and_level_beyond() {
        let point = |at, opacity, gray| TransferPoint { at, opacity, color: [gray; 3] };
        let mut function = TransferFunction::new(vec![point(100.0, 0.8, 200), point(0.0, 0.2, 0), point(100.0, 0.4, 100)]);
        assert_eq!(function.at(-1e9), [0.0, 0.0, 0.0, 0.2]);
        assert_eq!(function.at(1e9)[3], function.points()[2].opacity);
        let [red, .., opacity] = function.at(50.0);
        let high = &function.points()[1];
        assert!((opacity - (0.2 + high.opacity) / 2.0).abs() < 1e-6 && (red - f32::from(high.color[0]) / 510.0).abs() < 1e-6);
        function.set_opacity(0.5);
        function.set_shift(30.0);
        assert!((function.at(80.0)[3] - opacity / 2.0).abs() < 1e-6, "shifted and fainter");
    }

    #[test]
    fn over_values_it_is_the_same_curve() {
        let scale = ValueScale::between(20.0, 620.0);
        let mut function = presets(Quantity::Arbitrary)[0].function();
        function.set_shift(-0.1);
        function.set_opacity(0.7);
        let over = function.over_values(scale);
        for n in -5..25 {
            let at = f64::from(n) / 12.7;
            for (a, b) in function.at(at).into_iter().zip(over.at(scale.value(at))) {
                assert!((a - b).abs() < 1e-5, "{at}: {a}, not {b}");
            }
            assert!((scale.place(scale.value(at)) - at).abs() < 1e-12);
        }
    }

    #[test]
    fn a_new_point_lies_on_the_curve() {
        let mut function = presets(Quantity::Hounsfield)[0].function();
        function.set_shift(25.0);
        let before = function.at(275.0);
        let number = function.insert(250.0, before[3]).expect("finite");
        assert_eq!(function.points()[number].at, 250.0);
        for (a, b) in function.at(275.0).into_iter().zip(before) {
            assert!((a - b).abs() < 0.003);
        }
    }
}
