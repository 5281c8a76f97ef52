use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor};

use super::one_hot::one_hot;

/// Mean cross entropy over the voxels that count; zero where none does.
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`
/// - target: `[N, D, H, W]`, class indices; `ignore` voxels do not count
/// - output: `[1]`
pub fn cross_entropy(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>) -> Tensor<1> {
    let wanted = one_hot(target, logits.dims()[1], ignore);
    from_log_probabilities(log_softmax(logits, 1), wanted)
}

pub(super) fn from_log_probabilities(log_probabilities: Tensor<5>, wanted: Tensor<5>) -> Tensor<1> {
    let counted = wanted.clone().sum().clamp_min(1.0);
    // Axis by axis: a sum over millions of numbers at once is split among threads as they come, and its last digits with it.
    (log_probabilities * wanted).sum_dims(&[2, 3, 4]).sum().neg() / counted
}
