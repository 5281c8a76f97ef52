use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use medley_learn::card::{Card, CurvePoint};
use medley_learn::postprocess::{LabelCleaning, Pieces};
use medley_learn::{Control, FineTuneOutcome, FineTuneSettings, FineTuneSpec, JobEvent, Keep, TrainingRecipe, checkpoint, finetune, plan};
use medley_nn::HeadKind;
use medley_nn::loss::LossKind;
use medley_nn::weights::Task;
use medley_runs::NewRun;
use serde::Serialize;

use super::cases::{DataSetCases, SharedCases};
use super::learning_options::LearningOptions;
use super::options::{CheckpointOptions, DeviceOption, NetworkOptions, Partial, TrainingOptions, chosen_labels, set, weights_source};
use super::output::score;
use super::plan::PlanOptions;
use super::progress::Progress;
use super::set_options::SetOptions;
use super::training_log::TrainingLog;
use super::{Answer, Failure, Table, finetune_task};
use crate::run_log::FINE_TUNE;

/// Fine-tunes a network on a data set: for masks, for classes of whole scans, or for boxes around objects
///
/// Writes model.safetensors and card.json. The validation cases of the data set are only measured on.
///
/// With --task classify a table says of which class each scan is: --classes, or a classes.csv beside the data set (or in a folder
/// of scans), or the classes entered in a study. Its first line names the columns: `case`, then `class`, or a column per label with
/// 1, 0 or nothing for unknown; `patient` says whose scan it is. Without validation cases a fifth of the patients is held out.
///
/// With --task detect each connected piece of the labels in the masks is an object.
///
/// JSON: metrics{}, curve[{step, loss, dice or score}], best_step, steps, is_complete, model, model_sha256, card, device, seed,
/// seconds, warnings[]. Of masks also best_epoch, recipe, step_seconds, data_wait (share of the steps' time in which the device waited for
/// patches), plan{} and given_up[] (with --plan auto), cleaning[{value, pieces, fill_holes, dice_before, dice_after}], and in metrics
/// dice, dice_per_label{}, loss. Of classes and boxes also task,
/// classes[], chosen_by, training_cases, validation_cases, and in metrics score, measure, loss, and for classes accuracy, mean_auc,
/// per_class[{name, auc, positives, negatives}], confusion[truth][found]; for boxes mean, at[{iou, precision}],
/// sensitivity_at_one_false, objects.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A study folder, a dataset.json (Medical Segmentation Decathlon or nnU-Net v2), an `img_list`, or a folder of scans and masks; to
    /// classify also a folder of scans
    pub(super) dataset: PathBuf,
    /// The folder that receives the model; made if it is missing
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// What the network is for: `segment` (masks), `classify` (classes of whole scans) or `detect` (boxes)
    #[arg(long, default_value = "segment")]
    task: Task,
    /// With `--task classify`: the table of classes
    #[arg(long, value_name = "FILE.csv")]
    pub(super) classes: Option<PathBuf>,
    /// With `--task detect`: labels whose pieces are objects, by name or value; all of them unless given
    #[arg(long, value_delimiter = ',', value_name = "LABEL")]
    pub(super) detect_labels: Vec<String>,
    /// First weights: a `.pth` or `.safetensors` file, the name of fetched ones (`resnet_50`; see `medley weights list`), `starter` (the
    /// encoder inside this program) or `scratch`
    #[arg(long, default_value = "starter")]
    pub(super) weights: String,
    /// What turns features into labels: `skip` (full resolution), `med3d` (the reference's, a quarter of it), `branch` (one 1×1×1
    /// convolution, an eighth) or `dense-aspp` (a pyramid of dilated convolutions, an eighth)
    #[arg(long)]
    head: Option<HeadKind>,
    /// What is minimised: `dice-ce`, `cross-entropy`, `dice`, `focal`, `dice-focal`, `tversky` and `focal-tversky` (misses count
    /// more) or `boundary` (far errors count more)
    #[arg(long)]
    loss: Option<LossKind>,
    /// Let the loss look at the skip head's coarser logits too
    #[arg(long)]
    deep_supervision: bool,
    #[command(flatten)]
    pub(super) set: SetOptions,
    #[command(flatten)]
    pub(super) network: NetworkOptions,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    pub(super) learning: LearningOptions,
    /// Passes over the training cases, instead of steps
    #[arg(long, conflicts_with = "steps")]
    epochs: Option<usize>,
    /// Labels to learn, by name or value; all of them unless given
    #[arg(long, value_delimiter = ',', value_name = "LABEL")]
    pub(super) labels: Vec<String>,
    /// Labels that nobody looked for, by name or value: in the whole data set (a model that knows them already keeps them), or
    /// in one case; finding one there costs nothing
    #[arg(long, value_delimiter = ',', value_name = "LABEL[@CASE]")]
    pub(super) partial: Vec<String>,
    /// Steps between measurements on the validation cases; 0: only at the end
    #[arg(long, value_name = "STEPS")]
    validate_every: Option<usize>,
    /// Keep the weights after the last step instead of those with the best validation Dice
    #[arg(long)]
    keep_last: bool,
    /// Accept weights that lack parts of the encoder
    #[arg(long)]
    allow_partial: bool,
    /// `auto`: plan what is not given as an option (network, patch, batch, steps, checkpointing) from the cases, memory and time, as `medley
    /// plan` does, and go on with less if the device runs out of memory
    #[arg(long, value_enum, value_name = "auto|off", default_value = "off")]
    plan: Planning,
    #[command(flatten)]
    limits: PlanOptions,
    /// Replace a model that is in DIR already
    #[arg(long)]
    force: bool,
    /// Take in cases that are corrected while it runs, after each pass over the cases; the validation cases stay as they are
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    pub(super) checkpoints: CheckpointOptions,
    #[command(flatten)]
    pub(super) device: DeviceOption,
}

