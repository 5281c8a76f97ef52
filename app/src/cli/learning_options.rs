use std::path::PathBuf;

use medley_learn::augment::{Blur, Elastic};
use medley_learn::optimise::Schedule;
use medley_learn::{CaseCache, DataOptions, FineTuneSettings, LearnError, TrainingRecipe, WeightsSource, sides_by_name};
use medley_volume::LabelTable;

use super::Failure;
use super::options::{chosen_labels, set};

/// How a fine-tuning learns and is fed.
#[derive(Debug, clap::Args)]
pub struct LearningOptions {
    /// The way of training by name: `medley` (ours), `med3d` (the paper's transfer runs) or `reference` (the released code's); other
    /// options change single values of it. docs/training.md lists them
    #[arg(long, default_value = "medley")]
    pub recipe: TrainingRecipe,
    /// How the learning rate falls: `polynomial`, `cosine`, `constant`, or `exponential:F` (times F after each pass over the cases)
    #[arg(long, value_name = "KIND")]
    schedule: Option<Schedule>,
    /// Steps over which the learning rate rises
    #[arg(long, value_name = "STEPS")]
    warm_up: Option<usize>,
    /// Steps in which an encoder whose weights are given stands still
    #[arg(long, value_name = "STEPS")]
    freeze: Option<usize>,
    /// Factor on the learning rate for an encoder whose weights are given
    #[arg(long, value_name = "FACTOR")]
    encoder_factor: Option<f64>,
    /// Further factor for each of its stages before the last
    #[arg(long, value_name = "FACTOR")]
    stage_factor: Option<f64>,
    /// Longest that all gradients of a step together may be
    #[arg(long, value_name = "LENGTH")]
    clip: Option<f64>,
    /// Decay of an exponential mean of the weights over all steps, such as 0.99, in place of the mean over the last tenth
    #[arg(long, value_name = "DECAY")]
    ema: Option<f64>,
    /// End after so many measurements on the validation cases without a better one
    #[arg(long, value_name = "N")]
    patience: Option<usize>,
    /// Chance that a patch is deformed elastically
    #[arg(long, value_name = "CHANCE")]
    elastic: Option<f64>,
    /// Chance that a patch is blurred
    #[arg(long, value_name = "CHANCE")]
    blur: Option<f64>,
    /// Mirror left and right at random; labels whose names differ in “left” and “right” change places. Only right where sides do not
    /// matter, or all labels of one side have one of the other
    #[arg(long)]
    mirror: bool,
    /// With --mirror: labels that change places, by name or value, in place of those found by name; `none` for none
    #[arg(long, value_delimiter = ',', value_name = "LEFT=RIGHT", requires = "mirror")]
    swap_labels: Vec<String>,
    /// Choose on the validation cases what is done to each label's masks afterwards: only its largest piece kept, small ones removed,
    /// holes filled; `predict` then does it
    #[arg(long)]
    pub postprocess: bool,
    /// Threads that make the patches of coming steps ready; changes nothing but the time
    #[arg(long, value_name = "N")]
    data_threads: Option<usize>,
    /// Keep prepared cases in this folder and take them from there the next time. They are copies of the scans
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Most that the folder of --cache may hold, GB
    #[arg(long, value_name = "GB", default_value_t = 10.0, requires = "cache")]
    cache_gb: f64,
}

impl LearningOptions {
    /// The settings that the recipe begins with.
    ///
    /// # Errors
    /// If the recipe cannot be used.
    pub fn settings(&self, weights: &WeightsSource) -> Result<FineTuneSettings, LearnError> {
        self.recipe.settings(!matches!(weights, WeightsSource::Scratch))
    }

    /// Puts what was asked for in place of the usual.
    pub fn apply(&self, settings: &mut FineTuneSettings) {
        set(&mut settings.schedule, self.schedule);
        set(&mut settings.warm_up, self.warm_up);
        set(&mut settings.frozen_steps, self.freeze);
        set(&mut settings.encoder_factor, self.encoder_factor);
        set(&mut settings.stage_factor, self.stage_factor);
        set(&mut settings.clip_norm, self.clip.map(Some));
        set(&mut settings.ema, self.ema);
        set(&mut settings.patience, self.patience);
        set(&mut settings.augmentation.elastic, self.elastic.map(|chance| Elastic { chance, ..Elastic::default() }));
        set(&mut settings.augmentation.blur, self.blur.map(|chance| Blur { chance, ..Blur::default() }));
        if self.mirror {
            settings.augmentation.mirror = 0.5;
        }
        settings.postprocess = self.postprocess;
    }

    /// Labels that change places in a mirror, and what is to be said about them.
    ///
    /// # Errors
    /// If one that was asked for is not in the table.
    pub fn sides(&self, labels: &[(u16, String)], table: &LabelTable) -> Result<(Vec<[u16; 2]>, Vec<String>), Failure> {
        if !self.mirror {
            return Ok((Vec::new(), Vec::new()));
        }
        let name = |value: u16| labels.iter().find(|(other, _)| *other == value).map_or("", |(_, name)| name.as_str());
        let said = |pairs: &[[u16; 2]]| -> Vec<String> {
            pairs.iter().map(|[a, b]| format!("in a mirror “{}” and “{}” change places", name(*a), name(*b))).collect()
        };
        if !self.swap_labels.is_empty() {
            let pairs = self.asked_for(table)?;
            let notes = said(&pairs);
            return Ok((pairs, notes));
        }
        let (pairs, lonely) = sides_by_name(labels);
        let mut notes = said(&pairs);
        notes.extend(lonely.iter().map(|name| format!("“{name}” has a side but no partner: a mirror shows it on the other side")));
        Ok((pairs, notes))
    }

    fn asked_for(&self, table: &LabelTable) -> Result<Vec<[u16; 2]>, Failure> {
        if self.swap_labels == ["none"] {
            return Ok(Vec::new());
        }
        let value = |label: &str| -> Result<u16, Failure> {
            let found = chosen_labels(table, &[label.to_owned()])?;
            found.first().map(|(value, _)| *value).ok_or_else(|| Failure::new(format!("there is no label “{label}”")))
        };
        let pair = |text: &String| match text.split_once('=') {
            Some((left, right)) => Ok([value(left)?, value(right)?]),
            None => Err(Failure::new(format!("“{text}” is not a pair of labels: write it as left_kidney=right_kidney"))),
        };
        self.swap_labels.iter().map(pair).collect()
    }

    /// How cases come to the training.
    #[must_use]
    pub fn data(&self) -> DataOptions {
        let most_bytes = (self.cache_gb.max(0.0) * 1e9) as u64;
        DataOptions { threads: self.data_threads, cache: self.cache.as_deref().map(|folder| CaseCache::new(folder, most_bytes)) }
    }
}
