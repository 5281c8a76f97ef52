//! Fine-tuning: what it is for, what it starts from, how far it is.

use medley_learn::EncoderNorm;
use medley_nn::loss::LossKind;
use medley_nn::weights::Task;
use medley_nn::{Checkpointing, Depth, HeadKind};

/// The panel's heading and its button.
pub const TITLE: &str = "Fine-tune";
/// Holds it.
pub const PAUSE: &str = "Pause";
/// Lets it go on.
pub const RESUME: &str = "Resume";
/// Ends it.
pub const STOP: &str = "Stop";

/// What it is for.
pub const TASK: &str = "Task";
/// The accessible name of the list of tasks.
pub const TASK_LIST: &str = "Task to learn";
/// What is found.
pub const OBJECTS: &str = "Objects";
/// The accessible name of the list of objects.
pub const OBJECTS_LIST: &str = "Label whose pieces are objects";
/// Every label's pieces are objects.
pub const EVERY_PIECE: &str = "Pieces of every label";
/// Which weights come first.
pub const START_FROM: &str = "Start from";
/// The accessible name of the list of weights.
pub const WEIGHTS_LIST: &str = "Encoder weights to start from";
/// Opens the page of weights.
pub const MORE_WEIGHTS: &str = "More: fetch or import…";
/// Chooses a file.
pub const WEIGHTS_FILE: &str = "File (.pth, .safetensors)…";
/// How long it is.
pub const STEPS: &str = "Steps";
/// What steps mean.
pub const STEPS_HINT: &str = "More steps take longer and learn more";
/// What computes.
pub const DEVICE: &str = "Compute on";
/// The accessible name of the list of devices.
pub const DEVICE_LIST: &str = "Device to compute on";
/// Any device.
pub const ANY_DEVICE: &str = "The fastest that works";
/// What few people change.
pub const ADVANCED: &str = "Advanced";
/// Normalisation.
pub const NORM: &str = "Normalisation";
/// The accessible name of its list.
pub const NORM_LIST: &str = "Normalisation of the encoder";
/// What it means.
pub const NORM_HINT: &str = "Frozen keeps what the weights to start from have measured; groups do not depend on a batch";
/// Depth.
pub const DEPTH: &str = "Depth";
/// The accessible name of its list.
pub const DEPTH_LIST: &str = "Depth of the encoder";
/// What it means.
pub const DEPTH_HINT: &str = "Deeper encoders see more and take longer";
/// Width.
pub const WIDTH: &str = "Width";
/// What it means.
pub const WIDTH_HINT: &str = "Channels of the first stage; twice as many take about four times as long. The released networks have 64";
/// Deep supervision.
pub const DEEP_SUPERVISION: &str = "Deep supervision";
/// What it means.
pub const DEEP_SUPERVISION_HINT: &str = "The loss also looks at coarser results on the way";
/// Why it cannot be had.
pub const NO_DEEP_SUPERVISION: &str = "Only the head with skip connections has coarser results on the way";
/// Head.
pub const HEAD: &str = "Head";
/// The accessible name of its list.
pub const HEAD_LIST: &str = "Head of the network";
/// What it means.
pub const HEAD_HINT: &str = "What turns the encoder's features into labels; the first is right for nearly everything";
/// Loss.
pub const LOSS: &str = "Loss";
/// The accessible name of its list.
pub const LOSS_LIST: &str = "Loss to minimise";
/// What it means.
pub const LOSS_HINT: &str = "What the training makes small; the first is right for nearly everything";
/// Memory.
pub const MEMORY: &str = "Memory";
/// The accessible name of its list.
pub const MEMORY_LIST: &str = "Memory of a training step";
/// What it means.
pub const MEMORY_HINT: &str = "With less memory parts of the network are computed twice: about a quarter slower";

/// The accessible name of the bar.
pub const PROGRESS: &str = "Part of the training that is done";
/// The cases are being read.
pub const READING: &str = "Reading the cases…";
/// It is being ended.
pub const STOPPING: &str = "Stopping…";
/// It ended by itself.
pub const FINISHED: &str = "Training finished";
/// It was ended.
pub const STOPPED: &str = "Training stopped";
/// Nobody knows yet how long it takes.
pub const ESTIMATING: &str = "estimating time left";
/// The time left.
#[must_use]
pub fn left(duration: &str) -> String {
    format!("{duration} left")
}

/// How far it is.
#[must_use]
pub fn step(step: usize, steps: usize, left: &str) -> String {
    format!("Step {step} of {steps} · {left}")
}

