//! Model and card of a training that has ended.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use medley_nn::weights::{Task, WeightsError};

use super::{TaskOutcome, Trained};
use crate::card::{Card, CardArchitecture, CardLabel, CardSet, CardSettings, CardWeights, Made};
use crate::finetune::write_model;
use crate::job::JobKind;
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
    pub(crate) settings: CardSettings,
    pub(crate) steps: usize,
    pub(crate) output: &'a Path,
}

/// Writes model and card; `save` writes a network.
pub(crate) fn finish<N>(
    trained: Trained<N>,
    about: Finish<'_>,
    save: impl FnOnce(&Path, &N, &BTreeMap<String, String>) -> Result<(), WeightsError>,
) -> Result<TaskOutcome, LearnError> {
    let seconds = about.begin.elapsed().saturating_sub(trained.waited).as_secs_f64();
    let scores = trained.measured.map(|measured| measured.scores);
    let card = Card {
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
        chosen_by: trained.chosen_by,
        dice: Vec::new(),
        scores: scores.clone(),
        pretrained: Vec::new(),
        curve: trained.curve.clone(),
        made: Some(Made::now(seconds)),
    };
    let network = &trained.network;
    let (model, model_id, card_file) = write_model(&card, about.output, |path, metadata| save(path, network, metadata))?;
    Ok(TaskOutcome {
        model,
        model_id,
        card_file,
        card,
        score: scores.map(|scores| scores.score()),
        curve: trained.curve,
        best_step: trained.step,
        is_complete: trained.steps_done == about.steps,
        seconds,
    })
}
