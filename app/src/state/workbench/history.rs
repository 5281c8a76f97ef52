//! The list of steps: going to one of them, and taking one back alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use medley_annotate::TakenBack;
use medley_project::CaseId;

use super::Workbench;
use crate::state::clerk::{JournalStep, Request};
use crate::state::large_change::Work;
use crate::state::notices::Severity;
use crate::texts::history as texts;

/// How long steps are taken back or done again within one frame. A jump over more goes on in the next.
const PER_FRAME: Duration = Duration::from_millis(6);

impl Workbench {
    /// Takes the mask to where so many steps of its history are done.
    pub fn jump_to(&mut self, position: usize) {
        if self.refuses_change() {
            return;
        }
        self.drop_preview();
        self.jump = self.case.as_ref().map(|case| (case.id, position));
        self.poll_history();
    }

    /// Whether the mask is on its way to another position of its history.
    #[must_use]
    pub fn is_jumping(&self) -> bool {
        self.jump.is_some()
    }

    /// Goes on with a jump. Once a frame.
    pub(super) fn poll_history(&mut self) {
        let Some((id, position)) = self.jump else { return };
        let Some(case) = self.case.as_mut().filter(|case| case.id == id && !case.is_painting()) else {
            self.jump = None;
            return;
        };
        let limit = self.large.limit;
        let (at, next) =
            (case.history.len(), if case.history.len() > position { case.history.next_undo() } else { case.history.next_redo() });
        if let Some(step) = next.filter(|step| at != position && step.region.len() > limit) {
            if case.may_paint() {
                let step = step.clone();
                self.begin_large(if at > position { Work::TakeBack(step) } else { Work::DoAgain(step) });
            }
            return;
        }
        match case.jump_towards(position, Instant::now() + PER_FRAME, limit) {
            Ok(Some((change, steps))) => {
                self.clerk.ask(Request::Journal(id, JournalStep::Jump(steps)));
                self.show_change(Some(change));
            }
            // Either it is there, or the journal has not taken the last steps yet.
            Ok(None) if case.may_paint() => {
                self.jump = None;
            }
            Ok(None) => {}
            Err(error) => {
                self.jump = None;
                self.notices.push(Severity::Error, error.to_string());
            }
        }
    }

    /// Takes one step back and none after it: at first the clerk works out what remains of it.
    pub fn take_back_only(&mut self, step: usize) {
        if self.refuses_change() {
            return;
        }
        let Some(case) = &self.case else { return };
        match case.history.step_alone(step) {
            Ok(alone) => {
                self.clerk.ask(Request::TakeBack(case.id, case.mask_version(), Box::new(alone), Arc::clone(&case.mask)));
            }
            Err(error) => self.notices.push(Severity::Warning, error.to_string()),
        }
    }

    /// What remains of a step is known.
    pub(super) fn take_step_back(&mut self, id: CaseId, version: u64, taken: Result<TakenBack, String>) {
        let Some(case) = self.case.as_mut().filter(|case| case.id == id) else { return };
        if case.mask_version() != version || !case.rests() {
            self.notices.push(Severity::Warning, texts::CHANGED_MEANWHILE);
            return;
        }
        match taken {
            Ok(TakenBack { edit: Some(edit), kept }) => {
                let given = edit.changed;
                self.apply_and_journal(edit);
                self.notices.push(Severity::Done, texts::taken_back(given, kept));
                self.chosen_step = None;
            }
            Ok(TakenBack { edit: None, .. }) => self.notices.push(Severity::Warning, texts::NOTHING_LEFT),
            Err(sentence) => self.notices.push(Severity::Error, sentence),
        }
    }
}

#[cfg(test)]
mod tests {
    use medley_annotate::{Author, Edit, Tool};
    use medley_io::StoredGeometry;
    use medley_project::{CaseStatus, Role, Study};
    use medley_volume::{Grid, IndexBox, LabelTable, Quantity, Scaling, Volume, Voxels};

    use super::*;
    use crate::state::workbench::OpenFirst;

    const SHAPE: [usize; 3] = [12, 10, 8];

