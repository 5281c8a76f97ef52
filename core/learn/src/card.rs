//! What is written down about every trained model.
//!
//! A card names no patient: scans and masks appear as hashes of their voxels, cases as counts.

use medley_nn::weights::Task;
use medley_nn::{NormKind, Strides};
use medley_volume::{LabelMap, Volume};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::job::{JobKind, LabelDice};
use crate::postprocess::LabelCleaning;
use crate::pretrain::{PretrainSettings, PretrainedSet};
use crate::task::TaskScores;
use crate::{ClassifySettings, DetectSettings, FineTuneSettings, LearnError, Recipe, TrainingCase};

/// The key of a model file's metadata that holds its card, without what differs between two equal runs.
pub const METADATA_KEY: &str = "medley.card";

/// Everything needed to judge a model, and to make it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The form of this card; 1.
    pub format: u32,
    /// How it was made.
    pub kind: JobKind,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Task::is_segment")]
    pub task: Task,
    /// Program and version.
    pub program: String,
    /// The device it was trained on.
    pub device: String,
    /// Depth, shortcut, width and head.
    pub architecture: CardArchitecture,
    /// Where the first weights came from.
    pub weights: CardWeights,
    /// The labels it tells apart, background first; of a classification its classes, numbered from 1; empty for an encoder.
    pub labels: Vec<CardLabel>,
    /// How scans become numbers; `None` for an encoder, whose sets have one each.
    pub recipe: Option<Recipe>,
    /// The data sets it learned from.
    pub sets: Vec<CardSet>,
    /// All settings, the seed among them.
    pub settings: CardSettings,
    /// Steps that were done; fewer than asked for if it was stopped.
    pub steps_done: usize,
    /// After how many steps the weights were taken.
    pub step: usize,
    /// Why these weights and not others.
    pub chosen_by: String,
    /// Dice on the validation scans, per label; empty where there were none.
    pub dice: Vec<LabelDice>,
    /// What was measured on the validation scans of a model that draws no masks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<TaskScores>,
    /// What predictions do to their masks afterwards; `dice` is without it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleaning: Vec<LabelCleaning>,
    /// Dice of each set's branch after a co-training.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pretrained: Vec<PretrainedSet>,
    /// Loss and validation over the steps.
    pub curve: Vec<CurvePoint>,
    /// What a plan gave up because memory or time did not suffice, in sentences; not in the model file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<String>,
    /// When and how long; not in the model file, so that equal runs give equal files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<Made>,
}

/// Settings of either way of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum CardSettings {
    /// Of a fine-tuning.
    FineTune(FineTuneSettings),
    /// Of a co-training.
    Pretrain(PretrainSettings),
    /// Of a fine-tuning that classifies scans.
    Classify(ClassifySettings),
    /// Of a fine-tuning that finds boxes.
    Detect(DetectSettings),
}

/// The shape of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardArchitecture {
    /// `"10"` … `"200"`.
    pub depth: String,
    /// `"A"` or `"B"`.
    pub shortcut: String,
    /// Channels of the first stage.
    pub base_width: usize,
    /// Left out where they are the reference's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strides: Strides,
    /// Left out where it is the reference's.
    #[serde(default, skip_serializing_if = "is_default")]
    pub norm: NormKind,
    /// `"skip"`, `"med3d"`, `"branch"` or `"dense-aspp"`; `None` for an encoder alone.
    pub head: Option<String>,
}

/// Whether a setting that came later stands as it always was, so that old cards and new ones are the same.
pub(crate) fn is_default<T: Default + PartialEq>(setting: &T) -> bool {
    *setting == T::default()
}

/// The same for factors, which change nothing where they are 1.
pub(crate) fn is_one(factor: &f64) -> bool {
    *factor == 1.0
}

/// Where the first weights came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardWeights {
    /// `"scratch"`, `"encoder"` or `"network"` (encoder and head of an earlier model with the same labels).
    pub from: String,
    /// SHA-256 of the file they came from.
    pub sha256: Option<String>,
    /// Tensors of the encoder found in the file.
    pub matched: usize,
    /// Tensors of the encoder not found in it.
    pub missing: usize,
}

/// A label and its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardLabel {
    /// The value in masks.
    pub value: u16,
    /// Its name.
    pub name: String,
}

/// One data set and how it was split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardSet {
    /// The set's name; empty for a study.
    pub name: String,
    /// The set's own labels, where a co-training has several sets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<CardLabel>,
    /// The set's own recipe, where a co-training has several sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
    /// Cases learned from.
    pub training: Vec<CardCase>,
    /// Cases only measured on.
    pub validation: Vec<CardCase>,
}

/// One case, without anything that names a patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardCase {
    /// Voxels along i, j, k.
    pub shape: [usize; 3],
    /// SHA-256 of shape and values, see [`image_sha256`].
    pub image_sha256: String,
    /// SHA-256 of shape and labels, see [`labels_sha256`].
    pub labels_sha256: String,
    /// Labels that nobody looked for in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_annotated: Vec<u16>,
    /// It takes part since this many steps were taken, where it came while the training ran.
    #[serde(default, skip_serializing_if = "is_default")]
    pub from_step: usize,
    /// It took part until this many steps were taken, where it went, or was changed, while the training ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_step: Option<usize>,
}

