use std::collections::BTreeMap;
use std::path::PathBuf;

use rusqlite::types::Type;
use rusqlite::{ErrorCode, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::{ProjectError, Study, files};

/// A model of a study: what was fine-tuned in it, or brought into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRecord {
    /// What Edits made with it name as their author.
    pub id: String,
    /// The name people read.
    pub name: String,
    /// Where its weights lie.
    pub file: PathBuf,
    /// Its card, as JSON.
    pub card_json: String,
    /// When it was made, in unix milliseconds.
    pub created_ms: i64,
    /// How good it is, by measure: `"mean_dice"`, ….
    pub metrics: BTreeMap<String, f64>,
}

const COLUMNS: &str = "id, name, file, card, created_ms, metrics";

impl Study {
    /// Adds a model. Its file stays where it is.
    ///
    /// # Errors
    /// If the study has a model of this id, or the database cannot be written.
    pub fn add_model(&self, model: &ModelRecord) -> Result<(), ProjectError> {
        let file = files::reference(&self.folder, &self.folder.join(&model.file))?;
        let metrics = serde_json::to_string(&model.metrics).unwrap_or_else(|_| "{}".to_owned());
        self.require_writable()?;
        let added = self.connection.execute(
            &format!("INSERT INTO model ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"),
            params![model.id, model.name, file, model.card_json, model.created_ms, metrics],
        );
        match added {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(ProjectError::ModelExists(model.id.clone()))
            }
            added => self.db(added).map(drop),
        }
    }

    /// All models, the oldest first.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn models(&self) -> Result<Vec<ModelRecord>, ProjectError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM model ORDER BY created_ms, rowid"))?;
            statement.query_map([], |row| self.read_model(row))?.collect::<rusqlite::Result<Vec<ModelRecord>>>()
        };
        self.db(read())
    }

    /// A model by its id, as Edits name it.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn model(&self, id: &str) -> Result<Option<ModelRecord>, ProjectError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM model WHERE id = ?"))?;
            statement.query_row([id], |row| self.read_model(row)).optional()
        };
        self.db(read())
    }

    fn read_model(&self, row: &Row<'_>) -> rusqlite::Result<ModelRecord> {
        let metrics: String = row.get(5)?;
        let metrics = serde_json::from_str(&metrics);
        Ok(ModelRecord {
            id: row.get(0)?,
            name: row.get(1)?,
            file: self.folder.join(row.get::<_, String>(2)?),
            card_json: row.get(3)?,
            created_ms: row.get(4)?,
            metrics: metrics.map_err(|error| rusqlite::Error::FromSqlConversionFailure(5, Type::Text, error.into()))?,
        })
    }
}
