use std::time::Instant;

use medley_annotate::{BrushShape, Difference, History, PaintRules, Proposal};
use medley_io::StoredGeometry;
use medley_learn::{JobEvent, Prediction};
use medley_volume::{AnatomicalPlane, Grid, LabelMap, LabelTable, Quantity, Ras, Scaling, Volume, Voxels};

use super::*;
use crate::sample::{FIRST, SECOND};
use crate::state::clerk::{LoadedCase, Reply, StudySummary};
use crate::state::compare::Other;
use crate::state::tabs::bytes_of;
use crate::state::window_level::WindowLevel;
use crate::state::workbench::{OpenFirst, Proposing};
use crate::testing::{sample_workbench, wait};

fn workbench() -> Workbench {
    Workbench::new(None, &OpenFirst::Nothing, Arc::new(|| {})).expect("threads")
}

/// A case as the clerk would bring it.
fn loaded(id: i64) -> Reply {
    let grid = Grid::axis_aligned([16, 16, 16], [1.0; 3]).expect("a grid");
    let volume = Volume::new(grid, Voxels::U8(vec![0; grid.len()]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
    let (geometry, mask) = (StoredGeometry::of_grid(&grid), LabelMap::empty(grid));
    let kept = medley_project::OpenCase { volume, geometry, mask, history: History::new(), restored: 0, notices: Vec::new() };
    let case = OpenCase::new(CaseId(id), format!("case {id}"), kept);
    let window = WindowLevel { width: 10.0 * id as f64, level: 0.0 };
    Reply::CaseLoaded(Box::new(LoadedCase { crosshair: Ras([id as f64; 3].into()), window, labels: Vec::new(), case }))
}

fn open(workbench: &mut Workbench, ids: std::ops::RangeInclusive<i64>) {
    ids.for_each(|id| workbench.take_reply(loaded(id)));
}

fn id(number: i64) -> CaseId {
    CaseId(number)
}

fn shown(workbench: &Workbench) -> CaseId {
    workbench.case.as_ref().expect("a case").id
}

/// A stroke around the middle; the journal's answer does not come by itself.
fn paint(workbench: &mut Workbench, label: u16) {
    let brush = medley_annotate::Brush { label, radius_mm: 2.0, shape: BrushShape::Ball, rules: PaintRules::default() };
    let middle = workbench.case.as_ref().expect("a case").volume.grid().center();
    workbench.begin_stroke(brush);
    workbench.extend_stroke(middle, None);
    workbench.finish_stroke();
}

fn counts(workbench: &Workbench, number: i64) -> (usize, usize, usize) {
    let case = workbench.case_of(id(number)).expect("open");
    (case.history.len(), case.unjournaled, case.unsaved)
}

#[test]
fn cases_come_back_as_they_were_left() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=2);
    workbench.switch_to(id(1));
    paint(&mut workbench, 3);
    workbench.views.cameras[0].zoom = 4.0;
    workbench.views.overlay.opacity = 0.9;
    let mask = Arc::clone(&workbench.case.as_ref().expect("a case").mask);
    workbench.switch_to(id(2));
    assert_eq!((workbench.views.window.width, workbench.views.cameras[0].zoom), (20.0, 1.0));
    assert_eq!(workbench.views.overlay.opacity, 0.9, "how labels are drawn is the window's, not the case's");
    assert_eq!((counts(&workbench, 1), counts(&workbench, 2)), ((1, 1, 1), (0, 0, 0)));
    workbench.step_tab(1);
    assert_eq!((shown(&workbench), workbench.views.cameras[0].zoom, workbench.views.window.width), (id(1), 4.0, 10.0));
    workbench.take_reply(Reply::Journaled(id(1)));
    workbench.undo();
    assert_eq!(workbench.case.as_ref().expect("a case").mask.counts().len(), 1);
    workbench.take_reply(Reply::Journaled(id(1)));
    workbench.redo();
    assert_eq!(workbench.case.as_ref().expect("a case").mask, mask);
}

#[test]
fn a_stroke_under_way_is_kept_when_another_case_comes() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=1);
    let brush = medley_annotate::Brush { label: 1, radius_mm: 2.0, shape: BrushShape::Ball, rules: PaintRules::default() };
    workbench.begin_stroke(brush);
    workbench.extend_stroke(Ras([8.0; 3].into()), None);
    open(&mut workbench, 2..=2);
    assert_eq!(counts(&workbench, 1), (1, 1, 1));
    // The same case once more, read before the stroke: what is open stays.
    open(&mut workbench, 1..=1);
    assert_eq!((shown(&workbench), counts(&workbench, 1)), (id(1), (1, 1, 1)));
    assert_eq!(workbench.tabs.order(), [id(1), id(2)]);
}

