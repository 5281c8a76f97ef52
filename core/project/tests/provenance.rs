//! Who did what, status and reviewers: as written, as read after opening again, and after rows were altered.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use medley_annotate::{Author, Edit, Tool};
use medley_project::provenance::{CaseStatus, Source, csv};
use medley_project::{CaseId, EditId, ProjectError, Study};
use medley_volume::{IndexBox, LabelMap};
use rusqlite::Connection;

struct Drawing {
    folder: tempfile::TempDir,
    study: Study,
    case: CaseId,
    mask: LabelMap,
}

impl Drawing {
    fn begin() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (study, case) = common::new_study(folder.path());
        let mask = study.load_case(case).expect("opens").mask;
        Self { folder, study, case, mask }
    }

    /// Fills slice `k`.
    fn draw(&mut self, k: usize, label: u16, author: Author, tool: Tool) {
        let [width, height, _] = common::SHAPE;
        let region = IndexBox { low: [0, 0, k], high: [width, height, k + 1] };
        let edit = Edit::from_region(&self.mask, region, &vec![label; region.len()], author, tool, 1000).expect("a change");
        edit.apply(&mut self.mask).expect("fits");
        self.study.journal_edit(self.case, &edit).expect("journaled");
    }

    fn brush(&mut self, k: usize, label: u16) {
        self.draw(k, label, Author::Person, Tool::Brush);
    }

    fn propose(&mut self, k: usize, label: u16) {
        self.draw(k, label, Author::Model("m1".to_owned()), Tool::Proposal);
    }

    fn status(&self) -> CaseStatus {
        let info = self.study.case(self.case).expect("a case");
        assert_eq!(info.is_corrected, info.status.is_corrected());
        assert_eq!(self.study.cases().expect("cases")[0], info, "one by one and all at once tell the same");
        info.status
    }

    fn reopen(self) -> Self {
        let Self { folder, study, case, .. } = self;
        drop(study);
        let study = Study::open(folder.path()).expect("opens");
        let mask = study.load_case(case).expect("opens").mask;
        Self { folder, study, case, mask }
    }
}

#[test]
fn the_status_is_told_by_the_journal_until_somebody_says_otherwise() {
    let mut drawing = Drawing::begin();
    assert_eq!(drawing.status(), CaseStatus::New);
    drawing.propose(0, 1);
    assert_eq!(drawing.status(), CaseStatus::Proposed);
    drawing.draw(1, 1, Author::Person, Tool::Import);
    assert_eq!(drawing.status(), CaseStatus::Proposed, "a mask that is brought along is nobody's work here");
    drawing.brush(2, 1);
    assert_eq!(drawing.status(), CaseStatus::InCorrection);
    drawing.study.journal_undo(drawing.case).expect("journaled");
    assert_eq!(drawing.status(), CaseStatus::Proposed);
    drawing = drawing.reopen();
    assert_eq!(drawing.status(), CaseStatus::Proposed);
    drawing.study.journal_redo(drawing.case).expect("journaled");
    drawing = drawing.reopen();
    assert_eq!(drawing.status(), CaseStatus::InCorrection);
    drawing.study.journal_jump(drawing.case, -3).expect("journaled");
    assert_eq!(drawing.status(), CaseStatus::New);
}

#[test]
fn an_approval_holds_for_the_mask_that_was_approved() {
    let mut drawing = Drawing::begin();
    drawing.brush(0, 1);
    drawing.study.set_status(drawing.case, CaseStatus::Approved).expect("set");
    assert_eq!(drawing.status(), CaseStatus::Approved);
    drawing.study.set_corrected(drawing.case, true).expect("set");
    assert_eq!(drawing.status(), CaseStatus::Approved, "approved is corrected already");
    drawing.brush(1, 1);
    assert_eq!(drawing.status(), CaseStatus::Corrected);
    drawing.study.journal_undo(drawing.case).expect("journaled");
    assert_eq!(drawing.status(), CaseStatus::Approved);
    drawing.study.journal_redo(drawing.case).expect("journaled");
    drawing.study.set_status(drawing.case, CaseStatus::Proposed).expect("set");
    assert_eq!(drawing.status(), CaseStatus::Proposed);
    drawing.brush(2, 1);
    assert_eq!(drawing.status(), CaseStatus::InCorrection);
    drawing.study.set_corrected(drawing.case, true).expect("set");
    assert_eq!(drawing.status(), CaseStatus::Corrected);
    drawing.study.set_corrected(drawing.case, false).expect("set");
    assert_eq!(drawing.status(), CaseStatus::InCorrection);
    drawing = drawing.reopen();
    assert_eq!(drawing.status(), CaseStatus::InCorrection);
    let words: Vec<&str> = drawing.study.status_log(drawing.case).expect("a log").iter().map(|change| change.status.word()).collect();
    assert_eq!(words, ["approved", "proposed", "corrected", "in_correction"]);
    assert!(matches!(drawing.study.set_status(CaseId(9), CaseStatus::New), Err(ProjectError::NoSuchCase(_))));
}

