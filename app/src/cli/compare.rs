use std::path::{Path, PathBuf};

use medley_learn::compare::{self, CompareSpec, Report, Start};
use medley_learn::{Control, EncoderNorm, FineTuneSettings, WeightsSource};
use medley_nn::{EncoderConfig, HeadKind, NormKind, Strides};
use serde::Serialize;

use super::cases::DataSetCases;
use super::file_names::make_folder;
use super::options::{DeviceOption, NetworkOptions, TrainingOptions, chosen_labels, set, weights_source};
use super::progress::Progress;
use super::set_options::SetOptions;
use super::{Answer, Failure};

/// Compares first weights: do these help, against scratch and against each other?
///
/// Fine-tunes from every start with every seed, all with the same steps, settings and validation cases, and measures the weights of
/// the last step. Writes report.json, report.md and plot.svg, and a card for each run; a comparison that was interrupted goes on
/// with the same command. The answer may be “no advantage seen”. See docs/compare.md.
///
/// JSON: the report: verdict[], notes[], seeds[], starts[{name, final_dice{mean, deviation, least, most}, mean_dice{}, per_label[], curve[]}],
/// comparisons[{start, reference, final_dice{differences[], mean, interval, p_exact, p_holm, p_t, effect}, mean_dice{}, reach[]}],
/// runs[{start, seed, curve[], final_dice, card}], settings{}, training[], validation[], and files{}.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A study folder, a dataset.json (Medical Segmentation Decathlon or nnU-Net v2), an `img_list`, or a folder of scans and masks;
    /// with validation cases
    dataset: PathBuf,
    /// Weights to begin with, once for each start: `scratch`, `starter`, the name of fetched ones, or a `.pth` or `.safetensors` file or
    /// the folder that holds it; NAME=WEIGHTS gives a start another name
    #[arg(long, value_name = "WEIGHTS", required = true, num_args = 1)]
    weights: Vec<String>,
    /// How many seeds; runs of one seed are a pair. The exact test needs 6 to be able to call a difference of two starts an advantage
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u64).range(5..=1000))]
    seeds: u64,
    /// Steps between measurements on the validation cases; a twentieth of all steps unless given
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    validate_every: Option<u64>,
    /// Also tell how soon these Dice values are reached
    #[arg(long, value_delimiter = ',', value_name = "DICE,…")]
    reach: Vec<f64>,
    /// What turns features into labels: `skip`, `med3d`, `branch` or `dense-aspp`
    #[arg(long)]
    head: Option<HeadKind>,
    /// Mirror left and right at random; only right where sides do not matter
    #[arg(long)]
    mirror: bool,
    /// Labels to learn, by name or value; all of them unless given
    #[arg(long, value_delimiter = ',', value_name = "LABEL")]
    labels: Vec<String>,
    /// The folder that receives report, plot and the runs' cards; `comparison-NAME` of the data set here unless given
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep each run's model beside its card
    #[arg(long)]
    keep_models: bool,
    #[command(flatten)]
    set: SetOptions,
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    device: DeviceOption,
}

#[derive(Serialize)]
struct Answered {
    #[serde(flatten)]
    report: Report,
    files: Files,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Files {
    json: String,
    markdown: String,
    plot: String,
}

/// `medley compare DATASET --weights A --weights B`.
///
/// # Errors
/// If there is nothing to compare or to measure on, weights or settings cannot be used, the folder holds another comparison, a training
/// breaks down, or the report cannot be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    if let Some(dice) = arguments.reach.iter().find(|dice| !(0.0..=1.0).contains(*dice)) {
        return Err(Failure::new(format!("--reach wants Dice values between 0 and 1, not {dice}")));
    }
    let set = arguments.set.open(&arguments.dataset)?;
    let labels = chosen_labels(&set.label_table, &arguments.labels)?;
    let (title, warnings) = (set.name.clone(), set.notices.clone());
    let starts = arguments.weights.iter().map(|text| start(text, &arguments.network)).collect::<Result<Vec<_>, _>>()?;
    let settings = settings(arguments, &starts)?;
    let output = arguments.out.clone().unwrap_or_else(|| PathBuf::from(format!("comparison-{}", file_name(&title))));
    make_folder(&output)?;
    let first = settings.seed;
    let spec = CompareSpec {
        cases: Box::new(DataSetCases::new(set, &arguments.dataset)?),
        labels,
        starts: starts.clone(),
        seeds: (first..first.saturating_add(arguments.seeds)).collect(),
        settings,
        device: arguments.device.device,
        output: output.clone(),
        keep_models: arguments.keep_models,
    };
    let mut progress = Progress::new("comparing");
    let runs = compare::run(spec, &Control::new(), &mut |event| progress.show(&event))?;
    drop(progress);
    let report = Report::new(&title, &starts, &runs, &arguments.reach)?;
    let page = report.markdown(Some("plot.svg"));
    let [json, markdown, plot] = ["report.json", "report.md", "plot.svg"].map(|name| output.join(name));
    write(&json, &report.json()?)?;
    write(&markdown, &page)?;
    write(&plot, &report.svg())?;
    let [json, markdown, plot] = [json, markdown, plot].map(|path| path.display().to_string());
    let mut text = report.markdown(None);
    text.push_str(&format!("\n{markdown}, {json} and {plot} were written\n"));
    warnings.iter().for_each(|warning| text.push_str(&format!("note: {warning}\n")));
    Answer::new(&Answered { report, files: Files { json, markdown, plot }, warnings }, text)
}