/// Whether a training is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Planning {
    Auto,
    Off,
}

#[derive(Serialize)]
struct Report {
    metrics: Metrics,
    curve: Vec<CurvePoint>,
    /// Which of the curve's measurements on the validation cases was the best, from 0; none without such cases.
    best_epoch: Option<usize>,
    best_step: usize,
    steps: usize,
    is_complete: bool,
    model: String,
    model_sha256: String,
    card: String,
    device: String,
    seed: u64,
    recipe: TrainingRecipe,
    seconds: f64,
    /// Share of the steps' time in which the device waited for patches.
    data_wait: f64,
    /// What predictions do to each label's masks afterwards.
    cleaning: Vec<LabelCleaning>,
    /// Median of a step; the first is left out.
    step_seconds: Option<f64>,
    /// What was planned, with `--plan auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<serde_json::Value>,
    /// What was given up because memory or time did not suffice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    given_up: Vec<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Metrics {
    /// Mean over labels on the validation cases; none without such cases.
    dice: Option<f64>,
    dice_per_label: BTreeMap<String, f64>,
    loss: Option<f64>,
}

/// `medley finetune DATASET -o DIR`.
///
/// # Errors
/// If the data set, the weights or the settings cannot be used, the training breaks down, or the model cannot be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    arguments.checkpoints.require_free(&arguments.output, "model.safetensors", &arguments.weights, arguments.force)?;
    let of_masks = [
        ("--head", arguments.head.is_some()),
        ("--loss", arguments.loss.is_some()),
        ("--deep-supervision", arguments.deep_supervision),
        ("--checkpointing", arguments.training.checkpointing.is_some_and(|checkpointing| !checkpointing.is_off())),
    ];
    let of_masks = of_masks.into_iter().chain([
        ("--recipe", arguments.learning.recipe != TrainingRecipe::Medley),
        ("--postprocess", arguments.learning.postprocess),
        ("--cache", arguments.learning.cache.is_some()),
    ]);
    if arguments.task == Task::Classify && !arguments.partial.is_empty() {
        return Err(Failure::new("--partial is for labels in masks: leave an answer empty in the table of classes instead"));
    }
    if let (Task::Classify | Task::Detect, Some((option, _))) = (arguments.task, { of_masks }.find(|(_, is_given)| *is_given)) {
        return Err(Failure::new(format!("{option} is for networks that draw masks: leave it out with --task {}", arguments.task)));
    }
    if arguments.plan == Planning::Auto && arguments.task != Task::Segment {
        return Err(Failure::new(format!("--plan auto is for networks that draw masks: leave it out with --task {}", arguments.task)));
    }
    match arguments.task {
        Task::Segment => segment(arguments),
        Task::Classify => finetune_task::classify(arguments),
        Task::Detect => finetune_task::detect(arguments),
    }
}

