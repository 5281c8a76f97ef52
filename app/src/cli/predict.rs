use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use medley_learn::{Control, JobEvent, Predictor};
use serde::Serialize;

use super::file_names::{make_folder, model_file, require_writable};
use super::options::DeviceOption;
use super::progress::Progress;
use super::{Answer, Failure, Table};
use crate::stem::stem;

/// Segments scans with a trained model
///
/// Each mask lies exactly on its scan's grid and is called IMAGE_seg.nii.gz.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A model that `finetune` wrote: its folder or its `model.safetensors`
    model: PathBuf,
    /// The scans
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// The folder that receives the masks; made if it is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    #[command(flatten)]
    device: DeviceOption,
    /// Replace masks that exist
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    outputs: Vec<String>,
    seconds: f64,
    device: String,
    model_sha256: String,
    labels: BTreeMap<u16, String>,
    images: Vec<ImageReport>,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ImageReport {
    image: String,
    output: String,
    seconds: f64,
    /// Volume of each label, millilitres.
    ml: BTreeMap<u16, f64>,
}

/// `medley predict MODEL IMAGE… -o DIR`.
///
/// # Errors
/// If the model or a scan cannot be read, or a mask may not be written. Masks finished before stay.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let outputs = outputs(arguments)?;
    let predictor = Predictor::open(&model_file(&arguments.model), arguments.device.device)?;
    make_folder(&arguments.output)?;
    let start = Instant::now();
    let (mut images, mut warnings) = (Vec::new(), Vec::new());
    for (image, output) in arguments.images.iter().zip(&outputs) {
        images.push(segment(&predictor, image, output, &mut warnings)?);
    }
    let report = Report {
        outputs: images.iter().map(|image| image.output.clone()).collect(),
        seconds: start.elapsed().as_secs_f64(),
        device: predictor.device().to_owned(),
        model_sha256: predictor.id().to_owned(),
        labels: predictor.card().label_names().into_iter().collect(),
        images,
        warnings,
    };
    let text = text(&report);
    Answer::new(&report, text)
}

/// Where each mask goes; nothing is computed if one of them may not be written.
fn outputs(arguments: &Arguments) -> Result<Vec<PathBuf>, Failure> {
    let mut inputs: Vec<&Path> = arguments.images.iter().map(PathBuf::as_path).collect();
    inputs.push(&arguments.model);
    let mut taken: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for image in &arguments.images {
        let output = arguments.output.join(format!("{}_seg.nii.gz", stem(image)));
        if let Some(other) = taken.insert(output.clone(), image) {
            let (a, b, output) = (other.display(), image.display(), output.display());
            return Err(Failure::new(format!("{a} and {b} would both be written to {output}: give them different names")));
        }
        require_writable(&output, &inputs, arguments.force)?;
    }
    Ok(arguments.images.iter().map(|image| arguments.output.join(format!("{}_seg.nii.gz", stem(image)))).collect())
}

fn segment(predictor: &Predictor, image: &Path, output: &Path, warnings: &mut Vec<String>) -> Result<ImageReport, Failure> {
    let start = Instant::now();
    let opened = medley_io::open_volume(image)?;
    warnings.extend(opened.notices);
    let mut progress = Progress::new(&stem(image));
    let mut show = |done, windows| progress.show(&JobEvent::Window { done, windows });
    let labels = predictor.predict(&opened.volume, &Control::new(), &mut show)?;
    medley_io::write_labels(output, &labels, &opened.geometry)?;
    let ml = labels.grid().voxel_volume_ml();
    Ok(ImageReport {
        image: image.display().to_string(),
        output: output.display().to_string(),
        seconds: start.elapsed().as_secs_f64(),
        ml: labels.counts().into_iter().filter(|&(label, _)| label != 0).map(|(label, n)| (label, n as f64 * ml)).collect(),
    })
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for image in &report.images {
        text.push_str(&format!("{} ({:.1} s)\n", image.output, image.seconds));
        let mut table = Table::new(["label", "name", "mL"]);
        for (label, name) in &report.labels {
            let ml = image.ml.get(label).copied().unwrap_or(0.0);
            table.row([label.to_string(), name.clone(), format!("{ml:.2}")]);
        }
        text.push_str(&table.to_string());
    }
    text.push_str(&format!("on {}\n", report.device));
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}
