//! How wrong logits are.
//!
//! - [`LossKind`]: all of the following by name, against a [`Target`], also at several resolutions at once
//! - [`cross_entropy`], [`soft_dice`], [`dice_and_cross_entropy`]: what most trainings use
//! - [`focal`]: easy voxels count less; [`tversky`], [`focal_tversky`]: misses count more; [`boundary`]: far errors count more
//! - [`Annotated`]: classes that a data set never annotated cost nothing, merged with background under a softmax, left out where objects are found
//!   ([`Target::with_annotated`]) or left out under sigmoids ([`sigmoid_dice_and_cross_entropy`])
//!
//! A target voxel whose value is `ignore`, or no class at all, counts nowhere.

mod boundary;
mod classification;
mod cross_entropy;
mod detection;
mod dice;
mod distance;
mod focal;
mod kind;
mod one_hot;
mod overlap;
mod partial;
#[cfg(test)]
mod slopes;
mod target;
#[cfg(test)]
mod tests;
mod tversky;

use burn::tensor::{Int, Tensor};

pub use boundary::boundary;
pub use classification::{class_cross_entropy, partial_binary_cross_entropy};
pub use cross_entropy::cross_entropy;
pub use detection::{absolute_at_centers, detection_loss, heat_map_focal};
pub use dice::soft_dice;
pub use focal::focal;
pub use kind::LossKind;
pub use partial::sigmoid_dice_and_cross_entropy;
pub use target::{Annotated, Target};
pub use tversky::{focal_tversky, tversky};

/// The sum of [`soft_dice`] and [`cross_entropy`], the loss of nnU-Net (Isensee et al., 2021).
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`
/// - target: `[N, D, H, W]`, class indices
/// - output: `[1]`
pub fn dice_and_cross_entropy(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>) -> Tensor<1> {
    let wanted = one_hot::one_hot(target, logits.dims()[1], ignore);
    let log_probabilities = burn::tensor::activation::log_softmax(logits, 1);
    dice::from_probabilities(log_probabilities.clone().exp(), wanted.clone())
        + cross_entropy::from_log_probabilities(log_probabilities, wanted)
}
