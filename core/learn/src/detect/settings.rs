use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::augment::Augmentation;
use crate::recipe::PlanLimits;
use crate::{CaseSource, DeviceChoice, FineTuneSettings, LearnError, WeightsSource};

/// A detection to be learned.
pub struct DetectSpec {
    /// Where the cases come from.
    pub cases: Box<dyn CaseSource>,
    /// The labels whose connected pieces are the objects: value in the masks, name.
    pub labels: Vec<(u16, String)>,
    /// The first weights of the encoder.
    pub weights: WeightsSource,
    /// Everything else.
    pub settings: DetectSettings,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The folder that receives `model.safetensors` and `card.json`; made if it is missing.
    pub output: PathBuf,
}

/// Settings of a detection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DetectSettings {
    /// What every fine-tuning has; the head does not count. `foreground` is the share of patches that hold an object for sure.
    pub training: FineTuneSettings,
    /// Pieces of fewer voxels of the mask are specks and no objects.
    pub least_voxels: usize,
    /// Of boxes of one class that overlap by more than this intersection over union only the surest stays.
    pub overlap: f64,
    /// Boxes less sure than this are not told of.
    pub least_score: f64,
    /// The most boxes told of in a scan.
    pub most: usize,
}

impl Default for DetectSettings {
    fn default() -> Self {
        // No turns: a box turned is no box. No shifts of single structures: their sharp rims would give objects away.
        let augmentation = Augmentation {
            turn_axial_deg: 0.0,
            turn_tilt_deg: 0.0,
            contrast: 0.2,
            brightness_hu: 30.0,
            gamma: 0.2,
            enhancement_hu: 0.0,
            overhang: 0.0,
            ..Augmentation::default()
        };
        let training = FineTuneSettings {
            batch: 2,
            learning_rate: 3e-3,
            limits: PlanLimits { voxels_per_patch: 16 * 96 * 96, ..PlanLimits::default() },
            augmentation,
            ..FineTuneSettings::default()
        };
        Self { training, least_voxels: 5, overlap: 0.2, least_score: 0.1, most: 100 }
    }
}

impl DetectSettings {
    /// # Errors
    /// A sentence for the first setting that makes no sense.
    pub(super) fn check(&self) -> Result<(), LearnError> {
        self.training.check()?;
        self.training.require_fixed_cases()?;
        if !(0.0..=1.0).contains(&self.overlap) || !(0.0..=1.0).contains(&self.least_score) {
            return Err(LearnError::Setting("the overlap and the least score of boxes must lie between 0 and 1".to_owned()));
        }
        let Augmentation { turn_axial_deg, turn_tilt_deg, elastic, .. } = self.training.augmentation;
        if turn_axial_deg != 0.0 || turn_tilt_deg != 0.0 || elastic.chance > 0.0 {
            let sentence = "patches cannot be turned or deformed in a detection: a turned box is no box";
            return Err(LearnError::Setting(sentence.to_owned()));
        }
        Ok(())
    }
}
