use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::block::Place;
use super::{Block, EncoderConfig};
use crate::convolution::Conv3d;
use crate::max_pool3d;
use crate::norm::{Norm, NormMode};

/// A 3D-ResNet without its classifier.
///
/// Parameters carry the reference's names: `conv1`, `bn1`, `layer1.0.conv1`, ….
#[derive(Module, Debug)]
pub struct Encoder {
    pub(super) conv1: Conv3d,
    pub(super) bn1: Norm,
    layer1: Vec<Block>,
    layer2: Vec<Block>,
    layer3: Vec<Block>,
    layer4: Vec<Block>,
    #[module(skip)]
    config: EncoderConfig,
    #[module(skip)]
    norm_mode: NormMode,
}

/// What an encoder computes on the way, all `[N, C, D, H, W]`; the stride is how many input voxels lie between two of its own.
#[derive(Debug, Clone)]
pub struct Features {
    /// The first convolution, before its normalisation; stride 2.
    pub conv1: Tensor<5>,
    /// Normalised and rectified; stride 2.
    pub stem: Tensor<5>,
    /// After the max-pool; stride 4.
    pub max_pool: Tensor<5>,
    /// Stride 4.
    pub layer1: Tensor<5>,
    /// Stride 8.
    pub layer2: Tensor<5>,
    /// Stride 8, dilation 2; stride 16 with [`super::Strides::Ordinary`].
    pub layer3: Tensor<5>,
    /// Stride 8, dilation 4; stride 32 with [`super::Strides::Ordinary`].
    pub layer4: Tensor<5>,
}

