use std::path::Path;
use std::sync::Arc;

use medley_nn::{Depth, Shortcut};

use super::*;
use crate::augment::Augmentation;
use crate::synthetic::sample;
use crate::task::TaskScores;
use crate::{AnyPredictor, CaseSource, DeviceChoice, Finding, FineTuneSettings, Predictor, TrainingCase, WeightsSource};

fn quick(steps: usize) -> DetectSettings {
    let training = FineTuneSettings {
        steps,
        depth: Depth::R10,
        shortcut: Shortcut::B,
        base_width: 4,
        learning_rate: 1e-2,
        patch: Some([16, 64, 64]),
        spacing_mm: Some([4.0, 4.0, 3.0]),
        augmentation: Augmentation { scale: 0.1, brightness_hu: 20.0, contrast: 0.1, ..Augmentation::none() },
        validate_every: 0,
        ..DetectSettings::default().training
    };
    DetectSettings { training, ..DetectSettings::default() }
}

fn spec(cases: Box<dyn CaseSource>, settings: DetectSettings, output: &Path) -> DetectSpec {
    DetectSpec {
        cases,
        labels: vec![(2, "liver".to_owned()), (1, "spleen".to_owned())],
        weights: WeightsSource::Scratch,
        settings,
        device: DeviceChoice::Cpu,
        output: output.to_owned(),
    }
}

fn case(patient: &str) -> TrainingCase {
    let (image, truth) = sample(patient);
    TrainingCase { name: patient.to_owned(), image: Arc::new(image), truth: Arc::new(truth), never_annotated: Vec::new() }
}

#[test]
fn organs_of_one_person_are_learned_and_found_in_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = (vec![case("patient_a_upper"), case("patient_a_lower")], vec![case("patient_b")]);
    let mut events = Vec::new();
    let outcome = run(spec(Box::new(cases), quick(120), folder.path()), &Control::new(), &mut |event| events.push(event)).expect("trained");
    let losses: Vec<f64> =
        events.iter().filter_map(|event| if let JobEvent::Step { loss, .. } = event { Some(*loss) } else { None }).collect();
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    assert!(mean(&losses[100..]) < 0.5 * mean(&losses[..10]), "{losses:?}");
    let Some(TaskScores::Detect(scores)) = &outcome.card.scores else { panic!("{:?}", outcome.card.scores) };
    assert_eq!(scores.objects, 2);
    assert!(scores.at[0].precision > 0.4, "{scores:?}");
    assert!(scores.at.is_sorted_by(|a, b| a.precision >= b.precision));

    // In the very scan it learned from, the surest box of each organ lies on it.
    let AnyPredictor::Task(predictor) = AnyPredictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model") else { panic!("masks") };
    let learned = case("patient_a_upper");
    let Finding::Boxes(found) = predictor.predict(&learned.image, &Control::new(), &mut |_, _| {}).expect("boxes") else {
        panic!("classes of a detection")
    };
    assert!(found.is_sorted_by(|a, b| a.score >= b.score));
    let truths = medley_volume::components(&learned.truth, &[1, 2], 5).list;
    for truth in truths {
        let surest = found.iter().find(|found| found.label == truth.label).expect("one is found");
        let center: [f64; 3] = std::array::from_fn(|axis| (surest.voxel_low[axis] + surest.voxel_high[axis]) / 2.0);
        let is_inside = (0..3).all(|axis| truth.bounds.low[axis] as f64 <= center[axis] && center[axis] <= truth.bounds.high[axis] as f64);
        assert!(is_inside, "{surest:?} is not on {truth:?}");
    }
    let refusal = Predictor::open(&outcome.model, DeviceChoice::Cpu).expect_err("it draws no masks").to_string();
    assert!(refusal.contains("finds boxes"), "{refusal}");
}

