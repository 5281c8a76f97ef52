//! One thread that owns all tensors and does one job after another beside a window.
//!
//! Jobs go in as values and events come out as values. Progress is kept in one slot, the newest wins, at most ten a second; all
//! other events queue in order, and none is dropped.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use medley_volume::Volume;

use crate::job::{Found, JobKind, Prediction};
use crate::{
    AnyPredictor, ClassifySpec, Control, DetectSpec, DeviceChoice, FineTuneSpec, JobEvent, LearnError, PretrainSpec, classify, detect,
    finetune, pretrain,
};

/// The shortest time between two progress events.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A job for a [`Worker`].
pub enum JobSpec {
    /// See [`finetune::run`].
    FineTune(FineTuneSpec),
    /// See [`classify::run`].
    Classify(ClassifySpec),
    /// See [`detect::run`].
    Detect(DetectSpec),
    /// See [`pretrain::run`].
    Pretrain(PretrainSpec),
    /// See [`crate::Predictor::predict`] and [`crate::TaskPredictor::predict`]: the model's file says which of them.
    Predict(PredictSpec),
}

/// A scan to be segmented, classified or searched.
#[derive(Debug, Clone)]
pub struct PredictSpec {
    /// The model's file.
    pub model: PathBuf,
    /// The scan.
    pub image: Arc<Volume>,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Comes back with the result, so that the asker knows the scan.
    pub id: String,
}

/// Called when there is something to poll. Runs on the worker's thread: it must return at once.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The thread and the way to talk to it. Dropping it stops the running job, forgets the waiting ones and waits for the thread.
pub struct Worker {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    outbox: Arc<Outbox>,
    shared: Arc<Mutex<Running>>,
    next: u64,
}

struct Job {
    id: u64,
    control: Control,
    spec: JobSpec,
}

/// Controls of the job that runs and of those that wait, oldest first.
#[derive(Default)]
struct Running(VecDeque<(u64, Control)>);

