//! A co-training's state on its way into a checkpoint and out of it.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::ParamId;
use burn::tensor::Device;
use medley_nn::{Encoder, ids, parameters};

use super::{CoTraining, PretrainSettings};
use crate::LearnError;
use crate::checkpoint::{Found, Keeper, Progress, Tensors};

const ENCODER: &str = "encoder";

impl CoTraining {
    /// As a checkpoint has it.
    ///
    /// # Errors
    /// What does not fit, as the end of a sentence.
    pub(super) fn taken_up(
        found: Found,
        encoder: Encoder,
        classes: &[usize],
        settings: &PretrainSettings,
        device: &Device,
    ) -> Result<Self, String> {
        let Found { progress, tensors } = found;
        let shared = names(&encoder);
        let filled = tensors.fill(ENCODER, encoder, &BTreeSet::new())?;
        let encoder = progress.learner.known(filled, |name| format!("{ENCODER}/{name}"));
        let mut training = Self::new(encoder, classes, settings, device);
        for (at, branch) in training.branches.iter_mut().enumerate() {
            let filled = tensors.fill(&part(at), branch.clone(), &shared)?;
            *branch = progress.learner.known(filled, |name| format!("{}/{name}", place(at, &shared, name)));
        }
        let (ids, sizes) = (training.ids(), training.sizes());
        training.learner.take_up(&ids, &sizes, &progress.learner, &tensors)?;
        (training.curve, training.done, training.seconds) = (progress.curve, progress.step, progress.seconds);
        Ok(training)
    }

    /// Writes it down; `seconds` is how long the training has worked.
    pub(super) fn write(&self, seconds: f64, keeper: &mut Keeper, device: &str) -> Result<(), LearnError> {
        let (shared, mut tensors) = (names(&self.encoder), Tensors::default());
        tensors.put(ENCODER, &self.encoder, &BTreeSet::new(), device)?;
        for (at, branch) in self.branches.iter().enumerate() {
            tensors.put(&part(at), branch, &shared, device)?;
        }
        let progress = Progress {
            step: self.done,
            seconds,
            curve: self.curve.clone(),
            learner: self.learner.note(&self.ids(), &mut tensors, device)?,
            averaged: None,
            best: None,
            owes_measurement: false,
            without_better: 0,
            cases: None,
        };
        keeper.write(&progress, tensors)
    }

    /// All parameters, those of the encoder once.
    fn ids(&self) -> Vec<(String, ParamId)> {
        let shared = names(&self.encoder);
        let own = self.branches.iter().enumerate().flat_map(|(at, branch)| {
            ids(branch).into_iter().filter(|(name, _)| !shared.contains(name)).map(move |(name, id)| (format!("{}/{name}", part(at)), id))
        });
        ids(&self.encoder).into_iter().map(|(name, id)| (format!("{ENCODER}/{name}"), id)).chain(own).collect()
    }

    /// How many numbers each has.
    fn sizes(&self) -> BTreeMap<String, usize> {
        let shared = names(&self.encoder);
        let branches = self.branches.iter().enumerate().flat_map(|(at, branch)| {
            parameters(branch).into_iter().filter(|info| !shared.contains(&info.name)).map(move |info| (part(at), info))
        });
        let all = parameters(&self.encoder).into_iter().map(|info| (ENCODER.to_owned(), info)).chain(branches);
        all.map(|(part, info)| (format!("{part}/{}", info.name), info.shape.iter().product())).collect()
    }
}

fn names(encoder: &Encoder) -> BTreeSet<String> {
    parameters(encoder).into_iter().map(|info| info.name).collect()
}

/// What the numbers of a branch are kept under.
fn part(at: usize) -> String {
    format!("branch{at}")
}

/// Whose a parameter of a branch is: the shared encoder's or its own.
fn place(at: usize, shared: &BTreeSet<String>, name: &str) -> String {
    if shared.contains(name) { ENCODER.to_owned() } else { part(at) }
}
