use std::time::{Duration, Instant};

use rusqlite::params;

use crate::lock::Lock;
use crate::store::{now_ms, whole};
use crate::{Ending, Point, RunState, Runs, RunsError};

/// Between two writings.
const WRITE_EVERY: Duration = Duration::from_secs(1);
/// About as many points a curve has.
const POINTS: usize = 1000;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct StepFigures {
    /// Steps taken.
    pub step: usize,
    /// Steps in all.
    pub steps: usize,
    /// The loss.
    pub loss: f64,
    /// The loss, smoothed.
    pub smoothed_loss: f64,
    /// The learning rate.
    pub rate: f64,
    /// Steps a second.
    pub steps_per_s: Option<f64>,
    /// Voxels a second.
    pub voxels_per_s: Option<f64>,
    /// The most memory held, bytes.
    pub peak_memory: Option<u64>,
}

/// The row of a training that runs. Dropped without an ending it is one that failed.
#[derive(Debug)]
pub struct Recorder {
    runs: Runs,
    id: i64,
    lock: Option<Lock>,
    begun: Instant,
    /// Seconds of work before it was gone on with.
    earlier: f64,
    points: Vec<Point>,
    newest: Option<StepFigures>,
    written: Option<Instant>,
    has_ended: bool,
}

impl Recorder {
    pub(crate) fn new(runs: Runs, id: i64, earlier: f64) -> Result<Self, RunsError> {
        let path = runs.lock_file(id);
        let lock = Lock::take(path.clone()).map_err(|source| RunsError::Write { file: path, source })?;
        let begun = Instant::now();
        Ok(Self { runs, id, lock: Some(lock), begun, earlier, points: Vec::new(), newest: None, written: None, has_ended: false })
    }

    /// The row's number.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The training goes on after `step` steps: what was taken down of later ones is taken again.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn resumed(&mut self, step: usize) -> Result<(), RunsError> {
        let step = whole(step);
        let done = self.runs.database.execute("DELETE FROM point WHERE run = ?1 AND step > ?2", params![self.id, step]);
        done.map_err(|source| self.runs.failed(source))?;
        let change = "UPDATE run SET steps_done = ?2, changed_ms = ?3 WHERE id = ?1";
        let done = self.runs.database.execute(change, params![self.id, step, now_ms()]);
        done.map_err(|source| self.runs.failed(source)).map(drop)
    }

    /// Takes down a step; about a thousand of them become points of the curves. Written once a second.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn step(&mut self, figures: StepFigures) -> Result<(), RunsError> {
        let every = figures.steps.div_ceil(POINTS).max(1);
        if figures.step.is_multiple_of(every) || figures.step == figures.steps {
            let of = |name: &str, value: f64| Point { name: name.to_owned(), step: whole(figures.step), ms: now_ms(), value };
            self.points.extend([of("loss", figures.loss), of("rate", figures.rate)]);
            self.points.extend(figures.steps_per_s.map(|rate| of("steps per second", rate)));
        }
        self.newest = Some(figures);
        if self.written.is_none_or(|written| written.elapsed() >= WRITE_EVERY) { self.write() } else { Ok(()) }
    }

    /// Takes down what was measured on the validation cases: a measure's name (`Dice`), its mean, and each label's.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn measured(&mut self, step: usize, measure: &str, mean: f64, per_label: &[(String, f64)]) -> Result<(), RunsError> {
        let of = |name: String, value: f64| Point { name, step: whole(step), ms: now_ms(), value };
        self.points.push(of(measure.to_owned(), mean));
        self.points.extend(per_label.iter().map(|(label, value)| of(format!("{measure}/{label}"), *value)));
        let change = "UPDATE run SET measure = ?2, score = ?3, best_step = ?4 WHERE id = ?1 AND (score IS NULL OR score < ?3)";
        let done = self.runs.database.execute(change, params![self.id, measure, mean, whole(step)]);
        done.map_err(|source| self.runs.failed(source))?;
        self.write()
    }

    /// Takes down how it ended.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn end(mut self, state: RunState, ending: &Ending) -> Result<(), RunsError> {
        self.write()?;
        self.write_end(state, ending)
    }

    fn write_end(&mut self, state: RunState, ending: &Ending) -> Result<(), RunsError> {
        let (training, validation) = ending.cases.map(|(training, validation)| (whole(training), whole(validation))).unzip();
        let (measure, score) = ending.score.clone().unzip();
        let change = "UPDATE run SET state = ?2, changed_ms = ?3, seconds = ?4, steps_done = coalesce(?5, steps_done),
            training_cases = coalesce(?6, training_cases), validation_cases = coalesce(?7, validation_cases), parent = coalesce(?8, parent),
            model = coalesce(?9, model), measure = coalesce(?10, measure), score = coalesce(?11, score),
            best_step = coalesce(?12, best_step), message = ?13 WHERE id = ?1";
        let seconds = ending.seconds.unwrap_or_else(|| self.seconds());
        let done = self.runs.database.execute(
            change,
            params![
                self.id,
                state.to_string(),
                now_ms(),
                seconds,
                ending.steps_done.map(whole),
                training,
                validation,
                ending.parent,
                ending.model,
                measure,
                score,
                ending.best_step.map(whole),
                ending.message
            ],
        );
        self.has_ended = true;
        self.lock = None;
        done.map_err(|source| self.runs.failed(source)).map(drop)
    }

    /// Leaves everything as a killed program does.
    #[cfg(test)]
    pub(crate) fn abandon(mut self) {
        self.has_ended = true;
        let path = self.runs.lock_file(self.id);
        drop(self.lock.take());
        let _ = std::fs::write(path, "");
    }

    fn seconds(&self) -> f64 {
        self.earlier + self.begun.elapsed().as_secs_f64()
    }

    fn write(&mut self) -> Result<(), RunsError> {
        self.written = Some(Instant::now());
        let (id, points, newest, seconds) = (self.id, std::mem::take(&mut self.points), self.newest.take(), self.seconds());
        let mut write = || {
            let transaction = self.runs.database.transaction()?;
            {
                let insert = "INSERT OR REPLACE INTO point (run, name, step, ms, value) VALUES (?1, ?2, ?3, ?4, ?5)";
                let mut insert = transaction.prepare_cached(insert)?;
                for Point { name, step, ms, value } in points.iter().filter(|point| point.value.is_finite()) {
                    insert.execute(params![id, name, step, ms, value])?;
                }
            }
            if let Some(figures) = newest {
                let change = "UPDATE run SET changed_ms = ?2, steps_done = ?3, loss = ?4, rate = ?5, steps_per_s = ?6, voxels_per_s = ?7,
                              peak_memory = coalesce(max(?8, coalesce(peak_memory, 0)), peak_memory), seconds = ?9 WHERE id = ?1";
                let memory = figures.peak_memory.and_then(|bytes| i64::try_from(bytes).ok());
                let StepFigures { step, smoothed_loss, rate, steps_per_s, voxels_per_s, .. } = figures;
                let values = params![id, now_ms(), whole(step), smoothed_loss, rate, steps_per_s, voxels_per_s, memory, seconds];
                transaction.execute(change, values)?;
            }
            transaction.commit()
        };
        write().map_err(|source| self.runs.failed(source))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let message = Some("the job broke off because of a fault in the program".to_owned());
        let ending = Ending { message, ..Ending::default() };
        if let Err(error) = self.write().and_then(|()| self.write_end(RunState::Failed, &ending)) {
            log::warn!("{error}");
        }
    }
}
