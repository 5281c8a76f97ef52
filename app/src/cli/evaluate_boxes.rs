//! `medley evaluate` of boxes against the objects of a mask.

use std::collections::BTreeMap;
use std::path::Path;

use medley_learn::detect::box_scores;
use medley_learn::task::{BoxScores, FoundBox};
use medley_nn::detect::{Box3, Detection, Object, average_precision};
use serde::{Deserialize, Serialize};

use super::output::score;
use super::{Answer, Failure, Table};

/// The end of the names of files with boxes.
pub const ENDING: &str = ".boxes.json";

/// As `predict` writes it.
#[derive(Deserialize)]
struct Written {
    shape: [usize; 3],
    labels: BTreeMap<u16, String>,
    boxes: Vec<FoundBox>,
}

#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    scores: BoxScores,
    per_label: BTreeMap<u16, LabelReport>,
    boxes: usize,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct LabelReport {
    name: String,
    objects: usize,
    boxes: usize,
    /// Average precision at each of the IoU thresholds; none without objects.
    precision: Vec<Option<f64>>,
}

/// `medley evaluate SCAN.boxes.json MASK`: the objects are the connected pieces of the labels that the model knows.
///
/// # Errors
/// If one of the files cannot be read, they do not belong to one scan, or the mask holds none of the labels.
pub fn run(pred: &Path, truth: &Path, least_voxels: usize) -> Result<Answer, Failure> {
    let shown = pred.display();
    let text = std::fs::read_to_string(pred).map_err(|error| Failure::new(format!("{shown} cannot be read: {error}")))?;
    let written: Written = serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{shown} does not hold boxes as `medley predict` writes them: {error}")))?;
    let mask = medley_io::open_labels(truth)?;
    let shape = mask.labels.grid().shape();
    if shape != written.shape {
        return Err(Failure::new(format!(
            "{shown} is of a scan of {:?} voxels, but the mask {} has {shape:?}: name the mask of that scan",
            written.shape,
            truth.display()
        )));
    }
    let values: Vec<u16> = written.labels.keys().copied().collect();
    let class = |label: u16| values.iter().position(|value| *value == label);
    let found = written.boxes.iter().filter_map(|found| {
        let bounds = Box3 { low: found.voxel_low, high: found.voxel_high };
        Some(Detection { bounds, class: class(found.label)?, score: found.score })
    });
    let found: Vec<Detection> = found.collect();
    let objects = medley_volume::components(&mask.labels, &values, least_voxels).list.into_iter().filter_map(|piece| {
        let faces = |corner: [usize; 3]| corner.map(|v| v as f64);
        let bounds = Box3 { low: faces(piece.bounds.low), high: faces(piece.bounds.high) };
        Some(Object { bounds, class: class(piece.label)? })
    });
    let objects: Vec<Object> = objects.collect();
    let images = [(found.as_slice(), objects.as_slice())];
    let scores = box_scores(&images, values.len()).ok_or_else(|| {
        Failure::new(format!("{} holds none of the labels that the boxes are of, so there is nothing to measure by", truth.display()))
    })?;
    let per_label = written.labels.iter().enumerate().map(|(at, (&value, name))| {
        let precision = scores.at.iter().map(|threshold| average_precision(&images, at, threshold.iou)).collect();
        let count = objects.iter().filter(|object| object.class == at).count();
        let boxes = found.iter().filter(|found| found.class == at).count();
        (value, LabelReport { name: name.clone(), objects: count, boxes, precision })
    });
    let report = Report { per_label: per_label.collect(), boxes: found.len(), scores, warnings: mask.notices };
    let text = text_of(&report);
    Answer::new(&report, text)
}

fn text_of(report: &Report) -> String {
    let mut table = Table::new(["label", "objects", "boxes", "AP 0.1", "AP 0.3", "AP 0.5"]);
    for label in report.per_label.values() {
        let at = |which: usize| score(label.precision.get(which).copied().flatten());
        table.row([label.name.clone(), label.objects.to_string(), label.boxes.to_string(), at(0), at(1), at(2)]);
    }
    let mean = |which: usize| score(report.scores.at.get(which).map(|at| at.precision));
    table.row(["mean".to_owned(), report.scores.objects.to_string(), report.boxes.to_string(), mean(0), mean(1), mean(2)]);
    let mut text = table.to_string();
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