#[test]
fn the_journals_answer_reaches_a_parked_case_and_one_without_it_is_not_closed() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=2);
    workbench.switch_to(id(1));
    paint(&mut workbench, 1);
    workbench.switch_to(id(2));
    workbench.close_tab(id(1));
    assert_eq!(workbench.tabs.order(), [id(1), id(2)], "its last change is not on the disk yet");
    workbench.take_reply(Reply::Journaled(id(1)));
    assert_eq!((workbench.tabs.order(), workbench.tabs.parked().len()), (&[id(2)][..], 0));
    // The one in the views gives way to the one that was left last.
    open(&mut workbench, 3..=4);
    workbench.switch_to(id(2));
    workbench.close_tab(id(2));
    assert_eq!((shown(&workbench), workbench.tabs.order()), (id(4), &[id(3), id(4)][..]));
    workbench.close_tab(id(4));
    workbench.close_tab(id(3));
    assert!(workbench.case.is_none() && workbench.tabs.order().is_empty());
}

#[test]
fn the_case_left_longest_ago_gives_way_and_says_so() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=3);
    workbench.switch_to(id(1));
    let one = bytes_of(workbench.case.as_ref().expect("a case"));
    assert_eq!(one, 2 * 16 * 16 * 16, "a byte of the scan and one of the mask for each voxel");
    workbench.tabs.limit_bytes = 3 * one;
    open(&mut workbench, 4..=4);
    assert_eq!(workbench.tabs.order(), [id(1), id(4), id(3)], "2 was left before 3");
    assert!(workbench.notices.shown().iter().any(|notice| notice.text.contains("case 2")));
    // What is compared with, or not in the journal yet, stays.
    paint(&mut workbench, 1);
    workbench.switch_to(id(3));
    workbench.compare_with(Other::Case(id(1)));
    workbench.tabs.limit_bytes = one;
    open(&mut workbench, 5..=5);
    assert_eq!(workbench.tabs.order(), [id(1), id(4), id(5)]);
}

#[test]
fn a_proposal_and_a_mask_for_a_parked_case_reach_it() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=2);
    let grid = *workbench.case.as_ref().expect("a case").volume.grid();
    let mut labels = LabelMap::empty(grid);
    labels.set(77, 5);
    workbench.proposing = Some(Proposing { case: id(1), model: "001".to_owned(), since: Instant::now() });
    let prediction = Prediction { id: "1".to_owned(), labels: labels.clone(), model: "m".into(), model_id: "m".to_owned(), seconds: 0.1 };
    workbench.take_job_event(JobEvent::Predicted(Box::new(prediction)));
    let waiting = |workbench: &Workbench, number| workbench.case_of(id(number)).expect("open").proposal.is_some();
    wait(&mut workbench, |workbench| waiting(workbench, 1));
    assert!(!waiting(&workbench, 2));
    assert!(workbench.notices.shown().iter().any(|notice| notice.text.contains("case 1")));
    workbench.take_reply(Reply::MaskRead(id(1), "mask.nii".into(), Box::new(labels.clone()), LabelTable::default()));
    wait(&mut workbench, |workbench| counts(workbench, 1) == (1, 1, 1));
    assert_eq!((counts(&workbench, 2), shown(&workbench)), ((0, 0, 0), id(2)));
    workbench.switch_to(id(1));
    assert_eq!(*workbench.case.as_ref().expect("a case").mask, labels);
}

#[test]
fn another_study_closes_all_tabs_and_the_same_one_none() {
    let mut workbench = workbench();
    let study = |folder: &str| StudySummary {
        folder: folder.into(),
        name: folder.to_owned(),
        labels: LabelTable::from_names([(7, "liver")]),
        cases: Vec::new(),
        models: Vec::new(),
        reviewer: None,
        read_only: None,
    };
    workbench.take_reply(Reply::StudyOpened(study("a"), None));
    assert_eq!(workbench.active_label, 7);
    open(&mut workbench, 1..=2);
    workbench.compare_with(Other::Case(id(1)));
    workbench.take_reply(Reply::StudyOpened(study("a"), Some(id(1))));
    assert_eq!((shown(&workbench), workbench.tabs.order().len()), (id(1), 2), "the case asked for is open already");
    workbench.take_reply(Reply::StudyOpened(study("b"), None));
    assert!(workbench.case.is_none() && workbench.tabs.order().is_empty() && workbench.comparison.is_none());
}

