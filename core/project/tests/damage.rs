//! A damaged journal: what can be read is used, the rest is said, nothing panics.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::fs;
use std::path::Path;

use medley_annotate::{Author, Edit, History, Tool};
use medley_project::{CaseId, OpenCase, Study};
use medley_volume::{IndexBox, LabelMap};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;

/// A study whose strokes number `n` fills slice `n` with label `n + 1`; returns the masks after each.
fn drawn(folder: &Path, strokes: usize) -> (CaseId, Vec<LabelMap>) {
    let (study, case) = common::new_study(folder);
    let mut mask = study.load_case(case).expect("opens").mask;
    let masks = (0..strokes).map(|n| {
        draw(&study, case, &mut mask, n);
        mask.clone()
    });
    (case, masks.collect())
}

fn draw(study: &Study, case: CaseId, mask: &mut LabelMap, n: usize) {
    let [width, height, _] = common::SHAPE;
    let region = IndexBox { low: [0, 0, n], high: [width, height, n + 1] };
    let labels = vec![n as u16 + 1; region.len()];
    let edit = Edit::from_region(mask, region, &labels, Author::Person, Tool::Script, n as i64).expect("a change");
    edit.apply(mask).expect("fits");
    study.journal_edit(case, &edit).expect("journaled");
}

fn sql(folder: &Path, change: &str) {
    let database = Connection::open(folder.join("study.sqlite")).expect("opens");
    database.execute_batch("PRAGMA ignore_check_constraints = ON;").expect("set");
    database.execute_batch(change).expect("changed");
}

fn says_damage(open: &OpenCase) -> bool {
    open.notices.iter().any(|notice| notice.contains("journal of case scan one is damaged"))
}

/// Everything that can be undone is undone, then redone; the mask is then as it was.
fn undo_all(open: &OpenCase) -> (LabelMap, usize) {
    let (mut mask, mut history): (LabelMap, History) = (open.mask.clone(), open.history.clone());
    let mut steps = 0;
    while history.undo(&mut mask).expect("the history fits the mask").is_some() {
        steps += 1;
    }
    let lowest = mask.clone();
    for _ in 0..steps {
        history.redo(&mut mask).expect("fits");
    }
    assert_eq!(common::labels(&mask), common::labels(&open.mask));
    (lowest, steps)
}

#[test]
fn a_damaged_stroke_is_passed_over_and_those_around_it_are_kept() {
    let damages = [
        "UPDATE event SET edit = zeroblob(length(edit)) WHERE id = 3",
        "UPDATE event SET edit = substr(edit, 1, 5) WHERE id = 3",
        "UPDATE event SET tool = 'Brush' WHERE id = 3",
        "UPDATE event SET model = 'somebody' WHERE id = 3",
        "UPDATE event SET origin = 1 WHERE id = 3",
        "UPDATE event SET seal = x'00' WHERE id = 3",
        "DELETE FROM event WHERE id = 3",
        "UPDATE event SET kind = 'nonsense' WHERE id = 3",
        "UPDATE event SET case_id = 1, kind = 'undo', origin = 77 WHERE id = 3",
    ];
    for damage in damages {
        let folder = tempfile::tempdir().expect("a folder");
        let (case, masks) = drawn(folder.path(), 6);
        sql(folder.path(), damage);
        let study = Study::open(folder.path()).expect("opens");
        let open = study.load_case(case).expect("opens");
        assert!(says_damage(&open), "{damage}: {:?}", open.notices);
        let slice = |mask: &LabelMap, k: usize| mask.region(&IndexBox { low: [0, 0, k], high: [14, 11, k + 1] });
        for k in [0, 1, 3, 4, 5] {
            assert!(slice(&open.mask, k) == slice(&masks[5], k), "{damage}: slice {k}");
        }
        let (_, steps) = undo_all(&open);
        assert_eq!(steps, 3, "{damage}");

        // Work goes on, and comes back.
        let mut mask = open.mask.clone();
        draw(&study, case, &mut mask, 7);
        study.journal_undo(case).expect("journaled");
        study.journal_redo(case).expect("journaled");
        drop(study);
        let again = Study::open(folder.path()).expect("opens").load_case(case).expect("opens");
        assert_eq!(common::labels(&again.mask), common::labels(&mask), "{damage}");
        assert_eq!(undo_all(&again).1, 4, "{damage}");
    }
}

