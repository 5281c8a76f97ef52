use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medley_volume::metrics::{self, LabelScore};
use serde::Serialize;

use super::file_names::is_image_name;
use super::output::score;
use super::{Answer, Failure, Table, evaluate_boxes};
use crate::stem::stem;

/// Compares masks: Dice, Hausdorff-95, surface Dice and volumes of every label; or boxes with the pieces of a mask
///
/// PRED may also be a SCAN.boxes.json that `predict` wrote: then average precision at IoU 0.1, 0.3 and 0.5 is measured, the
/// objects being the connected pieces of each label in TRUTH.
///
/// JSON of boxes: mean, at[{iou, precision}], sensitivity_at_one_false, objects, boxes, per_label{name, objects, boxes,
/// precision[]}, warnings[].
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The mask to judge, or a folder of masks
    pred: PathBuf,
    /// The mask to judge it by, or a folder of masks with the same names (`_seg` at the end of the judged ones does not count)
    truth: PathBuf,
    /// How far apart surfaces may lie and still agree in the surface Dice, mm
    #[arg(long, default_value_t = 1.0, value_name = "MM")]
    tolerance: f64,
    /// With boxes: pieces of the mask of fewer voxels are specks and do not count
    #[arg(long, default_value_t = 5, value_name = "VOXELS")]
    min_voxels: usize,
}

/// Means over labels, each over those that have the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Mean {
    dice: Option<f64>,
    hausdorff_95_mm: Option<f64>,
    surface_dice: Option<f64>,
}

type Scores = BTreeMap<u16, LabelScore>;

#[derive(Serialize)]
struct Report {
    per_label: Scores,
    mean: Mean,
    tolerance_mm: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cases: Option<BTreeMap<String, CaseReport>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct CaseReport {
    per_label: Scores,
    mean: Mean,
}

/// `medley evaluate PRED TRUTH`.
///
/// # Errors
/// If a file is no mask, two masks lie on different grids, or no names match.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    if !(arguments.tolerance >= 0.0 && arguments.tolerance.is_finite()) {
        return Err(Failure::new("--tolerance must be a number of millimetres that is not negative"));
    }
    if arguments.pred.to_string_lossy().ends_with(evaluate_boxes::ENDING) {
        return evaluate_boxes::run(&arguments.pred, &arguments.truth, arguments.min_voxels);
    }
    let report = match (arguments.pred.is_dir(), arguments.truth.is_dir()) {
        (true, true) => folders(arguments)?,
        (false, false) => {
            let mut warnings = Vec::new();
            let per_label = scores(&arguments.pred, &arguments.truth, arguments.tolerance, &mut warnings)?;
            Report { mean: mean(per_label.values()), per_label, tolerance_mm: arguments.tolerance, cases: None, warnings }
        }
        _ => {
            let (pred, truth) = (arguments.pred.display(), arguments.truth.display());
            return Err(Failure::new(format!("{pred} and {truth} must both be files or both be folders")));
        }
    };
    let text = text(&report);
    Answer::new(&report, text)
}

fn scores(pred: &Path, truth: &Path, tolerance_mm: f64, warnings: &mut Vec<String>) -> Result<Scores, Failure> {
    let predicted = medley_io::open_labels(pred)?;
    let reference = medley_io::open_labels(truth)?;
    warnings.extend(predicted.notices);
    warnings.extend(reference.notices);
    metrics::evaluate(&predicted.labels, &reference.labels, tolerance_mm).map_err(|error| {
        let (pred, truth) = (pred.display(), truth.display());
        Failure::new(format!("{pred} cannot be compared with {truth}: {error}; put it on that grid first with `medley convert --like`"))
    })
}

