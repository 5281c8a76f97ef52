//! The loop.

use std::time::{Duration, Instant};

use burn::module::Module;
use medley_nn::SegmentationNetwork;
use medley_nn::head::Draw;
use medley_nn::loss::Annotated;

use super::cases::Ready;
use super::{Curve, FineTuneSettings, Keep, Measured, Pace};
use crate::average::Average;
use crate::card::{CardLabel, CurvePoint};
use crate::device::OpenDevice;
use crate::job::LabelDice;
use crate::optimise::Learner;
use crate::sample::Sampler;
use crate::{Control, JobEvent, LearnError};

/// Weights worth keeping.
pub(super) struct Kept {
    pub(super) step: usize,
    pub(super) network: SegmentationNetwork,
    pub(super) mean: Option<f64>,
    pub(super) dice: Vec<LabelDice>,
}

pub(super) struct Trained {
    pub(super) kept: Kept,
    pub(super) chosen_by: &'static str,
    pub(super) curve: Vec<CurvePoint>,
    pub(super) steps: usize,
    pub(super) steps_done: usize,
    pub(super) waited: Duration,
}

#[expect(clippy::too_many_arguments, reason = "they are what a training is made of, and have no other common life")]
pub(super) fn train(
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
        let (image, mut target) = sampler.batch(step as u64, batch).into_image_and_target(&train_device);
        if let Some(annotated) = &ready.annotated {
            target = target.with_annotated(Annotated::same(batch, annotated));
        }
        let draw = Draw { seed: settings.seed, number: step as u64 };
        let (levels, way_back) = network.training_levels(image, settings.deep_supervision, draw, settings.checkpointing);
        let wrong = settings.loss.of_levels(levels, &target);
        if control.is_stopped() {
            break;
        }
        let loss;
        (network, loss) = learner.step_walking(step, network, wrong, way_back, &device.name)?;
        step += 1;
        average = match average {
            Some(average) => Some(average.add(&network.valid())),
            None => (window > 1).then(|| Average::new(network.valid(), window)),
        };
        pace.step(step, start.elapsed());
        curve.add(step, loss);
        let validations = match settings.validate_every {
            _ if ready.validation.is_empty() => 0,
            0 => 1,
            every => steps.div_ceil(every) - step / every,
        };
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
