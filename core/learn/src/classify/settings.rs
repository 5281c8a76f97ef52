use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ClassSource;
use crate::augment::Augmentation;
use crate::recipe::PlanLimits;
use crate::{DeviceChoice, FineTuneSettings, LearnError, WeightsSource};

/// A classification to be learned.
pub struct ClassifySpec {
    /// Where the cases come from.
    pub cases: Box<dyn ClassSource>,
    /// The classes by name, in the order of the cases' answers.
    pub classes: Vec<String>,
    /// The first weights of the encoder.
    pub weights: WeightsSource,
    /// Everything else.
    pub settings: ClassifySettings,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The folder that receives `model.safetensors` and `card.json`; made if it is missing.
    pub output: PathBuf,
}

/// Whether classes exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// Each scan is of exactly one class.
    #[default]
    OneOf,
    /// Any number of labels may apply to a scan, and of some it may be unknown whether they do.
    AnyOf,
}

/// Settings of a classification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassifySettings {
    /// What every fine-tuning has. The head and the share of foreground do not count; a patch is the whole input.
    pub training: FineTuneSettings,
    /// Whether classes exclude each other.
    pub answers: Answers,
    /// Share of the pooled features that are left out in each step.
    pub dropout: f64,
    /// Whether a rare class counts as much in the loss as a common one; for classes that exclude each other.
    pub balance: bool,
    /// Largest shift of an input, as a share of its size along each axis.
    pub shift: f64,
    /// Share of patients that are only measured on, drawn class by class, where the cases name none for that; 0: none.
    pub hold_out: f64,
}

impl Default for ClassifySettings {
    fn default() -> Self {
        let augmentation = Augmentation {
            scale: 0.1,
            turn_axial_deg: 8.0,
            contrast: 0.2,
            brightness_hu: 30.0,
            gamma: 0.2,
            enhancement_hu: 0.0,
            overhang: 0.0,
            ..Augmentation::default()
        };
        let training = FineTuneSettings {
            steps: 200,
            batch: 4,
            learning_rate: 1e-3,
            warm_up: 10,
            limits: PlanLimits { voxels_per_patch: 64 * 64 * 32, ..PlanLimits::default() },
            augmentation,
            validate_every: 20,
            ..FineTuneSettings::default()
        };
        Self { training, answers: Answers::OneOf, dropout: 0.3, balance: true, shift: 0.05, hold_out: 0.2 }
    }
}

impl ClassifySettings {
    /// # Errors
    /// A sentence for the first setting that makes no sense.
    pub(super) fn check(&self, classes: &[String]) -> Result<(), LearnError> {
        self.training.check()?;
        self.training.require_fixed_cases()?;
        let least = if self.answers == Answers::OneOf { 2 } else { 1 };
        if classes.len() < least || classes.len() > 1000 {
            let found = classes.len();
            return Err(LearnError::Setting(format!("{found} classes cannot be learned: there must be {least} to 1000 of them")));
        }
        if let Some(name) = classes.iter().enumerate().find_map(|(at, name)| classes[..at].contains(name).then_some(name)) {
            return Err(LearnError::Setting(format!("the class “{name}” is listed twice")));
        }
        let shares = [(self.dropout, "dropout"), (self.hold_out, "share of patients held out"), (self.shift, "shift")];
        match shares.into_iter().find(|(share, _)| !(0.0..1.0).contains(share)) {
            Some((_, name)) => Err(LearnError::Setting(format!("the {name} must be at least 0 and below 1"))),
            None => Ok(()),
        }
    }
}
