use std::path::{Path, PathBuf};
use std::time::Instant;

use medley_learn::features::{Extractor, ExtractorChanges, Features, Layer};
use medley_learn::recipe::PlanLimits;
use medley_learn::{JobEvent, Recipe, reference};
use medley_nn::Strides;
use medley_nn::weights::WeightsFile;
use serde::Serialize;

use super::feature_files::{Extracted, Target};
use super::file_names::model_file;
use super::options::{DeviceOption, Size, Spacing};
use super::progress::Progress;
use super::{Answer, Failure};
use crate::stem::stem;

/// Computes features of scans: one vector a scan, or the maps of any layer
///
/// Scans are put in patient order, clipped to their 0.5–99.5 percentile, z-scored and brought to one spacing; a model of `finetune`
/// brings its own recipe. An IMAGE that is a .npy of [N, C, D, H, W] is fed as it is.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The scans, or arrays that are ready (.npy)
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<PathBuf>,
    /// A `.pth` or `.safetensors` file, a folder that `finetune` or `pretrain` wrote, or `starter` (the encoder inside this program)
    #[arg(long)]
    weights: String,
    /// A file with the head, where the weights have none
    #[arg(long, value_name = "FILE")]
    head_weights: Option<PathBuf>,
    /// `conv1` (before its normalisation), `maxpool`, `layer1` to `layer4`, `logits`, `pooled` (the mean of layer4) or `pooled-max`
    #[arg(long, default_value = "pooled")]
    layer: Layer,
    /// Where to write: a .npy (the vectors of all scans, or the map of one), a .safetensors (an entry a scan), or a folder (a .npy a
    /// scan)
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Prepare scans as the reference does when it tests: axes as in the file, stretched to one size, noise where they are zero
    #[arg(long)]
    parity: bool,
    /// The size to which the reference stretches scans: depth, height, width
    #[arg(long, value_name = "D,H,W", requires = "parity", default_value_t = Size(reference::INPUT))]
    input_size: Size,
    /// Seed of the reference's noise
    #[arg(long, default_value_t = 0, requires = "parity")]
    seed: u64,
    /// Millimetres along right, anterior, superior to which scans are brought; the model's own, or the median of the scans
    #[arg(long, value_name = "R,A,S", conflicts_with = "parity")]
    spacing: Option<Spacing>,
    /// Input channels: weights for one are spread over as many
    #[arg(long, value_name = "CHANNELS")]
    in_channels: Option<usize>,
    /// How the encoder's last two stages widen what they see, `dilated` or `ordinary`; as the weights say unless given
    #[arg(long, value_name = "KIND")]
    strides: Option<Strides>,
    /// Replace files that exist
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct Report {
    /// Of all vectors together, or of the first scan's map.
    shape: Vec<usize>,
    layer: String,
    outputs: Vec<String>,
    images: Vec<ImageReport>,
    /// `reference`, `recipe` or `none` (arrays only).
    preprocessing: &'static str,
    spacing_mm: Option<[f64; 3]>,
    weights_sha256: String,
    device: String,
    seconds: f64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct ImageReport {
    image: String,
    shape: Vec<usize>,
    output: String,
}

/// `medley features IMAGE… --weights W -o F`.
///
/// # Errors
/// If weights or scans cannot be read or do not fit each other, or a file may not be written. Maps written before stay.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let names: Vec<String> = arguments.images.iter().map(|image| name_of(image)).collect();
    let mut inputs: Vec<&Path> = arguments.images.iter().map(PathBuf::as_path).collect();
    inputs.extend([Path::new(&arguments.weights)].into_iter().chain(arguments.head_weights.as_deref()));
    let mut target = Target::new(&arguments.output, &names, arguments.layer, &inputs, arguments.force)?;
    let start = Instant::now();
    let extractor = extractor(arguments)?;
    let recipe = recipe(arguments, &extractor)?;
    let (mut images, mut warnings) = (Vec::new(), Vec::new());
    let mut progress = Progress::new("features");
    for (at, (image, name)) in arguments.images.iter().zip(&names).enumerate() {
        let features = features(arguments, &extractor, recipe.as_ref(), image, &mut warnings)?;
        let shape = features.shape.clone();
        let output = target.add(Extracted { name: name.clone(), features })?.display().to_string();
        images.push(ImageReport { image: image.display().to_string(), shape, output });
        progress.show(&JobEvent::Window { done: at + 1, windows: arguments.images.len() });
    }
    drop(progress);
    let (outputs, shape) = target.finish(extractor.id())?;
    let preprocessing = match recipe {
        Some(_) => "recipe",
        None if arguments.images.iter().all(|image| is_array(image)) => "none",
        None => "reference",
    };
    let report = Report {
        shape,
        layer: arguments.layer.to_string(),
        outputs: outputs.iter().map(|output| output.display().to_string()).collect(),
        images,
        preprocessing,
        spacing_mm: recipe.map(|recipe| recipe.spacing_mm),
        weights_sha256: extractor.id().to_owned(),
        device: extractor.device().to_owned(),
        seconds: start.elapsed().as_secs_f64(),
        warnings,
    };
    let text = text(&report);
    Answer::new(&report, text)
}

