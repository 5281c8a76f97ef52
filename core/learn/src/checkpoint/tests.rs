//! Trainings that are stopped, or killed with SIGKILL, and gone on with, beside ones that went straight through.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::augment::Augmentation;
use crate::synthetic::{ball, fine_tuning, quick, quick_pretraining};
use crate::{
    ClassifiedCase, ClassifySettings, ClassifySpec, Control, DetectSettings, DetectSpec, DeviceChoice, FineTuneSettings, FineTuneSpec,
    JobEvent, JobKind, LearnError, PretrainSet, PretrainSpec, WeightsSource, classify, detect, finetune, pretrain,
};

const FOLDER: &str = "MEDLEY_TEST_TRAINING_OF_THE_VICTIM";
const KIND: &str = "MEDLEY_TEST_KIND_OF_TRAINING_OF_THE_VICTIM";
/// How many programs are killed in the test that is not run as a rule.
const KILLS: &str = "MEDLEY_KILLS";
const STEPS: usize = 24;

const ALL: [&str; 5] = ["masks", "freezing", "classes", "boxes", "pretraining"];

/// A training of each kind: with validation on the way, a mean of the weights and weights that are the best so far.
fn settings(checkpoints: Checkpoints) -> FineTuneSettings {
    FineTuneSettings { validate_every: 5, average: 0.3, checkpoints, ..quick(STEPS) }
}

fn masks(checkpoints: Checkpoints, output: &Path) -> FineTuneSpec {
    fine_tuning(Box::new((vec![ball(1)], vec![ball(2)])), settings(checkpoints), output)
}

fn run(kind: &str, checkpoints: Checkpoints, output: &Path, control: &Control, tell: &mut dyn FnMut(JobEvent)) -> Result<(), LearnError> {
    match kind {
        "masks" => finetune::run(masks(checkpoints, output), control, tell).map(drop),
        "freezing" => {
            let mut spec = masks(checkpoints, output);
            spec.weights = encoder();
            let settings = &mut spec.settings;
            (settings.frozen_steps, settings.encoder_factor, settings.stage_factor) = (8, 0.5, 0.8);
            (settings.clip_norm, settings.ema, settings.patience) = (Some(1.0), 0.9, 99);
            finetune::run(spec, control, tell).map(drop)
        }
        "classes" => {
            let case = |seed: u64| ClassifiedCase {
                name: format!("ball-{seed}"),
                patient: seed.to_string(),
                image: ball(seed).image,
                answers: vec![Some(seed.is_multiple_of(2)), Some(seed % 2 == 1)],
            };
            let training = FineTuneSettings { patch: Some([16, 16, 16]), batch: 2, ..settings(checkpoints) };
            let spec = ClassifySpec {
                cases: Box::new((vec![case(1), case(2), case(3)], vec![case(4), case(5)])),
                classes: vec!["even".to_owned(), "odd".to_owned()],
                weights: WeightsSource::Scratch,
                settings: ClassifySettings { training, ..ClassifySettings::default() },
                device: DeviceChoice::Cpu,
                output: output.to_owned(),
            };
            classify::run(spec, control, tell).map(drop)
        }
        "boxes" => {
            let training = FineTuneSettings { augmentation: Augmentation::none(), ..settings(checkpoints) };
            let spec = DetectSpec {
                cases: Box::new((vec![ball(1)], vec![ball(2)])),
                labels: vec![(1, "ball".to_owned())],
                weights: WeightsSource::Scratch,
                settings: DetectSettings { training, ..DetectSettings::default() },
                device: DeviceChoice::Cpu,
                output: output.to_owned(),
            };
            detect::run(spec, control, tell).map(drop)
        }
        _ => {
            let set = |name: &str, seed: u64| PretrainSet {
                name: name.to_owned(),
                cases: Box::new((vec![ball(seed)], Vec::new())),
                labels: vec![(1, "ball".to_owned())],
            };
            let spec = PretrainSpec {
                sets: vec![set("one", 1), set("two", 2)],
                weights: WeightsSource::Scratch,
                settings: crate::PretrainSettings { checkpoints, ..quick_pretraining(STEPS) },
                device: DeviceChoice::Cpu,
                output: output.to_owned(),
            };
            pretrain::run(spec, control, tell).map(drop)
        }
    }
}

/// Weights to start from, always the same.
fn encoder() -> WeightsSource {
    use medley_nn::{Depth, EncoderConfig, Shortcut};
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("encoder.safetensors");
    let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 4).init(&burn::tensor::Device::flex(), 3);
    medley_nn::weights::save_encoder(&file, &encoder, &Default::default(), false).expect("written");
    WeightsSource::Bytes { name: "an encoder".to_owned(), bytes: std::fs::read(file).expect("read").into() }
}

/// The model without a checkpoint anywhere.
fn straight(kind: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    run(kind, Checkpoints::OFF, folder.path(), &Control::new(), &mut |_| {}).expect("trained");
    model(kind, folder.path())
}

fn model(kind: &str, folder: &Path) -> Vec<u8> {
    let name = if kind == "pretraining" { "encoder.safetensors" } else { "model.safetensors" };
    std::fs::read(folder.join(name)).expect("a model")
}

