//! The loop.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::Device;
use medley_nn::NormMode;

use super::standing::{Standing, StandingOf};
use super::{Feed, Finish, Lesson, Measured, Waiting, feed, freeze};
use crate::average::Average;
use crate::card::CurvePoint;
use crate::checkpoint::Keeper;
use crate::device::OpenDevice;
use crate::finetune::Pace;
use crate::optimise::{Learner, Rates};
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
    /// Share of the steps' time in which the device waited for inputs.
    pub(crate) data_wait: f64,
    /// Whether all was done that was to be done, or nothing got better any more.
    pub(crate) is_complete: bool,
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
    let mut course = Course::begin(network, lesson, settings, about, device, control)?;
    if course.standing.step > 0 {
        tell(JobEvent::Resumed { step: course.standing.step });
    }
    while !course.has_ended {
        let begin = course.standing.step;
        if let Some(changed) = lesson.renew(begin, control) {
            tell(changed);
        }
        let end = lesson.round_end(begin).min(settings.steps);
        let lesson = &*lesson;
        course = feed(lesson.threads(device), begin..end, &|step| lesson.input(step), |feed| course.steps(lesson, feed, end, tell))?;
    }
    let is_unfinished = course.standing.step < settings.steps || course.standing.owes_measurement;
    if is_unfinished && !course.ended_early && course.keeper.is_on() && course.standing.step > 0 {
        course.write(lesson)?;
    }
    course.ended()
}

/// A training under way.
struct Course<'a, L: Lesson> {
    settings: &'a FineTuneSettings,
    about: &'a Finish<'a>,
    device: &'a OpenDevice,
    train_device: Device,
    control: &'a Control,
    rates: Rates,
    learner: Learner,
    standing: StandingOf<L>,
    keeper: Keeper,
    /// How the encoder normalises once it learns.
    norm_mode: NormMode,
    is_frozen: bool,
    pace: Pace,
    pulse: Pulse,
    waiting: Waiting,
    waited: Duration,
    earlier: f64,
    has_ended: bool,
    ended_early: bool,
}

impl<'a, L: Lesson> Course<'a, L> {
    /// Before the first step, or where a checkpoint has it.
    fn begin(
        network: L::Network,
        lesson: &mut L,
        settings: &'a FineTuneSettings,
        about: &'a Finish<'a>,
        device: &'a OpenDevice,
        control: &'a Control,
    ) -> Result<Self, LearnError> {
        let mut keeper = about.keeper(settings.checkpoints)?;
        let found = keeper.found()?;
        if let Some(found) = &found {
            lesson.take_up(found.progress.cases.as_ref()).map_err(|reason| keeper.refusal(reason))?;
        }
        let steps_per_epoch = lesson.cases().div_ceil(settings.batch);
        let rates = Rates { steps_per_epoch, ..settings.rates(about.weights.are_learnt()) };
        let learner = |network: &L::Network| {
            let learner = Learner::new(L::encoder(network), settings.optimiser, settings.weight_decay, rates);
            learner.with_clipping(settings.clip_norm)
        };
        let norm_mode = L::encoder(&network).norm_mode();
        let earlier = found.as_ref().map_or(0.0, |found| found.progress.seconds);
        let (standing, learner) = match found {
            Some(found) => {
                Standing::taken_up(found, network, settings.average_window(), learner).map_err(|reason| keeper.refusal(reason))?
            }
            None => {
                let learner = learner(&network);
                (Standing::begin(network, settings.steps), learner)
            }
        };
        Ok(Self {
            settings,
            about,
            device,
            train_device: device.device.clone().autodiff(),
            control,
            rates,
            learner,
            standing,
            keeper,
            norm_mode,
            is_frozen: false,
            pace: Pace::default(),
            pulse: Pulse::default(),
            waiting: Waiting::default(),
            waited: Duration::ZERO,
            earlier,
            has_ended: false,
            ended_early: false,
        })
    }

