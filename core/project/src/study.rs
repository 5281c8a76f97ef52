use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_volume::{Label, LabelTable};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::lineage::Lineage;
use crate::lock::Lock;
use crate::{CaseId, ProjectError, files, schema, snapshot};

const MASKS: &str = "masks";
const MODELS: &str = "models";

/// An open study. It can be sent to another thread, which then owns it; while it lives no other program can open it.
///
/// All of it may touch the disk: not for the thread that draws.
#[derive(Debug)]
pub struct Study {
    pub(crate) connection: Connection,
    pub(crate) folder: PathBuf,
    pub(crate) lineages: RefCell<HashMap<CaseId, Lineage>>,
    pub(crate) geometries: RefCell<HashMap<CaseId, StoredGeometry>>,
    _lock: Lock,
}

impl Study {
    /// Makes a new study in `folder`, which is made if it is not there and may hold other things (the images, for one).
    ///
    /// # Errors
    /// If there is a study already, or the folder cannot be written.
    pub fn create(folder: &Path, labels: &LabelTable) -> Result<Self, ProjectError> {
        fs::create_dir_all(folder).map_err(not_writable(folder))?;
        let folder = std::path::absolute(folder).map_err(ProjectError::file(folder, "found"))?;
        let lock = Lock::take(&folder)?;
        if fs::metadata(folder.join(schema::DATABASE)).is_ok_and(|there| there.len() > 0) {
            return Err(ProjectError::AlreadyAStudy(folder));
        }
        let connection = schema::create(&folder)?;
        let study = Self::from_parts(connection, folder, lock)?;
        study.set_label_table(labels)?;
        study.set_meta("created_ms", &files::now_ms().to_string())?;
        study.set_meta("created_by", concat!("Medley ", env!("CARGO_PKG_VERSION")))?;
        Ok(study)
    }

    /// Opens the study in `folder` for this program alone.
    ///
    /// # Errors
    /// If there is none, it is open elsewhere, it is damaged or not ours or newer, or the folder cannot be written. What is not a
    /// study is left untouched.
    pub fn open(folder: &Path) -> Result<Self, ProjectError> {
        let folder = std::path::absolute(folder).map_err(ProjectError::file(folder, "found"))?;
        if !folder.is_dir() {
            return Err(ProjectError::NotAStudy { folder, why: "there is no such folder".to_owned() });
        }
        if !folder.join(schema::DATABASE).is_file() {
            return Err(ProjectError::NotAStudy { folder, why: "there is no study.sqlite in it".to_owned() });
        }
        let lock = Lock::take(&folder)?;
        let connection = schema::open(&folder)?;
        let study = Self::from_parts(connection, folder, lock)?;
        snapshot::remove_unfinished(&study.masks_folder());
        Ok(study)
    }

    fn from_parts(connection: Connection, folder: PathBuf, lock: Lock) -> Result<Self, ProjectError> {
        let study = Self { connection, folder, lineages: RefCell::default(), geometries: RefCell::default(), _lock: lock };
        for folder in [study.masks_folder(), study.models_folder()] {
            fs::create_dir_all(&folder).map_err(not_writable(&folder))?;
        }
        Ok(study)
    }

    /// The study's folder, as an absolute path.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the masks lie.
    #[must_use]
    pub fn masks_folder(&self) -> PathBuf {
        self.folder.join(MASKS)
    }

    /// Where models go that are fine-tuned in this study.
    #[must_use]
    pub fn models_folder(&self) -> PathBuf {
        self.folder.join(MODELS)
    }

    /// The labels the study knows.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn label_table(&self) -> Result<LabelTable, ProjectError> {
        let read = || {
            let sql = "SELECT value, name, red, green, blue, is_visible, is_locked FROM label ORDER BY value";
            let mut statement = self.connection.prepare_cached(sql)?;
            let labels = statement.query_map([], |row| {
                Ok(Label {
                    value: row.get(0)?,
                    name: row.get(1)?,
                    color: [row.get(2)?, row.get(3)?, row.get(4)?],
                    is_visible: row.get(5)?,
                    is_locked: row.get(6)?,
                })
            })?;
            labels.collect::<rusqlite::Result<Vec<Label>>>()
        };
        let mut table = LabelTable::default();
        self.db(read())?.into_iter().for_each(|label| table.insert(label));
        Ok(table)
    }

    /// Replaces the labels the study knows.
    ///
    /// # Errors
    /// If the database cannot be written; the labels are then as before.
    pub fn set_label_table(&self, labels: &LabelTable) -> Result<(), ProjectError> {
        self.write(|database| {
            database.execute("DELETE FROM label", [])?;
            let sql = "INSERT INTO label (value, name, red, green, blue, is_visible, is_locked) VALUES (?, ?, ?, ?, ?, ?, ?)";
            let mut statement = database.prepare_cached(sql)?;
            for label in labels.labels() {
                let [red, green, blue] = label.color;
                statement.execute(params![label.value, label.name, red, green, blue, label.is_visible, label.is_locked])?;
            }
            Ok(())
        })
    }

    /// A text the program keeps with the study under a name of its own choosing, such as which model is in use.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn meta(&self, key: &str) -> Result<Option<String>, ProjectError> {
        let value = self.connection.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get(0));
        self.db(value.optional())
    }

    /// Keeps a text with the study; see [`Study::meta`].
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_meta(&self, key: &str, value: &str) -> Result<(), ProjectError> {
        let sql = "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
        self.db(self.connection.execute(sql, [key, value])).map(drop)
    }

    pub(crate) fn db<T>(&self, result: rusqlite::Result<T>) -> Result<T, ProjectError> {
        result.map_err(ProjectError::database(&self.folder.join(schema::DATABASE)))
    }

    /// All that `change` does to the database, or nothing of it. On the disk when this returns.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, ProjectError> {
        let all = || {
            let transaction = self.connection.unchecked_transaction()?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        self.db(all())
    }
}

fn not_writable(folder: &Path) -> impl FnOnce(std::io::Error) -> ProjectError {
    move |error| match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            ProjectError::NotWritable { path: folder.to_owned(), why: error.to_string() }
        }
        _ => ProjectError::file(folder, "made")(error),
    }
}
