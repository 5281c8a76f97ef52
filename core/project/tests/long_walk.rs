//! Ten thousand steps – edits, undos, redos, jumps, single steps taken back – end at exactly the voxels they began with.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use medley_annotate::History;
use medley_project::{CaseId, Study};
use medley_volume::LabelMap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The position from which a walk begins: one step is done.
const START: usize = 1;

struct Walk {
    mask: LabelMap,
    history: History,
    /// The mask at each position of the history.
    masks: Vec<Vec<u16>>,
    edits: usize,
    rng: ChaCha8Rng,
}

impl Walk {
    fn begin(open: medley_project::OpenCase, seed: u64) -> Self {
        let masks = vec![vec![0; open.mask.len()], common::labels(&open.mask)];
        Self { mask: open.mask, history: open.history, masks, edits: 0, rng: ChaCha8Rng::seed_from_u64(seed) }
    }

    fn step(&mut self, journal: Option<(&Study, CaseId)>) {
        let edit = match self.rng.random_range(0..100) {
            0..45 => common::random_stroke(&mut self.mask, &mut self.rng),
            45..60 => common::random_edit(&self.mask, &mut self.rng).inspect(|edit| edit.apply(&mut self.mask).expect("fits")),
            60..68 => {
                let at = self.rng.random_range(0..self.history.len());
                let taken = self.history.take_back(at, &self.mask, 3).expect("a done step");
                taken.edit.inspect(|edit| edit.apply(&mut self.mask).expect("fits"))
            }
            68..96 => {
                let step = if self.rng.random_bool(0.6) { -1 } else { 1 };
                return self.jump(step, journal);
            }
            _ => {
                let far = self.rng.random_range(-30..=30_i32) as isize;
                return self.jump(far, journal);
            }
        };
        let Some(edit) = edit else { return };
        journal.iter().for_each(|(study, case)| assert!(study.journal_edit(*case, &edit).is_ok()));
        self.history.push(edit);
        self.edits += 1;
        self.masks.truncate(self.history.len());
        self.masks.push(common::labels(&self.mask));
    }

    /// Never before the start.
    fn jump(&mut self, steps: isize, journal: Option<(&Study, CaseId)>) {
        let to = self.history.len().saturating_add_signed(steps).max(START);
        let jump = self.history.jump_to(to, &mut self.mask).expect("fits");
        let moved = jump.redone as isize - jump.undone as isize;
        journal.iter().for_each(|(study, case)| study.journal_jump(*case, moved).expect("journaled"));
        assert_eq!(common::labels(&self.mask), self.masks[self.history.len()]);
    }
}

/// A walk of so many steps; with a journal, what comes back from it is the same.
fn walk(steps: usize, is_journaled: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    study.load_case(case).expect("opens");
    let start = common::random_edit(&LabelMap::empty(common::grid()), &mut ChaCha8Rng::seed_from_u64(8)).expect("a change");
    study.journal_edit(case, &start).expect("journaled");
    let mut walk = Walk::begin(study.load_case(case).expect("opens"), 9);
    (0..steps).for_each(|_| walk.step(is_journaled.then_some((&study, case))));
    assert!(walk.edits > steps / 2 && walk.history.len() > steps / 20, "{} edits, {} steps", walk.edits, walk.history.len());
    if is_journaled {
        drop(study);
        check_what_comes_back(&Study::open(folder.path()).expect("opens"), case, &walk);
    }
    walk.history.jump_to(START, &mut walk.mask).expect("fits");
    assert_eq!(common::labels(&walk.mask), walk.masks[START]);
}

fn check_what_comes_back(study: &Study, case: CaseId, walk: &Walk) {
    let mut open = study.load_case(case).expect("opens");
    assert_eq!((&open.notices, open.restored), (&vec![], 0));
    assert_eq!(common::labels(&open.mask), walk.masks[walk.history.len()]);
    assert_eq!((open.history.len(), open.history.redo_len()), (walk.history.len(), walk.history.redo_len()));
    for (now, before) in open.history.steps().zip(walk.history.steps()) {
        assert_eq!((now.edit, now.is_done), (before.edit, before.is_done), "title, author, time and voxels of every step");
    }
    let origins = study.origins(case).expect("read");
    assert_eq!(common::labels(&origins.mask), common::labels(&open.mask));
    let jump = open.history.jump_to(START, &mut open.mask).expect("fits");
    study.journal_jump(case, -(jump.undone as isize)).expect("journaled");
    assert_eq!(common::labels(&open.mask), walk.masks[START]);
    assert_eq!(common::labels(&study.load_case(case).expect("opens").mask), walk.masks[START]);
}

#[test]
fn ten_thousand_steps_end_where_they_began() {
    walk(10_000, false);
}

#[test]
fn journaled_steps_end_where_they_began() {
    walk(800, true);
}

#[test]
#[ignore = "waits for the disk ten thousand times"]
fn ten_thousand_journaled_steps_end_where_they_began() {
    walk(10_000, true);
}
