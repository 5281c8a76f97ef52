use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use medley_nn::loss::LossKind;
use medley_nn::{Checkpointing, Depth, EncoderConfig, HeadKind, NormKind, Shortcut, ShortcutGradient, Strides};
use serde::{Deserialize, Serialize};

use super::{DataOptions, TrainingRecipe};
use crate::augment::Augmentation;
use crate::card::{is_default, is_one};
use crate::optimise::{Optimiser, Rates, Schedule};
use crate::recipe::PlanLimits;
use crate::{CaseSource, Checkpoints, DeviceChoice, LearnError};

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
    /// How cases come to it.
    pub data: DataOptions,
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
    /// None of a batch: groups of channels of each sample, in place of batch normalisation.
    Group,
}

impl FromStr for EncoderNorm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::Auto, Self::Batch, Self::Frozen, Self::Group];
        let found = all.into_iter().find(|norm| norm.to_string() == text);
        found.ok_or_else(|| format!("“{text}” is not a normalisation: use auto, batch, frozen or group"))
    }
}

impl fmt::Display for EncoderNorm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Batch => "batch",
            Self::Frozen => "frozen",
            Self::Group => "group",
        })
    }
}

/// How an encoder is to be built otherwise than its weights were, or than the reference where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncoderChanges {
    /// How its last two stages widen what they see.
    pub strides: Option<Strides>,
    /// By what it normalises.
    pub norm: EncoderNorm,
    /// Whether the gradient passes shortcut A.
    pub shortcut_gradient: ShortcutGradient,
}

impl EncoderChanges {
    /// `config` with the changes in it.
    #[must_use]
    pub fn of(self, config: EncoderConfig) -> EncoderConfig {
        let norm = match self.norm {
            EncoderNorm::Auto => config.norm,
            EncoderNorm::Batch | EncoderNorm::Frozen => NormKind::Batch,
            EncoderNorm::Group => NormKind::Group,
        };
        let strides = self.strides.unwrap_or(config.strides);
        EncoderConfig { strides, norm, shortcut_gradient: self.shortcut_gradient, ..config }
    }
}

/// Settings of a fine-tuning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FineTuneSettings {
    /// The recipe by name that the other settings began with; left out of a card where it is ours.
    #[serde(skip_serializing_if = "is_default")]
    pub recipe: TrainingRecipe,
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
    /// Factor on the encoder's rate for each stage that lies before its last, where its weights are given: the stem gets the fourth
    /// power. Left out of a card where it is 1.
    #[serde(skip_serializing_if = "is_one")]
    pub stage_factor: f64,
    /// How the rate falls; left out of a card where it is the default.
    #[serde(skip_serializing_if = "is_default")]
    pub schedule: Schedule,
    /// Steps in which an encoder whose weights are given stands still while the head learns. Left out of a card where it is 0.
    #[serde(skip_serializing_if = "is_default")]
    pub frozen_steps: usize,
    /// Longest that all gradients together may be; longer ones are scaled down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
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
    /// What is minimised; left out of a card where it is the default.
    #[serde(skip_serializing_if = "is_default")]
    pub loss: LossKind,
    /// Whether the loss looks at the head's coarser logits too; only the skip decoder has some. Left out of a card where it does not.
    #[serde(skip_serializing_if = "is_default")]
    pub deep_supervision: bool,
    /// Labels that nobody looked for in these cases. They cost nothing, so that a model which knows them already does not forget
    /// them; only such a model can be trained with them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub never_annotated: Vec<u16>,
    /// Labels of the left and the right that change places when a patch is mirrored; see [`crate::sides_by_name`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub label_pairs: Vec<[u16; 2]>,
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
    /// Decay of the exponential mean of the weights over all steps, such as 0.99, in place of the mean over the last ones; 0: that
    /// one. Left out of a card where it is 0.
    #[serde(skip_serializing_if = "is_default")]
    pub ema: f64,
    /// By which statistics the encoder normalises.
    pub encoder_norm: EncoderNorm,
    /// How the encoder's last two stages widen what they see; `None`: as its weights were trained, as the reference without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strides: Option<Strides>,
    /// Whether the gradient passes shortcut A: `Cut` repeats the reference's trainings.
    #[serde(skip_serializing_if = "is_default")]
    pub shortcut_gradient: ShortcutGradient,
    /// Steps between measurements on the validation scans; 0: only at the end.
    pub validate_every: usize,
    /// After how many measurements on the validation scans without a better one the training ends; 0: never. Left out of a card where
    /// it is 0.
    #[serde(skip_serializing_if = "is_default")]
    pub patience: usize,
    /// Which weights are kept.
    pub keep: Keep,
    /// Whether what to do to masks afterwards is chosen on the validation scans; see [`crate::postprocess`]. Left out of a card where it
    /// is not.
    #[serde(skip_serializing_if = "is_default")]
    pub postprocess: bool,
    /// Whether weights that lack parts of the encoder are accepted.
    pub allow_partial: bool,
    /// What the encoder keeps for its gradients: less memory for more time.
    #[serde(skip_serializing_if = "Checkpointing::is_off")]
    pub checkpointing: Checkpointing,
    /// Whether cases that come, go or are changed while the training runs take part from the next round on; the validation
    /// cases stay as they are. Only for masks.
    #[serde(skip_serializing_if = "is_default")]
    pub follow_cases: bool,
    /// When the training writes down where it stands; not in the card, as nothing follows from it.
    #[serde(skip)]
    pub checkpoints: Checkpoints,
}