fn extractor(arguments: &Arguments) -> Result<Extractor, Failure> {
    let file = match arguments.weights.as_str() {
        "starter" => WeightsFile::from_bytes(crate::sample::STARTER_NAME, crate::sample::starter_encoder())?,
        path => WeightsFile::open(&model_file(Path::new(path)))?,
    };
    let file = match &arguments.head_weights {
        Some(head) => file.with_head_of(WeightsFile::open(&model_file(head))?)?,
        None => file,
    };
    let changes = ExtractorChanges { in_channels: arguments.in_channels, strides: arguments.strides };
    Ok(Extractor::new(&file, arguments.layer, changes, arguments.device.device)?)
}

/// How scans are prepared; `None` for the reference's way, and where there are only arrays.
fn recipe(arguments: &Arguments, extractor: &Extractor) -> Result<Option<Recipe>, Failure> {
    let scans: Vec<&PathBuf> = arguments.images.iter().filter(|image| !is_array(image)).collect();
    if arguments.parity || scans.is_empty() {
        return Ok(None);
    }
    let spacing = arguments.spacing.map(|spacing| spacing.0);
    let mut recipe = match (extractor.recipe(), spacing) {
        (Some(recipe), _) => recipe.clone(),
        (None, Some(spacing_mm)) => Recipe { spacing_mm, intensity: medley_learn::recipe::IntensityScheme::PerScan, patch: [8; 3] },
        (None, None) => {
            // Read twice, so that no more than one scan lies in memory.
            let grids = scans.iter().map(|scan| Ok(*medley_io::open_volume(scan)?.volume.grid())).collect::<Result<Vec<_>, Failure>>()?;
            Recipe::for_scans(&grids, PlanLimits::default())?
        }
    };
    recipe.spacing_mm = spacing.unwrap_or(recipe.spacing_mm);
    Ok(Some(recipe))
}

fn features(
    arguments: &Arguments,
    extractor: &Extractor,
    recipe: Option<&Recipe>,
    image: &Path,
    warnings: &mut Vec<String>,
) -> Result<Features, Failure> {
    let found = if is_array(image) {
        let array = medley_io::npy::read(image)?;
        extractor.of_array(&array.shape, array.values)
    } else {
        let opened = medley_io::open_volume(image)?;
        warnings.extend(opened.notices);
        match recipe {
            Some(recipe) => extractor.of_scan(&opened.volume, recipe),
            None => extractor.of_scan_as_reference(&opened.volume, arguments.input_size.0, arguments.seed),
        }
    };
    found.map_err(|error| Failure::new(format!("{}: {error}", image.display())))
}

fn is_array(image: &Path) -> bool {
    image.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("npy"))
}

/// What a scan or an array is called in the output.
fn name_of(image: &Path) -> String {
    if is_array(image) { image.file_stem().map_or_else(|| stem(image), |name| name.to_string_lossy().into_owned()) } else { stem(image) }
}

fn text(report: &Report) -> String {
    let mut text = String::new();
    for image in &report.images {
        text.push_str(&format!("{}: {} {:?} in {}\n", image.image, report.layer, image.shape, image.output));
    }
    let spacing = report.spacing_mm.map_or_else(String::new, |[r, a, s]| format!(", at {r} × {a} × {s} mm"));
    text.push_str(&format!("in {:.1} s on {}{spacing}\n", report.seconds, report.device));
    report.warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_and_scans_are_called_after_their_files() {
        assert_eq!(name_of(Path::new("/a/input.odd.npy")), "input.odd");
        assert_eq!(name_of(Path::new("b.nii.gz")), "b");
    }
}
