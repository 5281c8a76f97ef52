//! DICOM (PS3.3, PS3.5, PS3.10): series found, opened as volumes, and segmentations written and read.
//!
//! # Map
//! - [`scan`]: the series in a folder, a file, a zip file or the folder of a DICOMDIR; [`Series`]: one of them
//! - [`open`], [`open_with`]: a series as a volume; [`thumbnail`]: its middle slice, small
//!
//! # Invariants
//! 1. Slices are ordered by Image Position (Patient) along the normal, never by a name or a number; spacing comes from positions.
//! 2. World is RAS+ millimetres: the standard's L and P axes are turned round.
//! 3. What does not lie on a regular grid (gaps, uneven spacing, a tilted gantry) is interpolated onto one with a notice, or refused.
//! 4. Nobody's name, number or date of birth is in a [`Series`], a notice or an error.
//! 5. The data set is read by a reader of our own that never calls itself for what a file nests; decoders of packed pixels see only
//!    frames whose size was checked, and a panic in one is an error.

#![allow(dead_code)]

mod choose;
mod codec;
mod data_set;
mod frames;
mod group;
mod image;
mod open;
mod part10;
mod pixels;
mod place;
mod scan;
mod series;
mod stack;
mod straighten;
mod suv;
mod syntax;
mod tags;
mod thumbnail;
mod writer;

pub(crate) use choose::{open_key, open_path};
pub use open::{OpenOptions, open, open_with};
pub(crate) use place::is_in_zip;
pub use scan::scan;
pub use series::{Scan, Series};
pub use thumbnail::{Thumbnail, thumbnail};
