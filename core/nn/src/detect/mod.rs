//! Boxes around objects: what a detector learns from them, what it finds, and how good that is.
//!
//! - [`Box3`], [`Object`], [`Detection`]: boxes in voxels of a network's input
//! - [`TargetMaps`]: what a detector's maps should be; [`decode`]: from maps to boxes
//! - [`non_maximum_suppression`]: one box per object
//! - [`average_precision`], [`mean_average_precision`], [`sensitivity_at`]: how good boxes are

mod average_precision;
mod boxes;
mod decode;
mod nms;
mod targets;

pub use average_precision::{average_precision, mean_average_precision, sensitivity_at};
pub use boxes::{Box3, Detection, Object};
pub use decode::{MapValues, decode};
pub use nms::non_maximum_suppression;
pub use targets::TargetMaps;
