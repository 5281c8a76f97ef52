use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use half::{bf16, f16};
use serde::Serialize;

use super::architecture::STRIDES_KEY;
use super::keys::{is_counter, is_encoder};
use super::save::serialized;
use super::tensor::{NumberType, StoredTensor};
use super::write::write_atomically;
use super::{Architecture, Coverage, WeightsError, WeightsFile, pth};
use crate::{Encoder, SegmentationNetwork};

/// How floating-point numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// IEEE 754's 16 bits.
    F16,
    /// 16 bits with the range of 32.
    Bf16,
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "f32" => Ok(Self::F32),
            "f16" => Ok(Self::F16),
            "bf16" => Ok(Self::Bf16),
            _ => Err(format!("“{text}” is not a precision: use f32, f16 or bf16")),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

/// What of a file is written to another, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportOptions {
    /// All floating-point numbers in this precision; as they are, bit by bit, unless given.
    pub precision: Option<Precision>,
    /// Leave out the head and everything else that is not the encoder.
    pub is_encoder_only: bool,
    /// Put before every name: `module.`, say.
    pub prefix: String,
    /// The key of an outer dictionary, `state_dict` in the reference's checkpoints; `.pth` only.
    pub top_level: Option<String>,
    /// Write a network that lacks parts, too.
    pub allow_partial: bool,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exported {
    /// The network.
    #[serde(flatten)]
    pub architecture: Architecture,
    /// Tensors in the new file, counters of batches included.
    pub tensors: usize,
    /// Tensors of the old file that are not in the new one.
    pub left_out: Vec<String>,
    /// What of its network the old file fills.
    #[serde(flatten)]
    pub coverage: Coverage,
}

impl WeightsFile {
    /// Writes the network inside as `.pth` or `.safetensors`, by the ending of `path`, with the names of PyTorch's modules.
    ///
    /// Every batch normalisation gets its `num_batches_tracked`, which old checkpoints and our own files lack, so that a strict
    /// `load_state_dict` finds all it looks for. The `.pth` is one that `torch.load(weights_only=True)` reads. The text beside the
    /// tensors (a model's card) goes into a `.safetensors` of the whole network only; other strides than the reference's into any
    /// `.safetensors`, but not into a `.pth`, whose reader must know them. The file is complete or not there.
    ///
    /// # Errors
    /// [`WeightsError::NoNetwork`]; [`WeightsError::Incomplete`] below full coverage unless that is allowed;
    /// [`WeightsError::Tensor`] for numbers that are no weights or do not fit the precision; [`WeightsError::Format`] for another
    /// ending; [`WeightsError::Write`].
    pub fn export(&self, path: &Path, options: &ExportOptions) -> Result<Exported, WeightsError> {
        let format = Format::of(path, options)?;
        let architecture = self.architecture()?;
        let device = burn::tensor::Device::flex();
        let coverage = match architecture.network_config().filter(|_| !options.is_encoder_only) {
            Some(config) => self.coverage(&SegmentationNetwork::blank(config, &device)),
            None => self.coverage(&Encoder::blank(architecture.encoder_config(), &device)),
        };
        if !options.allow_partial {
            self.require_whole(&coverage)?;
        }
        let (tensors, left_out) = self.exported_tensors(options)?;
        let count = tensors.len();
        let failed = |source| WeightsError::Write { file: path.display().to_string(), source };
        match format {
            Format::Pth => write_atomically(path, |file| pth::write(file, &tensors, options.top_level.as_deref())).map_err(failed)?,
            Format::Safetensors => {
                let is_kept = |key: &str| !options.is_encoder_only || key == STRIDES_KEY;
                let metadata = self.contents.metadata.iter().filter(|(key, _)| is_kept(key));
                let metadata = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
                let bytes = serialized(tensors, &metadata).map_err(failed)?;
                write_atomically(path, |file| std::io::Write::write_all(file, &bytes)).map_err(failed)?;
            }
        }
        Ok(Exported { architecture, tensors: count, left_out, coverage })
    }

    /// The tensors by their new names, and the old names of those that stay behind.
    fn exported_tensors(&self, options: &ExportOptions) -> Result<(Named, Vec<String>), WeightsError> {
        let (mut tensors, mut left_out) = (BTreeMap::new(), self.contents.others.clone());
        for (name, tensor) in &self.contents.tensors {
            if (options.is_encoder_only && !is_encoder(name)) || !pth::can_hold(tensor.number_type) {
                left_out.push(name.clone());
                continue;
            }
            let converted = if is_counter(name) { Ok(tensor.clone()) } else { converted(tensor, options.precision) };
            let refused = |reason| WeightsError::Tensor { file: self.name.clone(), tensor: name.clone(), reason };
            tensors.insert(name.clone(), converted.map_err(refused)?);
        }
        let counters: Vec<String> =
            tensors.keys().filter_map(|name| Some(format!("{}num_batches_tracked", name.strip_suffix("running_mean")?))).collect();
        for counter in counters {
            let zero = || StoredTensor { number_type: NumberType::Other("i64"), shape: Vec::new(), bytes: vec![0; 8] };
            tensors.entry(counter).or_insert_with(zero);
        }
        left_out.sort();
        Ok((tensors.into_iter().map(|(name, tensor)| (format!("{}{name}", options.prefix), tensor)).collect(), left_out))
    }
}

/// Tensors with their names.
type Named = Vec<(String, StoredTensor)>;

/// A tensor in another precision.
///
/// # Errors
/// In words that follow the tensor's name.
fn converted(tensor: &StoredTensor, precision: Option<Precision>) -> Result<StoredTensor, String> {
    let values = tensor.weights()?;
    let Some(precision) = precision else { return Ok(tensor.clone()) };
    let too_large = |rounded: &dyn Fn(f32) -> f32| values.iter().copied().find(|&value| !rounded(value).is_finite());
    let (number_type, bytes, lost) = match precision {
        Precision::F32 => (NumberType::F32, values.iter().flat_map(|v| v.to_le_bytes()).collect(), None),
        Precision::F16 => {
            let bytes = values.iter().flat_map(|v| f16::from_f32(*v).to_le_bytes()).collect();
            (NumberType::F16, bytes, too_large(&|v| f16::from_f32(v).to_f32()))
        }
        Precision::Bf16 => {
            let bytes = values.iter().flat_map(|v| bf16::from_f32(*v).to_le_bytes()).collect();
            (NumberType::Bf16, bytes, too_large(&|v| bf16::from_f32(v).to_f32()))
        }
    };
    match lost {
        Some(value) => Err(format!("holds {value}, which {precision} cannot; write it as f32 or bf16")),
        None => Ok(StoredTensor { number_type, shape: tensor.shape.clone(), bytes }),
    }
}

enum Format {
    Pth,
    Safetensors,
}

impl Format {
    fn of(path: &Path, options: &ExportOptions) -> Result<Self, WeightsError> {
        let refused = |reason: &str| Err(WeightsError::Format { file: path.display().to_string(), reason: reason.to_owned() });
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        match name.rsplit('.').next() {
            Some("pth" | "pt") => Ok(Self::Pth),
            Some("tar") if name.ends_with(".pth.tar") => Ok(Self::Pth),
            Some("safetensors") if options.top_level.is_some() => refused("a .safetensors file has no dictionaries inside dictionaries"),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => refused("weights are written as .pth or .safetensors, and its name ends like neither"),
        }
    }
}
