//! Med3D co-training: several data sets with their own labels teach one shared encoder.
//!
//! Every set has a branch of its own, a head on the shared encoder. A step takes patches of one set and sends their loss through
//! that set's branch alone; the encoder learns from every step. The sets take turns, so a small one counts as much as a large
//! one. Afterwards the branches are thrown away (Chen et al., Med3D, 2019).

mod standing;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use medley_nn::head::Draw;
use medley_nn::loss::{LossKind, Target};
use medley_nn::weights::{Task, save_encoder};
use medley_nn::{
    Checkpointing, Depth, Encoder, EncoderConfig, HeadKind, NormMode, SegmentationNetwork, Shortcut, ShortcutGradient, Strides,
};
use serde::{Deserialize, Serialize};

use crate::augment::Augmentation;
use crate::card::{Card, CardLabel, CardSet, CardSettings, CurvePoint, METADATA_KEY, Made, is_default};
use crate::checkpoint::{Identity, Keeper};
use crate::device::{OpenDevice, open};
use crate::finetune::{
    Curve, Measured, MeasuredCase, Pace, architecture, card_labels, card_set, check_patch, check_training, encoder, file_sha256,
    label_values, make_folder, measured_case, prepare_all, write_card,
};
use crate::job::{JobKind, LabelDice};
use crate::lesson::{Waiting, feed, usual_threads};
use crate::looked_for::LookedFor;
use crate::optimise::{Learner, Optimiser, Rates};
use crate::prepare::PreparedCase;
use crate::pulse::Pulse;
use crate::recipe::PlanLimits;
use crate::sample::Sampler;
use crate::{CaseSource, Checkpoints, Control, DeviceChoice, EncoderChanges, EncoderNorm, JobEvent, LearnError, Recipe, WeightsSource};

/// A co-training to be done.
pub struct PretrainSpec {
    /// The data sets.
    pub sets: Vec<PretrainSet>,
    /// The encoder's first weights.
    pub weights: WeightsSource,
    /// Everything else.
    pub settings: PretrainSettings,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The folder that receives `encoder.safetensors` and `card.json`; made if it is missing.
    pub output: PathBuf,
}

/// One data set.
pub struct PretrainSet {
    /// Its name, for the card.
    pub name: String,
    /// Its cases; those for validation are only measured on, at the end.
    pub cases: Box<dyn CaseSource>,
    /// Its labels: value, name.
    pub labels: Vec<(u16, String)>,
}

/// Settings of a co-training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PretrainSettings {
    /// Steps in all; each takes patches of one set, the sets in turn.
    pub steps: usize,
    /// Patches a step.
    pub batch: usize,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Steps over which it rises.
    pub warm_up: usize,
    /// The optimiser.
    pub optimiser: Optimiser,
    /// Weight decay.
    pub weight_decay: f64,
    /// Everything random follows from it.
    pub seed: u64,
    /// Depth of an encoder from scratch.
    pub depth: Depth,
    /// Shortcut of an encoder from scratch.
    pub shortcut: Shortcut,
    /// Width of an encoder from scratch.
    pub base_width: usize,
    /// The branches.
    pub head: HeadKind,
    /// Patch `[S, A, R]` in voxels, the same for all sets; `None`: each set its own, as large as `limits` allow.
    pub patch: Option<[usize; 3]>,
    /// Bounds for spacings and patches.
    pub limits: PlanLimits,
    /// Share of patches that are centred on a label.
    pub foreground: f64,
    /// How patches are changed.
    pub augmentation: Augmentation,
    /// By what the encoder normalises; `Auto` is the batch's statistics.
    #[serde(skip_serializing_if = "is_default")]
    pub encoder_norm: EncoderNorm,
    /// How the encoder's last two stages widen what they see; `None`: as its weights were trained, as the reference without any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strides: Option<Strides>,
    /// Whether the gradient passes shortcut A: `Cut` repeats the reference's trainings.
    #[serde(skip_serializing_if = "is_default")]
    pub shortcut_gradient: ShortcutGradient,
    /// Whether the written weights are halved in size (`f16`).
    pub half: bool,
    /// What the encoder keeps for its gradients: less memory for more time.
    #[serde(skip_serializing_if = "Checkpointing::is_off")]
    pub checkpointing: Checkpointing,
    /// When the training writes down where it stands; not in the card, as nothing follows from it.
    #[serde(skip)]
    pub checkpoints: Checkpoints,
}

