use medley_annotate::Author;
use serde::Serialize;

use super::{CaseStatus, OriginCount, Source, StatusChange};
use crate::{CaseId, EditInfo, ProjectError, Study};

/// All that is known of how a case's mask came to be. Names no patient, and no person but by what reviewers call themselves.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseProvenance {
    /// The case's name.
    pub case: String,
    /// How far the work on its mask has come.
    pub status: CaseStatus,
    /// Who gave it that status, if somebody did and was named.
    pub reviewer: Option<String>,
    /// When it was given that status, in unix milliseconds; `None` if the journal alone tells it.
    pub status_at_ms: Option<i64>,
    /// Every status it was ever given.
    pub status_log: Vec<StatusChange>,
    /// Every Edit ever made to its mask, undone ones included.
    pub edits: Vec<EditInfo>,
    /// How many voxels of each label come from whom.
    pub origins: Vec<OriginCount>,
    /// Edits that could not be read; see [`super::OriginMap::unreadable`].
    pub unreadable: usize,
}

impl CaseProvenance {
    /// Voxels with a label that a model made and nobody has touched since.
    #[must_use]
    pub fn untouched_model_voxels(&self) -> usize {
        let is_untouched = |count: &&OriginCount| count.label != 0 && matches!(count.source, Some(Source::Model(_)));
        self.origins.iter().filter(is_untouched).map(|count| count.voxels).sum()
    }

    /// Voxels with any label.
    #[must_use]
    pub fn labelled_voxels(&self) -> usize {
        self.origins.iter().filter(|count| count.label != 0).map(|count| count.voxels).sum()
    }

    /// Edits that the mask holds now, those of persons and those of models.
    #[must_use]
    pub fn edits_in_mask(&self) -> (usize, usize) {
        let models = self.edits.iter().filter(|edit| edit.is_in_mask && matches!(edit.author, Author::Model(_))).count();
        (self.edits.iter().filter(|edit| edit.is_in_mask).count() - models, models)
    }
}

impl Study {
    /// How a case's mask came to be. All of its journal is read.
    ///
    /// # Errors
    /// As [`Study::origins`].
    pub fn provenance(&self, id: CaseId) -> Result<CaseProvenance, ProjectError> {
        let info = self.case(id)?;
        let status_log = self.status_log(id)?;
        let said = status_log.last().filter(|change| change.status == info.status);
        let (reviewer, status_at_ms) = (said.and_then(|change| change.reviewer.clone()), said.map(|change| change.at_ms));
        let edits = self.edits(id)?;
        let (origins, unreadable) = if edits.iter().any(|edit| edit.is_in_mask) {
            let map = self.origins(id)?;
            (map.counts(), map.unreadable)
        } else {
            (Vec::new(), 0)
        };
        Ok(CaseProvenance { case: info.name, status: info.status, reviewer, status_at_ms, status_log, edits, origins, unreadable })
    }
}
