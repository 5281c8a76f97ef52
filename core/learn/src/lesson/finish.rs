//! Model and card of a training that has ended.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use medley_nn::weights::{Task, WeightsError};

use super::{Measured, Trained};
use crate::card::{Card, CardArchitecture, CardLabel, CardSet, CardSettings, CardWeights, Made};
use crate::checkpoint::{Checkpoints, Identity, Keeper};
use crate::finetune::write_model;
use crate::job::JobKind;
use crate::postprocess::LabelCleaning;
use crate::{LearnError, Recipe};

/// What the card says beside what the training came to.
pub(crate) struct Finish<'a> {
    pub(crate) task: Task,
    pub(crate) begin: Instant,
    pub(crate) device: String,
    pub(crate) architecture: CardArchitecture,
    pub(crate) weights: CardWeights,
    pub(crate) labels: Vec<CardLabel>,
    pub(crate) recipe: Recipe,
    pub(crate) set: CardSet,
    /// A hash of what is true of the cases, where no mask says it.
    pub(crate) answers: Option<String>,
    pub(crate) settings: CardSettings,
    pub(crate) cleaning: Vec<LabelCleaning>,
    pub(crate) output: &'a Path,
}

impl Finish<'_> {
    /// What writes down where this training stands.
    pub(crate) fn keeper(&self, checkpoints: Checkpoints) -> Result<Keeper, LearnError> {
        // Cases that come and go are looked at one by one.
        let follows = matches!(&self.settings, CardSettings::FineTune(settings) if settings.follow_cases);
        let fixed = CardSet { training: Vec::new(), ..self.set.clone() };
        let identity = Identity {
            program: Card::this_program(),
            device: &self.device,
            weights: &self.weights,
            architecture: &self.architecture,
            labels: &self.labels,
            sets: std::slice::from_ref(if follows { &fixed } else { &self.set }),
            answers: self.answers.as_deref(),
            recipe: Some(&self.recipe),
            settings: &self.settings,
        };
        Keeper::new(checkpoints, self.output, &identity)
    }
}

/// What is on the disk now.
pub(crate) struct Finished {
    pub(crate) model: PathBuf,
    pub(crate) model_id: String,
    pub(crate) card_file: PathBuf,
    pub(crate) card: Card,
    pub(crate) seconds: f64,
    pub(crate) is_complete: bool,
}

/// Writes model and card; `save` writes a network.
pub(crate) fn finish<N, M: Measured>(
    trained: &Trained<N, M>,
    about: Finish<'_>,
    save: impl FnOnce(&Path, &N, &BTreeMap<String, String>) -> Result<(), WeightsError>,
) -> Result<Finished, LearnError> {
    let seconds = trained.earlier + about.begin.elapsed().saturating_sub(trained.waited).as_secs_f64();
    let mut card = Card {
        format: 1,
        kind: JobKind::FineTune,
        task: about.task,
        program: Card::this_program(),
        device: about.device,
        architecture: about.architecture,
        weights: about.weights,
        labels: about.labels,
        recipe: Some(about.recipe),
        sets: vec![about.set],
        settings: about.settings,
        steps_done: trained.steps_done,
        step: trained.step,
        chosen_by: trained.chosen_by.clone(),
        dice: Vec::new(),
        scores: None,
        cleaning: about.cleaning,
        pretrained: Vec::new(),
        curve: trained.curve.clone(),
        given_up: Vec::new(),
        made: Some(Made::now(seconds)),
    };
    if let Some(measured) = &trained.measured {
        measured.note(&mut card);
    }
    let (model, model_id, card_file) = write_model(&card, about.output, |path, metadata| save(path, &trained.network, metadata))?;
    let is_complete = trained.is_complete;
    if is_complete {
        trained.keeper.remove()?;
    }
    Ok(Finished { model, model_id, card_file, card, seconds, is_complete })
}
