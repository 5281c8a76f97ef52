//! The loop.

use std::time::{Duration, Instant};

use burn::module::Module;

use super::standing::{Standing, StandingOf};
use super::{Finish, Lesson, Measured};
use crate::average::Average;
use crate::card::CurvePoint;
use crate::checkpoint::Keeper;
use crate::device::OpenDevice;
use crate::finetune::Pace;
use crate::optimise::Learner;
use crate::pulse::Pulse;
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
    /// Seconds of work before it was gone on with.
    pub(crate) earlier: f64,
    pub(crate) keeper: Keeper,
}

/// Takes the steps; keeps the best weights or the last, as the settings say. Stopped after a measurement, it keeps the best so far.
///
/// Where checkpoints are written, also where it is stopped: between steps, so that going on gives what going through would have.
pub(crate) fn train<L: Lesson>(
    network: L::Network,
    lesson: &mut L,
    settings: &FineTuneSettings,
    about: &Finish<'_>,
    device: &OpenDevice,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<Trained<L::Network, L::Measured>, LearnError> {
    let FineTuneSettings { steps, keep, validate_every, .. } = *settings;
    let train_device = device.device.clone().autodiff();
    let rates = settings.rates(about.weights.are_learnt());
    let learner = |network: &L::Network| Learner::new(L::encoder(network), settings.optimiser, settings.weight_decay, rates);
    let window = (settings.average * steps as f64) as usize;
    let mut keeper = about.keeper(settings.checkpoints)?;
    let (mut pace, mut waited, mut earlier) = (Pace::default(), Duration::ZERO, 0.0);
    let (mut standing, mut learner): (StandingOf<L>, Learner) = match keeper.found()? {
        Some(found) => {
            earlier = found.progress.seconds;
            lesson.take_up(found.progress.cases.as_ref()).map_err(|reason| keeper.refusal(reason))?;
            Standing::taken_up(found, network, window, learner).map_err(|reason| keeper.refusal(reason))?
        }
        None => {
            let learner = learner(&network);
            (Standing::begin(network, steps), learner)
        }
    };
    if standing.step > 0 {
        tell(JobEvent::Resumed { step: standing.step });
    }
    let (mut pulse, voxels) = (Pulse::default(), settings.batch * about.recipe.patch.iter().product::<usize>());
    let worked = |waited: Duration| earlier + about.begin.elapsed().saturating_sub(waited).as_secs_f64();
    let is_due = |step: usize| step == steps || (validate_every > 0 && step.is_multiple_of(validate_every));
    loop {
        if standing.owes_measurement {
            match measure(&mut standing, &*lesson, keep == Keep::Last, steps, device, control, &mut pace, tell) {
                Err(LearnError::Stopped) => break,
                other => other?,
            }
        }
        if standing.step >= steps {
            break;
        }
        if let Some(changed) = lesson.renew(standing.step, control) {
            tell(changed);
        }
        if keeper.is_due(standing.step) {
            standing.cases = lesson.cases();
            standing.write(&learner, worked(waited), &mut keeper, &device.name)?;
        }
        match control.check() {
            Ok(pause) => waited += pause,
            Err(_) => break,
        }
        let start = Instant::now();
        let (wrong, way_back) = lesson.loss(&standing.network, standing.step, &train_device);
        // A step that was begun has moved the running statistics, so a checkpoint waits for its end.
        if control.is_stopped() && !keeper.is_on() {
            break;
        }
        let loss;
        (standing.network, loss) = learner.step(standing.step, standing.network, wrong, way_back, &device.name)?;
        standing.step += 1;
        let step = standing.step;
        standing.average = match standing.average.take() {
            Some(average) => Some(average.add(&standing.network.valid())),
            None => (window > 1).then(|| Average::new(standing.network.valid(), window)),
        };
        pace.step(step, start.elapsed());
        let live = pulse.step(loss, rates.at(step - 1), voxels, start.elapsed());
        standing.curve.add(step, loss);
        let validations = if validate_every == 0 { 1 } else { steps.div_ceil(validate_every) - step / validate_every };
        tell(JobEvent::Step { step, steps, loss, seconds_left: pace.seconds_left(steps - step, validations), live });
        standing.owes_measurement = is_due(step);
    }
    if standing.step < steps && keeper.is_on() && standing.step > 0 {
        standing.cases = lesson.cases();
        standing.write(&learner, worked(waited), &mut keeper, &device.name)?;
    }
    ended(standing, settings, waited, earlier, keeper)
}

/// Measures on the validation scans.
#[expect(clippy::too_many_arguments, reason = "a piece of the loop, which has all of them at hand")]
fn measure<L: Lesson>(
    standing: &mut StandingOf<L>,
    lesson: &L,
    keeps_last: bool,
    steps: usize,
    device: &OpenDevice,
    control: &Control,
    pace: &mut Pace,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<(), LearnError> {
    let (start, step) = (Instant::now(), standing.step);
    let snapshot = standing.snapshot();
    let measured = lesson.measure(&snapshot, device, control)?;
    standing.owes_measurement = false;
    let Some(measured) = measured else { return Ok(()) };
    pace.validation(start.elapsed());
    standing.curve.measured(step, |point| measured.mark(point));
    tell(measured.event(step));
    let is_better = standing.best.as_ref().is_none_or(|(_, _, best)| measured.rank() > best.rank());
    if is_better || (keeps_last && step == steps) {
        standing.best = Some((step, snapshot, measured));
    }
    Ok(())
}

/// What is kept of it.
fn ended<N: Module, M: Measured>(
    standing: Standing<N, M>,
    settings: &FineTuneSettings,
    waited: Duration,
    earlier: f64,
    keeper: Keeper,
) -> Result<Trained<N, M>, LearnError> {
    let (step, is_complete) = (standing.step, standing.step >= settings.steps);
    if !is_complete && standing.best.is_none() {
        return Err(LearnError::Stopped);
    }
    let last = standing.best.is_none().then(|| standing.snapshot());
    let curve = standing.curve.into_points(step);
    let (kept, network, measured) = match (standing.best, last) {
        (Some((kept, network, measured)), _) => (kept, network, Some(measured)),
        (None, Some(network)) => (step, network, None),
        (None, None) => return Err(LearnError::Stopped),
    };
    let chosen_by = match &measured {
        Some(measured) if settings.keep == Keep::Best || !is_complete => format!("{} on the validation scans", measured.ranked_by()),
        _ => "last step".to_owned(),
    };
    Ok(Trained { network, step: kept, measured, chosen_by, curve, steps_done: step, waited, earlier, keeper })
}
