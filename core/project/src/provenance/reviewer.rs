//! What the person at the machine chose to be called: initials, or a short name. Never a patient's.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use crate::event::integer;
use crate::{CaseId, ProjectError, Study};

const KEY: &str = "reviewer";
/// Longer names are cut: initials are meant.
const LONGEST: usize = 32;

impl Study {
    /// Who reviews here, if somebody has said so.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn reviewer(&self) -> Result<Option<String>, ProjectError> {
        Ok(self.meta(KEY)?.as_deref().and_then(cleaned))
    }

    /// Says who reviews from now on: initials or a short name (at most 32 characters), kept with each later Edit, undo and status.
    /// `None`, or nothing but spaces, for nobody in particular.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn set_reviewer(&self, name: Option<&str>) -> Result<(), ProjectError> {
        self.set_meta(KEY, &name.and_then(cleaned).unwrap_or_default())
    }

    /// The reviewers of a case's Edits by the Edits' numbers. Rows that are altered name nobody.
    pub(crate) fn reviewers(&self, id: CaseId) -> Result<HashMap<i64, String>, ProjectError> {
        let mut reviewers = HashMap::new();
        let mut read = || -> rusqlite::Result<()> {
            let sql = "SELECT r.event_id, r.reviewer, r.seal, e.seal FROM event e JOIN event_reviewer r ON r.event_id = e.id \
                       WHERE e.case_id = ?";
            let mut statement = self.connection.prepare_cached(sql)?;
            let mut rows = statement.query([id.0])?;
            while let Some(row) = rows.next()? {
                let (Some(number), Ok(Ok(name))) = (integer(row, 0), row.get_ref(1).map(|name| name.as_str().map(str::to_owned))) else {
                    continue;
                };
                let event_seal = row.get_ref(3).ok().and_then(|seal| seal.as_blob().ok()).unwrap_or_default();
                if row.get_ref(2).is_ok_and(|stored| stored == ValueRef::Blob(&seal(event_seal, &name))) {
                    reviewers.insert(number, name);
                }
            }
            Ok(())
        };
        match read() {
            Err(error) if !ProjectError::is_damage(&error) => self.db(Err(error)),
            _ => Ok(reviewers),
        }
    }
}

/// Records that the study's reviewer, if there is one, stands behind an event.
pub(crate) fn record(database: &Transaction<'_>, event: i64, event_seal: &[u8]) -> rusqlite::Result<()> {
    let Some(name) = current(database)? else { return Ok(()) };
    let sql = "INSERT INTO event_reviewer (event_id, reviewer, seal) VALUES (?, ?, ?)";
    database.prepare_cached(sql)?.execute(params![event, name, seal(event_seal, &name)]).map(drop)
}

/// Who reviews now.
pub(crate) fn current(database: &Transaction<'_>) -> rusqlite::Result<Option<String>> {
    let mut statement = database.prepare_cached("SELECT value FROM meta WHERE key = ?")?;
    let name: Option<String> = statement.query_row([KEY], |row| row.get(0)).optional()?;
    Ok(name.as_deref().and_then(cleaned))
}

fn cleaned(name: &str) -> Option<String> {
    let plain: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let short: String = plain.trim().chars().take(LONGEST).collect();
    Some(short.trim_end().to_owned()).filter(|name| !name.is_empty())
}

fn seal(event_seal: &[u8], name: &str) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"reviewer");
    hash.update((event_seal.len() as u64).to_le_bytes());
    hash.update(event_seal);
    hash.update(name.as_bytes());
    let full: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|n| full[n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_and_plain() {
        assert_eq!(cleaned("  MK\n"), Some("MK".to_owned()));
        assert_eq!(cleaned(" \t "), None);
        assert_eq!(cleaned(&"é".repeat(50)), Some("é".repeat(32)));
    }
}
