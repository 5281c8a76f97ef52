//! Several open cases: one is in the views, the others are parked and lose nothing meanwhile.

use std::sync::Arc;

use medley_project::CaseId;

use super::Workbench;
use crate::state::clerk::Request;
use crate::state::notices::Severity;
use crate::state::open_case::OpenCase;
use crate::state::tabs::Parked;
use crate::state::view::Subject;
use crate::texts;

impl Workbench {
    /// An open case, in the views or not.
    #[must_use]
    pub fn case_of(&self, id: CaseId) -> Option<&OpenCase> {
        self.case.as_ref().filter(|case| case.id == id).or_else(|| self.tabs.find(id).map(|parked| &parked.case))
    }

    /// The same, to be changed.
    pub fn case_of_mut(&mut self, id: CaseId) -> Option<&mut OpenCase> {
        let parked = self.tabs.parked_mut().iter_mut().map(|parked| &mut parked.case);
        self.case.iter_mut().chain(parked).find(|case| case.id == id)
    }

    /// Puts an open case into the views.
    pub fn switch_to(&mut self, id: CaseId) {
        if self.case.as_ref().is_some_and(|case| case.id == id) {
            return;
        }
        let Some(mut parked) = self.tabs.take(id) else { return };
        parked.views.take_settings_of(&self.views);
        let left = self.park_shown();
        self.put_in(parked);
        self.follow_in_comparison(left, id);
    }

    /// Goes so many tabs further.
    pub fn step_tab(&mut self, steps: isize) {
        let next = self.case.as_ref().and_then(|case| self.tabs.step(case.id, steps));
        if let Some(next) = next {
            self.switch_to(next);
        }
    }

    /// Closes a case: its mask is written first. One with a change that is not in the journal yet closes as soon as it is.
    pub fn close_tab(&mut self, id: CaseId) {
        let is_shown = self.case.as_ref().is_some_and(|case| case.id == id);
        if is_shown {
            self.finish_gesture();
        }
        let Some(case) = self.case_of(id) else { return };
        if case.unjournaled > 0 {
            self.tabs.close_later(id);
            return;
        }
        if case.unsaved > 0 {
            self.clerk.ask(Request::SaveMask(id, Arc::clone(&case.mask)));
        }
        self.leave_comparison_of(id);
        self.tabs.remove(id);
        if is_shown {
            let views = self.views.clone();
            self.case = None;
            self.finding = None;
            let next = self.tabs.last_left().and_then(|next| self.tabs.take(next));
            if let Some(mut next) = next {
                next.views.take_settings_of(&views);
                self.put_in(next);
            }
        }
    }

    /// Does something to an open case as if it were the one in the views.
    pub(crate) fn with_case<R>(&mut self, id: CaseId, act: impl FnOnce(&mut Self) -> R) -> Option<R> {
        if self.case.as_ref().is_some_and(|case| case.id == id) {
            return Some(act(self));
        }
        let (at, parked) = self.tabs.lend(id)?;
        let shown = self.take_out();
        self.put_in(parked);
        let result = act(self);
        if let Some(parked) = self.take_out() {
            self.tabs.lay_back(at, parked);
        }
        if let Some(shown) = shown {
            self.put_in(shown);
        }
        Some(result)
    }

    /// The case in the views makes room for another one; which it was.
    pub(super) fn park_shown(&mut self) -> Option<CaseId> {
        self.finish_gesture();
        let mut parked = self.take_out()?;
        // A comparison with its own proposal ends with this.
        parked.views.subject = Subject::Everything;
        let id = parked.case.id;
        self.tabs.park(parked);
        Some(id)
    }

    /// A change was put into the journal.
    pub(super) fn take_journaled(&mut self, id: CaseId) {
        let Some(case) = self.case_of_mut(id) else { return };
        case.unjournaled = case.unjournaled.saturating_sub(1);
        self.close_if_kept(id);
    }

    /// Closes a case that waited for its last change.
    pub(super) fn close_if_kept(&mut self, id: CaseId) {
        if self.tabs.is_closing(id) && self.case_of(id).is_some_and(|case| case.unjournaled == 0) {
            self.close_tab(id);
        }
    }

    /// Closes cases until the rest take no more memory than they may.
    pub(super) fn make_room(&mut self) {
        while let Some(id) = self.tabs.gives_way(self.case.as_ref(), self.compared()) {
            let name = self.case_of(id).map(|case| case.name.clone()).unwrap_or_default();
            self.close_tab(id);
            self.notices.push(Severity::Warning, texts::tabs::closed_for_room(&name));
        }
    }

    /// Writes the masks of parked cases that changed.
    pub(super) fn snapshot_parked(&mut self) {
        for parked in self.tabs.parked_mut().iter_mut().filter(|parked| parked.case.unsaved > 0) {
            parked.case.unsaved = 0;
            self.clerk.ask(Request::SaveMask(parked.case.id, Arc::clone(&parked.case.mask)));
        }
    }

    /// What the hand was doing is done, not lost, before another case comes into the views.
    fn finish_gesture(&mut self) {
        self.finish_stroke();
        self.drop_preview();
        self.correction.mask_file = None;
        self.leave_case();
    }

    fn take_out(&mut self) -> Option<Parked> {
        let case = self.case.take()?;
        Some(Parked { case, views: self.views.clone(), finding: self.finding.take() })
    }

    fn put_in(&mut self, parked: Parked) {
        let Parked { case, views, finding } = parked;
        self.views = views;
        self.case = Some(case);
        self.finding = finding;
    }
}

#[cfg(test)]
#[path = "tabs_tests.rs"]
mod tests;
