//! Tools that work on whole labels, with what is chosen for each.

use medley_annotate::ValueRange;
use medley_annotate::tools::{Distances, FillHoles, Hollow, Interpolate, Margin, Shell, Smooth, Smoothing, Threshold};
use medley_volume::{AnatomicalPlane, Grid, IndexBox, Ras};

use super::gesture::{Gesture, PieceChoice};
use crate::texts::correct as texts;

/// A tool that works on whole labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// All voxels within a range of values.
    Threshold,
    /// Pieces kept, removed or told apart.
    Islands,
    /// A smoother surface.
    Smooth,
    /// Grown or shrunk.
    Margin,
    /// The slices between drawn ones.
    Interpolate,
    /// Holes closed.
    FillHoles,
    /// Only a wall left.
    Hollow,
    /// Another label becomes part of the active one.
    Merge,
    /// Labels cut off at a box about the crosshair.
    Crop,
}

impl Operation {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 9] = [
        Self::Threshold,
        Self::Islands,
        Self::Smooth,
        Self::Margin,
        Self::Interpolate,
        Self::FillHoles,
        Self::Hollow,
        Self::Merge,
        Self::Crop,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        texts::operation(self)
    }
}

/// Which pieces are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IslandRule {
    /// The largest.
    #[default]
    KeepLargest,
    /// Those of at least a volume.
    RemoveSmall,
    /// The one at the crosshair.
    KeepAtCrosshair,
    /// All but the one at the crosshair.
    RemoveAtCrosshair,
    /// All; each gets a label of its own.
    Split,
}

impl IslandRule {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::KeepLargest, Self::RemoveSmall, Self::KeepAtCrosshair, Self::RemoveAtCrosshair, Self::Split];
}

/// How a surface is smoothed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SmoothRule {
    /// The majority of the neighbourhood.
    #[default]
    Median,
    /// Weighted by distance.
    Gaussian,
    /// Spikes and bridges go.
    Opening,
    /// Notches and gaps are filled.
    Closing,
}

impl SmoothRule {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Median, Self::Gaussian, Self::Opening, Self::Closing];
}

/// What is chosen for each operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationOptions {
    /// Values that a threshold takes.
    pub range: ValueRange,
    /// Only the piece at the crosshair.
    pub is_at_crosshair: bool,
    /// Which pieces are kept.
    pub islands: IslandRule,
    /// Smaller pieces are removed, mL.
    pub least_ml: f64,
    /// How a surface is smoothed.
    pub smoothing: SmoothRule,
    /// How far smoothing reaches, mm.
    pub smooth_mm: f64,
    /// By how much a label grows (above zero) or shrinks, mm.
    pub margin_mm: f64,
    /// The plane that slices were drawn in.
    pub plane: AnatomicalPlane,
    /// Holes of slices are closed too, not only those closed in space.
    pub is_by_slice: bool,
    /// Thickness of a wall, mm.
    pub wall_mm: f64,
    /// On which side of the surface a wall lies.
    pub wall: Shell,
    /// Voxels of other labels may be taken, not only background.
    pub overwrites_others: bool,
    /// The other label.
    pub other: u16,
    /// Sides of the box, mm: right to left, front to back, head to feet.
    pub box_mm: [f64; 3],
    /// What lies inside the box goes, not what lies outside.
    pub clears_inside: bool,
    /// All labels, not only the active one.
    pub is_for_all: bool,
}

impl Default for OperationOptions {
    fn default() -> Self {
        Self {
            range: ValueRange { low: 100.0, high: 300.0 },
            is_at_crosshair: false,
            islands: IslandRule::KeepLargest,
            least_ml: 1.0,
            smoothing: SmoothRule::Median,
            smooth_mm: 3.0,
            margin_mm: 3.0,
            plane: AnatomicalPlane::Axial,
            is_by_slice: false,
            wall_mm: 3.0,
            wall: Shell::Inside,
            overwrites_others: false,
            other: 0,
            box_mm: [100.0; 3],
            clears_inside: false,
            is_for_all: false,
        }
    }
}

