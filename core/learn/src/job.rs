//! What a job is told while it runs, and what it tells.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use medley_volume::LabelMap;
use serde::{Deserialize, Serialize};

use crate::{Finding, FineTuneOutcome, LearnError, Live, PretrainOutcome, TaskOutcome};

const RUN: u8 = 0;
const PAUSE: u8 = 1;
const STOP: u8 = 2;

/// The handle by which a running job is paused, resumed and stopped. Clones speak to the same job.
///
/// Jobs look at it between steps and between windows of a prediction.
#[derive(Debug, Clone, Default)]
pub struct Control(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    wish: AtomicU8,
    sleep: Mutex<()>,
    changed: Condvar,
}

impl Control {
    /// A handle that lets the job run.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn wish(&self, wish: u8) {
        // A job that was told to stop stays stopped.
        let _ = self.0.wish.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| (now != STOP).then_some(wish));
        drop(self.0.sleep.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }

    /// Holds the job after its current step.
    pub fn pause(&self) {
        self.wish(PAUSE);
    }

    /// Lets a held job go on.
    pub fn resume(&self) {
        self.wish(RUN);
    }

    /// Ends the job after its current step, held or not.
    pub fn stop(&self) {
        self.wish(STOP);
    }

    /// Whether the job is held.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.0.wish.load(Ordering::SeqCst) == PAUSE
    }

    /// Whether the job was told to stop.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.0.wish.load(Ordering::SeqCst) == STOP
    }

    /// Called by the job between steps: waits while it is held. Returns how long it waited.
    ///
    /// # Errors
    /// [`LearnError::Stopped`] once it was told to stop.
    pub fn check(&self) -> Result<Duration, LearnError> {
        let mut waited = Duration::ZERO;
        if self.is_paused() {
            let start = Instant::now();
            let mut guard = self.0.sleep.lock().unwrap_or_else(PoisonError::into_inner);
            while self.is_paused() {
                guard = self.0.changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
            }
            waited = start.elapsed();
        }
        if self.is_stopped() { Err(LearnError::Stopped) } else { Ok(waited) }
    }
}

/// What a job does, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JobKind {
    /// Fine-tuning on corrected cases.
    FineTune,
    /// Co-training of an encoder on several data sets.
    Pretrain,
    /// A proposal for one scan.
    Predict,
}

/// Dice of one label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LabelDice {
    /// The label's value.
    pub value: u16,
    /// Its name.
    pub name: String,
    /// 2·|P∩T| / (|P|+|T|), mean over the scans that have the label.
    pub dice: f64,
}

