//! Contours of radiotherapy (RT Structure Set, PS3.3 A.19, C.8.8.5, C.8.8.6): polygons in planes of a scan, to masks and back.

mod polygon;
mod read;
mod write;

pub use read::{is_contours, open_contours};
pub use write::write_contours;