impl Worker {
    /// Starts the thread. CPU jobs get all processors but one, so that the window keeps one.
    #[must_use]
    pub fn start(wake: Wake) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_threads(wake, processors.saturating_sub(1).max(1))
    }

    /// Starts the thread; CPU jobs compute on `threads` threads, itself among them.
    #[must_use]
    pub fn with_threads(wake: Wake, threads: usize) -> Self {
        let (jobs, receive) = channel();
        let outbox = Arc::new(Outbox { wake, state: Mutex::default() });
        let shared = Arc::new(Mutex::new(Running::default()));
        let (out, running) = (outbox.clone(), shared.clone());
        let spawned = std::thread::Builder::new().name("medley-learn".to_owned()).spawn(move || {
            // The thread joins a pool of its own, so everything it computes in parallel stays inside that pool.
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build();
            if let Err(error) = &pool {
                log::warn!("the worker computes on all processors: {error}");
            }
            work(&receive, &out, &running);
            drop(pool);
        });
        let thread = match spawned {
            Ok(thread) => Some(thread),
            Err(error) => {
                outbox.push(JobEvent::Failed(format!("the thread for learning could not be started: {error}")));
                None
            }
        };
        Self { jobs: Some(jobs), thread, outbox, shared, next: 1 }
    }

    /// Adds a job to the queue. Its number comes back in [`JobEvent::Started`].
    pub fn submit(&mut self, spec: JobSpec) -> u64 {
        let (id, control) = (self.next, Control::new());
        self.next += 1;
        lock(&self.shared).0.push_back((id, control.clone()));
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job { id, control, spec }).is_ok());
        if !sent {
            lock(&self.shared).0.retain(|(other, _)| *other != id);
            self.outbox.push(JobEvent::Failed("the thread for learning has ended; restart the program".to_owned()));
        }
        id
    }

    /// Whether a job runs or waits.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        !lock(&self.shared).0.is_empty()
    }

    /// The handle of the job that runs or comes next.
    #[must_use]
    pub fn control(&self) -> Option<Control> {
        lock(&self.shared).0.front().map(|(_, control)| control.clone())
    }

    /// The handle of a job that runs or waits.
    #[must_use]
    pub fn control_of(&self, job: u64) -> Option<Control> {
        lock(&self.shared).0.iter().find(|(id, _)| *id == job).map(|(_, control)| control.clone())
    }

    /// Everything that happened since the last call, in order. Never waits for a computation.
    #[must_use]
    pub fn poll(&self) -> Vec<JobEvent> {
        self.outbox.take()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        lock(&self.shared).0.iter().for_each(|(_, control)| control.stop());
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // A panic there was already reported as an event.
            let _ = thread.join();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(jobs: &Receiver<Job>, outbox: &Outbox, running: &Mutex<Running>) {
    let mut predictors = Predictors::default();
    for Job { id, control, spec } in jobs {
        let mut tell = |event: JobEvent| {
            outbox.push(match event {
                JobEvent::Started { kind, device, .. } => JobEvent::Started { job: id, kind, device },
                other => other,
            });
        };
        let result = catch_unwind(AssertUnwindSafe(|| run(spec, &control, &mut predictors, &mut tell)));
        let last = match result {
            Ok(Ok(event)) => event,
            Ok(Err(LearnError::Stopped)) => JobEvent::Stopped,
            Ok(Err(error)) => JobEvent::Failed(error.to_string()),
            Err(panic) => {
                predictors = Predictors::default();
                JobEvent::Failed(format!("the job broke off because of a fault in the program: {}", message(panic.as_ref())))
            }
        };
        lock(running).0.retain(|(other, _)| *other != id);
        outbox.push(last);
    }
}

fn run(spec: JobSpec, control: &Control, predictors: &mut Predictors, tell: &mut dyn FnMut(JobEvent)) -> Result<JobEvent, LearnError> {
    control.check()?;
    match spec {
        JobSpec::FineTune(spec) => Ok(JobEvent::FineTuned(Box::new(finetune::run(spec, control, tell)?))),
        JobSpec::Classify(spec) => Ok(JobEvent::TaskTrained(Box::new(classify::run(spec, control, tell)?))),
        JobSpec::Detect(spec) => Ok(JobEvent::TaskTrained(Box::new(detect::run(spec, control, tell)?))),
        JobSpec::Pretrain(spec) => Ok(JobEvent::Pretrained(Box::new(pretrain::run(spec, control, tell)?))),
        JobSpec::Predict(spec) => {
            let begin = Instant::now();
            let held = predictors.get(&spec)?;
            tell(JobEvent::Started { job: 0, kind: JobKind::Predict, device: held.device().to_owned() });
            let mut progress = |done, windows| tell(JobEvent::Window { done, windows });
            let (id, model) = (spec.id, spec.model);
            Ok(match held {
                AnyPredictor::Masks(predictor) => {
                    let labels = predictor.predict(&spec.image, control, &mut progress)?;
                    let (model_id, seconds) = (predictor.id().to_owned(), begin.elapsed().as_secs_f64());
                    JobEvent::Predicted(Box::new(Prediction { id, labels, model, model_id, seconds }))
                }
                AnyPredictor::Task(predictor) => {
                    let finding = predictor.predict(&spec.image, control, &mut progress)?;
                    let (model_id, seconds) = (predictor.id().to_owned(), begin.elapsed().as_secs_f64());
                    JobEvent::Found(Box::new(Found { id, finding, model, model_id, seconds }))
                }
            })
        }
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason was given")
}

/// The last model used, so that the next scan does not open it again. A file that changed is another model.
#[derive(Default)]
struct Predictors(Option<(PathBuf, Option<std::time::SystemTime>, DeviceChoice, AnyPredictor)>);

impl Predictors {
    fn get(&mut self, spec: &PredictSpec) -> Result<&AnyPredictor, LearnError> {
        let changed = std::fs::metadata(&spec.model).and_then(|about| about.modified()).ok();
        let held = self
            .0
            .take()
            .filter(|(path, when, device, _)| *path == spec.model && *when == changed && changed.is_some() && *device == spec.device);
        let held = match held {
            Some(held) => held,
            None => (spec.model.clone(), changed, spec.device, AnyPredictor::open(&spec.model, spec.device)?),
        };
        Ok(&self.0.insert(held).3)
    }
}

/// Events on their way to the window.
struct Outbox {
    wake: Wake,
    state: Mutex<Events>,
}

#[derive(Default)]
struct Events {
    queue: VecDeque<JobEvent>,
    /// Progress that may be shown.
    newest: Option<JobEvent>,
    /// Progress that came too soon after the last; shown when time has passed or before the next event of another kind.
    held: Option<JobEvent>,
    shown: Option<Instant>,
}

impl Outbox {
    fn push(&self, event: JobEvent) {
        let mut events = lock(&self.state);
        if event.is_progress() {
            if events.shown.is_some_and(|shown| shown.elapsed() < PROGRESS_EVERY) {
                events.held = Some(event);
                return;
            }
            (events.newest, events.held, events.shown) = (Some(event), None, Some(Instant::now()));
        } else {
            let progress = events.held.take().or(events.newest.take());
            events.newest = None;
            events.queue.extend(progress);
            events.queue.push_back(event);
        }
        drop(events);
        (self.wake)();
    }

    fn take(&self) -> Vec<JobEvent> {
        let mut events = lock(&self.state);
        if events.shown.is_none_or(|shown| shown.elapsed() >= PROGRESS_EVERY)
            && let Some(held) = events.held.take()
        {
            (events.newest, events.shown) = (Some(held), Some(Instant::now()));
        }
        let mut all: Vec<JobEvent> = events.queue.drain(..).collect();
        all.extend(events.newest.take());
        all
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::synthetic::{ball, fine_tuning, quick};
    use crate::{CaseSource, TrainingCase};

    fn quiet() -> Wake {
        Arc::new(|| {})
    }

    /// Polls until the job's last event; everything that was polled.
    fn story(worker: &Worker) -> Vec<JobEvent> {
        let mut events = Vec::new();
        while !events.last().is_some_and(JobEvent::is_last) {
            events.extend(worker.poll());
            std::thread::yield_now();
        }
        events
    }

    fn fine_tune(folder: &std::path::Path, steps: usize) -> JobSpec {
        let cases = (vec![ball(1)], vec![ball(2)]);
        JobSpec::FineTune(fine_tuning(Box::new(cases), quick(steps), folder))
    }

    #[test]
    fn a_fine_tuning_tells_its_story_in_order_and_wakes_the_window() {
        let folder = tempfile::tempdir().expect("a folder");
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        let mut worker = Worker::with_threads(Arc::new(move || _ = count.fetch_add(1, Ordering::SeqCst)), 1);
        let job = worker.submit(fine_tune(folder.path(), 4));
        let events = story(&worker);
        assert!(matches!(&events[0], JobEvent::Started { job: id, kind: JobKind::FineTune, .. } if *id == job));
        let steps: Vec<usize> =
            events.iter().filter_map(|event| if let JobEvent::Step { step, .. } = event { Some(*step) } else { None }).collect();
        assert!(steps.is_sorted() && steps.last() == Some(&4), "{steps:?}");
        let JobEvent::Validated { step: 4, .. } = &events[events.len() - 2] else { panic!("{events:?}") };
        assert!(matches!(&events[events.len() - 1], JobEvent::FineTuned(outcome) if outcome.model.exists()));
        assert!(woken.load(Ordering::SeqCst) >= 3);
        assert!(!worker.is_busy());
    }

    #[test]
    fn progress_is_at_most_ten_a_second_and_the_last_is_never_dropped() {
        let outbox = Outbox { wake: quiet(), state: Mutex::default() };
        let begin = Instant::now();
        let mut seen = Vec::new();
        for step in 1..=5000 {
            outbox.push(JobEvent::Step { step, steps: 5000, loss: 1.0, seconds_left: None, data_wait: 0.0 });
            seen.extend(outbox.take());
        }
        let most = begin.elapsed().as_millis() / PROGRESS_EVERY.as_millis() + 2;
        assert!(seen.len() as u128 <= most, "{} events", seen.len());
        outbox.push(JobEvent::Stopped);
        let end = outbox.take();
        assert!(matches!(end[..], [JobEvent::Step { step: 5000, .. }, JobEvent::Stopped]), "{end:?}");
        assert!(outbox.take().is_empty());
    }

    #[test]
    fn a_panicking_job_fails_with_a_sentence_and_the_next_job_runs() {
        struct Faulty;
        impl CaseSource for Faulty {
            fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
                panic!("a fault on purpose");
            }
            fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
                Ok(Vec::new())
            }
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mut worker = Worker::with_threads(quiet(), 1);
        worker.submit(JobSpec::FineTune(fine_tuning(Box::new(Faulty), quick(1), folder.path())));
        worker.submit(fine_tune(folder.path(), 1));
        let first = story(&worker);
        let Some(JobEvent::Failed(sentence)) = first.iter().find(|event| event.is_last()) else { panic!("{first:?}") };
        assert!(sentence.contains("a fault on purpose"), "{sentence}");
        let second = if matches!(first.last(), Some(JobEvent::FineTuned(_))) { first } else { story(&worker) };
        assert!(matches!(second.last(), Some(JobEvent::FineTuned(_))), "{second:?}");
    }

    #[test]
    fn a_held_job_can_be_stopped_and_leaves_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut worker = Worker::with_threads(quiet(), 1);
        let output = folder.path().join("model");
        let job = worker.submit(fine_tune(&output, 100_000));
        let control = worker.control_of(job).expect("it runs or waits");
        while !worker.poll().iter().any(|event| matches!(event, JobEvent::Step { .. })) {
            std::thread::yield_now();
        }
        control.pause();
        control.stop();
        let events = story(&worker);
        assert!(matches!(events.last(), Some(JobEvent::Stopped)), "{events:?}");
        assert!(!output.exists());
    }

    #[test]
    fn dropping_the_worker_ends_its_job() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut worker = Worker::with_threads(quiet(), 1);
        worker.submit(fine_tune(folder.path(), 100_000));
        drop(worker);
    }
}