impl Default for PretrainSettings {
    fn default() -> Self {
        Self {
            steps: 1500,
            batch: 1,
            learning_rate: 1e-2,
            warm_up: 50,
            optimiser: Optimiser::AdamW,
            weight_decay: 1e-2,
            seed: 0,
            depth: Depth::R10,
            shortcut: Shortcut::B,
            base_width: 16,
            head: HeadKind::Skip,
            patch: None,
            limits: PlanLimits::default(),
            foreground: 0.67,
            augmentation: Augmentation::default(),
            encoder_norm: EncoderNorm::Auto,
            strides: None,
            shortcut_gradient: ShortcutGradient::Open,
            half: false,
            checkpointing: Checkpointing::Off,
            checkpoints: Checkpoints::OFF,
        }
    }
}

/// What a co-training leaves behind.
#[derive(Debug, Clone)]
pub struct PretrainOutcome {
    /// The encoder's file.
    pub encoder: PathBuf,
    /// SHA-256 of the file.
    pub encoder_id: String,
    /// The card's file.
    pub card_file: PathBuf,
    /// The card.
    pub card: Card,
    /// Loss over the steps.
    pub curve: Vec<CurvePoint>,
    /// Dice of each set's branch.
    pub sets: Vec<PretrainedSet>,
    /// Seconds of work.
    pub seconds: f64,
}

/// How well a set was learned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PretrainedSet {
    /// The set's name.
    pub name: String,
    /// Whether Dice was measured on validation cases; if not, on the very cases it learned from.
    pub is_validation: bool,
    /// Mean over labels.
    pub mean_dice: f64,
    /// Each label.
    pub dice: Vec<LabelDice>,
}

/// A set made ready.
struct Ready {
    labels: Vec<CardLabel>,
    recipe: Recipe,
    training: Vec<PreparedCase>,
    looked_for: LookedFor,
    measured: Vec<MeasuredCase>,
    is_validation: bool,
    card: CardSet,
}

/// Trains, measures each branch, and writes `encoder.safetensors` and `card.json`. Blocks; looks at `control` between steps.
///
/// # Errors
/// [`LearnError::Stopped`] if it is stopped (it can be gone on with where checkpoints are written), and whatever goes wrong with cases, weights, device or files. No file is left half
/// written.
pub fn run(spec: PretrainSpec, control: &Control, tell: &mut dyn FnMut(JobEvent)) -> Result<PretrainOutcome, LearnError> {
    let begin = Instant::now();
    let PretrainSpec { sets, weights, settings, device, output } = spec;
    check_training(settings.steps, settings.batch, settings.learning_rate, settings.base_width, settings.foreground)?;
    check_patch(settings.patch)?;
    let device = open(device)?;
    tell(JobEvent::Started { job: 0, kind: JobKind::Pretrain, device: device.name.clone() });
    let sets = sets.into_iter().map(|set| make_ready(set, &settings, control)).collect::<Result<Vec<_>, _>>()?;
    if sets.is_empty() {
        return Err(LearnError::NoCases);
    }
    let train_device = device.device.clone().autodiff();
    let config = EncoderConfig::new(settings.depth, settings.shortcut, settings.base_width);
    let changes = EncoderChanges { strides: settings.strides, norm: settings.encoder_norm, shortcut_gradient: settings.shortcut_gradient };
    let file = weights.open()?;
    let (encoder, weights) = encoder(file.as_ref(), config, changes, false, settings.seed, &train_device)?;
    let mode = if settings.encoder_norm == EncoderNorm::Frozen { NormMode::Frozen } else { NormMode::Batch };
    let encoder = encoder.with_norm_mode(mode);
    let classes: Vec<usize> = sets.iter().map(|set| set.labels.len()).collect();
    let architecture = architecture(encoder.config(), None);
    let card_sets: Vec<CardSet> = sets.iter().map(|set| set.card.clone()).collect();
    let card_settings = CardSettings::Pretrain(PretrainSettings { checkpoints: Checkpoints::OFF, ..settings.clone() });
    let mut keeper = Keeper::new(
        settings.checkpoints,
        &output,
        &Identity {
            program: Card::this_program(),
            device: &device.name,
            weights: &weights,
            architecture: &architecture,
            labels: &[],
            sets: &card_sets,
            answers: None,
            recipe: None,
            settings: &card_settings,
        },
    )?;
    let mut training = match keeper.found()? {
        Some(found) => CoTraining::taken_up(found, encoder, &classes, &settings, &train_device).map_err(|reason| keeper.refusal(reason))?,
        None => CoTraining::new(encoder, &classes, &settings, &train_device),
    };
    let earlier = training.seconds;
    let waited = train(&mut training, &sets, &settings, (&device, begin), &mut keeper, control, tell)?;

    let mut results = Vec::new();
    for (at, set) in sets.iter().enumerate() {
        let network = training.network(at).valid();
        let (mean_dice, dice) = Measured::new(&set.measured, &set.labels, set.recipe.patch).dice(&network, &device, control)?;
        results.push(PretrainedSet { name: set.card.name.clone(), is_validation: set.is_validation, mean_dice, dice });
    }
    let seconds = earlier + begin.elapsed().saturating_sub(waited).as_secs_f64();
    let (encoder, curve) = training.into_encoder_and_curve();
    let card = Card {
        format: 1,
        kind: JobKind::Pretrain,
        task: Task::Segment,
        program: Card::this_program(),
        device: device.name,
        architecture,
        weights,
        labels: Vec::new(),
        recipe: None,
        sets: card_sets,
        steps_done: settings.steps,
        step: settings.steps,
        chosen_by: "last step".to_owned(),
        dice: Vec::new(),
        scores: None,
        cleaning: Vec::new(),
        pretrained: results.clone(),
        curve: curve.clone(),
        given_up: Vec::new(),
        made: Some(Made::now(seconds)),
        settings: card_settings,
    };
    make_folder(&output)?;
    let path = output.join("encoder.safetensors");
    let metadata = [(METADATA_KEY.to_owned(), card.reproducible_json()?)].into_iter().collect();
    save_encoder(&path, &encoder.valid(), &metadata, settings.half)?;
    let card_file = write_card(&card, &output)?;
    let encoder_id = file_sha256(&path)?;
    keeper.remove()?;
    Ok(PretrainOutcome { encoder: path, encoder_id, card_file, card, curve, sets: results, seconds })
}

