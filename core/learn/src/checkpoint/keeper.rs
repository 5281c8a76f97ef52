//! When and where checkpoints are written, and the files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use medley_nn::weights::state::{StateRecord, read_state, write_state};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::exact::{packed, unpacked};
use super::identity::difference;
use super::{CheckpointInfo, Checkpoints, Identity, LearnerNote, Tensors};
use crate::card::{CardSet, CardSettings};
use crate::finetune::Curve;
use crate::{FineTuneSettings, LearnError, Recipe};

/// In the output folder.
const FOLDER: &str = "checkpoint";
const NOTE: &str = "checkpoint.json";
/// More than any note has; its size follows from the number of cases and of tensors.
const LARGEST_NOTE: u64 = 256 << 20;
const FORMAT: u32 = 1;

/// Where a training stands, without its numbers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Steps that were taken.
    pub(crate) step: usize,
    /// Seconds of work until then.
    pub(crate) seconds: f64,
    pub(crate) curve: Curve,
    pub(crate) learner: LearnerNote,
    /// How many steps are in the mean of the weights, where there is one.
    #[serde(default)]
    pub(crate) averaged: Option<usize>,
    /// The best weights' step and what was measured of them.
    #[serde(default)]
    pub(crate) best: Option<(usize, Value)>,
    /// Whether the validation scans are to be measured on before the next step.
    #[serde(default)]
    pub(crate) owes_measurement: bool,
    /// Measurements in a row that were no better.
    #[serde(default)]
    pub(crate) without_better: usize,
    /// Which cases took part when, where that changes.
    #[serde(default)]
    pub(crate) cases: Option<CardSet>,
}

/// What lies in `checkpoint.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    format: u32,
    of: Map<String, Value>,
    progress: Value,
    /// The file of numbers.
    file: String,
    record: StateRecord,
}

/// A checkpoint that was read.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) progress: Progress,
    pub(crate) tensors: Tensors,
}

/// Writes and removes the checkpoints of one training.
#[derive(Debug)]
pub(crate) struct Keeper {
    settings: Checkpoints,
    output: PathBuf,
    of: Map<String, Value>,
    /// The step and the moment of the last one.
    last: (usize, Instant),
    took: Duration,
    is_first: bool,
}

impl Keeper {
    pub(crate) fn new(settings: Checkpoints, output: &Path, of: &Identity<'_>) -> Result<Self, LearnError> {
        let last = (0, Instant::now());
        Ok(Self { settings, output: output.to_owned(), of: of.value()?, last, took: Duration::ZERO, is_first: true })
    }

    pub(crate) fn is_on(&self) -> bool {
        self.settings.is_on()
    }

    /// What the training is to go on from; `None` if it begins.
    ///
    /// # Errors
    /// [`LearnError::Checkpoint`] if there is none, or one of another training.
    pub(crate) fn found(&mut self) -> Result<Option<Found>, LearnError> {
        if !self.settings.resume {
            return Ok(None);
        }
        let note = read_note(&self.output).map_err(|reason| self.refusal(reason))?;
        if let Some(difference) = difference(&note.of, &self.of) {
            return Err(self.refusal(difference));
        }
        let progress: Progress =
            serde_json::from_value(unpacked(note.progress)).map_err(|error| self.refusal(format!("it cannot be read ({error})")))?;
        let tensors = Tensors(read_state(&self.output.join(FOLDER).join(&note.file), &note.record)?);
        (self.last, self.is_first) = ((progress.step, Instant::now()), false);
        Ok(Some(Found { progress, tensors }))
    }

    /// Why one cannot be gone on from.
    pub(crate) fn refusal(&self, reason: String) -> LearnError {
        LearnError::Checkpoint { folder: self.output.display().to_string(), reason }
    }

    /// Whether one is to be written after `step` steps.
    pub(crate) fn is_due(&self, step: usize) -> bool {
        let Checkpoints { every_steps, every_seconds, .. } = self.settings;
        let pause = Duration::try_from_secs_f64(every_seconds).unwrap_or(Duration::MAX).max(self.took * 19);
        let (last, when) = self.last;
        step > last && ((every_steps > 0 && step - last >= every_steps) || (every_seconds > 0.0 && when.elapsed() >= pause))
    }

