use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use ::safetensors::{Dtype, View};
use burn::module::Module;
use half::f16;

use super::WeightsError;
use super::architecture::STRIDES_KEY;
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

/// A tensor on its way into a file.
struct Written {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Written {
    fn new(shape: Vec<usize>, values: &[f32], half: bool) -> Self {
        let is_kernel = shape.len() > 1;
        let fits = || values.iter().all(|value| f16::from_f32(*value).is_finite());
        if half && is_kernel && fits() {
            let bytes = values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
            return Self { dtype: Dtype::F16, shape, bytes };
        }
        Self { dtype: Dtype::F32, shape, bytes: values.iter().flat_map(|value| value.to_le_bytes()).collect() }
    }
}

impl View for &Written {
    fn dtype(&self) -> Dtype {
        self.dtype
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

pub(super) fn save(path: &Path, module: &impl Module, metadata: &BTreeMap<String, String>, half: bool) -> Result<(), WeightsError> {
    let file = path.display().to_string();
    let values = values(module).map_err(|reason| WeightsError::Device { file: file.clone(), reason })?;
    let tensors: BTreeMap<String, Written> =
        values.into_iter().map(|(info, values)| (info.name, Written::new(info.shape, &values, half))).collect();
    let metadata: HashMap<String, String> = metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let failed = |source| WeightsError::Write { file: file.clone(), source };
    let bytes = ::safetensors::serialize(&tensors, Some(metadata)).map_err(|error| failed(io::Error::other(error.to_string())))?;
    write_atomically(path, &bytes).map_err(failed)
}

fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".medley-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other new file, and not for its owner alone.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut part = builder.tempfile_in(folder)?;
    part.write_all(bytes)?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    // The new name itself is on the disk only when its folder is; not every file system lets a folder be synchronised.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
