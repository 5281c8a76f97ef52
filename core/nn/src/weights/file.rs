use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::one_line;
use super::keys::is_encoder;
use super::sniff::{Beginning, SNIFFED, beginning};
use super::tensor::StoredTensor;
use super::{Architecture, WeightsError, pickle, safetensors};

/// Larger than any network here, in bytes: ResNet-200 with an optimiser's state has 1.5 GB.
const LARGEST_FILE: u64 = 8 << 30;

/// A weight file whose tensors have been read, checked against its size, and not yet used.
pub struct WeightsFile {
    pub(super) name: String,
    pub(super) contents: Contents,
    sha256: String,
}

/// What a reader found.
pub(super) struct Contents {
    /// What stood before every name.
    pub prefix: String,
    /// The network's tensors, by names without prefix.
    pub tensors: BTreeMap<String, StoredTensor>,
    /// Names of tensors that do not share the prefix; not read.
    pub others: Vec<String>,
    /// Text beside the tensors.
    pub metadata: BTreeMap<String, String>,
    /// What was passed over.
    pub notices: Vec<String>,
}

impl Contents {
    pub fn new(prefix: &str) -> Self {
        let prefix = prefix.to_owned();
        Self { prefix, tensors: BTreeMap::new(), others: Vec::new(), metadata: BTreeMap::new(), notices: Vec::new() }
    }
}

/// Keeps tensors from claiming more than their file can hold.
///
/// Weight files are not compressed. Tensors may share their numbers, so a sum somewhat beyond the file is believable, but no
/// single tensor is larger than the file.
pub(super) struct Limits {
    file_bytes: u64,
    admitted: u64,
}

impl Limits {
    pub fn new(file_bytes: u64) -> Self {
        Self { file_bytes, admitted: 0 }
    }

    /// # Errors
    /// In words that follow the tensor's name.
    pub fn admit(&mut self, tensor_bytes: u64) -> Result<(), String> {
        self.admitted = self.admitted.saturating_add(tensor_bytes);
        if tensor_bytes > self.file_bytes {
            return Err(format!("claims {tensor_bytes} bytes, but the whole file has {}", self.file_bytes));
        }
        if self.admitted > self.file_bytes.saturating_mul(2) {
            return Err(format!("and those before it claim {} bytes, but the whole file has {}", self.admitted, self.file_bytes));
        }
        Ok(())
    }
}

impl WeightsFile {
    /// Opens a `.pth`, `.pth.tar` or `.safetensors` file, whatever it is called, and reads the network's tensors.
    ///
    /// # Errors
    /// If it cannot be read, is something else, is damaged, wants code to be run, or holds no tensor. Whether it is a known
    /// network, and a whole one, comes later.
    pub fn open(path: &Path) -> Result<Self, WeightsError> {
        let name = one_line(&path.display().to_string());
        let unreadable = |source| WeightsError::Read { file: name.clone(), source };
        let mut file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        if about.is_dir() {
            return Err(WeightsError::NotWeights { file: name, found: "a folder".to_owned() });
        }
        let mut head = Vec::new();
        Read::by_ref(&mut file).take(SNIFFED as u64).read_to_end(&mut head).map_err(unreadable)?;
        let beginning = known_beginning(&name, &head, about.len())?;
        if beginning == Beginning::Safetensors {
            let mut bytes = head;
            Read::by_ref(&mut file).take(LARGEST_FILE).read_to_end(&mut bytes).map_err(unreadable)?;
            return Self::from_safetensors(name, &bytes);
        }
        let mut digest = Sha256::new();
        digest.update(&head);
        io::copy(&mut file.take(LARGEST_FILE), &mut digest).map_err(unreadable)?;
        let contents = pickle::read(&name, path, about.len())?;
        Ok(Self { name, contents, sha256: hex(&digest.finalize()) })
    }

    /// The same for a file that lies in memory; `name` is what messages call it.
    ///
    /// # Errors
    /// As [`WeightsFile::open`].
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        let name = one_line(name);
        let head = &bytes[..bytes.len().min(SNIFFED)];
        if known_beginning(&name, head, bytes.len() as u64)? == Beginning::Safetensors {
            return Self::from_safetensors(name, bytes);
        }
        // The reader of pickles wants a file to look up tensors in.
        let unreadable = |source| WeightsError::Read { file: name.clone(), source };
        let mut copy = tempfile::NamedTempFile::new().map_err(unreadable)?;
        copy.write_all(bytes).and_then(|()| copy.flush()).map_err(unreadable)?;
        let contents = pickle::read(&name, copy.path(), bytes.len() as u64)?;
        Ok(Self { contents, sha256: hex(&Sha256::digest(bytes)), name })
    }

    fn from_safetensors(name: String, bytes: &[u8]) -> Result<Self, WeightsError> {
        let contents = safetensors::read(&name, bytes)?;
        Ok(Self { name, contents, sha256: hex(&Sha256::digest(bytes)) })
    }

    /// What messages call the file.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// SHA-256 of the file, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// Refuses a file that is not the one whose SHA-256 was recorded.
    ///
    /// # Errors
    /// [`WeightsError::Changed`].
    pub fn require_sha256(&self, recorded: &str) -> Result<(), WeightsError> {
        if self.sha256 == recorded {
            return Ok(());
        }
        Err(WeightsError::Changed { file: self.name.clone(), recorded: recorded.to_owned(), found: self.sha256.clone() })
    }

    /// Text stored beside the tensors; only `.safetensors` has any.
    #[must_use]
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.contents.metadata
    }

    /// What stood before every name and was taken off: `state_dict.module.`, say.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.contents.prefix
    }

    /// What was passed over in reading, as sentences.
    #[must_use]
    pub fn notices(&self) -> &[String] {
        &self.contents.notices
    }

    /// Which network it is, read off names and shapes.
    ///
    /// # Errors
    /// [`WeightsError::NoNetwork`] if it is none of the 3D-ResNets.
    pub fn architecture(&self) -> Result<Architecture, WeightsError> {
        let shapes = self.contents.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice())).collect();
        let no_network = |reason: &str| WeightsError::NoNetwork { file: self.name.clone(), reason: one_line(reason) };
        if let Some(classes) = self.lone_head() {
            return Err(no_network(&format!("it is a segmentation head (conv_seg) for {classes} classes, without an encoder")));
        }
        let found = Architecture::of(&shapes).map(|found| found.with_metadata(self.metadata()));
        found.map_err(|reason| no_network(&reason))
    }

    /// The classes of the reference's head, if it is there and nothing of an encoder is.
    fn lone_head(&self) -> Option<usize> {
        let tensors = &self.contents.tensors;
        let (_, last) = tensors.iter().find(|(name, _)| name.ends_with("conv_seg.6.weight"))?;
        last.shape.first().copied().filter(|_| !tensors.keys().any(|name| is_encoder(name)))
    }
}

impl fmt::Debug for WeightsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeightsFile").field("name", &self.name).field("tensors", &self.contents.tensors.len()).finish_non_exhaustive()
    }
}

fn known_beginning(name: &str, head: &[u8], file_bytes: u64) -> Result<Beginning, WeightsError> {
    let not_weights = |found: String| WeightsError::NotWeights { file: name.to_owned(), found };
    if file_bytes > LARGEST_FILE {
        return Err(not_weights(format!("a file of {file_bytes} bytes, more than any of these networks has")));
    }
    match beginning(head) {
        Beginning::Other(found) => Err(not_weights(found)),
        known => Ok(known),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
