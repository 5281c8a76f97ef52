use std::path::Path;
use std::sync::Arc;

use medley_nn::weights::WeightsFile;
use medley_nn::{Depth, Shortcut};
use medley_volume::{IndexBox, LabelMap, Volume};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::augment::Augmentation;
use crate::card::METADATA_KEY;
use crate::synthetic::sample;
use crate::task::TaskScores;
use crate::{AnyPredictor, DeviceChoice, FineTuneSettings, Predictor, WeightsSource};

/// The part of a scan within a box.
fn crop(scan: &Volume, bounds: IndexBox) -> Volume {
    use medley_volume::{Quantity, Scaling, Voxels};
    let affine = scan.grid().ras_from_voxel();
    let low = medley_volume::glam::DVec3::from_array(bounds.low.map(|v| v as f64));
    let moved = medley_volume::glam::DAffine3 { matrix3: affine.matrix3, translation: affine.transform_point3(low) };
    let grid = medley_volume::Grid::new(bounds.shape(), moved).expect("a grid");
    let values = scan.to_f32();
    let voxels = bounds.rows(scan.grid().shape()).flatten().map(|offset| values[offset] as i16).collect();
    Volume::new(grid, Voxels::I16(voxels), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits")
}

/// Pieces of a real scan around voxels of each of some organs, each with which of the organs it holds.
fn pieces(patient: &str, size_mm: [f64; 3], organs: &[u16], count: usize, seed: u64) -> Vec<(Volume, Vec<bool>, usize)> {
    let (scan, mask) = sample(patient);
    let spacing = scan.grid().spacing();
    let size: [usize; 3] = std::array::from_fn(|axis| ((size_mm[axis] / spacing[axis]).round() as usize).min(scan.grid().shape()[axis]));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pieces = Vec::new();
    for at in 0..count {
        let about = at % organs.len();
        let sites: Vec<usize> = (0..mask.len()).filter(|&o| mask.at(o) == organs[about]).collect();
        let offset = sites[rng.random_range(0..sites.len())];
        let shape = scan.grid().shape();
        let voxel = [offset % shape[0], offset / shape[0] % shape[1], offset / (shape[0] * shape[1])];
        let low: [usize; 3] = std::array::from_fn(|axis| voxel[axis].saturating_sub(size[axis] / 2).min(shape[axis] - size[axis]));
        let bounds = IndexBox { low, high: std::array::from_fn(|axis| low[axis] + size[axis]) };
        let holds = organs.iter().map(|&organ| share(&mask, bounds, organ) > 0.02).collect();
        pieces.push((crop(&scan, bounds), holds, about));
    }
    pieces
}

fn share(mask: &LabelMap, bounds: IndexBox, organ: u16) -> f64 {
    let count = bounds.rows(mask.grid().shape()).flatten().filter(|&offset| mask.at(offset) == organ).count();
    count as f64 / bounds.len() as f64
}

fn quick(steps: usize, answers: Answers) -> ClassifySettings {
    let training = FineTuneSettings {
        steps,
        depth: Depth::R10,
        shortcut: Shortcut::B,
        base_width: 4,
        learning_rate: 5e-3,
        patch: Some([16, 32, 32]),
        spacing_mm: Some([3.0; 3]),
        augmentation: Augmentation { turn_axial_deg: 8.0, brightness_hu: 20.0, contrast: 0.1, ..Augmentation::none() },
        validate_every: 20,
        ..ClassifySettings::default().training
    };
    ClassifySettings { training, answers, ..ClassifySettings::default() }
}

fn spec(cases: (Vec<ClassifiedCase>, Vec<ClassifiedCase>), classes: &[&str], settings: ClassifySettings, output: &Path) -> ClassifySpec {
    ClassifySpec {
        cases: Box::new(cases),
        classes: classes.iter().map(|&class| class.to_owned()).collect(),
        weights: WeightsSource::Scratch,
        settings,
        device: DeviceChoice::Cpu,
        output: output.to_owned(),
    }
}

fn losses(events: &[JobEvent]) -> Vec<f64> {
    events.iter().filter_map(|event| if let JobEvent::Step { loss, .. } = event { Some(*loss) } else { None }).collect()
}

fn mean(losses: &[f64]) -> f64 {
    losses.iter().sum::<f64>() / losses.len() as f64
}

const PIECE_MM: [f64; 3] = [96.0, 96.0, 40.0];

/// Pieces around the liver or the spleen of one person, measured on another person's.
fn liver_or_spleen(training: usize, validation: usize) -> (Vec<ClassifiedCase>, Vec<ClassifiedCase>) {
    let of = |patient: &str, count, seed| -> Vec<ClassifiedCase> {
        let pieces = pieces(patient, PIECE_MM, &[2, 1], count, seed).into_iter().enumerate();
        let case = |(at, (image, _, about)): (usize, (Volume, Vec<bool>, usize))| ClassifiedCase {
            name: format!("{patient} {at}"),
            patient: patient.to_owned(),
            image: Arc::new(image),
            answers: (0..2).map(|class| Some(class == about)).collect(),
        };
        pieces.map(case).collect()
    };
    (of("patient_a_upper", training, 1), of("patient_b", validation, 2))
}

#[test]
fn liver_is_told_from_spleen_in_a_person_never_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = liver_or_spleen(32, 16);
    let mut events = Vec::new();
    let spec = spec(cases.clone(), &["liver", "spleen"], quick(100, Answers::OneOf), folder.path());
    let outcome = run(spec, &Control::new(), &mut |event| events.push(event)).expect("trained");
    let losses = losses(&events);
    assert!(mean(&losses[90..]) < 0.6 * mean(&losses[..10]), "{losses:?}");
    let Some(TaskScores::Classify(scores)) = &outcome.card.scores else { panic!("{:?}", outcome.card.scores) };
    assert!(scores.accuracy > 0.7 && scores.mean_auc.is_some_and(|auc| auc > 0.7), "{scores:?}");
    assert_eq!(scores.confusion.iter().flatten().sum::<usize>(), 16);
    assert_eq!(outcome.score, scores.mean_auc);

    let AnyPredictor::Task(predictor) = AnyPredictor::open(&outcome.model, DeviceChoice::Cpu).expect("a model") else { panic!("masks") };
    assert_eq!(predictor.id(), outcome.model_id);
    let mut right = 0;
    for case in &cases.1 {
        let crate::Finding::Classes(found) = predictor.predict(&case.image, &Control::new(), &mut |_, _| {}).expect("classes") else {
            panic!("boxes of a classification")
        };
        assert_eq!(found.iter().map(|class| class.class.as_str()).collect::<Vec<_>>(), ["liver", "spleen"]);
        assert!((found[0].probability + found[1].probability - 1.0).abs() < 1e-4);
        right += usize::from((found[1].probability > found[0].probability) == (case.class() == Some(1)));
    }
    assert_eq!(right as f64 / 16.0, scores.accuracy, "the model in the file is the one that was measured");

    let refusal = Predictor::open(&outcome.model, DeviceChoice::Cpu).expect_err("it draws no masks").to_string();
    assert!(refusal.contains("classifies whole scans") && refusal.contains("--task segment"), "{refusal}");
    let file = WeightsFile::open(&outcome.model).expect("a model");
    assert!(!file.metadata()[METADATA_KEY].contains("patient_a"), "the card names a patient");
}

