use medley_annotate::{Author, Edit, Tool};
use serde::{Deserialize, Serialize};

use crate::event::{Event, integer, is_hand_tool, tool_of};
use crate::image::grid_from_json;
use crate::lineage::Lineage;
use crate::{CaseId, ProjectError, Study, files, snapshot};

/// An Edit of the journal, by its number in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EditId(pub i64);

/// Where a change of a mask comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditInfo {
    /// Its number.
    pub id: EditId,
    /// Who made it: a person or a model by its id.
    pub author: Author,
    /// Who sat at the machine, as that person chose to be called; see [`Study::set_reviewer`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// What it was made with.
    pub tool: Tool,
    /// When, in unix milliseconds.
    pub at_ms: i64,
    /// How many voxels it changed.
    pub changed: usize,
    /// Whether the mask holds it now; if not, it was undone.
    pub is_in_mask: bool,
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
        let event = Event { case: id, kind: "edit", origin: parent, at_ms: edit.at_ms, edit: Some(edit), is_reviewed: true };
        let (number, byte_len) = self.write(|database| event.insert(database))?;
        self.change_lineage(id, |lineage| {
            lineage.edit(number, parent, byte_len);
            if edit.author == Author::Person && is_hand_tool(edit.tool) {
                lineage.mark_by_hand(number);
            }
        });
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
                let event = Event { case: id, kind, origin, at_ms: edit.at_ms, edit: Some(edit), is_reviewed: false };
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
        self.journal_jump(id, -1)
    }

    /// Journals that the Edit last taken back was done again.
    ///
    /// # Errors
    /// If there is none, no such case, or the database cannot be written: nothing is journaled then.
    pub fn journal_redo(&self, id: CaseId) -> Result<(), ProjectError> {
        self.journal_jump(id, 1)
    }

    /// Journals several undos (`steps` below 0) or redos (above 0) at once: all of them or none.
    ///
    /// # Errors
    /// If there are not so many, no such case, or the database cannot be written: nothing is journaled then.
    pub fn journal_jump(&self, id: CaseId, steps: isize) -> Result<(), ProjectError> {
        let count = steps.unsigned_abs();
        let is_back = steps < 0;
        let passed: Vec<i64> = self.with_lineage(id, |lineage| match is_back {
            true => lineage.chain(lineage.head()).take(count).collect(),
            false => lineage.undone().into_iter().take(count).collect(),
        })?;
        if passed.len() < count {
            let name = self.case_row(id)?.name;
            return Err(if is_back { ProjectError::NothingToUndo(name) } else { ProjectError::NothingToRedo(name) });
        }
        let (kind, at_ms) = (if is_back { "undo" } else { "redo" }, files::now_ms());
        self.write(|database| {
            let event = |origin| Event { case: id, kind, origin, at_ms, edit: None, is_reviewed: true };
            passed.iter().try_for_each(|&origin| event(origin).insert(database).map(drop))
        })?;
        self.change_lineage(id, |lineage| passed.iter().for_each(|&id| if is_back { lineage.undo(id) } else { lineage.redo(id) }));
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
        let mut reviewers = self.reviewers(id)?;
        let mut infos = Vec::new();
        self.for_each_row(id, "id, model, tool, at_ms, changed", "AND kind = 'edit'", |row| {
            let text = |column| row.get_ref(column).ok().and_then(|value| value.as_str().ok().map(str::to_owned));
            let (Some(id), Some(tool)) = (integer(row, 0), text(2).and_then(|word| tool_of(&word))) else { return };
            infos.push(EditInfo {
                id: EditId(id),
                author: text(1).map_or(Author::Person, Author::Model),
                reviewer: reviewers.remove(&id),
                tool,
                at_ms: integer(row, 3).unwrap_or_default(),
                changed: integer(row, 4).and_then(|changed| usize::try_from(changed).ok()).unwrap_or_default(),
                is_in_mask: done.contains(&id),
            });
        })?;
        Ok(infos)
    }

    /// One Edit of a case's journal, to see which voxels it changed.
    ///
    /// # Errors
    /// If there is none of this number or it cannot be read.
    pub fn edit(&self, case: CaseId, id: EditId) -> Result<Edit, ProjectError> {
        self.stored_edit(case, id.0)?.ok_or(ProjectError::NoSuchEdit(id.0))
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
}
