use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::head::Head;
use crate::{Encoder, EncoderConfig, HeadKind, NormMode, init, resize_trilinear};

/// Everything that decides the shapes of a [`SegmentationNetwork`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkConfig {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// The head on it.
    pub head: HeadKind,
    /// Channels of the output, background included.
    pub classes: usize,
}

impl NetworkConfig {
    /// A network with first weights from `seed` alone.
    ///
    /// # Panics
    /// If a width or the number of classes is zero.
    #[must_use]
    pub fn init(&self, device: &Device, seed: u64) -> SegmentationNetwork {
        init::initialized(SegmentationNetwork::blank(*self, device), seed)
    }
}

/// An encoder and a head: from a scan to logits per class.
#[derive(Module, Debug)]
pub struct SegmentationNetwork {
    /// The encoder.
    pub encoder: Encoder,
    head: Head,
    #[module(skip)]
    config: NetworkConfig,
}

impl SegmentationNetwork {
    pub(crate) fn blank(config: NetworkConfig, device: &Device) -> Self {
        assert!(config.classes > 0, "a network needs classes");
        let head = Head::blank(config.head, config.encoder, config.classes, device);
        Self { encoder: Encoder::blank(config.encoder, device), head, config }
    }

    /// A new head, drawn from `seed`, on an encoder that may have learnt something already.
    ///
    /// # Panics
    /// If `classes` is zero.
    #[must_use]
    pub fn from_encoder(encoder: Encoder, head: HeadKind, classes: usize, device: &Device, seed: u64) -> Self {
        let config = NetworkConfig { encoder: encoder.config(), head, classes };
        Self { encoder, ..config.init(device, seed) }
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> NetworkConfig {
        self.config
    }

    /// The same network with its encoder's normalisations in another mode.
    ///
    /// The head's stay as they are: the skip decoder's know no batch, and the reference head's have learnt nothing yet that
    /// could be frozen.
    #[must_use]
    pub fn with_encoder_norm(self, mode: NormMode) -> Self {
        Self { encoder: self.encoder.with_norm_mode(mode), ..self }
    }

    /// Logits at the head's own stride ([`HeadKind::stride`]).
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, classes, D', H', W']`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        let features = self.encoder.features(input.clone());
        self.head.forward(input, &features)
    }

    /// Logits for every voxel of the input; where the head is coarser, linear between its logits, outer centres aligned as the
    /// reference does.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, classes, D, H, W]`
    pub fn logits_at_input(&self, input: Tensor<5>) -> Tensor<5> {
        let [_, _, d, h, w] = input.dims();
        resize_trilinear(self.forward(input), [d, h, w], true)
    }
}
