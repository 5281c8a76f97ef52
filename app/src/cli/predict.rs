use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use medley_learn::reference::{self, ReferenceModel};
use medley_learn::{AnyPredictor, Control, JobEvent, Mirrored, ModelFile, Predictor};
use medley_nn::weights::{Task, WeightsFile};
use medley_volume::{LabelMap, Volume};
use serde::Serialize;

use super::file_names::{make_folder, model_file, require_writable};
use super::options::{DeviceOption, Size};
use super::progress::Progress;
use super::{Answer, Failure, Table, predict_task};
use crate::stem::stem;

/// Segments scans with a trained model, or says which classes or objects they hold
///
/// What the model was made for decides. Each mask lies exactly on its scan's grid and is called IMAGE_seg.nii.gz. Classes are
/// written as IMAGE.classes.json: classes[{class, probability}]. Boxes are written as IMAGE.boxes.json: boxes[{label, class, score,
/// voxel_low, voxel_high, ras_low_mm, ras_high_mm}], surest first; voxel v of the scan reaches from v to v + 1 along i, j, k.
///
/// JSON: outputs[], seconds, device, model_sha256, images[{image, output, seconds, …}], warnings[]; of masks also labels{}, and ml{}
/// of each image; of classes and boxes also task, classes[], and what was found in each image.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A model that `finetune` wrote: its folder or its `model.safetensors`
    pub(super) model: PathBuf,
    /// The scans
    #[arg(required = true, value_name = "IMAGE")]
    pub(super) images: Vec<PathBuf>,
    /// The folder that receives the results; made if it is missing
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// With a model for masks: look at mirror images of every window too, along r (left and right), a (front and back), s (head and
    /// feet), as in `r,a`; each doubles the time. With r, labels change places that changed places in the training
    #[arg(long, value_name = "AXES", conflicts_with = "parity")]
    mirror: Option<Mirrored>,
    /// With a model for masks: as the network gives them, without what the training found to be of use afterwards
    #[arg(long)]
    no_postprocess: bool,
    /// With a model for boxes: the least score of a box that is told of; as in the model unless given
    #[arg(long, value_name = "SCORE")]
    pub(super) min_score: Option<f64>,
    #[command(flatten)]
    device: DeviceOption,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
    /// Do as the reference does when it tests, for a checkpoint with its head: axes as in the file, stretched to one size, noise where
    /// a scan is zero
    #[arg(long)]
    parity: bool,
    /// A file with the reference's head, where MODEL has none
    #[arg(long, value_name = "FILE", requires = "parity")]
    head_weights: Option<PathBuf>,
    /// The size to which the reference stretches scans: depth, height, width
    #[arg(long, value_name = "D,H,W", requires = "parity", default_value_t = Size(reference::INPUT))]
    input_size: Size,
    /// Seed of the reference's noise
    #[arg(long, default_value_t = 0, requires = "parity")]
    seed: u64,
}

/// What makes the masks.
enum Model {
    Ours(Box<Predictor>),
    Reference { model: Box<ReferenceModel>, size: [usize; 3], seed: u64 },
}

impl Model {
    fn reference(arguments: &Arguments) -> Result<Self, Failure> {
        let file = WeightsFile::open(&model_file(&arguments.model))?;
        let file = match &arguments.head_weights {
            Some(head) => file.with_head_of(WeightsFile::open(head)?)?,
            None => file,
        };
        let model = Box::new(ReferenceModel::new(&file, arguments.device.device)?);
        Ok(Self::Reference { model, size: arguments.input_size.0, seed: arguments.seed })
    }

    fn predict(&self, scan: &Volume, progress: &mut dyn FnMut(usize, usize)) -> Result<LabelMap, Failure> {
        Ok(match self {
            Self::Ours(predictor) => predictor.predict(scan, &Control::new(), progress)?,
            Self::Reference { model, size, seed } => model.predict(scan, *size, *seed)?,
        })
    }