#[test]
fn a_stopped_training_that_goes_on_gives_the_same_bytes() {
    for kind in ALL {
        let wanted = straight(kind);
        let folder = tempfile::tempdir().expect("a folder");
        let mut checkpoints = Checkpoints { every_seconds: 1e9, ..Checkpoints::OFF };
        for stop in [3, 10, 17] {
            let control = Control::new();
            let handle = control.clone();
            let (mut begun, mut last) = (0, 0);
            let result = run(kind, checkpoints, folder.path(), &control, &mut |event| match event {
                JobEvent::Resumed { step } => begun = step,
                JobEvent::Step { step, .. } => {
                    last = step;
                    if step == stop {
                        handle.stop();
                    }
                }
                _ => {}
            });
            // After the first measurement it keeps the best so far.
            assert!(matches!(result, Ok(()) | Err(LearnError::Stopped)), "{kind}: {result:?}");
            let info = CheckpointInfo::of(folder.path()).expect("a checkpoint");
            assert_eq!((info.step, begun < stop), (last, true), "{kind}");
            checkpoints.resume = true;
        }
        run(kind, checkpoints, folder.path(), &Control::new(), &mut |_| {}).expect("trained");
        assert!(model(kind, folder.path()) == wanted, "{kind}: another model");
        assert!(!folder.path().join("checkpoint").exists(), "{kind}: the checkpoint stays behind");
    }
}

/// Does nothing unless it is the child.
#[test]
fn child_that_trains_until_it_is_killed() {
    let (Ok(folder), Ok(kind)) = (std::env::var(FOLDER), std::env::var(KIND)) else { return };
    let folder = Path::new(&folder);
    let resume = CheckpointInfo::of(folder).is_some();
    let checkpoints = Checkpoints { every_steps: 2, resume, ..Checkpoints::OFF };
    let mut out = std::io::stdout();
    run(&kind, checkpoints, folder, &Control::new(), &mut |event| {
        if let JobEvent::Step { step, .. } = event {
            writeln!(out, "\ntook {step}").and_then(|()| out.flush()).expect("the parent listens");
        }
    })
    .expect("trained");
}

