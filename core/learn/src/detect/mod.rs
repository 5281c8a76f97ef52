//! Fine-tuning a network that finds boxes around objects: lesions, nodules, organs.
//!
//! Objects come from masks, one for each connected piece of the chosen labels. Patches are cut around objects and elsewhere, as in
//! a segmentation; whole scans are searched window by window.
//!
//! - [`DetectSpec`], [`run`]; `objects`: from masks to boxes and back onto scans; `lesson`: patches, loss, measurement
//! - `search`: whole scans; [`BoxPredictor`]: a trained model

mod lesson;
mod objects;
mod predict;
mod search;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use medley_nn::DetectionNetwork;
use medley_nn::weights::{Task, save_detection};

pub use lesson::box_scores;
pub use predict::BoxPredictor;
pub use settings::{DetectSettings, DetectSpec};

use crate::card::CardSettings;
use crate::device::open;
use crate::finetune::{architecture, card_labels};
use crate::job::JobKind;
use crate::lesson::{Finish, finish, train};
use crate::task::TaskOutcome;
use crate::{Control, JobEvent, LearnError};

/// Trains, measures, and writes `model.safetensors` and `card.json`. Blocks; looks at `control` between steps.
///
/// If it is stopped after a measurement on validation scans, the best weights until then are written.
///
/// # Errors
/// [`LearnError::Stopped`] if it is stopped before, and whatever goes wrong with cases, weights, device or files.
pub fn run(mut spec: DetectSpec, control: &Control, tell: &mut dyn FnMut(JobEvent)) -> Result<TaskOutcome, LearnError> {
    let begin = Instant::now();
    spec.settings.check()?;
    let labels = card_labels(&spec.labels)?;
    let device = open(spec.device)?;
    tell(JobEvent::Started { job: 0, kind: JobKind::FineTune, device: device.name.clone() });
    let training = spec.cases.training().map_err(LearnError::Source)?;
    let validation = spec.cases.validation().map_err(LearnError::Source)?;
    drop(std::mem::replace(&mut spec.cases, Box::new((Vec::new(), Vec::new()))));
    let settings = &spec.settings.training;
    let train_device = device.device.clone().autodiff();
    let file = spec.weights.open()?;
    let (encoder, weights) = settings.encoder(file.as_ref(), &train_device)?;
    let architecture = architecture(encoder.config(), None);
    let (cases, set) = lesson::Ready::new(training, validation, &labels, &spec.settings, control)?;
    let recipe = cases.recipe.clone();
    let mut lesson = lesson::BoxLesson::new(&cases, labels.len() - 1, &spec.settings);
    let has_weights = weights.are_learnt();
    let norm = settings.norm_mode(encoder.config(), has_weights, recipe.patch);
    let network = DetectionNetwork::from_encoder(encoder, labels.len() - 1, &train_device, settings.seed).with_encoder_norm(norm);
    let about = Finish {
        task: Task::Detect,
        begin,
        device: device.name.clone(),
        architecture,
        weights,
        labels,
        recipe,
        set,
        answers: None,
        settings: CardSettings::Detect(DetectSettings { training: settings.for_card(), ..spec.settings.clone() }),
        cleaning: Vec::new(),
        output: &spec.output,
    };
    let trained = train(network, &mut lesson, settings, &about, &device, control, tell)?;
    let finished = finish(&trained, about, save_detection)?;
    Ok(TaskOutcome::new(trained, finished))
}
