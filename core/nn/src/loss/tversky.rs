use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor};

use super::one_hot::one_hot;
use super::overlap::{Overlap, SMOOTHING};

/// Keeps the slope of a root from being infinite where a class is found perfectly.
const PERFECT: f64 = 1e-6;

/// One minus the mean Tversky index over the foreground classes present in the whole batch; zero where none is.
///
/// The index is `TP / (TP + α·FP + β·FN)` with soft counts, `weights` = `[α, β]`: with ½ and ½ it is Dice; with β above α a missed
/// voxel costs more than one too many, which is wanted for small lesions. Background and absent classes are left out as in
/// [`super::soft_dice`].
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`
/// - target: `[N, D, H, W]`, class indices; `ignore` voxels do not count
/// - output: `[1]`
///
/// Salehi et al., Tversky loss function for image segmentation (2017), eq. 2.
pub fn tversky(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>, weights: [f64; 2]) -> Tensor<1> {
    focal_tversky(logits, target, ignore, weights, 1.0)
}

/// The mean over the foreground classes present of `(1 − Tversky index)^(1/γ)`: with γ above one, a class that is nearly found
/// still counts.
///
/// # Shapes
/// As [`tversky`].
///
/// Abraham and Khan, A novel focal Tversky loss function (2019), eq. 4.
pub fn focal_tversky(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>, weights: [f64; 2], gamma: f64) -> Tensor<1> {
    let wanted = one_hot(target, logits.dims()[1], ignore);
    from_probabilities(softmax(logits, 1), wanted, weights, gamma)
}

pub(super) fn from_probabilities(probabilities: Tensor<5>, wanted: Tensor<5>, [alpha, beta]: [f64; 2], gamma: f64) -> Tensor<1> {
    let device = wanted.device();
    let Some(overlap) = Overlap::of_foreground(probabilities, wanted) else { return Tensor::zeros([1], &device) };
    let Overlap { both, predicted, present } = &overlap;
    let (extra, missed) = (predicted.clone() - both.clone(), present.clone() - both.clone());
    let all = both.clone() + extra.mul_scalar(alpha) + missed.mul_scalar(beta);
    let mut wrong = (both.clone().add_scalar(SMOOTHING) / all.add_scalar(SMOOTHING)).neg().add_scalar(1.0);
    if gamma != 1.0 {
        wrong = wrong.clamp_min(PERFECT).powf_scalar(1.0 / gamma);
    }
    overlap.mean_over_present(wrong)
}
