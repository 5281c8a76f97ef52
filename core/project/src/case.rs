use std::path::{Path, PathBuf};

use medley_io::Part;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::image::Fingerprint;
use crate::lineage::ROOT;
use crate::provenance::{CaseStatus, StatusChange};
use crate::{ProjectError, Study, case_name, files};

/// A case of a study, by its number in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseId(pub i64);

/// What a case is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Learned from.
    Training,
    /// Only measured on, never learned from.
    Validation,
    /// Neither.
    Unassigned,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Validation => "validation",
            Self::Unassigned => "unassigned",
        }
    }
}

impl ToSql for Role {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Role {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let all = [Self::Training, Self::Validation, Self::Unassigned];
        all.into_iter().find(|role| role.word() == word).ok_or(FromSqlError::InvalidType)
    }
}

/// What is known of a case without opening its image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseInfo {
    /// Its number.
    pub id: CaseId,
    /// Its name; no other case of the study has it.
    pub name: String,
    /// Where its image lies.
    pub image: PathBuf,
    /// Which of the volumes there it is.
    pub part: Part,
    /// What it is used for.
    pub role: Role,
    /// Whether a person has said that the mask is right: it is corrected or approved.
    pub is_corrected: bool,
    /// How far the work on the mask has come.
    pub status: CaseStatus,
    /// Whether there is anything in its mask's journal or a mask file.
    pub has_mask: bool,
    /// The class of the whole scan, if a person has given it one.
    pub class: Option<String>,
}

/// A row of `case_`.
#[derive(Debug, Clone)]
pub(crate) struct CaseRow {
    pub id: CaseId,
    pub name: String,
    pub file_stem: String,
    pub image: PathBuf,
    pub role: Role,
    pub is_corrected: bool,
    /// The grid its mask is drawn on, as JSON; `None` until the image was opened once.
    pub grid: Option<String>,
    /// What the image's file was when it was last opened.
    pub image_print: Option<Fingerprint>,
    /// The class of the whole scan.
    pub class: Option<String>,
    /// Which of the volumes at `image` it is.
    pub part: Part,
}

const COLUMNS: &str = "id, name, file_stem, image, role, is_corrected, grid, image_print, class, part";

