//! How wrong logits are.
//!
//! A target voxel whose value is `ignore`, or no class at all, counts nowhere.

mod classification;
mod cross_entropy;
mod detection;
mod dice;
mod one_hot;
#[cfg(test)]
mod slopes;

use burn::tensor::{Int, Tensor};

pub use classification::{class_cross_entropy, partial_binary_cross_entropy};
pub use cross_entropy::cross_entropy;
pub use detection::{absolute_at_centers, detection_loss, heat_map_focal};
pub use dice::soft_dice;

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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, TensorData};

    const SHAPE: [usize; 5] = [2, 3, 2, 2, 2];

    fn target(device: &Device) -> Tensor<4, Int> {
        // Class 2 occurs nowhere; two voxels are ignored.
        let classes: Vec<i64> = vec![0, 1, 1, 0, -1, 0, 1, 0, 0, 0, 1, 1, 1, 0, -1, 1];
        Tensor::from_data(TensorData::new(classes, [2, 2, 2, 2]), device)
    }

    fn logits() -> Vec<f32> {
        (0..48).map(|v| ((v * 29 % 17) as f32 - 8.0) / 6.0).collect()
    }

    fn value(loss: &dyn Fn(Tensor<5>) -> Tensor<1>, logits: &[f32], device: &Device) -> f64 {
        let logits = Tensor::<1>::from_floats(logits, device).reshape(SHAPE);
        f64::from(loss(logits).to_data().try_to_vec::<f32>().expect("f32")[0])
    }

    fn assert_gradient(loss: &dyn Fn(Tensor<5>) -> Tensor<1>) {
        let device = Device::flex().autodiff();
        let start = logits();
        let input = Tensor::<1>::from_floats(start.as_slice(), &device).reshape(SHAPE).require_grad();
        let gradients = loss(input.clone()).backward();
        let gradient = input.grad(&gradients).expect("a gradient").to_data().try_to_vec::<f32>().expect("f32");
        for at in 0..start.len() {
            let step = 0.01;
            let moved = |by: f32| {
                let mut logits = start.clone();
                logits[at] += by;
                value(loss, &logits, &device)
            };
            let slope = (moved(step) - moved(-step)) / f64::from(2.0 * step);
            assert!((slope - f64::from(gradient[at])).abs() < 2e-4, "logit {at}: {slope} against {}", gradient[at]);
        }
    }

    #[test]
    fn gradients_are_the_slopes() {
        let device = Device::flex().autodiff();
        assert_gradient(&|x| cross_entropy(x, target(&device), Some(-1)));
        assert_gradient(&|x| soft_dice(x, target(&device), Some(-1)));
        assert_gradient(&|x| dice_and_cross_entropy(x, target(&device), Some(-1)));
    }

    #[test]
    fn both_are_as_worked_out_voxel_by_voxel() {
        let device = Device::flex();
        let (logits, classes) = (logits(), target(&device).to_data().iter::<i64>().collect::<Vec<_>>());
        let (mut entropy, mut counted) = (0.0, 0.0);
        let (mut both, mut predicted, mut present) = (0.0, 0.0, 0.0);
        for (at, class) in classes.into_iter().enumerate().filter(|(_, class)| *class >= 0) {
            let logit = |c: usize| f64::from(logits[(at / 8 * 3 + c) * 8 + at % 8]);
            let sum: f64 = (0..3).map(|c| logit(c).exp()).sum();
            let probability = |c: usize| logit(c).exp() / sum;
            entropy -= probability(class as usize).ln();
            counted += 1.0;
            predicted += probability(1);
            if class == 1 {
                both += probability(1);
                present += 1.0;
            }
        }
        let dice = 1.0 - (2.0 * both + 1e-5) / (predicted + present + 1e-5);
        let found = |loss: &dyn Fn(Tensor<5>) -> Tensor<1>| value(loss, &logits, &device);
        assert!((found(&|x| cross_entropy(x, target(&device), Some(-1))) - entropy / counted).abs() < 1e-5);
        assert!((found(&|x| soft_dice(x, target(&device), Some(-1))) - dice).abs() < 1e-5);
        let sum = found(&|x| dice_and_cross_entropy(x, target(&device), Some(-1)));
        assert!((sum - dice - entropy / counted).abs() < 2e-5);
    }

    #[test]
    fn nothing_to_learn_from_costs_nothing() {
        let device = Device::flex();
        let ignored = Tensor::<4, Int>::full([2, 2, 2, 2], -1, &device);
        assert_eq!(value(&|x| dice_and_cross_entropy(x, ignored.clone(), Some(-1)), &logits(), &device), 0.0);
        let background = Tensor::<4, Int>::zeros([2, 2, 2, 2], &device);
        assert_eq!(value(&|x| soft_dice(x, background.clone(), None), &logits(), &device), 0.0);
    }

    #[test]
    fn a_class_can_be_the_one_ignored() {
        let device = Device::flex();
        let zeros = Tensor::<4, Int>::zeros([2, 2, 2, 2], &device);
        assert_eq!(value(&|x| cross_entropy(x, zeros.clone(), Some(0)), &logits(), &device), 0.0);
    }
}
