//! All runs of a comparison.

use std::path::{Path, PathBuf};

use crate::card::{Card, CardLabel, CardSet, CardSettings};
use crate::finetune::{card_labels, card_set};
use crate::{
    CaseSource, Control, DataOptions, DeviceChoice, FineTuneSettings, FineTuneSpec, JobEvent, Keep, LearnError, WeightsSource, finetune,
};

/// Seeds below which a comparison is refused.
const FEWEST_SEEDS: usize = 2;

/// Weights to begin with.
#[derive(Debug, Clone)]
pub struct Start {
    /// What it is called in the report.
    pub name: String,
    /// The weights.
    pub weights: WeightsSource,
}

/// A comparison to be done.
pub struct CompareSpec {
    /// The cases; those for validation are what is measured on.
    pub cases: Box<dyn CaseSource>,
    /// The labels to learn.
    pub labels: Vec<(u16, String)>,
    /// The starts; at least two.
    pub starts: Vec<Start>,
    /// Every start is fine-tuned once with each; runs of one seed are a pair.
    pub seeds: Vec<u64>,
    /// Settings of all runs; their seed is replaced by each of `seeds`, and the last weights are kept.
    pub settings: FineTuneSettings,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The folder that receives a folder `runs`, with a card for each run.
    pub output: PathBuf,
    /// Whether the models stay beside their cards.
    pub keep_models: bool,
}

/// A run of a comparison that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct FinishedRun {
    /// Which of the starts.
    pub start: usize,
    /// Its seed.
    pub seed: u64,
    /// Its card: settings, data, device, curve, Dice.
    pub card: Card,
    /// The card's file.
    pub file: PathBuf,
}

/// Fine-tunes from every start with every seed, seed by seed, and returns the runs in that order. Blocks.
///
/// A run whose card lies in the output folder already is not done again, so a comparison that was stopped goes on, and one that is
/// finished can get more seeds or starts. `tell` is told the steps of all runs as if they were one training.
///
/// # Errors
/// [`LearnError::Stopped`] between and during runs, which keeps those that are finished; [`LearnError::Setting`] if there is nothing to
/// compare or to measure on, or the folder holds runs with other settings, weights or cases; and what goes wrong in a fine-tuning.
pub fn run(spec: CompareSpec, control: &Control, tell: &mut dyn FnMut(JobEvent)) -> Result<Vec<FinishedRun>, LearnError> {
    let CompareSpec { mut cases, labels, starts, seeds, settings, device, output, keep_models } = spec;
    check(&starts, &seeds, &settings)?;
    let training = cases.training().map_err(LearnError::Source)?;
    let validation = cases.validation().map_err(LearnError::Source)?;
    drop(cases);
    if validation.is_empty() {
        return Err(LearnError::Setting(
            "there is no validation case to compare on: give one case the role “validation”, or add it to the data set's validation list"
                .to_owned(),
        ));
    }
    let wanted = Wanted { labels: card_labels(&labels)?, set: card_set(String::new(), &training, &validation)? };
    let hashes = starts
        .iter()
        .map(|start| Ok(start.weights.open()?.map(|file| file.sha256().to_owned())))
        .collect::<Result<Vec<_>, LearnError>>()?;
    let every = seeds.iter().flat_map(|&seed| (0..starts.len()).map(move |start| (start, seed)));
    let (all, mut done) = (seeds.len() * starts.len(), Vec::new());
    for (start, seed) in every {
        control.check()?;
        let settings = FineTuneSettings { seed, keep: Keep::Last, ..settings.clone() };
        let folder = output.join("runs").join(format!("{}-seed-{seed}", folder_name(&starts[start].name)));
        let file = folder.join("card.json");
        let card = match finished(&file)? {
            Some(card) => {
                let same = wanted.require(&card, hashes[start].as_deref(), &settings);
                same.map_err(|what| {
                    let folder = folder.display();
                    LearnError::Setting(format!(
                        "{folder} holds a run with other {what}: choose another folder for this comparison, or remove that one"
                    ))
                })?;
                card
            }
            None => {
                let before = done.len();
                let mut tell = |event| tell(overall(event, before, all));
                let spec = FineTuneSpec {
                    cases: Box::new((training.clone(), validation.clone())),
                    labels: labels.clone(),
                    weights: starts[start].weights.clone(),
                    settings,
                    device,
                    output: folder.clone(),
                    data: DataOptions::default(),
                };
                let outcome = finetune::run(spec, control, &mut tell)?;
                if !outcome.is_complete {
                    // What was kept of it is no run of this budget.
                    remove(&outcome.card_file);
                    remove(&outcome.model);
                    return Err(LearnError::Stopped);
                }
                if !keep_models {
                    remove(&outcome.model);
                }
                outcome.card
            }
        };
        done.push(FinishedRun { start, seed, card, file });
    }
    Ok(done)
}

