//! Smooth: a label's surface, or the surfaces of all labels together.

use medley_volume::Grid;
use medley_volume::morphology::{closed, gaussian_smoothed, median_smoothed, opened};

use super::bounds::{bounds_of, bounds_of_all, padded};
use super::label_part::{LabelPart, require_distance, voxels_of};
use super::{Canvas, VoxelSet};
use crate::{Edit, Refusal, Tool};

/// How a surface is smoothed. See [`medley_volume::morphology`] for what each does exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Smoothing {
    /// The majority within a box of this reach: specks and notches go, flat borders stay.
    Median {
        /// Millimetres.
        radius_mm: f64,
    },
    /// What no ball of this radius fits into goes: spikes and bridges.
    Opening {
        /// Millimetres.
        radius_mm: f64,
    },
    /// What no ball of this radius fits into from outside is filled: notches and gaps.
    Closing {
        /// Millimetres.
        radius_mm: f64,
    },
    /// Blurred and cut at one half: the roundest surface.
    Gaussian {
        /// Standard deviation, millimetres.
        sigma_mm: f64,
    },
}

/// The active label's surface is smoothed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Smooth {
    /// How.
    pub method: Smoothing,
    /// Whether voxels of other labels may become the active one; otherwise it gains from background only.
    pub overwrites_others: bool,
}

impl Smoothing {
    fn reach_mm(self) -> f64 {
        match self {
            Self::Median { radius_mm } | Self::Opening { radius_mm } => radius_mm,
            Self::Closing { radius_mm } => 2.0 * radius_mm,
            Self::Gaussian { sigma_mm } => 3.0 * sigma_mm,
        }
    }

    fn of(self, grid: &Grid, inside: &[bool]) -> Vec<bool> {
        match self {
            Self::Median { radius_mm } => median_smoothed(grid, inside, radius_mm),
            Self::Opening { radius_mm } => opened(grid, inside, radius_mm),
            Self::Closing { radius_mm } => closed(grid, inside, radius_mm),
            Self::Gaussian { sigma_mm } => gaussian_smoothed(grid, inside, sigma_mm),
        }
    }
}

/// The active label with a smoother surface; what it leaves becomes background.
///
/// # Errors
/// [`Refusal::NoVoxels`], [`Refusal::Locked`], [`Refusal::NoChange`], [`Refusal::Parameter`] for a distance that is not above zero.
pub fn smooth(canvas: &Canvas, params: &Smooth) -> Result<Edit, Refusal> {
    require_distance(params.method.reach_mm())?;
    let part = LabelPart::of(canvas, params.method.reach_mm() * 1.01)?;
    let after = params.method.of(&part.grid, &part.inside);
    part.replaced(canvas, Tool::Smooth, after, params.overwrites_others)
}

/// All labels with smoother surfaces, without gaps or overlaps where they touch: background is smoothed as if it were a label too, and
/// a voxel goes to the one that claims it. Where none does (three meet) or several do, it stays what it was.
///
/// # Errors
/// As [`smooth`]; [`Refusal::Parameter`] also for opening and closing, after which nobody claims what all have left.
pub fn smooth_all(canvas: &Canvas, method: Smoothing) -> Result<Edit, Refusal> {
    require_distance(method.reach_mm())?;
    if matches!(method, Smoothing::Opening { .. } | Smoothing::Closing { .. }) {
        return Err(Refusal::Parameter("Opening and closing are for one label; smooth all together by median or Gaussian."));
    }
    let (mask, grid) = (canvas.mask, canvas.mask.grid());
    let margin = voxels_of(grid, method.reach_mm() * 1.01);
    let region = padded(bounds_of_all(mask).ok_or(Refusal::NoChange)?, margin, grid.shape());
    let before = mask.region(&region);
    let mut is_there = vec![false; usize::from(u16::MAX) + 1];
    before.iter().for_each(|&label| is_there[usize::from(label)] = true);
    let mut claims = Claims { by: vec![0; before.len()], count: vec![0; before.len()] };
    for label in (0..=u16::MAX).filter(|&label| is_there[usize::from(label)]) {
        let part = if label == 0 { Some(region) } else { bounds_of(mask, &[label]).map(|bounds| padded(bounds, margin, grid.shape())) };
        let Some(part) = part else { continue };
        let inside: Vec<bool> = mask.region(&part).into_iter().map(|held| held == label).collect();
        let smoothed = VoxelSet::new(part, method.of(&grid.cropped(&part), &inside));
        claims.add(&smoothed.within(region), label);
    }
    let after: Vec<u16> = before.iter().enumerate().map(|(n, &label)| if claims.count[n] == 1 { claims.by[n] } else { label }).collect();
    let size = region.shape();
    canvas.edit(Tool::Smooth, region, |row, labels| {
        let [i, j, k]: [usize; 3] = std::array::from_fn(|axis| row.first[axis] - region.low[axis]);
        let start = (k * size[1] + j) * size[0] + i;
        labels.copy_from_slice(&after[start..start + labels.len()]);
    })
}

/// Which label claims a voxel, and how many do.
struct Claims {
    by: Vec<u16>,
    count: Vec<u8>,
}

impl Claims {
    fn add(&mut self, set: &VoxelSet, label: u16) {
        for (n, _) in set.inside().iter().enumerate().filter(|(_, is_inside)| **is_inside) {
            self.by[n] = label;
            self.count[n] = self.count[n].saturating_add(1);
        }
    }
}
