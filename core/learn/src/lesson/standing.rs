//! A training's state on its way into a checkpoint and out of it.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::Module;
use medley_nn::{ids, parameters};

use super::{Lesson, Measured};
use crate::LearnError;
use crate::average::Average;
use crate::card::CardSet;
use crate::checkpoint::{Found, Keeper, Progress, Tensors};
use crate::finetune::Curve;
use crate::optimise::Learner;

/// Where a training stands between two steps.
pub(super) struct Standing<N, M> {
    pub(super) network: N,
    pub(super) average: Option<Average<N>>,
    /// The best weights so far, and after which step.
    pub(super) best: Option<(usize, N, M)>,
    pub(super) curve: Curve,
    /// Steps that were taken.
    pub(super) step: usize,
    /// Whether the validation scans are to be measured on before the next step.
    pub(super) owes_measurement: bool,
    /// Measurements in a row that were no better.
    pub(super) without_better: usize,
    /// Which cases took part when, where that changes.
    pub(super) cases: Option<CardSet>,
}

impl<N: Module, M: Measured> Standing<N, M> {
    /// Before the first step.
    pub(super) fn begin(network: N, steps: usize) -> Self {
        Self {
            network,
            average: None,
            best: None,
            curve: Curve::new(steps),
            step: 0,
            owes_measurement: false,
            without_better: 0,
            cases: None,
        }
    }

    /// As a checkpoint has it, in place of `network`; `learner` makes the optimiser for it.
    ///
    /// # Errors
    /// What does not fit, as the end of a sentence.
    pub(super) fn taken_up(
        found: Found,
        network: N,
        window: usize,
        learner: impl FnOnce(&N) -> Learner,
    ) -> Result<(Self, Learner), String> {
        let Found { progress, tensors } = found;
        let (whole, sizes) = (BTreeSet::new(), sizes(&network));
        let network = progress.learner.known(tensors.fill("weights", network, &whole)?, str::to_owned);
        let mut learner = learner(&network);
        learner.take_up(&ids(&network), &sizes, &progress.learner, &tensors)?;
        let average = match progress.averaged {
            Some(count) => Some(Average::taken_up(tensors.fill("average", network.valid(), &whole)?, count, window)),
            None => None,
        };
        let best = match progress.best {
            Some((step, measured)) => {
                let measured = serde_json::from_value(measured).map_err(|error| error.to_string())?;
                Some((step, tensors.fill("best", network.valid(), &whole)?, measured))
            }
            None => None,
        };
        let Progress { curve, step, owes_measurement, without_better, cases, .. } = progress;
        Ok((Self { network, average, best, curve, step, owes_measurement, without_better, cases }, learner))
    }

    /// The network that is measured and kept: the mean of the last steps, where there is one.
    pub(super) fn snapshot(&self) -> N {
        self.average.as_ref().map_or_else(|| self.network.valid(), Average::network)
    }

    /// Writes it down; `seconds` is how long the training has worked.
    pub(super) fn write(&self, learner: &Learner, seconds: f64, keeper: &mut Keeper, device: &str) -> Result<(), LearnError> {
        let (whole, mut tensors) = (BTreeSet::new(), Tensors::default());
        tensors.put("weights", &self.network, &whole, device)?;
        if let Some(average) = &self.average {
            tensors.put("average", &average.network(), &whole, device)?;
        }
        let best = match &self.best {
            Some((step, network, measured)) => {
                tensors.put("best", network, &whole, device)?;
                Some((*step, serde_json::to_value(measured).map_err(|error| keeper.refusal(error.to_string()))?))
            }
            None => None,
        };
        let progress = Progress {
            step: self.step,
            seconds,
            curve: self.curve.clone(),
            learner: learner.note(&ids(&self.network), &mut tensors, device)?,
            averaged: self.average.as_ref().map(Average::count),
            best,
            owes_measurement: self.owes_measurement,
            without_better: self.without_better,
            cases: self.cases.clone(),
        };
        keeper.write(&progress, tensors)
    }
}

/// How many numbers each parameter has.
fn sizes(network: &impl Module) -> BTreeMap<String, usize> {
    parameters(network).into_iter().map(|info| (info.name, info.shape.iter().product())).collect()
}

/// What is trained by a lesson.
pub(super) type StandingOf<L> = Standing<<L as Lesson>::Network, <L as Lesson>::Measured>;
