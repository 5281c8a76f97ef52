//! Mask files and images in the hands of other programs.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::fs;
use std::path::Path;

use medley_annotate::{Author, Edit, Tool};
use medley_io::StoredGeometry;
use medley_project::{CaseId, OpenCase, ProjectError, Role, Study};
use medley_volume::{Grid, IndexBox, LabelMap};

/// Paints a box and journals it.
fn draw(study: &Study, case: CaseId, open: &mut OpenCase, low: usize, label: u16) {
    let region = IndexBox { low: [low, 0, 0], high: [low + 2, 3, 3] };
    let edit = Edit::from_region(&open.mask, region, &vec![label; region.len()], Author::Person, Tool::Script, 1).expect("a change");
    edit.apply(&mut open.mask).expect("fits");
    study.journal_edit(case, &edit).expect("journaled");
    open.history.push(edit);
}

fn rewrite(path: &Path, change: impl FnOnce(&mut LabelMap)) {
    let mut opened = medley_io::open_labels(path).expect("a mask");
    change(&mut opened.labels);
    medley_io::write_labels(path, &opened.labels, &opened.geometry).expect("written");
}

#[test]
fn what_another_program_changed_is_taken_in_beside_our_own_strokes_and_can_be_undone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 1);
    let path = study.save_mask(case, &open.mask).expect("saved");
    draw(&study, case, &mut open, 4, 2);
    drop(study);
    rewrite(&path, |mask| mask.set(0, 700));
    let theirs = fs::read(&path).expect("read");

    let study = Study::open(folder.path()).expect("opens");
    let again = study.load_case(case).expect("opens");
    assert_eq!(again.notices.len(), 1);
    assert!(again.notices[0].contains("1 voxels were taken over as a change that can be undone"), "{:?}", again.notices);
    let mut wanted = open.mask.clone();
    wanted.set(0, 700);
    assert_eq!(common::labels(&again.mask), common::labels(&wanted));
    assert_eq!(fs::read(&path).expect("read"), theirs, "opening does not write");
    let edits = study.edits(case).expect("edits");
    assert_eq!(edits.iter().map(|edit| edit.tool).collect::<Vec<_>>(), [Tool::Script, Tool::Script, Tool::Import]);
    let (mut mask, mut history) = (again.mask, again.history);
    history.undo(&mut mask).expect("fits").expect("something to undo");
    assert_eq!(common::labels(&mask), common::labels(&open.mask));
    study.journal_undo(case).expect("journaled");

    // It is taken in once, even if that was undone.
    let third = study.load_case(case).expect("opens");
    assert_eq!(third.notices, Vec::<String>::new());
    assert_eq!(common::labels(&third.mask), common::labels(&open.mask));
    assert_eq!(third.history.redo_len(), 1);
    study.save_mask(case, &third.mask).expect("a file that was taken in may be overwritten");
}

#[test]
fn a_mask_changed_while_its_case_is_open_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 1);
    let path = study.save_mask(case, &open.mask).expect("saved");
    rewrite(&path, |mask| mask.set(9, 3));
    let theirs = fs::read(&path).expect("read");
    draw(&study, case, &mut open, 4, 2);
    let error = study.save_mask(case, &open.mask).expect_err("it is not ours");
    assert!(matches!(error, ProjectError::MaskChangedElsewhere(_)), "{error}");
    assert!(error.to_string().contains("open the case again"), "{error}");
    assert_eq!(fs::read(&path).expect("read"), theirs);
    let again = study.load_case(case).expect("opens");
    assert_eq!((again.mask.at(9), again.mask.at(4), again.mask.at(0)), (3, 2, 1));
    study.save_mask(case, &again.mask).expect("saved");
}

#[test]
fn a_mask_file_that_was_only_written_anew_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 1);
    let path = study.save_mask(case, &open.mask).expect("saved");
    draw(&study, case, &mut open, 4, 2);
    let plain = folder.path().join("plain.nii");
    medley_io::write_labels(&plain, &medley_io::open_labels(&path).expect("a mask").labels, &open.geometry).expect("written");
    fs::rename(&plain, &path).expect("the same voxels, not packed");
    for _ in 0..2 {
        let again = study.load_case(case).expect("opens");
        assert_eq!((common::labels(&again.mask), again.notices), (common::labels(&open.mask), vec![]));
        assert_eq!(again.history.len(), 2);
    }
}

#[test]
fn a_mask_from_elsewhere_for_a_case_without_one_is_taken_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut mask = LabelMap::empty(common::grid());
    mask.set(77, 5);
    medley_io::write_labels(&common::mask_file(folder.path()), &mask, &StoredGeometry::of_grid(mask.grid())).expect("written");
    assert!(study.case(case).expect("a case").has_mask);
    let open = study.load_case(case).expect("opens");
    assert_eq!((open.mask.at(77), open.history.len(), open.notices.len()), (5, 1, 1));
}

