use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use medley_io::Part;
use medley_learn::{CheckpointInfo, Checkpoints, DeviceChoice, EncoderNorm, FineTuneSettings, WeightsSource};
use medley_nn::weights::WeightsFile;
use medley_nn::{Checkpointing, Depth, Shortcut, ShortcutGradient, Strides};
use medley_project::dataset::DataSet;
use medley_volume::LabelTable;

use super::Failure;
use super::file_names::{kept_weights, model_file, require_writable};

/// Where to compute.
#[derive(Debug, clap::Args)]
pub struct DeviceOption {
    /// Where to compute: `auto`, `cpu`, `gpu` or `gpu:N` (see `medley devices`)
    #[arg(long, default_value = "auto")]
    pub device: DeviceChoice,
}

/// The shape of a network.
#[derive(Debug, clap::Args)]
pub struct NetworkOptions {
    /// Depth of the encoder: 10, 18, 34, 50, 101, 152 or 200; read off the weights where they are given
    #[arg(long)]
    pub depth: Option<Depth>,
    /// Shortcut of the encoder, A or B; read off the weights where they are given
    #[arg(long)]
    pub shortcut: Option<Shortcut>,
    /// Channels of the encoder's first stage; read off the weights where they are given
    #[arg(long, value_name = "CHANNELS")]
    pub base_width: Option<usize>,
    /// How the encoder's last two stages widen what they see: `dilated` (the reference: features at an eighth of the resolution) or
    /// `ordinary` (a 32nd: cheaper and coarser); as the weights were trained where they say so
    #[arg(long, value_name = "KIND")]
    pub strides: Option<Strides>,
    /// How the encoder normalises: `batch`, `frozen` (the weights' running numbers), `group` or `auto`
    #[arg(long, value_name = "KIND")]
    pub norm: Option<EncoderNorm>,
    /// Whether the gradient passes shortcut A: `open` (right, the default) or `cut` (as in the reference's trainings)
    #[arg(long, value_name = "KIND")]
    pub shortcut_gradient: Option<ShortcutGradient>,
}

impl NetworkOptions {
    /// Puts what was given into the settings of a fine-tuning.
    pub fn apply(&self, settings: &mut FineTuneSettings) {
        set(&mut settings.depth, self.depth);
        set(&mut settings.shortcut, self.shortcut);
        set(&mut settings.base_width, self.base_width);
        set(&mut settings.encoder_norm, self.norm);
        set(&mut settings.shortcut_gradient, self.shortcut_gradient);
        settings.strides = self.strides.or(settings.strides);
    }
}

/// How to train.
#[derive(Debug, clap::Args)]
pub struct TrainingOptions {
    /// Optimiser steps
    #[arg(long)]
    pub steps: Option<usize>,
    /// Patches in a step
    #[arg(long)]
    pub batch: Option<usize>,
    /// Learning rate
    #[arg(long)]
    pub lr: Option<f64>,
    /// Patch in voxels: depth, height, width
    #[arg(long, value_name = "D,H,W")]
    pub patch: Option<Patch>,
    /// What the encoder keeps for its gradients: `off` keeps everything; `blocks` keeps what enters each block and computes the
    /// rest twice, which takes less memory and about a quarter more time; `blocks-16bit` keeps that in 16-bit numbers where the
    /// device has them, which takes still less and rounds
    #[arg(long, value_name = "off|blocks|blocks-16bit")]
    pub checkpointing: Option<Checkpointing>,
    /// Seed of everything random
    #[arg(long)]
    pub seed: Option<u64>,
}

impl TrainingOptions {
    /// Steps in all: as asked for, or as many as `epochs` passes over the training cases take, or `usual`.
    #[must_use]
    pub fn steps_in_all(&self, epochs: Option<usize>, training_cases: usize, batch: usize, usual: usize) -> usize {
        let steps_of = |epochs: usize| epochs.saturating_mul(training_cases.div_ceil(batch.max(1)));
        self.steps.or(epochs.map(steps_of)).unwrap_or(usual)
    }

    /// Puts what was given into the settings of a fine-tuning.
    pub fn apply(&self, settings: &mut FineTuneSettings) {
        set(&mut settings.steps, self.steps);
        set(&mut settings.batch, self.batch);
        set(&mut settings.learning_rate, self.lr);
        set(&mut settings.seed, self.seed);
        set(&mut settings.checkpointing, self.checkpointing);
        settings.patch = self.patch.map(|patch| patch.0).or(settings.patch);
    }
}

/// How a training outlives its process.
#[derive(Debug, clap::Args)]
pub struct CheckpointOptions {
    /// Go on with the training that has a checkpoint in the output folder; data set and options must be those it was begun with
    #[arg(long)]
    pub resume: bool,
    /// Seconds between checkpoints; 0: not by time
    #[arg(long, value_name = "SECONDS", default_value_t = Checkpoints::usual().every_seconds)]
    checkpoint_seconds: f64,
    /// Steps between checkpoints; 0: not by steps
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    checkpoint_steps: usize,
}

