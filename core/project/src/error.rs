use std::io;
use std::path::{Path, PathBuf};

use medley_io::IoError;
use rusqlite::ErrorCode;
use thiserror::Error;

use crate::{CaseId, ReadOnlyBecause};

/// Why something about a study or a data set could not be done. Nothing that was saved before is lost by it.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// A data set and a study call one value by different names.
    #[error("label {value} is “{ours}” in this study and “{theirs}” in the data set: rename one of them, or import into a new study")]
    LabelNames {
        /// The label.
        value: u16,
        /// Its name in the study.
        ours: String,
        /// Its name in the data set.
        theirs: String,
    },
    /// The folder holds no study, or something else under its name.
    #[error("{} is not a Medley study ({why}); choose a folder that holds one, or create a new study", folder.display())]
    NotAStudy {
        /// The folder.
        folder: PathBuf,
        /// What is there instead.
        why: String,
    },
    /// A new study was wanted where one is.
    #[error("{} already holds a study; open it, or choose another folder for the new one", .0.display())]
    AlreadyAStudy(PathBuf),
    /// Another program has the study open.
    #[error("the study {} is open in another Medley window; close it there and try again", .0.display())]
    InUse(PathBuf),
    /// The study can only be looked at: nothing of it can be changed here.
    #[error("the study {} can only be looked at here, so nothing was changed: {}", folder.display(), why_read_only(because))]
    ReadOnly {
        /// The folder.
        folder: PathBuf,
        /// Why.
        because: ReadOnlyBecause,
    },
    /// The study's database was deleted, moved or replaced while it was open.
    #[error("{}", gone(path, *is_put_back))]
    Gone {
        /// The database file.
        path: PathBuf,
        /// Whether it lies there again, with everything that was saved.
        is_put_back: bool,
    },
    /// The study was written by a later version.
    #[error(
        "the study {} was written by a newer Medley (its format is {found}, this program knows {known}); update Medley to open it",
        folder.display()
    )]
    Newer {
        /// The folder.
        folder: PathBuf,
        /// The format's number in the study.
        found: i64,
        /// The newest number this program knows.
        known: i64,
    },
    /// The study's database cannot be read.
    #[error(
        "{} is damaged ({why}); copy the whole folder before anything else, then restore this file from a backup. The masks in the \
         folder's masks/ are plain NIfTI files and can still be used",
        path.display()
    )]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        why: String,
    },
    /// A folder or file cannot be written.
    #[error("{} cannot be written ({why}); copy the study to a folder you may write to and open it there", path.display())]
    NotWritable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// No space is left.
    #[error("the disk that holds {} is full; free some space and do the last step again, everything before it is saved", .0.display())]
    DiskFull(PathBuf),
    /// The database refused for another reason.
    #[error("the study's database {} refused ({source}); the last step was not saved, everything before it is: try it again", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A file or folder could not be read or written.
    #[error("{} could not be {doing} ({source}); check that it is there and that you may use it", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// "read", "renamed", …
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The study has no such case.
    #[error("this study has no case number {}; reload the list of cases", .0.0)]
    NoSuchCase(CaseId),
    /// A path cannot be stored as text.
    #[error("the path {} holds characters that are not Unicode; rename the file or folder", .0.display())]
    NotUnicode(PathBuf),
    /// A case's image is not where it was.
    #[error(
        "the image of case {case} is not at {}; put it back there (or connect the drive it is on), or tell Medley where it is now. \
         The case's mask is safe",
        image.display()
    )]
    MissingImage {
        /// The case's name.
        case: String,
        /// Where the image should be.
        image: PathBuf,
    },
    /// A case's image was replaced by one on another grid.
    #[error(
        "the image {} of case {case} has been replaced: it has {found}, but the mask was drawn on {expected}; put the original image \
         back, or add the new one as a case of its own",
        image.display()
    )]
    ImageReplaced {
        /// The case's name.
        case: String,
        /// The image.
        image: PathBuf,
        /// The grid found.
        found: String,
        /// The grid the mask was drawn on.
        expected: String,
    },
    /// A mask does not lie on the grid of the case's image.
    #[error("the mask has {found}, but the image of case {case} has {expected}; resample the mask onto the image's grid first")]
    MaskGrid {
        /// The case's name.
        case: String,
        /// The mask's grid.
        found: String,
        /// The image's grid.
        expected: String,
    },
    /// Another program left a mask file that cannot be taken in. It is kept as it is.
    #[error(
        "{} was changed by another program and cannot be taken in ({why}); move it out of the folder, and Medley rebuilds the mask from \
         its journal when the case is opened again",
        path.display()
    )]
    ForeignMask {
        /// The mask file.
        path: PathBuf,
        /// Why it cannot be taken in.
        why: String,
    },
    /// Another program changed a mask file while its case was open. It is kept as it is.
    #[error(
        "{} was changed by another program while the case was open, so it was not overwritten; open the case again to take those changes \
         in. Your own are safe in the study's journal",
        .0.display()
    )]
    MaskChangedElsewhere(PathBuf),
    /// A change does not fit the case.
    #[error("the change covers voxels outside the image of case {case}; it was made on another image and was not saved: open that one")]
    EditOutside {
        /// The case's name.
        case: String,
    },
    /// Whoever asked for a check no longer wants it.
    #[error("checking the data set {0} was stopped; check it again to know what does not fit")]
    CheckStopped(String),
    /// There is nothing to undo in the journal.
    #[error("there is nothing to undo in case {0}; open the case again to see it as it is saved")]
    NothingToUndo(String),
    /// There is nothing to redo in the journal.
    #[error("there is nothing to redo in case {0}; open the case again to see it as it is saved")]
    NothingToRedo(String),
    /// The study has no such change.
    #[error("this study has no readable change number {0}; reload the list of changes")]
    NoSuchEdit(i64),
    /// Another model has this id.
    #[error("this study already has a model {0}; give the new one another id, so that changes made with the old one stay traceable")]
    ModelExists(String),
    /// A data set's list cannot be used.
    #[error("{}: {what}", path.display())]
    DataSet {
        /// The list.
        path: PathBuf,
        /// What is wrong with it and what to do: the rest of the sentence.
        what: String,
    },
    /// A scan or mask could not be read or written.
    #[error(transparent)]
    Io(#[from] IoError),
}