    /// Device, hash, and names of labels; the reference has no names.
    fn about(&self) -> (&str, &str, BTreeMap<u16, String>) {
        match self {
            Self::Ours(predictor) => (predictor.device(), predictor.id(), predictor.card().label_names().into_iter().collect()),
            Self::Reference { model, .. } => {
                let names = (1..model.classes()).filter_map(|class| Some((u16::try_from(class).ok()?, format!("class {class}"))));
                (model.device(), model.id(), names.collect())
            }
        }
    }
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
    let mut warnings = Vec::new();
    let (model, outputs) = if arguments.parity {
        let outputs = outputs(arguments, predict_task::ending(Task::Segment))?;
        (Model::reference(arguments)?, outputs)
    } else {
        let model = ModelFile::open(&model_file(&arguments.model))?;
        let outputs = outputs(arguments, predict_task::ending(model.task()))?;
        match model.predictor(arguments.device.device)? {
            AnyPredictor::Masks(predictor) => (Model::Ours(Box::new(with_options(*predictor, arguments, &mut warnings))), outputs),
            AnyPredictor::Task(predictor) => return predict_task::run(arguments, predictor, &outputs),
        }
    };
    make_folder(&arguments.output)?;
    let start = Instant::now();
    let mut images = Vec::new();
    for (image, output) in arguments.images.iter().zip(&outputs) {
        images.push(segment(&model, image, output, &mut warnings)?);
    }
    let (device, id, labels) = model.about();
    let report = Report {
        outputs: images.iter().map(|image| image.output.clone()).collect(),
        seconds: start.elapsed().as_secs_f64(),
        device: device.to_owned(),
        model_sha256: id.to_owned(),
        labels,
        images,
        warnings,
    };
    let text = text(&report);
    Answer::new(&report, text)
}

/// The model as it was asked to look at scans.
fn with_options(predictor: Predictor, arguments: &Arguments, warnings: &mut Vec<String>) -> Predictor {
    let predictor = if arguments.no_postprocess { predictor.without_cleaning() } else { predictor };
    let Some(mirrored) = arguments.mirror else { return predictor };
    if mirrored.right && !predictor.knows_mirror_images() {
        warnings.push("the model never learned from mirror images of left and right: compare its masks with those without r".to_owned());
    }
    predictor.with_mirroring(mirrored)
}

/// Where each result goes: the scan's name and `ending`; nothing is computed if one of them may not be written.
pub(super) fn outputs(arguments: &Arguments, ending: &str) -> Result<Vec<PathBuf>, Failure> {
    let mut inputs: Vec<&Path> = arguments.images.iter().map(PathBuf::as_path).collect();
    inputs.push(&arguments.model);
    let mut taken: BTreeMap<PathBuf, &Path> = BTreeMap::new();
    for image in &arguments.images {
        let output = arguments.output.join(format!("{}{ending}", stem(image)));
        if let Some(other) = taken.insert(output.clone(), image) {
            let (a, b, output) = (other.display(), image.display(), output.display());
            return Err(Failure::new(format!("{a} and {b} would both be written to {output}: give them different names")));
        }
        require_writable(&output, &inputs, arguments.force)?;
    }
    Ok(arguments.images.iter().map(|image| arguments.output.join(format!("{}{ending}", stem(image)))).collect())
}

fn segment(model: &Model, image: &Path, output: &Path, warnings: &mut Vec<String>) -> Result<ImageReport, Failure> {
    let start = Instant::now();
    let opened = medley_io::open_volume(image)?;
    warnings.extend(opened.notices);
    let mut progress = Progress::new(&stem(image));
    let mut show = |done, windows| progress.show(&JobEvent::Window { done, windows });
    let labels = model.predict(&opened.volume, &mut show).map_err(|failure| named(image, &failure))?;
    medley_io::write_labels(output, &labels, &opened.geometry)?;
    let ml = labels.grid().voxel_volume_ml();
    Ok(ImageReport {
        image: image.display().to_string(),
        output: output.display().to_string(),
        seconds: start.elapsed().as_secs_f64(),
        ml: labels.counts().into_iter().filter(|&(label, _)| label != 0).map(|(label, n)| (label, n as f64 * ml)).collect(),
    })
}

fn named(image: &Path, failure: &Failure) -> Failure {
    Failure::new(format!("{}: {}", image.display(), failure.sentence()))
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
