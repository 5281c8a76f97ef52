//! Scans with a class, and which of them are only measured on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use medley_volume::Volume;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::{Answers, ClassifySettings};
use crate::LearnError;

/// A scan and what is known of it.
#[derive(Debug, Clone)]
pub struct ClassifiedCase {
    /// Its name.
    pub name: String,
    /// Whose scan it is, in any words: scans of one person are never both learned from and measured on.
    pub patient: String,
    /// The scan.
    pub image: Arc<Volume>,
    /// For each class whether it applies; `None` where that is unknown.
    pub answers: Vec<Option<bool>>,
}

impl ClassifiedCase {
    /// The class, where classes exclude each other.
    #[must_use]
    pub fn class(&self) -> Option<usize> {
        self.answers.iter().position(|answer| *answer == Some(true))
    }
}

/// Where classified cases come from. Called on the worker's thread, so it may read files.
pub trait ClassSource: Send {
    /// The cases to learn from.
    ///
    /// # Errors
    /// A sentence for the user.
    fn training(&mut self) -> Result<Vec<ClassifiedCase>, String>;

    /// The cases that are only measured on. If there are none, some of the others are held out.
    ///
    /// # Errors
    /// A sentence for the user.
    fn validation(&mut self) -> Result<Vec<ClassifiedCase>, String>;
}

/// Cases that are in memory already.
impl ClassSource for (Vec<ClassifiedCase>, Vec<ClassifiedCase>) {
    fn training(&mut self) -> Result<Vec<ClassifiedCase>, String> {
        Ok(self.0.clone())
    }

    fn validation(&mut self) -> Result<Vec<ClassifiedCase>, String> {
        Ok(self.1.clone())
    }
}

type Split = (Vec<ClassifiedCase>, Vec<ClassifiedCase>);

/// Cases to learn from and cases to measure on, of different patients.
///
/// # Errors
/// If there are none, an answer is missing, a class has no case to learn from, or a patient is on both sides.
pub(super) fn split(source: &mut dyn ClassSource, classes: usize, settings: &ClassifySettings) -> Result<Split, LearnError> {
    let mut training = source.training().map_err(LearnError::Source)?;
    let mut validation = source.validation().map_err(LearnError::Source)?;
    for case in training.iter().chain(&validation) {
        check(case, classes, settings.answers)?;
    }
    if validation.is_empty() && settings.hold_out > 0.0 {
        (training, validation) = held_out(training, settings.hold_out, settings.training.seed);
    }
    if training.is_empty() {
        return Err(LearnError::Setting("there is no case with a class to learn from: give cases a class first".to_owned()));
    }
    let learned: BTreeSet<&str> = training.iter().map(|case| case.patient.as_str()).collect();
    if let Some(case) = validation.iter().find(|case| learned.contains(case.patient.as_str())) {
        return Err(LearnError::Setting(format!(
            "the validation case “{}” is of a patient whose scans are also learned from: leave one side out",
            case.name
        )));
    }
    let is_there = |class: usize| training.iter().any(|case| case.answers[class] == Some(true));
    match (0..classes).find(|&class| !is_there(class)) {
        Some(class) => Err(LearnError::Setting(format!("no case to learn from is of the class number {}: add one", class + 1))),
        None => Ok((training, validation)),
    }
}

fn check(case: &ClassifiedCase, classes: usize, answers: Answers) -> Result<(), LearnError> {
    let wrong = |what: &str| Err(LearnError::Setting(format!("the case “{}” {what}", case.name)));
    if case.answers.len() != classes {
        return wrong("does not have an answer for each class");
    }
    let applies = case.answers.iter().filter(|answer| **answer == Some(true)).count();
    match answers {
        Answers::OneOf if applies != 1 => wrong("must be of exactly one class"),
        _ => Ok(()),
    }
}

/// Holds out about a `share` of the patients. They are drawn among those of each class on their own (a patient's first scan
/// counts), and of a class with two or more patients at least one is left to learn from.
fn held_out(cases: Vec<ClassifiedCase>, share: f64, seed: u64) -> Split {
    let mut patients: BTreeMap<Option<usize>, Vec<String>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for case in &cases {
        if seen.insert(case.patient.clone()) {
            patients.entry(case.class()).or_default().push(case.patient.clone());
        }
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(u64::MAX);
    let mut out = BTreeSet::new();
    for (_, mut names) in patients {
        names.shuffle(&mut rng);
        let count = ((names.len() as f64 * share).round() as usize).min(names.len().saturating_sub(1));
        out.extend(names.into_iter().take(count));
    }
    cases.into_iter().partition(|case| !out.contains(&case.patient))
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Voxels};

    use super::*;

    fn case(number: usize, patient: &str, class: usize) -> ClassifiedCase {
        let grid = Grid::axis_aligned([2, 2, 2], [1.0; 3]).expect("a grid");
        let image = Volume::new(grid, Voxels::I16(vec![number as i16; 8]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let answers = (0..2).map(|at| Some(at == class)).collect();
        ClassifiedCase { name: format!("case {number}"), patient: patient.to_owned(), image: Arc::new(image), answers }
    }

    #[test]
    fn patients_are_held_out_whole_class_by_class_and_the_same_for_a_seed() {
        let cases: Vec<_> = (0..40).map(|at| case(at, &format!("p{}", at / 2), at / 2 % 2)).collect();
        let names = |seed| -> (Vec<String>, Vec<String>) {
            let (training, validation) = held_out(cases.clone(), 0.3, seed);
            let patients = |cases: &[ClassifiedCase]| cases.iter().map(|case| case.patient.clone()).collect();
            for class in 0..2 {
                assert_eq!(validation.iter().filter(|case| case.class() == Some(class)).count(), 6);
            }
            (patients(&training), patients(&validation))
        };
        let (training, validation) = names(1);
        assert_eq!(training.len() + validation.len(), 40);
        assert!(validation.iter().all(|patient| !training.contains(patient)));
        assert_eq!(names(1).1, validation);
        assert!((2..9).any(|seed| names(seed).1 != validation));
    }

    #[test]
    fn what_cannot_be_learned_is_refused_with_a_sentence() {
        let settings = ClassifySettings { hold_out: 0.0, ..ClassifySettings::default() };
        let refusal = |training: Vec<ClassifiedCase>, validation: Vec<ClassifiedCase>| {
            split(&mut (training, validation), 2, &settings).expect_err("refused").to_string()
        };
        assert!(refusal(Vec::new(), Vec::new()).contains("no case"));
        assert!(refusal(vec![case(1, "a", 0)], Vec::new()).contains("class number 2"));
        assert!(refusal(vec![case(1, "a", 0), case(2, "b", 1)], vec![case(3, "b", 1)]).contains("case 3"));
        let both = ClassifiedCase { answers: vec![Some(true); 2], ..case(4, "d", 0) };
        assert!(refusal(vec![both.clone()], Vec::new()).contains("case 4"));
        let any = ClassifySettings { answers: Answers::AnyOf, ..settings.clone() };
        assert!(split(&mut (vec![both], Vec::new()), 2, &any).is_ok());
    }
}