    /// A study with one scan, in which a model filled slice 0 and a person slices 1 to 4.
    fn study(folder: &std::path::Path) -> Study {
        let grid = Grid::axis_aligned(SHAPE, [1.0; 3]).expect("a grid");
        let volume = Volume::new(grid, Voxels::I16(vec![7; grid.len()]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let image = folder.join("scan.nii");
        medley_io::write_volume(&image, &volume, &StoredGeometry::of_grid(&grid)).expect("written");
        let study = Study::create(folder, &LabelTable::from_names([(1, "liver")])).expect("made");
        let case = study.add_case("scan", &image, Role::Training).expect("added");
        let mut mask = study.load_case(case).expect("opens").mask;
        for k in 0..5 {
            let region = IndexBox { low: [0, 0, k], high: [SHAPE[0], SHAPE[1], k + 1] };
            let (author, tool) = if k == 0 { (Author::Model("m".to_owned()), Tool::Proposal) } else { (Author::Person, Tool::Brush) };
            let edit = Edit::from_region(&mask, region, &vec![1; region.len()], author, tool, 5).expect("a change");
            edit.apply(&mut mask).expect("fits");
            study.journal_edit(case, &edit).expect("journaled");
        }
        study
    }

    fn open(folder: &std::path::Path) -> Workbench {
        let mut workbench = Workbench::new(None, &OpenFirst::Path(folder.to_owned()), Arc::new(|| {})).expect("threads");
        until(&mut workbench, |workbench| workbench.case.is_some());
        workbench
    }

    fn until(workbench: &mut Workbench, is_so: impl Fn(&Workbench) -> bool) {
        let begin = Instant::now();
        while !is_so(workbench) {
            assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", workbench.notices.shown());
            workbench.poll();
            std::thread::yield_now();
        }
    }

    fn is_at_rest(workbench: &Workbench) -> bool {
        !workbench.is_jumping() && workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::may_paint)
    }

    fn labelled(workbench: &Workbench) -> usize {
        workbench.case.as_ref().map_or(0, |case| case.mask.counts().get(&1).copied().unwrap_or_default()) / (SHAPE[0] * SHAPE[1])
    }

    #[test]
    fn jumps_and_single_steps_taken_back_are_in_the_journal() {
        // Here and now, and each step on the thread of large ones.
        jumps_and_single_steps(usize::MAX);
        jumps_and_single_steps(0);
    }

    fn jumps_and_single_steps(limit: usize) {
        let folder = tempfile::tempdir().expect("a folder");
        drop(study(folder.path()));
        let mut workbench = open(folder.path());
        workbench.large.limit = limit;
        assert_eq!(labelled(&workbench), 5);
        workbench.jump_to(1);
        until(&mut workbench, is_at_rest);
        assert_eq!(labelled(&workbench), 1);
        workbench.jump_to(99);
        until(&mut workbench, is_at_rest);
        assert_eq!(labelled(&workbench), 5);
        workbench.take_back_only(2);
        until(&mut workbench, |workbench| labelled(workbench) == 4);
        until(&mut workbench, is_at_rest);
        let title = workbench.case.as_ref().and_then(|case| case.history.undo_title());
        assert_eq!(title.as_deref(), Some(Tool::TakeBack.title()));
        workbench.jump_to(3);
        until(&mut workbench, is_at_rest);
        drop(workbench);
        let study = Study::open(folder.path()).expect("free again");
        let open = study.load_case(study.cases().expect("cases")[0].id).expect("opens");
        assert_eq!((open.history.len(), open.history.redo_len()), (3, 3));
        assert_eq!(open.mask.counts().get(&1), Some(&(3 * SHAPE[0] * SHAPE[1])));
    }

    #[test]
    fn a_second_window_looks_and_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let study = study(folder.path());
        let mut workbench = open(folder.path());
        assert!(workbench.study.as_ref().is_some_and(|study| study.read_only.is_some()));
        assert_eq!(labelled(&workbench), 5);
        workbench.undo();
        workbench.jump_to(0);
        workbench.take_back_only(1);
        workbench.save_mask();
        assert_eq!(labelled(&workbench), 5);
        assert!(workbench.notices.shown().iter().any(|notice| notice.text.contains("can only be looked at")));
        assert!(crate::command::Command::Undo.obstacle(&workbench).is_some_and(|why| why.contains("only be looked at")));
        drop(workbench);
        let case = study.cases().expect("cases")[0].id;
        assert_eq!(study.edits(case).expect("edits").iter().filter(|edit| edit.is_in_mask).count(), 5);
    }

    /// On other systems an open database cannot be deleted.
    #[cfg(unix)]
    #[test]
    fn a_database_deleted_underneath_is_put_back_and_takes_the_step_that_met_it() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(study(folder.path()));
        let mut workbench = open(folder.path());
        std::fs::remove_file(folder.path().join("study.sqlite")).expect("deleted");
        workbench.undo();
        until(&mut workbench, is_at_rest);
        workbench.undo();
        until(&mut workbench, is_at_rest);
        let told: Vec<&str> = workbench.notices.shown().iter().map(|notice| notice.text.as_str()).collect();
        assert_eq!(told, [crate::texts::provenance::PUT_BACK]);
        drop(workbench);
        let study = Study::open(folder.path()).expect("free again");
        let open = study.load_case(study.cases().expect("cases")[0].id).expect("opens");
        assert_eq!((open.history.len(), open.history.redo_len()), (3, 2));
    }

    #[test]
    fn who_did_what_is_told_and_nothing_changes_while_the_slices_show_it() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(study(folder.path()));
        let mut workbench = open(folder.path());
        workbench.toggle_provenance();
        until(&mut workbench, |workbench| workbench.provenance.told.is_some());
        let told = |workbench: &Workbench| workbench.provenance.told.clone().map(|(_, told)| told).expect("told");
        assert_eq!(told(&workbench).untouched_model_voxels(), SHAPE[0] * SHAPE[1]);
        let case = workbench.case.as_ref().map(|case| case.id).expect("open");
        workbench.set_reviewer(" MK ");
        workbench.set_status(case, CaseStatus::Approved);
        until(&mut workbench, |workbench| told(workbench).status == CaseStatus::Approved);
        assert_eq!(told(&workbench).reviewer.as_deref(), Some("MK"));
        assert!(workbench.provenance.is_open);
        assert_eq!(workbench.study.as_ref().and_then(|study| study.reviewer.as_deref()), Some("MK"));

        workbench.toggle_origins();
        until(&mut workbench, |workbench| workbench.provenance.shows_origins());
        assert!(!workbench.provenance.is_open, "it would lie over the slices");
        assert_eq!(workbench.palette.color(1), [230, 159, 0, 255]);
        workbench.undo();
        assert_eq!(labelled(&workbench), 5);
        workbench.toggle_origins();
        until(&mut workbench, |workbench| workbench.change_obstacle().is_none());
        workbench.undo();
        assert_eq!(labelled(&workbench), 4);
        until(&mut workbench, |workbench| workbench.study.as_ref().is_some_and(|study| study.cases[0].status == CaseStatus::Corrected));
    }
}
