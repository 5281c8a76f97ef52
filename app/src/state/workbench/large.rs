//! Changes of a mask that are made on a thread of their own.

use std::sync::Arc;

use medley_annotate::{Acceptance, Edit, Proposal};

use super::Workbench;
use crate::clock::now_ms;
use crate::state::clerk::{JournalStep, Request};
use crate::state::large_change::{After, Beside, Change, Done, Task, Way, Work};
use crate::state::notices::Severity;
use crate::state::open_case::MaskChange;
use crate::texts::{history, proposal as texts, study, tabs};

impl Workbench {
    /// Whether an Edit is too much for one frame.
    pub(super) fn is_large(&self, edit: &Edit) -> bool {
        edit.region.len() > self.large.limit
    }

    /// Begins a change of the open case's mask; nothing else changes it until it is there.
    pub(super) fn begin_large(&mut self, work: Work) {
        let Some(case) = &mut self.case else { return };
        if !case.rests() {
            self.notices.push(Severity::Warning, history::IS_CHANGING);
            return;
        }
        case.begin_change();
        let beside = case.proposal.clone();
        self.ask_large(work, beside);
    }

    /// Compares a suggestion with the open case's mask, which may change meanwhile.
    pub(super) fn compare_proposal(&mut self, proposal: Proposal) {
        self.ask_large(Work::Compare, Some((proposal, Default::default())));
    }

    fn ask_large(&mut self, work: Work, beside: Option<Beside>) {
        let Some(case) = &self.case else { return };
        let queue = self.gpu.as_ref().map(|(_, queue)| queue.clone());
        self.large.ask(Task {
            case: case.id,
            mask: Arc::clone(&case.mask),
            version: case.mask_version(),
            work,
            beside,
            shown_on: case.textures.clone().zip(queue),
            at_ms: now_ms(),
        });
    }

    /// Makes the proposal, or only some labels of it, one Edit of the mask.
    pub fn accept_proposal(&mut self, only: Option<u16>) {
        if self.refuses_change() {
            return;
        }
        let part = Acceptance { labels: only.map(|label| vec![label]), region: None, locked: self.locked_labels() };
        if self.case.as_ref().is_some_and(|case| case.proposal.is_some() && case.may_paint()) {
            self.begin_large(Work::Accept(part, only.is_none()));
        }
    }

    /// Takes in what the thread has done. Once a frame.
    pub(super) fn poll_large(&mut self) {
        for done in self.large.poll() {
            self.take_large(done);
        }
    }

    /// Waits until every change that was begun is made: the study is about to be left.
    pub(super) fn finish_large(&mut self) {
        while let Some(done) = self.large.wait() {
            self.take_large(done);
        }
    }

    fn take_large(&mut self, done: Done) {
        // The case may be parked by now.
        let (id, is_proposal) = (done.case, matches!(done.after, After::ShowProposal));
        self.with_case(done.case, |workbench| match done.after {
            After::ShowProposal => workbench.take_comparison(done),
            _ => workbench.take_change(done),
        });
        let elsewhere = self.tabs.find(id).filter(|parked| is_proposal && parked.case.proposal.is_some());
        if let Some(parked) = elsewhere {
            self.notices.push(Severity::Done, tabs::proposal_ready(&parked.case.name));
        }
    }

    fn take_comparison(&mut self, done: Done) {
        let Some(case) = &mut self.case else { return };
        let Some((proposal, difference)) = done.beside else { return };
        match done.change {
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
            Ok(_) if case.mask_version() != done.version || case.is_painting() => self.compare_proposal(proposal),
            Ok(_) if difference.changed == 0 => self.notices.push(Severity::Done, texts::SAME_AS_MASK),
            Ok(_) => case.proposal = Some((proposal, difference)),
        }
    }

    fn take_change(&mut self, done: Done) {
        let Some(case) = &mut self.case else { return };
        case.end_change();
        let (id, is_done) = (case.id, done.change.is_ok());
        match done.change {
            Ok(Some(Change { edit, way, mask })) => {
                let old = std::mem::replace(&mut case.mask, mask);
                self.large.drop_later(old);
                if case.proposal.is_some() {
                    case.proposal = done.beside;
                }
                let region = edit.region;
                let step = match way {
                    Way::New => JournalStep::Edit(edit.clone()),
                    Way::Back => JournalStep::Undo,
                    Way::Again => JournalStep::Redo,
                };
                case.note(edit, way);
                // The device may have been lost meanwhile, and the case put on another.
                let is_shown = done.shown_on.as_ref().zip(case.textures.as_ref()).is_some_and(|(there, here)| Arc::ptr_eq(there, here));
                self.clerk.ask(Request::Journal(id, step));
                if is_shown {
                    self.measure.mask_changed(region);
                } else {
                    self.show_change(Some(MaskChange { region }));
                }
            }
            Ok(None) => {
                if let After::Imported(path, ..) = &done.after {
                    self.notices.push(Severity::Done, study::mask_is_the_same(path));
                }
            }
            Err(error) => self.notices.push(Severity::Error, error.to_string()),
        }
        let is_alike =
            |case: &crate::state::open_case::OpenCase| case.proposal.as_ref().is_some_and(|(_, difference)| difference.changed == 0);
        if is_done && matches!(done.after, After::CloseProposal) || self.case.as_ref().is_some_and(is_alike) {
            self.reject_proposal();
        }
        if let (true, After::Imported(_, present, names)) = (is_done, done.after) {
            self.know_labels(present, &names);
        }
        self.close_if_kept(id);
    }

