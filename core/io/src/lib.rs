//! Files: scans and masks, label tables, and what kind of file a file is.
//!
//! # Map
//! - [`open_volume`], [`open_labels`]: a scan or a mask, whatever its format; [`volume_from_bytes`], [`labels_from_bytes`]: the
//!   same from memory
//! - [`open_volume_part`]: one of several volumes ([`Part`]); [`open_volume_watched`]: with somebody who is told how far it is and may stop it
//!   ([`Progress`]); [`open_labels_with_table`]: with the names and colours that the file gives to labels
//! - [`write_volume`], [`write_labels`]: NIfTI, NRRD or MetaImage by the name of the file, with the geometry of the image beside it
//!   ([`StoredGeometry`]); [`write_labels_with_table`]: with names and colours
//! - [`label_files`]: label tables of ITK-SNAP and 3D Slicer
//! - [`mesh`]: surfaces as STL, PLY or OBJ
//! - [`dicom`]: series of DICOM files, segmentations
//! - [`npy`]: NumPy arrays of numbers
//! - [`kind_of`]: what a file or folder is, by what is in it
//! - [`write_atomically`]: a file is there whole or not at all
//!
//! # Invariants
//! 1. A file's own claims are never trusted: a size is checked against what is there before memory is taken for it, and no more
//!    is unpacked than was claimed.
//! 2. Whatever is wrong with a file is an [`IoError`]: a sentence that names the file, the fault and what to do. Nothing panics.
//! 3. World is RAS+ millimetres: sform if its code is above 0, else qform if its code is, else pixdim, with a notice.
//! 4. A file is written beside its final name, flushed to the disk and then renamed. On failure the old file is untouched.

mod atomic;
mod baked;
pub mod dicom;
mod element;
mod error;
mod geometry;
mod kind;
pub mod label_files;
mod labels;
pub mod mesh;
mod metaimage;
mod nifti;
pub mod npy;
mod nrrd;
mod opened;
mod part;
mod progress;
mod quantity;
mod source;
mod text;
mod write;

pub use atomic::write_atomically;
pub use error::IoError;
pub use geometry::{AffineSource, StoredGeometry};
pub use kind::{FileKind, kind_of};
pub use opened::{NiftiAbout, OpenedLabels, OpenedVolume, labels_from_bytes, open_labels, open_volume, volume_from_bytes};
pub use opened::{open_labels_with_table, open_volume_frame, open_volume_part, open_volume_watched};
pub use part::Part;
pub use progress::Progress;
pub use quantity::guess_quantity;
pub use write::{write_labels, write_labels_with_table, write_volume};
