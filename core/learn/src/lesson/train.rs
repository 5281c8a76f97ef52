//! The loop.

use std::time::{Duration, Instant};

use burn::module::Module;

use super::{Lesson, Measured};
use crate::average::Average;
use crate::card::CurvePoint;
use crate::device::OpenDevice;
use crate::finetune::{Curve, Pace};
use crate::optimise::Learner;
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
) -> Result<Trained<L::Network, L::Measured>, LearnError> {
    let FineTuneSettings { steps, keep, validate_every, .. } = *settings;
    let train_device = device.device.clone().autodiff();
    let mut learner = Learner::new(L::encoder(&network), settings.optimiser, settings.weight_decay, settings.rates(has_weights));
    let window = (settings.average * steps as f64) as usize;
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
        let start = Instant::now();
        let (wrong, way_back) = lesson.loss(&network, step, &train_device);
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
        curve.measured(step, |point| measured.mark(point));
        tell(measured.event(step));
        let is_better = best.as_ref().is_none_or(|(_, _, best)| measured.rank() > best.rank());
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
                true => format!("{} on the validation scans", measured.ranked_by()),
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
