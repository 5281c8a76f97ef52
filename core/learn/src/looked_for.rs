//! Which labels were looked for in which case: a label that nobody looked for is not absent.

use burn::tensor::{Device, Tensor};
use medley_nn::loss::{Annotated, Target};

use crate::card::CardLabel;
use crate::sample::{Batch, Place};
use crate::sides::Sides;
use crate::{LearnError, TrainingCase};

/// For each case, for each class, whether it was looked for.
#[derive(Debug, Clone)]
pub(crate) struct LookedFor {
    cases: Vec<Vec<bool>>,
    /// In a mirrored patch what was looked for on one side was looked for on the other.
    sides: Sides,
}

impl LookedFor {
    /// What the cases say of themselves, and labels that were looked for in none of them.
    ///
    /// # Errors
    /// If a label that nobody looked for is not among those to learn, or lies in the mask nevertheless.
    pub(crate) fn new(labels: &[CardLabel], nowhere: &[u16], cases: &[TrainingCase]) -> Result<Self, LearnError> {
        let mut looked_for = Vec::with_capacity(cases.len());
        for case in cases {
            let mut classes = vec![true; labels.len()];
            let never = || nowhere.iter().chain(&case.never_annotated);
            let present = if never().next().is_some() { case.truth.counts() } else { Default::default() };
            for value in never() {
                let wrong = |what: String| LearnError::Setting(format!("the label {value} is said never to be annotated, but {what}"));
                let Some(class) = labels.iter().position(|label| label.value == *value && *value != 0) else {
                    return Err(wrong("it is not among the labels to learn".to_owned()));
                };
                if present.contains_key(value) {
                    return Err(wrong(format!("the mask of the case “{}” holds it", case.name)));
                }
                if let Some(class) = classes.get_mut(class) {
                    *class = false;
                }
            }
            looked_for.push(classes);
        }
        Ok(Self { cases: looked_for, sides: Sides::default() })
    }

    /// The same, where some classes change places in a patch that is mirrored.
    pub(crate) fn with_sides(self, sides: Sides) -> Self {
        Self { sides, ..self }
    }

    /// The same of some of the cases, by their numbers.
    pub(crate) fn of_cases(&self, numbers: &[usize]) -> Self {
        Self { cases: numbers.iter().filter_map(|&number| self.cases.get(number).cloned()).collect(), ..self.clone() }
    }

    /// The first class above background that was looked for in no case.
    pub(crate) fn class_of_nobody(&self) -> Option<usize> {
        let classes = self.cases.first().map_or(0, Vec::len);
        (1..classes).find(|&class| self.cases.iter().all(|looked_for| !looked_for[class]))
    }

    /// Whether a class was looked for in a case.
    pub(crate) fn has(&self, case: usize, class: usize) -> bool {
        self.cases.get(case).and_then(|classes| classes.get(class)).copied().unwrap_or(true)
    }

    /// What was looked for in the cases of patches; `None` if everything was in all cases there are.
    pub(crate) fn of(&self, places: &[Place]) -> Option<Annotated> {
        let is_partial = self.cases.iter().flatten().any(|is_looked_for| !is_looked_for);
        is_partial.then(|| Annotated::new(places.iter().map(|place| self.at(place)).collect()))
    }

    /// Whether each class was looked for where a patch was cut.
    fn at(&self, place: &Place) -> Vec<bool> {
        let classes = &self.cases[place.case];
        if !place.warp.is_mirrored() || self.sides.is_empty() {
            return classes.clone();
        }
        (0..classes.len()).map(|class| classes[self.sides.other(class)]).collect()
    }

    /// Patches that were cut at `places`, and a target that knows what was looked for there.
    pub(crate) fn said(&self, batch: Batch, places: &[Place], device: &Device) -> (Tensor<5>, Target) {
        let (image, target) = batch.into_image_and_target(device);
        match self.of(places) {
            Some(annotated) => (image, target.with_annotated(annotated)),
            None => (image, target),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::synthetic::ball;

    fn labels() -> Vec<CardLabel> {
        [(0, "background"), (5, "upper half"), (1, "lower half"), (7, "nothing")]
            .map(|(value, name)| CardLabel { value, name: name.to_owned() })
            .to_vec()
    }

    fn without(seed: u64, value: u16) -> TrainingCase {
        let case = ball(seed);
        let mut truth = (*case.truth).clone();
        (0..truth.len()).filter(|&offset| case.truth.at(offset) == value).for_each(|offset| truth.set(offset, 0));
        TrainingCase { truth: Arc::new(truth), never_annotated: vec![value], ..case }
    }

    #[test]
    fn each_case_says_what_nobody_looked_for_in_it() {
        let cases = [ball(1), without(2, 5), without(3, 1)];
        let looked_for = LookedFor::new(&labels(), &[], &cases).expect("labels of the list");
        assert_eq!(looked_for.class_of_nobody(), None);
        assert!(looked_for.has(0, 1) && !looked_for.has(1, 1) && looked_for.has(1, 2) && !looked_for.has(2, 2));
        let nowhere = LookedFor::new(&labels(), &[7], &cases).expect("labels of the list");
        assert_eq!(nowhere.class_of_nobody(), Some(3));
    }

    #[test]
    fn a_label_that_is_there_or_that_is_not_learned_is_refused() {
        let refusal = |nowhere: &[u16], case: TrainingCase| LookedFor::new(&labels(), nowhere, &[case]).expect_err("refused").to_string();
        assert!(refusal(&[5], ball(1)).contains("“ball-1” holds it"));
        assert!(refusal(&[9], ball(1)).contains("not among the labels"));
        assert!(refusal(&[0], ball(1)).contains("not among the labels"));
        assert!(refusal(&[], TrainingCase { never_annotated: vec![1], ..ball(1) }).contains("“ball-1” holds it"));
    }
}
