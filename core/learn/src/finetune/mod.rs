//! Fine-tuning a segmentation network on corrected cases.
//!
//! Patches with augmentation, Dice and cross entropy, a frozen validation set measured on whole scans, the best or the last
//! weights kept, and a card beside them.

mod curve;
mod settings;
mod start;
mod validate;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use burn::module::Module;
use medley_nn::SegmentationNetwork;
use medley_nn::loss::dice_and_cross_entropy;
use medley_nn::weights::save_network;
use sha2::{Digest, Sha256};

pub use settings::{EncoderNorm, FineTuneSettings, FineTuneSpec, Keep, WeightsSource};

pub(crate) use curve::{Curve, Pace};
pub(crate) use settings::{check_patch, check_training};
pub(crate) use start::{architecture, encoder};
pub(crate) use validate::{Measured, MeasuredCase};

use crate::card::{Card, CardCase, CardLabel, CardSet, CardSettings, CurvePoint, METADATA_KEY, Made};
use crate::device::{OpenDevice, open};
use crate::job::{JobKind, LabelDice};
use crate::optimise::Learner;
use crate::prepare::{IGNORE, PreparedCase, prepare, prepare_case};
use crate::sample::Sampler;
use crate::{Control, JobEvent, LearnError, Recipe, TrainingCase};

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

/// Cases made ready, and what the card says of them.
struct Ready {
    recipe: Recipe,
    training: Vec<PreparedCase>,
    validation: Vec<MeasuredCase>,
    set: CardSet,
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
    let earlier = start.earlier.as_ref().and_then(|card| card.recipe.clone());
    let ready = make_ready(training, validation, &labels, &spec.settings, earlier)?;
    let result = train(start.network, &ready, &labels, &spec.settings, start.weights.from != "scratch", &device, control, tell)?;

    let seconds = begin.elapsed().saturating_sub(result.waited).as_secs_f64();
    let card = Card {
        format: 1,
        kind: JobKind::FineTune,
        program: Card::this_program(),
        device: device.name,
        architecture: start.architecture,
        weights: start.weights,
        labels,
        recipe: Some(ready.recipe),
        sets: vec![ready.set],
        settings: CardSettings::FineTune(spec.settings),
        steps_done: result.steps_done,
        step: result.kept.step,
        chosen_by: result.chosen_by.to_owned(),
        dice: result.kept.dice.clone(),
        curve: result.curve.clone(),
        made: Some(Made::now(seconds)),
    };
    let (model, model_id, card_file) = write(&result.kept.network, &card, &spec.output)?;
    Ok(FineTuneOutcome {
        model,
        model_id,
        card_file,
        mean_dice: result.kept.mean,
        dice: result.kept.dice,
        curve: result.curve,
        best_step: result.kept.step,
        is_complete: result.steps_done == result.steps,
        seconds,
        card,
    })
}

pub(crate) fn card_labels(labels: &[(u16, String)]) -> Result<Vec<CardLabel>, LearnError> {
    let mut all = vec![CardLabel { value: 0, name: "background".to_owned() }];
    for (value, name) in labels.iter().filter(|(value, _)| *value != 0) {
        if all.iter().any(|label| label.value == *value) {
            return Err(LearnError::Setting(format!("the label {value} is listed twice")));
        }
        all.push(CardLabel { value: *value, name: name.clone() });
    }
    if all.len() < 2 {
        return Err(LearnError::Setting("there is no label to learn: add one to the label list".to_owned()));
    }
    Ok(all)
}

pub(crate) fn label_values(labels: &[CardLabel]) -> Vec<u16> {
    labels.iter().map(|label| label.value).collect()
}

/// Prepares all cases and lets go of the scans they came from.
fn make_ready(
    training: Vec<TrainingCase>,
    validation: Vec<TrainingCase>,
    labels: &[CardLabel],
    settings: &FineTuneSettings,
    earlier: Option<Recipe>,
) -> Result<Ready, LearnError> {
    let set = card_set(String::new(), &training, &validation)?;
    let mut recipe = match earlier {
        Some(recipe) => recipe,
        None => Recipe::plan(&training, &validation, settings.limits)?,
    };
    recipe.patch = match settings.patch {
        Some(patch) => patch,
        None => recipe.patch_for(training.iter().chain(&validation).map(|case| &*case.image), settings.limits)?,
    };
    let values = label_values(labels);
    let training = prepare_all(training, &recipe, &values)?;
    let validation = validation.into_iter().map(|case| measured_case(case, &recipe)).collect::<Result<_, _>>()?;
    Ok(Ready { recipe, training, validation, set })
}

pub(crate) fn prepare_all(cases: Vec<TrainingCase>, recipe: &Recipe, values: &[u16]) -> Result<Vec<PreparedCase>, LearnError> {
    let first = cases.first().ok_or(LearnError::NoCases)?.name.clone();
    let cases = cases.into_iter().map(|case| prepare_case(&case, recipe, values)).collect::<Result<Vec<_>, _>>()?;
    if cases.iter().all(|case| case.sites.iter().all(Vec::is_empty)) {
        return Err(LearnError::NothingToLearn { case: first });
    }
    Ok(cases)
}

pub(crate) fn measured_case(case: TrainingCase, recipe: &Recipe) -> Result<MeasuredCase, LearnError> {
    let same = case.image.grid().require_same(case.truth.grid());
    same.map_err(|source| LearnError::CaseGrid { case: case.name.clone(), source })?;
    Ok(MeasuredCase { scan: prepare(&case.image, recipe)?, truth: case.truth })
}

