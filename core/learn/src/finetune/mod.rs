//! Fine-tuning a segmentation network on corrected cases.
//!
//! Patches with augmentation, Dice and cross entropy or another loss, a frozen validation set measured on whole scans, the best
//! or the last weights kept, and a card beside them.

mod cases;
mod curve;
mod data;
mod flow;
#[cfg(test)]
mod flow_tests;
#[cfg(test)]
mod heads_and_losses;
mod lesson;
mod recipes;
mod settings;
mod start;
#[cfg(test)]
mod tests;
mod timed;
mod validate;
#[cfg(test)]
mod ways_of_learning;
mod write;

use std::path::PathBuf;
use std::time::Instant;

use medley_nn::weights::{Task, save_network};

pub use data::DataOptions;
pub use flow::ReplayedCases;
pub use recipes::{RecipeValue, TrainingRecipe, When};
pub use settings::{EncoderChanges, EncoderNorm, FineTuneSettings, FineTuneSpec, Keep, WeightsSource};

pub(crate) use cases::{card_labels, card_set, label_values, measured_case, planned, prepare_all};
pub(crate) use curve::{Curve, Pace};
pub(crate) use settings::{check_patch, check_training};
pub(crate) use start::{architecture, encoder};
pub(crate) use timed::{Timed, timed};
pub(crate) use validate::{Measured, MeasuredCase};
pub(crate) use write::{file_sha256, make_folder, write_card, write_model};

use cases::{Ready, make_ready};
use flow::{Flow, InForce};
use lesson::MaskLesson;

use crate::card::{Card, CardSettings, CurvePoint};
use crate::device::open;
use crate::job::{JobKind, LabelDice};
use crate::lesson::{Finish, Finished, Lesson, finish, train};
use crate::{Control, JobEvent, LearnError, checkpoint};

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
    /// Share of the steps' time in which the device waited for patches.
    pub data_wait: f64,
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
    let generation = spec.cases.generation(0);
    let training = spec.cases.training().map_err(LearnError::Source)?;
    let validation = spec.cases.validation().map_err(LearnError::Source)?;
    let source = std::mem::replace(&mut spec.cases, Box::new((Vec::new(), Vec::new())));
    let source = spec.settings.follow_cases.then_some(source);
    let start = start::start(&spec.weights, &spec.settings, &labels, &device.device.clone().autodiff())?;
    // With other cases at hand than it was begun with, a training that goes on would plan otherwise.
    let recorded = (source.is_some() && spec.settings.checkpoints.resume).then(|| checkpoint::recipe(&spec.output)).flatten();
    let training = if recorded.is_some() { flow::without_measured(training, &validation) } else { training };
    let ready = make_ready(training, validation, &labels, &spec.settings, (start.earlier, recorded), &spec.data, control)?;
    let Ready { recipe, training, looked_for, sides, validation, set } = ready;
    let flow = source.map(|source| Flow::new(source, generation, set.clone()));
    let has_weights = start.weights.are_learnt();
    let norm = spec.settings.norm_mode(start.network.encoder.config(), has_weights, recipe.patch);
    let network = start.network.with_encoder_norm(norm);
    let in_force = InForce { cases: training, looked_for };
    let mut lesson = MaskLesson::new(in_force, flow, (&recipe, &labels, &sides), &validation, &spec.settings, &spec.data);
    let mut about = Finish {
        task: Task::Segment,
        begin,
        device: device.name.clone(),
        architecture: start.architecture,
        weights: start.weights,
        labels: labels.clone(),
        recipe: recipe.clone(),
        set,
        answers: None,
        settings: CardSettings::FineTune(spec.settings.for_card()),
        cleaning: Vec::new(),
        output: &spec.output,
    };
    let trained = train(network, &mut lesson, &spec.settings, &about, &device, control, tell)?;
    about.set = lesson.card_set().unwrap_or(about.set);
    let wants_cleaning = spec.settings.postprocess && trained.measured.is_some();
    about.cleaning = match wants_cleaning.then(|| lesson.cleaning(&trained.network, &device, control)) {
        // Who stops a training wants the best model until then, as it is.
        None | Some(Err(LearnError::Stopped)) => Vec::new(),
        Some(found) => found?,
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
        data_wait: trained.data_wait,
    })
}
