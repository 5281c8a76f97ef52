//! The loop.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use medley_nn::Encoder;

use super::TaskScores;
use crate::average::Average;
use crate::card::CurvePoint;
use crate::device::OpenDevice;
use crate::finetune::{Curve, Pace};
use crate::optimise::Learner;
use crate::{Control, FineTuneSettings, JobEvent, Keep, LearnError};

/// What is learned in a training, and how it is measured.
pub(crate) trait Lesson {
    /// The network that learns.
    type Network: Module;

    /// Its encoder, which may learn at a rate of its own.
    fn encoder(network: &Self::Network) -> &Encoder;

    /// The loss of a step, counted from 0; `device` is one for training.
    fn loss(&self, network: &Self::Network, step: usize, device: &Device) -> Tensor<1>;

    /// How good a network is on the validation scans; `None` if there are none.
    fn measure(&self, network: &Self::Network, device: &OpenDevice, control: &Control) -> Result<Option<Measurement>, LearnError>;
}

/// What was measured on validation scans.
#[derive(Debug, Clone)]
pub(crate) struct Measurement {
    pub(crate) scores: TaskScores,
    /// By which weights are chosen: the higher is the better, the second where the first are equal.
    pub(crate) rank: (f64, f64),
    /// What that is, in words.
    pub(crate) ranked_by: &'static str,
}

/// What a training came to.
pub(crate) struct Trained<N> {
    pub(crate) network: N,
    pub(crate) step: usize,
    pub(crate) measured: Option<Measurement>,
    pub(crate) chosen_by: String,
    pub(crate) curve: Vec<CurvePoint>,
    pub(crate) steps_done: usize,
    pub(crate) waited: Duration,
}

/// Takes the steps; keeps the best weights or the last, as the settings say. Stopped after a measurement, it keeps the best so far.
pub(crate) fn train<L: Lesson>(
    mut network: L::Network,
    lesson: &L,
    settings: &FineTuneSettings,
    has_weights: bool,
    device: &OpenDevice,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<Trained<L::Network>, LearnError> {
    let FineTuneSettings { steps, keep, validate_every, .. } = *settings;
    let train_device = device.device.clone().autodiff();
    let mut learner = Learner::new(L::encoder(&network), settings.optimiser, settings.weight_decay, settings.rates(has_weights));
    let window = (settings.average * steps as f64) as usize;
    let mut average: Option<Average<L::Network>> = None;
    let (mut curve, mut pace, mut waited) = (Curve::new(steps), Pace::default(), Duration::ZERO);
    let mut best: Option<(usize, L::Network, Measurement)> = None;
    let is_due = |step: usize| step == steps || (validate_every > 0 && step.is_multiple_of(validate_every));
    let mut step = 0;
    while step < steps {
        match control.check() {
            Ok(pause) => waited += pause,
            Err(_) => break,
        }
        let start = Instant::now();
        let wrong = lesson.loss(&network, step, &train_device);
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
        let validations = if validate_every == 0 { 1 } else { steps.div_ceil(validate_every) - step / validate_every };
        tell(JobEvent::Step { step, steps, loss, seconds_left: pace.seconds_left(steps - step, validations) });
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
        let (measure, score) = (measured.scores.measure(), measured.scores.score());
        curve.scored(step, score);
        tell(JobEvent::Scored { step, measure, score });
        let is_better = best.as_ref().is_none_or(|(_, _, best)| measured.rank > best.rank);
        if is_better || (keep == Keep::Last && step == steps) {
            best = Some((step, snapshot, measured));
        }
    }
    if step < steps && best.is_none() {
        return Err(LearnError::Stopped);
    }
    let curve = curve.into_points(step);
    let by_rank = keep == Keep::Best || step < steps;
    Ok(match best {
        Some((kept, network, measured)) => {
            let chosen_by = match by_rank {
                true => format!("{} on the validation scans", measured.ranked_by),
                false => "last step".to_owned(),
            };
            Trained { network, step: kept, measured: Some(measured), chosen_by, curve, steps_done: step, waited }
        }
        None => {
            let network = average.as_ref().map_or_else(|| network.valid(), Average::network);
            Trained { network, step, measured: None, chosen_by: "last step".to_owned(), curve, steps_done: step, waited }
        }
    })
}
