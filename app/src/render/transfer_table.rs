//! The transfer function as the shader reads it, and what can be skipped with it.

use super::reduced::LEVELS;
use super::texels::Texels;
use crate::state::transfer::TransferFunction;

/// More is solid anyway, and an extinction without end is none.
const MOST: f32 = 0.999;
/// A surface of this part of the curve's whole way, from one voxel to the next, is fully lit.
const FULL_RISE: f64 = 0.05;
/// Where what is seen takes this part of the light on average, rays end soon after they meet it.
const DENSE: f64 = 0.3;

/// Colour and extinction for every level of the reduced scan.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TransferTable {
    texels: Vec<[f32; 4]>,
    /// How many levels below each are seen.
    seen_below: Vec<u16>,
    facts: TransferFacts,
}

/// What a frame must know of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TransferFacts {
    /// The rise from voxel to voxel, in levels, from which on the scan is lit like a surface.
    pub(crate) full_rise: f64,
    /// Whether rays end soon after they meet something: they are short, and a coarse step would miss the surface.
    pub(crate) is_dense: bool,
}

impl TransferTable {
    /// The table of a curve over values, for a scan with so many voxels at each level.
    pub(crate) fn of(function: &TransferFunction, scan: &Texels, counts: &[u32]) -> Self {
        let texel = |level: u32| {
            let [red, green, blue, opacity] = function.at(scan.value_of_level(f64::from(level)));
            [red, green, blue, -(1.0 - opacity.min(MOST)).ln()]
        };
        let texels: Vec<[f32; 4]> = (0..=LEVELS).map(texel).collect();
        let mut seen_below = vec![0];
        for [.., extinction] in &texels {
            let seen = seen_below.last().copied().unwrap_or(0);
            seen_below.push(seen + u16::from(*extinction > 0.0));
        }
        let ends = function.points().first().zip(function.points().last());
        let per_level = (scan.value_of_level(f64::from(LEVELS)) - scan.value_of_level(0.0)).abs() / f64::from(LEVELS);
        let way = ends.map_or(0.0, |(first, last)| last.at - first.at) / per_level.max(f64::MIN_POSITIVE);
        let seen = texels.iter().zip(counts).filter(|([.., extinction], _)| *extinction > 0.0);
        let taken = |extinction: f32| f64::from(1.0 - (-extinction).exp());
        let (taken, voxels) = seen.fold((0.0, 0.0), |(taken_by, voxels), ([.., extinction], &count)| {
            (taken_by + taken(*extinction) * f64::from(count), voxels + f64::from(count))
        });
        let facts = TransferFacts { full_rise: (way * FULL_RISE).clamp(2.0, 100.0), is_dense: taken > DENSE * voxels };
        Self { texels, seen_below, facts }
    }

    /// What the shader reads: red, green, blue, extinction of a layer of the curve's thickness.
    pub(crate) fn texels(&self) -> &[[f32; 4]] {
        &self.texels
    }

    /// Whether anything between two levels is seen, both included.
    pub(crate) fn is_seen(&self, [lowest, highest]: [u16; 2]) -> bool {
        // A level more on both sides: filtering in hardware rounds.
        let low = usize::from(lowest.saturating_sub(1));
        let high = usize::from(highest).saturating_add(2).min(self.texels.len());
        self.seen_below[high] > self.seen_below[low.min(high)]
    }

    /// What a frame must know of it.
    pub(crate) fn facts(&self) -> TransferFacts {
        self.facts
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Volume, Voxels};

    use super::*;
    use crate::state::transfer::TransferPoint;

    fn texels() -> Texels {
        let grid = Grid::axis_aligned([2, 1, 1], [1.0; 3]).expect("a grid");
        let scaling = Scaling { slope: -1.0, intercept: 1023.0 };
        let volume = Volume::new(grid, Voxels::I16(vec![0, 2046]), scaling, Quantity::Arbitrary).expect("fits");
        Texels::of(&volume)
    }

    fn function() -> TransferFunction {
        let point = |at, opacity| TransferPoint { at, opacity, color: [255, 0, 0] };
        TransferFunction::new(vec![point(100.0, 0.0), point(200.0, 0.5), point(300.0, 0.0)])
    }

    #[test]
    fn levels_count_down_when_values_are_stored_the_other_way_round() {
        let table = TransferTable::of(&function(), &texels(), &[1; 1024]);
        // Values run from 1023 at level 0 to -1023 at level 1023.
        for (level, [.., extinction]) in table.texels().iter().enumerate() {
            let value = 1023.0 - 2.0 * level as f64;
            let wanted = -(1.0 - function().at(value)[3]).ln();
            assert!((extinction - wanted).abs() < 1e-5, "level {level}");
        }
    }

    #[test]
    fn what_is_seen_is_never_skipped_and_what_is_far_from_it_is() {
        let table = TransferTable::of(&function(), &texels(), &[1; 1024]);
        for low in 0..=1023_u16 {
            for high in [low, low + 1, low + 40, 1023].into_iter().filter(|high| *high <= 1023) {
                let truly = (low..=high).any(|level| table.texels()[usize::from(level)][3] > 0.0);
                assert!(!truly || table.is_seen([low, high]), "{low} to {high}");
            }
        }
        assert!(!table.is_seen([0, 340]) && !table.is_seen([480, 1023]));
    }

    #[test]
    fn a_veil_is_not_dense_and_a_wall_is() {
        let point = |at, opacity| TransferPoint { at, opacity, color: [255, 0, 0] };
        let is_dense = |opacity| {
            let function = TransferFunction::new(vec![point(0.0, 0.0), point(10.0, opacity)]);
            TransferTable::of(&function, &texels(), &[3; 1024]).facts().is_dense
        };
        assert!(!is_dense(0.02) && is_dense(0.8));
        assert!(!TransferTable::of(&function(), &texels(), &[0; 1024]).facts().is_dense, "nothing is seen");
    }
}