/// Made for a processor without a GPU: about a quarter of a second a step at the default width.
impl Default for FineTuneSettings {
    fn default() -> Self {
        Self {
            recipe: TrainingRecipe::Medley,
            steps: 400,
            batch: 1,
            learning_rate: 1e-2,
            encoder_factor: 1.0,
            stage_factor: 1.0,
            schedule: Schedule::Polynomial,
            frozen_steps: 0,
            clip_norm: None,
            warm_up: 20,
            optimiser: Optimiser::AdamW,
            weight_decay: 1e-3,
            seed: 0,
            depth: Depth::R10,
            shortcut: Shortcut::B,
            base_width: 16,
            head: HeadKind::Skip,
            loss: LossKind::DiceCe,
            deep_supervision: false,
            never_annotated: Vec::new(),
            label_pairs: Vec::new(),
            spacing_mm: None,
            patch: None,
            limits: PlanLimits { voxels_per_patch: 16 * 96 * 96, ..PlanLimits::default() },
            foreground: 0.67,
            augmentation: Augmentation::default(),
            average: 0.1,
            ema: 0.0,
            encoder_norm: EncoderNorm::Auto,
            strides: None,
            shortcut_gradient: ShortcutGradient::Open,
            validate_every: 50,
            patience: 0,
            keep: Keep::Best,
            postprocess: false,
            allow_partial: false,
            checkpointing: Checkpointing::Off,
            follow_cases: false,
            checkpoints: Checkpoints::OFF,
        }
    }
}

impl FineTuneSettings {
    /// # Errors
    /// A sentence for the first setting that makes no sense.
    pub(crate) fn check(&self) -> Result<(), LearnError> {
        check_training(self.steps, self.batch, self.learning_rate, self.base_width, self.foreground)?;
        check_patch(self.patch)?;
        self.augmentation.check().and_then(|()| self.schedule.check()).map_err(LearnError::Setting)?;
        self.check_rates()?;
        if self.deep_supervision && !self.head.has_levels() {
            let head = self.head;
            return Err(LearnError::Setting(format!(
                "deep supervision needs the skip head; the {head} head has logits at one resolution only"
            )));
        }
        Ok(())
    }

    /// # Errors
    /// If cases may come and go, which only a training for masks can do.
    pub(crate) fn require_fixed_cases(&self) -> Result<(), LearnError> {
        let refusal = || LearnError::Setting("only a training for masks can take in new cases while it runs".to_owned());
        (!self.follow_cases).then_some(()).ok_or_else(refusal)
    }

    /// As a card has them.
    pub(crate) fn for_card(&self) -> Self {
        Self { checkpoints: Checkpoints::OFF, ..self.clone() }
    }

    fn check_rates(&self) -> Result<(), LearnError> {
        let wrong = |sentence: &str| Err(LearnError::Setting(sentence.to_owned()));
        let are_factors = (0.0..=1.0).contains(&self.stage_factor) && self.encoder_factor >= 0.0 && self.encoder_factor.is_finite();
        if !are_factors {
            return wrong("the factors on the encoder's learning rate must be 0 or more, that of its stages at most 1");
        }
        if self.clip_norm.is_some_and(|longest| !(longest.is_finite() && longest > 0.0)) {
            return wrong("the longest gradient must be a positive number");
        }
        if !(0.0..1.0).contains(&self.ema) {
            return wrong("the decay of the weights' mean must be at least 0 and below 1");
        }
        if self.patience > 0 && self.validate_every == 0 {
            return wrong("ending early needs measurements on the way: validate every some steps");
        }
        Ok(())
    }

    /// Steps whose weights the mean reaches back over; below 2 there is none.
    pub(crate) fn average_window(&self) -> usize {
        if self.ema > 0.0 { (1.0 / (1.0 - self.ema)).round() as usize } else { (self.average * self.steps as f64) as usize }
    }

    pub(crate) fn changes(&self) -> EncoderChanges {
        EncoderChanges { strides: self.strides, norm: self.encoder_norm, shortcut_gradient: self.shortcut_gradient }
    }

    /// The encoder that is drawn where no weights are given.
    pub(crate) fn encoder_config(&self) -> EncoderConfig {
        EncoderConfig::new(self.depth, self.shortcut, self.base_width)
    }

    pub(crate) fn rates(&self, has_weights: bool) -> Rates {
        let (encoder_factor, stage_factor, frozen) =
            if has_weights { (self.encoder_factor, self.stage_factor, self.frozen_steps) } else { (1.0, 1.0, 0) };
        Rates {
            highest: self.learning_rate,
            encoder_factor,
            stage_factor,
            frozen,
            warm_up: self.warm_up.min(self.steps / 2),
            steps: self.steps,
            schedule: self.schedule,
            steps_per_epoch: 1,
        }
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
