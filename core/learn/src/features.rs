//! Features: what an encoder computes of a scan on the way, for whatever somebody wants to build on it.

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use medley_nn::weights::WeightsFile;
use medley_nn::{Encoder, EncoderConfig, SegmentationNetwork, Strides};
use medley_volume::Volume;

use crate::card::{Card, METADATA_KEY};
use crate::device::{DeviceChoice, OpenDevice, open};
use crate::prepare::prepare;
use crate::reference::{self, FileArray};
use crate::{LearnError, Recipe};

/// Which of a network's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The first convolution, before its normalisation.
    Conv1,
    /// After the max-pool.
    MaxPool,
    /// After one of the four stages, counted from 1.
    Stage(usize),
    /// The head's output at its own resolution.
    Logits,
    /// The mean of the last stage over all places: one vector a scan.
    Pooled,
    /// Its maximum.
    PooledMax,
}

impl Layer {
    /// Every layer, the input's end first.
    pub const ALL: [Self; 9] = [
        Self::Conv1,
        Self::MaxPool,
        Self::Stage(1),
        Self::Stage(2),
        Self::Stage(3),
        Self::Stage(4),
        Self::Logits,
        Self::Pooled,
        Self::PooledMax,
    ];

    /// Whether it is one vector a scan, and not a map.
    #[must_use]
    pub fn is_vector(self) -> bool {
        matches!(self, Self::Pooled | Self::PooledMax)
    }
}

impl FromStr for Layer {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|layer| layer.to_string() == text);
        let all = || Self::ALL.map(|layer| layer.to_string()).join(", ");
        found.ok_or_else(|| format!("“{text}” is not a layer: use one of {}", all()))
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conv1 => f.write_str("conv1"),
            Self::MaxPool => f.write_str("maxpool"),
            Self::Stage(number) => write!(f, "layer{number}"),
            Self::Logits => f.write_str("logits"),
            Self::Pooled => f.write_str("pooled"),
            Self::PooledMax => f.write_str("pooled-max"),
        }
    }
}

/// An array `[N, C, D, H, W]`, or `[N, C]` of a layer that is one vector a scan; the last axis fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// How long each axis is.
    pub shape: Vec<usize>,
    /// The numbers.
    pub values: Vec<f32>,
}

/// How an [`Extractor`] differs from its weights.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExtractorChanges {
    /// Input channels; the weights' own unless given.
    pub in_channels: Option<usize>,
    /// Strides; the weights' own where they say so, else the reference's.
    pub strides: Option<Strides>,
}

/// A network that is asked for one of its layers.
pub struct Extractor {
    network: Network,
    layer: Layer,
    device: OpenDevice,
    recipe: Option<Recipe>,
    id: String,
}

enum Network {
    Encoder(Box<Encoder>),
    Whole(Box<SegmentationNetwork>),
}

/// Bytes beyond which a scan is refused instead of filling the machine's memory.
const MOST_BYTES: u64 = 8 << 30;

impl Extractor {
    /// A network from a file, which must hold a head if the layer is its output.
    ///
    /// # Errors
    /// If the file holds no whole encoder, no head where one is needed, or the device does not work.
    pub fn new(file: &WeightsFile, layer: Layer, changes: ExtractorChanges, device: DeviceChoice) -> Result<Self, LearnError> {
        let found = file.architecture()?;
        let as_stored = found.encoder_config();
        let encoder = EncoderConfig {
            in_channels: changes.in_channels.unwrap_or(as_stored.in_channels),
            strides: changes.strides.unwrap_or(as_stored.strides),
            ..as_stored
        };
        let card = file.metadata().get(METADATA_KEY).map(|json| Card::from_json(file.name(), json)).transpose()?;
        let whole = found.network_config().filter(|_| layer == Layer::Logits);
        if layer == Layer::Logits && whole.is_none() {
            let name = file.name();
            return Err(LearnError::Setting(format!("{name} has no head, so it has no logits: give one with --head-weights")));
        }
        let device = open(device)?;
        let network = match whole {
            Some(config) => {
                let network = file.network_as(medley_nn::NetworkConfig { encoder, ..config }, &device.device)?;
                Network::Whole(Box::new(network.valid()))
            }
            None => Network::Encoder(Box::new(file.encoder_as(encoder, &device.device)?.0.valid())),
        };
        Ok(Self { network, layer, device, recipe: card.and_then(|card| card.recipe), id: file.sha256().to_owned() })
    }