#[test]
fn a_mask_file_that_cannot_be_taken_in_is_kept_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 1);
    let path = study.save_mask(case, &open.mask).expect("saved");
    let whole = fs::read(&path).expect("read");
    let other = Grid::axis_aligned(common::SHAPE, [1.0; 3]).expect("a grid");
    let on_another_grid = folder.path().join("other.nii.gz");
    medley_io::write_labels(&on_another_grid, &LabelMap::empty(other), &StoredGeometry::of_grid(&other)).expect("written");
    let others =
        [fs::read(&on_another_grid).expect("read"), whole[..whole.len() / 2].to_vec(), b"gone".to_vec(), Vec::new(), vec![7; 40 << 20]];
    for bytes in others {
        fs::write(&path, &bytes).expect("written");
        let error = study.load_case(case).expect_err("not a mask of this image");
        assert!(matches!(error, ProjectError::ForeignMask { .. }), "{error}");
        assert!(error.to_string().contains("move it out of the folder"), "{error}");
        assert!(fs::read(&path).expect("read") == bytes);
    }
    fs::remove_file(&path).expect("moved away, as the sentence says");
    let again = study.load_case(case).expect("opens");
    assert_eq!(common::labels(&again.mask), common::labels(&open.mask));
    assert!(again.notices[0].contains("rebuilt from the study's journal"), "{:?}", again.notices);
    assert_eq!(again.history.len(), 1);
}

#[test]
fn a_missing_image_is_named_and_can_be_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 1);
    let image = study.case(case).expect("a case").image;
    let elsewhere = folder.path().join("moved.nii.gz");
    fs::rename(&image, &elsewhere).expect("moved");
    let sentence = study.load_case(case).expect_err("gone").to_string();
    assert!(sentence.contains("scan one.nii.gz") && sentence.contains("put it back there"), "{sentence}");
    study.save_mask(case, &open.mask).expect("the mask can be saved without it");
    study.set_image(case, &elsewhere).expect("set");
    let again = study.load_case(case).expect("opens");
    assert_eq!((common::labels(&again.mask), again.notices), (common::labels(&open.mask), vec![]));
    assert!(matches!(study.add_case("x", &image, Role::Training), Err(ProjectError::MissingImage { .. })));
}

#[test]
fn an_image_that_changed_is_noticed_and_one_on_another_grid_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    let image = study.case(case).expect("a case").image;
    let wider = Grid::axis_aligned([20, 11, 9], [1.0; 3]).expect("a grid");
    common::write_image(&image, &wider, 2);
    let unused = study.load_case(case).expect("nothing is drawn on it yet");
    assert_eq!(unused.mask.grid().shape(), [20, 11, 9]);
    common::write_image(&image, &common::grid(), 3);
    open.mask = study.load_case(case).expect("opens").mask;
    draw(&study, case, &mut open, 0, 1);

    common::write_image(&image, &common::grid(), 4);
    let notices = study.load_case(case).expect("opens").notices;
    assert!(notices.len() == 1 && notices[0].contains("has changed since it was last open"), "{notices:?}");
    assert_eq!(study.load_case(case).expect("opens").notices, Vec::<String>::new());
    common::write_image(&image, &wider, 5);
    let error = study.load_case(case).expect_err("another grid");
    assert!(matches!(error, ProjectError::ImageReplaced { .. }) && error.to_string().contains("20×11×9"), "{error}");
    common::write_image(&image, &common::grid(), 4);
    assert_eq!(common::labels(&study.load_case(case).expect("opens").mask), common::labels(&open.mask));
}

#[test]
fn an_edit_or_a_mask_of_another_image_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    study.load_case(case).expect("opens");
    let wide = LabelMap::empty(Grid::axis_aligned([30, 11, 9], [1.0; 3]).expect("a grid"));
    let region = IndexBox { low: [20, 0, 0], high: [22, 2, 2] };
    let edit = Edit::from_region(&wide, region, &[1; 8], Author::Person, Tool::Script, 0).expect("a change");
    assert!(matches!(study.journal_edit(case, &edit), Err(ProjectError::EditOutside { .. })));
    assert!(matches!(study.import_mask(case, &wide), Err(ProjectError::MaskGrid { .. })));
    assert!(matches!(study.save_mask(case, &wide), Err(ProjectError::MaskGrid { .. })));
    assert!(matches!(study.journal_edit(CaseId(5), &edit), Err(ProjectError::NoSuchCase(_))));
    assert_eq!(study.edits(case).expect("edits"), vec![]);
}

#[test]
fn provenance_says_who_changed_how_much_with_what() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 1);
    let region = IndexBox { low: [0; 3], high: [1, 1, 4] };
    let model = Author::Model("m1".to_owned());
    let edit = Edit::from_region(&open.mask, region, &[2; 4], model.clone(), Tool::Proposal, 42).expect("a change");
    let id = study.journal_edit(case, &edit).expect("journaled");
    study.journal_undo(case).expect("journaled");
    let edits = study.edits(case).expect("edits");
    assert_eq!(edits.len(), 2);
    assert_eq!((&edits[0].author, edits[0].tool, edits[0].changed, edits[0].is_in_mask), (&Author::Person, Tool::Script, 18, true));
    assert_eq!((edits[1].id, &edits[1].author, edits[1].tool), (id, &model, Tool::Proposal));
    assert_eq!((edits[1].at_ms, edits[1].changed, edits[1].is_in_mask), (42, 4, false));
    assert_eq!(study.edit(case, id).expect("stored"), edit);
}

#[test]
fn a_saved_mask_has_the_geometry_of_its_image() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    draw(&study, case, &mut open, 0, 300);
    let path = study.save_mask(case, &open.mask).expect("saved");
    let saved = medley_io::open_labels(&path).expect("a mask");
    assert_eq!(saved.labels.counts(), open.mask.counts());
    assert_eq!(saved.geometry, open.geometry);
}
