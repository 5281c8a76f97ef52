use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor};

use super::one_hot::one_hot;

/// Keeps a class of very few voxels from dividing by nothing.
pub(super) const SMOOTHING: f64 = 1e-5;

/// Soft Dice loss, one minus the mean over the foreground classes present in the whole batch; zero where none is.
///
/// Background (class 0) is left out: it is most of every patch and would drown the rest. A class that no voxel of the batch has
/// is left out too, since its Dice is zero whatever is predicted; cross entropy is what keeps it away.
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`
/// - target: `[N, D, H, W]`, class indices; `ignore` voxels do not count
/// - output: `[1]`
///
/// Milletari et al., V-Net (2016), with the denominator's squares dropped and sums taken over the batch as in nnU-Net (2021).
pub fn soft_dice(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>) -> Tensor<1> {
    let wanted = one_hot(target, logits.dims()[1], ignore);
    from_probabilities(softmax(logits, 1), wanted)
}

pub(super) fn from_probabilities(probabilities: Tensor<5>, wanted: Tensor<5>) -> Tensor<1> {
    let classes = wanted.dims()[1];
    if classes < 2 {
        return Tensor::zeros([1], &wanted.device());
    }
    let counts = wanted.clone().sum_dim(1);
    let per_class = |x: Tensor<5>| -> Tensor<1> { x.sum_dims(&[0, 2, 3, 4]).reshape([classes]).narrow(0, 1, classes - 1) };
    let both = per_class(probabilities.clone() * wanted.clone());
    let predicted = per_class(probabilities * counts);
    let present = per_class(wanted);
    let dice = (both.mul_scalar(2.0).add_scalar(SMOOTHING)) / (predicted + present.clone()).add_scalar(SMOOTHING);
    let is_present = present.greater_elem(0.0).float();
    let classes_present = is_present.clone().sum().clamp_min(1.0);
    (dice.neg().add_scalar(1.0) * is_present).sum() / classes_present
}
