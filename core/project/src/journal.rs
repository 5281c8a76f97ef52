use medley_annotate::{Author, Edit, Tool};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::image::grid_from_json;
use crate::lineage::{Lineage, ROOT};
use crate::{CaseId, ProjectError, Study, files, snapshot};

/// An Edit of the journal, by its number in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EditId(pub i64);

/// Where a change of a mask comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditInfo {
    /// Its number.
    pub id: EditId,
    /// Who made it: a person (nobody's name is kept) or a model by its id.
    pub author: Author,
    /// What it was made with.
    pub tool: Tool,
    /// When, in unix milliseconds.
    pub at_ms: i64,
    /// How many voxels it changed.
    pub changed: usize,
    /// Whether the mask holds it now; if not, it was undone.
    pub is_in_mask: bool,
}

/// A row of `event` before it has a number.
struct Event<'a> {
    case: CaseId,
    kind: &'static str,
    origin: i64,
    at_ms: i64,
    edit: Option<&'a Edit>,
}

impl Study {
    /// Puts an Edit into the journal: one that is, or is about to be, in the mask. On the disk when this returns.
    ///
    /// # Errors
    /// If there is no such case, the Edit lies outside its image, or the database cannot be written: nothing is journaled then.
    pub fn journal_edit(&self, id: CaseId, edit: &Edit) -> Result<EditId, ProjectError> {
        let row = self.case_row(id)?;
        let grid = row.grid.as_deref().and_then(grid_from_json);
        if grid.is_some_and(|grid| !edit.region.fits(grid.shape())) {
            return Err(ProjectError::EditOutside { case: row.name });
        }
        self.journal_fitting_edit(id, edit)
    }

    /// [`Study::journal_edit`] for an Edit that is known to fit.
    pub(crate) fn journal_fitting_edit(&self, id: CaseId, edit: &Edit) -> Result<EditId, ProjectError> {
        let parent = self.with_lineage(id, Lineage::head)?;
        let event = Event { case: id, kind: "edit", origin: parent, at_ms: edit.at_ms, edit: Some(edit) };
        let (number, byte_len) = self.write(|database| event.insert(database))?;
        self.change_lineage(id, |lineage| lineage.edit(number, parent, byte_len));
        Ok(EditId(number))
    }

    /// Journals what another program made of the mask file, whose hash is now `sha256`: the Edit by which it is `taken` in, if
    /// there is anything to take. `beside` says how the file differs from the mask even then: it is the mask that ends with the
    /// Edit named, and on top of that the Edit given.
    pub(crate) fn journal_found(
        &self,
        id: CaseId,
        sha256: &[u8; 32],
        taken: Option<&Edit>,
        beside: Option<(i64, Option<&Edit>)>,
    ) -> Result<(), ProjectError> {
        let head = self.with_lineage(id, Lineage::head)?;
        self.write(|database| {
            let insert = |kind, origin, edit: &Edit| {
                let event = Event { case: id, kind, origin, at_ms: edit.at_ms, edit: Some(edit) };
                event.insert(database).map(|(number, _)| number)
            };
            let end = taken.map_or(Ok(head), |edit| insert("edit", head, edit))?;
            let position = match beside {
                None => end,
                Some((base, None)) => base,
                Some((base, Some(edit))) => insert("aside", base, edit)?,
            };
            database.execute("DELETE FROM mask_file WHERE case_id = ?", [id.0])?;
            snapshot::record(database, id, sha256, position)
        })?;
        self.lineages.borrow_mut().remove(&id);
        Ok(())
    }

    /// Journals that the last Edit was taken back.
    ///
    /// # Errors
    /// If there is none, no such case, or the database cannot be written: nothing is journaled then.
    pub fn journal_undo(&self, id: CaseId) -> Result<(), ProjectError> {
        let head = self.with_lineage(id, Lineage::head)?;
        if head == ROOT {
            return Err(ProjectError::NothingToUndo(self.case_row(id)?.name));
        }
        let event = Event { case: id, kind: "undo", origin: head, at_ms: files::now_ms(), edit: None };
        self.write(|database| event.insert(database))?;
        self.change_lineage(id, |lineage| lineage.undo(head));
        Ok(())
    }

    /// Journals that the Edit last taken back was done again.
    ///
    /// # Errors
    /// If there is none, no such case, or the database cannot be written: nothing is journaled then.
    pub fn journal_redo(&self, id: CaseId) -> Result<(), ProjectError> {
        let Some(next) = self.with_lineage(id, Lineage::next_redo)? else {
            return Err(ProjectError::NothingToRedo(self.case_row(id)?.name));
        };
        let event = Event { case: id, kind: "redo", origin: next, at_ms: files::now_ms(), edit: None };
        self.write(|database| event.insert(database))?;
        self.change_lineage(id, |lineage| lineage.redo(next));
        Ok(())
    }