#[test]
fn reviewers_stand_behind_what_was_done_while_they_were_named() {
    let mut drawing = Drawing::begin();
    drawing.brush(0, 1);
    drawing.study.set_reviewer(Some(" MK ")).expect("set");
    drawing.propose(1, 1);
    drawing.study.set_status(drawing.case, CaseStatus::Corrected).expect("set");
    drawing.study.set_reviewer(Some("Jo")).expect("set");
    drawing.brush(2, 2);
    drawing.study.set_reviewer(None).expect("set");
    drawing.brush(3, 2);
    drawing = drawing.reopen();
    assert_eq!(drawing.study.reviewer().expect("read"), None);
    let reviewers = |drawing: &Drawing| -> Vec<Option<String>> {
        drawing.study.edits(drawing.case).expect("edits").into_iter().map(|edit| edit.reviewer).collect()
    };
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(reviewers(&drawing), [None, named("MK"), named("Jo"), None]);
    let log = drawing.study.status_log(drawing.case).expect("a log");
    assert_eq!((log[0].reviewer.as_deref(), log[0].after), (Some("MK"), Some(EditId(2))));

    // No name can be changed or moved to another row.
    let path = drawing.folder.path().to_owned();
    let sql = |change: &str| {
        let database = Connection::open(path.join("study.sqlite")).expect("opens");
        database.execute_batch(change).expect("changed");
    };
    drop(drawing.study);
    sql("UPDATE event_reviewer SET reviewer = 'X' WHERE event_id = 2; UPDATE event_reviewer SET event_id = 4 WHERE event_id = 3;");
    sql("UPDATE status SET reviewer = 'X'");
    let study = Study::open(&path).expect("opens");
    assert!(study.edits(drawing.case).expect("edits").iter().all(|edit| edit.reviewer.is_none()));
    assert!(study.status_log(drawing.case).expect("a log").is_empty());
    assert_eq!(
        study.case(drawing.case).expect("a case").status,
        CaseStatus::Corrected,
        "what may be learned from is known without the log"
    );
}

#[test]
fn a_study_of_the_third_format_keeps_its_seals_and_gets_a_log() {
    let mut drawing = Drawing::begin();
    (0..4).for_each(|k| drawing.brush(k, 1));
    drawing.study.set_corrected(drawing.case, true).expect("set");
    let Drawing { folder, study, case, mask } = drawing;
    drop(study);
    let seals = || -> Vec<Vec<u8>> {
        let database = Connection::open(folder.path().join("study.sqlite")).expect("opens");
        let mut statement = database.prepare("SELECT seal FROM event ORDER BY id").expect("a table");
        statement.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("seals")
    };
    let before = seals();
    {
        let database = Connection::open(folder.path().join("study.sqlite")).expect("opens");
        database.execute_batch("DROP TABLE status; DROP TABLE event_reviewer; PRAGMA user_version = 3;").expect("changed");
    }
    let study = Study::open(folder.path()).expect("opens");
    let open = study.load_case(case).expect("opens");
    assert_eq!((open.notices, common::labels(&open.mask)), (vec![], common::labels(&mask)));
    assert_eq!(study.case(case).expect("a case").status, CaseStatus::Corrected);
    study.set_reviewer(Some("MK")).expect("set");
    study.set_status(case, CaseStatus::Approved).expect("set");
    study.journal_undo(case).expect("journaled");
    assert_eq!(study.status_log(case).expect("a log").len(), 1);
    drop(study);
    assert_eq!(seals()[..4], before);
}

#[test]
fn the_report_counts_what_a_model_made_and_nobody_touched() {
    let mut drawing = Drawing::begin();
    let slice = common::SHAPE[0] * common::SHAPE[1];
    (0..4).for_each(|k| drawing.propose(k, 1));
    drawing.draw(4, 2, Author::Person, Tool::Import);
    drawing.brush(1, 2);
    drawing.brush(1, 1);
    drawing.brush(2, 0);
    drawing.brush(3, 2);
    drawing.study.journal_undo(drawing.case).expect("journaled");
    drawing.study.set_reviewer(Some("MK")).expect("set");
    drawing.study.set_status(drawing.case, CaseStatus::Approved).expect("set");
    let report = drawing.study.provenance(drawing.case).expect("read");
    assert_eq!((report.status, report.reviewer.as_deref()), (CaseStatus::Approved, Some("MK")));
    assert_eq!((report.edits.len(), report.edits_in_mask(), report.unreadable), (9, (4, 4), 0));
    assert_eq!((report.untouched_model_voxels(), report.labelled_voxels()), (2 * slice, 4 * slice));
    let voxels = |source: Option<Source>, label: u16| {
        report.origins.iter().find(|count| count.source == source && count.label == label).map(|count| count.voxels)
    };
    let model = Some(Source::Model("m1".to_owned()));
    let counts = [voxels(model.clone(), 1), voxels(Some(Source::Person), 1), voxels(Some(Source::Person), 0)];
    assert_eq!(counts, [Some(2 * slice), Some(slice), Some(slice)]);
    assert_eq!((voxels(Some(Source::Imported), 2), voxels(model, 0)), (Some(slice), None));
    let table = csv(std::slice::from_ref(&report), &drawing.study.label_table().expect("labels"));
    assert_eq!(table.lines().count(), 1 + 1 + 1 + 9 + report.origins.len());
    assert!(table.contains("origin,scan one,,m1,,,1,liver,308,"), "{table}");
    let json = serde_json::to_value(&report).expect("json");
    assert_eq!(json["edits"][0]["author"]["Model"], "m1");
    assert!(!json.to_string().contains(&drawing.folder.path().display().to_string()), "no path leaves the machine");
}
