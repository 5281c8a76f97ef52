//! Trainings by name: the paper's, the released code's, and ours; each value with where it comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::FineTuneSettings;
use crate::LearnError;

/// A way of training by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingRecipe {
    /// Ours.
    #[default]
    Medley,
    /// The transfer runs of the Med3D paper (Chen et al., 2019).
    Med3d,
    /// The code that its authors released (MedicalNet).
    Reference,
}

/// With which first weights a value of a recipe counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// With any.
    Always,
    /// With given ones.
    Pretrained,
    /// With ones drawn from the seed.
    Scratch,
}

/// One value of a recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecipeValue {
    /// The setting's name in a card, or `epochs`: passes over the training cases, from which the steps follow.
    pub setting: &'static str,
    /// Its value in a card, JSON.
    pub value: &'static str,
    /// When it counts.
    pub when: When,
    /// Where it comes from.
    pub source: &'static str,
}

const fn always(setting: &'static str, value: &'static str, source: &'static str) -> RecipeValue {
    RecipeValue { setting, value, when: When::Always, source }
}

const fn pretrained(setting: &'static str, value: &'static str, source: &'static str) -> RecipeValue {
    RecipeValue { setting, value, when: When::Pretrained, source }
}

const fn scratch(setting: &'static str, value: &'static str, source: &'static str) -> RecipeValue {
    RecipeValue { setting, value, when: When::Scratch, source }
}

const UNCHANGED: &str = "{\"scale\":0,\"turn_axial_deg\":0,\"turn_tilt_deg\":0,\"contrast\":0,\"brightness\":0,\"brightness_hu\":0,\
                         \"gamma\":0,\"enhancement_hu\":0,\"noise\":0,\"noise_hu\":0,\"overhang\":0,\"mirror\":0}";

const MED3D: &[RecipeValue] = &[
    always("optimiser", "\"adam-w\"", "paper, transfer runs: Adam; without decay AdamW is Adam"),
    always("weight_decay", "0", "not stated; Adam's own"),
    pretrained("learning_rate", "1e-3", "paper, transfer runs: 1e-3 from pretrained weights"),
    scratch("learning_rate", "1e-2", "paper, transfer runs: 1e-2 from scratch"),
    always("encoder_factor", "1", "paper, transfer runs: one rate is named"),
    always("warm_up", "0", "not stated"),
    always("schedule", "{\"kind\":\"constant\"}", "not stated"),
    always("batch", "1", "not stated; the released code's"),
    always("head", "\"branch\"", "paper, its branch: one 1×1×1 convolution, then interpolation to full size"),
    always("loss", "\"cross-entropy\"", "not stated; the released code's"),
    always("augmentation", UNCHANGED, "not stated for its transfer runs"),
    always("encoder_norm", "\"batch\"", "not stated; the released code's"),
    always("average", "0", "not stated"),
    always("base_width", "64", "paper: the ResNets as published"),
    always("keep", "\"last\"", "not stated"),
];

const REFERENCE: &[RecipeValue] = &[
    always("optimiser", "\"sgd-plain\"", "train.py: SGD, momentum 0.9, not Nesterov's"),
    always("weight_decay", "1e-3", "train.py: weight_decay 1e-3"),
    pretrained("learning_rate", "0.1", "train.py: new parameters at 100 times 1e-3"),
    pretrained("encoder_factor", "0.01", "train.py: the encoder at 1e-3"),
    scratch("learning_rate", "1e-3", "setting.py: 1e-3; nothing is new to the weights where all of them are"),
    always("warm_up", "0", "train.py: none"),
    always("schedule", "{\"kind\":\"exponential\",\"per_epoch\":0.99}", "train.py: ExponentialLR, gamma 0.99, stepped with the epoch"),
    always("epochs", "200", "setting.py: n_epochs 200"),
    always("batch", "1", "setting.py: batch_size 1"),
    always("head", "\"med3d\"", "models/resnet.py: conv_seg"),
    always("loss", "\"cross-entropy\"", "train.py: CrossEntropyLoss on labels at the output's resolution"),
    always("foreground", "1", "datasets/brains18.py: crops at random around the label"),
    always("augmentation", UNCHANGED, "datasets/brains18.py: nothing else is changed"),
    always("encoder_norm", "\"batch\"", "train.py: model.train()"),
    always("shortcut_gradient", "\"cut\"", "models/resnet.py: shortcut A adds `.data`"),
    always("average", "0", "train.py: none"),
    always("base_width", "64", "models/resnet.py"),
    always("keep", "\"last\"", "train.py: no validation while training"),
];

const MEDLEY: &[RecipeValue] = &[
    always("optimiser", "\"adam-w\"", "AdamW (Loshchilov and Hutter, 2019): steady with one patch a step"),
    always("weight_decay", "1e-3", "chosen on the sample study"),
    always("learning_rate", "1e-2", "chosen on the sample study for narrow encoders"),
    always("warm_up", "20", "chosen on the sample study"),
    always("schedule", "{\"kind\":\"polynomial\"}", "nnU-Net: (1 − done)^0.9"),
    always("head", "\"skip\"", "nnU-Net: a decoder with skip connections"),
    always("loss", "\"dice-ce\"", "nnU-Net: Dice and cross entropy"),
    always("foreground", "0.67", "nnU-Net oversamples foreground; two thirds suit few cases"),
    always("average", "0.1", "chosen on the sample study: the mean over the last tenth of the steps"),
    always("encoder_norm", "\"auto\"", "frozen statistics where a step sees too little"),
    always("keep", "\"best\"", "the highest mean Dice on the validation scans"),
];

