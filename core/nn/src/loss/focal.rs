use burn::tensor::activation::log_softmax;
use burn::tensor::{Int, Tensor, TensorData};

use super::one_hot::one_hot;

/// Keeps the slope of a root from being infinite at a voxel that is certain.
const CERTAIN: f64 = 1e-6;

/// Mean over the voxels that count of `−α·(1 − p)^γ·ln p`, where p is the probability of the right class; zero where none counts.
///
/// With γ = 0 it is cross entropy; the larger γ, the less a voxel counts that is nearly right already, so that the many easy ones do
/// not drown the few hard ones. `alpha` is a factor for each class; one for all unless given.
///
/// # Shapes
/// - logits: `[N, classes, D, H, W]`
/// - target: `[N, D, H, W]`, class indices; `ignore` voxels do not count
/// - output: `[1]`
///
/// Lin et al., Focal Loss for Dense Object Detection (2017), eq. 5, for many classes.
///
/// # Panics
/// If `alpha` has another length than there are classes.
pub fn focal(logits: Tensor<5>, target: Tensor<4, Int>, ignore: Option<i64>, gamma: f64, alpha: Option<&[f32]>) -> Tensor<1> {
    let wanted = one_hot(target, logits.dims()[1], ignore);
    from_log_probabilities(log_softmax(logits, 1), wanted, gamma, alpha)
}

pub(super) fn from_log_probabilities(log_probabilities: Tensor<5>, wanted: Tensor<5>, gamma: f64, alpha: Option<&[f32]>) -> Tensor<1> {
    let counted = wanted.clone().sum().clamp_min(1.0);
    let mut weights = wanted;
    if let Some(alpha) = alpha {
        let classes = weights.dims()[1];
        assert_eq!(alpha.len(), classes, "a factor for each class");
        let alpha = Tensor::from_data(TensorData::new(alpha.to_vec(), [1, classes, 1, 1, 1]), &weights.device());
        weights = weights * alpha;
    }
    let missing = log_probabilities.clone().exp().neg().add_scalar(1.0).clamp_min(CERTAIN);
    let losses = missing.powf_scalar(gamma) * log_probabilities * weights;
    losses.sum_dims(&[2, 3, 4]).sum().neg() / counted
}
