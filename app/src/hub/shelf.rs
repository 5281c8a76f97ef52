//! The folder of kept weights. Beside `NAME.pth` lies `NAME.pth.json`, the record of what came and from where.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use medley_learn::WeightsSource;
use medley_nn::EncoderConfig;
use medley_nn::weights::{Inspection, inspect};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::HubError;
use crate::catalog::Released;
use crate::clock::today;

/// What was written down when a file came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// SHA-256 in hexadecimal, ever after the proof that the file is the same.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// The address it was fetched from, or how else it came.
    pub source: String,
    /// The day it came, as year-month-day.
    pub date: String,
    /// The encoder inside.
    pub network: EncoderConfig,
}

/// Weights that are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What they are asked for by: the file's name without its ending.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// What was written down about it.
    pub record: Record,
}

/// The folder of kept weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelf {
    folder: PathBuf,
}

const CHANGING: &str = "it changed while it was being read; do it again";

/// Endings of weight files; the first that a name has is taken off.
const ENDINGS: [&str; 4] = [".pth.tar", ".pth", ".pt", ".safetensors"];

impl Shelf {
    /// The shelf in `folder`, which need not exist yet.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that is kept, by name; and a sentence for each record that cannot be read.
    #[must_use]
    pub fn list(&self) -> (Vec<Kept>, Vec<String>) {
        let (mut kept, mut troubles) = (Vec::new(), Vec::new());
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().filter_map(Result::ok);
        for path in entries.map(|entry| entry.path()) {
            let Some(name) = weights_name(&path) else { continue };
            match read_record(&path) {
                Ok(Some(record)) => kept.push(Kept { name, file: path, record }),
                // A file that somebody put there is recorded when it is first used.
                Ok(None) => {}
                Err(error) => troubles.push(error.to_string()),
            }
        }
        kept.sort_by(|a, b| a.name.cmp(&b.name));
        (kept, troubles)
    }

    /// The weights of this name; a released checkpoint that somebody put into the folder is recorded now.
    ///
    /// # Errors
    /// [`HubError::Record`], [`HubError::Weights`], [`HubError::OtherNetwork`].
    pub fn find(&self, name: &str) -> Result<Option<Kept>, HubError> {
        for ending in ENDINGS {
            let file = self.folder.join(format!("{name}{ending}"));
            if weights_name(&file).as_deref() != Some(name) || !file.is_file() {
                continue;
            }
            let record = match read_record(&file)? {
                Some(record) => record,
                None => {
                    let record = examine(&file, &file.display().to_string(), name, "found in the folder")?;
                    write_record(&file, &record)?;
                    record
                }
            };
            return Ok(Some(Kept { name: name.to_owned(), file, record }));
        }
        Ok(None)
    }

    /// The same, with the file's SHA-256 compared with the recorded one.
    ///
    /// # Errors
    /// As [`Shelf::find`]; [`HubError::Changed`] if it is not the recorded file; [`HubError::NotHere`] and [`HubError::Unknown`].
    pub fn verified(&self, name: &str) -> Result<Kept, HubError> {
        let Some(kept) = self.find(name)? else {
            let name = name.to_owned();
            return Err(if Released::find(&name).is_some() { HubError::NotHere { name } } else { HubError::Unknown { name } });
        };
        let found = file_sha256(&kept.file)?;
        if found != kept.record.sha256 {
            return Err(HubError::Changed { name: kept.name, file: kept.file, recorded: kept.record.sha256, found });
        }
        Ok(kept)
    }

