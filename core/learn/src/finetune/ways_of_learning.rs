//! Tests: threads that make patches change nothing, encoders stand still when told to, rates differ from stage to stage, and a
//! training ends where nothing gets better.

use burn::module::Module;
use medley_nn::Checkpointing;
use medley_nn::weights::WeightsFile;
use medley_volume::{Quantity, Scaling, Volume, Voxels};

use super::tests::run_with;
use super::*;
use crate::augment::{Blur, Elastic};
use crate::optimise::Schedule;
use crate::synthetic::{ball, fine_tuning, quick};

#[test]
fn every_number_of_threads_trains_the_same_model() {
    let models = [Some(0), Some(1), Some(3), None].map(|threads| run_with(5, |spec| spec.data.threads = threads).1);
    assert!(models.iter().all(|outcome| outcome.model_id == models[0].model_id));
    assert!(models.iter().all(|outcome| (0.0..=1.0).contains(&outcome.data_wait)));
    assert!(models[0].data_wait > 0.0, "without a thread of its own every patch is waited for");
}

/// The norm of each stage of the encoder's change: stem, layer1 … layer4.
fn changes(before: &FineTuneOutcome, after: &FineTuneOutcome) -> [f64; 5] {
    let weights = |outcome: &FineTuneOutcome| {
        let file = WeightsFile::open(&outcome.model).expect("a model");
        let network = file.network(&burn::tensor::Device::flex()).expect("a network");
        struct Values(Vec<Vec<f32>>);
        impl burn::module::ModuleVisitor for Values {
            fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<burn::tensor::Tensor<D>>) {
                self.0.push(param.val().into_data().iter::<f32>().collect());
            }
        }
        let mut values = Values(Vec::new());
        network.encoder.visit(&mut values);
        let names = medley_nn::parameters(&network.encoder).into_iter().map(|parameter| parameter.name);
        names.zip(values.0).collect::<Vec<_>>()
    };
    let mut sums = [0.0; 5];
    for ((name, a), (_, b)) in weights(before).into_iter().zip(weights(after)) {
        let stage = (1..=4).find(|stage| name.starts_with(&format!("layer{stage}."))).unwrap_or(0);
        sums[stage] += a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    }
    sums.map(f64::sqrt)
}

/// Training on from a model, with its encoder given and every weight free unless `change` says otherwise.
fn gone_on(first: &FineTuneOutcome, steps: usize, change: impl FnOnce(&mut FineTuneSettings)) -> [f64; 5] {
    let (_folder, second, _) = run_with(steps, |spec| {
        spec.weights = WeightsSource::File(first.model.clone());
        change(&mut spec.settings);
    });
    changes(first, &second)
}

#[test]
fn a_frozen_encoder_stands_still_and_then_learns() {
    let (_folder, first, _) = run_with(2, |_| {});
    for checkpointing in [Checkpointing::Off, Checkpointing::Blocks] {
        let frozen =
            |steps: usize| move |settings: &mut FineTuneSettings| (settings.frozen_steps, settings.checkpointing) = (steps, checkpointing);
        assert_eq!(gone_on(&first, 3, frozen(3)), [0.0; 5], "{checkpointing}");
        assert!(gone_on(&first, 3, frozen(2)).iter().all(|change| *change > 0.0), "{checkpointing}");
    }
    let (_folder, scratch, _) = run_with(2, |spec| spec.settings.frozen_steps = 2);
    assert!(changes(&first, &scratch).iter().all(|change| *change == 0.0), "an encoder that knows nothing must not be frozen");
}

#[test]
fn stages_learn_at_their_own_rates() {
    let (_folder, first, _) = run_with(2, |_| {});
    let free = gone_on(&first, 1, |settings| settings.encoder_norm = EncoderNorm::Frozen);
    let slower = gone_on(&first, 1, |settings| (settings.encoder_norm, settings.stage_factor) = (EncoderNorm::Frozen, 0.5));
    for (stage, (free, slower)) in free.into_iter().zip(slower).enumerate() {
        let wanted = 0.5f64.powi(4 - stage as i32);
        assert!((slower / free - wanted).abs() < 0.01 * wanted, "stage {stage}: {slower} of {free}");
    }
}

#[test]
fn a_training_ends_when_nothing_gets_better() {
    let (_folder, outcome, _) = run_with(400, |spec| {
        (spec.settings.validate_every, spec.settings.patience) = (1, 2);
        spec.settings.learning_rate = 1e-9;
    });
    assert!(outcome.card.steps_done < 400 && outcome.is_complete, "{}", outcome.card.steps_done);
    assert!(outcome.card.chosen_by.contains("none better in 2 measurements"), "{}", outcome.card.chosen_by);
    assert_eq!(outcome.best_step + 2, outcome.card.steps_done);
}