fn segment(arguments: &Arguments) -> Result<Answer, Failure> {
    let set = arguments.set.open(&arguments.dataset)?;
    let labels = chosen_labels(&set.label_table, &arguments.labels)?;
    let partial = Partial::new(&arguments.partial, &set)?;
    let (mut warnings, data) = (set.notices.clone(), set.name.clone());
    let (label_pairs, notes) = arguments.learning.sides(&labels, &set.label_table)?;
    warnings.extend(notes);
    let cases = DataSetCases::new(set, &arguments.dataset)?.with_never_annotated(partial.in_case);
    let weights = weights_source(&arguments.weights, &arguments.network)?;
    let training_cases = cases.training_len();
    let mut settings = adjusted(arguments, arguments.learning.settings(&weights)?, training_cases);
    (settings.never_annotated, settings.label_pairs) = (partial.in_all, label_pairs);
    let cases = if arguments.follow { cases.reopened(arguments.dataset.clone(), arguments.set.clone()) } else { cases };
    let cases = SharedCases::new(cases);
    let (seed, recipe) = (settings.seed, settings.recipe);
    let spec = |settings: &FineTuneSettings| FineTuneSpec {
        cases: Box::new(cases.clone()),
        labels: labels.clone(),
        weights: weights.clone(),
        settings: settings.clone(),
        device: arguments.device.device,
        output: arguments.output.clone(),
        data: arguments.learning.data(),
    };
    let plan = match (arguments.plan, arguments.began_with(&settings, training_cases)) {
        (Planning::Off, _) => None,
        // It was planned when it began; memory and time are others now.
        (Planning::Auto, Some(began)) => {
            settings = began;
            None
        }
        (Planning::Auto, None) => {
            let options = (&arguments.network, &arguments.training);
            let has_epochs = arguments.epochs.or(recipe.epochs()).is_some();
            let wishes = arguments.limits.wishes(settings.clone(), options, has_epochs, weights.clone(), &arguments.device)?;
            Some(super::plan::of(&mut cases.clone(), &labels, wishes)?)
        }
    };
    let planned = plan.as_ref().map(|plan| serde_json::to_value(super::plan::reported(plan))).transpose()?;
    // What is taken down is what is done.
    let log = match &plan {
        Some(plan) => arguments.log(&data, &plan.settings, plan.settings.steps)?,
        None => arguments.log(&data, &settings, settings.steps)?,
    };
    let (mut progress, mut pace) = (Progress::new("fine-tuning"), Pace::default());
    let train = |tell: &mut dyn FnMut(JobEvent)| {
        let mut tell = |event: JobEvent| {
            pace.note(&event);
            tell(event);
        };
        match plan {
            Some(plan) => plan::run(plan, &mut |settings| Ok(spec(settings)), &Control::new(), &mut tell),
            None => finetune::run(spec(&settings), &Control::new(), &mut tell),
        }
    };
    let outcome = log.of(train, &mut progress, |outcome| JobEvent::FineTuned(Box::new(outcome.clone())))?;
    drop(progress);
    let report = Report { step_seconds: pace.median(), plan: planned, ..report(outcome, seed, recipe, warnings) };
    let text = text(&report);
    Answer::new(&report, text)
}

impl Arguments {
    /// The settings with which a planned training began that is to go on, with what is asked for now in them, so that another wish is
    /// noticed.
    fn began_with(&self, wished: &FineTuneSettings, training_cases: usize) -> Option<FineTuneSettings> {
        let began = self.checkpoints.resume.then(|| checkpoint::settings(&self.output)).flatten()?;
        let now = adjusted(self, began, training_cases);
        let (never_annotated, label_pairs) = (wished.never_annotated.clone(), wished.label_pairs.clone());
        Some(FineTuneSettings { never_annotated, label_pairs, ..now })
    }

    /// Where what it tells is taken down.
    pub(super) fn log(&self, data: &str, settings: &impl Serialize, steps: usize) -> Result<TrainingLog, Failure> {
        let new = NewRun {
            kind: FINE_TUNE.to_owned(),
            task: self.task.to_string(),
            settings: serde_json::to_string(settings)?,
            data: data.to_owned(),
            device: String::new(),
            steps,
            output: self.output.clone(),
            weights: self.weights.clone(),
            program: Card::this_program(),
        };
        Ok(TrainingLog::new(new, self.checkpoints.resume))
    }
}

/// Seconds of steps, as events come.
#[derive(Default)]
struct Pace {
    last: Option<Instant>,
    seconds: Vec<f64>,
}

