use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::head::{Classifier, Dropout};
use crate::{Encoder, EncoderConfig, NormMode, init};

/// Everything that decides the shapes of a [`ClassificationNetwork`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassificationConfig {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// Logits of a scan. Whether they exclude each other (softmax) or not (sigmoid) is the loss's business.
    pub classes: usize,
}

impl ClassificationConfig {
    /// A network with first weights from `seed` alone.
    ///
    /// # Panics
    /// If a width or the number of classes is zero.
    #[must_use]
    pub fn init(&self, device: &Device, seed: u64) -> ClassificationNetwork {
        init::initialized(ClassificationNetwork::blank(*self, device), seed)
    }
}

/// An encoder and a classifier: from a scan to a logit per class.
#[derive(Module, Debug)]
pub struct ClassificationNetwork {
    /// The encoder.
    pub encoder: Encoder,
    classifier: Classifier,
    #[module(skip)]
    config: ClassificationConfig,
}

impl ClassificationNetwork {
    pub(crate) fn blank(config: ClassificationConfig, device: &Device) -> Self {
        assert!(config.classes > 0, "a network needs classes");
        let classifier = Classifier::blank(config.encoder, config.classes, device);
        Self { encoder: Encoder::blank(config.encoder, device), classifier, config }
    }

    /// A new classifier, drawn from `seed`, on an encoder that may have learnt something already.
    ///
    /// # Panics
    /// If `classes` is zero.
    #[must_use]
    pub fn from_encoder(encoder: Encoder, classes: usize, device: &Device, seed: u64) -> Self {
        let config = ClassificationConfig { encoder: encoder.config(), classes };
        Self { encoder, ..config.init(device, seed) }
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> ClassificationConfig {
        self.config
    }

    /// The same network with its encoder's normalisations in another mode.
    #[must_use]
    pub fn with_encoder_norm(self, mode: NormMode) -> Self {
        Self { encoder: self.encoder.with_norm_mode(mode), ..self }
    }

    /// A logit per class; `dropout` only while training.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, classes]`
    pub fn forward(&self, input: Tensor<5>, dropout: Option<Dropout>) -> Tensor<2> {
        self.classifier.forward(self.encoder.forward(input), dropout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::values;
    use crate::{Depth, Shortcut, parameters};

    fn config() -> ClassificationConfig {
        let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 4);
        ClassificationConfig { encoder, classes: 3 }
    }

    #[test]
    fn one_logit_a_class_whatever_the_size_and_small_ones_at_first() {
        let device = Device::flex();
        let network = config().init(&device, 1);
        for size in [[15, 18, 23], [16, 16, 16]] {
            let [d, h, w] = size;
            let values: Vec<f32> = (0..2 * d * h * w).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
            let logits = network.forward(Tensor::<1>::from_floats(values.as_slice(), &device).reshape([2, 1, d, h, w]), None);
            assert_eq!(logits.dims(), [2, 3]);
            let largest = logits.abs().max().to_data().try_to_vec::<f32>().expect("f32")[0];
            assert!(largest > 0.0 && largest < 5.0, "{largest}");
        }
    }

    #[test]
    fn its_encoder_is_the_one_without_a_head_and_its_classifier_has_pytorchs_shapes() {
        let device = Device::flex();
        let network = config().init(&device, 9);
        assert_eq!(values(&network.encoder).expect("values"), values(&config().encoder.init(&device, 9)).expect("values"));
        let all = parameters(&network);
        assert_eq!(all[0].name, "conv1.weight");
        let head: Vec<_> = all.iter().filter(|p| p.name.starts_with("classifier.")).map(|p| (p.name.as_str(), p.shape.clone())).collect();
        assert_eq!(head, [("classifier.weight", vec![3, 64]), ("classifier.bias", vec![3])]);
    }
}
