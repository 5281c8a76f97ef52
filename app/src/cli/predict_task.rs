//! `medley predict` with a model that classifies scans or finds boxes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use medley_learn::{Control, Finding, JobEvent, TaskPredictor};
use medley_nn::weights::Task;
use serde::Serialize;

use super::file_names::make_folder;
use super::predict::Arguments;
use super::progress::Progress;
use super::{Answer, Failure, Table};
use crate::stem::stem;

#[derive(Serialize)]
struct Report {
    task: String,
    outputs: Vec<String>,
    seconds: f64,
    device: String,
    model_sha256: String,
    classes: Vec<String>,
    images: Vec<ImageReport>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ImageReport {
    image: String,
    output: String,
    seconds: f64,
    #[serde(flatten)]
    finding: Finding,
}

/// What is written beside the name of each scan.
#[derive(Serialize)]
struct Written<'a> {
    image: String,
    /// Of the scan, voxels along i, j, k.
    shape: [usize; 3],
    model_sha256: &'a str,
    /// What the model knows: labels in masks, or classes numbered from 1.
    labels: BTreeMap<u16, String>,
    #[serde(flatten)]
    finding: &'a Finding,
}

/// What stands behind a scan's name in that of its result.
#[must_use]
pub fn ending(task: Task) -> &'static str {
    match task {
        Task::Segment => "_seg.nii.gz",
        Task::Classify => ".classes.json",
        Task::Detect => super::evaluate_boxes::ENDING,
    }
}

/// Says of each scan which classes or objects it holds.
///
/// # Errors
/// If a scan cannot be read, or a file may not be written. Files finished before stay.
pub fn run(arguments: &Arguments, predictor: TaskPredictor, outputs: &[PathBuf]) -> Result<Answer, Failure> {
    let predictor = match (predictor, arguments.min_score) {
        (TaskPredictor::Detect(boxes), Some(score)) => TaskPredictor::Detect(Box::new(boxes.with_least_score(score))),
        (as_it_is, _) => as_it_is,
    };
    make_folder(&arguments.output)?;
    let start = Instant::now();
    let (mut images, mut warnings) = (Vec::new(), Vec::new());
    for (image, output) in arguments.images.iter().zip(outputs) {
        images.push(one(&predictor, image, output, &mut warnings)?);
    }
    let report = Report {
        task: predictor.card().task.to_string(),
        outputs: images.iter().map(|image| image.output.clone()).collect(),
        seconds: start.elapsed().as_secs_f64(),
        device: predictor.device().to_owned(),
        model_sha256: predictor.id().to_owned(),
        classes: predictor.card().label_names().into_iter().map(|(_, name)| name).collect(),
        images,
        warnings,
    };
    let text = text(&report);
    Answer::new(&report, text)
}

fn one(predictor: &TaskPredictor, image: &Path, output: &Path, warnings: &mut Vec<String>) -> Result<ImageReport, Failure> {
    let start = Instant::now();
    let opened = medley_io::open_volume(image)?;
    warnings.extend(opened.notices);
    let mut progress = Progress::new(&stem(image));
    let mut show = |done, windows| progress.show(&JobEvent::Window { done, windows });
    let finding = predictor.predict(&opened.volume, &Control::new(), &mut show)?;
    let shown = image.display().to_string();
    let shape = opened.volume.grid().shape();
    let labels = predictor.card().label_names().into_iter().collect();
    let written = Written { image: shown.clone(), shape, model_sha256: predictor.id(), labels, finding: &finding };
    let json = serde_json::to_vec_pretty(&written)?;
    medley_io::write_atomically(output, |file| file.write_all(&json))?;
    Ok(ImageReport { image: shown, output: output.display().to_string(), seconds: start.elapsed().as_secs_f64(), finding })
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for image in &report.images {
        text.push_str(&format!("{} ({:.1} s)\n", image.output, image.seconds));
        match &image.finding {
            Finding::Classes(classes) => {
                let mut table = Table::new(["class", "probability"]);
                classes.iter().for_each(|class| table.row([class.class.clone(), format!("{:.3}", class.probability)]));
                text.push_str(&table.to_string());
            }
            Finding::Boxes(boxes) if boxes.is_empty() => text.push_str("nothing was found\n"),
            Finding::Boxes(boxes) => {
                let mut table = Table::new(["class", "score", "centre R, A, S mm", "size mm"]);
                for found in boxes {
                    let middle: [f64; 3] = std::array::from_fn(|axis| (found.ras_low_mm[axis] + found.ras_high_mm[axis]) / 2.0);
                    let size: [f64; 3] = std::array::from_fn(|axis| found.ras_high_mm[axis] - found.ras_low_mm[axis]);
                    let numbers = |values: [f64; 3]| values.map(|value| format!("{value:.0}")).join(", ");
                    table.row([found.class.clone(), format!("{:.3}", found.score), numbers(middle), numbers(size)]);
                }
                text.push_str(&table.to_string());
            }
        }
    }
    text.push_str(&format!("on {}\n", report.device));
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
