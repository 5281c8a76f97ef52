//! Tests: every head and every loss is learned with, and labels that nobody looked for are kept.

use std::sync::Arc;

use medley_nn::HeadKind;
use medley_nn::loss::LossKind;
use medley_volume::metrics;

use super::tests::{ends, run_with};
use super::*;
use crate::card::CardSettings;
use crate::synthetic::ball;
use crate::{DeviceChoice, Predictor, TrainingCase};

#[test]
fn every_head_learns_and_its_model_predicts() {
    let all = HeadKind::ALL.map(|head| (head, false)).into_iter().chain([(HeadKind::Skip, true)]);
    for (head, deep_supervision) in all {
        let (_folder, outcome, events) = run_with(40, |spec| {
            spec.settings.head = head;
            spec.settings.deep_supervision = deep_supervision;
        });
        let [first, last] = ends(&events);
        println!("{head}, deep {deep_supervision}: {first:.3} to {last:.3}, Dice {:?}", outcome.mean_dice);
        assert!(last < 0.8 * first, "{head}, deep {deep_supervision}: {first} to {last}");
        assert_eq!(outcome.card.architecture.head, Some(head.to_string()));
        let CardSettings::FineTune(settings) = &outcome.card.settings else { panic!("a fine-tuning") };
        assert_eq!((settings.head, settings.deep_supervision), (head, deep_supervision));
        // What was measured in training is what the model's file gives.
        let predictor = Predictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model");
        let case = ball(2);
        let labels = predictor.predict(&case.image, &Control::new(), &mut |_, _| {}).expect("labels");
        let dice = metrics::dice_per_label(&labels, &case.truth).expect("same grid");
        for label in &outcome.dice {
            assert!((dice.get(&label.value).copied().unwrap_or(0.0) - label.dice).abs() < 1e-5, "{head}: {label:?} against {dice:?}");
        }
    }
}

#[test]
fn every_loss_is_brought_down() {
    for loss in LossKind::ALL {
        let (_folder, outcome, events) = run_with(30, |spec| spec.settings.loss = loss);
        let [first, last] = ends(&events);
        println!("{loss}: {first:.3} to {last:.3}, Dice {:?}", outcome.mean_dice);
        assert!(last < 0.85 * first, "{loss}: {first} to {last}");
        let card = std::fs::read_to_string(&outcome.card_file).expect("a card");
        assert_eq!(card.contains("\"loss\": \"") && card.contains(&loss.to_string()), loss != LossKind::default(), "{card}");
    }
}

/// Dropping channels draws random numbers: the same seed must draw the same.
#[test]
fn dropout_follows_from_the_seed() {
    let model = || run_with(3, |spec| spec.settings.head = HeadKind::DenseAspp).1.model_id;
    assert_eq!(model(), model());
}

#[test]
fn settings_of_before_are_todays_defaults_and_write_the_same_card() {
    let old: FineTuneSettings = serde_json::from_str("{}").expect("settings");
    assert_eq!(old, FineTuneSettings::default());
    let json = serde_json::to_string(&old).expect("JSON");
    assert!(
        ![
            "\"loss\"",
            "deep_supervision",
            "never_annotated",
            "label_pairs",
            "elastic",
            "blur",
            "stage_factor",
            "schedule",
            "frozen_steps",
            "clip_norm",
            "\"ema\"",
            "patience",
            "\"recipe\"",
        ]
        .iter()
        .any(|key| json.contains(key)),
        "{json}"
    );
}

#[test]
fn deep_supervision_without_levels_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = FineTuneSettings { head: HeadKind::Branch, deep_supervision: true, ..crate::synthetic::quick(1) };
    let spec = crate::synthetic::fine_tuning(Box::new((vec![ball(1)], Vec::new())), settings, folder.path());
    let error = run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string();
    assert!(error.contains("skip") && error.contains("branch"), "{error}");
}

/// A ball whose lower half nobody has labelled.
fn half_annotated(seed: u64) -> TrainingCase {
    let case = ball(seed);
    let mut truth = (*case.truth).clone();
    (0..truth.len()).filter(|&offset| case.truth.at(offset) == 1).for_each(|offset| truth.set(offset, 0));
    TrainingCase { truth: Arc::new(truth), ..case }
}

#[test]
fn a_label_that_nobody_looked_for_is_not_forgotten() {
    let (_folder, first, _) = run_with(80, |_| {});
    let lower = |outcome: &FineTuneOutcome| {
        let predictor = Predictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model");
        let case = ball(7);
        let labels = predictor.predict(&case.image, &Control::new(), &mut |_, _| {}).expect("labels");
        metrics::dice_per_label(&labels, &case.truth).expect("same grid").get(&1).copied().unwrap_or(0.0)
    };
    let after = |never_annotated: Vec<u16>| {
        let (_folder, outcome, _) = run_with(40, |spec| {
            spec.weights = WeightsSource::File(first.model.clone());
            spec.cases = Box::new((vec![half_annotated(3)], Vec::new()));
            spec.settings.never_annotated = never_annotated;
        });
        lower(&outcome)
    };
    let (kept, forgotten) = (after(vec![1]), after(Vec::new()));
    println!("lower half: {:.3} before, {kept:.3} with the label left out, {forgotten:.3} without", lower(&first));
    assert!(kept > 0.6 && forgotten < 0.5 * kept, "{kept} and {forgotten}");
}

#[test]
fn labels_never_annotated_must_be_known_to_the_model_and_absent_from_the_masks() {
    let (_folder, first, _) = run_with(1, |_| {});
    let refused = |from: WeightsSource, case: TrainingCase, never: u16| {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = FineTuneSettings { never_annotated: vec![never], ..crate::synthetic::quick(1) };
        let mut spec = crate::synthetic::fine_tuning(Box::new((vec![case], Vec::new())), settings, folder.path());
        spec.weights = from;
        run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string()
    };
    let model = || WeightsSource::File(first.model.clone());
    assert!(refused(WeightsSource::Scratch, half_annotated(3), 1).contains("start from a model"));
    assert!(refused(model(), half_annotated(3), 9).contains("not among the labels"));
    assert!(refused(model(), half_annotated(3), 0).contains("not among the labels"));
    assert!(refused(model(), ball(3), 1).contains("“ball-3” holds it"));
}
