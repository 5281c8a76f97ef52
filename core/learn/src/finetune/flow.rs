//! Cases that come and go while a training runs.
//!
//! After each round, that is as many steps as it takes to draw once for each case, the source is asked whether anything changed. What
//! stays keeps its place, what is new comes last. The card says from which step on and until which each case took part, which is
//! all it takes to repeat the training: see [`ReplayedCases`].

use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::label_values;
use crate::card::{CardCase, CardLabel, CardSet, image_sha256};
use crate::looked_for::LookedFor;
use crate::prepare::{PreparedCase, prepare_case};
use crate::sides::Sides;
use crate::{CaseSource, Control, JobEvent, LearnError, Recipe, TrainingCase};

/// Asks for new cases.
pub(super) struct Flow {
    /// Asked by the training's own thread alone, while others read what is in force.
    source: Mutex<Box<dyn CaseSource>>,
    /// The state of the source that was looked at last; `None` if it is to be looked at whatever it says.
    seen: Option<u64>,
    /// Every case that ever took part.
    pub(super) set: CardSet,
}

/// What is learned from now.
pub(super) struct InForce {
    pub(super) cases: Vec<PreparedCase>,
    pub(super) looked_for: LookedFor,
}

impl Flow {
    /// From a source whose cases were just read, when it was in the state `seen`.
    pub(super) fn new(source: Box<dyn CaseSource>, seen: u64, set: CardSet) -> Self {
        Self { source: Mutex::new(source), seen: Some(seen), set }
    }

    /// Before step `step`: what is learned from now on, if the round is over and something changed. What cannot be read or used is told
    /// in the log and tried again after the next round.
    pub(super) fn renew(
        &mut self,
        step: usize,
        batch: usize,
        in_force: &mut InForce,
        (recipe, labels, nowhere, sides): (&Recipe, &[CardLabel], &[u16], &Sides),
        control: &Control,
    ) -> Option<JobEvent> {
        let round = in_force.cases.len().div_ceil(batch.max(1)).max(1);
        if step == 0 || !step.is_multiple_of(round) {
            return None;
        }
        let source = self.source.get_mut().unwrap_or_else(PoisonError::into_inner);
        let generation = source.generation(step);
        if self.seen == Some(generation) {
            return None;
        }
        let loaded = match source.training() {
            Ok(loaded) => loaded,
            Err(sentence) => {
                log::warn!("new cases are not learned from yet: {sentence}");
                return None;
            }
        };
        match self.taken_in(step, loaded, in_force, (recipe, labels, nowhere, sides), control) {
            Ok(event) => {
                self.seen = Some(generation);
                event
            }
            Err(LearnError::Stopped) => None,
            Err(error) => {
                log::warn!("new cases are not learned from yet: {error}");
                None
            }
        }
    }

