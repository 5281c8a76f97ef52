//! Tools that work on whole labels, with what is chosen for each.

use std::sync::Arc;

use medley_annotate::ValueRange;
use medley_annotate::tools::{self, Distances, FillHoles, Hollow, Interpolate, Margin, Shell, Smooth, Smoothing, Threshold};
use medley_volume::{AnatomicalPlane, Grid, IndexBox, LabelMap, Ras};

use super::gesture::{Gesture, PieceChoice};
use super::operand::{OperandSource, OtherLabel};
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
    /// The active label together with another one.
    Combine,
    /// Labels cut off at a box about the crosshair, or at a label of another mask.
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
        Self::Combine,
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

/// How the active label and another one are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CombineRule {
    /// The other one is added.
    #[default]
    Union,
    /// The other one is taken away.
    Subtract,
    /// What lies in both.
    Intersect,
    /// What lies in one of them, not in both.
    Exclusive,
}

impl CombineRule {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Union, Self::Subtract, Self::Intersect, Self::Exclusive];

    fn operation(self) -> tools::Operation {
        match self {
            Self::Union => tools::Operation::Union,
            Self::Subtract => tools::Operation::Subtraction,
            Self::Intersect => tools::Operation::Intersection,
            Self::Exclusive => tools::Operation::ExclusiveOr,
        }
    }
}

/// By how much a label grows in each direction of the patient, mm; below zero it shrinks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DirectedMargin {
    /// Towards the patient's right, left, front, back, head, feet.
    pub mm: [f64; 6],
}

impl DirectedMargin {
    fn distances(self) -> Distances {
        let [right, left, anterior, posterior, superior, inferior] = self.mm;
        Distances::Directions { right, left, anterior, posterior, superior, inferior }
    }
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
    /// Each direction has a distance of its own.
    pub is_by_direction: bool,
    /// Those distances.
    pub directed: DirectedMargin,
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
    /// How two labels are put together.
    pub combining: CombineRule,
    /// The mask of the other label.
    pub source: OperandSource,
    /// The other label.
    pub other: u16,
    /// A label of another mask cuts, not a box.
    pub is_cut_by_label: bool,
    /// Sides of the box, mm: right to left, front to back, head to feet.
    pub box_mm: [f64; 3],
    /// What lies inside goes, not what lies outside.
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
            is_by_direction: false,
            directed: DirectedMargin { mm: [3.0; 6] },
            plane: AnatomicalPlane::Axial,
            is_by_slice: false,
            wall_mm: 3.0,
            wall: Shell::Inside,
            overwrites_others: false,
            combining: CombineRule::Union,
            source: OperandSource::ThisMask,
            other: 0,
            is_cut_by_label: false,
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
    /// The mask that [`OperationOptions::source`] means; `None` for the one worked on.
    pub other_mask: Option<&'a Arc<LabelMap>>,
}

impl OperationOptions {
    /// What an operation is to do; `None` while something is still to be chosen.
    #[must_use]
    pub fn gesture(&self, operation: Operation, situation: &Situation) -> Option<Gesture> {
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
                let distances = if self.is_by_direction { self.directed.distances() } else { Distances::Even(self.margin_mm) };
                Gesture::Margin(Margin { distances, overwrites_others: self.overwrites_others })
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
            Operation::Combine => Gesture::Combine(self.combining_now().operation(), self.other_label(situation)?),
            Operation::Crop if self.is_cut_by_label => {
                let by = self.other_label(situation).filter(|other| other.mask.is_some())?;
                Gesture::CropBy { by, clears_inside: self.clears_inside, is_for_all: self.is_for_all }
            }
            Operation::Crop => {
                let region = box_about(situation.grid, situation.crosshair, self.box_mm);
                Gesture::Crop { region, clears_inside: self.clears_inside, is_for_all: self.is_for_all }
            }
        })
    }
    /// How labels are put together with the mask chosen. A voxel has one label, so two labels of one mask never overlap: they can only
    /// be united.
    #[must_use]
    pub fn combining_now(&self) -> CombineRule {
        if self.source == OperandSource::ThisMask { CombineRule::Union } else { self.combining }
    }

    fn other_label(&self, situation: &Situation) -> Option<OtherLabel> {
        let mask = situation.other_mask.cloned();
        let is_another = self.other != 0 && (mask.is_some() || self.other != situation.label);
        is_another.then_some(OtherLabel { mask, label: self.other })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gesture(options: &OperationOptions, operation: Operation, other_mask: Option<&Arc<LabelMap>>) -> Option<Gesture> {
        let grid = Grid::axis_aligned([4, 4, 4], [1.0; 3]).expect("a grid");
        options.gesture(operation, &Situation { grid: &grid, crosshair: grid.center(), label: 1, free: &[], other_mask })
    }

    #[test]
    fn labels_of_one_mask_are_only_united_and_those_of_another_may_have_the_same_number() {
        let mask = Arc::new(LabelMap::empty(Grid::axis_aligned([4, 4, 4], [1.0; 3]).expect("a grid")));
        let mut options = OperationOptions { combining: CombineRule::Subtract, other: 1, ..OperationOptions::default() };
        assert_eq!(gesture(&options, Operation::Combine, None), None);
        options.other = 2;
        let united = Gesture::Combine(tools::Operation::Union, OtherLabel { mask: None, label: 2 });
        assert_eq!(gesture(&options, Operation::Combine, None), Some(united));
        options.source = OperandSource::File;
        options.other = 1;
        let other = OtherLabel { mask: Some(Arc::clone(&mask)), label: 1 };
        assert_eq!(gesture(&options, Operation::Combine, Some(&mask)), Some(Gesture::Combine(tools::Operation::Subtraction, other)));
        options.is_cut_by_label = true;
        assert!(matches!(gesture(&options, Operation::Crop, Some(&mask)), Some(Gesture::CropBy { .. })));
        assert_eq!(gesture(&options, Operation::Crop, None), None);
    }

    #[test]
    fn each_direction_has_its_own_distance() {
        let directed = DirectedMargin { mm: [1.0, 2.0, 3.0, 4.0, 5.0, -6.0] };
        let options = OperationOptions { is_by_direction: true, directed, ..OperationOptions::default() };
        let Some(Gesture::Margin(margin)) = gesture(&options, Operation::Margin, None) else { panic!("a margin") };
        let wanted = Distances::Directions { right: 1.0, left: 2.0, anterior: 3.0, posterior: 4.0, superior: 5.0, inferior: -6.0 };
        assert_eq!(margin.distances, wanted);
    }
}
