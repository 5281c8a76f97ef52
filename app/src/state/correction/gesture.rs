//! What a tool is to do: everything but the mask it is done to.

use medley_annotate::tools::{
    Boolean, Canvas, CopySlice, Crop, Fill, FillHoles, Grow, Hollow, Interpolate, Islands, Keep, Margin, MaskBy, Operand, Operation, Slice,
    Smooth, Smoothing, Threshold, boolean, copy_slice, crop, fill, fill_holes, grow, hollow, interpolate, islands, live_wire, margin,
    mask_by, polygon, smooth, smooth_all, threshold,
};
use medley_annotate::{Edit, Refusal};
use medley_volume::{Connectivity, IndexBox, Ras};

use super::operand::OtherLabel;

/// A tool with everything it was given by hand.
#[derive(Debug, Clone, PartialEq)]
pub enum Gesture {
    /// A closed contour in a slice is filled.
    Contour(Slice, Vec<Ras>),
    /// The same, of a contour that followed edges.
    LiveWire(Slice, Vec<Ras>),
    /// The piece under a point.
    Fill(Fill),
    /// A region from a point.
    Grow(Grow),
    /// Values in a range.
    Threshold(Threshold),
    /// Pieces of the label.
    Islands(PieceChoice),
    /// A smoother surface.
    Smooth(Smooth),
    /// Smoother surfaces of all labels.
    SmoothAll(Smoothing),
    /// Grown or shrunk.
    Margin(Margin),
    /// Slices between drawn ones.
    Interpolate(Interpolate),
    /// Holes closed.
    FillHoles(FillHoles),
    /// Only a wall left.
    Hollow(Hollow),
    /// The active label together with another one.
    Combine(Operation, OtherLabel),
    /// Labels cut off at a box.
    Crop {
        /// The box.
        region: IndexBox,
        /// Whether what lies inside goes.
        clears_inside: bool,
        /// Whether all labels are cut.
        is_for_all: bool,
    },
    /// Labels cut off at a label of another mask.
    CropBy {
        /// What cuts.
        by: OtherLabel,
        /// Whether what lies inside goes.
        clears_inside: bool,
        /// Whether all labels are cut.
        is_for_all: bool,
    },
    /// The label of one slice in another.
    CopySlice {
        /// Where it is.
        from: Slice,
        /// Where it is wanted.
        to: Slice,
    },
}

/// What becomes of the pieces of a label.
#[derive(Debug, Clone, PartialEq)]
pub enum PieceChoice {
    /// All but the largest go.
    KeepLargest,
    /// Smaller ones go, mL.
    RemoveBelowMl(f64),
    /// All but the one at a point go.
    KeepAt(Ras),
    /// The one at a point goes.
    RemoveAt(Ras),
    /// The largest keeps the label, others get these.
    Split(Vec<u16>),
}

impl Gesture {
    /// The change, not done yet.
    ///
    /// # Errors
    /// What the tool says.
    pub fn edit(&self, canvas: &Canvas) -> Result<Edit, Refusal> {
        match self {
            Self::Contour(slice, points) => polygon(canvas, *slice, points),
            Self::LiveWire(slice, points) => live_wire(canvas, *slice, points),
            Self::Fill(what) => fill(canvas, what),
            Self::Grow(what) => grow(canvas, what),
            Self::Threshold(what) => threshold(canvas, what),
            Self::Islands(choice) => {
                let what = match choice {
                    PieceChoice::KeepLargest => Islands::KeepLargest,
                    PieceChoice::RemoveBelowMl(ml) => Islands::smaller_than_ml(canvas, *ml),
                    PieceChoice::KeepAt(at) => Islands::KeepAt(*at),
                    PieceChoice::RemoveAt(at) => Islands::RemoveAt(*at),
                    PieceChoice::Split(free) => Islands::Split { free },
                };
                islands(canvas, &what, Connectivity::Corners)
            }
            Self::Smooth(what) => smooth(canvas, what),
            Self::SmoothAll(method) => smooth_all(canvas, *method),
            Self::Margin(what) => margin(canvas, what),
            Self::Interpolate(what) => interpolate(canvas, what),
            Self::FillHoles(what) => fill_holes(canvas, what),
            Self::Hollow(what) => hollow(canvas, what),
            Self::Combine(operation, other) => {
                let first = Operand { mask: canvas.mask, labels: std::slice::from_ref(&canvas.label) };
                boolean(canvas, &Boolean { first, second: other.operand(canvas), operation: *operation })
            }
            Self::Crop { region, clears_inside, is_for_all } => {
                let own = [canvas.label];
                crop(canvas, &Crop { region: *region, keep: kept(*clears_inside), labels: (!is_for_all).then_some(&own) })
            }
            Self::CropBy { by, clears_inside, is_for_all } => {
                let own = [canvas.label];
                let labels = (!is_for_all).then_some(own.as_slice());
                mask_by(canvas, &MaskBy { by: by.operand(canvas), keep: kept(*clears_inside), labels })
            }
            Self::CopySlice { from, to } => {
                let own = [canvas.label];
                copy_slice(canvas, &CopySlice { from: *from, to: *to, labels: Some(&own), replaces: true })
            }
        }
    }
}

fn kept(clears_inside: bool) -> Keep {
    if clears_inside { Keep::Outside } else { Keep::Inside }
}