    fn taken_in(
        &mut self,
        step: usize,
        loaded: Vec<TrainingCase>,
        in_force: &mut InForce,
        (recipe, labels, nowhere, sides): (&Recipe, &[CardLabel], &[u16], &Sides),
        control: &Control,
    ) -> Result<Option<JobEvent>, LearnError> {
        let of_cases: Vec<CardCase> = loaded.par_iter().map(CardCase::of).collect();
        let mut left: Vec<Option<(CardCase, TrainingCase)>> = of_cases.into_iter().zip(loaded).map(Some).collect();
        let (mut stay, mut cases, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for (at, number) in self.now().into_iter().enumerate() {
            let is_same = |slot: &&mut Option<(CardCase, TrainingCase)>| {
                slot.as_ref().zip(self.set.training.get(number)).is_some_and(|((new, _), old)| new.is_same_as(old))
            };
            match left.iter_mut().find(is_same).and_then(Option::take) {
                Some((_, case)) => {
                    stay.push(at);
                    cases.push(case);
                }
                None => gone.push(number),
            }
        }
        let is_measured_on = |new: &CardCase| self.set.validation.iter().any(|case| case.image_sha256 == new.image_sha256);
        let new: Vec<(CardCase, TrainingCase)> = left.into_iter().flatten().filter(|(new, _)| !is_measured_on(new)).collect();
        if (new.is_empty() && gone.is_empty()) || (new.is_empty() && stay.is_empty()) {
            return Ok(None);
        }
        let values = label_values(labels);
        let prepared = new.iter().map(|(_, case)| control.check().and_then(|_| prepare_case(case, recipe, &values)));
        let prepared = prepared.collect::<Result<Vec<_>, _>>()?;
        let (added, removed) = (new.len(), gone.len());
        let (of_new, new): (Vec<CardCase>, Vec<TrainingCase>) = new.into_iter().unzip();
        cases.extend(new);
        let looked_for = LookedFor::new(labels, nowhere, &cases)?.with_sides(sides.clone());
        // From here on nothing can fail.
        let mut kept: Vec<Option<PreparedCase>> = std::mem::take(&mut in_force.cases).into_iter().map(Some).collect();
        in_force.cases = stay.iter().filter_map(|&at| kept.get_mut(at).and_then(Option::take)).chain(prepared).collect();
        in_force.looked_for = looked_for;
        for number in gone {
            if let Some(case) = self.set.training.get_mut(number) {
                case.until_step = Some(step);
            }
        }
        self.set.training.extend(of_new.into_iter().map(|case| CardCase { from_step: step, ..case }));
        Ok(Some(JobEvent::CasesChanged { step, added, removed, cases: in_force.cases.len() }))
    }

    /// Numbers of the cases that take part now, in their order.
    fn now(&self) -> Vec<usize> {
        let cases = self.set.training.iter().enumerate();
        cases.filter(|(_, case)| case.until_step.is_none()).map(|(number, _)| number).collect()
    }

    /// Goes on where a training was that had had the cases of `set`, of which some take part now. Cases that came since wait for the
    /// end of a round.
    ///
    /// # Errors
    /// If one of them is not there any more; the end of a sentence.
    pub(super) fn take_up(&mut self, set: &CardSet, in_force: &mut InForce) -> Result<(), String> {
        let at_hand = std::mem::replace(&mut self.set, set.clone()).training;
        let mut order = Vec::new();
        for number in self.now() {
            let Some(wanted) = set.training.get(number) else { continue };
            let found = at_hand.iter().position(|case| case.is_same_as(wanted));
            order.push(found.ok_or("a case that it learned from last is not there any more, or its mask was changed")?);
        }
        let mut kept: Vec<Option<PreparedCase>> = std::mem::take(&mut in_force.cases).into_iter().map(Some).collect();
        in_force.cases = order.iter().filter_map(|&at| kept.get_mut(at).and_then(Option::take)).collect();
        in_force.looked_for = in_force.looked_for.of_cases(&order);
        self.seen = None;
        Ok(())
    }
}

/// Those that are not measured on: where a training begins they are refused, while it runs they are passed over.
pub(super) fn without_measured(training: Vec<TrainingCase>, validation: &[TrainingCase]) -> Vec<TrainingCase> {
    let measured: Vec<String> = validation.par_iter().map(|case| image_sha256(&case.image)).collect();
    training.into_par_iter().filter(|case| !measured.contains(&image_sha256(&case.image))).collect()
}

/// The cases of an earlier training, each at the steps at which it took part: with them its card gives the same model again.
pub struct ReplayedCases {
    training: Vec<(CardCase, TrainingCase)>,
    validation: Vec<TrainingCase>,
    step: usize,
}

impl ReplayedCases {
    /// Finds each of the card's cases among those at hand, earlier versions of masks among them.
    ///
    /// # Errors
    /// [`LearnError::Source`] if one is not among them.
    pub fn new(set: &CardSet, training: &[TrainingCase], validation: Vec<TrainingCase>) -> Result<Self, LearnError> {
        let at_hand: Vec<CardCase> = training.par_iter().map(CardCase::of).collect();
        let find = |case: &CardCase| {
            let found = at_hand.iter().zip(training).find(|(other, _)| other.is_same_as(case));
            let found = found.map(|(_, found)| (case.clone(), found.clone()));
            found.ok_or_else(|| {
                let hash = case.labels_sha256.get(..12).unwrap_or_default();
                LearnError::Source(format!("a case of the card (its mask's SHA-256 begins with {hash}) is not among those at hand"))
            })
        };
        Ok(Self { training: set.training.iter().map(find).collect::<Result<_, _>>()?, validation, step: 0 })
    }
}

impl CaseSource for ReplayedCases {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        let takes_part = |case: &CardCase| case.from_step <= self.step && case.until_step.is_none_or(|until| self.step < until);
        Ok(self.training.iter().filter(|(of, _)| takes_part(of)).map(|(_, case)| case.clone()).collect())
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        Ok(self.validation.clone())
    }

    fn generation(&mut self, step: usize) -> u64 {
        self.step = step;
        let changes = self.training.iter().flat_map(|(case, _)| [Some(case.from_step), case.until_step]).flatten();
        changes.filter(|&change| change <= step).max().unwrap_or(0) as u64
    }
}
