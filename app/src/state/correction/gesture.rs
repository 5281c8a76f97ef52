//! What a tool is to do: everything but the mask it is done to.

use medley_annotate::tools::{Canvas, Fill, Grow, Slice, Threshold, fill, grow, polygon, threshold};
use medley_annotate::{Edit, Refusal};
use medley_volume::Ras;

/// A tool with everything it was given by hand.
#[derive(Debug, Clone, PartialEq)]
pub enum Gesture {
    /// A closed contour in a slice is filled.
    Contour(Slice, Vec<Ras>),
    /// The piece under a point.
    Fill(Fill),
    /// A region from a point.
    Grow(Grow),
    /// Values in a range.
    Threshold(Threshold),
}

impl Gesture {
    /// The change, not done yet.
    ///
    /// # Errors
    /// What the tool says.
    pub fn edit(&self, canvas: &Canvas) -> Result<Edit, Refusal> {
        match self {
            Self::Contour(slice, points) => polygon(canvas, *slice, points),
            Self::Fill(what) => fill(canvas, what),
            Self::Grow(what) => grow(canvas, what),
            Self::Threshold(what) => threshold(canvas, what),
        }
    }
}
