use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Draw;
use super::branch::voxel_classifier;
use crate::EncoderConfig;
use crate::convolution::Conv3d;
use crate::encoder::convolution;
use crate::norm::InstanceNorm3d;

/// Dilations of the five convolutions.
///
/// The paper's are 3, 6, 12, 18 and 24 on crops of 512 pixels, 64 places at stride 8. A patch of 128 voxels has 16 places, a quarter,
/// and so are the dilations: the last is again 3/8 of the map, and together they reach 33 places, twice its width. With the paper's
/// own numbers nearly all taps would fall on padding, and a 3³ convolution would do a 1³ one's work (Chen et al., DeepLabv3, 2017,
/// section 3.3).
const DILATIONS: [usize; 5] = [1, 2, 3, 4, 6];

/// Share of channels that are dropped in training, the published code's.
const DROPPED: f64 = 0.1;

/// Densely connected atrous spatial pyramid pooling (Yang et al., DenseASPP, CVPR 2018) in three dimensions: the head of the LiTS
/// recipe in Med3D, section 4.
///
/// Five dilated convolutions one after the other, each fed by the features and by all before it, so that many scales are seen at
/// once and densely. All of them together are classified by a 1³ convolution, whose logits are stretched linearly to the input's
/// size. Normalised by instance, since fine-tuning sees one or two patches a step.
#[derive(Module, Debug)]
pub struct DenseAspp {
    reduce: Conv3d,
    reduce_norm: InstanceNorm3d,
    branches: Vec<DenseBranch>,
    classify: Conv3d,
}

/// Normalisation (where its input is not normalised yet), ReLU, 1³ convolution; normalisation, ReLU, dilated 3³ convolution.
#[derive(Module, Debug)]
struct DenseBranch {
    norm: Option<InstanceNorm3d>,
    narrow: Conv3d,
    narrow_norm: InstanceNorm3d,
    atrous: Conv3d,
}

impl DenseBranch {
    fn blank(in_channels: usize, growth: usize, index: usize, device: &Device) -> Self {
        Self {
            norm: (index > 0).then(|| InstanceNorm3d::blank(in_channels, device)),
            narrow: convolution([in_channels, 2 * growth], 1, 1, 1, device),
            narrow_norm: InstanceNorm3d::blank(2 * growth, device),
            atrous: convolution([2 * growth, growth], 3, 1, DILATIONS[index], device),
        }
    }

    fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        let input = match &self.norm {
            Some(norm) => norm.rectified(input),
            None => relu(input),
        };
        self.atrous.forward(self.narrow_norm.rectified(self.narrow.forward(input)))
    }
}

impl DenseAspp {
    /// At width 64 as wide as published: 512 channels come in, each branch narrows to 128 and adds 64.
    pub(super) fn blank(encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        let kept = (8 * encoder.base_width).min(512);
        let growth = encoder.base_width.clamp(8, 64);
        let branch = |index: usize| DenseBranch::blank(kept + index * growth, growth, index, device);
        Self {
            reduce: convolution([encoder.stage_channels()[3], kept], 1, 1, 1, device),
            reduce_norm: InstanceNorm3d::blank(kept, device),
            branches: (0..DILATIONS.len()).map(branch).collect(),
            classify: voxel_classifier([kept + DILATIONS.len() * growth, classes], device),
        }
    }

    /// Without a `draw` nothing is dropped.
    ///
    /// # Shapes
    /// - layer4: `[N, 8·base_width·expansion, D, H, W]`
    /// - output: `[N, classes, D, H, W]`
    pub fn forward(&self, layer4: Tensor<5>, draw: Option<Draw>) -> Tensor<5> {
        let mut draws = draw.map(generator);
        let mut dropped = |x: Tensor<5>| match &mut draws {
            Some(draws) => drop_channels(x, draws),
            None => x,
        };
        let mut all = self.reduce_norm.rectified(self.reduce.forward(layer4));
        for branch in &self.branches {
            let more = dropped(branch.forward(all.clone()));
            all = Tensor::cat(vec![all, more], 1);
        }
        self.classify.forward(dropped(all))
    }
}

/// Streams counted from the last one: other draws from the same seed count from the first.
fn generator(draw: Draw) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(draw.seed);
    generator.set_stream(!draw.number);
    generator
}

