use std::path::PathBuf;

use thiserror::Error;

/// Why the table of trainings could not be read or written.
#[derive(Debug, Error)]
pub enum RunsError {
    /// What the database said.
    #[error("the table of trainings {file} cannot be used: {source}")]
    Database {
        /// The file.
        file: PathBuf,
        /// Its words.
        source: rusqlite::Error,
    },
    /// A table of a later version of this program.
    #[error("the table of trainings {file} was written by a newer version of this program (form {found}, known is {known}); update it")]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its form.
        found: i64,
        /// The newest known form.
        known: i64,
    },
    /// A training that is not in the table.
    #[error("there is no training {0} in the table; `medley runs list` shows those that there are")]
    Unknown(i64),
    /// A file or folder that could not be written.
    #[error("{file} could not be written: {source}")]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