    /// Every Edit ever made to a case's mask in the order made, undone ones included: who, with what, when, how much. Rows that
    /// cannot be read are left out.
    ///
    /// # Errors
    /// If there is no such case or the database cannot be read.
    pub fn edits(&self, id: CaseId) -> Result<Vec<EditInfo>, ProjectError> {
        self.case_row(id)?;
        let done = self.with_lineage(id, |lineage| lineage.chain(lineage.head()).collect::<std::collections::HashSet<i64>>())?;
        let mut infos = Vec::new();
        self.for_each_row(id, "id, model, tool, at_ms, changed", "AND kind = 'edit'", |row| {
            let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok().map(str::to_owned));
            let (Some(id), Some(tool)) = (integer(row, 0), text(2).and_then(|word| tool_of(&word))) else { return };
            infos.push(EditInfo {
                id: EditId(id),
                author: text(1).map_or(Author::Person, Author::Model),
                tool,
                at_ms: integer(row, 3).unwrap_or_default(),
                changed: integer(row, 4).and_then(|changed| usize::try_from(changed).ok()).unwrap_or_default(),
                is_in_mask: done.contains(&id),
            });
        })?;
        Ok(infos)
    }

    /// One Edit of the journal, to see which voxels it changed.
    ///
    /// # Errors
    /// If there is none of this number or it cannot be read.
    pub fn edit(&self, id: EditId) -> Result<Edit, ProjectError> {
        self.stored_edit(id.0)?.ok_or(ProjectError::NoSuchEdit(id.0))
    }

    /// An Edit of the journal; `None` if its row is gone or damaged.
    pub(crate) fn stored_edit(&self, id: i64) -> Result<Option<Edit>, ProjectError> {
        let read = || {
            let sql = "SELECT case_id, kind, origin, at_ms, model, tool, changed, edit, seal FROM event WHERE id = ?";
            self.connection.prepare_cached(sql)?.query_row([id], |row| Ok(sound_edit(row))).optional()
        };
        match read() {
            Err(error) if ProjectError::is_damage(&error) => Ok(None),
            result => Ok(self.db(result)?.flatten()),
        }
    }

    /// Asks the lineage of a case, which is read from the journal the first time.
    pub(crate) fn with_lineage<T>(&self, id: CaseId, ask: impl FnOnce(&Lineage) -> T) -> Result<T, ProjectError> {
        if let Some(lineage) = self.lineages.borrow().get(&id) {
            return Ok(ask(lineage));
        }
        let lineage = self.read_lineage(id)?;
        let answer = ask(&lineage);
        self.lineages.borrow_mut().insert(id, lineage);
        Ok(answer)
    }

    fn change_lineage(&self, id: CaseId, change: impl FnOnce(&mut Lineage)) {
        if let Some(lineage) = self.lineages.borrow_mut().get_mut(&id) {
            change(lineage);
        }
    }

    fn read_lineage(&self, id: CaseId) -> Result<Lineage, ProjectError> {
        let mut lineage = Lineage::default();
        let columns = "id, kind, origin, at_ms, seal, length(edit)";
        let lost = self.for_each_row(id, columns, "", |row| {
            let kind = row.get_ref(1).ok().and_then(|kind| kind.as_str().ok());
            match (integer(row, 0), kind, integer(row, 2)) {
                (Some(number), Some(kind @ ("edit" | "aside")), origin) => {
                    let byte_len = integer(row, 5).and_then(|len| usize::try_from(len).ok()).unwrap_or_default();
                    let origin = origin.unwrap_or(i64::MIN);
                    if kind == "edit" { lineage.edit(number, origin, byte_len) } else { lineage.aside(number, origin, byte_len) }
                }
                (Some(number), Some(kind @ ("undo" | "redo")), Some(origin)) if (1..number).contains(&origin) => {
                    let hash = seal(id.0, kind, origin, integer(row, 3).unwrap_or_default(), None, None, None, None);
                    let is_sound = row.get_ref(4).is_ok_and(|stored| stored == ValueRef::Blob(&hash));
                    lineage.damaged += usize::from(!is_sound);
                    if kind == "undo" { lineage.undo(origin) } else { lineage.redo(origin) }
                }
                _ => lineage.damaged += 1,
            }
        })?;
        lineage.damaged += lost;
        Ok(lineage)
    }

    /// Visits the journal's rows of a case by rising id; returns how many could not be read. After a damaged page it goes on row
    /// by row, so that what lies behind is not lost.
    fn for_each_row(&self, id: CaseId, columns: &str, only: &str, mut visit: impl FnMut(&Row<'_>)) -> Result<usize, ProjectError> {
        let mut last = i64::MIN;
        let mut scan = || -> rusqlite::Result<()> {
            let sql = format!("SELECT {columns} FROM event WHERE case_id = ? {only} ORDER BY id");
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query([id.0])?;
            while let Some(row) = rows.next()? {
                last = integer(row, 0).unwrap_or(last);
                visit(row);
            }
            Ok(())
        };
        match scan() {
            Err(error) if ProjectError::is_damage(&error) => {}
            result => return self.db(result).map(|()| 0),
        }
        let mut lost = 0;
        let ids = self.readable_ids(id);
        let sql = format!("SELECT {columns} FROM event WHERE id = ? AND case_id = ? {only}");
        for number in ids.into_iter().filter(|&number| number > last) {
            let mut one = || {
                self.connection
                    .prepare_cached(&sql)?
                    .query_row([number, id.0], |row| {
                        visit(row);
                        Ok(())
                    })
                    .optional()
            };
            lost += usize::from(one().is_err());
        }
        Ok(lost.max(1))
    }

    /// The ids of a case's rows as far as index and table still tell them, from either end.
    fn readable_ids(&self, id: CaseId) -> std::collections::BTreeSet<i64> {
        let mut ids = std::collections::BTreeSet::new();
        for order in [
            "INDEXED BY event_of_case WHERE case_id = ? ORDER BY id",
            "INDEXED BY event_of_case WHERE case_id = ? ORDER BY id DESC",
            "NOT INDEXED WHERE case_id = ? ORDER BY id",
            "NOT INDEXED WHERE case_id = ? ORDER BY id DESC",
        ] {
            let mut scan = || -> rusqlite::Result<()> {
                let mut statement = self.connection.prepare_cached(&format!("SELECT id FROM event {order}"))?;
                let mut rows = statement.query([id.0])?;
                while let Some(row) = rows.next()? {
                    ids.extend(integer(row, 0));
                }
                Ok(())
            };
            if scan().is_ok() {
                break;
            }
        }
        ids
    }
}

