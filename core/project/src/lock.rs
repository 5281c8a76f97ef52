use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{ProjectError, files};

const LOCK_FILE: &str = "study.lock";

/// Holds a study for this program. The system lets go of it when the program ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// The program that has a study open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its process number.
    pub process: u32,
    /// Since when it has the study, in unix milliseconds.
    pub since_ms: i64,
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
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path).map_err(|error| {
            let is_forbidden = matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem);
            if is_forbidden {
                return ProjectError::NotWritable { path: folder.to_owned(), why: error.to_string() };
            }
            ProjectError::file(&path, "opened")(error)
        })?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(ProjectError::InUse(folder.to_owned()));
        }
        // Only told to others who want the study; without it they know less.
        let _ = Holder { process: std::process::id(), since_ms: files::now_ms() }.write(&mut file);
        Ok(Self { file })
    }
}

impl Drop for Lock {
    /// Closing alone is not enough: a program that is being started at this moment has a copy of the open file until it runs.
    fn drop(&mut self) {
        // Where it cannot be let go of it was never held (some network shares).
        let _ = self.file.unlock();
    }
}

impl Holder {
    /// What the program that holds the study in `folder` says of itself. `None` where it says nothing, or where the system lets
    /// nobody read a file that is locked.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(LOCK_FILE)).ok()?).ok()
    }

    fn write(self, file: &mut File) -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(&serde_json::to_vec(&self)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_study_is_free_at_once_though_another_program_still_has_a_copy_of_the_open_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(folder.path()).expect("free");
        assert!(matches!(Lock::take(folder.path()), Err(ProjectError::InUse(_))));
        let copy = lock.file.try_clone().expect("a copy");
        drop(lock);
        drop(Lock::take(folder.path()).expect("free again"));
        drop(copy);
    }
}