impl Encoder {
    /// Every convolution zero, every normalisation the identity: to be filled. Takes no memory for the convolutions.
    pub(crate) fn blank(config: EncoderConfig, device: &Device) -> Self {
        assert!(config.base_width > 0 && config.in_channels > 0, "an encoder needs channels");
        let mut in_channels = config.base_width;
        let mut stage = |number: usize| -> Vec<Block> {
            let (stride, dilation) = config.strides.stages()[number];
            let width = config.base_width << number;
            let block = |index: usize| {
                let place = Place { in_channels, width, stride: if index == 0 { stride } else { 1 }, dilation };
                in_channels = width * config.expansion();
                Block::blank(config, place, device)
            };
            (0..config.depth.blocks()[number]).map(block).collect()
        };
        Self {
            conv1: Conv3d::blank([config.in_channels, config.base_width], 7, 2, 1, device),
            bn1: Norm::blank(config.norm, config.base_width, device),
            layer1: stage(0),
            layer2: stage(1),
            layer3: stage(2),
            layer4: stage(3),
            config,
            norm_mode: NormMode::Batch,
        }
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> EncoderConfig {
        self.config
    }

    /// Which statistics its normalisations use in training.
    #[must_use]
    pub fn norm_mode(&self) -> NormMode {
        self.norm_mode
    }

    /// The same encoder with its normalisations in another mode: [`NormMode::Frozen`] for batches of one or two.
    #[must_use]
    pub fn with_norm_mode(mut self, mode: NormMode) -> Self {
        self.norm_mode = mode;
        self.bn1.set_mode(mode);
        let stages = [&mut self.layer1, &mut self.layer2, &mut self.layer3, &mut self.layer4];
        stages.into_iter().flatten().for_each(|block| block.set_norm_mode(mode));
        self
    }

    /// Every stage's output.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`, any size from 1
    /// - each stage: `[N, channels, ⌈D/stride⌉, ⌈H/stride⌉, ⌈W/stride⌉]`
    pub fn features(&self, input: Tensor<5>) -> Features {
        let [conv1, stem, max_pool] = self.stem(input);
        let through = |x: &Tensor<5>, blocks: &[Block]| blocks.iter().fold(x.clone(), |x, block| block.forward(x));
        let layer1 = through(&max_pool, &self.layer1);
        let layer2 = through(&layer1, &self.layer2);
        let layer3 = through(&layer2, &self.layer3);
        let layer4 = through(&layer3, &self.layer4);
        Features { conv1, stem, max_pool, layer1, layer2, layer3, layer4 }
    }

    /// The first convolution, the same normalised and rectified, and the max-pool of that.
    pub(super) fn stem(&self, input: Tensor<5>) -> [Tensor<5>; 3] {
        let conv1 = self.conv1.forward(input);
        let stem = self.bn1.rectified(conv1.clone());
        let max_pool = max_pool3d(stem.clone(), 3, 2, 1);
        [conv1, stem, max_pool]
    }

    /// The blocks of layer1 … layer4.
    pub(super) fn stages(&self) -> [&[Block]; 4] {
        [&self.layer1, &self.layer2, &self.layer3, &self.layer4]
    }

    /// The same encoder for computing once more what it has computed already: its running statistics stay.
    pub(super) fn repeating(mut self) -> Self {
        self.bn1.set_repeating();
        let stages = [&mut self.layer1, &mut self.layer2, &mut self.layer3, &mut self.layer4];
        stages.into_iter().flatten().for_each(Block::set_repeating);
        self
    }

    /// The last stage's output alone.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, 8·base_width·expansion, ⌈D/s⌉, ⌈H/s⌉, ⌈W/s⌉]`, `s` 8 or [`super::Strides::output_stride`]
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        self.features(input).layer4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::filled;
    use crate::{Depth, NormKind, Shortcut, ShortcutGradient, Strides, parameters};
    use std::collections::BTreeMap;

    /// Entries of a state dictionary with batch counters, and learnt numbers, of each depth with shortcut A and B at width 64.
    const COUNTS: [(Depth, [usize; 2], [usize; 2]); 7] = [
        (Depth::R10, [54, 72], [14_181_696, 14_355_520]),
        (Depth::R18, [102, 120], [32_986_176, 33_160_000]),
        (Depth::R34, [198, 216], [63_295_808, 63_469_632]),
        (Depth::R50, [294, 318], [43_378_496, 46_155_072]),
        (Depth::R101, [600, 624], [82_424_640, 85_201_216]),
        (Depth::R152, [906, 930], [114_583_360, 117_359_936]),
        (Depth::R200, [1194, 1218], [123_782_976, 126_559_552]),
    ];

    #[test]
    fn names_and_sizes_are_those_of_the_released_networks() {
        for (depth, entries, learnt) in COUNTS {
            for (at, shortcut) in [Shortcut::A, Shortcut::B].into_iter().enumerate() {
                // Parameters are made when they are first needed: this takes no memory for kernels.
                let encoder = Encoder::blank(EncoderConfig { shortcut, ..EncoderConfig::released(depth) }, &Device::flex());
                let all = parameters(&encoder);
                let counters = all.iter().filter(|p| p.name.ends_with("running_var")).count();
                assert_eq!(all.len() + counters, entries[at], "{depth}{shortcut}");
                let sizes = all.iter().filter(|p| p.is_learnt()).map(|p| p.shape.iter().product::<usize>());
                assert_eq!(sizes.sum::<usize>(), learnt[at], "{depth}{shortcut}");
            }
        }
        let released = parameters(&Encoder::blank(EncoderConfig::released(Depth::R50), &Device::flex()));
        let shape = |name: &str| released.iter().find(|p| p.name == name).map(|p| p.shape.clone());
        assert_eq!(shape("conv1.weight"), Some(vec![64, 1, 7, 7, 7]));
        assert_eq!(shape("layer1.0.downsample.0.weight"), Some(vec![256, 64, 1, 1, 1]));
        assert_eq!(shape("layer3.5.conv2.weight"), Some(vec![256, 256, 3, 3, 3]));
        assert_eq!(shape("layer4.2.bn3.running_var"), Some(vec![2048]));
    }

    #[test]
    fn every_depth_keeps_an_eighth_of_the_resolution() {
        for depth in Depth::ALL {
            let config = EncoderConfig { base_width: 2, ..EncoderConfig::released(depth) };
            let input = Tensor::zeros([1, 1, 15, 16, 17], &Device::flex());
            let features = config.init(&Device::flex(), 0).features(input);
            let [c1, c2, c3, c4] = config.stage_channels();
            assert_eq!(features.stem.dims(), [1, 2, 8, 8, 9], "{depth}");
            assert_eq!(features.layer1.dims(), [1, c1, 4, 4, 5], "{depth}");
            assert_eq!(features.layer2.dims(), [1, c2, 2, 2, 3], "{depth}");
            assert_eq!(features.layer3.dims(), [1, c3, 2, 2, 3], "{depth}");
            assert_eq!(features.layer4.dims(), [1, c4, 2, 2, 3], "{depth}");
        }
    }

    #[test]
    fn ordinary_strides_end_at_a_32nd_with_the_same_names() {
        for depth in [Depth::R18, Depth::R50] {
            let dilated = EncoderConfig { base_width: 2, ..EncoderConfig::released(depth) };
            let config = EncoderConfig { strides: Strides::Ordinary, ..dilated };
            let features = config.init(&Device::flex(), 0).features(Tensor::zeros([1, 1, 33, 40, 64], &Device::flex()));
            assert_eq!(features.layer2.dims()[2..], [5, 5, 8], "{depth}");
            assert_eq!(features.layer3.dims()[2..], [3, 3, 4], "{depth}");
            assert_eq!(features.layer4.dims()[2..], [2, 2, 2], "{depth}");
            assert_eq!((config.strides.output_stride(), dilated.strides.output_stride()), (32, 8));
            let names = |config: EncoderConfig| parameters(&Encoder::blank(config, &Device::flex()));
            assert_eq!(names(config), names(dilated));
        }
    }

    #[test]
    fn groups_in_place_of_batches_have_the_same_names_without_running_numbers() {
        let batch = EncoderConfig { base_width: 2, ..EncoderConfig::released(Depth::R50) };
        let group = EncoderConfig { norm: NormKind::Group, ..batch };
        let names = |config: EncoderConfig| parameters(&Encoder::blank(config, &Device::flex()));
        let learnt: Vec<_> = names(batch).into_iter().filter(crate::ParameterInfo::is_learnt).collect();
        assert_eq!(names(group), learnt);
        // One sample's features do not depend on the other, not even in training.
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..2 * 4096).map(|v| ((v * v % 101) as f32 - 50.0) / 40.0).collect();
        let both = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([2, 1, 16, 16, 16]);
        let encoder = group.init(&device, 1);
        let difference = encoder.forward(both.clone()).narrow(0, 1, 1) - encoder.forward(both.narrow(0, 1, 1));
        assert!(difference.abs().max().to_data().try_to_vec::<f32>().expect("f32")[0] < 1e-4);
    }

