//! Learning from corrected cases: preprocessing, sampling, fine-tuning, co-training, prediction, and the worker that runs
//! them beside a window.
//!
//! # Map
//! - [`device`]: what can compute here, and opening one
//! - [`recipe`]: how scans become numbers: spacing, intensities, patch; [`prepare`]: a scan made ready by a recipe
//! - [`sample`]: random patches; [`augment`]: how they are changed; [`optimise`]: one step of learning
//! - [`finetune`], [`pretrain`]: the two ways of training; [`predict`]: sliding-window inference;
//!   [`features`]: what an encoder computes on the way
//! - [`compare`]: first weights against each other and against scratch, with several seeds and a paired test
//! - [`plan`](mod@plan): a fine-tuning thought through beforehand: spacing, patch, network, memory, time
//! - [`classify`], [`detect`]: fine-tuning for classes of whole scans and for boxes; [`task`]: what they share
//! - [`mod@reference`]: the reference's own preprocessing and scoring, for results that can be compared with its
//! - [`card`]: what is written down about every trained model
//! - [`measure`]: a network at work on noise, for benchmarks; [`memory`]: how much a training takes
//! - [`job`], [`worker`]: jobs go in as values, events come out as values
//!
//! # Invariants
//! 1. No files of patients and no project are known here: cases come through [`CaseSource`]. Only models are read and written.
//! 2. All tensors of a device live on one worker thread.
//! 3. Anything random takes a seed; the same card on the CPU gives the same numbers.
//! 4. A failing or panicking job ends with an error event; the program goes on.
//! 5. Tensors are `[N, C, D, H, W]` = `[batch, channel, S, A, R]`: depth runs from feet to head, whatever the file's order.

pub mod augment;
mod average;
pub mod card;
mod case;
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
pub mod predict;
pub mod prepare;
pub mod pretrain;
pub mod recipe;
pub mod reference;
pub mod sample;
#[cfg(test)]
mod synthetic;
pub mod task;
pub mod worker;

pub use case::{CaseSource, TrainingCase};
pub use classify::{ClassSource, ClassifiedCase, ClassifySettings, ClassifySpec};
pub use detect::{DetectSettings, DetectSpec};
pub use device::{DeviceChoice, DeviceInfo};
pub use error::LearnError;
pub use finetune::{EncoderChanges, EncoderNorm, FineTuneOutcome, FineTuneSettings, FineTuneSpec, Keep, WeightsSource};
pub use job::{Control, Found, JobEvent, JobKind, LabelDice, Prediction};
pub use predict::Predictor;
pub use pretrain::{PretrainOutcome, PretrainSet, PretrainSettings, PretrainSpec};
pub use recipe::Recipe;
pub use task::{AnyPredictor, Finding, ModelFile, TaskOutcome, TaskPredictor};
pub use worker::{JobSpec, PredictSpec, Worker};