fn make_ready(mut set: PretrainSet, settings: &PretrainSettings, control: &Control) -> Result<Ready, LearnError> {
    let labels = card_labels(&set.labels)?;
    let training = set.cases.training().map_err(LearnError::Source)?;
    let validation = set.cases.validation().map_err(LearnError::Source)?;
    let mut card = card_set(set.name, &training, &validation)?;
    let mut recipe = Recipe::plan(&training, &validation, settings.limits)?;
    recipe.patch = settings.patch.unwrap_or(recipe.patch);
    (card.labels, card.recipe) = (labels.clone(), Some(recipe.clone()));
    let is_validation = !validation.is_empty();
    let measured = if is_validation { validation } else { training.clone() };
    let measured = measured.into_iter().map(|case| measured_case(case, &recipe)).collect::<Result<_, _>>()?;
    let looked_for = LookedFor::new(&labels, &[], &training)?;
    let training = prepare_all(training, &recipe, &label_values(&labels), None, control)?;
    Ok(Ready { labels, recipe, training, looked_for, measured, is_validation, card })
}

fn train(
    training: &mut CoTraining,
    sets: &[Ready],
    settings: &PretrainSettings,
    (device, begin): (&OpenDevice, Instant),
    keeper: &mut Keeper,
    control: &Control,
    tell: &mut dyn FnMut(JobEvent),
) -> Result<Duration, LearnError> {
    let samplers: Vec<Sampler<'_>> = sets
        .iter()
        .zip(settings.seed..)
        .map(|(set, seed)| Sampler::new(&set.training, &set.recipe, settings.foreground, settings.augmentation, seed))
        .collect();
    let (mut pace, mut pulse, mut waiting) = (Pace::default(), Pulse::default(), Waiting::default());
    let (mut waited, earlier) = (Duration::ZERO, training.seconds);
    if training.done > 0 {
        tell(JobEvent::Resumed { step: training.done });
    }
    let worked = |waited: Duration| earlier + begin.elapsed().saturating_sub(waited).as_secs_f64();
    let patches = |step: usize| samplers[step % sets.len()].batch_with_places((step / sets.len()) as u64, settings.batch);
    feed(usual_threads(device.is_cpu), training.done..settings.steps, &patches, |feed| {
        while training.done < settings.steps {
            let step = training.done;
            if keeper.is_due(step) {
                training.write(worked(waited), keeper, &device.name)?;
            }
            match control.check() {
                Ok(pause) => waited += pause,
                Err(_) => break,
            }
            let (start, set) = (Instant::now(), step % sets.len());
            let ((batch, places), waited_for_it) = feed.take(step);
            let patches = sets[set].looked_for.said(batch, &places, &device.device.clone().autodiff());
            // A step that was begun has moved the running statistics, so a checkpoint waits for its end.
            let control = (!keeper.is_on()).then_some(control);
            let loss = training.step(step, set, patches, device, control)?;
            let (step, took) = (training.done, start.elapsed());
            pace.step(step, took);
            waiting.add(waited_for_it, took);
            let voxels = settings.batch * sets[set].recipe.patch.iter().product::<usize>();
            let live = pulse.step(loss, training.learner.rate(step - 1), voxels, took, Some(waiting.share()));
            let seconds_left = pace.seconds_left(settings.steps - step, 0);
            tell(JobEvent::Step { step, steps: settings.steps, loss, seconds_left, live });
        }
        Ok::<(), LearnError>(())
    })?;
    if keeper.is_on() && training.done > 0 {
        training.write(worked(waited), keeper, &device.name)?;
    }
    if training.done < settings.steps { Err(LearnError::Stopped) } else { Ok(waited) }
}

