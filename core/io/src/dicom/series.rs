use std::path::PathBuf;
use std::sync::Arc;

use medley_volume::Grid;

use super::image::ImageFile;
use super::stack::Stack;

/// One frame of a series: which file and which frame of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plane {
    pub file: usize,
    pub frame: usize,
}

/// What was found under a path.
#[derive(Debug, Clone, Default)]
pub struct Scan {
    /// The series, by study, series number and UID.
    pub series: Vec<Series>,
    /// What was passed over, and why, each a sentence.
    pub skipped: Vec<(PathBuf, String)>,
}

/// Pictures that make one volume: of one series, one orientation, one size, one time. Nothing in it says who the patient is.
#[derive(Debug, Clone)]
pub struct Series {
    /// The Series Instance UID, and which part of a series that was taken apart. Where files have no UID, another text that tells
    /// the series of one scan apart.
    pub key: String,
    /// `"CT"`, `"MR"`, `"PT"`, …; empty if the files do not say.
    pub modality: String,
    /// What the scanner called the series; may be empty.
    pub description: String,
    /// How many pictures there are, duplicates included.
    pub images: usize,
    /// Voxels along column index, row index and slice of the volume it opens as.
    pub shape: [usize; 3],
    /// Millimetres between voxel centres along the same axes.
    pub spacing: [f64; 3],
    /// Whether the file calls it a scout or localizer.
    pub is_localizer: bool,
    /// What the person should know before opening it, each a sentence.
    pub notices: Vec<String>,
    /// Why it cannot be opened as a volume, as the end of a sentence; `None` if it can.
    pub fault: Option<String>,
    pub(crate) files: Vec<Arc<ImageFile>>,
    pub(crate) stack: Option<Stack>,
}

impl Series {
    /// Whether it is a volume of several slices, and not a scout.
    #[must_use]
    pub fn is_volume(&self) -> bool {
        self.fault.is_none() && !self.is_localizer && self.shape[2] > 1
    }

    /// Where its voxels lie when it is opened; `None` if it cannot be.
    #[must_use]
    pub fn grid(&self) -> Option<Grid> {
        self.stack.as_ref().map(|stack| stack.grid)
    }

    /// The file it begins with, for errors.
    pub(crate) fn name(&self) -> String {
        self.files.first().map_or_else(|| "the series".to_owned(), |file| file.place.name())
    }

    /// A line for lists: modality, description, number of images.
    #[must_use]
    pub fn title(&self) -> String {
        let modality = if self.modality.is_empty() { "?" } else { &self.modality };
        let description = if self.description.is_empty() { "no description" } else { &self.description };
        let plural = if self.images == 1 { "" } else { "s" };
        format!("{modality} “{description}”, {} image{plural}", self.images)
    }
}