/// Where it is held.
#[must_use]
pub fn paused(step: usize) -> String {
    format!("Paused at step {step}")
}

/// What a task is, as it is chosen.
#[must_use]
pub fn task(task: Task) -> &'static str {
    match task {
        Task::Segment => "Segment: masks",
        Task::Classify => "Classify: whole scans",
        Task::Detect => "Detect: boxes",
    }
}

/// The pieces of one label are objects.
#[must_use]
pub fn pieces_of(label: &str) -> String {
    format!("Pieces of {label}")
}

/// Over the curve of the loss.
pub const LOSS_CURVE: &str = "Loss";

/// Over the curve of another measure.
#[must_use]
pub fn measure_curve(measure: &str, last: f64) -> String {
    format!("Validation {measure}  {last:.3}")
}

/// Over the curve of the Dice.
#[must_use]
pub fn dice_curve(first: Option<f64>, last: f64) -> String {
    match first {
        Some(first) => format!("Validation Dice  {first:.3} to {last:.3}"),
        None => format!("Validation Dice  {last:.3}"),
    }
}

/// The encoder that comes with the program.
pub const STARTER: &str = "Bundled starter encoder";
/// No weights.
pub const SCRATCH: &str = "From scratch";

/// By what an encoder normalises.
#[must_use]
pub fn norm(norm: EncoderNorm) -> &'static str {
    match norm {
        EncoderNorm::Auto => "Automatic",
        EncoderNorm::Batch => "Batch statistics",
        EncoderNorm::Frozen => "Frozen statistics",
        EncoderNorm::Group => "Groups of channels",
    }
}

/// What is kept for gradients.
#[must_use]
pub fn memory(checkpointing: Checkpointing) -> &'static str {
    match checkpointing {
        Checkpointing::Off => "Fastest",
        Checkpointing::Blocks => "Less memory, slower",
        Checkpointing::HalfBlocks => "Least memory, slower",
    }
}

/// A depth.
#[must_use]
pub fn depth(depth: Depth) -> &'static str {
    match depth {
        Depth::R10 => "ResNet-10",
        Depth::R18 => "ResNet-18",
        Depth::R34 => "ResNet-34",
        Depth::R50 => "ResNet-50",
        Depth::R101 => "ResNet-101",
        Depth::R152 => "ResNet-152",
        Depth::R200 => "ResNet-200",
    }
}

/// What turns features into labels.
#[must_use]
pub fn head(head: HeadKind) -> &'static str {
    match head {
        HeadKind::Skip => "Skip connections (finest)",
        HeadKind::Med3d => "Med3D reference",
        HeadKind::Branch => "Single layer (coarse)",
        HeadKind::DenseAspp => "DenseASPP (coarse, wide view)",
    }
}

/// What is minimised.
#[must_use]
pub fn loss(loss: LossKind) -> &'static str {
    match loss {
        LossKind::DiceCe => "Dice + cross entropy",
        LossKind::CrossEntropy => "Cross entropy",
        LossKind::Dice => "Dice",
        LossKind::Focal => "Focal",
        LossKind::DiceFocal => "Dice + focal",
        LossKind::Tversky => "Tversky (fewer misses)",
        LossKind::FocalTversky => "Focal Tversky (fewer misses)",
        LossKind::Boundary => "Dice + cross entropy + boundary",
    }
}

/// Why no training can start: one is running.
pub const IS_RUNNING: &str = "A fine-tuning is running.";
/// Why none can start: fewer than two classes.
pub const TWO_CLASSES: &str = "Give scans their class in the list of cases first: at least two classes are needed.";
/// Why none can start: a class without a case to learn from.
pub const CLASS_WITHOUT_TRAINING: &str = "Each class needs a case that trains: at present one has only cases that validate.";
/// Why none can start: no corrected case.
pub const NONE_CORRECTED: &str = "Mark a case as corrected first: it is what the network learns from.";
/// Why none can start: no label.
pub const NO_LABEL: &str = "Add a label first.";
/// It ended with a model for masks.
pub const MODEL_IS_READY: &str = "Fine-tuning finished. Press Propose to let the new model segment the open scan.";

/// It ended with a model that draws no masks.
#[must_use]
pub fn task_model_is_ready(does: &str) -> String {
    format!("Fine-tuning finished. The new model {does}: press Propose to ask it about the open scan.")
}

/// What a new model is called in the study.
#[must_use]
pub fn model_name(id: &str) -> String {
    format!("Model {id}")
}

/// What a new model that draws no masks is called in the study.
#[must_use]
pub fn task_model_name(id: &str, does: &str) -> String {
    format!("Model {id}, {does}")
}
