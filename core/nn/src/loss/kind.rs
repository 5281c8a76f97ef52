use std::fmt;
use std::str::FromStr;

use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;
use serde::{Deserialize, Serialize};

use super::one_hot::one_hot;
use super::{Target, boundary, cross_entropy, dice, focal, partial, tversky};
use crate::head::Level;

/// Which loss a training minimises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossKind {
    /// [`super::cross_entropy`].
    CrossEntropy,
    /// [`super::soft_dice`].
    Dice,
    /// Soft Dice and cross entropy: what nnU-Net uses, and the safest choice.
    #[default]
    DiceCe,
    /// [`super::focal`] with γ = 2.
    Focal,
    /// Soft Dice and focal.
    DiceFocal,
    /// [`super::tversky`] with α = 0.3 and β = 0.7: a missed voxel costs more than one too many.
    Tversky,
    /// [`super::focal_tversky`] with the same and γ = 4/3.
    FocalTversky,
    /// Soft Dice, cross entropy and [`super::boundary`]: an error costs more the farther it is from the border.
    Boundary,
}

/// Of the focal loss, as Lin et al. found best.
const GAMMA: f64 = 2.0;

/// Of the Tversky loss, as Salehi et al. found best: false positives, false negatives.
const TVERSKY: [f64; 2] = [0.3, 0.7];

/// Of the focal Tversky loss, as Abraham and Khan found best.
const FOCAL_TVERSKY: f64 = 4.0 / 3.0;

/// Weight of the boundary loss beside soft Dice and cross entropy. With distances as shares of the patch's diagonal all three are at
/// most about one.
const BOUNDARY: f64 = 1.0;

impl LossKind {
    /// All of them, the default one first.
    pub const ALL: [Self; 8] =
        [Self::DiceCe, Self::CrossEntropy, Self::Dice, Self::Focal, Self::DiceFocal, Self::Tversky, Self::FocalTversky, Self::Boundary];

    /// How wrong logits are. Classes that were not annotated are merged with background first, see [`Target::with_annotated`].
    ///
    /// # Shapes
    /// - logits: `[N, classes, D, H, W]`, where the target is `[N, D, H, W]`
    /// - output: `[1]`
    pub fn of(self, logits: Tensor<5>, target: &Target) -> Tensor<1> {
        let [_, classes, ..] = logits.dims();
        let device = logits.device();
        let log_probabilities = log_softmax(logits, 1);
        let wanted = one_hot(target.classes(&device), classes, target.ignore());
        let (log_probabilities, wanted) = match target.annotated() {
            Some(annotated) => partial::merged(log_probabilities, wanted, &annotated.factors(classes, &device)),
            None => (log_probabilities, wanted),
        };
        let dice = || dice::from_probabilities(log_probabilities.clone().exp(), wanted.clone());
        let entropy = || cross_entropy::from_log_probabilities(log_probabilities.clone(), wanted.clone());
        let focal = || focal::from_log_probabilities(log_probabilities.clone(), wanted.clone(), GAMMA, None);
        let tversky = |gamma| tversky::from_probabilities(log_probabilities.clone().exp(), wanted.clone(), TVERSKY, gamma);
        match self {
            Self::CrossEntropy => entropy(),
            Self::Dice => dice(),
            Self::DiceCe => dice() + entropy(),
            Self::Focal => focal(),
            Self::DiceFocal => dice() + focal(),
            Self::Tversky => tversky(1.0),
            Self::FocalTversky => tversky(FOCAL_TVERSKY),
            Self::Boundary => {
                let far = boundary::from_probabilities(log_probabilities.clone().exp(), wanted.clone(), &target.distances(classes));
                dice() + entropy() + far.mul_scalar(BOUNDARY)
            }
        }
    }

    /// The losses at several resolutions, weighted 1, ½, ¼, … of their sum, each against the target's voxels on which its logits lie
    /// (deep supervision as in nnU-Net, Isensee et al., 2021). One level alone counts as it is.
    ///
    /// # Panics
    /// If there is no level.
    pub fn of_levels(self, levels: Vec<Level>, target: &Target) -> Tensor<1> {
        let weight = |at: usize| 0.5f64.powi(at as i32);
        let all: f64 = (0..levels.len()).map(weight).sum();
        let losses = levels.into_iter().enumerate().map(|(at, Level { logits, stride })| match stride {
            1 => self.of(logits, target).mul_scalar(weight(at) / all),
            _ => self.of(logits, &target.every(stride)).mul_scalar(weight(at) / all),
        });
        let Some(loss) = losses.reduce(|a, b| a + b) else { panic!("a loss needs logits") };
        loss
    }
}

impl FromStr for LossKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|loss| loss.to_string() == text);
        known.ok_or_else(|| {
            let [first, rest @ ..] = Self::ALL.map(|loss| loss.to_string());
            format!("“{text}” is not a loss: use {first}, {}", rest.join(", "))
        })
    }
}

impl fmt::Display for LossKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CrossEntropy => "cross-entropy",
            Self::Dice => "dice",
            Self::DiceCe => "dice-ce",
            Self::Focal => "focal",
            Self::DiceFocal => "dice-focal",
            Self::Tversky => "tversky",
            Self::FocalTversky => "focal-tversky",
            Self::Boundary => "boundary",
        })
    }
}
