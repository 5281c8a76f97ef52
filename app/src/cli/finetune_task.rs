//! `medley finetune --task classify` and `--task detect`.

use medley_learn::card::CurvePoint;
use medley_learn::task::TaskScores;
use medley_learn::{ClassifySettings, ClassifySpec, Control, DetectSettings, DetectSpec, JobEvent, TaskOutcome, classify, detect};
use serde::Serialize;

use super::cases::DataSetCases;
use super::classified::ClassifiedScans;
use super::finetune::{Arguments, adjusted};
use super::options::{Partial, chosen_labels, weights_source};
use super::output::score;
use super::progress::Progress;
use super::{Answer, Failure, Table};

#[derive(Serialize)]
struct Report {
    task: String,
    classes: Vec<String>,
    metrics: Metrics,
    curve: Vec<CurvePoint>,
    best_step: usize,
    steps: usize,
    is_complete: bool,
    chosen_by: String,
    model: String,
    model_sha256: String,
    card: String,
    device: String,
    seed: u64,
    seconds: f64,
    training_cases: usize,
    validation_cases: usize,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Metrics {
    /// One number to tell models apart by, and what it is.
    score: Option<f64>,
    measure: Option<&'static str>,
    loss: Option<f64>,
    #[serde(flatten)]
    scores: Option<TaskScores>,
}

/// `medley finetune DATASET -o DIR --task classify`.
///
/// # Errors
/// If scans, classes, weights or settings cannot be used, the training breaks down, or the model cannot be written.
pub fn classify(arguments: &Arguments) -> Result<Answer, Failure> {
    let scans = ClassifiedScans::open(&arguments.dataset, arguments.classes.as_deref())?;
    let (classes, warnings) = (scans.table().classes.clone(), scans.warnings.clone());
    let usual = ClassifySettings::default();
    let training = adjusted(arguments, usual.training, scans.training_len());
    let settings = ClassifySettings { training, answers: scans.table().answers, ..ClassifySettings::default() };
    let spec = ClassifySpec {
        cases: Box::new(scans),
        classes: classes.clone(),
        weights: weights_source(&arguments.weights, &arguments.network)?,
        device: arguments.device.device,
        output: arguments.output.clone(),
        settings,
    };
    let seed = spec.settings.training.seed;
    let data = arguments.dataset.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let log = arguments.log(&data, &spec.settings, spec.settings.training.steps)?;
    let mut progress = Progress::new("fine-tuning");
    let outcome = log.of(|tell| classify::run(spec, &Control::new(), tell), &mut progress, trained)?;
    drop(progress);
    answer(outcome, classes, seed, warnings)
}

/// `medley finetune DATASET -o DIR --task detect`.
///
/// # Errors
/// As [`classify`].
pub fn detect(arguments: &Arguments) -> Result<Answer, Failure> {
    let set = arguments.set.open(&arguments.dataset)?;
    let chosen = if arguments.detect_labels.is_empty() { &arguments.labels } else { &arguments.detect_labels };
    let labels = chosen_labels(&set.label_table, chosen)?;
    let (mut warnings, data) = (set.notices.clone(), set.name.clone());
    let (label_pairs, notes) = arguments.learning.sides(&labels, &set.label_table)?;
    warnings.extend(notes);
    let partial = Partial::new(&arguments.partial, &set)?;
    let cases = DataSetCases::new(set, &arguments.dataset)?.with_never_annotated(partial.in_case);
    let usual = DetectSettings::default();
    let mut training = adjusted(arguments, usual.training, cases.training_len());
    (training.never_annotated, training.label_pairs) = (partial.in_all, label_pairs);
    let settings = DetectSettings { training, ..DetectSettings::default() };
    let seed = settings.training.seed;
    let classes = labels.iter().map(|(_, name)| name.clone()).collect();
    let spec = DetectSpec {
        cases: Box::new(cases),
        labels,
        weights: weights_source(&arguments.weights, &arguments.network)?,
        settings,
        device: arguments.device.device,
        output: arguments.output.clone(),
    };
    let log = arguments.log(&data, &spec.settings, spec.settings.training.steps)?;
    let mut progress = Progress::new("fine-tuning");
    let outcome = log.of(|tell| detect::run(spec, &Control::new(), tell), &mut progress, trained)?;
    drop(progress);
    answer(outcome, classes, seed, warnings)
}

fn trained(outcome: &TaskOutcome) -> JobEvent {
    JobEvent::TaskTrained(Box::new(outcome.clone()))
}

fn answer(outcome: TaskOutcome, classes: Vec<String>, seed: u64, warnings: Vec<String>) -> Result<Answer, Failure> {
    let count = |of: fn(&medley_learn::card::CardSet) -> usize| outcome.card.sets.iter().map(of).sum();
    let report = Report {
        task: outcome.card.task.to_string(),
        classes,
        metrics: Metrics {
            score: outcome.score,
            measure: outcome.card.scores.as_ref().map(TaskScores::measure),
            loss: outcome.curve.last().map(|point| point.loss),
            scores: outcome.card.scores.clone(),
        },
        best_step: outcome.best_step,
        steps: outcome.card.steps_done,
        is_complete: outcome.is_complete,
        model: outcome.model.display().to_string(),
        model_sha256: outcome.model_id,
        card: outcome.card_file.display().to_string(),
        training_cases: count(|set| set.training.len()),
        validation_cases: count(|set| set.validation.len()),
        chosen_by: outcome.card.chosen_by,
        device: outcome.card.device,
        seed,
        seconds: outcome.seconds,
        curve: outcome.curve,
        warnings,
    };
    let text = text(&report);
    Answer::new(&report, text)
}

fn text(report: &Report) -> String {
    let mut text = format!("{} after {} steps in {:.0} s on {}\n", report.model, report.steps, report.seconds, report.device);
    text.push_str(&format!("learned from {} cases, measured on {}\n", report.training_cases, report.validation_cases));
    match &report.metrics.scores {
        Some(TaskScores::Classify(scores)) => {
            let mut table = Table::new(["class", "AUC", "with", "without"]);
            for class in &scores.per_class {
                table.row([class.name.clone(), score(class.auc), class.positives.to_string(), class.negatives.to_string()]);
            }
            text.push_str(&format!("accuracy {:.3}, with the weights after step {}\n{table}", scores.accuracy, report.best_step));
            if !scores.confusion.is_empty() {
                text.push_str("scans of each class (rows) by what they were taken for\n");
                for (class, row) in scores.per_class.iter().zip(&scores.confusion) {
                    let counts: Vec<String> = row.iter().map(usize::to_string).collect();
                    text.push_str(&format!("  {}: {}\n", class.name, counts.join(" ")));
                }
            }
        }
        Some(TaskScores::Detect(scores)) => {
            let mut table = Table::new(["IoU", "mAP"]);
            scores.at.iter().for_each(|at| table.row([at.iou.to_string(), score(Some(at.precision))]));
            table.row(["mean".to_owned(), score(Some(scores.mean))]);
            text.push_str(&format!("{} objects, with the weights after step {}\n{table}", scores.objects, report.best_step));
            let sensitivity = score(scores.sensitivity_at_one_false);
            text.push_str(&format!("share of objects found at one wrong box a scan: {sensitivity}\n"));
        }
        None => text.push_str("there are no validation cases to measure on, so nothing says how good it is\n"),
    }
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
