//! Cases that come and go while a training runs, and the same training again from its card.

use std::sync::{Arc, Mutex};

use super::*;
use crate::checkpoint::{CheckpointInfo, Checkpoints};
use crate::synthetic::{ball, fine_tuning, quick};
use crate::{CaseSource, TrainingCase};

/// A desk on which somebody puts cases.
#[derive(Clone)]
struct Desk(Arc<Mutex<(u64, Vec<TrainingCase>)>>);

impl Desk {
    fn new(cases: Vec<TrainingCase>) -> Self {
        Self(Arc::new(Mutex::new((0, cases))))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<TrainingCase>)) {
        let mut desk = self.0.lock().expect("a desk");
        desk.0 += 1;
        change(&mut desk.1);
    }
}

impl CaseSource for Desk {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        Ok(self.0.lock().expect("a desk").1.clone())
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        Ok(vec![ball(9)])
    }

    fn generation(&mut self, _step: usize) -> u64 {
        self.0.lock().expect("a desk").0
    }
}

/// A mask that was corrected once more.
fn corrected(seed: u64) -> TrainingCase {
    let case = ball(seed);
    let mut truth = (*case.truth).clone();
    (0..truth.len()).step_by(7).filter(|&offset| case.truth.at(offset) == 5).for_each(|offset| truth.set(offset, 1));
    TrainingCase { truth: Arc::new(truth), ..case }
}

fn settings(checkpoints: Checkpoints) -> FineTuneSettings {
    FineTuneSettings { follow_cases: true, checkpoints, ..quick(16) }
}

/// Trains from a desk of two cases on which a third comes, then the first is corrected again and the second taken away.
fn run_at(
    desk: &Desk,
    checkpoints: Checkpoints,
    output: &std::path::Path,
    stop_at: Option<usize>,
) -> (Option<FineTuneOutcome>, Vec<JobEvent>) {
    let spec = fine_tuning(Box::new(desk.clone()), settings(checkpoints), output);
    let (control, mut events) = (Control::new(), Vec::new());
    let handle = control.clone();
    let outcome = run(spec, &control, &mut |event| {
        if let JobEvent::Step { step, .. } = event {
            match step {
                3 => desk.change(|cases| cases.push(ball(3))),
                8 => desk.change(|cases| (cases[0], cases[1]) = (corrected(1), ball(9))),
                _ => {}
            }
            if stop_at == Some(step) {
                handle.stop();
            }
        }
        events.push(event);
    });
    (outcome.ok(), events)
}

fn changes(events: &[JobEvent]) -> Vec<[usize; 4]> {
    let change = |event: &JobEvent| match *event {
        JobEvent::CasesChanged { step, added, removed, cases } => Some([step, added, removed, cases]),
        _ => None,
    };
    events.iter().filter_map(change).collect()
}

#[test]
fn cases_come_and_go_after_a_round_and_the_card_repeats_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::new(vec![ball(1), ball(2)]);
    let (outcome, events) = run_at(&desk, Checkpoints::OFF, folder.path(), None);
    let outcome = outcome.expect("trained");
    // Rounds of two steps, then of three; a scan that is measured on is never learned from.
    assert_eq!(changes(&events), [[4, 1, 0, 3], [9, 1, 2, 2]]);
    let set = &outcome.card.sets[0];
    let when: Vec<(usize, Option<usize>)> = set.training.iter().map(|case| (case.from_step, case.until_step)).collect();
    assert_eq!(when, [(0, Some(9)), (0, Some(9)), (4, None), (9, None)]);
    assert_eq!(Card::from_json("card", &std::fs::read_to_string(&outcome.card_file).expect("a card")).expect("a card"), outcome.card);

    let again = tempfile::tempdir().expect("a folder");
    let at_hand = [corrected(1), ball(3), ball(2), ball(1)];
    let cases = ReplayedCases::new(set, &at_hand, vec![ball(9)]).expect("all are there");
    let CardSettings::FineTune(settings) = &outcome.card.settings else { panic!("a fine-tuning") };
    let second = run(fine_tuning(Box::new(cases), settings.clone(), again.path()), &Control::new(), &mut |_| {}).expect("trained");
    assert_eq!(second.model_id, outcome.model_id);
    assert!(ReplayedCases::new(set, &at_hand[..3], vec![ball(9)]).is_err());
}

#[test]
fn a_training_whose_cases_changed_goes_on_from_its_checkpoint() {
    let straight = tempfile::tempdir().expect("a folder");
    let wanted = run_at(&Desk::new(vec![ball(1), ball(2)]), Checkpoints::OFF, straight.path(), None).0.expect("trained").model_id;
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::new(vec![ball(1), ball(2)]);
    let mut checkpoints = Checkpoints { every_seconds: 1e9, ..Checkpoints::OFF };
    for stop in [6, 11] {
        assert!(run_at(&desk, checkpoints, folder.path(), Some(stop)).0.is_none());
        assert_eq!(CheckpointInfo::of(folder.path()).map(|info| info.step), Some(stop));
        checkpoints.resume = true;
    }
    let outcome = run_at(&desk, checkpoints, folder.path(), None).0.expect("trained");
    assert_eq!(outcome.model_id, wanted);
}

#[test]
fn without_the_wish_nobody_asks_and_a_lost_case_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::new(vec![ball(1)]);
    let spec = fine_tuning(Box::new(desk.clone()), quick(4), folder.path());
    let outcome = run(spec, &Control::new(), &mut |event| {
        assert!(!matches!(event, JobEvent::CasesChanged { .. }));
        if matches!(event, JobEvent::Step { step: 1, .. }) {
            desk.change(|cases| cases.push(ball(2)));
        }
    });
    assert_eq!(outcome.expect("trained").card.sets[0].training.len(), 1);

    let folder = tempfile::tempdir().expect("a folder");
    let desk = Desk::new(vec![ball(1), ball(2)]);
    let mut checkpoints = Checkpoints { every_steps: 1, ..Checkpoints::OFF };
    assert!(run_at(&desk, checkpoints, folder.path(), Some(2)).0.is_none());
    desk.change(|cases| cases[0] = corrected(1));
    checkpoints.resume = true;
    let spec = fine_tuning(Box::new(desk), settings(checkpoints), folder.path());
    let error = run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string();
    assert!(error.contains("not there any more"), "{error}");
}
