use medley_nn::weights::WeightsFile;
use medley_volume::metrics;

use super::*;
use crate::card::{CardCase, METADATA_KEY};
use crate::optimise::Learner;
use crate::synthetic::{ball, fine_tuning, flipped_ball, quick};
use crate::{DeviceChoice, Predictor};

pub(super) fn run_with(steps: usize, change: impl FnOnce(&mut FineTuneSpec)) -> (tempfile::TempDir, FineTuneOutcome, Vec<JobEvent>) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), quick(steps), folder.path());
    change(&mut spec);
    let mut events = Vec::new();
    let outcome = run(spec, &Control::new(), &mut |event| events.push(event)).expect("trained");
    (folder, outcome, events)
}

/// Mean loss of the first and of the last five steps.
pub(super) fn ends(events: &[JobEvent]) -> [f64; 2] {
    let losses: Vec<f64> =
        events.iter().filter_map(|event| if let JobEvent::Step { loss, .. } = event { Some(*loss) } else { None }).collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    [mean(&losses[..5]), mean(&losses[losses.len() - 5..])]
}

#[test]
fn a_ball_is_learned_and_found_in_scans_it_never_saw() {
    let (_folder, outcome, events) = run_with(80, |_| {});
    let [first, last] = ends(&events);
    assert!(last < 0.5 * first, "{first} to {last}");
    assert!(outcome.mean_dice.is_some_and(|dice| dice > 0.7), "{:?}", outcome.dice);

    let predictor = Predictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model");
    assert_eq!(predictor.id(), outcome.model_id);
    let case = flipped_ball(3);
    let mut windows = Vec::new();
    let labels = predictor.predict(&case.image, &Control::new(), &mut |done, all| windows.push((done, all))).expect("labels");
    assert!(labels.grid().is_same_as(case.image.grid(), 0.0));
    let dice = metrics::dice_per_label(&labels, &case.truth).expect("same grid");
    assert!(dice.get(&5).is_some_and(|&dice| dice > 0.6), "{dice:?}");
    assert!(windows.last().is_some_and(|(done, all)| done == all));
}

#[test]
fn the_same_seed_gives_the_same_losses_and_the_same_file() {
    let (_a, first, first_events) = run_with(6, |_| {});
    let (_b, second, second_events) = run_with(6, |_| {});
    let losses = |events: &[JobEvent]| -> Vec<u64> {
        events.iter().filter_map(|e| if let JobEvent::Step { loss, .. } = e { Some(loss.to_bits()) } else { None }).collect()
    };
    assert_eq!(losses(&first_events), losses(&second_events));
    assert_eq!(first.model_id, second.model_id);
    let (_c, other, _) = run_with(6, |spec| spec.settings.seed = 1);
    assert_ne!(first.model_id, other.model_id);
}

#[test]
fn the_card_says_how_it_was_made_and_names_nobody() {
    let (_folder, outcome, _) = run_with(2, |_| {});
    let json = std::fs::read_to_string(&outcome.card_file).expect("a card");
    assert_eq!(Card::from_json("card", &json).expect("a card"), outcome.card);
    assert!(!json.contains("ball-1") && !json.contains("ball-2"), "a case's name is in the card");
    let set = &outcome.card.sets[0];
    assert_eq!((set.training.len(), set.validation.len()), (1, 1));
    assert_eq!(set.training[0], CardCase::of(&ball(1)));
    assert_eq!(outcome.card.weights.from, "scratch");
    let file = WeightsFile::open(&outcome.model).expect("a model");
    assert!(!file.metadata()[METADATA_KEY].contains("unix_ms"));
}

#[test]
fn training_goes_on_from_a_model_and_takes_only_the_encoder_for_other_labels() {
    let (_folder, first, _) = run_with(2, |_| {});
    let go_on = |spec: &mut FineTuneSpec| spec.weights = WeightsSource::File(first.model.clone());
    let (_b, second, _) = run_with(1, go_on);
    assert_eq!(second.card.weights.from, "network");
    assert_eq!(second.card.weights.sha256.as_ref(), Some(&first.model_id));
    assert_eq!(second.card.recipe, first.card.recipe);
    let (_c, third, _) = run_with(1, |spec| {
        go_on(spec);
        spec.labels = vec![(5, "sphere".to_owned())];
    });
    assert_eq!((third.card.weights.from.as_str(), third.card.weights.missing), ("encoder", 0));
}

#[test]
fn the_best_weights_are_kept_and_a_stop_keeps_those_found_so_far() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FineTuneSettings { validate_every: 1, postprocess: true, ..quick(50) };
    let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), settings, folder.path());
    let (control, mut measured) = (Control::new(), Vec::new());
    let handle = control.clone();
    let outcome = run(spec, &control, &mut |event| {
        if let JobEvent::Validated { step, mean_dice, .. } = event {
            measured.push((step, mean_dice));
            if step == 3 {
                handle.stop();
            }
        }
    });
    let outcome = outcome.expect("the best so far");
    let best = measured.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a }).expect("measured");
    assert!(!outcome.is_complete && outcome.card.steps_done == 3);
    assert_eq!((outcome.best_step, outcome.mean_dice), (best.0, Some(best.1)));
    assert!(Predictor::open(&outcome.model, DeviceChoice::Cpu).is_ok());
}

#[test]
fn a_stop_before_the_first_measurement_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), quick(50), &folder.path().join("model"));
    let control = Control::new();
    let handle = control.clone();
    let result = run(spec, &control, &mut |event| {
        if matches!(event, JobEvent::Step { step: 2, .. }) {
            handle.stop();
        }
    });
    assert!(matches!(result, Err(LearnError::Stopped)));
    assert!(std::fs::read_dir(folder.path()).expect("a folder").next().is_none());
}

#[test]
fn a_scan_cannot_be_both_learned_from_and_measured_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let spec = fine_tuning(Box::new((vec![ball(1)], vec![ball(1)])), quick(1), folder.path());
    let error = run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string();
    assert!(error.contains("ball-1"), "{error}");
}

#[test]
fn nothing_to_learn_is_said_before_anything_is_computed() {
    let folder = tempfile::tempdir().expect("a folder");
    let none = fine_tuning(Box::new((Vec::new(), Vec::new())), quick(1), folder.path());
    assert!(matches!(run(none, &Control::new(), &mut |_| {}), Err(LearnError::NoCases)));
    let mut other = fine_tuning(Box::new((vec![ball(1)], Vec::new())), quick(1), folder.path());
    other.labels = vec![(77, "absent".to_owned())];
    assert!(matches!(run(other, &Control::new(), &mut |_| {}), Err(LearnError::NothingToLearn { .. })));
}

#[test]
fn a_loss_that_is_no_number_ends_the_training() {
    let device = open(DeviceChoice::Cpu).expect("the CPU");
    let train_device = device.device.clone().autodiff();
    let config = medley_nn::EncoderConfig::new(medley_nn::Depth::R10, medley_nn::Shortcut::B, 4);
    let encoder = config.init(&train_device, 0);
    let rates = quick(2).rates(false);
    let mut learner = Learner::new(&encoder, crate::optimise::Optimiser::AdamW, 0.0, rates);
    let loss = burn::tensor::Tensor::<1>::from_floats([f32::NAN], &train_device);
    assert!(matches!(learner.step(4, encoder, loss, None, "cpu"), Err(LearnError::Diverged { step: 5 })));
}
