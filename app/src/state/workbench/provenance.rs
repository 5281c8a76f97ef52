//! Who did what: the page of it, the status of cases, and what stands in the way of changes.

use std::sync::Arc;
use std::time::Instant;

use medley_project::provenance::CaseProvenance;
use medley_project::{CaseId, CaseStatus};

use super::Workbench;
use crate::render::Palette;
use crate::state::clerk::Request;
use crate::state::notices::Severity;
use crate::state::provenance::{Origins, ProvenancePage};
use crate::texts::provenance as texts;

impl Workbench {
    /// Why nothing of the study can be changed here; `None` if it can.
    #[must_use]
    pub fn read_only_obstacle(&self) -> Option<&'static str> {
        let is_read_only = self.study.as_ref().is_some_and(|study| study.read_only.is_some());
        is_read_only.then_some(texts::READ_ONLY_OBSTACLE)
    }

    /// Why the open mask cannot be changed now; `None` if it can.
    #[must_use]
    pub fn change_obstacle(&self) -> Option<&'static str> {
        let is_shown = self.provenance.origins != Origins::Off;
        let is_leaving = self.may_leave_study && self.loading.is_some();
        let why = self.read_only_obstacle().or(is_shown.then_some(texts::SHOWN_OBSTACLE));
        why.or(is_leaving.then_some(crate::texts::history::OPENING_OBSTACLE))
    }

    /// Whether the open mask cannot be changed now; says why.
    pub(super) fn refuses_change(&mut self) -> bool {
        let obstacle = self.change_obstacle();
        if let Some(why) = obstacle {
            self.notices.push(Severity::Warning, why);
        }
        obstacle.is_some()
    }

    /// Opens or closes the page.
    pub fn toggle_provenance(&mut self) {
        self.provenance.is_open = !self.provenance.is_open;
    }

    /// Gives a case a status.
    pub fn set_status(&mut self, case: CaseId, status: CaseStatus) {
        self.clerk.ask(Request::SetStatus(case, status));
    }

    /// Says who reviews from now on; nobody if it is empty.
    pub fn set_reviewer(&mut self, name: &str) {
        self.clerk.ask(Request::SetReviewer(Some(name.to_owned())));
    }

    /// Shows on the slices who made what, or the labels again.
    pub fn toggle_origins(&mut self) {
        let Some(case) = self.case.as_ref().filter(|case| case.may_paint()) else { return };
        let (id, textures, mask) = (case.id, case.textures.clone(), Arc::clone(&case.mask));
        match self.provenance.origins {
            Origins::Off => {
                self.drop_preview();
                self.jump = None;
                self.provenance.origins = Origins::Coming;
                // It would lie over what is shown.
                self.provenance.is_open = false;
                self.clerk.ask(Request::ShowOrigins(id, textures));
            }
            Origins::Shown => {
                self.provenance.origins = Origins::Leaving;
                self.clerk.ask(Request::ShowMask(id, textures, mask));
            }
            Origins::Coming | Origins::Leaving => {}
        }
    }

    /// Asks for what the page shows, once the mask rests. Once a frame.
    pub(super) fn poll_provenance(&mut self) {
        let Some(case) = &self.case else { return };
        let listed = self.study.iter().flat_map(|study| &study.cases).find(|listed| listed.id == case.id);
        let status = listed.map_or("", |listed| listed.status.word());
        let state = (case.id, case.mask_version(), case.unjournaled, status);
        if self.provenance.must_ask(state, Instant::now()) {
            self.clerk.ask(Request::TellProvenance(case.id));
        }
    }

    /// The open case gives way to another, or to none.
    pub(super) fn leave_case(&mut self) {
        self.jump = None;
        self.chosen_step = None;
        let shows_origins = self.provenance.origins != Origins::Off;
        self.provenance.leave();
        if shows_origins {
            // The case stays open in its tab, and shows its labels when it comes back.
            if let Some(case) = &self.case {
                self.clerk.ask(Request::ShowMask(case.id, case.textures.clone(), Arc::clone(&case.mask)));
            }
            let labels = self.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
            self.set_palette(&labels);
        }
    }

    pub(super) fn take_provenance(&mut self, id: CaseId, told: CaseProvenance) {
        if self.case.as_ref().is_some_and(|case| case.id == id) {
            self.provenance.told = Some((id, told));
        }
    }

    pub(super) fn take_origins(&mut self, id: CaseId, is_shown: bool) {
        if self.provenance.origins != Origins::Coming || self.case.as_ref().is_none_or(|case| case.id != id) {
            return;
        }
        self.provenance.origins = if is_shown { Origins::Shown } else { Origins::Off };
        if is_shown {
            self.palette = Arc::new(Palette::of(&ProvenancePage::palette()));
        }
    }

    pub(super) fn take_mask_shown(&mut self, id: CaseId) {
        if self.case.as_ref().is_some_and(|case| case.id == id) {
            self.provenance.origins = Origins::Off;
            let labels = self.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
            self.set_palette(&labels);
        }
    }

    pub(super) fn take_reviewer(&mut self, name: Option<String>) {
        if let Some(study) = &mut self.study {
            study.reviewer = name;
        }
        self.provenance.reviewer_draft = None;
    }
}