impl PretrainSettings {
    /// The optimiser of everything that learns together with `encoder`.
    fn learner(&self, encoder: &Encoder) -> Learner {
        let warm_up = self.warm_up.min(self.steps / 2);
        let rates = Rates { highest: self.learning_rate, warm_up, steps: self.steps, ..Rates::default() };
        Learner::new(encoder, self.optimiser, self.weight_decay, rates)
    }
}

/// One encoder with a branch per set.
///
/// A branch is kept as a network whose encoder is the shared one: before each step the newest encoder is put under the branch
/// whose turn it is.
struct CoTraining {
    encoder: Encoder,
    branches: Vec<SegmentationNetwork>,
    learner: Learner,
    seed: u64,
    checkpointing: Checkpointing,
    curve: Curve,
    /// Steps that were taken.
    done: usize,
    /// Seconds of work before it was gone on with.
    seconds: f64,
}

impl CoTraining {
    fn new(encoder: Encoder, classes: &[usize], settings: &PretrainSettings, device: &Device) -> Self {
        let learner = settings.learner(&encoder);
        let branch = |(&classes, seed)| SegmentationNetwork::from_encoder(encoder.clone(), settings.head, classes, device, seed);
        let branches = classes.iter().zip(settings.seed..).map(branch).collect();
        let PretrainSettings { seed, checkpointing, .. } = *settings;
        Self { encoder, branches, learner, seed, checkpointing, curve: Curve::new(settings.steps), done: 0, seconds: 0.0 }
    }

    /// The shared encoder under the branch of set `at`.
    fn network(&self, at: usize) -> SegmentationNetwork {
        let mut network = self.branches[at].clone();
        network.encoder = self.encoder.clone();
        network
    }

    /// Learns from a batch of set `at`; returns the loss.
    fn step(
        &mut self,
        step: usize,
        at: usize,
        (image, target): (Tensor<5>, Target),
        device: &OpenDevice,
        control: Option<&Control>,
    ) -> Result<f64, LearnError> {
        let network = self.network(at);
        let draw = Draw { seed: self.seed, number: step as u64 };
        let (levels, way_back) = network.training_levels(image, false, draw, self.checkpointing);
        let wrong = LossKind::DiceCe.of_levels(levels, &target);
        if control.is_some_and(Control::is_stopped) {
            return Err(LearnError::Stopped);
        }
        let (network, loss) = self.learner.step(step, network, wrong, way_back, &device.name)?;
        self.encoder = network.encoder.clone();
        self.branches[at] = network;
        // No branch keeps an encoder of its own from the last time that it had its turn.
        self.branches.iter_mut().for_each(|branch| branch.encoder = self.encoder.clone());
        self.done = step + 1;
        self.curve.add(self.done, loss);
        Ok(loss)
    }