impl CheckpointOptions {
    /// As a training wants them.
    #[must_use]
    pub fn checkpoints(&self) -> Checkpoints {
        Checkpoints { every_steps: self.checkpoint_steps, every_seconds: self.checkpoint_seconds, resume: self.resume }
    }

    /// Fails if a training would undo what is in its output folder: a model, or the checkpoint of a training that did not come to its
    /// end. Of the latter it may replace the model.
    ///
    /// # Errors
    /// A sentence that says what to do.
    pub fn require_free(&self, output: &Path, model: &str, weights: &str, may_replace: bool) -> Result<(), Failure> {
        let found = CheckpointInfo::of(output);
        if let (Some(found), false, false) = (found.as_ref(), self.resume, may_replace) {
            let (folder, step) = (output.display(), found.step);
            return Err(Failure::new(format!(
                "{folder} has the checkpoint of a training that was not ended (step {step}): go on with --resume, or begin anew with --force"
            )));
        }
        require_writable(&output.join(model), &[Path::new(weights)], may_replace || (self.resume && found.is_some()))
    }
}

/// A patch `[D, H, W]` as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch(pub [usize; 3]);

impl FromStr for Patch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match three::<usize>(text) {
            Some(sides) if sides.iter().all(|&side| side > 0 && side % 8 == 0) => Ok(Self(sides)),
            _ => Err(format!("“{text}” is not a patch: three multiples of 8 such as 32,64,64")),
        }
    }
}

/// A size `[D, H, W]` as people write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size(pub [usize; 3]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides = three::<usize>(text).filter(|sides| sides.iter().all(|side| (1..=4096).contains(side)));
        sides.map(Self).ok_or_else(|| format!("“{text}” is not a size: three numbers of voxels such as 56,448,448"))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [d, h, w] = self.0;
        write!(f, "{d},{h},{w}")
    }
}

/// Millimetres along right, anterior, superior as people write them; one number stands for all three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spacing(pub [f64; 3]);

impl FromStr for Spacing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides = three::<f64>(text).or_else(|| text.trim().parse().ok().map(|side| [side; 3]));
        let sides = sides.filter(|sides| sides.iter().all(|side| (0.01..=100.0).contains(side)));
        sides.map(Self).ok_or_else(|| format!("“{text}” is not a spacing: three numbers of millimetres such as 1,1,2.5, or one"))
    }
}

fn three<T: FromStr>(text: &str) -> Option<[T; 3]> {
    let sides: Vec<T> = text.split([',', 'x', '×']).map(|side| side.trim().parse().ok()).collect::<Option<_>>()?;
    sides.try_into().ok()
}

/// Puts `given` into `setting`, if it was given.
pub fn set<T>(setting: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *setting = given;
    }
}

/// The first weights by the name people give them: `scratch`, `starter`, kept weights such as `resnet_50`, or a file.
///
/// # Errors
/// If a shape of the network was asked for that the weights do not have. Other faults of a file show when it is used.
pub fn weights_source(name: &str, wanted: &NetworkOptions) -> Result<WeightsSource, Failure> {
    let (source, file) = match name {
        "scratch" => return Ok(WeightsSource::Scratch),
        "starter" => {
            let (name, bytes) = (crate::sample::STARTER_NAME.to_owned(), Arc::<[u8]>::from(crate::sample::starter_encoder()));
            let file = WeightsFile::from_bytes(&name, &bytes)?;
            (WeightsSource::Bytes { name, bytes }, file)
        }
        path => match kept_weights(Path::new(path))? {
            Some(kept) => (kept.source(), WeightsFile::open(&kept.file)?),
            None => {
                let path = model_file(Path::new(path));
                let file = WeightsFile::open(&path)?;
                (WeightsSource::File(path), file)
            }
        },
    };
    let found = file.architecture()?;
    let differs = [
        wanted.depth.filter(|&depth| depth != found.depth).map(|depth| format!("--depth {depth}, but they have {}", found.depth)),
        wanted.shortcut.filter(|&s| s != found.shortcut).map(|s| format!("--shortcut {s}, but they have {}", found.shortcut)),
        wanted.base_width.filter(|&w| w != found.base_width).map(|w| format!("--base-width {w}, but they have {}", found.base_width)),
    ];
    match differs.into_iter().flatten().next() {
        Some(what) => {
            Err(Failure::new(format!("the weights “{name}” were asked to fit {what}: leave the option out or use --weights scratch")))
        }
        None => Ok(source),
    }
}