impl TrainingRecipe {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Medley, Self::Med3d, Self::Reference];

    /// Its values. Settings that are not among them are the default.
    #[must_use]
    pub fn values(self) -> &'static [RecipeValue] {
        match self {
            Self::Medley => MEDLEY,
            Self::Med3d => MED3D,
            Self::Reference => REFERENCE,
        }
    }

    /// Passes over the training cases, where it fixes them.
    #[must_use]
    pub fn epochs(self) -> Option<usize> {
        self.values().iter().find(|value| value.setting == "epochs").and_then(|value| value.value.parse().ok())
    }

    /// Settings by it; `has_weights`: whether first weights are given. Where it fixes [`TrainingRecipe::epochs`], the steps are the
    /// caller's to compute.
    ///
    /// # Errors
    /// If a value of the table is none; cannot happen.
    pub fn settings(self, has_weights: bool) -> Result<FineTuneSettings, LearnError> {
        let counts = |value: &&RecipeValue| match value.when {
            When::Always => true,
            When::Pretrained => has_weights,
            When::Scratch => !has_weights,
        };
        let wrong = |error: serde_json::Error| LearnError::Setting(format!("the recipe “{self}” cannot be used: {error}"));
        let mut settings = Map::new();
        for value in self.values().iter().filter(counts).filter(|value| value.setting != "epochs") {
            settings.insert(value.setting.to_owned(), serde_json::from_str(value.value).map_err(wrong)?);
        }
        settings.insert("recipe".to_owned(), serde_json::to_value(self).map_err(wrong)?);
        serde_json::from_value(Value::Object(settings)).map_err(wrong)
    }
}

impl FromStr for TrainingRecipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|recipe| recipe.to_string() == text);
        found.ok_or_else(|| format!("“{text}” is not a recipe: use medley, med3d or reference"))
    }
}

impl fmt::Display for TrainingRecipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Medley => "medley",
            Self::Med3d => "med3d",
            Self::Reference => "reference",
        })
    }
}

#[cfg(test)]
mod tests {
    use medley_nn::HeadKind;

    use super::*;
    use crate::augment::Augmentation;
    use crate::optimise::{Optimiser, Schedule};

    /// Every value of the table is in the settings that come of it, under the name of a setting that exists.
    #[test]
    fn settings_are_those_of_the_table() {
        for recipe in TrainingRecipe::ALL {
            for has_weights in [false, true] {
                let settings = recipe.settings(has_weights).expect("settings");
                assert!(settings.check().is_ok());
                assert_eq!(settings.recipe, recipe);
                let written = serde_json::to_value(&settings).expect("JSON");
                let default = serde_json::to_value(FineTuneSettings::default()).expect("JSON");
                for value in recipe.values().iter().filter(|value| value.setting != "epochs") {
                    let other = if has_weights { When::Scratch } else { When::Pretrained };
                    if value.when == other {
                        continue;
                    }
                    let wanted: Value = serde_json::from_str(value.value).expect("JSON");
                    match written.get(value.setting) {
                        Some(found) => assert_eq!(as_numbers(found), as_numbers(&wanted), "{recipe}: {}", value.setting),
                        // Left out of a card where it is the default.
                        None => {
                            let mut alone = Map::new();
                            alone.insert(value.setting.to_owned(), wanted);
                            let alone: FineTuneSettings = serde_json::from_value(Value::Object(alone)).expect("settings");
                            assert_eq!(alone, FineTuneSettings::default(), "{recipe}: {}", value.setting);
                            assert!(
                                ["schedule", "loss", "shortcut_gradient"].contains(&value.setting) && default.get(value.setting).is_none()
                            );
                        }
                    }
                }
            }
        }
    }

    fn as_numbers(value: &Value) -> Value {
        match value {
            Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), as_numbers(value))).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn ours_is_the_default_and_the_others_are_what_is_known_of_them() {
        for has_weights in [false, true] {
            assert_eq!(TrainingRecipe::Medley.settings(has_weights).expect("settings"), FineTuneSettings::default());
        }
        let [scratch, transfer] = [false, true].map(|has_weights| TrainingRecipe::Med3d.settings(has_weights).expect("settings"));
        assert_eq!([scratch.learning_rate, transfer.learning_rate], [1e-2, 1e-3]);
        assert_eq!((transfer.head, transfer.augmentation), (HeadKind::Branch, Augmentation::none()));
        let reference = TrainingRecipe::Reference.settings(true).expect("settings");
        assert_eq!((reference.optimiser, reference.head), (Optimiser::SgdPlain, HeadKind::Med3d));
        assert_eq!(reference.schedule, Schedule::Exponential { per_epoch: 0.99 });
        assert!((reference.learning_rate * reference.encoder_factor - 1e-3).abs() < 1e-12);
        assert_eq!(TrainingRecipe::Reference.epochs(), Some(200));
        assert_eq!("med3d".parse(), Ok(TrainingRecipe::Med3d));
    }
}