fn why_read_only(because: &ReadOnlyBecause) -> String {
    match because {
        ReadOnlyBecause::InUse(_) => "it is open in another Medley window; close it there, then open it again here".to_owned(),
        ReadOnlyBecause::NotWritable(why) => {
            format!("its folder cannot be written ({why}); copy the study to a folder you may write to and open it there")
        }
    }
}

fn gone(path: &Path, is_put_back: bool) -> String {
    let path = path.display();
    if is_put_back {
        return format!(
            "{path} was deleted while the study was open, and was put back with everything that was saved; open the study again and repeat \
             the last step"
        );
    }
    format!(
        "{path} was moved or replaced while the study was open; put it back where it was, and leave this window open until then: the last \
         step was not saved, everything before it is in that file"
    )
}

impl ProjectError {
    /// For `map_err` on what a file system said.
    pub(crate) fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path.to_owned()),
            io::ErrorKind::ReadOnlyFilesystem => Self::NotWritable { path: path.to_owned(), why: source.to_string() },
            _ => Self::File { path: path.to_owned(), doing, source },
        }
    }

    /// For `map_err` on what SQLite said about `path`.
    pub(crate) fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            match source.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                    Self::InUse(path.parent().map_or(path.clone(), Path::to_owned))
                }
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, why: source.to_string() },
                Some(ErrorCode::DiskFull) => Self::DiskFull(path),
                Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                    Self::NotWritable { path, why: source.to_string() }
                }
                _ => Self::Database { path, source },
            }
        }
    }

    /// Whether SQLite met a damaged page: the row is lost, the next may not be.
    pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
        match error {
            rusqlite::Error::SqliteFailure(failure, _) => {
                matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::TypeMismatch)
            }
            rusqlite::Error::QueryReturnedNoRows
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => true,
            _ => false,
        }
    }
}