/// A start as people write it: weights, or a name for them and the weights.
fn start(text: &str, network: &NetworkOptions) -> Result<Start, Failure> {
    let (name, weights) = match text.split_once('=') {
        Some((name, weights)) if !name.is_empty() && !Path::new(text).exists() => (Some(name.to_owned()), weights),
        _ => (None, text),
    };
    let source = match weights {
        // Its shape follows from the options, or from the other weights.
        "scratch" => WeightsSource::Scratch,
        _ => weights_source(weights, network)?,
    };
    Ok(Start { name: name.unwrap_or_else(|| name_of(weights)), weights: source })
}

/// What weights are called: the file's stem, or the folder it lies in where every file is called the same.
fn name_of(weights: &str) -> String {
    let path = Path::new(weights);
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let folder = || path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy().into_owned());
    let named = match stem(path) {
        Some(stem) if path.is_file() && (stem == "model" || stem == "encoder") => folder().or(Some(stem)),
        other => other,
    };
    named.unwrap_or_else(|| weights.to_owned())
}

fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect()
}

/// Settings of all runs: what was asked for, and a network from scratch of the same shape as those that are given.
fn settings(arguments: &Arguments, starts: &[Start]) -> Result<FineTuneSettings, Failure> {
    let mut settings = FineTuneSettings::default();
    arguments.training.apply(&mut settings);
    set(&mut settings.head, arguments.head);
    let twentieth = (settings.steps / 20).max(1);
    settings.validate_every = arguments.validate_every.and_then(|steps| usize::try_from(steps).ok()).unwrap_or(twentieth);
    if arguments.mirror {
        settings.augmentation.mirror = 0.5;
    }
    for start in starts {
        if let Some(file) = start.weights.open()? {
            like(&mut settings, file.architecture()?.encoder_config());
            break;
        }
    }
    arguments.network.apply(&mut settings);
    Ok(settings)
}

/// Makes what is drawn from scratch the same network as `config`.
fn like(settings: &mut FineTuneSettings, config: EncoderConfig) {
    (settings.depth, settings.shortcut, settings.base_width) = (config.depth, config.shortcut, config.base_width);
    if config.norm == NormKind::Group {
        settings.encoder_norm = EncoderNorm::Group;
    }
    settings.strides = (config.strides != Strides::default()).then_some(config.strides);
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| Failure::new(format!("{} could not be written: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_called_after_their_weights_or_as_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("pilot").join("encoder.safetensors");
        std::fs::create_dir(folder.path().join("pilot")).expect("a folder");
        std::fs::write(&model, b"").expect("written");
        assert_eq!(name_of(&model.display().to_string()), "pilot");
        assert_eq!(name_of(&folder.path().join("pilot").display().to_string()), "pilot");
        assert_eq!((name_of("scratch"), name_of("x/resnet_10.pth")), ("scratch".to_owned(), "resnet_10".to_owned()));
        let network = NetworkOptions { depth: None, shortcut: None, base_width: None, strides: None, norm: None, shortcut_gradient: None };
        let start = start("chance=scratch", &network).expect("a start");
        assert_eq!(start.name, "chance");
        assert!(matches!(start.weights, WeightsSource::Scratch));
    }
}