    /// Writes one, unless the last is of this very step.
    ///
    /// # Errors
    /// [`LearnError::Write`], [`LearnError::Weights`]; the last one is then still there.
    pub(crate) fn write(&mut self, progress: &Progress, tensors: Tensors) -> Result<(), LearnError> {
        let begin = Instant::now();
        if !self.is_first && progress.step == self.last.0 {
            return Ok(());
        }
        let folder = self.output.join(FOLDER);
        let failed = |source| LearnError::Write { what: folder.display().to_string(), source };
        if self.is_first {
            // Of a training that was never ended and is begun anew.
            remove(&self.output).map_err(failed)?;
        }
        fs::create_dir_all(&folder).map_err(failed)?;
        let file = format!("state-{}.safetensors", progress.step);
        let record = write_state(&folder.join(&file), tensors.0)?;
        let progress_value = serde_json::to_value(progress).map(packed).map_err(|error| failed(io::Error::other(error)))?;
        let note = Note { format: FORMAT, of: self.of.clone(), progress: progress_value, file, record };
        let json = serde_json::to_vec_pretty(&note).map_err(|error| failed(io::Error::other(error)))?;
        replace(&folder.join(NOTE), &json).map_err(failed)?;
        clear_all_but(&folder, &note.file);
        (self.last, self.took, self.is_first) = ((progress.step, Instant::now()), begin.elapsed(), false);
        Ok(())
    }

    /// The training is complete.
    ///
    /// # Errors
    /// [`LearnError::Write`].
    pub(crate) fn remove(&self) -> Result<(), LearnError> {
        if !self.is_on() && !self.settings.resume {
            return Ok(());
        }
        remove(&self.output).map_err(|source| LearnError::Write { what: self.output.join(FOLDER).display().to_string(), source })
    }
}

pub(super) fn info(output: &Path) -> Option<CheckpointInfo> {
    let progress = unpacked(read_note(output).ok()?.progress);
    let step = progress.get("step").and_then(Value::as_u64).and_then(|step| usize::try_from(step).ok());
    Some(CheckpointInfo { step: step?, seconds: progress.get("seconds").and_then(Value::as_f64)? })
}

/// By which a training prepares its scans that is to go on.
pub(crate) fn recipe(output: &Path) -> Option<Recipe> {
    let of = unpacked(Value::Object(read_note(output).ok()?.of));
    serde_json::from_value(of.get("recipe")?.clone()).ok()
}

/// Settings of a training of masks that is to go on.
pub(crate) fn settings(output: &Path) -> Option<FineTuneSettings> {
    let of = unpacked(Value::Object(read_note(output).ok()?.of));
    match serde_json::from_value(of.get("settings")?.clone()).ok()? {
        CardSettings::FineTune(settings) => Some(settings),
        _ => None,
    }
}

/// # Errors
/// As the end of a sentence.
fn read_note(output: &Path) -> Result<Note, String> {
    let path = output.join(FOLDER).join(NOTE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err("there is none".to_owned()),
        other => other.map_err(|error| error.to_string())?,
    };
    let mut text = String::new();
    file.take(LARGEST_NOTE).read_to_string(&mut text).map_err(|error| error.to_string())?;
    let note: Note = serde_json::from_str(&text).map_err(|error| format!("{NOTE} cannot be read ({error})"))?;
    if note.format != FORMAT {
        return Err(format!("it has the form {}, and this program knows the form {FORMAT}", note.format));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if !note.file.chars().all(is_plain) || note.file.starts_with('.') {
        return Err("it names a file outside its folder".to_owned());
    }
    Ok(note)
}

/// The new text is there whole, or the old one is.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let part = path.with_extension("json.part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    // Not every file system lets a folder be synchronised.
    if let Some(Ok(folder)) = path.parent().map(File::open) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Removes what older checkpoints and broken attempts left.
fn clear_all_but(folder: &Path, file: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let is_ours = name.starts_with("state-") || name.ends_with(".part");
        if is_ours && name != file {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn remove(output: &Path) -> io::Result<()> {
    let folder = output.join(FOLDER);
    // The note first: without it the rest is nothing.
    for path in [folder.join(NOTE), folder.clone()] {
        let removed = if path == folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