#[test]
fn a_snapshot_makes_up_for_damage_before_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (case, masks) = drawn(folder.path(), 6);
    let study = Study::open(folder.path()).expect("opens");
    study.save_mask(case, &masks[5]).expect("saved");
    let mut mask = masks[5].clone();
    draw(&study, case, &mut mask, 7);
    study.journal_undo(case).expect("journaled");
    drop(study);
    sql(folder.path(), "DELETE FROM event WHERE id IN (1, 3)");
    let open = Study::open(folder.path()).expect("opens").load_case(case).expect("opens");
    assert_eq!(common::labels(&open.mask), common::labels(&masks[5]));
    let (lowest, steps) = undo_all(&open);
    assert_eq!((common::labels(&lowest), steps), (common::labels(&masks[2]), 3));
    assert_eq!(open.history.redo_len(), 1);
    assert!(says_damage(&open));
}

#[test]
fn a_later_stroke_over_a_damaged_one_is_put_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut mask = study.load_case(case).expect("opens").mask;
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let whole = IndexBox::whole(common::SHAPE);
    for _ in 0..4 {
        let labels: Vec<u16> = (0..whole.len()).map(|_| rng.random_range(0..5)).collect();
        let edit = Edit::from_region(&mask, whole, &labels, Author::Person, Tool::Script, 0).expect("a change");
        edit.apply(&mut mask).expect("fits");
        study.journal_edit(case, &edit).expect("journaled");
    }
    drop(study);
    sql(folder.path(), "UPDATE event SET edit = x'01' WHERE id = 2");
    let open = Study::open(folder.path()).expect("opens").load_case(case).expect("opens");
    assert_eq!(common::labels(&open.mask), common::labels(&mask), "the third stroke knows all of its box");
    assert_eq!(undo_all(&open).1, 2);
}

#[test]
fn a_damaged_page_does_not_take_the_strokes_behind_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut mask = study.load_case(case).expect("opens").mask;
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..120 {
        if let Some(edit) = common::random_stroke(&mut mask, &mut rng) {
            study.journal_edit(case, &edit).expect("journaled");
        }
    }
    let journaled = study.edits(case).expect("edits").len();
    drop(study);
    let path = folder.path().join("study.sqlite");
    let (page_size, leaves): (u32, Vec<u32>) = {
        let database = Connection::open(&path).expect("opens");
        let page_size = database.query_row("PRAGMA page_size", [], |row| row.get(0)).expect("a number");
        let sql = "SELECT pageno FROM dbstat WHERE name = 'event' AND pagetype = 'leaf' ORDER BY path";
        let mut statement = database.prepare(sql).expect("dbstat");
        let leaves = statement.query_map([], |row| row.get(0)).expect("rows").collect::<Result<_, _>>().expect("pages");
        (page_size, leaves)
    };
    assert!(leaves.len() >= 4, "{leaves:?}");
    let whole = fs::read(&path).expect("read");
    let (middle, page_size) = (leaves[leaves.len() / 2] as usize, page_size as usize);
    for fill in [0x00, 0xff, 0x2a] {
        let mut bytes = whole.clone();
        bytes[(middle - 1) * page_size..middle * page_size].fill(fill);
        fs::write(&path, &bytes).expect("written");
        let study = Study::open(folder.path()).expect("opens");
        let open = study.load_case(case).expect("opens");
        assert!(says_damage(&open), "{:?}", open.notices);
        let readable = study.edits(case).expect("edits").len();
        assert!(readable >= journaled / 2 && readable < journaled, "{readable} of {journaled}");
        let (_, steps) = undo_all(&open);
        assert!(steps >= journaled / 4, "{steps} steps");
        let mut mask = open.mask.clone();
        draw(&study, case, &mut mask, 0);
        assert_eq!(common::labels(&study.load_case(case).expect("opens").mask), common::labels(&mask));
    }
}

#[test]
fn no_damage_to_the_database_makes_it_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let (case, masks) = drawn(folder.path(), 9);
    let study = Study::open(folder.path()).expect("opens");
    study.save_mask(case, &masks[8]).expect("saved");
    drop(study);
    let path = folder.path().join("study.sqlite");
    let whole = fs::read(&path).expect("read");
    let mut opened = 0;
    for seed in 0..300 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut bytes = whole.clone();
        for _ in 0..rng.random_range(1..=8) {
            let at = rng.random_range(0..bytes.len());
            let count = rng.random_range(1..200).min(bytes.len() - at);
            bytes[at..at + count].iter_mut().for_each(|byte| *byte = if seed % 3 == 0 { 0 } else { rng.random() });
        }
        fs::write(&path, &bytes).expect("written");
        let Ok(study) = Study::open(folder.path()) else { continue };
        opened += 1;
        let _ = (study.label_table(), study.models(), study.edits(case), study.cases());
        if let Ok(open) = study.load_case(case) {
            undo_all(&open);
            let _ = (study.journal_undo(case), study.journal_redo(case), study.save_mask(case, &open.mask));
        }
        assert!(!study.folder().as_os_str().is_empty());
    }
    assert!(opened > 50, "only {opened} could be opened at all");
}