/// The voxels whose centres lie within a box about a point, its sides (mm) along the voxel axes nearest to the patient's.
fn box_about(grid: &Grid, middle: Ras, sides_mm: [f64; 3]) -> IndexBox {
    let axes = grid.axes();
    let at = grid.continuous_index_of(middle);
    let mut region = IndexBox::whole(grid.shape());
    for (patient, side) in sides_mm.into_iter().enumerate() {
        let axis = axes.voxel_axis[patient];
        let reach = side / 2.0 / grid.spacing()[axis];
        let last = grid.shape()[axis] as f64 - 1.0;
        let low = (at[axis] - reach).ceil().clamp(0.0, last) as usize;
        region.low[axis] = low;
        region.high[axis] = ((at[axis] + reach).floor().clamp(0.0, last) as usize).max(low) + 1;
    }
    region
}

/// What the options are read with.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// Of the scan.
    pub grid: &'a Grid,
    /// Where the crosshair is.
    pub crosshair: Ras,
    /// The active label.
    pub label: u16,
    /// Labels that are not in the table, for pieces that get their own.
    pub free: &'a [u16],
}

impl OperationOptions {
    /// What an operation is to do; `None` while something is still to be chosen.
    #[must_use]
    pub fn gesture(&self, operation: Operation, situation: &Situation) -> Option<Gesture> {
        let other = Some(self.other).filter(|other| *other != 0 && *other != situation.label);
        Some(match operation {
            Operation::Threshold => {
                let seed = self.is_at_crosshair.then_some(situation.crosshair);
                Gesture::Threshold(Threshold { range: self.range, region: None, seed })
            }
            Operation::Islands => Gesture::Islands(match self.islands {
                IslandRule::KeepLargest => PieceChoice::KeepLargest,
                IslandRule::RemoveSmall => PieceChoice::RemoveBelowMl(self.least_ml),
                IslandRule::KeepAtCrosshair => PieceChoice::KeepAt(situation.crosshair),
                IslandRule::RemoveAtCrosshair => PieceChoice::RemoveAt(situation.crosshair),
                IslandRule::Split => PieceChoice::Split(situation.free.to_vec()),
            }),
            Operation::Smooth => {
                let mm = self.smooth_mm;
                let method = match self.smoothing {
                    SmoothRule::Median => Smoothing::Median { radius_mm: mm },
                    SmoothRule::Gaussian => Smoothing::Gaussian { sigma_mm: mm },
                    SmoothRule::Opening => Smoothing::Opening { radius_mm: mm },
                    SmoothRule::Closing => Smoothing::Closing { radius_mm: mm },
                };
                if self.is_for_all {
                    Gesture::SmoothAll(method)
                } else {
                    Gesture::Smooth(Smooth { method, overwrites_others: self.overwrites_others })
                }
            }
            Operation::Margin => {
                Gesture::Margin(Margin { distances: Distances::Even(self.margin_mm), overwrites_others: self.overwrites_others })
            }
            Operation::Interpolate => Gesture::Interpolate(Interpolate { plane: self.plane, overwrites_others: self.overwrites_others }),
            Operation::FillHoles => {
                let in_slices = self.is_by_slice.then_some(self.plane);
                Gesture::FillHoles(FillHoles { in_slices, overwrites_others: self.overwrites_others })
            }
            Operation::Hollow => {
                let (thickness_mm, shell) = (self.wall_mm, self.wall);
                Gesture::Hollow(Hollow { thickness_mm, shell, overwrites_others: self.overwrites_others })
            }
            Operation::Merge => Gesture::Merge(other?),
            Operation::Crop => {
                let region = box_about(situation.grid, situation.crosshair, self.box_mm);
                Gesture::Crop { region, clears_inside: self.clears_inside, is_for_all: self.is_for_all }
            }
        })
    }
}
