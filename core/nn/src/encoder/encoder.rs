use burn::module::Module;
use burn::nn::conv::{Conv3d, Conv3dConfig};
use burn::nn::{Initializer, PaddingConfig3d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};

use super::block::Place;
use super::{Block, EncoderConfig};
use crate::max_pool3d;
use crate::norm::{BatchNorm3d, NormMode};

/// A 3D-ResNet without its classifier.
///
/// Parameters carry the reference's names: `conv1`, `bn1`, `layer1.0.conv1`, ….
#[derive(Module, Debug)]
pub struct Encoder {
    conv1: Conv3d,
    bn1: BatchNorm3d,
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
        let conv1 = Conv3dConfig::new([config.in_channels, config.base_width], [7; 3])
            .with_stride([2; 3])
            .with_padding(PaddingConfig3d::Explicit(3, 3, 3))
            .with_bias(false)
            .with_initializer(Initializer::Zeros);
        Self {
            conv1: conv1.init(device),
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
        let conv1 = self.conv1.forward(input);
        let stem = relu(self.bn1.forward(conv1.clone()));
        let max_pool = max_pool3d(stem.clone(), 3, 2, 1);
        let through = |x: &Tensor<5>, blocks: &[Block]| blocks.iter().fold(x.clone(), |x, block| block.forward(x));
        let layer1 = through(&max_pool, &self.layer1);
        let layer2 = through(&layer1, &self.layer2);
        let layer3 = through(&layer2, &self.layer3);
        let layer4 = through(&layer3, &self.layer4);
        Features { conv1, stem, max_pool, layer1, layer2, layer3, layer4 }
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
