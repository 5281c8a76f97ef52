//! NIfTI-1 and NIfTI-2 (nifti1.h, nifti2.h of the NIfTI Data Format Working Group): one file or a pair, either byte order,
//! packed or not.

mod header;
mod pair;
mod read;
mod rest;
mod write;

pub(crate) use header::{is_header, problem_with_dimensions};
pub(crate) use pair::{has_end, partner};
pub(crate) use read::{check_frame, read, read_bytes};
pub(crate) use rest::Kept;
pub(crate) use write::{write_labels, write_volume};
