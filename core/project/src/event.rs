//! The rows of the journal: written whole, read with suspicion.

use std::collections::BTreeSet;

use medley_annotate::{Author, Edit, Tool};
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use sha2::{Digest, Sha256};

use crate::lineage::Lineage;
use crate::provenance::reviewer;
use crate::{CaseId, ProjectError, Study};

/// A row of `event` before it has a number.
pub(crate) struct Event<'a> {
    pub case: CaseId,
    pub kind: &'static str,
    pub origin: i64,
    pub at_ms: i64,
    pub edit: Option<&'a Edit>,
    /// Whether it is done at the machine, so that the study's reviewer stands behind it.
    pub is_reviewed: bool,
}

impl Event<'_> {
    /// Writes the row; returns its number and the bytes its Edit takes.
    pub fn insert(&self, database: &Transaction<'_>) -> rusqlite::Result<(i64, usize)> {
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
        let number = database.last_insert_rowid();
        if self.is_reviewed {
            reviewer::record(database, number, &seal)?;
        }
        Ok((number, bytes.map_or(0, |bytes| bytes.len())))
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

/// A whole number in a row, if there is one.
pub(crate) fn integer(row: &Row<'_>, column: usize) -> Option<i64> {
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

pub(crate) fn tool_of(word: &str) -> Option<Tool> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// Whether a person who changes a mask with this works on it, and does not only bring it along.
pub(crate) fn is_hand_tool(tool: Tool) -> bool {
    tool != Tool::Import
}

impl Study {
    /// An Edit of a case's journal; `None` if its row is gone or damaged.
    pub(crate) fn stored_edit(&self, case: CaseId, id: i64) -> Result<Option<Edit>, ProjectError> {
        let read = || {
            let sql = "SELECT case_id, kind, origin, at_ms, model, tool, changed, edit, seal FROM event WHERE id = ? AND case_id = ?";
            self.connection.prepare_cached(sql)?.query_row([id, case.0], |row| Ok(sound_edit(row))).optional()
        };
        match read() {
            Err(error) if ProjectError::is_damage(&error) => Ok(None),
            result => Ok(self.db(result)?.flatten()),
        }
    }

    /// The lineage of a case as its rows tell it.
    pub(crate) fn read_lineage(&self, id: CaseId) -> Result<Lineage, ProjectError> {
        let mut lineage = Lineage::default();
        let columns = "id, kind, origin, at_ms, seal, length(edit), model, tool";
        let lost = self.for_each_row(id, columns, "", |row| {
            let kind = row.get_ref(1).ok().and_then(|kind| kind.as_str().ok());
            match (integer(row, 0), kind, integer(row, 2)) {
                (Some(number), Some(kind @ ("edit" | "aside")), origin) => {
                    let byte_len = integer(row, 5).and_then(|len| usize::try_from(len).ok()).unwrap_or_default();
                    let origin = origin.unwrap_or(i64::MIN);
                    if kind == "aside" {
                        lineage.aside(number, origin, byte_len);
                    } else if origin == lineage.head() {
                        lineage.edit(number, origin, byte_len);
                    } else {
                        // Something is missing before this row, or the row itself is altered: its seal tells.
                        lineage.damaged += 1;
                        let is_sound = self.stored_edit(id, number).is_ok_and(|edit| edit.is_some());
                        lineage.edit(number, if is_sound { origin } else { lineage.head() }, byte_len);
                    }
                    let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok());
                    if text(6).is_none() && text(7).and_then(tool_of).is_some_and(is_hand_tool) {
                        lineage.mark_by_hand(number);
                    }
                }
                (Some(number), Some(kind @ ("undo" | "redo")), Some(origin)) if (1..number).contains(&origin) => {
                    let expected = if kind == "undo" { Some(lineage.head()) } else { lineage.next_redo() };
                    let hash = seal(id.0, kind, origin, integer(row, 3).unwrap_or_default(), None, None, None, None);
                    let is_sound = row.get_ref(4).is_ok_and(|stored| stored == ValueRef::Blob(&hash));
                    lineage.damaged += usize::from(!is_sound || expected != Some(origin));
                    match kind {
                        _ if !is_sound && expected != Some(origin) => {}
                        "undo" => lineage.undo(origin),
                        _ => lineage.redo(origin),
                    }
                }
                _ => lineage.damaged += 1,
            }
        })?;
        lineage.damaged += lost;
        Ok(lineage)
    }

    /// Visits the journal's rows of a case by rising id; returns how many could not be read. After a damaged page it goes on row
    /// by row, so that what lies behind is not lost.
    pub(crate) fn for_each_row(
        &self,
        id: CaseId,
        columns: &str,
        only: &str,
        mut visit: impl FnMut(&Row<'_>),
    ) -> Result<usize, ProjectError> {
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
    fn readable_ids(&self, id: CaseId) -> BTreeSet<i64> {
        let mut ids = BTreeSet::new();
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