fn check(starts: &[Start], seeds: &[u64], settings: &FineTuneSettings) -> Result<(), LearnError> {
    let wrong = |sentence: String| Err(LearnError::Setting(sentence));
    if starts.len() < 2 {
        return wrong("a comparison needs at least two starts, such as `scratch` and an encoder".to_owned());
    }
    for (at, start) in starts.iter().enumerate() {
        if let Some(other) = starts[..at].iter().find(|other| folder_name(&other.name) == folder_name(&start.name)) {
            return wrong(format!("two starts are called “{}” and “{}”: give them different names", other.name, start.name));
        }
    }
    if seeds.len() < FEWEST_SEEDS || seeds.iter().enumerate().any(|(at, seed)| seeds[..at].contains(seed)) {
        return wrong(format!("a comparison needs at least {FEWEST_SEEDS} different seeds"));
    }
    if settings.validate_every == 0 {
        return wrong("a comparison needs a curve: measure on the validation scans every so many steps".to_owned());
    }
    settings.check()
}

/// What all runs have in common.
struct Wanted {
    labels: Vec<CardLabel>,
    set: CardSet,
}

impl Wanted {
    /// What a finished run has otherwise, if anything.
    fn require(&self, card: &Card, weights: Option<&str>, settings: &FineTuneSettings) -> Result<(), &'static str> {
        let json = |settings: &CardSettings| serde_json::to_string(settings).ok();
        let checks = [
            ("labels", card.labels == self.labels),
            ("cases", card.sets.len() == 1 && card.sets.first() == Some(&self.set)),
            ("first weights", card.weights.sha256.as_deref() == weights),
            ("settings", json(&card.settings) == json(&CardSettings::FineTune(settings.clone()))),
            ("steps", card.steps_done == settings.steps && card.step == settings.steps),
        ];
        checks.into_iter().find(|(_, is_same)| !is_same).map_or(Ok(()), |(what, _)| Err(what))
    }
}

fn finished(file: &Path) -> Result<Option<Card>, LearnError> {
    match std::fs::read_to_string(file) {
        Ok(json) => Card::from_json(&file.display().to_string(), &json).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LearnError::Setting(format!("{} cannot be read: {error}", file.display()))),
    }
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file) {
        log::warn!("{} could not be removed: {error}", file.display());
    }
}

/// A run's event as one of the whole comparison's.
fn overall(event: JobEvent, before: usize, all: usize) -> JobEvent {
    match event {
        JobEvent::Step { step, steps, loss, seconds_left, live } => {
            // The runs to come take as long as this one: what is left of it says how long that is.
            let left = seconds_left.map(|left| left * ((all - before) * steps - step) as f64 / (steps - step).max(1) as f64);
            let seconds_left = left.filter(|_| step < steps);
            JobEvent::Step { step: before * steps + step, steps: all * steps, loss, seconds_left, live }
        }
        other => other,
    }
}

/// A name that any file system takes.
pub(super) fn folder_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' || c == '_' { c.to_ascii_lowercase() } else { '-' }).collect()
}
