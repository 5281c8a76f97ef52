//! Whether the database that is open is still the one under its name, and putting it back if somebody deleted it.
//!
//! On Unix an open file can be deleted: writing into it goes on without an error, and all of it is gone at the end. So each write
//! first looks whether the name still leads to the file.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::Path;

use rusqlite::Connection;

use crate::{ProjectError, files, schema};

/// Which file lay under the database's name when it was opened.
#[derive(Debug)]
pub(crate) struct Presence {
    file: Identity,
    was_put_back: Cell<bool>,
}

/// Device and number of a file, where the system tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity(#[cfg(unix)] (u64, u64));

impl Identity {
    fn at(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        #[cfg(unix)]
        let identity = Self((std::os::unix::fs::MetadataExt::dev(&about), std::os::unix::fs::MetadataExt::ino(&about)));
        #[cfg(not(unix))]
        let identity = about.is_file().then_some(Self())?;
        Some(identity)
    }
}

impl Presence {
    /// What lies under the name now; `None` if nothing does.
    pub fn at(database: &Path) -> Option<Self> {
        Some(Self { file: Identity::at(database)?, was_put_back: Cell::new(false) })
    }

    /// Whether another file, a copy of the one that is open, was put under the name.
    pub fn was_put_back(&self) -> bool {
        self.was_put_back.get()
    }

    /// Fails unless the database of `folder` is still there. If it was deleted, and its folder was not, it is put back whole from
    /// the open connection, which from then on must not be used for writing.
    ///
    /// # Errors
    /// [`ProjectError::Gone`].
    pub fn require(&self, folder: &Path, connection: &Connection) -> Result<(), ProjectError> {
        let path = folder.join(schema::DATABASE);
        match Identity::at(&path) {
            Some(now) if now == self.file => return Ok(()),
            None if folder.is_dir() && put_back(folder, connection).is_ok() => self.was_put_back.set(true),
            _ => {}
        }
        Err(ProjectError::Gone { path, is_put_back: self.was_put_back() })
    }
}

fn put_back(folder: &Path, connection: &Connection) -> Result<(), ProjectError> {
    let path = folder.join(schema::DATABASE);
    let whole = folder.join("study.sqlite.saving");
    let _ = fs::remove_file(&whole);
    let name = whole.to_str().ok_or_else(|| ProjectError::NotUnicode(whole.clone()))?;
    connection.execute("VACUUM INTO ?", [name]).map_err(ProjectError::database(&whole))?;
    File::open(&whole).and_then(|file| file.sync_all()).map_err(ProjectError::file(&whole, "flushed to the disk"))?;
    // The log of the deleted database would be taken for one of the new database.
    for left in ["study.sqlite-wal", "study.sqlite-shm", "study.sqlite-journal"] {
        let _ = fs::remove_file(folder.join(left));
    }
    files::rename_for_good(&whole, &path)
}
