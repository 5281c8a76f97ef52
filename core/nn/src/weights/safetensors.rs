//! The safetensors format, through its own crate, which checks every offset against the file.

use ::safetensors::{Dtype, SafeTensors};

use super::WeightsError;
use super::error::one_line;
use super::file::{Contents, Limits};
use super::keys::network_prefix;
use super::tensor::{NumberType, StoredTensor};

/// Reads the network's tensors; `name` is what messages call the file.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Contents, WeightsError> {
    let damaged = |reason: &str| WeightsError::Damaged { file: name.to_owned(), bytes: bytes.len() as u64, reason: one_line(reason) };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error.to_string()))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error.to_string()))?;
    if tensors.is_empty() {
        return Err(WeightsError::NoNetwork { file: name.to_owned(), reason: "there is no tensor in it".to_owned() });
    }
    let prefix = network_prefix(tensors.names());
    let mut contents = Contents::new(&prefix);
    contents.metadata = header.metadata().iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut limits = Limits::new(bytes.len() as u64);
    for (full_name, tensor) in tensors.iter() {
        let Some(key) = full_name.strip_prefix(&prefix) else {
            contents.others.push(full_name.to_owned());
            continue;
        };
        limits.admit(tensor.data().len() as u64).map_err(|reason| damaged(&format!("the tensor `{key}` {reason}")))?;
        let stored =
            StoredTensor { number_type: number_type(tensor.dtype()), shape: tensor.shape().to_vec(), bytes: tensor.data().to_vec() };
        contents.tensors.insert(key.to_owned(), stored);
    }
    Ok(contents)
}

fn number_type(dtype: Dtype) -> NumberType {
    match dtype {
        Dtype::F64 => NumberType::F64,
        Dtype::F32 => NumberType::F32,
        Dtype::F16 => NumberType::F16,
        Dtype::BF16 => NumberType::Bf16,
        Dtype::I64 => NumberType::Other("i64"),
        Dtype::I32 => NumberType::Other("i32"),
        Dtype::U8 => NumberType::Other("u8"),
        Dtype::BOOL => NumberType::Other("bool"),
        _ => NumberType::Other("a kind not used for weights"),
    }
}
