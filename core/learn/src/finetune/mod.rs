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

use crate::average::Average;
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
    let has_weights = start.weights.from != "scratch";
    let norm = start::norm_mode(spec.settings.encoder_norm, has_weights, spec.settings.batch, ready.recipe.patch);
    let network = start.network.with_encoder_norm(norm);
    let result = train(network, &ready, &labels, &spec.settings, has_weights, &device, control, tell)?;

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
        pretrained: Vec::new(),
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
    recipe.spacing_mm = settings.spacing_mm.unwrap_or(recipe.spacing_mm);
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
    let set = CardSet { name, labels: Vec::new(), recipe: None, training: hashes(training), validation: hashes(validation) };
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
    let sampler = Sampler::new(&ready.training, &ready.recipe, settings.foreground, settings.augmentation, settings.seed);
    let mut learner = Learner::new(&network.encoder, settings.optimiser, settings.weight_decay, settings.rates(has_weights));
    let mut measured = Measured::new(&ready.validation, labels, ready.recipe.patch);
    let (mut curve, mut pace, mut waited) = (Curve::new(steps), Pace::default(), Duration::ZERO);
    let mut best: Option<Kept> = None;
    let window = (settings.average * steps as f64) as usize;
    let mut average: Option<Average<SegmentationNetwork>> = None;
    let mut step = 0;
    let is_due = |step: usize| step == steps || (settings.validate_every > 0 && step.is_multiple_of(settings.validate_every));
    while step < steps {
        match control.check() {
            Ok(pause) => waited += pause,
            Err(_) => break,
        }
        let start = Instant::now();
        let (image, classes) = sampler.batch(step as u64, batch).into_tensors(&train_device);
        let wrong = dice_and_cross_entropy(network.logits_at_input(image), classes, Some(i64::from(IGNORE)));
        if control.is_stopped() {
            break;
        }
        let loss;
        (network, loss) = learner.step(step, network, wrong, &device.name)?;
        step += 1;
        average = match average {
            Some(average) => Some(average.add(&network.valid())),
            None => (window > 1).then(|| Average::new(network.valid(), window)),
        };
        pace.step(step, start.elapsed());
        curve.add(step, loss);
        let validations = if ready.validation.is_empty() { 0 } else { (step + 1..=steps).filter(|&step| is_due(step)).count() };
        tell(JobEvent::Step { step, steps, loss, seconds_left: pace.seconds_left(steps - step, validations) });
        if ready.validation.is_empty() || !is_due(step) {
            continue;
        }
        let start = Instant::now();
        let snapshot = average.as_ref().map_or_else(|| network.valid(), Average::network);
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
    let last = || average.as_ref().map_or_else(|| network.valid(), Average::network);
    let kept = best.unwrap_or_else(|| Kept { step, network: last(), mean: None, dice: Vec::new() });
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
    let (path, part) = (folder.join("card.json"), folder.join(".card.json.part"));
    let written = std::fs::write(&part, card.json()?).and_then(|()| std::fs::rename(&part, &path));
    written.map_err(|source| LearnError::Write { what: path.display().to_string(), source })?;
    Ok(path)
}

