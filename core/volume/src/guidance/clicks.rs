use crate::distance::depth_mm_squared;
use crate::{Component, Connectivity, Grid, components_of};

/// How somebody clicks who knows the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClickHabits {
    /// 0 clicks the middle of an error; up to 1 anywhere in it, by chance: a voxel of at least `1 − jitter` of the greatest depth. People are at
    /// neither end; networks that only ever saw middles are misled by clicks near a border.
    pub jitter: f64,
    /// Errors of fewer voxels are left alone.
    pub least_voxels: usize,
    /// The chance of a click in another error than the largest, in proportion to size: 0 for tests, some for training (Isensee et al., *nnInteractive*,
    /// 2025).
    pub other_error: f64,
}

impl Default for ClickHabits {
    fn default() -> Self {
        Self { jitter: 0.0, least_voxels: 1, other_error: 0.0 }
    }
}

/// One click.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SimulatedClick {
    /// Where, as an offset into the grid.
    pub offset: usize,
    /// Whether it says "object"; otherwise "not object".
    pub is_object: bool,
}

/// The next click of somebody who knows the truth: in the largest piece (by faces) of what is missing or too much, at the voxel farthest from the
/// piece's border. `None` if nothing is wrong. The same seed gives the same click.
///
/// Xu et al., *Deep interactive object selection* (2016), made the standard of tests by Sofiiuk et al. (2022); depths in mm, and beyond the grid
/// counts as inside, so that an organ cut by the scan is clicked near its true middle.
///
/// # Panics
/// If one of the sets does not fill the grid.
#[must_use]
pub fn next_click(grid: &Grid, truth: &[bool], found: &[bool], habits: &ClickHabits, seed: u64) -> Option<SimulatedClick> {
    assert!(truth.len() == grid.len() && found.len() == grid.len(), "both sets must fill the grid");
    let errors =
        |is_object: bool| -> Vec<bool> { truth.iter().zip(found).map(|(&truth, &found)| truth != found && truth == is_object).collect() };
    let both = [true, false].map(|is_object| components_of(grid, &errors(is_object), habits.least_voxels, Connectivity::Faces));
    let mut pieces: Vec<(usize, bool, Component)> = Vec::new();
    for (components, is_object) in both.iter().zip([true, false]) {
        pieces.extend(components.list.iter().enumerate().map(|(n, piece)| (n, is_object, *piece)));
    }
    // Stable: of pieces of one size, what is missing comes first, then the first in storage.
    pieces.sort_by_key(|(_, _, piece)| std::cmp::Reverse(piece.voxels));
    let mut chance = Chance(seed);
    let mut chosen = pieces.first()?;
    if chance.share() < habits.other_error {
        let mut left = chance.share() * pieces.iter().map(|(_, _, piece)| piece.voxels as f64).sum::<f64>();
        let reaches = |(_, _, piece): &&(usize, bool, Component)| {
            left -= piece.voxels as f64;
            left < 0.0
        };
        chosen = pieces.iter().find(reaches).unwrap_or(chosen);
    }
    let &(n, is_object, piece) = chosen;
    let ids = &both[usize::from(!is_object)].ids;
    // One voxel around the piece, so that its own box is no border.
    let shape = grid.shape();
    let region = crate::IndexBox {
        low: piece.bounds.low.map(|v| v.saturating_sub(1)),
        high: std::array::from_fn(|axis| (piece.bounds.high[axis] + 1).min(shape[axis])),
    };
    let offsets: Vec<usize> = region.rows(shape).flatten().collect();
    let inside: Vec<bool> = offsets.iter().map(|&offset| ids[offset] as usize == n + 1).collect();
    let depths = depth_mm_squared(&grid.cropped(&region), &inside);
    let deepest = depths.iter().copied().fold(0.0, f32::max);
    // A piece that fills the grid has no depth at all: each voxel is as good.
    let least = if deepest.is_finite() { deepest * (1.0 - habits.jitter.clamp(0.0, 1.0)).powi(2) as f32 } else { deepest };
    let places: Vec<usize> = (0..offsets.len()).filter(|&at| inside[at] && depths[at] >= least).collect();
    let at = if habits.jitter > 0.0 { places[(chance.share() * places.len() as f64) as usize] } else { middle_of(&places, &region) };
    Some(SimulatedClick { offset: offsets[at], is_object })
}

/// Of places equally deep the one nearest to their mean, so that a slab is not clicked in its corner.
fn middle_of(places: &[usize], region: &crate::IndexBox) -> usize {
    let [wide, high, _] = region.shape();
    let place = |at: usize| [at % wide, at / wide % high, at / wide / high].map(|v| v as f64);
    let mut mean = [0.0; 3];
    for &at in places {
        (0..3).for_each(|axis| mean[axis] += place(at)[axis] / places.len() as f64);
    }
    let away = |at: usize| (0..3).map(|axis| (place(at)[axis] - mean[axis]).powi(2)).sum::<f64>();
    places.iter().copied().min_by(|&a, &b| away(a).total_cmp(&away(b))).unwrap_or(0)
}

/// Numbers by SplitMix64 (Steele et al., 2014).
struct Chance(u64);

impl Chance {
    /// A share of one, below one.
    fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 11) as f64 / (1u64 << 53) as f64
    }
}