    /// Takes the steps until `end`, or until it ends before.
    fn steps(
        mut self,
        lesson: &L,
        feed: &mut Feed<'_, L::Input, impl Fn(usize) -> L::Input>,
        end: usize,
        tell: &mut dyn FnMut(JobEvent),
    ) -> Result<Self, LearnError> {
        let FineTuneSettings { steps, validate_every, .. } = *self.settings;
        let voxels = self.settings.batch * self.about.recipe.patch.iter().product::<usize>();
        let window = self.settings.average_window();
        loop {
            if self.standing.owes_measurement {
                match self.measure(lesson, tell) {
                    Err(LearnError::Stopped) => self.has_ended = true,
                    other => other?,
                }
            }
            self.has_ended |= self.standing.step >= steps;
            if self.has_ended || self.standing.step >= end {
                return Ok(self);
            }
            if self.keeper.is_due(self.standing.step) {
                self.write(lesson)?;
            }
            match self.control.check() {
                Ok(pause) => self.waited += pause,
                Err(_) => {
                    self.has_ended = true;
                    return Ok(self);
                }
            }
            let mut step = self.standing.step;
            if self.is_frozen != (step < self.rates.frozen) {
                self.is_frozen = !self.is_frozen;
                let (is_frozen, mode) = (self.is_frozen, self.norm_mode);
                let change = |encoder| if is_frozen { freeze::frozen(encoder) } else { freeze::thawed(encoder, mode) };
                self.standing.network = L::with_encoder(self.standing.network, change);
            }
            let start = Instant::now();
            let (input, waited_for_it) = feed.take(step);
            let (wrong, way_back) = lesson.loss(&self.standing.network, input, step, &self.train_device);
            // A step that was begun has moved the running statistics, so a checkpoint waits for its end.
            if self.control.is_stopped() && !self.keeper.is_on() {
                self.has_ended = true;
                return Ok(self);
            }
            let loss;
            (self.standing.network, loss) = self.learner.step(step, self.standing.network, wrong, way_back, &self.device.name)?;
            step += 1;
            self.standing.step = step;
            self.standing.average = match self.standing.average.take() {
                Some(average) => Some(average.add(&self.standing.network.valid())),
                None => (window > 1).then(|| Average::new(self.standing.network.valid(), window)),
            };
            let took = start.elapsed();
            self.pace.step(step, took);
            self.waiting.add(waited_for_it, took);
            self.standing.curve.add(step, loss);
            let live = self.pulse.step(loss, self.rates.at(step - 1), voxels, took, Some(self.waiting.share()));
            let validations = if validate_every == 0 { 1 } else { steps.div_ceil(validate_every) - step / validate_every };
            tell(JobEvent::Step { step, steps, loss, seconds_left: self.pace.seconds_left(steps - step, validations), live });
            self.standing.owes_measurement = step == steps || (validate_every > 0 && step.is_multiple_of(validate_every));
        }
    }

    /// Measures on the validation scans.
    fn measure(&mut self, lesson: &L, tell: &mut dyn FnMut(JobEvent)) -> Result<(), LearnError> {
        let FineTuneSettings { steps, keep, patience, .. } = *self.settings;
        let (start, step) = (Instant::now(), self.standing.step);
        let snapshot = self.standing.snapshot();
        let measured = lesson.measure(&snapshot, self.device, self.control)?;
        self.standing.owes_measurement = false;
        let Some(measured) = measured else { return Ok(()) };
        self.pace.validation(start.elapsed());
        self.standing.curve.measured(step, |point| measured.mark(point));
        tell(measured.event(step));
        let is_better = self.standing.best.as_ref().is_none_or(|(_, _, best)| measured.rank() > best.rank());
        if is_better || (keep == Keep::Last && step == steps) {
            self.standing.best = Some((step, snapshot, measured));
        }
        self.standing.without_better = if is_better { 0 } else { self.standing.without_better + 1 };
        self.ended_early = patience > 0 && self.standing.without_better >= patience && step < steps;
        self.has_ended |= self.ended_early;
        Ok(())
    }

    /// Writes down where it stands.
    fn write(&mut self, lesson: &L) -> Result<(), LearnError> {
        self.standing.cases = lesson.card_set();
        let seconds = self.earlier + self.about.begin.elapsed().saturating_sub(self.waited).as_secs_f64();
        self.standing.write(&self.learner, seconds, &mut self.keeper, &self.device.name)
    }

    /// What is kept of it.
    fn ended(self) -> Result<Trained<L::Network, L::Measured>, LearnError> {
        let Self { settings, standing, keeper, waiting, waited, earlier, ended_early, .. } = self;
        // A stop during the last measurement leaves that to be done.
        let (step, is_through) = (standing.step, standing.step >= settings.steps && !standing.owes_measurement);
        if !is_through && standing.best.is_none() {
            return Err(LearnError::Stopped);
        }
        let last = standing.best.is_none().then(|| standing.snapshot());
        let curve = standing.curve.into_points(step);
        let (kept, network, measured) = match (standing.best, last) {
            (Some((kept, network, measured)), _) => (kept, network, Some(measured)),
            (None, Some(network)) => (step, network, None),
            (None, None) => return Err(LearnError::Stopped),
        };
        let by_rank = settings.keep == Keep::Best || !is_through;
        let chosen_by = match &measured {
            Some(measured) if by_rank && ended_early => {
                format!("{} on the validation scans, none better in {} measurements", measured.ranked_by(), settings.patience)
            }
            Some(measured) if by_rank => format!("{} on the validation scans", measured.ranked_by()),
            _ => "last step".to_owned(),
        };
        let data_wait = waiting.share();
        let is_complete = is_through || ended_early;
        Ok(Trained { network, step: kept, measured, chosen_by, curve, steps_done: step, waited, data_wait, is_complete, earlier, keeper })
    }
}
