//! NRRD (teem.sourceforge.net/nrrd/format.html, versions 1 to 5): raw, gzip or text voxels in the same file or in one beside it, and
//! the segmentations that 3D Slicer keeps in it (`.seg.nrrd`).

mod header;
mod place;
mod read;
mod segments;
mod write;

pub(crate) use header::is_header;
pub(crate) use read::{read, read_bytes, read_segments};
pub(crate) use write::{write_labels, write_segments, write_volume};
