//! Fine-tuning a segmentation network on corrected cases.
//!
//! Patches with augmentation, Dice and cross entropy or another loss, a frozen validation set measured on whole scans, the best
//! or the last weights kept, and a card beside them.

mod cases;
mod curve;
#[cfg(test)]
mod heads_and_losses;
mod lesson;
mod settings;
mod start;
#[cfg(test)]
mod tests;
mod timed;
mod validate;
mod write;

use std::path::PathBuf;
use std::time::Instant;

use medley_nn::weights::{Task, save_network};

pub use settings::{EncoderChanges, EncoderNorm, FineTuneSettings, FineTuneSpec, Keep, WeightsSource};

pub(crate) use cases::{card_labels, card_set, label_values, measured_case, planned, prepare_all};
pub(crate) use curve::{Curve, Pace};
pub(crate) use settings::{check_patch, check_training};
pub(crate) use start::{architecture, encoder};
pub(crate) use timed::{Timed, timed};
pub(crate) use validate::{Measured, MeasuredCase};
pub(crate) use write::{file_sha256, make_folder, write_card, write_model};

use cases::make_ready;
use lesson::MaskLesson;

use crate::card::{Card, CardSettings, CurvePoint};
use crate::device::open;
use crate::job::{JobKind, LabelDice};
use crate::lesson::{Finish, Finished, finish, train};
use crate::{Control, JobEvent, LearnError};

/// What a fine-tuning leaves behind.
#[derive(Debug, Clone)]
pub struct FineTuneOutcome {
    /// The model's file.
    pub model: PathBuf,
    /// SHA-256 of the model's file.
    pub model_id: String,
    /// The card's file.
    pub card_file: PathBuf,
    /// The card.
    pub card: Card,
    /// Mean Dice of the kept weights on the validation scans, where there are any.
    pub mean_dice: Option<f64>,
    /// The same per label.
    pub dice: Vec<LabelDice>,
    /// Loss and Dice over the steps.
    pub curve: Vec<CurvePoint>,
    /// After how many steps the kept weights were taken.
    pub best_step: usize,
    /// Whether all steps were done; if not, somebody stopped it.
    pub is_complete: bool,
    /// Seconds of work.
    pub seconds: f64,
}

/// Trains, measures, and writes `model.safetensors` and `card.json`. Blocks; looks at `control` between steps.
///
/// If it is stopped after a measurement on validation scans, the best weights until then are written.
///
/// # Errors
/// [`LearnError::Stopped`] if it is stopped before, and whatever goes wrong with cases, weights, device or files. No file is
/// left half written.
pub fn run(mut spec: FineTuneSpec, control: &Control, tell: &mut dyn FnMut(JobEvent)) -> Result<FineTuneOutcome, LearnError> {
    let begin = Instant::now();
    spec.settings.check()?;
    let labels = card_labels(&spec.labels)?;
    let device = open(spec.device)?;
    tell(JobEvent::Started { job: 0, kind: JobKind::FineTune, device: device.name.clone() });
    let training = spec.cases.training().map_err(LearnError::Source)?;
    let validation = spec.cases.validation().map_err(LearnError::Source)?;
    drop(std::mem::replace(&mut spec.cases, Box::new((Vec::new(), Vec::new()))));
    let start = start::start(&spec.weights, &spec.settings, &labels, &device.device.clone().autodiff())?;
    let ready = make_ready(training, validation, &labels, &spec.settings, start.earlier, control)?;
    let has_weights = start.weights.are_learnt();
    let norm = spec.settings.norm_mode(start.network.encoder.config(), has_weights, ready.recipe.patch);
    let network = start.network.with_encoder_norm(norm);
    let lesson = MaskLesson::new(&ready, &labels, &spec.settings);
    let trained = train(network, &lesson, &spec.settings, has_weights, &device, control, tell)?;
    let about = Finish {
        task: Task::Segment,
        begin,
        device: device.name,
        architecture: start.architecture,
        weights: start.weights,
        labels: labels.clone(),
        recipe: ready.recipe.clone(),
        set: ready.set.clone(),
        steps: spec.settings.steps,
        settings: CardSettings::FineTune(spec.settings.clone()),
        output: &spec.output,
    };
    let Finished { model, model_id, card_file, card, seconds, is_complete } = finish(&trained, about, save_network)?;
    let (mean_dice, dice) = trained.measured.map(|dice| (dice.mean, dice.per_label)).unzip();
    Ok(FineTuneOutcome {
        model,
        model_id,
        card_file,
        card,
        mean_dice,
        dice: dice.unwrap_or_default(),
        curve: trained.curve,
        best_step: trained.step,
        is_complete,
        seconds,
    })
}