/// A point of the training curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// After this step.
    pub step: usize,
    /// Mean loss since the point before.
    pub loss: f64,
    /// Mean Dice on the validation scans, where they were measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dice: Option<f64>,
    /// How good a model that draws no masks is, where it was measured on the validation scans.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
}

/// When a model was made and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: u64,
    /// Seconds of work, pauses left out.
    pub seconds: f64,
}

impl Made {
    /// Now, after `seconds` of work.
    #[must_use]
    pub fn now(seconds: f64) -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Self { unix_ms: since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(0)), seconds: short(seconds) }
    }
}

impl Card {
    /// Program and version, for [`Card::program`].
    #[must_use]
    pub fn this_program() -> String {
        format!("medley {}", env!("CARGO_PKG_VERSION"))
    }

    /// The part of the card that two equal runs share, as JSON.
    ///
    /// # Errors
    /// [`LearnError::Card`] if a number in it is not finite.
    pub fn reproducible_json(&self) -> Result<String, LearnError> {
        let bare = Self { made: None, given_up: Vec::new(), ..self.clone() };
        serde_json::to_string(&bare).map_err(|error| unreadable("card", &error))
    }

    /// The card as JSON for people.
    ///
    /// # Errors
    /// [`LearnError::Card`] if a number in it is not finite.
    pub fn json(&self) -> Result<String, LearnError> {
        serde_json::to_string_pretty(self).map_err(|error| unreadable("card", &error))
    }

    /// Reads a card; `file` is named in the error.
    ///
    /// # Errors
    /// [`LearnError::Card`] if it is none.
    pub fn from_json(file: &str, json: &str) -> Result<Self, LearnError> {
        serde_json::from_str(json).map_err(|error| unreadable(file, &error))
    }

    /// Labels as [`crate::FineTuneSpec`] has them, background left out.
    #[must_use]
    pub fn label_names(&self) -> Vec<(u16, String)> {
        self.labels.iter().filter(|label| label.value != 0).map(|label| (label.value, label.name.clone())).collect()
    }
}

/// A number with at most six decimals: cards are for people, and short numbers come back from JSON as they were.
#[must_use]
pub fn short(number: f64) -> f64 {
    (number * 1e6).round() / 1e6
}

fn unreadable(file: &str, error: &serde_json::Error) -> LearnError {
    LearnError::Card { file: file.to_owned(), reason: error.to_string() }
}

impl CardCase {
    /// Of a case.
    #[must_use]
    pub fn of(case: &TrainingCase) -> Self {
        Self {
            shape: case.image.grid().shape(),
            image_sha256: image_sha256(&case.image),
            labels_sha256: labels_sha256(&case.truth),
            never_annotated: case.never_annotated.clone(),
            from_step: 0,
            until_step: None,
        }
    }

    /// Whether it is the same scan with the same mask, whenever it took part.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let of = |case: &Self| (case.shape, case.never_annotated.clone());
        self.image_sha256 == other.image_sha256 && self.labels_sha256 == other.labels_sha256 && of(self) == of(other)
    }
}

/// SHA-256 of the shape (three little-endian `u64`) and the values (little-endian `f32`, `i` fastest). Header fields and the
/// stored type do not count, so that the same scan in another file has the same hash.
#[must_use]
pub fn image_sha256(volume: &Volume) -> String {
    hash(volume.grid().shape(), volume.to_f32().iter().map(|value| value.to_le_bytes()))
}

/// SHA-256 of the shape (three little-endian `u64`) and the labels (little-endian `u16`, `i` fastest).
#[must_use]
pub fn labels_sha256(labels: &LabelMap) -> String {
    hash(labels.grid().shape(), (0..labels.len()).map(|offset| labels.at(offset).to_le_bytes()))
}

fn hash<const N: usize>(shape: [usize; 3], values: impl Iterator<Item = [u8; N]>) -> String {
    let mut hasher = Sha256::new();
    shape.iter().for_each(|&n| hasher.update((n as u64).to_le_bytes()));
    let mut block = Vec::with_capacity(1 << 16);
    for value in values {
        block.extend_from_slice(&value);
        if block.len() >= 1 << 16 {
            hasher.update(&block);
            block.clear();
        }
    }
    hasher.update(&block);
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;

    #[test]
    fn the_same_scan_stored_otherwise_has_the_same_hash() {
        let grid = Grid::axis_aligned([4, 3, 2], [1.0; 3]).expect("a grid");
        let whole: Vec<i16> = (0..24).map(|v| v * 2).collect();
        let half: Vec<f32> = (0..24).map(|v| v as f32).collect();
        let a = Volume::new(grid, Voxels::I16(whole), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let b = Volume::new(grid, Voxels::F32(half), Scaling { slope: 2.0, intercept: 0.0 }, Quantity::Arbitrary).expect("fits");
        assert_eq!(image_sha256(&a), image_sha256(&b));
        let mut mask = LabelMap::empty(grid);
        let empty = labels_sha256(&mask);
        mask.set(5, 1);
        assert_ne!(labels_sha256(&mask), empty);
    }

    #[test]
    fn the_hash_is_the_one_that_is_described() {
        let grid = Grid::axis_aligned([2, 1, 1], [1.0; 3]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        mask.set(1, 258);
        let bytes = [2u64, 1, 1].iter().flat_map(|n| n.to_le_bytes()).chain([0, 0, 2, 1]).collect::<Vec<u8>>();
        let wanted: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(labels_sha256(&mask), wanted);
    }
}
