//! Strokes, edits, undo, redo, snapshots, power cuts: mask and history are always those of a model kept in memory.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use common::Model;
use medley_annotate::{Author, Edit, History, Tool};
use medley_project::{CaseId, Study};
use medley_volume::LabelMap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

struct Walk {
    folder: tempfile::TempDir,
    study: Option<Study>,
    case: CaseId,
    mask: LabelMap,
    history: History,
    model: Model,
    rng: ChaCha8Rng,
}

impl Walk {
    fn begin(seed: u64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (study, case) = common::new_study(&folder.path().join("study"));
        let open = study.load_case(case).expect("opens");
        Self {
            folder,
            study: Some(study),
            case,
            mask: open.mask,
            history: open.history,
            model: Model::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    fn study(&self) -> &Study {
        self.study.as_ref().expect("open")
    }

    fn step(&mut self) {
        match self.rng.random_range(0..100) {
            0..25 => {
                if let Some(edit) = common::random_stroke(&mut self.mask, &mut self.rng) {
                    self.push(edit);
                }
            }
            25..45 => {
                if let Some(edit) = common::random_edit(&self.mask, &mut self.rng) {
                    edit.apply(&mut self.mask).expect("fits");
                    self.push(edit);
                }
            }
            45..62 => self.undo(),
            62..75 => self.redo(),
            75..82 => {
                self.study().save_mask(self.case, &self.mask).expect("saved");
            }
            82..86 => self.import(),
            86..92 => self.change_the_file_elsewhere(),
            92..96 => self.open_again(),
            _ => self.open_a_copy(),
        }
    }

    fn push(&mut self, edit: Edit) {
        self.study().journal_edit(self.case, &edit).expect("journaled");
        self.history.push(edit);
        self.model.change_to(common::labels(&self.mask));
    }

    fn undo(&mut self) {
        if self.history.undo(&mut self.mask).expect("fits").is_some() {
            self.study().journal_undo(self.case).expect("journaled");
            self.model.undo();
        } else {
            self.study().journal_undo(self.case).expect_err("nothing to undo");
        }
    }

    fn redo(&mut self) {
        if self.history.redo(&mut self.mask).expect("fits").is_some() {
            self.study().journal_redo(self.case).expect("journaled");
            self.model.redo();
        } else {
            self.study().journal_redo(self.case).expect_err("nothing to redo");
        }
    }

    fn import(&mut self) {
        let mut wanted = self.mask.clone();
        (0..40).for_each(|_| wanted.set(self.rng.random_range(0..wanted.len()), 6));
        if let Some(edit) = self.study().import_mask(self.case, &wanted).expect("imported") {
            edit.apply(&mut self.mask).expect("fits");
            self.history.push(edit);
            self.model.change_to(common::labels(&wanted));
        }
    }

    /// Another program alters the last snapshot while ours is not running: its changes come on top of what we have.
    fn change_the_file_elsewhere(&mut self) {
        let path = common::mask_file(self.study().folder());
        if !path.exists() {
            return;
        }
        self.study = None;
        let opened = medley_io::open_labels(&path).expect("a mask");
        let mut theirs = opened.labels;
        let mut wanted = self.mask.clone();
        for _ in 0..20 {
            let offset = self.rng.random_range(0..theirs.len());
            // A label of its own, so that it differs from whatever the snapshot holds.
            theirs.set(offset, 500 + self.rng.random_range(0..50));
            wanted.set(offset, theirs.at(offset));
        }
        medley_io::write_labels(&path, &theirs, &opened.geometry).expect("written");
        self.reopen();
        let open = self.study().load_case(self.case).expect("opens");
        assert_eq!(common::labels(&open.mask), common::labels(&wanted));
        if common::labels(&wanted) != self.model.now {
            self.model.change_to(common::labels(&wanted));
            assert!(open.notices.iter().any(|notice| notice.contains("changed by another program")), "{:?}", open.notices);
        }
        (self.mask, self.history) = (open.mask, open.history);
        self.model.check(&self.mask, &self.history);
    }

    fn reopen(&mut self) {
        self.study = None;
        self.study = Some(Study::open(&self.folder.path().join("study")).expect("opens"));
    }

    fn open_again(&mut self) {
        self.reopen();
        let open = self.study().load_case(self.case).expect("opens");
        self.model.check_case(&open);
        (self.mask, self.history) = (open.mask, open.history);
    }

    /// What a power cut now would leave.
    fn open_a_copy(&mut self) {
        let copy = self.folder.path().join("copy");
        common::copy_folder(self.study().folder(), &copy);
        {
            let study = Study::open(&copy).expect("opens");
            self.model.check_case(&study.load_case(self.case).expect("opens"));
        }
        std::fs::remove_dir_all(&copy).expect("removed");
    }
}

#[test]
fn mask_and_history_come_back_whatever_happened() {
    for seed in 0..6 {
        let mut walk = Walk::begin(seed);
        (0..150).for_each(|_| walk.step());
        walk.model.check(&walk.mask, &walk.history);
        walk.open_a_copy();
        walk.open_again();
    }
}

#[test]
fn undo_reaches_back_two_hundred_steps_after_opening_again() {
    let mut walk = Walk::begin(99);
    for n in 0..260usize {
        let mut wanted = walk.mask.clone();
        wanted.set(n, 1 + (n % 3) as u16);
        let edit = Edit::between(&walk.mask, &wanted, Author::Person, Tool::Script, 0).expect("one grid").expect("a change");
        edit.apply(&mut walk.mask).expect("fits");
        walk.push(edit);
    }
    walk.open_again();
    assert_eq!(walk.history.len(), 260);
}