    /// Shows what became of a change that was made here and now.
    pub(super) fn show_change(&self, change: Option<MaskChange>) {
        if let Some(change) = change {
            self.measure.mask_changed(change.region);
        }
        let (Some(change), Some(case), Some((_, queue))) = (change, &self.case, &self.gpu) else { return };
        if let Some(textures) = &case.textures {
            textures.write_mask(queue, &case.mask, change.region);
        }
    }
}

#[cfg(test)]
mod tests {
    use medley_annotate::{Brush, BrushShape, PaintRules};
    use medley_volume::{IndexBox, LabelMap};

    use super::*;
    use crate::testing::{sample_workbench, wait};

    fn rests(workbench: &Workbench) -> bool {
        workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint)
    }

    fn mask(workbench: &Workbench) -> LabelMap {
        LabelMap::clone(&workbench.case.as_ref().expect("a case").mask)
    }

    /// The proposal's difference is what would be counted anew.
    fn assert_followed(workbench: &Workbench) {
        let case = workbench.case.as_ref().expect("a case");
        let (proposal, difference) = case.proposal.as_ref().expect("a proposal");
        let anew = proposal.difference(&case.mask).expect("one grid");
        assert_eq!((difference.changed, &difference.per_label), (anew.changed, &anew.per_label));
    }

    fn a_proposal_from_its_coming_to_its_undoing(limit: usize) {
        let (mut workbench, _folder) = sample_workbench();
        workbench.large.limit = limit;
        let first = mask(&workbench);
        let middle = first.grid().shape().map(|side| side / 2);
        let mut labels = first.clone();
        for (label, from) in [(1, 0), (2, 6)] {
            let block = IndexBox { low: middle.map(|at| at + from), high: middle.map(|at| at + from + 5) };
            block.rows(first.grid().shape()).flatten().for_each(|offset| labels.set(offset, label));
        }
        workbench.lay_proposal(Proposal { labels: Arc::new(labels.clone()), model: "m".to_owned() });
        wait(&mut workbench, |workbench| workbench.case.as_ref().is_some_and(|case| case.proposal.is_some()));
        assert_followed(&workbench);
        // A stroke through both blocks, and its undoing.
        let at = first.grid().ras_of(medley_volume::VoxelIndex(middle));
        workbench.begin_stroke(Brush { label: 1, radius_mm: 12.0, shape: BrushShape::Ball, rules: PaintRules::default() });
        workbench.extend_stroke(at, None);
        workbench.finish_stroke();
        wait(&mut workbench, rests);
        assert_ne!(mask(&workbench), first);
        assert_followed(&workbench);
        workbench.undo();
        wait(&mut workbench, rests);
        assert_eq!(mask(&workbench), first);
        assert_followed(&workbench);
        let steps = workbench.case.as_ref().expect("a case").history.len();
        workbench.accept_proposal(Some(2));
        let [corner, held] = [[0; 3], first.grid().shape()].map(|voxel| voxel.map(|v| v.min(1)));
        let small = Edit::from_region(
            &first,
            IndexBox { low: corner, high: held },
            &[7],
            medley_annotate::Author::Person,
            medley_annotate::Tool::Fill,
            0,
        );
        workbench.apply_and_journal(small.expect("a change"));
        let case = workbench.case.as_ref().expect("a case");
        assert!(!case.may_paint() && case.history.len() == steps, "nothing else changes the mask meanwhile");
        assert!(workbench.notices.shown().iter().any(|notice| notice.text == history::IS_CHANGING));
        wait(&mut workbench, rests);
        assert_followed(&workbench);
        workbench.accept_proposal(None);
        wait(&mut workbench, rests);
        assert!(workbench.case.as_ref().is_some_and(|case| case.proposal.is_none()));
        assert_eq!(mask(&workbench), labels);
        for _ in 0..2 {
            workbench.undo();
            wait(&mut workbench, rests);
        }
        assert_eq!(mask(&workbench), first);
        workbench.redo();
        wait(&mut workbench, rests);
        // One that is begun when the window closes is made.
        workbench.redo();
        let folder = workbench.study.as_ref().expect("a study").folder.clone();
        let id = workbench.case.as_ref().expect("a case").id;
        drop(workbench);
        let study = medley_project::Study::open(&folder).expect("free again");
        assert_eq!(study.load_case(id).expect("opens").mask, labels);
    }

    #[test]
    fn proposals_come_are_followed_accepted_and_undone_here_and_on_the_thread() {
        a_proposal_from_its_coming_to_its_undoing(usize::MAX);
        a_proposal_from_its_coming_to_its_undoing(0);
    }
}