    /// Brings a file in: a copy under its own name, once it has been looked into.
    ///
    /// # Errors
    /// If it is no weight file with a whole encoder, other weights of that name are kept, or it cannot be copied.
    pub fn import(&self, file: &Path) -> Result<Kept, HubError> {
        let own_name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let plain: String = own_name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' }).collect();
        let plain = plain.trim_start_matches('.').to_owned();
        let target = self.folder.join(&plain);
        let name = weights_name(&target).ok_or_else(|| HubError::Name { file: file.display().to_string() })?;
        let record = examine(file, &file.display().to_string(), &name, &format!("imported from {own_name}"))?;
        self.make_folder()?;
        let earlier = self.find(&name)?;
        if earlier.as_ref().is_some_and(|kept| kept.record.sha256 != record.sha256 || kept.file != target) {
            return Err(HubError::Occupied { name });
        }
        if let Some(kept) = earlier
            && file_sha256(&kept.file)? == record.sha256
        {
            return Ok(kept);
        }
        if read_record(&target)?.is_some_and(|earlier| earlier.sha256 != record.sha256) {
            return Err(HubError::Occupied { name });
        }
        medley_io::write_atomically(&target, |out| {
            let mut digest = Sha256::new();
            let (mut file, mut buffer) = (File::open(file)?, vec![0; 1 << 18]);
            loop {
                let count = file.read(&mut buffer)?;
                let read = buffer.get(..count).unwrap_or_default();
                if read.is_empty() {
                    break;
                }
                digest.update(read);
                out.write_all(read)?;
            }
            if hex(&digest.finalize()) == record.sha256 { Ok(()) } else { Err(io::Error::other(CHANGING)) }
        })?;
        write_record(&target, &record)?;
        Ok(Kept { name, file: target, record })
    }

    /// Moves a file in that has been examined.
    pub(super) fn keep(&self, from: &Path, target: &Path, record: &Record) -> Result<(), HubError> {
        if file_sha256(from)? != record.sha256 {
            return Err(HubError::file(from, io::Error::other(CHANGING)));
        }
        // The record first: a file without one would be taken for another's.
        write_record(target, record)?;
        std::fs::rename(from, target).map_err(|error| HubError::file(target, error))?;
        if let Ok(folder) = File::open(&self.folder) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    pub(super) fn make_folder(&self) -> Result<(), HubError> {
        std::fs::create_dir_all(&self.folder).map_err(|error| HubError::file(&self.folder, error))
    }
}

impl Kept {
    /// As the first weights of a training, which compares the SHA-256 again when it reads them.
    #[must_use]
    pub fn source(&self) -> WeightsSource {
        WeightsSource::Recorded { file: self.file.clone(), sha256: self.record.sha256.clone() }
    }

    /// The released checkpoint it is, by name.
    #[must_use]
    pub fn released(&self) -> Option<&'static Released> {
        Released::find(&self.name)
    }
}

/// Looks into a file that is to be kept as `name`; `shown` is what messages call it.
pub(super) fn examine(file: &Path, shown: &str, name: &str, source: &str) -> Result<Record, HubError> {
    let Inspection { architecture, coverage, unusable, sha256, .. } = inspect(file)?;
    if !coverage.is_whole() {
        return Err(HubError::Incomplete { file: shown.to_owned(), coverage: coverage.to_string() });
    }
    if let Some(tensor) = unusable.first() {
        return Err(HubError::Incomplete { file: shown.to_owned(), coverage: tensor.clone() });
    }
    let network = architecture.encoder_config();
    if let Some(released) = Released::find(name)
        && (network.depth, network.shortcut) != (released.depth, released.shortcut())
    {
        let wanted = format!("ResNet-{} with shortcut {}", released.depth, released.shortcut());
        return Err(HubError::OtherNetwork { name: name.to_owned(), file: shown.to_owned(), found: architecture.to_string(), wanted });
    }
    let bytes = std::fs::metadata(file).map_err(|error| HubError::file(file, error))?.len();
    Ok(Record { sha256, bytes, source: source.to_owned(), date: today(), network })
}

/// What a weight file is called without its ending; nothing for other files.
fn weights_name(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending))?;
    (!stem.is_empty() && !stem.starts_with('.')).then(|| stem.to_owned())
}

/// Where the record of a file lies.
pub(super) fn record_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

pub(super) fn read_record(file: &Path) -> Result<Option<Record>, HubError> {
    let path = record_path(file);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(HubError::file(&path, error)),
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| HubError::Record { file: path, reason: error.to_string() })
}

fn write_record(file: &Path, record: &Record) -> Result<(), HubError> {
    medley_io::write_atomically(&record_path(file), |out| {
        serde_json::to_writer_pretty(&mut *out, record)?;
        out.write_all(b"\n")
    })?;
    Ok(())
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// If it cannot be read.
pub fn file_sha256(file: &Path) -> Result<String, HubError> {
    let mut digest = Sha256::new();
    File::open(file).and_then(|mut file| io::copy(&mut file, &mut digest)).map_err(|error| HubError::file(file, error))?;
    Ok(hex(&digest.finalize()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
