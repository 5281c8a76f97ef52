//! The other label that a tool works with: which masks it can be taken from, and which it is.

use std::path::PathBuf;
use std::sync::Arc;

use medley_volume::LabelMap;

use super::Workbench;
use crate::state::clerk::Request;
use crate::state::correction::operand::{MaskFile, OperandSource};
use crate::state::correction::operation::{CombineRule, Operation};
use crate::state::notices::Severity;
use crate::texts::combine as texts;

impl Workbench {
    /// The masks on the voxels of the open case, with their names: its own first.
    #[must_use]
    pub fn operand_sources(&self) -> Vec<(OperandSource, String)> {
        let Some(case) = &self.case else { return Vec::new() };
        let grid = case.mask.grid();
        let mut sources = vec![(OperandSource::ThisMask, texts::THIS_MASK.to_owned())];
        sources.extend(case.proposal.is_some().then(|| (OperandSource::Proposal, texts::PROPOSAL.to_owned())));
        let beside = self.tabs.parked().iter().map(|parked| &parked.case).filter(|other| grid.require_same(other.mask.grid()).is_ok());
        sources.extend(beside.map(|other| (OperandSource::Case(other.id), texts::mask_of(&other.name))));
        sources.extend(self.mask_file().map(|file| (OperandSource::File, texts::file(&file.path))));
        sources
    }

    /// The labels that the chosen mask may hold, with their names. The active one is none of them where it is the mask worked on.
    #[must_use]
    pub fn operand_labels(&self) -> Vec<(u16, String)> {
        let known = self.study.as_ref().map(|study| &study.labels);
        let source = self.correction.options.source;
        if let (OperandSource::File, Some(file)) = (source, self.mask_file()) {
            let name =
                |value: u16, own: &str| known.and_then(|known| known.get(value)).map_or_else(|| own.to_owned(), |label| label.name.clone());
            return file.present.labels().iter().map(|label| (label.value, name(label.value, &label.name))).collect();
        }
        let all = known.into_iter().flat_map(|known| known.labels());
        let is_another = |value: u16| source != OperandSource::ThisMask || value != self.active_label;
        all.filter(|label| is_another(label.value)).map(|label| (label.value, label.name.clone())).collect()
    }

    /// The mask that the chosen source means; `None` for the one worked on.
    pub(super) fn operand_mask(&self) -> Option<Arc<LabelMap>> {
        match self.correction.options.source {
            OperandSource::ThisMask => None,
            OperandSource::Proposal => {
                let (proposal, _) = self.case.as_ref()?.proposal.as_ref()?;
                Some(Arc::clone(&proposal.labels))
            }
            OperandSource::Case(id) => self.tabs.find(id).map(|parked| Arc::clone(&parked.case.mask)),
            OperandSource::File => self.mask_file().map(|file| Arc::clone(&file.labels)),
        }
    }

    /// Takes the other label from another mask. One that may hold the active label is first looked at for that.
    pub fn choose_operand(&mut self, source: OperandSource) {
        self.correction.options.source = source;
        let is_there = |workbench: &Self, label: u16| workbench.operand_labels().iter().any(|(value, _)| *value == label);
        if source != OperandSource::ThisMask && !is_there(self, self.correction.options.other) {
            self.correction.options.other = if is_there(self, self.active_label) { self.active_label } else { 0 };
        }
    }

    /// A source that is gone (a proposal rejected, a case closed) is chosen no longer.
    pub(super) fn settle_operand(&mut self) {
        let source = self.correction.options.source;
        if source != OperandSource::ThisMask && self.operand_mask().is_none() {
            self.choose_operand(OperandSource::ThisMask);
        }
    }

    /// Shows the options for putting labels together in one way. What is of use only with another mask begins with the first there is.
    pub fn combine(&mut self, rule: CombineRule) {
        self.choose_operation(Operation::Combine);
        self.correction.options.combining = rule;
        if rule != self.correction.options.combining_now() {
            match self.operand_sources().get(1) {
                Some((source, _)) => self.choose_operand(*source),
                None => self.notices.push(Severity::Warning, texts::NO_OTHER_MASK),
            }
        }
    }

    /// Reads a mask to work with.
    pub fn read_operand(&self, path: PathBuf) {
        if let Some(case) = &self.case {
            self.clerk.ask(Request::ReadOperand(case.id, *case.mask.grid(), path));
        }
    }

    /// A mask to work with was read.
    pub(super) fn take_operand(&mut self, file: MaskFile) {
        if self.case.as_ref().is_none_or(|case| case.id != file.case) {
            return;
        }
        if file.present.labels().is_empty() {
            self.notices.push(Severity::Warning, texts::empty(&file.path));
            return;
        }
        self.correction.mask_file = Some(file);
        if !matches!(self.correction.operation, Some(Operation::Combine | Operation::Crop)) {
            self.choose_operation(Operation::Combine);
        }
        self.choose_operand(OperandSource::File);
    }

    fn mask_file(&self) -> Option<&MaskFile> {
        let case = self.case.as_ref()?;
        self.correction.mask_file.as_ref().filter(|file| file.case == case.id)
    }
}

#[cfg(test)]
#[path = "operands_tests.rs"]
mod tests;
