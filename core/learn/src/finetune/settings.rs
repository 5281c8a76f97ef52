use std::path::PathBuf;
use std::sync::Arc;

use medley_nn::{Checkpointing, Depth, HeadKind, Shortcut};
use serde::{Deserialize, Serialize};

use crate::augment::Augmentation;
use crate::optimise::{Optimiser, Rates};
use crate::recipe::PlanLimits;
use crate::{CaseSource, DeviceChoice, LearnError};

/// A fine-tuning to be done.
pub struct FineTuneSpec {
    /// Where the cases come from.
    pub cases: Box<dyn CaseSource>,
    /// The labels to learn: value in the masks, name. Other labels of the masks do not count; background is always learned.
    pub labels: Vec<(u16, String)>,
    /// The first weights.
    pub weights: WeightsSource,
    /// Everything else.
    pub settings: FineTuneSettings,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The folder that receives `model.safetensors` and `card.json`; made if it is missing.
    pub output: PathBuf,
}

/// Where the first weights come from.
#[derive(Debug, Clone, Default)]
pub enum WeightsSource {
    /// Drawn from the seed.
    #[default]
    Scratch,
    /// A `.pth` or `.safetensors` file. If it is a model of ours with the same labels and head, training goes on from all of
    /// it, with its recipe; otherwise its encoder is taken.
    File(PathBuf),
    /// The same, if its SHA-256 is still the recorded one.
    Recorded {
        /// The file.
        file: PathBuf,
        /// SHA-256 in hexadecimal.
        sha256: String,
    },
    /// The same, from memory; `name` is what errors call it.
    Bytes {
        /// A name for errors.
        name: String,
        /// The file's bytes.
        bytes: Arc<[u8]>,
    },
}

/// Which weights a fine-tuning leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// Those with the highest mean Dice on the validation scans (the last ones where there are none). The Dice of weights chosen
    /// so is a little optimistic.
    #[default]
    Best,
    /// Those after the last step.
    Last,
}

/// By which statistics the encoder normalises while it learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EncoderNorm {
    /// The batch's own, unless weights are given and a step sees so little that they would be noise: fewer than 64 places at
    /// the encoder's last stage.
    #[default]
    Auto,
    /// The batch's own.
    Batch,
    /// The running ones, left as they came.
    Frozen,
}

/// Settings of a fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FineTuneSettings {
    /// Steps in all.
    pub steps: usize,
    /// Patches a step.
    pub batch: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Factor on it for the encoder, where its weights are given.
    pub encoder_factor: f64,
    /// Steps over which the rate rises.
    pub warm_up: usize,
    /// The optimiser.
    pub optimiser: Optimiser,
    /// Weight decay.
    pub weight_decay: f64,
    /// Everything random follows from it.
    pub seed: u64,
    /// Depth of an encoder from scratch.
    pub depth: Depth,
    /// Shortcut of an encoder from scratch.
    pub shortcut: Shortcut,
    /// Width of an encoder from scratch.
    pub base_width: usize,
    /// The head.
    pub head: HeadKind,
    /// Spacing `[R, A, S]` in millimetres to which scans are brought; `None`: the median of the training cases, within `limits`.
    pub spacing_mm: Option<[f64; 3]>,
    /// Patch `[S, A, R]` in voxels, multiples of 8; `None`: as large as `limits` allow.
    pub patch: Option<[usize; 3]>,
    /// Bounds for spacing and patch.
    pub limits: PlanLimits,
    /// Share of patches that are centred on a label.
    pub foreground: f64,
    /// How patches are changed.
    pub augmentation: Augmentation,
    /// Share of the steps over whose last weights the mean is taken; 0: the weights themselves.
    pub average: f64,
    /// By which statistics the encoder normalises.
    pub encoder_norm: EncoderNorm,
    /// Steps between measurements on the validation scans; 0: only at the end.
    pub validate_every: usize,
    /// Which weights are kept.
    pub keep: Keep,
    /// Whether weights that lack parts of the encoder are accepted.
    pub allow_partial: bool,
    /// What the encoder keeps for its gradients: less memory for more time.
    #[serde(skip_serializing_if = "Checkpointing::is_off")]
    pub checkpointing: Checkpointing,
}

/// Made for a processor without a GPU: about a quarter of a second a step at the default width.
impl Default for FineTuneSettings {
    fn default() -> Self {
        Self {
            steps: 400,
            batch: 1,
            learning_rate: 1e-2,
            encoder_factor: 1.0,
            warm_up: 20,
            optimiser: Optimiser::AdamW,
            weight_decay: 1e-3,
            seed: 0,
            depth: Depth::R10,
            shortcut: Shortcut::B,
            base_width: 16,
            head: HeadKind::Skip,
            spacing_mm: None,
            patch: None,
            limits: PlanLimits { voxels_per_patch: 16 * 96 * 96, ..PlanLimits::default() },
            foreground: 0.67,
            augmentation: Augmentation::default(),
            average: 0.1,
            encoder_norm: EncoderNorm::Auto,
            validate_every: 50,
            keep: Keep::Best,
            allow_partial: false,
            checkpointing: Checkpointing::Off,
        }
    }
}

impl FineTuneSettings {
    /// # Errors
    /// A sentence for the first setting that makes no sense.
    pub(super) fn check(&self) -> Result<(), LearnError> {
        check_training(self.steps, self.batch, self.learning_rate, self.base_width, self.foreground)?;
        check_patch(self.patch)
    }

    pub(super) fn rates(&self, has_weights: bool) -> Rates {
        let encoder_factor = if has_weights { self.encoder_factor } else { 1.0 };
        Rates { highest: self.learning_rate, encoder_factor, warm_up: self.warm_up.min(self.steps / 2), steps: self.steps }
    }
}

pub(crate) fn check_patch(patch: Option<[usize; 3]>) -> Result<(), LearnError> {
    let fits = patch.is_none_or(|patch| patch.iter().all(|&p| p > 0 && p % 8 == 0 && p <= 1024));
    let refusal = || LearnError::Setting("the patch must be three multiples of 8, each at most 1024 voxels".to_owned());
    fits.then_some(()).ok_or_else(refusal)
}

pub(crate) fn check_training(steps: usize, batch: usize, rate: f64, width: usize, foreground: f64) -> Result<(), LearnError> {
    let wrong = |sentence: &str| Err(LearnError::Setting(sentence.to_owned()));
    if steps == 0 || batch == 0 || width == 0 {
        return wrong("steps, batch and base width must be at least 1");
    }
    if !(rate.is_finite() && rate > 0.0) {
        return wrong("the learning rate must be a positive number");
    }
    if !(0.0..=1.0).contains(&foreground) {
        return wrong("the share of foreground patches must lie between 0 and 1");
    }
    Ok(())
}
