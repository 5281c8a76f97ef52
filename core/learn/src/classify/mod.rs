//! Fine-tuning a network that classifies whole scans.
//!
//! Each scan is one input: brought to the recipe's spacing, its middle cut out or its edges continued. Classes that exclude each
//! other (softmax) or labels that do not (sigmoid), some of them unknown.
//!
//! - [`ClassifySpec`], [`run`]; [`ClassifiedCase`], [`ClassSource`]: cases; `lesson`: inputs, loss, measurement
//! - [`scores`]: accuracy, area under the ROC curve, confusion; [`ClassPredictor`]: a trained model

mod cases;
mod lesson;
mod predict;
pub mod scores;
mod settings;
#[cfg(test)]
mod tests;

use std::time::Instant;

use medley_nn::ClassificationNetwork;
use medley_nn::weights::{Task, save_classification};

pub use cases::{ClassSource, ClassifiedCase};
pub use predict::ClassPredictor;
pub use settings::{Answers, ClassifySettings, ClassifySpec};

use crate::card::{CardLabel, CardSettings};
use crate::device::open;
use crate::finetune::architecture;
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
pub fn run(mut spec: ClassifySpec, control: &Control, tell: &mut dyn FnMut(JobEvent)) -> Result<TaskOutcome, LearnError> {
    let begin = Instant::now();
    spec.settings.check(&spec.classes)?;
    let device = open(spec.device)?;
    tell(JobEvent::Started { job: 0, kind: JobKind::FineTune, device: device.name.clone() });
    let (training, validation) = cases::split(spec.cases.as_mut(), spec.classes.len(), &spec.settings)?;
    let settings = &spec.settings.training;
    let train_device = device.device.clone().autodiff();
    let file = spec.weights.open()?;
    let (encoder, weights) = settings.encoder(file.as_ref(), &train_device)?;
    let architecture = architecture(encoder.config(), None);
    let (mut lesson, recipe, set) = lesson::ClassLesson::new(training, validation, &spec.classes, &spec.settings, control)?;
    let has_weights = weights.are_learnt();
    let norm = settings.norm_mode(encoder.config(), has_weights, recipe.patch);
    let network = ClassificationNetwork::from_encoder(encoder, spec.classes.len(), &train_device, settings.seed);
    let network = network.with_encoder_norm(norm);
    let number = |at: usize| u16::try_from(at + 1).unwrap_or(u16::MAX);
    let about = Finish {
        task: Task::Classify,
        begin,
        device: device.name.clone(),
        architecture,
        weights,
        labels: spec.classes.iter().enumerate().map(|(at, name)| CardLabel { value: number(at), name: name.clone() }).collect(),
        recipe,
        set,
        answers: Some(lesson.answers_sha256()),
        settings: CardSettings::Classify(ClassifySettings { training: settings.for_card(), ..spec.settings.clone() }),
        cleaning: Vec::new(),
        output: &spec.output,
    };
    let trained = train(network, &mut lesson, settings, &about, &device, control, tell)?;
    let finished = finish(&trained, about, save_classification)?;
    Ok(TaskOutcome::new(trained, finished))
}