pub(crate) fn file_sha256(path: &Path) -> Result<String, LearnError> {
    let bytes = std::fs::read(path).map_err(|source| LearnError::Write { what: path.display().to_string(), source })?;
    Ok(Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use medley_nn::weights::WeightsFile;
    use medley_volume::metrics;

    use super::*;
    use crate::synthetic::{ball, fine_tuning, flipped_ball, quick};
    use crate::{DeviceChoice, Predictor};

    fn run_with(steps: usize, change: impl FnOnce(&mut FineTuneSpec)) -> (tempfile::TempDir, FineTuneOutcome, Vec<JobEvent>) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), quick(steps), folder.path());
        change(&mut spec);
        let mut events = Vec::new();
        let outcome = run(spec, &Control::new(), &mut |event| events.push(event)).expect("trained");
        (folder, outcome, events)
    }

    #[test]
    fn a_ball_is_learned_and_found_in_scans_it_never_saw() {
        let (_folder, outcome, events) = run_with(80, |_| {});
        let losses: Vec<f64> =
            events.iter().filter_map(|event| if let JobEvent::Step { loss, .. } = event { Some(*loss) } else { None }).collect();
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        assert!(mean(&losses[75..]) < 0.5 * mean(&losses[..5]), "{losses:?}");
        assert!(outcome.mean_dice.is_some_and(|dice| dice > 0.7), "{:?}", outcome.dice);

        let predictor = Predictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model");
        assert_eq!(predictor.id(), outcome.model_id);
        let case = flipped_ball(3);
        let mut windows = Vec::new();
        let labels = predictor.predict(&case.image, &Control::new(), &mut |done, all| windows.push((done, all))).expect("labels");
        assert!(labels.grid().is_same_as(case.image.grid(), 0.0));
        let dice = metrics::dice_per_label(&labels, &case.truth).expect("same grid");
        assert!(dice.get(&5).is_some_and(|&dice| dice > 0.6), "{dice:?}");
        assert!(windows.last().is_some_and(|(done, all)| done == all));
    }

    #[test]
    fn the_same_seed_gives_the_same_losses_and_the_same_file() {
        let (_a, first, first_events) = run_with(6, |_| {});
        let (_b, second, second_events) = run_with(6, |_| {});
        let losses = |events: &[JobEvent]| -> Vec<u64> {
            events.iter().filter_map(|e| if let JobEvent::Step { loss, .. } = e { Some(loss.to_bits()) } else { None }).collect()
        };
        assert_eq!(losses(&first_events), losses(&second_events));
        assert_eq!(first.model_id, second.model_id);
        let (_c, other, _) = run_with(6, |spec| spec.settings.seed = 1);
        assert_ne!(first.model_id, other.model_id);
    }

    #[test]
    fn the_card_says_how_it_was_made_and_names_nobody() {
        let (_folder, outcome, _) = run_with(2, |_| {});
        let json = std::fs::read_to_string(&outcome.card_file).expect("a card");
        assert_eq!(Card::from_json("card", &json).expect("a card"), outcome.card);
        assert!(!json.contains("ball-1") && !json.contains("ball-2"), "a case's name is in the card");
        let set = &outcome.card.sets[0];
        assert_eq!((set.training.len(), set.validation.len()), (1, 1));
        assert_eq!(set.training[0], CardCase::of(&ball(1)));
        assert_eq!(outcome.card.weights.from, "scratch");
        let file = WeightsFile::open(&outcome.model).expect("a model");
        assert!(!file.metadata()[METADATA_KEY].contains("unix_ms"));
    }

    #[test]
    fn training_goes_on_from_a_model_and_takes_only_the_encoder_for_other_labels() {
        let (_folder, first, _) = run_with(2, |_| {});
        let go_on = |spec: &mut FineTuneSpec| spec.weights = WeightsSource::File(first.model.clone());
        let (_b, second, _) = run_with(1, go_on);
        assert_eq!(second.card.weights.from, "network");
        assert_eq!(second.card.weights.sha256.as_ref(), Some(&first.model_id));
        assert_eq!(second.card.recipe, first.card.recipe);
        let (_c, third, _) = run_with(1, |spec| {
            go_on(spec);
            spec.labels = vec![(5, "sphere".to_owned())];
        });
        assert_eq!((third.card.weights.from.as_str(), third.card.weights.missing), ("encoder", 0));
    }

    #[test]
    fn the_best_weights_are_kept_and_a_stop_keeps_those_found_so_far() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = FineTuneSettings { validate_every: 1, ..quick(50) };
        let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), settings, folder.path());
        let (control, mut measured) = (Control::new(), Vec::new());
        let handle = control.clone();
        let outcome = run(spec, &control, &mut |event| {
            if let JobEvent::Validated { step, mean_dice, .. } = event {
                measured.push((step, mean_dice));
                if step == 3 {
                    handle.stop();
                }
            }
        });
        let outcome = outcome.expect("the best so far");
        let best = measured.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a }).expect("measured");
        assert!(!outcome.is_complete && outcome.card.steps_done == 3);
        assert_eq!((outcome.best_step, outcome.mean_dice), (best.0, Some(best.1)));
        assert!(Predictor::open(&outcome.model, DeviceChoice::Cpu).is_ok());
    }

    #[test]
    fn a_stop_before_the_first_measurement_leaves_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), quick(50), &folder.path().join("model"));
        let control = Control::new();
        let handle = control.clone();
        let result = run(spec, &control, &mut |event| {
            if matches!(event, JobEvent::Step { step: 2, .. }) {
                handle.stop();
            }
        });
        assert!(matches!(result, Err(LearnError::Stopped)));
        assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none());
    }

    #[test]
    fn a_scan_cannot_be_both_learned_from_and_measured_on() {
        let folder = tempfile::tempdir().expect("a folder");
        let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(1)])), quick(1), folder.path());
        let error = run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string();
        assert!(error.contains("ball-1"), "{error}");
    }

    #[test]
    fn nothing_to_learn_is_said_before_anything_is_computed() {
        let folder = tempfile::tempdir().expect("a folder");
        let none = fine_tuning(Box::new((Vec::new(), Vec::new())), quick(1), folder.path());
        assert!(matches!(run(none, &Control::new(), &mut |_| {}), Err(LearnError::NoCases)));
        let mut other = fine_tuning(Box::new((vec![ball(1)], Vec::new())), quick(1), folder.path());
        other.labels = vec![(77, "absent".to_owned())];
        assert!(matches!(run(other, &Control::new(), &mut |_| {}), Err(LearnError::NothingToLearn { .. })));
    }

    #[test]
    fn a_loss_that_is_no_number_ends_the_training() {
        let device = open(DeviceChoice::Cpu).expect("the CPU");
        let train_device = device.device.clone().autodiff();
        let config =
            medley_nn::EncoderConfig { depth: medley_nn::Depth::R10, shortcut: medley_nn::Shortcut::B, base_width: 4, in_channels: 1 };
        let encoder = config.init(&train_device, 0);
        let rates = quick(2).rates(false);
        let mut learner = Learner::new(&encoder, crate::optimise::Optimiser::AdamW, 0.0, rates);
        let loss = burn::tensor::Tensor::<1>::from_floats([f32::NAN], &train_device);
        assert!(matches!(learner.step(4, encoder, loss, "cpu"), Err(LearnError::Diverged { step: 5 })));
    }
}
