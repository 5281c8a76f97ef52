use std::collections::BTreeMap;
use std::path::PathBuf;

use medley_learn::card::Card;
use medley_learn::pretrain::{self, PretrainOutcome};
use medley_learn::{Control, JobEvent, PretrainSet, PretrainSettings, PretrainSpec};
use medley_nn::HeadKind;
use medley_nn::weights::Task;
use medley_runs::NewRun;
use serde::Serialize;

use super::cases::DataSetCases;
use super::options::{CheckpointOptions, DeviceOption, NetworkOptions, TrainingOptions, chosen_labels, set, weights_source};
use super::output::score;
use super::progress::Progress;
use super::set_options::SetOptions;
use super::training_log::TrainingLog;
use super::{Answer, Failure, Table};
use crate::run_log::PRETRAIN;

/// Pretrains one encoder on several data sets together
///
/// Each data set has a branch of its own; afterwards the branches are thrown away. Writes encoder.safetensors and card.json.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Study folders, dataset.json files, `img_list` files, folders of scans and masks
    #[arg(required = true, value_name = "DATASET")]
    datasets: Vec<PathBuf>,
    /// The folder that receives the encoder; made if it is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// First weights: a `.pth` or `.safetensors` file, the name of fetched ones (`resnet_50`; see `medley weights list`), `starter` (the
    /// encoder inside this program) or `scratch`
    #[arg(long, default_value = "scratch")]
    weights: String,
    /// The branches: `skip`, `med3d`, `branch` (the paper's: one 1×1×1 convolution) or `dense-aspp`
    #[arg(long)]
    head: Option<HeadKind>,
    #[command(flatten)]
    set: SetOptions,
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    training: TrainingOptions,
    /// Passes over the training cases of all sets, instead of steps
    #[arg(long, conflicts_with = "steps")]
    epochs: Option<usize>,
    /// Write the weights as 16-bit numbers: half the size
    #[arg(long)]
    half: bool,
    /// Replace an encoder that is in DIR already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    checkpoints: CheckpointOptions,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct Report {
    /// Passes over the training cases of all sets.
    epochs: f64,
    steps: usize,
    /// Along the training, about a hundred means.
    loss: Vec<f64>,
    per_dataset: BTreeMap<String, SetReport>,
    encoder: String,
    encoder_sha256: String,
    card: String,
    device: String,
    seed: u64,
    seconds: f64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct SetReport {
    dice: f64,
    dice_per_label: BTreeMap<String, f64>,
    /// Whether the set has validation cases; if not, Dice was measured on the very cases it learned from.
    is_validation: bool,
}

/// `medley pretrain DATASETS… -o DIR`.
///
/// # Errors
/// If a data set, the weights or the settings cannot be used, the training breaks down, or the encoder cannot be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    arguments.checkpoints.require_free(&arguments.output, "encoder.safetensors", &arguments.weights, arguments.force)?;
    let (mut sets, mut warnings, mut cases) = (Vec::<PretrainSet>::new(), Vec::new(), 0);
    for path in &arguments.datasets {
        let set = arguments.set.open(path)?;
        if sets.iter().any(|other| other.name == set.name) {
            return Err(Failure::new(format!("two data sets are called “{}” ({}): give them different names", set.name, path.display())));
        }
        warnings.extend(set.notices.iter().cloned());
        let (name, labels) = (set.name.clone(), chosen_labels(&set.label_table, &[])?);
        let source = DataSetCases::new(set, path)?;
        cases += source.training_len();
        sets.push(PretrainSet { name, cases: Box::new(source), labels });
    }
    let settings = settings(arguments, cases);
    let (seed, batch) = (settings.seed, settings.batch);
    let new = NewRun {
        kind: PRETRAIN.to_owned(),
        task: Task::Segment.to_string(),
        settings: serde_json::to_string(&settings)?,
        data: sets.iter().map(|set| set.name.as_str()).collect::<Vec<_>>().join(", "),
        device: String::new(),
        steps: settings.steps,
        output: arguments.output.clone(),
        weights: arguments.weights.clone(),
        program: Card::this_program(),
    };
    let weights = weights_source(&arguments.weights, &arguments.network)?;
    let spec = PretrainSpec { sets, weights, settings, device: arguments.device.device, output: arguments.output.clone() };
    let mut progress = Progress::new("pretraining");
    let outcome = TrainingLog::new(new, arguments.checkpoints.resume).of(
        |tell| pretrain::run(spec, &Control::new(), tell),
        &mut progress,
        |outcome| JobEvent::Pretrained(Box::new(outcome.clone())),
    )?;
    drop(progress);
    let epochs = (outcome.card.steps_done * batch) as f64 / cases.max(1) as f64;
    let report = report(outcome, epochs, seed, warnings);
    let text = text(&report);
    Answer::new(&report, text)
}

fn settings(arguments: &Arguments, training_cases: usize) -> PretrainSettings {
    let mut settings = PretrainSettings::default();
    let TrainingOptions { batch, lr, patch, checkpointing, seed, .. } = &arguments.training;
    set(&mut settings.batch, *batch);
    set(&mut settings.learning_rate, *lr);
    set(&mut settings.seed, *seed);
    set(&mut settings.checkpointing, *checkpointing);
    set(&mut settings.head, arguments.head);
    set(&mut settings.depth, arguments.network.depth);
    set(&mut settings.shortcut, arguments.network.shortcut);
    set(&mut settings.base_width, arguments.network.base_width);
    set(&mut settings.encoder_norm, arguments.network.norm);
    settings.strides = arguments.network.strides;
    set(&mut settings.shortcut_gradient, arguments.network.shortcut_gradient);
    settings.steps = arguments.training.steps_in_all(arguments.epochs, training_cases, settings.batch, settings.steps);
    settings.patch = patch.map(|patch| patch.0);
    settings.half = arguments.half;
    settings.checkpoints = arguments.checkpoints.checkpoints();
    settings
}

fn report(outcome: PretrainOutcome, epochs: f64, seed: u64, warnings: Vec<String>) -> Report {
    let per_dataset = outcome.sets.into_iter().map(|set| {
        let dice_per_label = set.dice.into_iter().map(|label| (label.name, label.dice)).collect();
        (set.name, SetReport { dice: set.mean_dice, dice_per_label, is_validation: set.is_validation })
    });
    Report {
        epochs,
        steps: outcome.card.steps_done,
        loss: outcome.curve.iter().map(|point| point.loss).collect(),
        per_dataset: per_dataset.collect(),
        encoder: outcome.encoder.display().to_string(),
        encoder_sha256: outcome.encoder_id,
        card: outcome.card_file.display().to_string(),
        device: outcome.card.device,
        seed,
        seconds: outcome.seconds,
        warnings,
    }
}

fn text(report: &Report) -> String {
    let mut text = format!("{} after {} steps in {:.0} s on {}\n", report.encoder, report.steps, report.seconds, report.device);
    let mut table = Table::new(["data set", "Dice", "measured on"]);
    for (name, set) in &report.per_dataset {
        let on = if set.is_validation { "validation cases" } else { "its training cases" };
        table.row([name.clone(), score(Some(set.dice)), on.to_owned()]);
    }
    text.push_str(&table.to_string());
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