#[test]
fn nothing_to_find_is_said_before_anything_is_computed_and_turns_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let refusal = |change: &dyn Fn(&mut DetectSpec)| {
        let mut spec = spec(Box::new((vec![crate::synthetic::ball(1)], Vec::new())), quick(1), folder.path());
        change(&mut spec);
        run(spec, &Control::new(), &mut |_| {}).expect_err("refused")
    };
    assert!(matches!(refusal(&|spec| spec.labels = vec![(77, "absent".to_owned())]), LearnError::NothingToLearn { .. }));
    assert!(matches!(refusal(&|spec| spec.settings.training.augmentation.turn_tilt_deg = 5.0), LearnError::Setting(_)));
    assert!(matches!(refusal(&|spec| spec.cases = Box::new((Vec::new(), Vec::new()))), LearnError::NoCases));
}

/// The upper halves of most balls were never labelled: with that said, they are found nevertheless.
#[test]
fn objects_that_nobody_looked_for_in_some_cases_are_not_unlearned() {
    let without_upper = |seed: u64, never_annotated: Vec<u16>| {
        let case = crate::synthetic::ball(seed);
        let mut truth = (*case.truth).clone();
        (0..truth.len()).filter(|&offset| case.truth.at(offset) == 5).for_each(|offset| truth.set(offset, 0));
        TrainingCase { truth: Arc::new(truth), never_annotated, ..case }
    };
    let surest_upper = |never: Vec<u16>| {
        let folder = tempfile::tempdir().expect("a folder");
        let partly = [2, 3, 4, 5].map(|seed| without_upper(seed, never.clone()));
        let cases: Vec<TrainingCase> = std::iter::once(crate::synthetic::ball(1)).chain(partly).collect();
        let mut settings = quick(60);
        settings.training = FineTuneSettings { patch: Some([16; 3]), spacing_mm: Some([2.0; 3]), foreground: 0.5, ..settings.training };
        settings.least_score = 0.0;
        let mut spec = spec(Box::new((cases, Vec::new())), settings, folder.path());
        spec.labels = vec![(5, "upper half".to_owned()), (1, "lower half".to_owned())];
        let outcome = run(spec, &Control::new(), &mut |_| {}).expect("trained");
        let AnyPredictor::Task(predictor) = AnyPredictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model") else {
            panic!("masks")
        };
        let image = crate::synthetic::ball(2).image;
        let Finding::Boxes(found) = predictor.predict(&image, &Control::new(), &mut |_, _| {}).expect("boxes") else { panic!("classes") };
        found.iter().filter(|found| found.label == 5).map(|found| found.score).fold(0.0, f64::max)
    };
    let (said, unsaid) = (surest_upper(vec![5]), surest_upper(Vec::new()));
    println!("surest upper half: {said:.3} with its absence explained, {unsaid:.3} without");
    assert!(said > 2.0 * unsaid && said > 0.2, "{said} and {unsaid}");
}

#[test]
fn a_label_that_nobody_looked_for_anywhere_has_no_boxes_to_learn_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut spec = spec(Box::new((vec![crate::synthetic::ball(1)], Vec::new())), quick(1), folder.path());
    spec.labels = vec![(5, "upper half".to_owned()), (7, "nothing".to_owned())];
    spec.settings.training.never_annotated = vec![7];
    let refusal = run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string();
    assert!(refusal.contains("“nothing”"), "{refusal}");
}

#[test]
fn the_same_seed_gives_the_same_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let train = |name: &str, seed: u64| {
        let mut settings = quick(4);
        settings.training = FineTuneSettings { seed, patch: Some([16; 3]), spacing_mm: Some([2.0; 3]), ..settings.training };
        let cases = (vec![crate::synthetic::ball(1)], vec![crate::synthetic::ball(2)]);
        let mut spec = spec(Box::new(cases), settings, &folder.path().join(name));
        spec.labels = vec![(5, "upper half".to_owned()), (1, "lower half".to_owned())];
        run(spec, &Control::new(), &mut |_| {}).expect("trained").model_id
    };
    let first = train("a", 1);
    assert_eq!(train("b", 1), first);
    assert_ne!(train("c", 2), first);
}
