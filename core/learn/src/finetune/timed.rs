//! Steps of a fine-tuning on a scan that is made up, timed by the very loop that trains.

use std::path::Path;
use std::time::Instant;

use burn::module::Module;
use medley_nn::weights::Task;
use medley_nn::{EncoderConfig, NetworkConfig};
use medley_volume::Grid;
use medley_volume::resample::CanonicalArray;

use super::flow::InForce;
use super::lesson::MaskLesson;
use super::{DataOptions, FineTuneSettings, architecture, label_values};
use crate::card::{CardLabel, CardSet, CardSettings, CardWeights};
use crate::device::OpenDevice;
use crate::lesson::{Finish, train};
use crate::looked_for::LookedFor;
use crate::predict::{Views, probabilities, segment};
use crate::prepare::{Prepared, PreparedCase};
use crate::sides::Sides;
use crate::{Checkpoints, Control, JobEvent, LearnError, Recipe};

/// Seconds that were measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Timed {
    /// Of a step of training, with cutting its patches.
    pub(crate) step: f64,
    /// Of one window of a prediction.
    pub(crate) window: f64,
    /// Of what a prediction does beside its windows, for as many voxels as a patch has.
    pub(crate) around: f64,
}

/// Steps beyond the first, which also pays for what is done once.
const STEPS: usize = 4;
/// Seconds after which no further step is taken.
const ENOUGH: f64 = 4.0;

/// Times a training by `settings` whose patch is that of `recipe`; the middle of a few steps counts, as other work on the machine will slow the
/// training down as well.
pub(crate) fn timed(
    encoder: EncoderConfig,
    classes: usize,
    recipe: &Recipe,
    settings: &FineTuneSettings,
    has_weights: bool,
    device: &OpenDevice,
) -> Result<Timed, LearnError> {
    let labels: Vec<CardLabel> = (0..classes).map(|value| CardLabel { value: value as u16, name: String::new() }).collect();
    let [depth, height, width] = recipe.patch;
    let case = made_up([width + 8, height + 8, depth + 8], classes)?;
    let in_force = InForce { cases: vec![case], looked_for: LookedFor::new(&labels, &[], &[])? };
    let has_average = settings.average * settings.steps as f64 > 1.0;
    let average = if has_average { 1.0 } else { 0.0 };
    let settings = FineTuneSettings {
        steps: 1 + STEPS,
        validate_every: 0,
        patience: 0,
        average,
        never_annotated: Vec::new(),
        label_pairs: Vec::new(),
        follow_cases: false,
        checkpoints: Checkpoints::OFF,
        ..settings.clone()
    };
    let config = NetworkConfig { encoder, head: settings.head, classes };
    let network =
        config.init(&device.device.clone().autodiff(), 0).with_encoder_norm(settings.norm_mode(encoder, has_weights, recipe.patch));
    let predicting = network.valid();
    let sides = Sides::new(&[], &labels)?;
    let mut lesson = MaskLesson::new(in_force, None, (recipe, &labels, &sides), &[], &settings, &DataOptions::default());
    let control = Control::new();
    let (mut steps, begin) = (Vec::new(), Instant::now());
    let mut last = begin;
    // Nothing of it is ever written.
    let about = Finish {
        task: Task::Segment,
        begin,
        device: device.name.clone(),
        architecture: architecture(encoder, Some(settings.head.to_string())),
        weights: CardWeights { from: if has_weights { "encoder" } else { "scratch" }.to_owned(), sha256: None, matched: 0, missing: 0 },
        labels: labels.clone(),
        recipe: recipe.clone(),
        set: CardSet { name: String::new(), labels: Vec::new(), recipe: None, training: Vec::new(), validation: Vec::new() },
        answers: None,
        settings: CardSettings::FineTune(settings.clone()),
        cleaning: Vec::new(),
        output: Path::new(""),
    };
    let mut note = |event: JobEvent| {
        if matches!(event, JobEvent::Step { .. }) {
            steps.push(last.elapsed().as_secs_f64());
            last = Instant::now();
            if steps.len() > 1 && begin.elapsed().as_secs_f64() > ENOUGH {
                control.stop();
            }
        }
    };
    match train(network, &mut lesson, &settings, &about, device, &control, &mut note) {
        Ok(_) | Err(LearnError::Stopped) => {}
        Err(error) => return Err(error),
    }
    let mut steps = steps.split_off(1.min(steps.len()));
    steps.sort_by(f64::total_cmp);
    let step = steps.get(steps.len() / 2).copied().unwrap_or(f64::INFINITY);

    let patch = recipe.patch;
    let values = vec![0.5; patch.iter().product()];
    let (mut window, mut whole) = (f64::INFINITY, f64::INFINITY);
    let scan = Prepared {
        image: CanonicalArray { shape: [width, height, depth], values: values.clone() },
        source: Grid::axis_aligned([width, height, depth], [1.0; 3])?,
    };
    for _ in 0..2 {
        let start = Instant::now();
        probabilities(&predicting, values.clone(), patch, &device.device, &device.name)?;
        window = window.min(start.elapsed().as_secs_f64());
        let start = Instant::now();
        segment(&predicting, &scan, patch, &label_values(&labels), Views::default(), device, &Control::new(), &mut |_, _| {})?;
        whole = whole.min(start.elapsed().as_secs_f64());
    }
    Ok(Timed { step, window, around: (whole - window).max(0.0) })
}

/// A scan with every class in it.
fn made_up(shape: [usize; 3], classes: usize) -> Result<PreparedCase, LearnError> {
    let voxels = shape.iter().product::<usize>();
    let values = (0..voxels).map(|at| ((at * 2_654_435_761) % 2001) as f32 / 1000.0 - 1.0).collect();
    let of = |at: usize| at * classes / voxels;
    let sites = (0..classes).map(|class| if class == 0 { Vec::new() } else { vec![class * voxels / classes] }).collect();
    let scan = Prepared { image: CanonicalArray { shape, values }, source: Grid::axis_aligned(shape, [1.0; 3])? };
    Ok(PreparedCase { name: String::new(), scan, classes: (0..voxels).map(|at| of(at) as i16).collect(), sites })
}
