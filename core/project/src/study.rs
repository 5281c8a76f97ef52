use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_volume::{Label, LabelTable};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::lineage::Lineage;
use crate::lock::{Holder, Lock};
use crate::look::{self, Copy, ReadOnlyBecause};
use crate::presence::Presence;
use crate::{CaseId, ProjectError, files, schema, snapshot};

const MASKS: &str = "masks";
const MODELS: &str = "models";

/// An open study. It can be sent to another thread, which then owns it; while it lives no other program can change it.
///
/// All of it may touch the disk: not for the thread that draws.
#[derive(Debug)]
pub struct Study {
    pub(crate) connection: Connection,
    pub(crate) folder: PathBuf,
    pub(crate) lineages: RefCell<HashMap<CaseId, Lineage>>,
    pub(crate) geometries: RefCell<HashMap<CaseId, StoredGeometry>>,
    /// Cases that were opened since the study was.
    pub(crate) loaded: RefCell<HashSet<CaseId>>,
    was_interrupted: bool,
    presence: Option<Presence>,
    access: Access,
}

/// What this program may do with the study.
#[derive(Debug)]
enum Access {
    /// Everything, while it holds this.
    Alone { _lock: Lock },
    /// Looking, at this copy of the database.
    Look { because: ReadOnlyBecause, _copy: Copy },
}

/// Whether the study was closed, or is open, or the program that had it open was ended.
const SESSION: &str = "session";
const OPEN: &str = "open";
const CLOSED: &str = "closed";

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
        let study = Self::to_work_on(connection, folder, lock)?;
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
        let folder = study_folder(folder)?;
        let lock = Lock::take(&folder)?;
        let connection = schema::open(&folder)?;
        let study = Self::to_work_on(connection, folder, lock)?;
        snapshot::remove_unfinished(&study.masks_folder());
        Ok(study)
    }

    /// As [`Study::open`]; if another program has the study or its folder cannot be written, it is opened for looking at, as it is
    /// now: [`Study::read_only_because`] then says why, every change is refused with [`ProjectError::ReadOnly`], and nothing at all
    /// is written into its folder. To see what the other program does later, open it again.
    ///
    /// # Errors
    /// If there is none, it is damaged or not ours or newer, or there is no room for a copy of its database.
    pub fn open_even_read_only(folder: &Path) -> Result<Self, ProjectError> {
        let because = match Self::open(folder) {
            Err(ProjectError::InUse(folder)) => ReadOnlyBecause::InUse(Holder::of(&folder)),
            Err(ProjectError::NotWritable { why, .. }) => ReadOnlyBecause::NotWritable(why),
            result => return result,
        };
        let folder = study_folder(folder)?;
        let (connection, copy) = look::open(&folder)?;
        Ok(Self::from_parts(connection, folder, None, Access::Look { because, _copy: copy }))
    }

    fn to_work_on(connection: Connection, folder: PathBuf, lock: Lock) -> Result<Self, ProjectError> {
        let presence = Presence::at(&folder.join(schema::DATABASE));
        let mut study = Self::from_parts(connection, folder, presence, Access::Alone { _lock: lock });
        for folder in [study.masks_folder(), study.models_folder()] {
            fs::create_dir_all(&folder).map_err(not_writable(&folder))?;
        }
        study.was_interrupted = study.meta(SESSION)?.as_deref() == Some(OPEN);
        study.set_meta(SESSION, OPEN)?;
        Ok(study)
    }

    fn from_parts(connection: Connection, folder: PathBuf, presence: Option<Presence>, access: Access) -> Self {
        let (lineages, geometries, loaded) = Default::default();
        Self { connection, folder, lineages, geometries, loaded, was_interrupted: false, presence, access }
    }

    /// Whether nothing of the study can be changed here.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.read_only_because().is_some()
    }

    /// Why nothing of the study can be changed here, if so.
    #[must_use]
    pub fn read_only_because(&self) -> Option<&ReadOnlyBecause> {
        match &self.access {
            Access::Alone { .. } => None,
            Access::Look { because, .. } => Some(because),
        }
    }

    /// Whether the study's database was deleted and put back while this is open. Nothing can be changed through this any more: let
    /// go of it and open the study again, which has everything that was saved.
    #[must_use]
    pub fn was_put_back(&self) -> bool {
        self.presence.as_ref().is_some_and(Presence::was_put_back)
    }

    /// Whether the program that had the study open before did not come to close it: it was killed, or the power failed.
    #[must_use]
    pub fn was_interrupted(&self) -> bool {
        self.was_interrupted
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
        self.write(|database| database.execute(sql, [key, value]).map(drop))
    }

    pub(crate) fn db<T>(&self, result: rusqlite::Result<T>) -> Result<T, ProjectError> {
        result.map_err(ProjectError::database(&self.folder.join(schema::DATABASE)))
    }

    /// Fails unless the study may be changed and its database is where it was.
    pub(crate) fn require_writable(&self) -> Result<(), ProjectError> {
        if let Some(because) = self.read_only_because() {
            return Err(ProjectError::ReadOnly { folder: self.folder.clone(), because: because.clone() });
        }
        self.presence.as_ref().map_or(Ok(()), |presence| presence.require(&self.folder, &self.connection))
    }

    /// All that `change` does to the database, or nothing of it. On the disk when this returns.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, ProjectError> {
        self.require_writable()?;
        let all = || {
            let transaction = self.connection.unchecked_transaction()?;
            let value = change(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        self.db(all())
    }
}

impl Drop for Study {
    fn drop(&mut self) {
        if !self.is_read_only() {
            // If this fails, the next opening looks as if after a kill, and is as safe.
            let _ = self.set_meta(SESSION, CLOSED);
        }
    }
}

/// The folder as an absolute path, if there is a study's database in it.
fn study_folder(folder: &Path) -> Result<PathBuf, ProjectError> {
    let folder = std::path::absolute(folder).map_err(ProjectError::file(folder, "found"))?;
    if !folder.is_dir() {
        return Err(ProjectError::NotAStudy { folder, why: "there is no such folder".to_owned() });
    }
    if !folder.join(schema::DATABASE).is_file() {
        return Err(ProjectError::NotAStudy { folder, why: "there is no study.sqlite in it".to_owned() });
    }
    Ok(folder)
}

fn not_writable(folder: &Path) -> impl FnOnce(std::io::Error) -> ProjectError {
    move |error| match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            ProjectError::NotWritable { path: folder.to_owned(), why: error.to_string() }
        }
        _ => ProjectError::file(folder, "made")(error),
    }
}
