use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use crate::ProjectError;

const LOCK_FILE: &str = "study.lock";

/// Holds a study for this program. The system lets go of it when the program ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the study in `folder`, which must exist.
    ///
    /// Where the file system knows no locks (some network shares) this succeeds; SQLite's own exclusive lock then has the say.
    ///
    /// # Errors
    /// [`ProjectError::InUse`] if another program has it, [`ProjectError::NotWritable`] if nobody may write there.
    pub fn take(folder: &Path) -> Result<Self, ProjectError> {
        let path = folder.join(LOCK_FILE);
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(|error| {
            let is_forbidden = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
            if is_forbidden {
                return ProjectError::NotWritable { path: folder.to_owned(), why: error.to_string() };
            }
            ProjectError::file(&path, "opened")(error)
        })?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(ProjectError::InUse(folder.to_owned())),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { _file: file }),
        }
    }
}
