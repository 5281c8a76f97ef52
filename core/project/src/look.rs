//! Looking at a study that cannot be written: at a private copy of its database, as a power cut now would leave it.
//!
//! The program that has the study keeps its database to itself, also on network shares, where two programs could not share it. So
//! whoever only looks reads the files, not the database: first `study.sqlite`, then its write-ahead log. Pages that are being moved
//! from the log into the database meanwhile are still in the log; that the log was not begun anew in between is told by the numbers
//! in its header, which are other ones each time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use crate::lock::Holder;
use crate::{ProjectError, files, schema};

/// Why a study can only be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadOnlyBecause {
    /// Another program has it open: which one, if it says so.
    InUse(Option<Holder>),
    /// Its folder cannot be written; what the system says.
    NotWritable(String),
}

/// A private copy of a study's database. It is removed with this value; on Unix it has no name even before.
#[derive(Debug)]
pub(crate) struct Copy {
    folder: Option<PathBuf>,
}

const WAL: &str = "study.sqlite-wal";
const TRIES: usize = 20;

/// Opens a copy of the database in `folder`, in which nothing can be written.
pub(crate) fn open(folder: &Path) -> Result<(Connection, Copy), ProjectError> {
    let path = folder.join(schema::DATABASE);
    schema::recognise(folder, &path)?;
    let private = private_folder().map_err(ProjectError::file(&std::env::temp_dir(), "used for a copy of the study's database"))?;
    let mut copy = Copy { folder: Some(private.clone()) };
    copy_database(folder, &private).map_err(ProjectError::file(&path, "copied for looking at it"))?;
    let connection = schema::open_copy(folder, &private.join(schema::DATABASE))?;
    if cfg!(unix) {
        // The open connection keeps the file; nothing stays behind even if the program is killed.
        copy.remove();
    }
    Ok((connection, copy))
}

impl Copy {
    fn remove(&mut self) {
        if let Some(folder) = self.folder.take() {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        self.remove();
    }
}

fn copy_database(folder: &Path, private: &Path) -> io::Result<()> {
    let (database, wal) = (folder.join(schema::DATABASE), folder.join(WAL));
    for _ in 0..TRIES {
        let before = state(&database, &wal)?;
        copy_bytes(&database, &private.join(schema::DATABASE))?;
        let copied = private.join(WAL);
        match copy_bytes(&wal, &copied) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => drop(fs::remove_file(&copied)),
            result => result?,
        }
        if state(&database, &wal)? == before {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "another program writes into it without a pause"))
}

/// Without the permissions: a file that cannot be written may have a copy that can.
fn copy_bytes(from: &Path, to: &Path) -> io::Result<()> {
    let mut from = File::open(from)?;
    io::copy(&mut from, &mut File::create(to)?).map(drop)
}

/// What must be the same before and after copying.
#[derive(Debug, PartialEq)]
enum State {
    /// The header of the log.
    Log(Vec<u8>),
    /// Where there is no log: length and time of the database.
    Database(u64, SystemTime),
}

/// What tells whether a copy holds together: the log's beginning; where there is none, the database itself.
fn state(database: &Path, wal: &Path) -> io::Result<State> {
    let mut header = Vec::new();
    match File::open(wal) {
        Ok(file) => drop(file.take(32).read_to_end(&mut header)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    if header.is_empty() {
        let about = fs::metadata(database)?;
        return Ok(State::Database(about.len(), about.modified()?));
    }
    Ok(State::Log(header))
}

/// A new folder that only this user can read.
fn private_folder() -> io::Result<PathBuf> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    for n in 0..100 {
        let path = std::env::temp_dir().join(format!("medley-look-{}-{}-{n}", std::process::id(), files::now_ms()));
        match builder.create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|()| path),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
