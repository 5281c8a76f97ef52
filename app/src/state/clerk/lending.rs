//! What the study has to learn from, handed to the worker one case at a time.

use std::sync::Arc;

use medley_learn::TrainingCase;
use medley_project::{CaseId, Role};

use super::{Desk, sentence};

impl Desk {
    pub(super) fn learnable(&mut self) -> Result<Vec<(CaseId, Role)>, String> {
        self.journal_backlog();
        let cases = self.study_mut()?.cases().map_err(sentence)?;
        Ok(cases.into_iter().filter(|case| case.is_corrected).map(|case| (case.id, case.role)).collect())
    }

    pub(super) fn classified(&mut self) -> Result<Vec<(CaseId, Role, String)>, String> {
        let cases = self.study_mut()?.cases().map_err(sentence)?;
        Ok(cases.into_iter().filter_map(|case| Some((case.id, case.role, case.class?))).collect())
    }

    pub(super) fn lend(&mut self, id: CaseId) -> Result<TrainingCase, String> {
        let study = self.study_mut()?;
        let name = study.case(id).map_err(sentence)?.name;
        let case = study.load_case(id).map_err(sentence)?;
        Ok(TrainingCase { name, image: Arc::new(case.volume), truth: Arc::new(case.mask), never_annotated: Vec::new() })
    }
}
