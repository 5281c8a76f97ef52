use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::block::Place;
use super::{Block, EncoderConfig};
use crate::convolution::Conv3d;
use crate::max_pool3d;
use crate::norm::{BatchNorm3d, NormMode};

/// A 3D-ResNet without its classifier.
///
/// Parameters carry the reference's names: `conv1`, `bn1`, `layer1.0.conv1`, ….
#[derive(Module, Debug)]
pub struct Encoder {
    pub(super) conv1: Conv3d,
    pub(super) bn1: BatchNorm3d,
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
    /// Stride 8, dilation 2.
    pub layer3: Tensor<5>,
    /// Stride 8, dilation 4.
    pub layer4: Tensor<5>,
}

impl Encoder {
    /// Stride and dilation of the four stages.
    const STAGES: [(usize, usize); 4] = [(1, 1), (2, 1), (1, 2), (1, 4)];

    /// Every convolution zero, every normalisation the identity: to be filled. Takes no memory for the convolutions.
    pub(crate) fn blank(config: EncoderConfig, device: &Device) -> Self {
        assert!(config.base_width > 0 && config.in_channels > 0, "an encoder needs channels");
        let mut in_channels = config.base_width;
        let mut stage = |number: usize| -> Vec<Block> {
            let (stride, dilation) = Self::STAGES[number];
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
            bn1: BatchNorm3d::blank(config.base_width, device),
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
    /// - output: `[N, 8·base_width·expansion, ⌈D/8⌉, ⌈H/8⌉, ⌈W/8⌉]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        self.features(input).layer4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::filled;
    use crate::{Depth, Shortcut, parameters};
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
            let config = EncoderConfig { depth, shortcut: depth.released_shortcut(), base_width: 2, in_channels: 1 };
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
        let config = EncoderConfig { depth: Depth::R10, shortcut: Shortcut::B, base_width: 4, in_channels: 1 };
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

    /// Moves every parameter along the gradient and looks whether the loss rises as fast as the gradient says.
    #[test]
    fn the_gradient_of_all_parameters_is_the_slope() {
        struct Gradients<'a> {
            of: &'a burn::tensor::Gradients,
            found: Vec<Vec<f32>>,
        }
        impl burn::module::ModuleVisitor for Gradients<'_> {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                if let Some(gradient) = param.val().grad(self.of) {
                    self.found.push(gradient.to_data().try_to_vec().expect("f32"));
                } else {
                    self.found.push(Vec::new());
                }
            }
        }
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..24 * 24 * 24).map(|v| ((v * 37 % 101) as f32 - 50.0) / 40.0).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 1, 24, 24, 24]);
        for (depth, shortcut, mode) in [
            (Depth::R10, Shortcut::A, NormMode::Frozen),
            (Depth::R10, Shortcut::B, NormMode::Batch),
            (Depth::R50, Shortcut::A, NormMode::Frozen),
        ] {
            let config = EncoderConfig { depth, shortcut, base_width: 3, in_channels: 1 };
            let encoder = config.init(&device, 5).with_norm_mode(mode);
            let loss = |encoder: &Encoder| {
                let output = encoder.forward(input.clone());
                let shape = output.dims();
                let count: usize = shape.iter().product();
                let factors: Vec<f32> = (0..count).map(|v| ((v * 13 % 7) as f32 - 3.0) / count as f32).collect();
                (output * Tensor::<1>::from_floats(factors.as_slice(), &device).reshape(shape)).sum()
            };
            let backward = loss(&encoder).backward();
            let mut gradients = Gradients { of: &backward, found: Vec::new() };
            encoder.visit(&mut gradients);
            let names = parameters(&encoder).into_iter().map(|p| p.name);
            let gradients: BTreeMap<String, Vec<f32>> = names.zip(gradients.found).collect();
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
            assert!((slope / square - 1.0).abs() < 0.03, "{depth}{shortcut} {mode:?}: {slope} against {square}");
        }
    }
}