impl Pace {
    fn note(&mut self, event: &JobEvent) {
        // What lies between a measurement and the next step is no step.
        let now = matches!(event, JobEvent::Step { .. } | JobEvent::Validated { .. }).then(Instant::now);
        if let (JobEvent::Step { .. }, Some(last), Some(now)) = (event, self.last, now) {
            self.seconds.push((now - last).as_secs_f64());
        }
        self.last = now;
    }

    fn median(mut self) -> Option<f64> {
        self.seconds.sort_by(f64::total_cmp);
        self.seconds.get(self.seconds.len() / 2).copied()
    }
}

/// Settings with what was asked for in place of the usual.
pub(super) fn adjusted(arguments: &Arguments, usual: FineTuneSettings, training_cases: usize) -> FineTuneSettings {
    let mut settings = usual;
    let usual_steps = settings.steps;
    arguments.training.apply(&mut settings);
    arguments.network.apply(&mut settings);
    set(&mut settings.head, arguments.head);
    set(&mut settings.loss, arguments.loss);
    settings.deep_supervision = arguments.deep_supervision;
    set(&mut settings.validate_every, arguments.validate_every);
    let epochs = arguments.epochs.or(settings.recipe.epochs());
    settings.steps = arguments.training.steps_in_all(epochs, training_cases, settings.batch, usual_steps);
    settings.allow_partial = arguments.allow_partial;
    settings.follow_cases = arguments.follow;
    settings.checkpoints = arguments.checkpoints.checkpoints();
    arguments.learning.apply(&mut settings);
    if arguments.keep_last {
        settings.keep = Keep::Last;
    }
    settings
}

fn report(outcome: FineTuneOutcome, seed: u64, recipe: TrainingRecipe, warnings: Vec<String>) -> Report {
    let measured = outcome.curve.iter().filter(|point| point.dice.is_some());
    let best_epoch = measured.clone().position(|point| point.step == outcome.best_step);
    Report {
        metrics: Metrics {
            dice: outcome.mean_dice,
            dice_per_label: outcome.dice.iter().map(|label| (label.name.clone(), label.dice)).collect(),
            loss: outcome.curve.last().map(|point| point.loss),
        },
        best_epoch,
        best_step: outcome.best_step,
        steps: outcome.card.steps_done,
        is_complete: outcome.is_complete,
        model: outcome.model.display().to_string(),
        model_sha256: outcome.model_id,
        card: outcome.card_file.display().to_string(),
        device: outcome.card.device,
        seed,
        recipe,
        seconds: outcome.seconds,
        data_wait: outcome.data_wait,
        cleaning: outcome.card.cleaning,
        step_seconds: None,
        plan: None,
        given_up: outcome.card.given_up,
        curve: outcome.curve,
        warnings,
    }
}

fn text(report: &Report) -> String {
    let mut text = format!("{} after {} steps in {:.0} s on {}\n", report.model, report.steps, report.seconds, report.device);
    match report.metrics.dice {
        Some(_) => {
            let mut table = Table::new(["label", "Dice"]);
            report.metrics.dice_per_label.iter().for_each(|(name, &dice)| table.row([name.clone(), score(Some(dice))]));
            table.row(["mean".to_owned(), score(report.metrics.dice)]);
            text.push_str(&format!("on the validation cases, with the weights after step {}\n{table}", report.best_step));
        }
        None => text.push_str("the data set has no validation cases, so nothing says how good it is\n"),
    }
    for cleaning in &report.cleaning {
        let LabelCleaning { value, pieces, fill_holes, dice_before, dice_after } = cleaning;
        let pieces = match pieces {
            Pieces::All => None,
            Pieces::Largest => Some("only its largest piece is kept".to_owned()),
            Pieces::AtLeast(mm3) => Some(format!("pieces under {mm3} mm³ are removed")),
        };
        let what: Vec<String> = pieces.into_iter().chain(fill_holes.then(|| "holes are filled".to_owned())).collect();
        text.push_str(&format!("label {value}: {}, which raises its Dice from {dice_before:.3} to {dice_after:.3}\n", what.join(" and ")));
    }
    text.push_str(&format!("{} waited {:.1} % of the steps' time for patches\n", report.device, 100.0 * report.data_wait));
    report.given_up.iter().for_each(|given_up| text.push_str(&format!("given up: {given_up}\n")));
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
