//! MetaImage (ITK's MetaIO, "MetaIO/Documentation"): `.mha`, and `.mhd` with the voxels in a file beside it. World is LPS there.

mod read;
mod write;

pub(crate) use read::{is_header, read, read_bytes};
pub(crate) use write::{write_labels, write_volume};
