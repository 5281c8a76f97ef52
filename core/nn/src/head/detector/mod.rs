//! Boxes from features: a feature pyramid, and a head on it without anchors.

#[expect(clippy::module_inception, reason = "the file of the type that the folder is named after")]
mod detector;
mod pyramid;

pub use detector::{Detector, Maps};
pub use pyramid::Pyramid;
