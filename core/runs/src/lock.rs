//! A file that is locked as long as a training's program is at work on it, however it ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Holds a training for this program.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    pub(crate) fn take(path: PathBuf) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
        // Where the file system knows no locks, the training will be taken for interrupted by whoever looks.
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(io::Error::other("another program has it")),
            _ => Ok(Self { file, path }),
        }
    }

    /// Whether some program holds it.
    pub(crate) fn is_held(path: &Path) -> bool {
        let Ok(file) = File::options().read(true).write(true).open(path) else { return false };
        let is_held = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        if !is_held {
            let _ = file.unlock();
        }
        is_held
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        // Closing alone is not enough: a program that is being started at this moment has a copy of the open file until it runs.
        let _ = self.file.unlock();
    }
}
