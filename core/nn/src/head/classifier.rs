use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::EncoderConfig;

/// Global average and global maximum of layer4, side by side, and one linear layer to a logit per class.
///
/// The average tells how much of a pattern a scan has, the maximum whether it has it anywhere: a small lesion in a large scan
/// disappears in an average.
#[derive(Module, Debug)]
pub struct Classifier {
    /// `[classes, 2·channels]`, as PyTorch's `Linear` has it.
    weight: Param<Tensor<2>>,
    /// `[classes]`.
    bias: Param<Tensor<1>>,
}

/// Which numbers of a step's pooled features are left out while training; drawn on the host, so that every device leaves out the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// The share left out, from 0 to below 1; the others are scaled up so that their sum stays.
    pub share: f64,
    /// From which the draw follows.
    pub seed: u64,
}

impl Dropout {
    /// Zero where a number is left out, `1/(1 − share)` elsewhere.
    fn mask(self, shape: [usize; 2], device: &Device) -> Tensor<2> {
        let share = self.share.clamp(0.0, 0.999);
        let kept = (1.0 / (1.0 - share)) as f32;
        let mut draws = ChaCha8Rng::seed_from_u64(self.seed);
        let mask = (0..shape[0] * shape[1]).map(|_| if draws.random_bool(share) { 0.0 } else { kept }).collect::<Vec<f32>>();
        Tensor::from_data(TensorData::new(mask, shape), device)
    }
}

impl Classifier {
    pub(crate) fn blank(encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        let features = 2 * encoder.stage_channels()[3];
        Self { weight: Initializer::Zeros.init([classes, features], device), bias: Initializer::Zeros.init([classes], device) }
    }

    /// Logits; `dropout` only while training.
    ///
    /// # Shapes
    /// - layer4: `[N, channels, D, H, W]`
    /// - output: `[N, classes]`
    pub fn forward(&self, layer4: Tensor<5>, dropout: Option<Dropout>) -> Tensor<2> {
        let pooled = pooled(layer4);
        let pooled = match dropout.filter(|dropout| dropout.share > 0.0) {
            Some(dropout) => pooled.clone() * dropout.mask(pooled.dims(), &pooled.device()),
            None => pooled,
        };
        let [classes] = self.bias.dims();
        pooled.matmul(self.weight.val().transpose()) + self.bias.val().reshape([1, classes])
    }
}

/// Average and maximum over all places.
///
/// # Shapes
/// - features: `[N, C, D, H, W]`
/// - output: `[N, 2·C]`: averages, then maxima
pub fn pooled(features: Tensor<5>) -> Tensor<2> {
    let [n, c, d, h, w] = features.dims();
    let rows = features.reshape([n, c, d * h * w]);
    let average = rows.clone().mean_dim(2).reshape([n, c]);
    Tensor::cat(vec![average, rows.max_dim(2).reshape([n, c])], 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pooling_keeps_averages_and_maxima_apart_and_sends_each_its_gradient() {
        let device = Device::flex().autodiff();
        let values = [1.0, 2.0, 6.0, -1.0, -4.0, -1.5, -2.0, -3.0];
        let input = Tensor::<1>::from_floats(values, &device).reshape([1, 2, 1, 2, 2]).require_grad();
        let output = pooled(input.clone());
        let found = output.clone().to_data().try_to_vec::<f32>().expect("f32");
        assert_eq!(found, [2.0, -2.625, 6.0, -1.5]);
        let factors = Tensor::<2>::from_floats([[4.0, 8.0, 1.0, 3.0]], &device);
        let gradients = (output * factors).sum().backward();
        let gradient = input.grad(&gradients).expect("a gradient").to_data().try_to_vec::<f32>().expect("f32");
        assert_eq!(gradient, [1.0, 1.0, 2.0, 1.0, 2.0, 5.0, 2.0, 2.0]);
    }

    #[test]
    fn dropout_follows_from_its_seed_and_keeps_the_sum() {
        let device = Device::flex();
        let mask = |seed| Dropout { share: 0.25, seed }.mask([4, 1000], &device).to_data().try_to_vec::<f32>().expect("f32");
        assert_eq!(mask(1), mask(1));
        assert_ne!(mask(1), mask(2));
        let mean = mask(3).iter().sum::<f32>() / 4000.0;
        assert!((mean - 1.0).abs() < 0.05, "{mean}");
    }
}
