//! Marks of a person as channels of a network's input, and clicks as a person would make them.
//!
//! # Map
//! - [`guidance_map`]: clicks or scribbles as one value from 0 to 1 a voxel, in one of the [`Encoding`]s of the literature; [`box_map`]: a box
//! - [`geodesic_map`]: the same by ways that follow the scan
//! - [`next_click`]: where somebody who knows the truth would click next; [`ClickHabits`]: how exactly
//!
//! # Conventions
//! Marks are offsets into the grid; object and other get a map each. Lengths are mm, so that the same click looks the same at any spacing.

mod clicks;

use rayon::prelude::*;

use crate::distance::distance_mm_squared;
use crate::prompt::{Cost, Steps, ways};
use crate::{Grid, IndexBox};
pub use clicks::{ClickHabits, SimulatedClick, next_click};

/// How marks become a channel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Encoding {
    /// `exp(−d² / 2σ²)` of the distance `d` to the nearest mark (Maninis et al., *Deep Extreme Cut*, 2018; Diaz-Pinto et al., *DeepEdit*, 2023).
    Gaussian {
        /// σ, mm.
        sigma_mm: f64,
    },
    /// 1 up to a radius, 0 beyond (Benenson et al., 2019; Sofiiuk et al., *Reviving iterative training with mask guidance*, 2022).
    Ball {
        /// The radius, mm.
        radius_mm: f64,
    },
    /// `1 − d / reach`, 0 beyond the reach (distances cut off as in Xu et al., *Deep interactive object selection*, 2016).
    Distance {
        /// Where it becomes 0, mm.
        reach_mm: f64,
    },
}

impl Encoding {
    /// The value at a squared distance in mm².
    fn at(self, squared: f32) -> f32 {
        match self {
            Self::Gaussian { sigma_mm } => (-f64::from(squared) / (2.0 * sigma_mm * sigma_mm)).exp() as f32,
            Self::Ball { radius_mm } => f32::from(u8::from(f64::from(squared) <= radius_mm * radius_mm * (1.0 + 1e-6))),
            Self::Distance { reach_mm } => (1.0 - f64::from(squared).sqrt() / reach_mm).max(0.0) as f32,
        }
    }
}

/// The channel of some marks, `i` fastest; all 0 without marks.
///
/// # Panics
/// If a mark lies beyond the grid.
#[must_use]
pub fn guidance_map(grid: &Grid, marks: &[usize], encoding: Encoding) -> Vec<f32> {
    if marks.is_empty() {
        return vec![0.0; grid.len()];
    }
    let mut is_marked = vec![false; grid.len()];
    marks.iter().for_each(|&mark| is_marked[mark] = true);
    let mut map = distance_mm_squared(grid, &is_marked);
    map.par_chunks_mut(1 << 14).for_each(|part| part.iter_mut().for_each(|value| *value = encoding.at(*value)));
    map
}

/// The channel of a box: 1 inside, 0 outside (Isensee et al., *nnInteractive*, 2025). What reaches beyond the grid is left out.
#[must_use]
pub fn box_map(grid: &Grid, region: &IndexBox) -> Vec<f32> {
    let mut map = vec![0.0; grid.len()];
    if let Some(inside) = region.intersection(&IndexBox::whole(grid.shape())) {
        inside.rows(grid.shape()).for_each(|row| map[row].fill(1.0));
    }
    map
}

/// How ways through the scan are measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Geodesic {
    /// The values from which on, and up to which, differences count.
    pub window: [f32; 2],
    /// Where the channel has fallen to 1/e: mm through voxels of one value. A jump across the whole window, from voxel to voxel, is as long as a hundred steps more.
    pub reach_mm: f64,
}

/// The channel of some marks by ways that are long across edges: `exp(−way / reach)` (Wang et al., *DeepIGeoS*, 2019; Luo et al., *MIDeepSeg*, 2021).
/// All 0 without marks; `None` as soon as `is_cancelled` says so.
///
/// # Panics
/// If `values` does not fill the grid or a mark lies beyond it.
#[must_use]
pub fn geodesic_map(
    grid: &Grid,
    values: &[f32],
    marks: &[usize],
    geodesic: &Geodesic,
    is_cancelled: &(dyn Fn() -> bool + Sync),
) -> Option<Vec<f32>> {
    assert_eq!(values.len(), grid.len(), "the values must fill the grid");
    let [low, high] = geodesic.window;
    let level = |&value: &f32| (250.0 * ((value - low) / (high - low)).clamp(0.0, 1.0)).round() as u8;
    let levels: Vec<u8> = values.par_iter().with_min_len(1 << 14).map(level).collect();
    let steps = Steps::new(grid);
    let units = geodesic.reach_mm * steps.units_per_mm();
    let way = ways(&steps, &levels, marks, Cost::Edges, is_cancelled)?;
    let near = |&way: &u32| if way == u32::MAX { 0.0 } else { (-f64::from(way) / units).exp() as f32 };
    Some(way.par_iter().with_min_len(1 << 14).map(near).collect())
}

#[cfg(test)]
mod tests;
