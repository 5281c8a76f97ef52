//! A program killed with SIGKILL: every stroke it had been told is saved is there.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use common::Model;
use medley_annotate::History;
use medley_project::{CaseId, Study};
use medley_volume::LabelMap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FOLDER: &str = "MEDLEY_TEST_STUDY_OF_THE_CHILD";
const SEED: u64 = 4;

/// The same steps for child and parent. `save` and `journal` are what only the child does.
struct Steps {
    mask: LabelMap,
    history: History,
    model: Model,
    rng: ChaCha8Rng,
}

impl Steps {
    fn new() -> Self {
        let mask = LabelMap::empty(common::grid());
        Self { mask, history: History::new(), model: Model::new(), rng: ChaCha8Rng::seed_from_u64(SEED) }
    }

    fn step(&mut self, study: Option<(&Study, CaseId)>) {
        match self.rng.random_range(0..10) {
            0..6 => {
                let Some(edit) = common::random_stroke(&mut self.mask, &mut self.rng) else { return };
                if let Some((study, case)) = study {
                    study.journal_edit(case, &edit).expect("journaled");
                }
                self.history.push(edit);
                self.model.change_to(common::labels(&self.mask));
            }
            6..8 if self.history.can_undo() => {
                self.history.undo(&mut self.mask).expect("fits");
                study.iter().for_each(|(study, case)| study.journal_undo(*case).expect("journaled"));
                self.model.undo();
            }
            8 if self.history.can_redo() => {
                self.history.redo(&mut self.mask).expect("fits");
                study.iter().for_each(|(study, case)| study.journal_redo(*case).expect("journaled"));
                self.model.redo();
            }
            9 => study.iter().for_each(|(study, case)| drop(study.save_mask(*case, &self.mask).expect("saved"))),
            _ => {}
        }
    }
}

/// Does nothing unless it is the child.
#[test]
fn child_that_draws_until_it_is_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let study = Study::open(Path::new(&folder)).expect("opens");
    let case = study.cases().expect("cases")[0].id;
    study.load_case(case).expect("opens");
    let mut steps = Steps::new();
    let mut out = std::io::stdout();
    for number in 1.. {
        steps.step(Some((&study, case)));
        writeln!(out, "\nsaved {number}").expect("the parent listens");
        out.flush().expect("the parent listens");
    }
}

#[test]
fn every_stroke_acknowledged_before_a_kill_is_there() {
    for lines in [1, 2, 7, 23, 60, 140] {
        let folder = tempfile::tempdir().expect("a folder");
        let (study, case) = common::new_study(folder.path());
        drop(study);
        let mut child = Command::new(std::env::current_exe().expect("a program"))
            .args(["child_that_draws_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut heard = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let number = |line: String| line.strip_prefix("saved ").and_then(|number| number.parse::<usize>().ok());
        let mut acknowledged = heard.by_ref().filter_map(number).nth(lines - 1).expect("the child draws");
        assert_in_use(folder.path());
        child.kill().expect("killed");
        child.wait().expect("ended");
        acknowledged = heard.filter_map(number).last().unwrap_or(acknowledged);

        let study = Study::open(folder.path()).expect("a killed program blocks nobody");
        let open = study.load_case(case).expect("opens");
        let mut steps = Steps::new();
        (0..acknowledged).for_each(|_| steps.step(None));
        // The next step may have been saved too, without the child living to say so.
        if common::labels(&open.mask) != steps.model.now || open.history.len() != steps.history.len() {
            steps.step(None);
        }
        steps.model.check_case(&open);
    }
}

fn assert_in_use(folder: &Path) {
    let error = Study::open(folder).expect_err("the child has it");
    assert!(error.to_string().contains("is open in another Medley window; close it there"), "{error}");
}