/// Kills a training of this kind at random moments, then lets it end. Returns how many steps were taken again.
fn kill_again_and_again(kind: &str, kills: usize, seed: u64) -> usize {
    let wanted = straight(kind);
    let (folder, mut rng) = (tempfile::tempdir().expect("a folder"), ChaCha8Rng::seed_from_u64(seed));
    let mut taken_again = 0;
    for kill in 0..=kills {
        let mut child = Command::new(std::env::current_exe().expect("a program"))
            .args(["checkpoint::tests::child_that_trains_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder.path())
            .env(KIND, kind)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let mut heard = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let number = |line: String| line.strip_prefix("took ").and_then(|number| number.parse::<usize>().ok());
        let patience = if kill == kills { usize::MAX } else { rng.random_range(0..6) };
        let mut last = heard.by_ref().filter_map(number).nth(patience).unwrap_or(STEPS);
        // Any instant of a step or of the writing of a checkpoint, not only the end of a step.
        std::thread::sleep(Duration::from_micros(rng.random_range(0..30_000)));
        if kill < kills {
            child.kill().expect("killed");
        }
        let status = child.wait().expect("ended");
        last = heard.filter_map(number).last().unwrap_or(last);
        if status.success() {
            break;
        }
        if let Some(info) = CheckpointInfo::of(folder.path()) {
            assert!(info.step + 2 >= last.saturating_sub(1), "{kind}: {} steps were taken, {} are kept", last, info.step);
            taken_again += last.saturating_sub(info.step);
        }
    }
    assert!(model(kind, folder.path()) == wanted, "{kind}: another model, kills of seed {seed}");
    assert!(!folder.path().join("checkpoint").exists(), "{kind}: the checkpoint stays behind");
    taken_again
}

#[test]
fn a_killed_training_that_goes_on_gives_the_same_bytes() {
    kill_again_and_again("masks", 4, 11);
}

#[test]
#[ignore = "kills twenty trainings of each kind, or as many as MEDLEY_KILLS says"]
fn every_kind_of_training_outlives_twenty_kills() {
    let kills = std::env::var(KILLS).ok().and_then(|kills| kills.parse().ok()).unwrap_or(20);
    for kind in ALL {
        let again: usize = (0..kills as u64 / 4).map(|seed| kill_again_and_again(kind, 4, seed)).sum();
        println!("{kind}: {kills} kills, {again} steps taken again, the same bytes each time");
    }
}

#[test]
fn a_checkpoint_of_another_training_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoints = Checkpoints { every_steps: 1, ..Checkpoints::OFF };
    let control = Control::new();
    let handle = control.clone();
    let stopped = finetune::run(masks(checkpoints, folder.path()), &control, &mut |event| {
        if matches!(event, JobEvent::Step { step: 2, .. }) {
            handle.stop();
        }
    });
    assert!(matches!(stopped, Err(LearnError::Stopped)));
    let checkpoints = Checkpoints { resume: true, ..checkpoints };
    let refused = |change: &dyn Fn(&mut FineTuneSpec)| {
        let mut spec = masks(checkpoints, folder.path());
        change(&mut spec);
        finetune::run(spec, &Control::new(), &mut |_| {}).expect_err("refused").to_string()
    };
    assert!(refused(&|spec| spec.settings.seed = 5).contains("seed: 0 then, 5 now"));
    assert!(refused(&|spec| spec.settings.head = medley_nn::HeadKind::Branch).contains("other settings"));
    assert!(refused(&|spec| spec.cases = Box::new((vec![ball(7)], vec![ball(2)]))).contains("cases"));
    assert!(refused(&|spec| spec.labels[0].1 = "another".to_owned()).contains("labels"));
    let encoder = tempfile::tempdir().expect("a folder");
    run("pretraining", Checkpoints::OFF, encoder.path(), &Control::new(), &mut |_| {}).expect("trained");
    let file = encoder.path().join("encoder.safetensors");
    assert!(refused(&|spec| spec.weights = WeightsSource::File(file.clone())).contains("other weights"));
    let empty = tempfile::tempdir().expect("a folder");
    assert!(refused(&|spec| spec.output = empty.path().to_owned()).contains("there is none"));
    // The numbers are not the ones that were written.
    let state = std::fs::read_dir(folder.path().join("checkpoint")).expect("a folder").flatten();
    let state = state.map(|entry| entry.path()).find(|path| path.extension().is_some_and(|e| e == "safetensors")).expect("a state");
    let mut bytes = std::fs::read(&state).expect("read");
    let at = bytes.len() - 9;
    bytes[at] ^= 0x10;
    std::fs::write(&state, bytes).expect("written");
    assert!(refused(&|_| {}).contains("is not the file that was recorded"));
}

/// By the library's optimiser, which has everything elsewhere than on the processor.
#[test]
fn the_memory_of_an_optimiser_of_the_library_comes_back() {
    use std::collections::{BTreeMap, BTreeSet};

    use burn::module::Module;
    use burn::tensor::{Device, Int, Tensor};
    use medley_nn::{Depth, Encoder, EncoderConfig, ids, values};

    use crate::optimise::{Learner, Optimiser, Rates};

    let device = Device::flex().autodiff();
    let config = EncoderConfig { base_width: 2, ..EncoderConfig::released(Depth::R10) };
    let input = Tensor::<1, Int>::arange(0..512, &device).float().reshape([1, 1, 8, 8, 8]) / 512.0;
    let rates = Rates { highest: 0.01, steps: 100, ..Rates::default() };
    let learner = |encoder: &Encoder| {
        let mut learner = Learner::new(encoder, Optimiser::AdamW, 0.01, rates);
        learner.is_on_processor = false;
        learner
    };
    let step = |learner: &mut Learner, encoder: Encoder, at: usize| {
        let output = encoder.forward(input.clone());
        let loss = (output.clone() * output).mean();
        learner.step(at, encoder, loss, None, "cpu").expect("a step").0
    };
    let encoder = config.init(&device, 1);
    let mut first = learner(&encoder);
    let encoder = step(&mut first, encoder, 0);
    let mut tensors = Tensors::default();
    tensors.put("weights", &encoder, &BTreeSet::new(), "cpu").expect("numbers");
    let note = first.note(&ids(&encoder), &mut tensors, "cpu").expect("numbers");
    let wanted = values(&step(&mut first, encoder, 1)).expect("numbers");

    let again = tensors.fill("weights", config.init(&device, 9), &BTreeSet::new()).expect("fits");
    let again = note.known(again, str::to_owned);
    let mut second = learner(&again);
    second.take_up(&ids(&again), &BTreeMap::new(), &note, &tensors).expect("fits");
    assert!(values(&step(&mut second, again.clone(), 1)).expect("numbers") == wanted);
    // An optimiser that remembers nothing goes elsewhere.
    assert!(values(&step(&mut learner(&again), again.clone().train(), 1)).expect("numbers") != wanted);
}

#[test]
fn a_training_that_is_begun_anew_does_not_mind_an_old_checkpoint() {
    let folder = tempfile::tempdir().expect("a folder");
    let old = folder.path().join("checkpoint");
    std::fs::create_dir_all(&old).expect("a folder");
    for name in ["checkpoint.json", "state-99.safetensors"] {
        std::fs::write(old.join(name), "nonsense").expect("written");
    }
    assert_eq!(CheckpointInfo::of(folder.path()), None);
    let checkpoints = Checkpoints { every_steps: 1, ..Checkpoints::OFF };
    let mut kinds = Vec::new();
    finetune::run(
        FineTuneSpec { settings: FineTuneSettings { checkpoints, ..quick(3) }, ..masks(checkpoints, folder.path()) },
        &Control::new(),
        &mut |event| {
            if let JobEvent::Started { kind, .. } = event {
                kinds.push(kind);
            }
            assert!(!matches!(event, JobEvent::Resumed { .. }));
        },
    )
    .expect("trained");
    assert_eq!(kinds, [JobKind::FineTune]);
    assert!(!old.exists());
}
