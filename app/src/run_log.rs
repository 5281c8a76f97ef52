//! Trainings on their way into the table of trainings.
//!
//! A thread of its own writes: the window never waits for a file, and what cannot be written stops no training.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use medley_learn::card::Card;
use medley_learn::{JobEvent, LearnError, Live};
use medley_runs::{Ending, NewRun, Recorder, RunState, Runs, RunsError, StepFigures};

/// What a fine-tuning is called in the table.
pub const FINE_TUNE: &str = "fine-tune";
/// What a co-training is called in the table.
pub const PRETRAIN: &str = "pretrain";

/// Takes down what a training tells.
#[derive(Debug)]
pub struct RunLog {
    events: Option<Sender<JobEvent>>,
    thread: Option<JoinHandle<()>>,
}

impl RunLog {
    /// For a training that is about to begin, or to go on; `table` is the file, and without one nothing is taken down.
    #[must_use]
    pub fn begin(table: Option<PathBuf>, new: NewRun, is_resumed: bool) -> Self {
        let Some(table) = table else { return Self { events: None, thread: None } };
        let (events, told) = channel();
        let thread = std::thread::Builder::new().name("medley-runs".to_owned()).spawn(move || {
            if let Err(error) = write(&table, new, is_resumed, &told) {
                log::warn!("a training is missing in the table of trainings, or a part of it: {error}");
            }
        });
        Self { events: Some(events), thread: thread.ok() }
    }

    /// Takes down what the job tells.
    pub fn take(&self, event: &JobEvent) {
        if let Some(events) = &self.events {
            // Nobody listens any more where the table could not be written.
            let _ = events.send(event.clone());
        }
    }

    /// Takes down a failure that no event tells of, and waits until all is written.
    pub fn close(mut self, failure: Option<&LearnError>) {
        match failure {
            Some(LearnError::Stopped) => self.take(&JobEvent::Stopped),
            Some(error) => self.take(&JobEvent::Failed(error.to_string())),
            None => {}
        }
        drop(self.events.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn write(table: &Path, mut new: NewRun, is_resumed: bool, told: &Receiver<JobEvent>) -> Result<(), RunsError> {
    let mut recorder: Option<Recorder> = None;
    let mut measured = None;
    while let Ok(event) = told.recv() {
        if let JobEvent::Started { device, .. } = event {
            new.device = device;
            let runs = Runs::open(table)?;
            recorder = Some(if is_resumed { runs.resume(&new)? } else { runs.begin(&new)? });
            continue;
        }
        let Some(row) = &mut recorder else { continue };
        match event {
            JobEvent::Resumed { step } => row.resumed(step)?,
            JobEvent::Step { step, steps, loss, live, .. } => row.step(figures(step, steps, loss, live))?,
            JobEvent::Validated { step, mean_dice, per_label } => {
                let labels: Vec<(String, f64)> = per_label.into_iter().map(|label| (label.name, label.dice)).collect();
                row.measured(step, "Dice", mean_dice, &labels)?;
            }
            JobEvent::Scored { step, measure, score } => {
                measured = Some(measure);
                row.measured(step, measure, score, &[])?;
            }
            last if last.is_last() => {
                let (state, ending) = ending(&last, measured);
                let Some(row) = recorder.take() else { break };
                return row.end(state, &ending);
            }
            _ => {}
        }
    }
    // The program ends, or somebody has lost interest.
    recorder.map_or(Ok(()), |row| row.end(RunState::Interrupted, &Ending::default()))
}

fn figures(step: usize, steps: usize, loss: f64, live: Live) -> StepFigures {
    let Live { smoothed_loss, learning_rate, steps_per_s, voxels_per_s, peak_memory, .. } = live;
    StepFigures { step, steps, loss, smoothed_loss, rate: learning_rate, steps_per_s, voxels_per_s, peak_memory }
}

/// What a job's last event says.
fn ending(last: &JobEvent, measured: Option<&'static str>) -> (RunState, Ending) {
    let of_card = |card: &Card, seconds: f64, model: &str, score: Option<(String, f64)>| Ending {
        seconds: Some(seconds),
        steps_done: Some(card.steps_done),
        cases: Some((card.sets.iter().map(|set| set.training.len()).sum(), card.sets.iter().map(|set| set.validation.len()).sum())),
        parent: card.weights.sha256.clone(),
        model: Some(model.to_owned()),
        score,
        best_step: Some(card.step),
        message: None,
    };
    let state = |is_complete: bool| if is_complete { RunState::Finished } else { RunState::Stopped };
    match last {
        JobEvent::FineTuned(outcome) => {
            let score = outcome.mean_dice.map(|dice| ("Dice".to_owned(), dice));
            (state(outcome.is_complete), of_card(&outcome.card, outcome.seconds, &outcome.model_id, score))
        }
        JobEvent::TaskTrained(outcome) => {
            let score = outcome.score.map(|score| (measured.unwrap_or("score").to_owned(), score));
            (state(outcome.is_complete), of_card(&outcome.card, outcome.seconds, &outcome.model_id, score))
        }
        JobEvent::Pretrained(outcome) => {
            let mean = outcome.sets.iter().map(|set| set.mean_dice).sum::<f64>() / outcome.sets.len().max(1) as f64;
            let score = Some(("Dice".to_owned(), mean));
            (RunState::Finished, of_card(&outcome.card, outcome.seconds, &outcome.encoder_id, score))
        }
        JobEvent::Failed(sentence) => (RunState::Failed, Ending { message: Some(sentence.clone()), ..Ending::default() }),
        _ => (RunState::Stopped, Ending::default()),
    }
}

#[cfg(test)]
mod tests {
    use medley_learn::{JobKind, LabelDice};

    use super::*;

    #[test]
    fn what_a_job_tells_becomes_a_row() {
        let folder = tempfile::tempdir().expect("a folder");
        let table = folder.path().join("runs.sqlite");
        let new = NewRun { kind: "fine-tune".to_owned(), steps: 3, output: folder.path().to_owned(), ..NewRun::default() };
        let log = RunLog::begin(Some(table.clone()), new.clone(), false);
        log.take(&JobEvent::Started { job: 1, kind: JobKind::FineTune, device: "abacus".to_owned() });
        let live = Live { smoothed_loss: 0.5, learning_rate: 0.1, ..Live::default() };
        log.take(&JobEvent::Step { step: 3, steps: 3, loss: 0.25, seconds_left: None, live });
        let per_label = vec![LabelDice { value: 1, name: "liver".to_owned(), dice: 0.75 }];
        log.take(&JobEvent::Validated { step: 3, mean_dice: 0.75, per_label });
        log.close(Some(&LearnError::NoCases));
        let runs = Runs::open(&table).expect("opens");
        let [run] = &runs.list().expect("there")[..] else { panic!("one row") };
        assert_eq!((run.state, run.device.as_str(), run.loss, run.score), (RunState::Failed, "abacus", Some(0.5), Some(0.75)));
        assert!(run.message.as_ref().is_some_and(|message| message.contains("no corrected case")));
        assert!(runs.points(run.id).expect("there").iter().any(|point| point.name == "Dice/liver" && point.value == 0.75));
        // Gone on with, it is the same row.
        let log = RunLog::begin(Some(table), new, true);
        log.take(&JobEvent::Started { job: 1, kind: JobKind::FineTune, device: "abacus".to_owned() });
        log.take(&JobEvent::Resumed { step: 2 });
        log.close(Some(&LearnError::Stopped));
        let runs = runs.list().expect("there");
        assert_eq!((runs.len(), runs[0].state, runs[0].steps_done), (1, RunState::Stopped, 2));
    }
}
