use medley_nn::weights::{Task, WeightsError};
use medley_volume::VolumeError;
use thiserror::Error;

/// Why a job could not be done.
#[derive(Debug, Error)]
pub enum LearnError {
    /// No case to learn from.
    #[error("there is no corrected case to learn from: correct a mask and mark its case as corrected first")]
    NoCases,
    /// A case that holds none of the labels to learn.
    #[error("the case “{case}” holds none of the labels that are to be learned")]
    NothingToLearn {
        /// The case's name.
        case: String,
    },
    /// Image and mask of a case lie on different grids.
    #[error("the image and the mask of the case “{case}” do not fit each other: {source}")]
    CaseGrid {
        /// The case's name.
        case: String,
        /// How they differ.
        source: VolumeError,
    },
    /// A geometry that cannot be worked with.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A weight or model file.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A model whose card cannot be read.
    #[error("the model {file} says nothing usable about how it was made ({reason}); fine-tune a new one")]
    Card {
        /// The model's file.
        file: String,
        /// What is wrong with the card.
        reason: String,
    },
    /// A model that was made for something else.
    #[error("the model {file} {}, but one is needed that {}; choose one that was fine-tuned with --task {wanted}", found.does(), wanted.does())]
    OtherTask {
        /// The model's file.
        file: String,
        /// What it is for.
        found: Task,
        /// What it should be for.
        wanted: Task,
    },
    /// The device asked for is not there or does not work.
    #[error("the device “{wanted}” cannot be used: {reason}; `medley devices` lists what can")]
    Device {
        /// What was asked for.
        wanted: String,
        /// Why not.
        reason: String,
    },
    /// A computation failed on the device.
    #[error("the computation failed on {device}: {reason}; try a smaller patch or another device")]
    Compute {
        /// The device.
        device: String,
        /// What it said.
        reason: String,
    },
    /// The loss is no longer a number.
    #[error("training broke down at step {step}: the loss is not a finite number; lower the learning rate")]
    Diverged {
        /// The step.
        step: usize,
    },
    /// A training that was to go on cannot.
    #[error("the checkpoint in {folder} cannot be gone on from: {reason}; restore what it was begun with, or begin the training anew")]
    Checkpoint {
        /// The output folder.
        folder: String,
        /// What is wrong.
        reason: String,
    },
    /// A setting that makes no sense.
    #[error("{0}")]
    Setting(String),
    /// The source of cases failed.
    #[error("{0}")]
    Source(String),
    /// A file could not be written.
    #[error("{what} could not be written: {source}")]
    Write {
        /// The file.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Stopped because somebody asked for it.
    #[error("stopped")]
    Stopped,
}