/// The labels of a table that are to be learned, by name or value; all of them where none is chosen.
///
/// # Errors
/// If one is not in the table.
pub fn chosen_labels(table: &LabelTable, chosen: &[String]) -> Result<Vec<(u16, String)>, Failure> {
    let all = || table.labels().iter().map(|label| (label.value, label.name.clone()));
    if chosen.is_empty() {
        return Ok(all().collect());
    }
    let mut values = std::collections::BTreeSet::new();
    for wanted in chosen {
        let found = table.find(wanted).or_else(|| wanted.trim().parse().ok().and_then(|value| table.get(value)));
        let Some(label) = found else {
            let known: Vec<String> = all().map(|(value, name)| format!("{value} {name}")).collect();
            return Err(Failure::new(format!("there is no label “{wanted}”; the data set has {}", known.join(", "))));
        };
        values.insert(label.value);
    }
    Ok(all().filter(|(value, _)| values.contains(value)).collect())
}

/// `--series N|KEY`: which of the DICOM series under a path.
///
/// # Errors
/// If there is none of that number or key.
pub fn series_part(path: &Path, wanted: Option<&str>) -> Result<Part, Failure> {
    let Some(wanted) = wanted else { return Ok(Part::First) };
    let series = medley_io::dicom::scan(path)?.series;
    let by_number = wanted.parse::<usize>().ok().and_then(|number| series.get(number.checked_sub(1)?));
    match by_number.or_else(|| series.iter().find(|series| series.key == wanted)) {
        Some(series) => Ok(Part::Series(series.key.clone())),
        None => {
            let titles: Vec<String> = series.iter().enumerate().map(|(at, series)| format!("{}: {}", at + 1, series.title())).collect();
            Err(Failure::new(format!("there is no series “{wanted}” in {}; it has {}", path.display(), titles.join(", "))))
        }
    }
}

/// `--partial LABEL[@CASE],…`: labels that nobody looked for.
#[derive(Debug, Default)]
pub struct Partial {
    /// In the whole data set.
    pub in_all: Vec<u16>,
    /// In some cases, by name.
    pub in_case: BTreeMap<String, Vec<u16>>,
}

impl Partial {
    /// # Errors
    /// If the data set has no such label or no such case.
    pub fn new(wanted: &[String], set: &DataSet) -> Result<Self, Failure> {
        let mut partial = Self::default();
        for wanted in wanted {
            let (label, case) = match wanted.split_once('@') {
                Some((label, case)) => (label, Some(case)),
                None => (wanted.as_str(), None),
            };
            let values = chosen_labels(&set.label_table, &[label.to_owned()])?.into_iter().map(|(value, _)| value);
            match case {
                None => partial.in_all.extend(values),
                Some(name) if set.cases.iter().any(|case| case.name == name) => {
                    partial.in_case.entry(name.to_owned()).or_default().extend(values);
                }
                Some(name) => return Err(Failure::new(format!("there is no case “{name}” in the data set, of which --partial speaks"))),
            }
        }
        Ok(partial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_three_multiples_of_eight() {
        assert_eq!("32,64, 48".parse(), Ok(Patch([32, 64, 48])));
        assert_eq!("8x8x8".parse(), Ok(Patch([8; 3])));
        for wrong in ["", "32", "32,64", "32,64,64,64", "0,8,8", "-8,8,8", "12,8,8", "a,b,c"] {
            assert!(wrong.parse::<Patch>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_and_spacings_are_three_sensible_numbers() {
        assert_eq!("56,448, 448".parse(), Ok(Size([56, 448, 448])));
        assert_eq!(Size([1, 2, 3]).to_string().parse(), Ok(Size([1, 2, 3])));
        assert_eq!("1,1,2.5".parse(), Ok(Spacing([1.0, 1.0, 2.5])));
        assert_eq!("2".parse(), Ok(Spacing([2.0; 3])));
        assert!(["", "0,1,1", "1,1", "5000,1,1"].iter().all(|wrong| wrong.parse::<Size>().is_err()));
        assert!(["", "0", "1,1", "-1,1,1", "NaN", "1e9"].iter().all(|wrong| wrong.parse::<Spacing>().is_err()));
    }

    #[test]
    fn labels_are_chosen_by_name_or_value_and_unknown_ones_are_refused() {
        let table = LabelTable::from_names([(1, "spleen"), (4, "aorta"), (5, "inferior_vena_cava")]);
        let choose = |chosen: &[&str]| chosen_labels(&table, &chosen.iter().map(|c| (*c).to_owned()).collect::<Vec<_>>());
        assert_eq!(choose(&[]).expect("all").len(), 3);
        let values: Vec<u16> = choose(&["5", "Aorta", "aorta"]).expect("two").into_iter().map(|(value, _)| value).collect();
        assert_eq!(values, vec![4, 5]);
        let failure = choose(&["liver"]).expect_err("no liver");
        assert!(failure.sentence().contains("liver") && failure.sentence().contains("1 spleen"));
    }
}