    /// The recipe of the model, if its file has one.
    #[must_use]
    pub fn recipe(&self) -> Option<&Recipe> {
        self.recipe.as_ref()
    }

    /// SHA-256 of the weights' file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The device's name.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device.name
    }

    fn config(&self) -> EncoderConfig {
        match &self.network {
            Network::Encoder(encoder) => encoder.config(),
            Network::Whole(network) => network.encoder.config(),
        }
    }

    /// Of an array that is ready: `[N, C, D, H, W]`, the last axis fastest.
    ///
    /// # Errors
    /// If the shape does not fit the network or its memory, or the device fails.
    pub fn of_array(&self, shape: &[usize], values: Vec<f32>) -> Result<Features, LearnError> {
        let &[n, c, d, h, w] = shape else {
            return Err(LearnError::Setting(format!("an array to be fed as it is has five axes [N, C, D, H, W], not {shape:?}")));
        };
        if values.is_empty() || values.len() != shape.iter().product::<usize>() {
            return Err(LearnError::Setting(format!("an array of {shape:?} is not filled by {} numbers", values.len())));
        }
        let config = self.config();
        if c != config.in_channels {
            let wanted = config.in_channels;
            let advice = if wanted == 1 { format!("; give --in-channels {c} to spread its weights over them") } else { String::new() };
            return Err(LearnError::Setting(format!("the array has {c} channels and the network takes {wanted}{advice}")));
        }
        // The stem at half resolution, as convolved, normalised, rectified and pooled on the way, outweighs all that follows.
        let bytes = 2 * config.base_width as u64 * n as u64 * (d as u64 * h as u64 * w as u64);
        if bytes > MOST_BYTES {
            let gib = bytes as f64 / f64::from(1 << 30);
            return Err(LearnError::Setting(format!(
                "{n} × {d} × {h} × {w} voxels would need about {gib:.0} GiB of memory, and the limit is {}: give a coarser --spacing, or \
                 cut the scan",
                MOST_BYTES >> 30
            )));
        }
        let input = Tensor::<5>::from_data(TensorData::new(values, shape.to_vec()), &self.device.device);
        let output = match &self.network {
            Network::Whole(network) => network.forward(input),
            Network::Encoder(encoder) => {
                let features = encoder.features(input);
                match self.layer {
                    Layer::Conv1 => features.conv1,
                    Layer::MaxPool => features.max_pool,
                    Layer::Stage(1) => features.layer1,
                    Layer::Stage(2) => features.layer2,
                    Layer::Stage(3) => features.layer3,
                    _ => features.layer4,
                }
            }
        };
        let [n, c, d, h, w] = output.dims();
        let places = |output: Tensor<5>| output.reshape([n * c, d * h * w]);
        let failed = |reason: String| LearnError::Compute { device: self.device.name.clone(), reason };
        let (shape, data) = match self.layer {
            Layer::Pooled => (vec![n, c], places(output).mean_dim(1).try_into_data()),
            Layer::PooledMax => (vec![n, c], places(output).max_dim(1).try_into_data()),
            _ => (vec![n, c, d, h, w], output.try_into_data()),
        };
        let data = data.map_err(|error| failed(error.to_string()))?;
        Ok(Features { shape, values: data.try_into_vec().map_err(|error| failed(format!("{error:?}")))? })
    }

    /// Of a whole scan prepared by a recipe: axes `[S, A, R]`.
    ///
    /// # Errors
    /// As [`Extractor::of_array`].
    pub fn of_scan(&self, scan: &Volume, recipe: &Recipe) -> Result<Features, LearnError> {
        let image = prepare(scan, recipe)?.image;
        let [r, a, s] = image.shape;
        self.of_array(&[1, 1, s, a, r], image.values)
    }

    /// Of a scan as the reference feeds it when it tests ([`reference::test_input`]): axes as in the file.
    ///
    /// # Errors
    /// As [`Extractor::of_array`], and if no voxel is above zero.
    pub fn of_scan_as_reference(&self, scan: &Volume, size: [usize; 3], seed: u64) -> Result<Features, LearnError> {
        let FileArray { shape: [d, h, w], values } = reference::test_input(&FileArray::of_volume(scan), size, seed)?;
        self.of_array(&[1, 1, d, h, w], values)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::tensor::Device;
    use medley_nn::weights::{save_encoder, save_network};
    use medley_nn::{Depth, HeadKind, NetworkConfig, Shortcut};

    use super::*;

    fn numbers(count: usize) -> Vec<f32> {
        (0..count).map(|v| ((v * 37) % 101) as f32 / 50.0 - 1.0).collect()
    }

    #[test]
    fn layers_are_read_as_they_are_written() {
        for layer in Layer::ALL {
            assert_eq!(layer.to_string().parse(), Ok(layer));
        }
        assert!("layer5".parse::<Layer>().is_err_and(|words| words.contains("layer4, logits, pooled")));
    }

    #[test]
    fn a_pooled_vector_is_the_mean_of_the_last_stage_and_logits_are_the_networks() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = NetworkConfig { encoder: EncoderConfig::new(Depth::R10, Shortcut::B, 2), head: HeadKind::Med3d, classes: 3 };
        let network = config.init(&Device::flex(), 1);
        let [alone, whole] = ["alone", "whole"].map(|name| folder.path().join(format!("{name}.safetensors")));
        save_encoder(&alone, &network.encoder, &BTreeMap::new(), false).expect("saved");
        save_network(&whole, &network, &BTreeMap::new()).expect("saved");
        let shape = [2, 1, 16, 24, 9];
        let features = |file: &WeightsFile, layer: Layer| {
            let extractor = Extractor::new(file, layer, ExtractorChanges::default(), DeviceChoice::Cpu)?;
            extractor.of_array(&shape, numbers(2 * 16 * 24 * 9))
        };
        let file = WeightsFile::open(&alone).expect("opened");
        let maps = features(&file, Layer::Stage(4)).expect("maps");
        assert_eq!(maps.shape, [2, 16, 2, 3, 2]);
        let (mean, most) = (features(&file, Layer::Pooled).expect("means"), features(&file, Layer::PooledMax).expect("maxima"));
        assert_eq!((&mean.shape, &most.shape), (&vec![2, 16], &vec![2, 16]));
        for (at, map) in maps.values.chunks(12).enumerate() {
            assert!((map.iter().sum::<f32>() / 12.0 - mean.values[at]).abs() < 1e-5);
            assert_eq!(map.iter().copied().fold(f32::NEG_INFINITY, f32::max), most.values[at]);
        }
        // Logits need a head: in the file itself or from another.
        assert!(features(&file, Layer::Logits).is_err_and(|error| error.to_string().contains("--head-weights")));
        let (file, other) = (WeightsFile::open(&alone).expect("opened"), WeightsFile::open(&whole).expect("opened"));
        let of_whole = features(&other, Layer::Logits).expect("logits");
        assert_eq!(of_whole.shape, [2, 3, 4, 6, 4]);
        let merged = file.with_head_of(other).expect("merged");
        assert_eq!(features(&merged, Layer::Logits).expect("logits"), of_whole);
        let no_head = WeightsFile::open(&alone).and_then(|other| WeightsFile::open(&alone)?.with_head_of(other));
        assert!(no_head.is_err_and(|error| error.to_string().contains("alone.safetensors")));
    }

    #[test]
    fn arrays_that_do_not_fit_are_refused_with_advice() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("e.safetensors");
        save_encoder(&path, &EncoderConfig::new(Depth::R10, Shortcut::A, 2).init(&Device::flex(), 1), &BTreeMap::new(), false)
            .expect("saved");
        let file = WeightsFile::open(&path).expect("opened");
        let open = |changes| Extractor::new(&file, Layer::Pooled, changes, DeviceChoice::Cpu).expect("an extractor");
        let refused = |shape: &[usize], count: usize| {
            open(ExtractorChanges::default()).of_array(shape, vec![0.0; count]).expect_err("refused").to_string()
        };
        assert!(refused(&[8, 8, 8], 512).contains("five axes"));
        assert!(refused(&[1, 2, 8, 8, 8], 1024).contains("--in-channels 2"));
        assert!(refused(&[1, 1, 8, 8, 8], 5).contains("5 numbers"));
        let two = open(ExtractorChanges { in_channels: Some(2), ..ExtractorChanges::default() });
        assert_eq!(two.of_array(&[1, 2, 8, 8, 8], numbers(1024)).expect("features").shape, [1, 16]);
    }
}