    fn into_encoder_and_curve(self) -> (Encoder, Vec<CurvePoint>) {
        (self.encoder, self.curve.into_points(self.done))
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;
    use medley_nn::weights::WeightsFile;

    use super::*;
    use crate::synthetic::{SHAPE, ball, quick_pretraining};

    fn set(name: &str, seed: u64) -> PretrainSet {
        PretrainSet { name: name.to_owned(), cases: Box::new((vec![ball(seed)], Vec::new())), labels: vec![(1, "ball".to_owned())] }
    }

    fn output_of(network: &SegmentationNetwork) -> Vec<f32> {
        let [d, h, w] = [8, 16, 16];
        let values: Vec<f32> = (0..d * h * w).map(|v| ((v * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let input = Tensor::from_data(TensorData::new(values, [1, 1, d, h, w]), &Device::flex());
        network.valid().forward(input).into_data().try_to_vec().expect("f32")
    }

    #[test]
    fn a_step_moves_the_shared_encoder_and_its_own_branch_only() {
        let settings = quick_pretraining(4);
        let device = open(DeviceChoice::Cpu).expect("the CPU");
        let train_device = device.device.clone().autodiff();
        let config = EncoderConfig::new(Depth::R10, Shortcut::B, 4);
        let mut training = CoTraining::new(config.init(&train_device, 1), &[2, 2], &settings, &train_device);
        let ready = make_ready(set("one", 1), &settings, &Control::new()).expect("ready");
        let recipe = Recipe { patch: [8, 16, 16], ..ready.recipe.clone() };
        let sampler = Sampler::new(&ready.training, &recipe, 1.0, settings.augmentation, 1);
        let parts = |training: &CoTraining| -> (Vec<f32>, [Vec<f32>; 2]) {
            // Each branch on the encoder it was born with shows the branch alone.
            let born = config.init(&Device::flex(), 1);
            let alone = |at: usize| {
                let mut network = training.branches[at].clone().valid();
                network.encoder = born.clone();
                output_of(&network)
            };
            let mut shared = training.branches[0].clone().valid();
            shared.encoder = training.encoder.valid();
            let stem = training.encoder.valid().forward(Tensor::ones([1, 1, 8, 16, 16], &Device::flex()));
            (stem.into_data().try_to_vec().expect("f32"), [alone(0), alone(1)])
        };
        let before = parts(&training);
        training.step(0, 0, sampler.batch(0, 1).into_image_and_target(&train_device), &device, None).expect("a step");
        let first = parts(&training);
        assert_ne!(first.0, before.0, "the encoder learned nothing from set 0");
        assert_ne!(first.1[0], before.1[0], "branch 0 learned nothing");
        assert_eq!(first.1[1], before.1[1], "branch 1 changed by a step of set 0");
        training.step(1, 1, sampler.batch(1, 1).into_image_and_target(&train_device), &device, None).expect("a step");
        let second = parts(&training);
        assert_ne!(second.0, first.0, "the encoder learned nothing from set 1");
        assert_eq!(second.1[0], first.1[0], "branch 0 changed by a step of set 1");
        assert_ne!(second.1[1], first.1[1], "branch 1 learned nothing");
    }

    #[test]
    fn an_encoder_is_written_that_a_fine_tuning_can_start_from() {
        let folder = tempfile::tempdir().expect("a folder");
        let spec = PretrainSpec {
            sets: vec![set("one", 1), set("two", 2)],
            weights: WeightsSource::Scratch,
            settings: quick_pretraining(4),
            device: DeviceChoice::Cpu,
            output: folder.path().to_owned(),
        };
        let outcome = run(spec, &Control::new(), &mut |_| {}).expect("trained");
        assert_eq!(outcome.sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
        let file = WeightsFile::open(&outcome.encoder).expect("readable");
        let (encoder, coverage) = file.encoder(&Device::flex()).expect("an encoder");
        assert_eq!(encoder.config().base_width, 4);
        assert!(coverage.missing.is_empty() && coverage.unused.is_empty());
        let card = Card::from_json("encoder", &file.metadata()[METADATA_KEY]).expect("a card");
        assert_eq!(card, Card { made: None, ..outcome.card });
        assert_eq!(card.sets[0].training[0].shape, SHAPE);
    }
}
