//! DICOM Segmentation (PS3.3 A.51, C.8.20): a mask that belongs to a scan and that other programs read.

mod color;
mod read;
mod write;

use std::path::Path;

use medley_volume::{LabelMap, LabelTable};

pub(crate) use color::rgb_from_lab;
pub use read::is_segmentation;
pub(crate) use read::modality_of;
pub use read::open_segmentation;
pub use write::write_segmentation;
pub(crate) use write::{Extent, extents};

/// Whether a name ends like a DICOM file's.
#[must_use]
pub fn is_dicom_name(path: &Path) -> bool {
    path.extension().is_some_and(|end| end.eq_ignore_ascii_case("dcm"))
}

/// A mask with the names and colours of its labels.
#[derive(Debug, Clone)]
pub struct Segmentation {
    /// The mask.
    pub labels: LabelMap,
    /// Names and colours.
    pub table: LabelTable,
    /// What the person should know, each a sentence.
    pub notices: Vec<String>,
}

/// How a segmentation came to be (PS3.3 C.8.20.4, Segment Algorithm Type).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// By hand.
    #[default]
    Manual,
    /// By a model whose proposals a person corrected; the model's name.
    SemiAutomatic(String),
    /// By a model alone; the model's name.
    Automatic(String),
}

/// What a segmentation or a set of contours says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentationOptions {
    /// Series Description; seen in lists of other programs.
    pub description: String,
    /// How it came to be.
    pub algorithm: Algorithm,
}

impl Default for SegmentationOptions {
    fn default() -> Self {
        Self { description: "Segmentation".to_owned(), algorithm: Algorithm::Manual }
    }
}
