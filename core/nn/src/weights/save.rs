use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::Path;

use ::safetensors::{Dtype, View};
use burn::module::Module;
use half::f16;

use super::WeightsError;
use super::architecture::STRIDES_KEY;
use super::tensor::{NumberType, StoredTensor};
use super::write::write_atomically;
use crate::parameters::values;
use crate::{Encoder, EncoderConfig, SegmentationNetwork, Strides};

/// Writes a network as `.safetensors`, 32-bit; `metadata` travels in the file's header.
///
/// The file is complete or not there: it is written beside its place and moved in when it is on the disk.
///
/// # Errors
/// [`WeightsError::Write`], [`WeightsError::Device`].
pub fn save_network(path: &Path, network: &SegmentationNetwork, metadata: &BTreeMap<String, String>) -> Result<(), WeightsError> {
    save(path, network, &with_strides(metadata, network.config().encoder), false)
}

/// Writes an encoder as `.safetensors`. With `half`, kernels are rounded to 16 bits (normalisations stay at 32), which halves the
/// file and moves outputs by about a thousandth.
///
/// # Errors
/// As [`save_network`].
pub fn save_encoder(path: &Path, encoder: &Encoder, metadata: &BTreeMap<String, String>, half: bool) -> Result<(), WeightsError> {
    save(path, encoder, &with_strides(metadata, encoder.config()), half)
}

/// Strides leave no trace in names and shapes, so others than the reference's are written beside them.
pub(super) fn with_strides(metadata: &BTreeMap<String, String>, config: EncoderConfig) -> BTreeMap<String, String> {
    let strides = (config.strides != Strides::default()).then(|| (STRIDES_KEY.to_owned(), config.strides.to_string()));
    metadata.iter().map(|(key, value)| (key.clone(), value.clone())).chain(strides).collect()
}

impl StoredTensor {
    fn of(shape: Vec<usize>, values: &[f32], half: bool) -> Self {
        let is_kernel = shape.len() > 1;
        let fits = || values.iter().all(|value| f16::from_f32(*value).is_finite());
        if half && is_kernel && fits() {
            let bytes = values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
            return Self { number_type: NumberType::F16, shape, bytes };
        }
        Self { number_type: NumberType::F32, shape, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
    }
}

impl View for &StoredTensor {
    fn dtype(&self) -> Dtype {
        match self.number_type {
            NumberType::F64 => Dtype::F64,
            NumberType::F32 => Dtype::F32,
            NumberType::F16 => Dtype::F16,
            NumberType::Bf16 => Dtype::BF16,
            NumberType::Other("i64") => Dtype::I64,
            NumberType::Other("i32") => Dtype::I32,
            NumberType::Other("i16") => Dtype::I16,
            NumberType::Other("i8") => Dtype::I8,
            NumberType::Other("bool") => Dtype::BOOL,
            NumberType::Other(_) => Dtype::U8,
        }
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The bytes of a `.safetensors` file.
pub(super) fn serialized(
    tensors: impl IntoIterator<Item = (String, StoredTensor)>,
    metadata: &BTreeMap<String, String>,
) -> io::Result<Vec<u8>> {
    let tensors: BTreeMap<String, StoredTensor> = tensors.into_iter().collect();
    let metadata: HashMap<String, String> = metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    ::safetensors::serialize(&tensors, Some(metadata)).map_err(|error| io::Error::other(error.to_string()))
}

pub(super) fn save(path: &Path, module: &impl Module, metadata: &BTreeMap<String, String>, half: bool) -> Result<(), WeightsError> {
    let file = path.display().to_string();
    let values = values(module).map_err(|reason| WeightsError::Device { file: file.clone(), reason })?;
    let tensors = values.into_iter().map(|(info, values)| (info.name, StoredTensor::of(info.shape, &values, half)));
    let failed = |source| WeightsError::Write { file: file.clone(), source };
    let bytes = serialized(tensors, metadata).map_err(failed)?;
    write_atomically(path, |file| file.write_all(&bytes)).map_err(failed)
}