#[test]
fn a_comparison_stays_on_the_screen_when_the_other_side_is_worked_on_and_ends_with_a_case() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=3);
    workbench.toggle_comparison();
    assert_eq!(workbench.compared(), Some(id(2)));
    workbench.switch_to(id(2));
    let comparison = workbench.comparison.as_ref().expect("a comparison");
    assert_eq!((comparison.other, comparison.is_open_first), (Other::Case(id(3)), false));
    // A third case takes the place of the open one.
    workbench.switch_to(id(1));
    assert_eq!(workbench.compared(), Some(id(3)));
    workbench.close_tab(id(3));
    assert!(workbench.comparison.is_none());
    workbench.compare_with(Other::Case(id(2)));
    assert!(workbench.leave_comparison() && !workbench.leave_comparison());
}

#[test]
fn the_other_side_is_only_looked_at() {
    let mut workbench = workbench();
    open(&mut workbench, 1..=2);
    workbench.tool = crate::state::tools::ActiveTool::Brush;
    workbench.compare_with(Other::Case(id(1)));
    let seen = workbench.with_other(|workbench| {
        workbench.views.crosshair.0.x += 3.0;
        workbench.views.volume_mode = crate::state::view::VolumeMode::Surfaces;
        (shown(workbench), workbench.brush_for(AnatomicalPlane::Axial, false).is_some(), workbench.views.side)
    });
    assert_eq!(seen, Some((id(1), false, 1)));
    assert!(workbench.brush_for(AnatomicalPlane::Axial, false).is_some());
    assert_eq!((shown(&workbench), workbench.views.side, workbench.views.crosshair), (id(2), 0, Ras([2.0; 3].into())));
    assert_eq!(workbench.views.volume_mode, crate::state::view::VolumeMode::Surfaces);
    assert_eq!(workbench.tabs.find(id(1)).expect("parked").views.crosshair.0.x, 4.0);
    // A proposal beside its own mask.
    assert!(workbench.leave_comparison());
    let grid = *workbench.case.as_ref().expect("a case").volume.grid();
    let proposal = Proposal { labels: Arc::new(LabelMap::empty(grid)), model: "001".to_owned() };
    workbench.case.as_mut().expect("a case").proposal = Some((Arc::new(proposal), Difference::default()));
    workbench.compare_with(Other::Proposal);
    let subject = workbench.with_other(|workbench| workbench.views.subject);
    assert_eq!((subject, workbench.views.subject), (Some(Subject::Proposal), Subject::Mask));
    workbench.reject_proposal();
    workbench.tend_comparison();
    assert!(workbench.comparison.is_none() && workbench.views.subject == Subject::Everything);
}

/// Strokes in two cases, both parked or shown when the window closes, are in the masks' files afterwards.
#[test]
fn the_masks_of_all_open_cases_are_written_when_the_window_closes() {
    let (mut workbench, folder) = sample_workbench();
    let path = folder.path().join("study");
    let cases = workbench.study.as_ref().expect("a study").cases.clone();
    let of = |name: &str| cases.iter().find(|case| case.name == name).expect("a case").id;
    paint(&mut workbench, 40);
    workbench.load_case(of(SECOND.name));
    wait(&mut workbench, |workbench| workbench.case.as_ref().is_some_and(|case| case.name == SECOND.name));
    paint(&mut workbench, 41);
    assert_eq!(workbench.tabs.order(), [of(FIRST.name), of(SECOND.name)]);
    wait(&mut workbench, |workbench| cases.iter().filter_map(|case| workbench.case_of(case.id)).all(|case| case.unjournaled == 0));
    drop(workbench);
    let masks: Vec<LabelMap> = std::fs::read_dir(path.join("masks"))
        .expect("the masks' folder")
        .filter_map(|entry| medley_io::open_labels(&entry.expect("an entry").path()).ok())
        .map(|read| read.labels)
        .collect();
    for label in [40, 41] {
        assert!(masks.iter().any(|mask| mask.counts().contains_key(&label)), "label {label} is in no mask");
    }
}