/// Hashes of all cases.
///
/// # Errors
/// If a scan is both learned from and measured on.
pub(crate) fn card_set(name: String, training: &[TrainingCase], validation: &[TrainingCase]) -> Result<CardSet, LearnError> {
    use rayon::prelude::*;
    let hashes = |cases: &[TrainingCase]| -> Vec<CardCase> { cases.par_iter().map(CardCase::of).collect() };
    let set = CardSet { name, training: hashes(training), validation: hashes(validation) };
    for (case, hashes) in validation.iter().zip(&set.validation) {
        if let Some(at) = set.training.iter().position(|other| other.image_sha256 == hashes.image_sha256) {
            let other = training.get(at).map_or("", |case| case.name.as_str());
            return Err(LearnError::Setting(format!(
                "the validation case “{}” is the same scan as the training case “{other}”: leave one of them out",
                case.name
            )));
        }
    }
    Ok(set)
}

/// Weights worth keeping.
struct Kept {
    step: usize,
    network: SegmentationNetwork,
    mean: Option<f64>,
    dice: Vec<LabelDice>,
}

struct Trained {
    kept: Kept,
    chosen_by: &'static str,
    curve: Vec<CurvePoint>,
    steps: usize,
    steps_done: usize,
    waited: Duration,
}

#[expect(clippy::too_many_arguments, reason = "they are what a training is made of, and have no other common life")]
fn train(
    mut network: SegmentationNetwork,
    ready: &Ready,
    labels: &[CardLabel],
    settings: &FineTuneSettings,
    has_weights: bool,
    device: &OpenDevice,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<Trained, LearnError> {
    let FineTuneSettings { steps, batch, keep, .. } = *settings;
    let train_device = device.device.clone().autodiff();
    let Recipe { patch, spacing_mm, .. } = ready.recipe;
    let sampler =
        Sampler::new(&ready.training, patch, spacing_mm, settings.foreground, settings.augmentation, settings.seed);
    let mut learner =
        Learner::new(&network.encoder, settings.optimiser, settings.weight_decay, settings.rates(has_weights));
    let mut measured = Measured::new(&ready.validation, labels, patch);
    let (mut curve, mut pace, mut waited) = (Curve::new(steps), Pace::default(), Duration::ZERO);
    let mut best: Option<Kept> = None;
    let mut step = 0;
    let is_due = |step: usize| step == steps || (settings.validate_every > 0 && step.is_multiple_of(settings.validate_every));
    while step < steps {
        match control.check() {
            Ok(pause) => waited += pause,
            Err(_) => break,
        }
        let start = Instant::now();
        let (image, classes) = sampler.batch(step as u64, batch).into_tensors(&train_device);
        let loss = dice_and_cross_entropy(network.logits_at_input(image), classes, Some(i64::from(IGNORE)));
        let loss;
        (network, loss) = learner.step(step, network, loss, &device.name)?;
        step += 1;
        pace.step(step, start.elapsed());
        curve.add(step, loss);
        let validations = if ready.validation.is_empty() { 0 } else { (step + 1..=steps).filter(|&step| is_due(step)).count() };
        tell(JobEvent::Step { step, steps, loss, seconds_left: pace.seconds_left(steps - step, validations) });
        if ready.validation.is_empty() || !is_due(step) {
            continue;
        }
        let start = Instant::now();
        let snapshot = network.valid();
        let (mean, dice) = match measured.dice(&snapshot, device, control) {
            Err(LearnError::Stopped) => break,
            other => other?,
        };
        pace.validation(start.elapsed());
        curve.validated(step, mean);
        tell(JobEvent::Validated { step, mean_dice: mean, per_label: dice.clone() });
        let is_better = best.as_ref().and_then(|best| best.mean).is_none_or(|best| mean > best);
        if is_better || (keep == Keep::Last && step == steps) {
            best = Some(Kept { step, network: snapshot, mean: Some(mean), dice });
        }
    }
    let curve = curve.into_points(step);
    let by_dice = keep == Keep::Best || step < steps;
    if step < steps && best.is_none() {
        return Err(LearnError::Stopped);
    }
    let chosen_by = if by_dice && best.is_some() { "highest mean Dice on the validation scans" } else { "last step" };
    let kept = best.unwrap_or_else(|| Kept { step, network: network.valid(), mean: None, dice: Vec::new() });
    Ok(Trained { kept, chosen_by, curve, steps, steps_done: step, waited })
}

/// Writes model and card; the model first, since it holds a card itself.
fn write(network: &SegmentationNetwork, card: &Card, folder: &Path) -> Result<(PathBuf, String, PathBuf), LearnError> {
    let model = folder.join("model.safetensors");
    make_folder(folder)?;
    let metadata = [(METADATA_KEY.to_owned(), card.reproducible_json()?)].into_iter().collect();
    save_network(&model, network, &metadata)?;
    let card_file = write_card(card, folder)?;
    Ok((model.clone(), file_sha256(&model)?, card_file))
}

pub(crate) fn make_folder(folder: &Path) -> Result<(), LearnError> {
    std::fs::create_dir_all(folder).map_err(|source| LearnError::Write { what: folder.display().to_string(), source })
}

pub(crate) fn write_card(card: &Card, folder: &Path) -> Result<PathBuf, LearnError> {
    let path = folder.join("card.json");
    let failed = |source| LearnError::Write { what: path.display().to_string(), source };
    let json = card.json()?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, json.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

pub(crate) fn file_sha256(path: &Path) -> Result<String, LearnError> {
    let bytes = std::fs::read(path).map_err(|source| LearnError::Write { what: path.display().to_string(), source })?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}
