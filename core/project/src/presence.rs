//! Whether the database that is open is still the one under its name, and putting it back if somebody deleted it.
//!
//! On Unix an open file can be deleted: writing into it goes on without an error, and all of it is gone at the end. So each write
//! first looks whether the name still leads to the file.

use std::fs::{self, File};
use std::path::Path;

use rusqlite::Connection;

use crate::{ProjectError, files, schema};

/// Which file lay under the database's name when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Presence {
    /// Device and number of the file, where the system tells them.
    #[cfg(unix)]
    file: (u64, u64),
}

impl Presence {
    /// What lies under the name now; `None` if nothing does.
    pub fn at(database: &Path) -> Option<Self> {
        let about = fs::metadata(database).ok()?;
        #[cfg(unix)]
        let presence = {
            use std::os::unix::fs::MetadataExt;
            Self { file: (about.dev(), about.ino()) }
        };
        #[cfg(not(unix))]
        let presence = about.is_file().then_some(Self {})?;
        Some(presence)
    }

    /// Fails unless the database of `folder` is still there. If it was deleted, and its folder was not, it is put back whole from
    /// the open connection, which from then on must not be used for writing.
    ///
    /// # Errors
    /// [`ProjectError::Gone`].
    pub fn require(self, folder: &Path, connection: &Connection) -> Result<(), ProjectError> {
        let path = folder.join(schema::DATABASE);
        match Self::at(&path) {
            Some(now) if now == self => Ok(()),
            Some(_) => Err(ProjectError::Gone { path, is_put_back: false }),
            None => {
                let is_put_back = folder.is_dir() && put_back(folder, connection).is_ok();
                Err(ProjectError::Gone { path, is_put_back })
            }
        }
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
