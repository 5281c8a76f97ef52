//! What fine-tunings that draw no masks have in common: [`crate::classify`] and [`crate::detect`].
//!
//! - `train`: the loop, over anything that is a `Lesson`; `finish`: model and card
//! - [`TaskOutcome`], [`TaskScores`]: what comes of one; [`Finding`]: what a model says of a scan

mod finding;
mod finish;
mod outcome;
mod train;

pub use finding::{AnyPredictor, ClassProbability, Finding, FoundBox, ModelFile, TaskPredictor};
pub use outcome::{BoxScores, ClassScore, ClassScores, PrecisionAt, TaskOutcome, TaskScores};

pub(crate) use finish::{Finish, finish};
pub(crate) use train::{Lesson, Measurement, Trained, train};