impl Event<'_> {
    /// Writes the row; returns its number and the bytes its Edit takes.
    fn insert(&self, database: &Transaction<'_>) -> rusqlite::Result<(i64, usize)> {
        let bytes = self.edit.map(Edit::to_bytes);
        let model = self.edit.and_then(|edit| match &edit.author {
            Author::Person => None,
            Author::Model(model) => Some(model.as_str()),
        });
        let tool = self.edit.map(|edit| word_of(edit.tool));
        let changed = self.edit.map(|edit| i64::try_from(edit.changed).unwrap_or(i64::MAX));
        let seal = seal(self.case.0, self.kind, self.origin, self.at_ms, model, tool.as_deref(), changed, bytes.as_deref());
        let sql = "INSERT INTO event (case_id, kind, origin, at_ms, model, tool, changed, seal, edit) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let values = params![self.case.0, self.kind, self.origin, self.at_ms, model, tool, changed, seal, bytes];
        database.prepare_cached(sql)?.execute(values)?;
        Ok((database.last_insert_rowid(), bytes.map_or(0, |bytes| bytes.len())))
    }
}

/// The Edit in a row `case_id, kind, origin, at_ms, model, tool, changed, edit, seal`, if nothing in the row is altered.
fn sound_edit(row: &Row<'_>) -> Option<Edit> {
    let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok());
    let bytes = row.get_ref(7).ok()?.as_blob().ok()?;
    let hash = seal(integer(row, 0)?, text(1)?, integer(row, 2)?, integer(row, 3)?, text(4), text(5), integer(row, 6), Some(bytes));
    let is_sound = row.get_ref(8).ok()? == ValueRef::Blob(&hash);
    is_sound.then(|| Edit::from_bytes(bytes).ok()).flatten()
}

fn integer(row: &Row<'_>, column: usize) -> Option<i64> {
    row.get_ref(column).ok().and_then(|value| value.as_i64().ok())
}

/// The first half of the SHA-256 of a row: each part with its length, so that no two rows give the same bytes.
#[expect(clippy::too_many_arguments, reason = "the columns of the table, in its order")]
fn seal(
    case: i64,
    kind: &str,
    origin: i64,
    at_ms: i64,
    model: Option<&str>,
    tool: Option<&str>,
    changed: Option<i64>,
    edit: Option<&[u8]>,
) -> [u8; 16] {
    let mut hash = Sha256::new();
    let mut part = |bytes: Option<&[u8]>| {
        hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    part(Some(&case.to_le_bytes()));
    part(Some(kind.as_bytes()));
    part(Some(&origin.to_le_bytes()));
    part(Some(&at_ms.to_le_bytes()));
    part(model.map(str::as_bytes));
    part(tool.map(str::as_bytes));
    part(changed.map(i64::to_le_bytes).as_ref().map(<[u8; 8]>::as_slice));
    part(edit);
    let full: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|n| full[n])
}

/// A tool as the database names it: as serde does.
fn word_of(tool: Tool) -> String {
    match serde_json::to_value(tool) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn tool_of(word: &str) -> Option<Tool> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}