#[test]
fn labels_that_do_not_exclude_each_other_are_learned_from_partial_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let of = |patient: &str, count, seed, hides: bool| -> Vec<ClassifiedCase> {
        let pieces = pieces(patient, PIECE_MM, &[2, 1, 3], count, seed).into_iter().enumerate();
        let case = |(at, (image, holds, _)): (usize, (Volume, Vec<bool>, usize))| ClassifiedCase {
            name: format!("{patient} {at}"),
            patient: patient.to_owned(),
            image: Arc::new(image),
            // Every third answer was never given.
            answers: holds.iter().enumerate().map(|(label, &holds)| (!hides || (at + label) % 3 != 0).then_some(holds)).collect(),
        };
        pieces.map(case).collect()
    };
    let cases = (of("patient_a_upper", 30, 1, true), of("patient_b", 15, 2, false));
    let mut events = Vec::new();
    let spec = spec(cases, &["liver", "spleen", "stomach"], quick(80, Answers::AnyOf), folder.path());
    let outcome = run(spec, &Control::new(), &mut |event| events.push(event)).expect("trained");
    let losses = losses(&events);
    assert!(mean(&losses[70..]) < 0.7 * mean(&losses[..10]), "{losses:?}");
    assert!(outcome.score.is_some_and(|score| score > 0.7), "{:?}", outcome.card.scores);
}

#[test]
fn the_same_seed_gives_the_same_file_and_a_stop_leaves_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = liver_or_spleen(8, 4);
    let train = |name: &str, seed: u64| {
        let mut settings = quick(6, Answers::OneOf);
        settings.training.seed = seed;
        let spec = spec(cases.clone(), &["liver", "spleen"], settings, &folder.path().join(name));
        run(spec, &Control::new(), &mut |_| {}).expect("trained").model_id
    };
    let first = train("a", 1);
    assert_eq!(train("b", 1), first);
    assert_ne!(train("c", 2), first);
    let control = Control::new();
    control.stop();
    let spec = spec(cases, &["liver", "spleen"], quick(6, Answers::OneOf), &folder.path().join("d"));
    assert!(matches!(run(spec, &control, &mut |_| {}), Err(LearnError::Stopped)));
    assert!(!folder.path().join("d").exists());
}
