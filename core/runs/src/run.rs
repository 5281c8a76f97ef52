use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where a training stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunState {
    /// Its program is at work on it.
    Running,
    /// All steps were taken and a model was written.
    Finished,
    /// Somebody stopped it; there is a model if it had been measured before.
    Stopped,
    /// It ended with an error.
    Failed,
    /// Its program ended without a word: killed, or the machine went off.
    Interrupted,
}

impl RunState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Running, Self::Finished, Self::Stopped, Self::Failed, Self::Interrupted];
}

impl fmt::Display for RunState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        })
    }
}

impl FromStr for RunState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|state| state.to_string() == text);
        found.ok_or_else(|| format!("“{text}” is not a state: use running, finished, stopped, failed or interrupted"))
    }
}

/// A training that begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NewRun {
    /// How it is made: `fine-tune` or `pretrain`.
    pub kind: String,
    /// What the network is for: `segment`, `classify` or `detect`.
    pub task: String,
    /// All settings, JSON.
    pub settings: String,
    /// The data set's name; never a patient's.
    pub data: String,
    /// Where it computes.
    pub device: String,
    /// Steps to take.
    pub steps: usize,
    /// The folder that receives the model.
    pub output: PathBuf,
    /// The first weights as they were named.
    pub weights: String,
    /// Program and version.
    pub program: String,
}

/// How a training ended.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ending {
    /// Seconds of work, pauses left out; `None` where nobody counted.
    pub seconds: Option<f64>,
    /// Steps taken in all.
    pub steps_done: Option<usize>,
    /// Cases learned from and only measured on.
    pub cases: Option<(usize, usize)>,
    /// SHA-256 of the file that the first weights came from: the model's parent.
    pub parent: Option<String>,
    /// SHA-256 of the model's file.
    pub model: Option<String>,
    /// What the kept weights were measured by, and the result.
    pub score: Option<(String, f64)>,
    /// After how many steps the kept weights were taken.
    pub best_step: Option<usize>,
    /// Why it failed.
    pub message: Option<String>,
}

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Its number.
    pub id: i64,
    /// When it began, unix milliseconds.
    pub begun_ms: i64,
    /// When the row was last changed, unix milliseconds.
    pub changed_ms: i64,
    /// How it is made.
    pub kind: String,
    /// What the network is for.
    pub task: String,
    /// Where it stands.
    pub state: RunState,
    /// All settings, JSON.
    pub settings: String,
    /// The data set's name.
    pub data: String,
    /// Where it computes.
    pub device: String,
    /// Steps to take.
    pub steps: i64,
    /// Steps taken.
    pub steps_done: i64,
    /// The last loss, smoothed.
    pub loss: Option<f64>,
    /// The last learning rate.
    pub rate: Option<f64>,
    /// Steps a second, of late.
    pub steps_per_s: Option<f64>,
    /// Voxels of patches a second, of late.
    pub voxels_per_s: Option<f64>,
    /// The most memory that the program held, bytes.
    pub peak_memory: Option<i64>,
    /// Seconds of work; while it runs since it began.
    pub seconds: Option<f64>,
    /// Cases learned from.
    pub training_cases: Option<i64>,
    /// Cases only measured on.
    pub validation_cases: Option<i64>,
    /// The folder that receives the model.
    pub output: String,
    /// The first weights as they were named.
    pub weights: String,
    /// SHA-256 of the file they came from.
    pub parent: Option<String>,
    /// SHA-256 of the model's file.
    pub model: Option<String>,
    /// What it was measured by.
    pub measure: Option<String>,
    /// The kept weights' result; while it runs the best so far.
    pub score: Option<f64>,
    /// After how many steps the kept weights were taken.
    pub best_step: Option<i64>,
    /// Why it failed.
    pub message: Option<String>,
    /// Program and version.
    pub program: String,
}

/// A point of a curve: `loss`, `rate`, `Dice`, `Dice/liver`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Point {
    /// The curve.
    pub name: String,
    /// After this step.
    pub step: i64,
    /// When, unix milliseconds.
    pub ms: i64,
    /// The value.
    pub value: f64,
}
