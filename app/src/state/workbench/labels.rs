//! Labels, and what cases are for.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use medley_project::CaseId;
use medley_volume::{Label, LabelTable};

use super::Workbench;
use crate::render::Palette;
use crate::state::clerk::Request;
use crate::state::label_sets::LabelSet;
use crate::state::notices::Severity;
use crate::texts::labels as texts;

impl Workbench {
    /// Keeps a changed label table and draws by it.
    pub fn set_labels(&mut self, labels: LabelTable) {
        self.set_palette(&labels);
        // Whoever only looks may choose what to see, for as long as the window is open.
        if self.read_only_obstacle().is_none() {
            self.clerk.ask(Request::SetLabels(labels.clone()));
        }
        if let Some(study) = &mut self.study {
            study.labels = labels;
        }
    }

    /// Gives labels that a mask brought and that nobody knew names: its file's, where it has any.
    pub(super) fn know_labels(&mut self, mut present: Vec<u16>, names: &LabelTable) {
        let Some(mut labels) = self.study.as_ref().map(|study| study.labels.clone()) else { return };
        present.retain(|&value| value != 0 && labels.get(value).is_none());
        if present.is_empty() {
            return;
        }
        present.iter().filter_map(|&value| names.get(value)).for_each(|label| labels.insert(label.clone()));
        labels.add_unknown(present);
        self.set_labels(labels);
    }

    /// Gives labels that a tool brought and that nobody knew names.
    pub(super) fn name_new_labels(&mut self, mut values: BTreeSet<u16>) {
        let Some(mut labels) = self.study.as_ref().map(|study| study.labels.clone()) else { return };
        values.retain(|value| labels.get(*value).is_none());
        if !values.is_empty() {
            labels.add_unknown(values);
            self.set_labels(labels);
        }
    }

    /// Takes the names and colours of a label set.
    pub fn take_label_set(&mut self, set: LabelSet) {
        let Ok(names) = set.table() else { return };
        self.take_names(&names, texts::taken(texts::set(set), names.labels().len()));
    }

    /// Takes names and colours from a file.
    pub(super) fn take_label_names(&mut self, path: &Path, names: &LabelTable) {
        let named = names.labels().len();
        self.take_names(names, texts::taken_from(named, path));
    }

    /// Labels that are not named stay as they are, and so do locks.
    fn take_names(&mut self, names: &LabelTable, done: String) {
        let Some(mut labels) = self.study.as_ref().map(|study| study.labels.clone()) else { return };
        for new in names.labels() {
            let is_locked = labels.get(new.value).is_some_and(|label| label.is_locked);
            labels.insert(Label { is_locked, ..new.clone() });
        }
        self.set_labels(labels);
        self.notices.push(Severity::Done, done);
    }

    pub(super) fn set_palette(&mut self, labels: &LabelTable) {
        if !self.provenance.shows_origins() {
            let is_safe = self.hands.settings.has_safe_label_colors;
            self.palette = Arc::new(if is_safe { Palette::safe(labels) } else { Palette::of(labels) });
        }
    }

    /// The labels that no tool and no proposal may change.
    pub(super) fn locked_labels(&self) -> Vec<u16> {
        let labels = self.study.iter().flat_map(|study| study.labels.labels());
        labels.filter(|label| label.is_locked).map(|label| label.value).collect()
    }

    /// The label `steps` further in the list becomes the one painted.
    pub fn step_label(&mut self, steps: isize) {
        let Some(labels) = self.study.as_ref().map(|study| study.labels.labels()).filter(|labels| !labels.is_empty()) else { return };
        let at = labels.iter().position(|label| label.value == self.active_label).unwrap_or(0) as isize;
        let next = (at + steps).rem_euclid(labels.len() as isize) as usize;
        self.active_label = labels[next].value;
    }

    /// Marks a case as corrected: it is learned from (or measured on) from the next fine-tuning on.
    pub fn set_corrected(&mut self, case: CaseId, is_corrected: bool) {
        self.clerk.ask(Request::SetCorrected(case, is_corrected));
    }

    /// Says what a case is for.
    pub fn set_role(&mut self, case: CaseId, role: medley_project::Role) {
        self.clerk.ask(Request::SetRole(case, role));
    }
}