/// Dropout of whole channels (Tompson et al., 2015): neighbouring voxels are too alike for one of them to be missed. What stays is
/// scaled up, so that the mean is kept.
fn drop_channels(x: Tensor<5>, draws: &mut ChaCha8Rng) -> Tensor<5> {
    let [n, c, ..] = x.dims();
    let kept = (1.0 / (1.0 - DROPPED)) as f32;
    let factors: Vec<f32> = (0..n * c).map(|_| if draws.random::<f64>() < DROPPED { 0.0 } else { kept }).collect();
    let factors = Tensor::from_data(TensorData::new(factors, [n, c, 1, 1, 1]), &x.device());
    x * factors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::filled;
    use crate::{Depth, parameters};

    fn encoder() -> EncoderConfig {
        EncoderConfig { base_width: 2, ..EncoderConfig::released(Depth::R10) }
    }

    fn ramp(shape: [usize; 5], device: &Device) -> Tensor<5> {
        let count = shape.iter().product::<usize>();
        let values: Vec<f32> = (0..count).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn head(device: &Device) -> DenseAspp {
        crate::init::initialized(DenseAspp::blank(encoder(), 2, device), 3)
    }

    fn numbers(tensor: Tensor<5>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("f32")
    }

    #[test]
    fn at_full_width_it_is_as_wide_as_published() {
        for depth in [Depth::R10, Depth::R50] {
            let head = DenseAspp::blank(EncoderConfig::released(depth), 2, &Device::flex());
            let shape = |name: &str| parameters(&head).into_iter().find(|p| p.name == name).map(|p| p.shape);
            let layer4 = if depth.has_bottlenecks() { 2048 } else { 512 };
            assert_eq!(shape("reduce.weight"), Some(vec![512, layer4, 1, 1, 1]));
            assert_eq!(shape("branches.0.norm.weight"), None, "what comes first is normalised already");
            assert_eq!(shape("branches.4.narrow.weight"), Some(vec![128, 512 + 4 * 64, 1, 1, 1]));
            assert_eq!(shape("branches.4.atrous.weight"), Some(vec![64, 128, 3, 3, 3]));
            assert_eq!(shape("classify.weight"), Some(vec![2, 512 + 5 * 64, 1, 1, 1]));
            assert_eq!(shape("classify.bias"), Some(vec![2]));
        }
    }

    /// PyTorch 2.7.1 in double precision, from the layers' descriptions, with the same made-up weights.
    #[test]
    fn it_computes_what_pytorch_computes() {
        let device = Device::flex();
        let mut number = 0;
        let head = filled(DenseAspp::blank(encoder(), 2, &device), |p| {
            let value = |v: usize| ((v * 31 + number * 7) % 97) as f64 - 48.0;
            let (scale, offset) = if p.shape.len() > 1 { (240.0, 0.0) } else { (96.0, 1.0) };
            let values = (0..p.shape.iter().product()).map(|v| (value(v) / scale + offset) as f32).collect();
            number += 1;
            Some(values)
        });
        let output = head.forward(ramp([2, 16, 3, 4, 5], &device), None);
        assert_eq!(output.dims(), [2, 2, 3, 4, 5]);
        let wanted = [0.919_377, 0.665_31, 0.487_172, 1.092_729, 1.282_081, 1.521_166, 0.067_753, 1.522_27, 0.893_658];
        for (found, wanted) in numbers(output).into_iter().step_by(29).zip(wanted) {
            assert!((found - wanted).abs() < 2e-5, "{found} and not {wanted}");
        }
    }

    /// With every kernel one and every normalisation left out of the way, an impulse shows which taps there are.
    #[test]
    fn each_branch_has_its_dilation() {
        let device = Device::flex();
        for (index, dilation) in [1usize, 2, 3, 4, 6].into_iter().enumerate() {
            let branch =
                filled(DenseBranch::blank(1, 1, index, &device), |p| (p.shape.len() == 5).then(|| vec![1.0; p.shape.iter().product()]));
            let mut impulse = vec![0.0; 2 * 13 * 13 * 13];
            impulse[6 * 169 + 6 * 13 + 6] = 1.0;
            let input = Tensor::from_data(TensorData::new(impulse, [1, 2, 13, 13, 13]), &device);
            for (at, value) in numbers(branch.atrous.forward(input)).into_iter().enumerate() {
                let is_tap = [at / 169, at / 13 % 13, at % 13].iter().all(|v| [6 - dilation, 6, 6 + dilation].contains(v));
                assert_eq!(value, if is_tap { 1.0 } else { 0.0 }, "branch {index}, voxel {at}");
            }
        }
    }

    #[test]
    fn channels_are_dropped_by_seed_and_number_only_and_only_on_demand() {
        let device = Device::flex();
        let (head, layer4) = (head(&device), ramp([2, 16, 3, 4, 5], &device));
        let with = |seed, number| numbers(head.forward(layer4.clone(), Some(Draw { seed, number })));
        let without = numbers(head.forward(layer4.clone(), None));
        assert_eq!(without, numbers(head.forward(layer4.clone(), None)));
        assert_eq!(with(1, 5), with(1, 5));
        assert_ne!(with(1, 5), with(1, 6));
        assert_ne!(with(1, 5), with(2, 5));
        assert_ne!(with(1, 5), without);
    }

    #[test]
    fn a_tenth_of_the_channels_is_dropped_whole_and_the_mean_is_kept() {
        let device = Device::flex();
        let ones = Tensor::ones([2, 1000, 1, 1, 2], &device);
        let values = numbers(drop_channels(ones, &mut generator(Draw { seed: 0, number: 0 })));
        assert!(values.chunks(2).all(|channel| channel[0] == channel[1]));
        let dropped = values.iter().filter(|v| **v == 0.0).count() / 2;
        assert!((140..260).contains(&dropped), "{dropped} of 2000");
        assert!((values.iter().sum::<f32>() / 4000.0 - 1.0).abs() < 0.05);
    }

    /// What comes out depends on every branch: each reaches the classifier by itself.
    #[test]
    fn every_branch_learns() {
        let device = Device::flex().autodiff();
        let head = head(&device);
        let output = head.forward(ramp([1, 16, 4, 5, 6], &device), None);
        let weights = ramp(output.dims(), &device);
        let gradients = (output * weights).sum().backward();
        struct Moved<'a>(&'a burn::tensor::Gradients, Vec<bool>);
        impl burn::module::ModuleVisitor for Moved<'_> {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                let gradient = param.val().grad(self.0).map(|gradient| gradient.abs().max().to_data());
                self.1.push(gradient.is_some_and(|largest| largest.iter::<f32>().all(|largest| largest > 1e-6)));
            }
        }
        let mut moved = Moved(&gradients, Vec::new());
        head.visit(&mut moved);
        for (parameter, moved) in parameters(&head).into_iter().zip(moved.1) {
            assert!(moved, "{} learns nothing", parameter.name);
        }
    }
}
