use std::io;
use std::path::Path;

use thiserror::Error;

/// What can go wrong between a file and the program. Each is one sentence that names the file, the fault and what to do.
#[derive(Debug, Error)]
pub enum IoError {
    /// There is nothing under that name.
    #[error("{file} does not exist; check the path or choose the file again")]
    Missing {
        /// The path asked for.
        file: String,
    },
    /// The file is there and the system does not give it.
    #[error("{file} cannot be read ({source}); check that you may read it and that the disk is connected")]
    Unreadable {
        /// The path asked for.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what its format demands.
    #[error("{file} {fault}; {advice}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong, as the end of a sentence that begins with the file's name.
        fault: String,
        /// What to do.
        advice: &'static str,
    },
    /// The file is right and this program cannot use it.
    #[error("{file} {fault}; {advice}")]
    Unsupported {
        /// The file.
        file: String,
        /// What it holds, as the end of a sentence that begins with the file's name.
        fault: String,
        /// What to do.
        advice: &'static str,
    },
    /// The file claims more than this machine should take.
    #[error("{file} {fault}; {advice}")]
    TooLarge {
        /// The file.
        file: String,
        /// How much it claims, as the end of a sentence that begins with the file's name.
        fault: String,
        /// What to do.
        advice: &'static str,
    },
    /// Whoever asked for it no longer wants it.
    #[error("{file} was not read: it was stopped; open it again to have it")]
    Cancelled {
        /// The file.
        file: String,
    },
    /// The values are not labels.
    #[error("{file} is not a mask: {fault}, but labels are whole numbers from 0 to 65535; open it as an image instead")]
    NotLabels {
        /// The file.
        file: String,
        /// The first value that is no label, and where it is.
        fault: String,
    },
    /// A line of a text file is not as its format demands.
    #[error("{file}, line {line}: {fault}; correct or remove the line")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: String,
    },
    /// What is to be written does not fit its own description.
    #[error("{file} was not written: {fault}; {advice}")]
    Unfit {
        /// The file.
        file: String,
        /// What does not fit.
        fault: String,
        /// What to do.
        advice: &'static str,
    },
    /// The system did not take the file. What was there under that name before is unchanged.
    #[error("{file} could not be written: {reason}; nothing was changed on the disk")]
    Unwritable {
        /// The file.
        file: String,
        /// Why, with what to do.
        reason: String,
        /// What the system said.
        source: io::Error,
    },
}

/// Advice for a file that is damaged or incomplete.
pub(crate) const COPY_AGAIN: &str = "copy or export the file again";
/// Advice for a file that another program must change first.
pub(crate) const CONVERT: &str = "convert it with another program to a plain scalar volume";

impl IoError {
    pub(crate) fn malformed(file: &str, fault: impl Into<String>, advice: &'static str) -> Self {
        Self::Malformed { file: file.to_owned(), fault: fault.into(), advice }
    }

    pub(crate) fn unsupported(file: &str, fault: impl Into<String>, advice: &'static str) -> Self {
        Self::Unsupported { file: file.to_owned(), fault: fault.into(), advice }
    }

    pub(crate) fn too_large(file: &str, fault: impl Into<String>, advice: &'static str) -> Self {
        Self::TooLarge { file: file.to_owned(), fault: fault.into(), advice }
    }

    /// What the system said when a file was opened or read.
    pub(crate) fn reading(path: &Path, source: io::Error) -> Self {
        let file = path.display().to_string();
        match source.kind() {
            io::ErrorKind::NotFound => Self::Missing { file },
            _ => Self::Unreadable { file, source },
        }
    }

    /// What the system said when a file was written.
    pub(crate) fn writing(path: &Path, source: io::Error) -> Self {
        let reason = match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "the disk is full, so free some space and save again".to_owned(),
            io::ErrorKind::PermissionDenied => "you may not write there, so choose another folder or change its permissions".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only, so choose another folder".to_owned(),
            io::ErrorKind::NotFound => "its folder does not exist, so create it or choose another".to_owned(),
            _ => format!("the system says “{source}”, so check the disk or choose another folder"),
        };
        Self::Unwritable { file: path.display().to_string(), reason, source }
    }
}
