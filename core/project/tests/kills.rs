//! One study and many programs, each killed with SIGKILL while it draws, saves, jumps and takes back: the next finds mask and
//! history as they were after the last finished step.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use medley_annotate::{Edit, History};
use medley_project::{CaseId, Study};
use medley_volume::LabelMap;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FOLDER: &str = "MEDLEY_TEST_STUDY_OF_THE_VICTIM";
const SEED: &str = "MEDLEY_TEST_SEED_OF_THE_VICTIM";
/// How many programs are killed in the test that is not run as a rule.
const KILLS: &str = "MEDLEY_KILLS";

/// The same steps for child and parent, from the same mask and history.
struct Steps {
    mask: LabelMap,
    history: History,
    rng: ChaCha8Rng,
}

impl Steps {
    fn step(&mut self, study: Option<(&Study, CaseId)>) {
        match self.rng.random_range(0..100) {
            0..45 => {
                let edit = common::random_stroke(&mut self.mask, &mut self.rng);
                self.push(edit, study);
            }
            45..55 if !self.history.is_empty() => {
                let at = self.rng.random_range(0..self.history.len());
                let edit = self.history.take_back(at, &self.mask, 5).expect("a done step").edit;
                edit.iter().for_each(|edit| edit.apply(&mut self.mask).expect("fits"));
                self.push(edit, study);
            }
            55..90 => {
                let steps = self.rng.random_range(-4..=3_i32) as isize;
                let to = self.history.len().saturating_add_signed(steps);
                let jump = self.history.jump_to(to, &mut self.mask).expect("fits");
                let moved = jump.redone as isize - jump.undone as isize;
                study.iter().for_each(|(study, case)| study.journal_jump(*case, moved).expect("journaled"));
            }
            _ => study.iter().for_each(|(study, case)| drop(study.save_mask(*case, &self.mask).expect("saved"))),
        }
    }

    fn push(&mut self, edit: Option<Edit>, study: Option<(&Study, CaseId)>) {
        let Some(edit) = edit else { return };
        study.iter().for_each(|(study, case)| assert!(study.journal_edit(*case, &edit).is_ok()));
        self.history.push(edit);
    }

    fn is_like(&self, open: &medley_project::OpenCase) -> bool {
        let same = |(a, b): (medley_annotate::Step<'_>, medley_annotate::Step<'_>)| a.is_done == b.is_done && a.edit == b.edit;
        let lens = |history: &History| (history.len(), history.redo_len());
        common::labels(&self.mask) == common::labels(&open.mask)
            && lens(&self.history) == lens(&open.history)
            && self.history.steps().zip(open.history.steps()).all(same)
    }
}

/// Does nothing unless it is the child.
#[test]
fn child_that_works_until_it_is_killed() {
    let (Ok(folder), Ok(seed)) = (std::env::var(FOLDER), std::env::var(SEED)) else { return };
    let study = Study::open(Path::new(&folder)).expect("opens");
    let case = study.cases().expect("cases")[0].id;
    let open = study.load_case(case).expect("opens");
    let rng = ChaCha8Rng::seed_from_u64(seed.parse().expect("a number"));
    let mut steps = Steps { mask: open.mask, history: open.history, rng };
    let mut out = std::io::stdout();
    for number in 1.. {
        steps.step(Some((&study, case)));
        writeln!(out, "\nsaved {number}").expect("the parent listens");
        out.flush().expect("the parent listens");
    }
}

/// Returns how many steps were finished, all of which were there.
fn kill_again_and_again(kills: u64) -> usize {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let open = study.load_case(case).expect("opens");
    drop(study);
    let mut rng = ChaCha8Rng::seed_from_u64(77);
    let (mut mask, mut history, mut finished) = (open.mask, open.history, 0);
    for seed in 0..kills {
        let mut child = Command::new(std::env::current_exe().expect("a program"))
            .args(["child_that_works_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .env(SEED, seed.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let mut heard = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let number = |line: String| line.strip_prefix("saved ").and_then(|number| number.parse::<usize>().ok());
        let mut acknowledged = heard.by_ref().filter_map(number).nth(rng.random_range(0..40)).expect("the child works");
        // Any instant of a step, not only its end.
        std::thread::sleep(Duration::from_micros(rng.random_range(0..9000)));
        child.kill().expect("killed");
        child.wait().expect("ended");
        acknowledged = heard.filter_map(number).last().unwrap_or(acknowledged);

        let study = Study::open(folder.path()).expect("a killed program blocks nobody");
        assert!(study.was_interrupted());
        let open = study.load_case(case).expect("opens");
        assert_eq!(open.notices, Vec::<String>::new(), "kill {seed}");
        let mut steps = Steps { mask, history, rng: ChaCha8Rng::seed_from_u64(seed) };
        (0..acknowledged).for_each(|_| steps.step(None));
        // The next step may have been finished too, without the child living to say so.
        if !steps.is_like(&open) {
            steps.step(None);
        }
        assert!(steps.is_like(&open), "kill {seed} after {acknowledged} steps");
        assert_eq!(common::labels(&study.origins(case).expect("read").mask), common::labels(&open.mask));
        finished += acknowledged;
        (mask, history) = (open.mask, open.history);
    }
    finished
}

#[test]
fn a_study_outlives_some_kills() {
    assert!(kill_again_and_again(5) > 5);
}

#[test]
#[ignore = "starts and kills a hundred programs, or as many as MEDLEY_KILLS says"]
fn a_study_outlives_a_hundred_kills() {
    let kills = std::env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(100);
    println!("{kills} kills, {} finished steps, all of them there", kill_again_and_again(kills));
}

/// What the sentence after a crash counts: steps after the last saved mask, once, and only after a kill.
#[test]
fn opening_after_a_kill_counts_what_came_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(&folder.path().join("study"));
    let mut mask = study.load_case(case).expect("opens").mask;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = |strokes: usize, mask: &mut LabelMap| {
        let edits = std::iter::repeat_with(|| common::random_stroke(mask, &mut rng)).flatten().take(strokes);
        edits.for_each(|edit| assert!(study.journal_edit(case, &edit).is_ok()));
    };
    draw(3, &mut mask);
    study.save_mask(case, &mask).expect("saved");
    draw(4, &mut mask);
    study.journal_undo(case).expect("journaled");
    let killed = folder.path().join("killed");
    common::copy_folder(&folder.path().join("study"), &killed);
    drop(study);
    let after_kill = Study::open(&killed).expect("opens");
    assert_eq!(after_kill.load_case(case).expect("opens").restored, 3);
    assert_eq!(after_kill.load_case(case).expect("opens").restored, 0, "told once");
    drop(after_kill);
    for closed in [folder.path().join("study"), killed] {
        let study = Study::open(&closed).expect("opens");
        assert!(!study.was_interrupted());
        assert_eq!(study.load_case(case).expect("opens").restored, 0);
    }
}
