//! Trainings that outlive their process: where one stands is written beside its output, and gone on from later.
//!
//! - [`Checkpoints`]: when; [`CheckpointInfo`]: what lies there
//! - `identity`: of which training a checkpoint is; `keeper`: when and where it is written, and the files
//! - `tensors`, `learner`: weights and the optimiser's memory, exactly; `exact`: numbers in JSON to the last bit
//!
//! A checkpoint is a folder `checkpoint` with `checkpoint.json` and the file of numbers that it names, with size and SHA-256. The JSON
//! is replaced last and at once, so that there is always one whole checkpoint. What is random in a training follows from its seed and
//! the number of the step, so both are all there is to keep of it: on the processor a training that was killed and gone on with gives the
//! bytes of one that was not.

mod exact;
mod identity;
mod keeper;
mod learner;
mod tensors;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::FineTuneSettings;

pub(crate) use identity::Identity;
pub(crate) use keeper::{Found, Keeper, Progress, recipe};
pub(crate) use learner::LearnerNote;
pub(crate) use tensors::Tensors;

/// When a training writes down where it stands. It changes nothing about the result, so no card has it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Checkpoints {
    /// Steps between two; 0: not by steps.
    pub every_steps: usize,
    /// Seconds between two; 0: not by time. More where writing takes long: never more than a twentieth of the time.
    pub every_seconds: f64,
    /// Whether the training goes on from what lies in its output folder.
    pub resume: bool,
}

impl Checkpoints {
    /// None are written.
    pub const OFF: Self = Self { every_steps: 0, every_seconds: 0.0, resume: false };

    /// Every two minutes, and where the training is stopped.
    #[must_use]
    pub fn usual() -> Self {
        Self { every_seconds: 120.0, ..Self::OFF }
    }

    /// Whether any are written; then also where the training is stopped.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.every_steps > 0 || self.every_seconds > 0.0
    }
}

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointInfo {
    /// Steps that were taken.
    pub step: usize,
    /// Seconds of work until then, pauses left out.
    pub seconds: f64,
}

/// With which settings a fine-tuning of masks began that has not come to its end in this output folder; `None` where there is none.
#[must_use]
pub fn settings(output: &Path) -> Option<FineTuneSettings> {
    keeper::settings(output)
}

impl CheckpointInfo {
    /// Of the training whose output folder this is; `None` where nothing readable lies.
    #[must_use]
    pub fn of(output: &Path) -> Option<Self> {
        keeper::info(output)
    }
}