impl Study {
    /// All cases in the order they were added.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn cases(&self) -> Result<Vec<CaseInfo>, ProjectError> {
        let mut latest = self.latest_statuses(None)?;
        self.case_rows()?.into_iter().map(|row| self.case_info(latest.remove(&row.id), row)).collect()
    }

    /// One case.
    ///
    /// # Errors
    /// If there is none of this number, or the database cannot be read.
    pub fn case(&self, id: CaseId) -> Result<CaseInfo, ProjectError> {
        self.case_info(self.latest_statuses(Some(id))?.remove(&id), self.case_row(id)?)
    }

    /// Adds a case: a name (a number is put behind it if another case has it; the file's name if it is empty) and its image,
    /// which stays where it is.
    ///
    /// # Errors
    /// If the image is not there or the database cannot be written.
    pub fn add_case(&self, name: &str, image: &Path, role: Role) -> Result<CaseId, ProjectError> {
        self.add_case_part(name, image, &Part::First, role)
    }

    /// As [`Study::add_case`], with one of the volumes of a file or folder.
    ///
    /// # Errors
    /// As [`Study::add_case`].
    pub fn add_case_part(&self, name: &str, image: &Path, part: &Part, role: Role) -> Result<CaseId, ProjectError> {
        let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let file_name = image.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let name = [name.trim(), case_name::of_file(&file_name).trim(), "case"].into_iter().find(|name| !name.is_empty());
        let name = name.unwrap_or("case");
        if !image.exists() {
            return Err(ProjectError::MissingImage { case: name.to_owned(), image: image.to_owned() });
        }
        let reference = files::reference(&self.folder, image)?;
        let rows = self.case_rows()?;
        let lower: Vec<String> = rows.iter().map(|row| row.name.to_lowercase()).collect();
        let name = case_name::unique(name, " ", |name| lower.contains(&name.to_lowercase()));
        let file_stem = case_name::unique(&case_name::file_stem(&name), "-", |stem| {
            let has_row = rows.iter().any(|row| row.file_stem.eq_ignore_ascii_case(stem));
            has_row || self.mask_path(stem).exists()
        });
        let print = Fingerprint::at_a_glance(image).map(|print| print.to_json());
        let part = (*part != Part::First).then(|| part.to_string());
        self.write(|database| {
            let sql = "INSERT INTO case_ (name, file_stem, image, role, image_print, part) VALUES (?, ?, ?, ?, ?, ?)";
            database.prepare_cached(sql)?.execute(params![name, file_stem, reference, role, print, part])?;
            Ok(CaseId(database.last_insert_rowid()))
        })
    }

    /// Tells where a case's image is now. Whether it is the same image is checked when the case is opened.
    ///
    /// # Errors
    /// If there is no such case or no such file, or the database cannot be written.
    pub fn set_image(&self, id: CaseId, image: &Path) -> Result<(), ProjectError> {
        let row = self.case_row(id)?;
        if !image.exists() {
            return Err(ProjectError::MissingImage { case: row.name, image: image.to_owned() });
        }
        let reference = files::reference(&self.folder, image)?;
        self.geometries.borrow_mut().remove(&id);
        self.set_case("UPDATE case_ SET image = ?2 WHERE id = ?1", id, reference)
    }

    /// Sets what a case is used for.
    ///
    /// # Errors
    /// If there is no such case or the database cannot be written.
    pub fn set_role(&self, id: CaseId, role: Role) -> Result<(), ProjectError> {
        self.set_case("UPDATE case_ SET role = ?2 WHERE id = ?1", id, role)
    }

    /// Gives the whole scan a class; `None` or a name of spaces only takes it away.
    ///
    /// # Errors
    /// If there is no such case or the database cannot be written.
    pub fn set_class(&self, id: CaseId, class: Option<&str>) -> Result<(), ProjectError> {
        let plain: String = class.unwrap_or_default().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let class = Some(plain.trim()).filter(|class| !class.is_empty());
        self.set_case("UPDATE case_ SET class = ?2 WHERE id = ?1", id, class)
    }

    pub(crate) fn set_case(&self, sql: &str, id: CaseId, value: impl ToSql) -> Result<(), ProjectError> {
        let changed = self.write(|database| database.prepare_cached(sql)?.execute(params![id.0, value]))?;
        if changed == 0 {
            return Err(ProjectError::NoSuchCase(id));
        }
        Ok(())
    }

    pub(crate) fn case_row(&self, id: CaseId) -> Result<CaseRow, ProjectError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM case_ WHERE id = ?"))?;
            statement.query_row([id.0], |row| self.read_row(row)).optional()
        };
        self.db(read())?.ok_or(ProjectError::NoSuchCase(id))
    }

    pub(crate) fn case_rows(&self) -> Result<Vec<CaseRow>, ProjectError> {
        let read = || {
            let mut statement = self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM case_ ORDER BY id"))?;
            statement.query_map([], |row| self.read_row(row))?.collect::<rusqlite::Result<Vec<CaseRow>>>()
        };
        self.db(read())
    }

    /// A file stem that is not one of ours (an altered database) is made one: no name leads out of the masks' folder.
    fn read_row(&self, row: &Row<'_>) -> rusqlite::Result<CaseRow> {
        let print: Option<String> = row.get(7)?;
        Ok(CaseRow {
            id: CaseId(row.get(0)?),
            name: row.get(1)?,
            file_stem: case_name::file_stem(&row.get::<_, String>(2)?),
            image: self.folder.join(row.get::<_, String>(3)?),
            role: row.get(4)?,
            is_corrected: row.get(5)?,
            grid: row.get(6)?,
            image_print: print.as_deref().and_then(Fingerprint::from_json),
            class: row.get(8)?,
            part: row
                .get::<_, Option<String>>(9)?
                .unwrap_or_default()
                .parse()
                .map_err(|why: String| rusqlite::Error::FromSqlConversionFailure(9, rusqlite::types::Type::Text, why.into()))?,
        })
    }

    fn case_info(&self, latest: Option<StatusChange>, row: CaseRow) -> Result<CaseInfo, ProjectError> {
        let is_begun = self.with_lineage(row.id, |lineage| lineage.head() != ROOT)?;
        let has_mask = is_begun || self.mask_path(&row.file_stem).is_file();
        let status = self.status_now(latest.as_ref(), &row, has_mask)?;
        let CaseRow { id, name, image, part, role, class, .. } = row;
        Ok(CaseInfo { id, name, image, part, role, is_corrected: status.is_corrected(), status, has_mask, class })
    }
}
