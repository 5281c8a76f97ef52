use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::head::{Detector, Maps};
use crate::{Encoder, EncoderConfig, NormMode, init};

/// Everything that decides the shapes of a [`DetectionNetwork`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectionConfig {
    /// The encoder.
    pub encoder: EncoderConfig,
    /// Kinds of objects; there is no background.
    pub classes: usize,
}

impl DetectionConfig {
    /// A network with first weights from `seed` alone.
    ///
    /// # Panics
    /// If a width or the number of classes is zero.
    #[must_use]
    pub fn init(&self, device: &Device, seed: u64) -> DetectionNetwork {
        init::initialized(DetectionNetwork::blank(*self, device), seed)
    }
}

/// An encoder and a detector: from a scan to maps of the objects in it; [`crate::detect::decode`] makes boxes of them.
#[derive(Module, Debug)]
pub struct DetectionNetwork {
    /// The encoder.
    pub encoder: Encoder,
    detector: Detector,
    #[module(skip)]
    config: DetectionConfig,
}

impl DetectionNetwork {
    pub(crate) fn blank(config: DetectionConfig, device: &Device) -> Self {
        assert!(config.classes > 0, "a network needs classes");
        let detector = Detector::blank(config.encoder, config.classes, device);
        Self { encoder: Encoder::blank(config.encoder, device), detector, config }
    }

    /// A new detector, drawn from `seed`, on an encoder that may have learnt something already.
    ///
    /// # Panics
    /// If `classes` is zero.
    #[must_use]
    pub fn from_encoder(encoder: Encoder, classes: usize, device: &Device, seed: u64) -> Self {
        let config = DetectionConfig { encoder: encoder.config(), classes };
        Self { encoder, ..config.init(device, seed) }
    }

    /// What it was built from.
    #[must_use]
    pub fn config(&self) -> DetectionConfig {
        self.config
    }

    /// The same network with its encoder's normalisations in another mode.
    #[must_use]
    pub fn with_encoder_norm(self, mode: NormMode) -> Self {
        Self { encoder: self.encoder.with_norm_mode(mode), ..self }
    }

    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - maps: `[N, …, ⌈D/4⌉, ⌈H/4⌉, ⌈W/4⌉]`
    pub fn forward(&self, input: Tensor<5>) -> Maps {
        self.detector.forward(&self.encoder.features(input))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Depth, Shortcut, parameters};

    fn config() -> DetectionConfig {
        let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 4);
        DetectionConfig { encoder, classes: 2 }
    }

    #[test]
    fn maps_have_a_quarter_of_the_resolution_and_begin_with_rare_objects() {
        let device = Device::flex();
        let ordinary = EncoderConfig { strides: crate::Strides::Ordinary, ..config().encoder };
        let coarse = DetectionConfig { encoder: ordinary, ..config() }.init(&device, 1);
        assert_eq!(coarse.forward(Tensor::ones([1, 1, 33, 18, 40], &device)).heat.dims(), [1, 2, 9, 5, 10]);
        let network = config().init(&device, 1);
        let values: Vec<f32> = (0..16 * 18 * 23).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
        let maps = network.forward(Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 1, 16, 18, 23]));
        assert_eq!(maps.heat.dims(), [1, 2, 4, 5, 6]);
        assert_eq!((maps.size.dims(), maps.offset.dims()), ([1, 3, 4, 5, 6], [1, 3, 4, 5, 6]));
        let heat = parameters::values(&network).expect("values").into_iter().find(|(info, _)| info.name == "detector.heat.bias");
        assert_eq!(heat.expect("a bias").1, [-2.19; 2]);
    }

    #[test]
    fn the_encoder_has_no_name_of_its_own_in_a_file() {
        let names: Vec<String> = parameters::parameters(&config().init(&Device::flex(), 1)).into_iter().map(|p| p.name).collect();
        assert!(names.contains(&"conv1.weight".to_owned()) && names.contains(&"detector.pyramid.lateral4.weight".to_owned()));
        assert!(names.iter().all(|name| !name.contains("encoder")), "{names:?}");
    }
}
