//! The numbers of a training that is not at its end, exactly, as a `.safetensors` file.
//!
//! Such a file is for the program alone: names are the writer's own, and nothing is rounded. Its size and hash are written down
//! elsewhere, and a file that is not exactly that one is not read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use ::safetensors::{Dtype, SafeTensors};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::WeightsError;
use super::error::one_line;
use super::save::serialized;
use super::tensor::{NumberType, StoredTensor};
use super::write::write_atomically;

/// A tensor of a training's state.
#[derive(Debug, Clone, PartialEq)]
pub enum StateTensor {
    /// 32-bit numbers.
    Numbers {
        /// The shape.
        shape: Vec<usize>,
        /// As many as the shape says.
        values: Vec<f32>,
    },
    /// Anything else that somebody else packed.
    Bytes(Vec<u8>),
}

/// By what a state's file is known again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRecord {
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

/// Writes a state; the file is complete and on the disk, or not there.
///
/// # Errors
/// [`WeightsError::Write`].
pub fn write_state(path: &Path, tensors: BTreeMap<String, StateTensor>) -> Result<StateRecord, WeightsError> {
    let failed = |source| WeightsError::Write { file: one_line(&path.display().to_string()), source };
    let stored = |tensor: StateTensor| match tensor {
        StateTensor::Numbers { shape, values } => {
            StoredTensor { number_type: NumberType::F32, shape, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
        }
        StateTensor::Bytes(bytes) => StoredTensor { number_type: NumberType::Other("u8"), shape: vec![bytes.len()], bytes },
    };
    let tensors = tensors.into_iter().map(|(name, tensor)| (name, stored(tensor)));
    let bytes = serialized(tensors, &BTreeMap::new()).map_err(failed)?;
    write_atomically(path, |file| file.write_all(&bytes)).map_err(failed)?;
    Ok(StateRecord { bytes: bytes.len() as u64, sha256: hex(&bytes) })
}

/// Reads a state that [`write_state`] wrote.
///
/// # Errors
/// [`WeightsError::Read`], [`WeightsError::Damaged`], [`WeightsError::Changed`]: nothing is read out of a file that is not the
/// recorded one.
pub fn read_state(path: &Path, record: &StateRecord) -> Result<BTreeMap<String, StateTensor>, WeightsError> {
    let name = one_line(&path.display().to_string());
    let unreadable = |source: io::Error| WeightsError::Read { file: name.clone(), source };
    let file = File::open(path).map_err(unreadable)?;
    let found = file.metadata().map_err(unreadable)?.len();
    let damaged = |reason: String| WeightsError::Damaged { file: name.clone(), bytes: found, reason };
    if found != record.bytes {
        return Err(damaged(format!("it should have {} bytes", record.bytes)));
    }
    let mut bytes = Vec::new();
    file.take(found).read_to_end(&mut bytes).map_err(unreadable)?;
    let sha256 = hex(&bytes);
    if sha256 != record.sha256 {
        return Err(WeightsError::Changed { file: name.clone(), recorded: record.sha256.clone(), found: sha256 });
    }
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| damaged(one_line(&error.to_string())))?;
    let mut state = BTreeMap::new();
    for (key, tensor) in tensors.iter() {
        let tensor = match tensor.dtype() {
            Dtype::F32 => {
                let (numbers, _) = tensor.data().as_chunks::<4>();
                StateTensor::Numbers { shape: tensor.shape().to_vec(), values: numbers.iter().copied().map(f32::from_le_bytes).collect() }
            }
            Dtype::U8 => StateTensor::Bytes(tensor.data().to_vec()),
            other => return Err(damaged(format!("the tensor `{}` holds numbers of type {other:?}", one_line(key)))),
        };
        state.insert(key.to_owned(), tensor);
    }
    Ok(state)
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> BTreeMap<String, StateTensor> {
        let values = vec![0.1, -0.0, f32::MIN_POSITIVE / 3.0, f32::NAN, f32::INFINITY, 1.0];
        let numbers = StateTensor::Numbers { shape: vec![2, 3], values };
        [("a/weight".to_owned(), numbers), ("packed".to_owned(), StateTensor::Bytes(vec![1, 2, 3]))].into_iter().collect()
    }

    fn bits(state: &BTreeMap<String, StateTensor>) -> Vec<u32> {
        let numbers = |tensor: &StateTensor| match tensor {
            StateTensor::Numbers { values, .. } => values.clone(),
            StateTensor::Bytes(_) => Vec::new(),
        };
        state.values().flat_map(numbers).map(f32::to_bits).collect()
    }

    #[test]
    fn every_bit_comes_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.safetensors");
        let record = write_state(&path, state()).expect("written");
        let found = read_state(&path, &record).expect("read");
        assert_eq!(bits(&found), bits(&state()));
        assert_eq!(found["packed"], StateTensor::Bytes(vec![1, 2, 3]));
    }

    #[test]
    fn a_file_that_is_not_the_recorded_one_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state.safetensors");
        let record = write_state(&path, state()).expect("written");
        let mut bytes = std::fs::read(&path).expect("read");
        let at = bytes.len() - 5;
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).expect("written");
        assert!(matches!(read_state(&path, &record), Err(WeightsError::Changed { .. })));
        std::fs::write(&path, &bytes[..at]).expect("written");
        assert!(matches!(read_state(&path, &record), Err(WeightsError::Damaged { .. })));
        // A header that claims more than there is, with a record that believes it.
        bytes[..8].copy_from_slice(&u64::MAX.to_le_bytes());
        std::fs::write(&path, &bytes).expect("written");
        let record = StateRecord { bytes: bytes.len() as u64, sha256: hex(&bytes) };
        assert!(matches!(read_state(&path, &record), Err(WeightsError::Damaged { .. })));
    }
}
