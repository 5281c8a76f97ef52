use burn::tensor::activation::softmax;
use burn::tensor::{Tensor, TensorData};

use super::Target;
use super::distance::SignedDistances;
use super::one_hot::one_hot;

/// How far from the border the wrong voxels lie: the mean over voxels and classes of `(p − t)·φ`, where t is one inside the class,
/// and φ the signed distance to its border, negative inside; zero where no class has a border.
///
/// It is zero for a perfect segmentation and grows with every wrong voxel by that voxel's distance, as a share of the patch's
/// diagonal. On its own it is content with nothing at all being found, so it is an addition to other losses. Background has no
/// border of its own; classes that are absent, or fill their patch, have none.
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`, where the target is `[N, D, H, W]`
/// - output: `[1]`
///
/// Kervadec et al., Boundary loss for highly unbalanced segmentation (2019), eq. 5, without dropping the constant part.
pub fn boundary(logits: Tensor<5>, target: &Target) -> Tensor<1> {
    let [_, classes, ..] = logits.dims();
    let wanted = one_hot(target.classes(&logits.device()), classes, target.ignore());
    from_probabilities(softmax(logits, 1), wanted, &target.distances(classes))
}

pub(super) fn from_probabilities(probabilities: Tensor<5>, wanted: Tensor<5>, distances: &SignedDistances) -> Tensor<1> {
    let counted = wanted.clone().sum().clamp_min(1.0).mul_scalar(distances.classes_with_border.max(1) as f64);
    let far = Tensor::from_data(TensorData::new(distances.values.clone(), wanted.dims()), &wanted.device());
    ((probabilities - wanted) * far).sum_dims(&[2, 3, 4]).sum() / counted
}
