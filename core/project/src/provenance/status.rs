//! How far the work on a case's mask has come: a log of what people said, and what the journal tells where nobody said anything.

use std::collections::HashMap;

use rusqlite::types::ValueRef;
use rusqlite::{Row, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::reviewer;
use crate::case::CaseRow;
use crate::event::integer;
use crate::lineage::{Lineage, ROOT};
use crate::{CaseId, EditId, ProjectError, Study, files};

/// How far the work on a mask has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStatus {
    /// There is no mask yet.
    New,
    /// There is a mask from a model or a file that nobody has worked on here.
    Proposed,
    /// A person works on the mask.
    InCorrection,
    /// A person holds the mask to be right: it may be learned from.
    Corrected,
    /// The mask was looked at once more and found right.
    Approved,
}

impl CaseStatus {
    /// All of them, from the least to the most.
    pub const ALL: [Self; 5] = [Self::New, Self::Proposed, Self::InCorrection, Self::Corrected, Self::Approved];

    /// Whether the mask may be learned from.
    #[must_use]
    pub fn is_corrected(self) -> bool {
        self >= Self::Corrected
    }

    /// The word for it in files: `new`, `proposed`, `in_correction`, `corrected` or `approved`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Proposed => "proposed",
            Self::InCorrection => "in_correction",
            Self::Corrected => "corrected",
            Self::Approved => "approved",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// A status that a person gave a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The status.
    pub status: CaseStatus,
    /// The last Edit that the mask held then; `None` if there was none.
    pub after: Option<EditId>,
    /// Who said so, if somebody was named.
    pub reviewer: Option<String>,
    /// When, in unix milliseconds.
    pub at_ms: i64,
}

const COLUMNS: &str = "case_id, status, position, reviewer, at_ms, seal";

impl Study {
    /// Gives a case a status, with the study's reviewer and the time.
    ///
    /// "Approved" holds for the mask as it is now: once it changes, the case is only corrected until that change is undone or the
    /// case is approved again. A status below "corrected" holds until the mask changes too; then the journal tells it.
    ///
    /// # Errors
    /// If there is no such case or the database cannot be written.
    pub fn set_status(&self, id: CaseId, status: CaseStatus) -> Result<(), ProjectError> {
        self.case_row(id)?;
        let position = self.with_lineage(id, Lineage::head)?;
        let at_ms = files::now_ms();
        self.write(|database| {
            let reviewer = reviewer::current(database)?;
            let seal = seal(id.0, status.word(), position, reviewer.as_deref(), at_ms);
            let sql = format!("INSERT INTO status ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)");
            database.prepare_cached(&sql)?.execute(params![id.0, status.word(), position, reviewer, at_ms, seal])?;
            let sql = "UPDATE case_ SET is_corrected = ? WHERE id = ?";
            database.prepare_cached(sql)?.execute(params![status.is_corrected(), id.0]).map(drop)
        })
    }

    /// Says whether a person holds the mask to be right. An approved case stays approved if it is.
    ///
    /// # Errors
    /// If there is no such case or the database cannot be written.
    pub fn set_corrected(&self, id: CaseId, is_corrected: bool) -> Result<(), ProjectError> {
        let case = self.case(id)?;
        match (case.is_corrected, is_corrected) {
            (false, true) => self.set_status(id, CaseStatus::Corrected),
            (true, false) => self.set_status(id, self.status_of_journal(id, case.has_mask)?),
            _ => Ok(()),
        }
    }

    /// Every status that people gave a case, the oldest first. Rows that are altered are left out.
    ///
    /// # Errors
    /// If there is no such case or the database cannot be read.
    pub fn status_log(&self, id: CaseId) -> Result<Vec<StatusChange>, ProjectError> {
        self.case_row(id)?;
        let mut log = Vec::new();
        self.for_each_status(Some(id), |_, change| log.push(change))?;
        Ok(log)
    }

    /// The last status that people gave each case, or one case.
    pub(crate) fn latest_statuses(&self, only: Option<CaseId>) -> Result<HashMap<CaseId, StatusChange>, ProjectError> {
        let mut latest = HashMap::new();
        self.for_each_status(only, |case, change| drop(latest.insert(case, change)))?;
        Ok(latest)
    }

    /// The status of a case, given what was last said of it.
    pub(crate) fn status_now(&self, latest: Option<&StatusChange>, row: &CaseRow, has_mask: bool) -> Result<CaseStatus, ProjectError> {
        let head = self.with_lineage(row.id, Lineage::head)?;
        // The row says what to learn from even where the log is damaged or older than the log.
        let said = latest.filter(|change| change.status.is_corrected() == row.is_corrected);
        match said {
            Some(change) if change.after.map_or(ROOT, |edit| edit.0) == head => Ok(change.status),
            _ if row.is_corrected => Ok(CaseStatus::Corrected),
            _ => self.status_of_journal(row.id, has_mask),
        }
    }

    /// What the journal alone tells.
    fn status_of_journal(&self, id: CaseId, has_mask: bool) -> Result<CaseStatus, ProjectError> {
        self.with_lineage(id, |lineage| match has_mask {
            false => CaseStatus::New,
            true if lineage.has_hand_work() => CaseStatus::InCorrection,
            true => CaseStatus::Proposed,
        })
    }

    fn for_each_status(&self, only: Option<CaseId>, mut visit: impl FnMut(CaseId, StatusChange)) -> Result<(), ProjectError> {
        let mut read = || -> rusqlite::Result<()> {
            let sql = format!("SELECT {COLUMNS} FROM status WHERE case_id = ?1 OR ?1 IS NULL ORDER BY id");
            let mut statement = self.connection.prepare_cached(&sql)?;
            let mut rows = statement.query([only.map(|id| id.0)])?;
            while let Some(row) = rows.next()? {
                if let Some((case, change)) = sound_change(row) {
                    visit(case, change);
                }
            }
            Ok(())
        };
        match read() {
            Err(error) if !ProjectError::is_damage(&error) => self.db(Err(error)),
            _ => Ok(()),
        }
    }
}

/// The change in a row of [`COLUMNS`], if nothing in it is altered.
fn sound_change(row: &Row<'_>) -> Option<(CaseId, StatusChange)> {
    let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok());
    let (case, word, position, reviewer, at_ms) = (integer(row, 0)?, text(1)?, integer(row, 2)?, text(3), integer(row, 4)?);
    let is_sound = row.get_ref(5).ok()? == ValueRef::Blob(&seal(case, word, position, reviewer, at_ms));
    let status = CaseStatus::of_word(word).filter(|_| is_sound)?;
    let after = (position > ROOT).then_some(EditId(position));
    Some((CaseId(case), StatusChange { status, after, reviewer: reviewer.map(str::to_owned), at_ms }))
}

fn seal(case: i64, word: &str, position: i64, reviewer: Option<&str>, at_ms: i64) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(b"status");
    [case, position, at_ms].iter().for_each(|number| hash.update(number.to_le_bytes()));
    for text in [Some(word), reviewer] {
        hash.update(text.map_or(u64::MAX, |text| text.len() as u64).to_le_bytes());
        hash.update(text.unwrap_or_default().as_bytes());
    }
    let full: [u8; 32] = hash.finalize().into();
    std::array::from_fn(|n| full[n])
}