#[test]
fn settings_that_came_later_are_repeated_from_the_card() {
    let change = |spec: &mut FineTuneSpec| {
        let settings = &mut spec.settings;
        (settings.schedule, settings.clip_norm, settings.ema) = (Schedule::Cosine, Some(1.0), 0.5);
        settings.augmentation.elastic = Elastic { chance: 0.5, most_mm: 4.0, grid_mm: 16.0 };
        settings.augmentation.blur = Blur { chance: 0.5, most_voxels: 1.0 };
        (settings.augmentation.mirror, settings.label_pairs) = (0.5, vec![[5, 1]]);
    };
    let (_a, first, _) = run_with(6, change);
    let CardSettings::FineTune(settings) = first.card.settings.clone() else { panic!("a fine-tuning") };
    let json = serde_json::to_string(&settings).expect("JSON");
    let again: FineTuneSettings = serde_json::from_str(&json).expect("settings");
    let (_b, second, _) = run_with(6, |spec| spec.settings = again);
    assert_eq!(first.model_id, second.model_id);
    let (_c, plain, _) = run_with(6, |_| {});
    assert_ne!(first.model_id, plain.model_id);
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let refused = |change: fn(&mut FineTuneSettings)| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = quick(2);
        change(&mut settings);
        let spec = fine_tuning(Box::new((vec![ball(1)], Vec::new())), settings, folder.path());
        run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string()
    };
    assert!(refused(|s| s.ema = 1.0).contains("below 1"));
    assert!(refused(|s| s.clip_norm = Some(0.0)).contains("longest gradient"));
    assert!(refused(|s| s.stage_factor = 2.0).contains("stages"));
    assert!(refused(|s| (s.patience, s.validate_every) = (1, 0)).contains("validate"));
    assert!(refused(|s| s.label_pairs = vec![[5, 9]]).contains("not among the labels"));
    assert!(refused(|s| s.augmentation.elastic = Elastic { chance: 1.0, most_mm: 40.0, grid_mm: 48.0 }).contains("fold"));
}

#[test]
fn prepared_cases_from_the_disk_train_the_same_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("prepared");
    let cached = |spec: &mut FineTuneSpec| spec.data.cache = Some(crate::CaseCache::new(&kept, 1 << 24));
    let (_a, without, _) = run_with(4, |_| {});
    let (_b, written, _) = run_with(4, cached);
    let files = || std::fs::read_dir(&kept).expect("a folder").count();
    assert_eq!(files(), 2, "one case to learn from and one to measure on");
    let (_c, read, _) = run_with(4, cached);
    assert_eq!((&without.model_id, &written.model_id), (&read.model_id, &read.model_id));
    assert_eq!((without.dice, files()), (read.dice, 2));
}

/// A ball, and as bright as its upper half a cube in the corner farthest from it that nobody labelled.
fn ball_and_impostor(seed: u64) -> crate::TrainingCase {
    let case = ball(seed);
    let grid = *case.image.grid();
    let [ni, nj, nk] = grid.shape();
    let voxel = |offset: usize| [offset % ni, offset / ni % nj, offset / (ni * nj)];
    let labelled: Vec<[usize; 3]> = (0..grid.len()).filter(|&offset| case.truth.at(offset) != 0).map(voxel).collect();
    let is_low: [bool; 3] =
        std::array::from_fn(|axis| labelled.iter().map(|voxel| voxel[axis]).sum::<usize>() * 2 > labelled.len() * (grid.shape()[axis] - 1));
    let is_in_corner =
        |voxel: [usize; 3]| (0..3).all(|axis| if is_low[axis] { voxel[axis] < 5 } else { voxel[axis] + 5 >= [ni, nj, nk][axis] });
    let value = |offset: usize| match is_in_corner(voxel(offset)) {
        true => 300,
        false => case.image.voxels().stored(offset).map_or(0, |value| value as i16),
    };
    let voxels = Voxels::I16((0..grid.len()).map(value).collect());
    let image = Volume::new(grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
    crate::TrainingCase { image: std::sync::Arc::new(image), ..case }
}

#[test]
fn what_helps_afterwards_is_in_the_card_and_every_prediction_does_it() {
    let (_folder, outcome, _) = run_with(60, |spec| {
        spec.settings.postprocess = true;
        spec.cases = Box::new((vec![ball(1)], vec![ball_and_impostor(2)]));
    });
    let open = || crate::Predictor::open(&outcome.model, crate::DeviceChoice::Cpu).expect("a model");
    let case = ball_and_impostor(2);
    let dice = |predictor: crate::Predictor| {
        let mask = predictor.predict(&case.image, &Control::new(), &mut |_, _| {}).expect("labels");
        medley_volume::metrics::dice_per_label(&mask, &case.truth).expect("same grid")
    };
    let (with, without) = (dice(open()), dice(open().without_cleaning()));
    assert!(!outcome.card.cleaning.is_empty(), "the cube was not found, or finding it cost nothing: {:?}", outcome.dice);
    for label in &outcome.dice {
        let cleaning = outcome.card.cleaning.iter().find(|cleaning| cleaning.value == label.value);
        let (before, after) = cleaning.map_or((label.dice, label.dice), |cleaning| (cleaning.dice_before, cleaning.dice_after));
        assert!((without[&label.value] - before).abs() < 1e-5 && (label.dice - before).abs() < 1e-5);
        assert!((with[&label.value] - after).abs() < 1e-5 && after >= before, "{} against {after}", with[&label.value]);
    }
    let mirrored = dice(open().with_mirroring("r,a".parse().expect("axes")));
    assert!(mirrored.values().any(|dice| *dice > 0.0) && mirrored != with);
}
