//! What comes of fine-tunings that draw no masks: [`crate::classify`] and [`crate::detect`].
//!
//! - [`TaskOutcome`], [`TaskScores`]: of a training; [`Finding`]: what a model says of a scan

mod finding;
mod outcome;

pub use finding::{AnyPredictor, ClassProbability, Finding, FoundBox, ModelFile, TaskPredictor};
pub use outcome::{BoxScores, ClassScore, ClassScores, PrecisionAt, TaskOutcome, TaskScores};

pub(crate) use outcome::Measurement;
