//! The loop.

use std::time::{Duration, Instant};

use burn::module::Module;

use super::{Feed, Lesson, Measured, Waiting, feed, freeze};
use crate::average::Average;
use crate::card::CurvePoint;
use crate::device::OpenDevice;
use crate::finetune::{Curve, Pace};
use crate::optimise::{Learner, Rates};
use crate::{Control, FineTuneSettings, JobEvent, Keep, LearnError};

/// What a training came to.
pub(crate) struct Trained<N, M> {
    pub(crate) network: N,
    pub(crate) step: usize,
    pub(crate) measured: Option<M>,
    pub(crate) chosen_by: String,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) steps_done: usize,
    pub(crate) waited: Duration,
    /// Share of the steps' time in which the device waited for inputs.
    pub(crate) data_wait: f64,
    /// Whether it ended because nothing got better.
    pub(crate) ended_early: bool,
}

/// Takes the steps; keeps the best weights or the last, as the settings say. Stopped after a measurement, it keeps the best so far.
pub(crate) fn train<L: Lesson>(
    network: L::Network,
    lesson: &L,
    settings: &FineTuneSettings,
    has_weights: bool,
    device: &OpenDevice,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<Trained<L::Network, L::Measured>, LearnError> {
    feed(lesson.threads(device), 0..settings.steps, &|step| lesson.input(step), |feed| {
        train_fed(network, lesson, feed, settings, has_weights, device, control, tell)
    })
}

#[expect(clippy::too_many_arguments, reason = "those of `train` and the feed")]
fn train_fed<L: Lesson>(
    mut network: L::Network,
    lesson: &L,
    feed: &mut Feed<'_, L::Input, impl Fn(usize) -> L::Input>,
    settings: &FineTuneSettings,
    has_weights: bool,
    device: &OpenDevice,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<Trained<L::Network, L::Measured>, LearnError> {
    let FineTuneSettings { steps, keep, validate_every, patience, .. } = *settings;
    let train_device = device.device.clone().autodiff();
    let rates = Rates { steps_per_epoch: lesson.cases().div_ceil(settings.batch), ..settings.rates(has_weights) };
    let learner = Learner::new(L::encoder(&network), settings.optimiser, settings.weight_decay, rates);
    let mut learner = learner.with_clipping(settings.clip_norm);
    let (norm_mode, mut is_frozen) = (L::encoder(&network).norm_mode(), false);
    let window = settings.average_window();
    let (mut waiting, mut without_better, mut ended_early) = (Waiting::default(), 0, false);
    let mut average: Option<Average<L::Network>> = None;
    let (mut curve, mut pace, mut waited) = (Curve::new(steps), Pace::default(), Duration::ZERO);
    let mut best: Option<(usize, L::Network, L::Measured)> = None;
    let is_due = |step: usize| step == steps || (validate_every > 0 && step.is_multiple_of(validate_every));
    let mut step = 0;
    while step < steps {
        match control.check() {
            Ok(pause) => waited += pause,
            Err(_) => break,
        }
        if is_frozen != (step < rates.frozen) {
            is_frozen = !is_frozen;
            let change = |encoder| if is_frozen { freeze::frozen(encoder) } else { freeze::thawed(encoder, norm_mode) };
            network = L::with_encoder(network, change);
        }
        let start = Instant::now();
        let (input, waited_for_it) = feed.take(step);
        let (wrong, way_back) = lesson.loss(&network, input, step, &train_device);
        if control.is_stopped() {
            break;
        }
        let loss;
        (network, loss) = learner.step(step, network, wrong, way_back, &device.name)?;
        step += 1;
        average = match average {
            Some(average) => Some(average.add(&network.valid())),
            None => (window > 1).then(|| Average::new(network.valid(), window)),
        };
        pace.step(step, start.elapsed());
        waiting.add(waited_for_it, start.elapsed());
        curve.add(step, loss);
        let validations = if validate_every == 0 { 1 } else { steps.div_ceil(validate_every) - step / validate_every };
        let (seconds_left, data_wait) = (pace.seconds_left(steps - step, validations), waiting.share());
        tell(JobEvent::Step { step, steps, loss, seconds_left, data_wait });
        if !is_due(step) {
            continue;
        }
        let start = Instant::now();
        let snapshot = average.as_ref().map_or_else(|| network.valid(), Average::network);
        let measured = match lesson.measure(&snapshot, device, control) {
            Err(LearnError::Stopped) => break,
            other => other?,
        };
        let Some(measured) = measured else { continue };
        pace.validation(start.elapsed());
        curve.measured(step, |point| measured.mark(point));
        tell(measured.event(step));
        let is_better = best.as_ref().is_none_or(|(_, _, best)| measured.rank() > best.rank());
        if is_better || (keep == Keep::Last && step == steps) {
            best = Some((step, snapshot, measured));
        }
        without_better = if is_better { 0 } else { without_better + 1 };
        if patience > 0 && without_better >= patience && step < steps {
            ended_early = true;
            break;
        }
    }
    if step < steps && best.is_none() {
        return Err(LearnError::Stopped);
    }
    let curve = curve.into_points(step);
    let data_wait = waiting.share();
    let by_rank = keep == Keep::Best || step < steps;
    Ok(match best {
        Some((kept, network, measured)) => {
            let chosen_by = match by_rank {
                true if ended_early => format!("{} on the validation scans, none better in {patience} measurements", measured.ranked_by()),
                true => format!("{} on the validation scans", measured.ranked_by()),
                false => "last step".to_owned(),
            };
            let measured = Some(measured);
            Trained { network, step: kept, measured, chosen_by, curve, steps_done: step, waited, data_wait, ended_early }
        }
        None => {
            let network = average.as_ref().map_or_else(|| network.valid(), Average::network);
            let chosen_by = "last step".to_owned();
            Trained { network, step, measured: None, chosen_by, curve, steps_done: step, waited, data_wait, ended_early }
        }
    })
}
