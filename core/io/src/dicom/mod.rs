//! DICOM (PS3.3, PS3.5, PS3.10): series found, opened as volumes, and segmentations written and read.
//!
//! # Map
//! - [`scan`]: the series in a folder, a file, a zip file or the folder of a DICOMDIR; [`Series`]: one of them
//! - [`open`], [`open_with`], [`open_watched`]: a series as a volume; [`thumbnail`]: its middle slice, small
//! - [`write_segmentation`], [`open_segmentation`]: a mask as a DICOM Segmentation; [`write_contours`], [`open_contours`]: as the contours
//!   of radiotherapy
//!
//! # Invariants
//! 1. Slices are ordered by Image Position (Patient) along the normal, never by a name or a number; spacing comes from positions.
//! 2. World is RAS+ millimetres: the standard's L and P axes are turned round.
//! 3. What does not lie on a regular grid (gaps, uneven spacing, a tilted gantry) is interpolated onto one with a notice, or refused.
//! 4. Nobody's name, number or date of birth is in a [`Series`], a notice or an error.
//! 5. The data set is read by a reader of our own that never calls itself for what a file nests; decoders of packed pixels see only
//!    frames whose size was checked, and a panic in one is an error.

mod choose;
mod codec;
mod contours;
mod data_set;
mod frames;
mod group;
mod image;
mod open;
mod part10;
mod pixels;
mod place;
mod scan;
mod segmentation;
mod series;
mod stack;
mod straighten;
mod study;
mod suv;
mod syntax;
mod tags;
mod thumbnail;
mod writer;

pub use choose::series_at;
pub(crate) use choose::{labels_of_path, open_key, open_path};
pub use contours::{is_contours, open_contours, write_contours};
pub use open::{OpenOptions, open, open_watched, open_with};
pub(crate) use place::is_in_zip;
pub use scan::scan;
pub use segmentation::{
    Algorithm, Segmentation, SegmentationOptions, is_dicom_name, is_segmentation, open_segmentation, write_segmentation,
};
pub use series::{Scan, Series};
pub use thumbnail::{Thumbnail, thumbnail};