fn folders(arguments: &Arguments) -> Result<Report, Failure> {
    let predictions = masks_in(&arguments.pred, |stem| stem.strip_suffix("_seg").unwrap_or(stem).to_owned())?;
    let truths = masks_in(&arguments.truth, str::to_owned)?;
    let (mut cases, mut warnings) = (BTreeMap::new(), Vec::new());
    for (name, truth) in &truths {
        let Some(pred) = predictions.get(name) else {
            warnings.push(format!("{} was left out: no mask in {} has its name", truth.display(), arguments.pred.display()));
            continue;
        };
        let per_label = scores(pred, truth, arguments.tolerance, &mut warnings)?;
        cases.insert(name.clone(), CaseReport { mean: mean(per_label.values()), per_label });
    }
    for (_, pred) in predictions.iter().filter(|(name, _)| !truths.contains_key(*name)) {
        warnings.push(format!("{} was left out: no mask in {} has its name", pred.display(), arguments.truth.display()));
    }
    if cases.is_empty() {
        let (pred, truth) = (arguments.pred.display(), arguments.truth.display());
        return Err(Failure::new(format!("no .nii or .nii.gz file in {pred} has the name of one in {truth}")));
    }
    let mut by_label: BTreeMap<u16, Vec<LabelScore>> = BTreeMap::new();
    for (&label, &score) in cases.values().flat_map(|case| &case.per_label) {
        by_label.entry(label).or_default().push(score);
    }
    let per_label: Scores = by_label.into_iter().map(|(label, scores)| (label, over_cases(&scores))).collect();
    Ok(Report { mean: mean(per_label.values()), per_label, tolerance_mm: arguments.tolerance, cases: Some(cases), warnings })
}

/// NIfTI files of a folder by the name `key` makes of their stem.
fn masks_in(folder: &Path, key: impl Fn(&str) -> String) -> Result<BTreeMap<String, PathBuf>, Failure> {
    let unreadable = |error: std::io::Error| Failure::new(format!("the folder {} cannot be read: {error}", folder.display()));
    let mut masks = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if !is_image_name(&path) || !path.is_file() {
            continue;
        }
        let name = key(&stem(&path));
        if let Some(other) = masks.insert(name, path.clone()) {
            return Err(Failure::new(format!("{} and {} have the same name: keep one of them", other.display(), path.display())));
        }
    }
    Ok(masks)
}

fn average(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count) = values.flatten().fold((0.0, 0u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn mean<'a>(scores: impl Iterator<Item = &'a LabelScore> + Clone) -> Mean {
    Mean {
        dice: average(scores.clone().map(|score| score.dice)),
        hausdorff_95_mm: average(scores.clone().map(|score| score.hausdorff_95_mm)),
        surface_dice: average(scores.map(|score| score.surface_dice)),
    }
}

/// Mean of each score over the cases that have it.
fn over_cases(scores: &[LabelScore]) -> LabelScore {
    let volume = |of: fn(&LabelScore) -> f64| average(scores.iter().map(|score| Some(of(score)))).unwrap_or(0.0);
    let Mean { dice, hausdorff_95_mm, surface_dice } = mean(scores.iter());
    LabelScore { dice, hausdorff_95_mm, surface_dice, predicted_ml: volume(|s| s.predicted_ml), truth_ml: volume(|s| s.truth_ml) }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for (name, case) in report.cases.iter().flatten() {
        text.push_str(&format!("{name}\n{}\n", table(&case.per_label, &case.mean)));
    }
    if let Some(cases) = &report.cases {
        text.push_str(&format!("mean of {} cases\n", cases.len()));
    }
    text.push_str(&table(&report.per_label, &report.mean));
    for warning in &report.warnings {
        text.push_str(&format!("note: {warning}\n"));
    }
    text
}

fn table(per_label: &Scores, mean: &Mean) -> String {
    let mut table = Table::new(["label", "Dice", "Hausdorff-95 mm", "surface Dice", "predicted mL", "truth mL"]);
    for (label, s) in per_label {
        let [predicted, truth] = [s.predicted_ml, s.truth_ml].map(|ml| format!("{ml:.2}"));
        table.row([label.to_string(), score(s.dice), score(s.hausdorff_95_mm), score(s.surface_dice), predicted, truth]);
    }
    let dashes = || "–".to_owned();
    table.row(["mean".to_owned(), score(mean.dice), score(mean.hausdorff_95_mm), score(mean.surface_dice), dashes(), dashes()]);
    table.to_string()
}