/// What a job tells. Between [`JobEvent::Started`] and one of those called last there is one job's story.
#[derive(Debug, Clone)]
pub enum JobEvent {
    /// A job began.
    Started {
        /// Its number, as [`crate::Worker::submit`] returned it; 0 where no worker is involved.
        job: u64,
        /// What it does.
        kind: JobKind,
        /// The device it runs on.
        device: String,
    },
    /// A training that was begun earlier goes on after this step.
    Resumed {
        /// Steps that were taken already.
        step: usize,
    },
    /// Progress of a training: after every step, through a worker at most ten times a second.
    Step {
        /// Steps done, from 1.
        step: usize,
        /// Steps in all.
        steps: usize,
        /// The loss of this step.
        loss: f64,
        /// Estimate of the time left, validations included; `None` until there is one.
        seconds_left: Option<f64>,
        /// How it fares.
        live: Live,
    },
    /// Cases to learn from came, went or were changed while a training ran; from the next step on it learns from these.
    CasesChanged {
        /// After this step.
        step: usize,
        /// Cases that came, changed ones among them.
        added: usize,
        /// Cases that went, changed ones among them.
        removed: usize,
        /// Cases that there are now.
        cases: usize,
    },
    /// A job that waited was taken out of the queue; it never began. Not a part of the running job's story.
    Cancelled {
        /// Its number.
        job: u64,
    },
    /// Progress of a prediction: after every window.
    Window {
        /// Windows done.
        done: usize,
        /// Windows in all.
        windows: usize,
    },
    /// Something was given up because memory or time did not suffice, and the training goes on: a sentence for the user.
    GivenUp(String),
    /// The validation scans were segmented and measured.
    Validated {
        /// After this step.
        step: usize,
        /// Mean over labels.
        mean_dice: f64,
        /// Each label that is in a validation scan.
        per_label: Vec<LabelDice>,
    },
    /// The validation scans were classified, or searched, and measured.
    Scored {
        /// After this step.
        step: usize,
        /// What was measured: “AUC”, “accuracy” or “mAP”.
        measure: &'static str,
        /// From 0 to 1, the higher the better.
        score: f64,
    },
    /// Last: a model for classes or boxes was trained and written. If the job was stopped, it is the best model until then.
    TaskTrained(Box<TaskOutcome>),
    /// Last: a scan was classified or searched.
    Found(Box<Found>),
    /// Last: a model was trained and written. If the job was stopped, it is the best model until then.
    FineTuned(Box<FineTuneOutcome>),
    /// Last: an encoder was trained and written.
    Pretrained(Box<PretrainOutcome>),
    /// Last: a scan was segmented.
    Predicted(Box<Prediction>),
    /// Last: it could not be done; a sentence for the user.
    Failed(String),
    /// Last: it was stopped and left nothing behind but, where they are written, a checkpoint to go on from.
    Stopped,
}

impl JobEvent {
    /// Whether a newer event of the same kind makes this one worthless.
    #[must_use]
    pub fn is_progress(&self) -> bool {
        matches!(self, Self::Step { .. } | Self::Window { .. })
    }

    /// Whether it is a job's last.
    #[must_use]
    pub fn is_last(&self) -> bool {
        match self {
            Self::FineTuned(_) | Self::TaskTrained(_) | Self::Pretrained(_) => true,
            Self::Predicted(_) | Self::Found(_) | Self::Failed(_) | Self::Stopped => true,
            Self::Started { .. } | Self::Resumed { .. } | Self::Step { .. } | Self::Window { .. } | Self::Validated { .. } => false,
            Self::GivenUp(_) | Self::Scored { .. } | Self::CasesChanged { .. } | Self::Cancelled { .. } => false,
        }
    }
}

/// What a model for classes or boxes says of one scan.
#[derive(Debug, Clone)]
pub struct Found {
    /// The name given in the job, by which the asker knows the scan.
    pub id: String,
    /// Classes or boxes.
    pub finding: Finding,
    /// The model's file.
    pub model: PathBuf,
    /// The model's SHA-256.
    pub model_id: String,
    /// How long it took.
    pub seconds: f64,
}

/// A proposal for one scan.
#[derive(Debug, Clone)]
pub struct Prediction {
    /// The name given in the job, by which the asker knows the scan.
    pub id: String,
    /// Labels on the scan's own grid.
    pub labels: LabelMap,
    /// The model's file.
    pub model: PathBuf,
    /// The model's SHA-256: the author of the labels.
    pub model_id: String,
    /// How long it took.
    pub seconds: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_wins_over_pause_and_cannot_be_taken_back() {
        let control = Control::new();
        assert!(control.check().is_ok());
        control.pause();
        control.stop();
        control.resume();
        assert!(matches!(control.check(), Err(LearnError::Stopped)));
    }

    #[test]
    fn a_held_job_waits_until_it_is_let_go() {
        let control = Control::new();
        control.pause();
        let (handle, (tell, told)) = (control.clone(), std::sync::mpsc::channel());
        let job = std::thread::spawn(move || {
            tell.send("waiting").expect("somebody listens");
            let waited = handle.check().is_ok();
            tell.send("went on").expect("somebody listens");
            waited
        });
        assert_eq!(told.recv(), Ok("waiting"));
        assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "it did not wait");
        control.resume();
        assert_eq!(told.recv(), Ok("went on"));
        assert!(job.join().expect("no panic"));
    }
}
