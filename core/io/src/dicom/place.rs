use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use crate::kind::kind_of_head;
use crate::source::{human, open_file};
use crate::{FileKind, IoError};

/// An entry of a zip file may be this large.
const LARGEST_ENTRY: u64 = 4 << 30;
/// An entry larger than this that expands more than [`BOMB_RATIO`] times is not unpacked.
const BOMB_BYTES: u64 = 64 << 20;
const BOMB_RATIO: u64 = 200;

/// Entries of a zip file that are looked at to tell what it is.
const ENTRIES_TRIED: usize = 64;

pub(crate) type Archive = ZipArchive<BufReader<File>>;

/// Where the bytes of a DICOM file are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// An entry of a zip file; nothing of it is ever unpacked to the disk.
    Entry {
        archive: PathBuf,
        index: usize,
        name: String,
    },
}

impl Place {
    /// What errors call it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Entry { archive, name, .. } => format!("{} in {}", printable(name), archive.display()),
        }
    }

    /// The folder it lies in, for series without a UID.
    pub fn folder(&self) -> String {
        let parent = |path: &Path| path.parent().map(|parent| parent.display().to_string()).unwrap_or_default();
        match self {
            Self::File(path) => parent(path),
            Self::Entry { name, .. } => parent(Path::new(name)),
        }
    }

    pub fn path(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Entry { archive, name, .. } => archive.join(printable(name)),
        }
    }

    /// All its bytes.
    ///
    /// # Errors
    /// If they cannot be read or are too many.
    pub fn bytes(&self) -> Result<Vec<u8>, IoError> {
        match self {
            Self::File(path) => {
                let (mut file, length) = open_file(path)?;
                let mut bytes = Vec::new();
                bytes.try_reserve_exact(length as usize).map_err(|_| too_large(&self.name(), length))?;
                file.read_to_end(&mut bytes).map_err(|error| IoError::reading(path, error))?;
                Ok(bytes)
            }
            Self::Entry { archive, index, .. } => self.entry_bytes(&mut open_archive(archive)?, *index),
        }
    }

    /// All bytes of an entry of an archive that is open already.
    pub fn entry_bytes(&self, archive: &mut Archive, index: usize) -> Result<Vec<u8>, IoError> {
        let name = self.name();
        let damaged = |error: String| IoError::malformed(&name, format!("cannot be unpacked ({error})"), "copy the zip file again");
        let mut entry = archive.by_index(index).map_err(|error| damaged(error.to_string()))?;
        let (claimed, packed) = (entry.size(), entry.compressed_size());
        if claimed > LARGEST_ENTRY || (claimed > BOMB_BYTES && claimed / BOMB_RATIO > packed) {
            return Err(too_large(&name, claimed));
        }
        // The claim is not believed: memory grows with what is unpacked, and unpacking stops at the claim.
        let mut bytes = Vec::with_capacity(claimed.min(BOMB_BYTES) as usize);
        let count = (&mut entry).take(claimed).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        if (count as u64) < claimed {
            return Err(damaged("it ends early".to_owned()));
        }
        Ok(bytes)
    }

    /// The first bytes of it, `count` at most, and how many there are in all.
    pub fn head(&self, count: usize) -> Result<(Vec<u8>, u64), IoError> {
        match self {
            Self::File(path) => {
                let (file, length) = open_file(path)?;
                let mut bytes = Vec::with_capacity(count.min(length as usize));
                file.take(count as u64).read_to_end(&mut bytes).map_err(|error| IoError::reading(path, error))?;
                Ok((bytes, length))
            }
            Self::Entry { .. } => {
                let bytes = self.bytes()?;
                let length = bytes.len() as u64;
                Ok((bytes, length))
            }
        }
    }

    /// Fills `into` from `offset` on.
    pub fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), IoError> {
        match self {
            Self::File(path) => {
                let (mut file, _) = open_file(path)?;
                let read = file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(into));
                read.map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => cut_short(&self.name()),
                    _ => IoError::reading(path, error),
                })
            }
            Self::Entry { .. } => {
                let bytes = self.bytes()?;
                let from = bytes.get(offset as usize..).and_then(|rest| rest.get(..into.len())).ok_or_else(|| cut_short(&self.name()))?;
                into.copy_from_slice(from);
                Ok(())
            }
        }
    }
}

/// Opens a zip file for reading.
///
/// # Errors
/// If it is none or is damaged.
pub(crate) fn open_archive(path: &Path) -> Result<Archive, IoError> {
    let (file, _) = open_file(path)?;
    ZipArchive::new(BufReader::new(file))
        .map_err(|error| IoError::malformed(&path.display().to_string(), format!("is a damaged zip file ({error})"), "copy it again"))
}

/// Whether one of the first entries of a zip file is a DICOM file.
pub(crate) fn is_in_zip(path: &Path) -> bool {
    let Ok(mut archive) = open_archive(path) else { return false };
    let count = archive.len().min(ENTRIES_TRIED);
    let is_dicom = |index: usize| {
        let mut head = Vec::new();
        let entry = archive.by_index(index).ok()?;
        entry.take(1024).read_to_end(&mut head).ok()?;
        Some(kind_of_head(&head, head.len() as u64) == Some(FileKind::Dicom))
    };
    (0..count).map(is_dicom).any(|found| found == Some(true))
}

pub(crate) fn cut_short(name: &str) -> IoError {
    IoError::malformed(name, "ends before all the pixels its header promises", crate::error::COPY_AGAIN)
}

fn too_large(name: &str, bytes: u64) -> IoError {
    IoError::too_large(name, format!("would take {} of memory", human(bytes)), "unpack it first, or close other programs")
}

/// A name from a zip file, without what would disturb a terminal.
fn printable(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(200).collect()
}
