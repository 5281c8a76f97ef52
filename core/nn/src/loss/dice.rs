use burn::tensor::activation::softmax;
use burn::tensor::{Int, Tensor};

use super::one_hot::one_hot;
use super::overlap::Overlap;

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
    let device = wanted.device();
    Overlap::of_foreground(probabilities, wanted).map_or_else(|| Tensor::zeros([1], &device), Overlap::wrong_by_dice)
}
