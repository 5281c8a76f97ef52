//! Learning from corrected cases: preprocessing, sampling, fine-tuning, co-training, prediction, and the worker that runs
//! them beside a window.
//!
//! # Map
//! - [`device`]: what can compute here, and opening one
//! - [`recipe`]: how scans become numbers: spacing, intensities, patch; [`prepare`]: a scan made ready by a recipe
//! - [`sample`]: random patches; [`augment`]: how they are changed; [`sides_by_name`]: labels that a mirror exchanges; [`optimise`]: one step of learning
//! - [`finetune`], [`pretrain`]: the two ways of training; [`predict`]: sliding-window inference;
//!   [`postprocess`]: what is done to its masks; [`CaseCache`]: prepared cases on the disk;
//!   [`features`]: what an encoder computes on the way
//! - [`compare`]: first weights against each other and against scratch, with several seeds and a paired test
//! - [`plan`](mod@plan): a fine-tuning thought through beforehand: spacing, patch, network, memory, time
//! - [`classify`], [`detect`]: fine-tuning for classes of whole scans and for boxes; [`task`]: what they share
//! - [`mod@reference`]: the reference's own preprocessing and scoring, for results that can be compared with its
//! - [`card`]: what is written down about every trained model; [`checkpoint`]: and about one that is not at its end
//! - [`measure`]: a network at work on noise, for benchmarks; [`memory`]: how much a training takes
//! - [`job`], [`worker`]: jobs go in as values, events come out as values; `queue`: those that wait; `pulse`: how one fares
//!
//! # Invariants
//! 1. No files of patients and no project are known here: cases come through [`CaseSource`]. Only models are read and written.
//! 2. All tensors of a device live on one worker thread.
//! 3. Anything random takes a seed; the same card on the CPU gives the same numbers.
//! 4. A failing or panicking job ends with an error event; the program goes on.
//! 5. Tensors are `[N, C, D, H, W]` = `[batch, channel, S, A, R]`: depth runs from feet to head, whatever the file's order.

pub mod augment;
mod average;
mod cache;
pub mod card;
mod case;
pub mod checkpoint;
pub mod classify;
pub mod compare;
pub mod detect;
pub mod device;
mod error;
pub mod features;
pub mod finetune;
pub mod job;
mod lesson;
mod looked_for;
pub mod measure;
pub mod memory;
pub mod optimise;
pub mod plan;
pub mod postprocess;
pub mod predict;
pub mod prepare;
pub mod pretrain;
mod pulse;
mod queue;
pub mod recipe;
pub mod reference;
pub mod sample;
mod sides;
#[cfg(test)]
mod synthetic;
pub mod task;
pub mod worker;

pub use cache::CaseCache;
pub use case::{CaseSource, TrainingCase};
pub use checkpoint::{CheckpointInfo, Checkpoints};
pub use classify::{ClassSource, ClassifiedCase, ClassifySettings, ClassifySpec};
pub use detect::{DetectSettings, DetectSpec};
pub use device::{DeviceChoice, DeviceInfo};
pub use error::LearnError;
pub use finetune::{
    DataOptions, EncoderChanges, EncoderNorm, FineTuneOutcome, FineTuneSettings, FineTuneSpec, Keep, TrainingRecipe, WeightsSource,
};
pub use job::{Control, Found, JobEvent, JobKind, LabelDice, Prediction};
pub use predict::{Mirrored, Predictor};
pub use pretrain::{PretrainOutcome, PretrainSet, PretrainSettings, PretrainSpec};
pub use pulse::Live;
pub use recipe::Recipe;
pub use sides::sides_by_name;
pub use task::{AnyPredictor, Finding, ModelFile, TaskOutcome, TaskPredictor};
pub use worker::{JobSpec, JobStanding, PredictSpec, QueuedJob, Worker};
