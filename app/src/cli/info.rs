use std::path::{Path, PathBuf};

use medley_io::{FileKind, OpenedVolume, Part, dicom};
use medley_volume::{LabelVoxels, ValueSummary};
use rayon::prelude::*;
use serde::Serialize;

use super::content::{INTENT_LABEL, has_segments, looks_like_mask, value_unit};
use super::file_names::model_file;
use super::options::series_part;
use super::set_options::SetOptions;
use super::weights::WeightsReport;
use super::{Answer, Failure, Table};

/// Says what a scan, a mask, a file of weights or a study is
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file or folder
    file: PathBuf,
    /// Which series of DICOM files: its number in the list, or its key
    #[arg(long, value_name = "N|KEY")]
    series: Option<String>,
}

#[derive(Serialize)]
struct SeriesListReport {
    kind: &'static str,
    series: Vec<SeriesReport>,
    /// How many files are no pictures.
    skipped: usize,
}

#[derive(Serialize)]
struct SeriesReport {
    number: usize,
    key: String,
    modality: String,
    description: String,
    images: usize,
    shape: [usize; 3],
    spacing: [f64; 3],
    is_volume: bool,
    fault: Option<String>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ImageReport {
    kind: &'static str,
    format: String,
    /// As in the file, a fourth axis included.
    shape: Vec<usize>,
    spacing: [f64; 3],
    affine: [[f64; 4]; 4],
    axes: String,
    dtype: String,
    unit: &'static str,
    min: f64,
    max: f64,
    sum: f64,
    nonfinite: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<LabelReport>>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct LabelReport {
    value: u16,
    /// Where the file names its labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    voxels: usize,
    ml: f64,
}

#[derive(Serialize)]
struct CheckpointReport {
    kind: &'static str,
    #[serde(flatten)]
    weights: WeightsReport,
}

#[derive(Serialize)]
struct DataSetReport {
    kind: &'static str,
    name: String,
    labels: Vec<NamedLabel>,
    cases: Vec<CaseReport>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct NamedLabel {
    value: u16,
    name: String,
}

#[derive(Serialize)]
struct CaseReport {
    name: String,
    role: &'static str,
    has_mask: bool,
}

/// `medley info FILE`.
///
/// # Errors
/// If the file cannot be read or is none that the program knows.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let path = arguments.file.as_path();
    let shown = path.display();
    match medley_io::kind_of(path)? {
        FileKind::Nrrd if has_segments(path) => segmentation(path, "NRRD segmentation"),
        FileKind::Nifti | FileKind::Nrrd | FileKind::MetaImage | FileKind::Npy => image(path, &Part::First),
        FileKind::Pytorch | FileKind::Safetensors => checkpoint(path),
        FileKind::Study => data_set(path, "study"),
        FileKind::Json => data_set(path, "dataset"),
        FileKind::Folder if path.join("dataset.json").is_file() => data_set(&path.join("dataset.json"), "dataset"),
        FileKind::Folder if model_file(path).is_file() => checkpoint(&model_file(path)),
        FileKind::Dicom | FileKind::DicomFolder => dicom(path, arguments.series.as_deref()),
        FileKind::LabelTable => Err(Failure::new(format!("{shown} is a table of label names, not a scan, a mask or a file of weights"))),
        FileKind::Folder => data_set(path, "dataset"),
        FileKind::Unknown(what) => {
            Err(Failure::new(format!("{shown} {what}; it is no scan, mask, study or file of weights that Medley knows")))
        }
    }
}

/// Of a file with more volumes than this only the first is read.
const MOST_FRAMES: usize = 100;

/// The values of a file's other volumes, joined to those of its first; and whether there were too many.
fn of_all_frames(path: &Path, opened: &OpenedVolume) -> Result<(ValueSummary, usize, bool), Failure> {
    let first = (opened.volume.summary(), opened.volume.voxels().len());
    let frames: usize = opened.about.shape.iter().skip(3).product();
    if frames > MOST_FRAMES {
        return Ok((first.0, first.1, true));
    }
    let of = |frame: usize| {
        let volume = medley_io::open_volume_frame(path, frame)?.volume;
        Ok((volume.summary(), volume.voxels().len()))
    };
    let others: Vec<(ValueSummary, usize)> = (1..frames).into_par_iter().map(of).collect::<Result<_, Failure>>()?;
    let (summary, voxels) = others.into_iter().fold(first, |(all, voxels), (one, more)| (all.with(one), voxels + more));
    Ok((summary, voxels, false))
}

/// The only volume, the one that was asked for, or a list to choose from.
fn dicom(path: &Path, wanted: Option<&str>) -> Result<Answer, Failure> {
    if wanted.is_some() {
        return image(path, &series_part(path, wanted)?);
    }
    if path.is_file() && dicom::is_contours(path) {
        let shown = path.display();
        return Err(Failure::new(format!(
            "{shown} holds contours (RT Structure Set): `medley convert {shown} OUT --like SCAN` makes a mask of them"
        )));
    }
    if path.is_file() && has_segments(path) {
        return segmentation(path, "DICOM segmentation");
    }
    let found = dicom::scan(path)?;
    // Where there is none, opening it says why.
    if found.series.len() <= 1 || found.series.iter().filter(|series| series.is_volume()).count() == 1 {
        return image(path, &Part::First);
    }
    let report = |(at, series): (usize, &dicom::Series)| SeriesReport {
        number: at + 1,
        key: series.key.clone(),
        modality: series.modality.clone(),
        description: series.description.clone(),
        images: series.images,
        shape: series.shape,
        spacing: series.spacing,
        is_volume: series.is_volume(),
        fault: series.fault.clone(),
        warnings: series.notices.clone(),
    };
    let series: Vec<SeriesReport> = found.series.iter().enumerate().map(report).collect();
    let mut table = Table::new(["", "modality", "description", "images", "voxels", "mm", "volume"]);
    for one in &series {
        let [columns, rows, slices] = one.shape;
        table.row([
            one.number.to_string(),
            one.modality.clone(),
            one.description.clone(),
            one.images.to_string(),
            format!("{columns}×{rows}×{slices}"),
            one.spacing.map(|mm| format!("{mm:.2}")).join("×"),
            if one.is_volume { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let mut text = format!("{} DICOM series; --series N tells more of one\n{table}", series.len());
    if !found.skipped.is_empty() {
        text.push_str(&format!("note: {} files are no pictures\n", found.skipped.len()));
    }
    Answer::new(&SeriesListReport { kind: "dicom", series, skipped: found.skipped.len() }, text)
}

fn image(path: &Path, part: &Part) -> Result<Answer, Failure> {
    let opened = &medley_io::open_volume_part(path, part, None)?;
    let OpenedVolume { volume, notices, about, .. } = opened;
    let is_mask = about.intent_code == INTENT_LABEL || looks_like_mask(volume);
    let grid = volume.grid();
    let (summary, voxels, has_too_many) = of_all_frames(path, opened)?;
    let mut warnings = notices.clone();
    if has_too_many {
        warnings.push("The values are those of the first volume.".to_owned());
    }
    let labels = is_mask.then(|| label_reports(opened));
    let report = ImageReport {
        kind: if is_mask { "mask" } else { "scan" },
        format: about.format.clone(),
        shape: about.shape.clone(),
        spacing: grid.spacing(),
        affine: grid.affine_rows(),
        axes: grid.axes().codes(),
        dtype: about.dtype.clone(),
        unit: value_unit(volume, is_mask),
        min: summary.min,
        max: summary.max,
        sum: summary.sum,
        nonfinite: voxels - summary.finite,
        labels,
        warnings,
    };
    let text = image_text(&report, grid);
    Answer::new(&report, text)
}

/// How much of each label there is; background left out. Values that are no labels do not count.
fn label_reports(opened: &OpenedVolume) -> Vec<LabelReport> {
    let volume = &opened.volume;
    let mut counts = std::collections::BTreeMap::<u16, usize>::new();
    for offset in 0..volume.voxels().len() {
        let value = volume.voxels().stored(offset).map(|stored| volume.scaling().apply(stored));
        if let Some(value) = value.filter(|value| *value >= 1.0 && *value <= f64::from(u16::MAX)) {
            *counts.entry(value.round() as u16).or_default() += 1;
        }
    }
    let ml = volume.grid().voxel_volume_ml();
    counts.into_iter().map(|(value, voxels)| LabelReport { value, name: None, voxels, ml: voxels as f64 * ml }).collect()
}

fn segmentation(path: &Path, format: &str) -> Result<Answer, Failure> {
    let (opened, table) = medley_io::open_labels_with_table(path)?;
    let (mask, grid) = (&opened.labels, opened.labels.grid());
    let (counts, ml) = (mask.counts(), grid.voxel_volume_ml());
    let labels: Vec<LabelReport> = counts
        .iter()
        .filter(|(value, _)| **value != 0)
        .map(|(&value, &voxels)| LabelReport {
            value,
            name: table.get(value).map(|label| label.name.clone()),
            voxels,
            ml: voxels as f64 * ml,
        })
        .collect();
    let total: f64 = counts.iter().map(|(&value, &voxels)| f64::from(value) * voxels as f64).sum();
    let report = ImageReport {
        kind: "mask",
        format: format.to_owned(),
        shape: grid.shape().to_vec(),
        spacing: grid.spacing(),
        affine: grid.affine_rows(),
        axes: grid.axes().codes(),
        dtype: if matches!(mask.voxels(), LabelVoxels::U8(_)) { "uint8" } else { "uint16" }.to_owned(),
        unit: "label",
        min: f64::from(counts.keys().next().copied().unwrap_or(0)),
        max: f64::from(counts.keys().next_back().copied().unwrap_or(0)),
        sum: total,
        nonfinite: 0,
        labels: Some(labels),
        warnings: opened.notices.clone(),
    };
    let text = image_text(&report, grid);
    Answer::new(&report, text)
}

fn image_text(report: &ImageReport, grid: &medley_volume::Grid) -> String {
    let shape: Vec<String> = report.shape.iter().map(usize::to_string).collect();
    let mut text = format!("{} ({}, {})\n{grid}\n", report.kind, report.format, report.dtype);
    if report.shape.len() != 3 {
        text.push_str(&format!("in the file: {}\n", shape.join("×")));
    }
    text.push_str(&format!("values ({}): {} to {}, sum {}\n", report.unit, report.min, report.max, report.sum));
    if report.nonfinite > 0 {
        text.push_str(&format!("{} voxels hold no finite number\n", report.nonfinite));
    }
    text.push_str("affine\n");
    report.affine.iter().for_each(|row| text.push_str(&format!("  {:12.5} {:12.5} {:12.5} {:12.5}\n", row[0], row[1], row[2], row[3])));
    if let Some(labels) = &report.labels {
        let mut table = Table::new(["label", "name", "voxels", "mL"]);
        let name = |label: &LabelReport| label.name.clone().unwrap_or_default();
        labels
            .iter()
            .for_each(|label| table.row([label.value.to_string(), name(label), label.voxels.to_string(), format!("{:.2}", label.ml)]));
        text.push_str(&table.to_string());
    }
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}

fn checkpoint(path: &Path) -> Result<Answer, Failure> {
    let weights = WeightsReport::of(path)?;
    let text = format!("file of weights\n{}", weights.text());
    Answer::new(&CheckpointReport { kind: "checkpoint", weights }, text)
}

fn data_set(path: &Path, kind: &'static str) -> Result<Answer, Failure> {
    let set = SetOptions::default().open(path)?;
    let labels = set.label_table.labels().iter().map(|label| NamedLabel { value: label.value, name: label.name.clone() }).collect();
    let cases = set.cases.iter().map(|case| CaseReport {
        name: case.name.clone(),
        role: super::cases::role_name(case.role),
        has_mask: case.label.is_some(),
    });
    let report = DataSetReport { kind, name: set.name.clone(), labels, cases: cases.collect(), warnings: set.notices.clone() };
    let mut text = format!("{kind} “{}”\n", report.name);
    let mut table = Table::new(["case", "role", "mask"]);
    report
        .cases
        .iter()
        .for_each(|case| table.row([case.name.clone(), case.role.to_owned(), if case.has_mask { "yes" } else { "no" }.to_owned()]));
    text.push_str(&table.to_string());
    let mut table = Table::new(["label", "name"]);
    report.labels.iter().for_each(|label| table.row([label.value.to_string(), label.name.clone()]));
    text.push_str(&table.to_string());
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    Answer::new(&report, text)
}