    /// The reference's shortcut A gives the same features and stops the gradient where the shape changes, and nowhere else.
    #[test]
    fn a_cut_shortcut_changes_gradients_and_no_output() {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..4096).map(|v| ((v * 37 % 101) as f32 - 50.0) / 40.0).collect();
        let run = |shortcut_gradient: ShortcutGradient| {
            let config = EncoderConfig { shortcut_gradient, ..EncoderConfig::new(Depth::R18, Shortcut::A, 4) };
            let encoder = config.init(&device, 3);
            let output = encoder.forward(Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 1, 16, 16, 16]));
            let backward = (output.clone() * output.clone()).sum().backward();
            let of = |convolution: &Conv3d| gradients(convolution, &backward);
            (
                output.to_data().try_to_vec::<f32>().expect("f32"),
                of(&encoder.conv1),
                of(encoder.layer4[0].second_convolution()),
                of(encoder.layer3[1].second_convolution()),
            )
        };
        let (open, cut) = (run(ShortcutGradient::Open), run(ShortcutGradient::Cut));
        assert_eq!(open.0, cut.0, "outputs");
        assert_eq!(open.2, cut.2, "nothing is cut behind layer4's only change of shape");
        assert_ne!(open.3, cut.3, "the way from layer4 back to layer3");
        assert_ne!(open.1, cut.1);
    }

    #[test]
    fn only_the_last_two_stages_are_dilated() {
        for depth in [Depth::R18, Depth::R50] {
            let encoder = Encoder::blank(EncoderConfig { base_width: 2, ..EncoderConfig::released(depth) }, &Device::flex());
            let stages = [&encoder.layer1, &encoder.layer2, &encoder.layer3, &encoder.layer4];
            for (blocks, (stride, dilation)) in stages.into_iter().zip([(1, 1), (2, 1), (1, 2), (1, 4)]) {
                for (index, block) in blocks.iter().enumerate() {
                    assert_eq!(block.geometry(), (if index == 0 { stride } else { 1 }, dilation), "{depth}");
                }
            }
        }
    }

    #[test]
    fn weights_follow_from_the_seed_alone() {
        let config = EncoderConfig::new(Depth::R10, Shortcut::B, 4);
        let weights = |seed| crate::parameters::values(&config.init(&Device::flex(), seed)).expect("values");
        assert_eq!(weights(3), weights(3));
        assert_ne!(weights(3), weights(4));
        let elsewhere = std::thread::spawn(move || crate::parameters::values(&config.init(&Device::flex().autodiff(), 3)));
        assert_eq!(elsewhere.join().expect("a thread").expect("values"), weights(3));
        // Kaiming: the spread of a kernel is √(2 / fan out).
        let all = weights(3);
        let (_, kernel) = all.iter().find(|(info, _)| info.name == "layer3.0.conv2.weight").expect("a kernel");
        let spread = (kernel.iter().map(|v| v * v).sum::<f32>() / kernel.len() as f32).sqrt();
        assert!((spread / (2.0f32 / (16.0 * 27.0)).sqrt() - 1.0).abs() < 0.03, "{spread}");
    }

    /// Of each parameter, in order; nothing for running numbers.
    fn gradients(module: &impl Module, of: &burn::tensor::Gradients) -> Vec<Vec<f32>> {
        struct Gradients<'a> {
            of: &'a burn::tensor::Gradients,
            found: Vec<Vec<f32>>,
        }
        impl burn::module::ModuleVisitor for Gradients<'_> {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                let gradient = param.val().grad(self.of);
                self.found.push(gradient.map_or_else(Vec::new, |gradient| gradient.to_data().try_to_vec().expect("f32")));
            }
        }
        let mut gradients = Gradients { of, found: Vec::new() };
        module.visit(&mut gradients);
        gradients.found
    }

    /// Moves every parameter along the gradient and looks whether the loss rises as fast as the gradient says.
    #[test]
    fn the_gradient_of_all_parameters_is_the_slope() {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..24 * 24 * 24).map(|v| ((v * 37 % 101) as f32 - 50.0) / 40.0).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 1, 24, 24, 24]);
        let reference = |depth, shortcut| EncoderConfig::new(depth, shortcut, 3);
        for (config, mode) in [
            (reference(Depth::R10, Shortcut::A), NormMode::Frozen),
            (reference(Depth::R10, Shortcut::B), NormMode::Batch),
            (reference(Depth::R50, Shortcut::A), NormMode::Frozen),
            (EncoderConfig { norm: NormKind::Group, ..reference(Depth::R10, Shortcut::B) }, NormMode::Batch),
            (EncoderConfig { strides: Strides::Ordinary, ..reference(Depth::R10, Shortcut::B) }, NormMode::Frozen),
        ] {
            let encoder = config.init(&device, 5).with_norm_mode(mode);
            let loss = |encoder: &Encoder| {
                let output = encoder.forward(input.clone());
                let shape = output.dims();
                let count: usize = shape.iter().product();
                let factors: Vec<f32> = (0..count).map(|v| ((v * 13 % 7) as f32 - 3.0) / count as f32).collect();
                (output * Tensor::<1>::from_floats(factors.as_slice(), &device).reshape(shape)).sum()
            };
            let backward = loss(&encoder).backward();
            let names = parameters(&encoder).into_iter().map(|p| p.name);
            let gradients: BTreeMap<String, Vec<f32>> = names.zip(gradients(&encoder, &backward)).collect();
            let square: f64 = gradients.values().flatten().map(|g| f64::from(*g).powi(2)).sum();
            let start: BTreeMap<String, Vec<f32>> =
                crate::parameters::values(&encoder).expect("values").into_iter().map(|(info, v)| (info.name, v)).collect();
            let step = 2e-4 / square.sqrt();
            let value = |direction: f64| {
                let moved = filled(encoder.valid().train(), |p| {
                    let (from, by) = (&start[&p.name], &gradients[&p.name]);
                    Some(
                        from.iter()
                            .enumerate()
                            .map(|(at, v)| v + (direction * step * f64::from(by.get(at).copied().unwrap_or(0.0))) as f32)
                            .collect(),
                    )
                });
                f64::from(loss(&moved).to_data().try_to_vec::<f32>().expect("f32")[0])
            };
            let slope = (value(1.0) - value(-1.0)) / (2.0 * step);
            assert!((slope / square - 1.0).abs() < 0.03, "{config:?} {mode:?}: {slope} against {square}");
        }
    }
}
