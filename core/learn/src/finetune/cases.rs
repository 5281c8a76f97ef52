//! Cases on their way into a training.

use rayon::prelude::*;

use super::{DataOptions, FineTuneSettings, MeasuredCase};
use crate::cache::CacheKey;
use crate::card::{Card, CardCase, CardLabel, CardSet};
use crate::looked_for::LookedFor;
use crate::prepare::{Prepared, PreparedCase, prepare, prepare_case};
use crate::sides::Sides;
use crate::{CaseCache, Control, LearnError, Recipe, TrainingCase};

/// Cases made ready, and what the card says of them.
pub(super) struct Ready {
    pub(super) recipe: Recipe,
    pub(super) training: Vec<PreparedCase>,
    pub(super) looked_for: LookedFor,
    pub(super) sides: Sides,
    pub(super) validation: Vec<MeasuredCase>,
    pub(super) set: CardSet,
}

pub(crate) fn card_labels(labels: &[(u16, String)]) -> Result<Vec<CardLabel>, LearnError> {
    let mut all = vec![CardLabel { value: 0, name: "background".to_owned() }];
    for (value, name) in labels.iter().filter(|(value, _)| *value != 0) {
        if all.iter().any(|label| label.value == *value) {
            return Err(LearnError::Setting(format!("the label {value} is listed twice")));
        }
        all.push(CardLabel { value: *value, name: name.clone() });
    }
    if all.len() < 2 {
        return Err(LearnError::Setting("there is no label to learn: add one to the label list".to_owned()));
    }
    Ok(all)
}

pub(crate) fn label_values(labels: &[CardLabel]) -> Vec<u16> {
    labels.iter().map(|label| label.value).collect()
}

/// How scans become numbers in a training on these cases: as in an earlier one, or as they are, but for what the settings want
/// otherwise.
pub(crate) fn planned(
    training: &[TrainingCase],
    validation: &[TrainingCase],
    earlier: Option<Recipe>,
    settings: &FineTuneSettings,
) -> Result<Recipe, LearnError> {
    let mut recipe = match earlier {
        Some(recipe) => recipe,
        None => Recipe::plan(training, validation, settings.limits)?,
    };
    recipe.spacing_mm = settings.spacing_mm.unwrap_or(recipe.spacing_mm);
    recipe.patch = match settings.patch {
        Some(patch) => patch,
        None => recipe.patch_for(training.iter().chain(validation).map(|case| &*case.image), settings.limits)?,
    };
    Ok(recipe)
}

/// Prepares all cases and lets go of the scans they came from; by the recipe `recorded`, where a training goes on.
pub(super) fn make_ready(
    training: Vec<TrainingCase>,
    validation: Vec<TrainingCase>,
    labels: &[CardLabel],
    settings: &FineTuneSettings,
    (earlier, recorded): (Option<Card>, Option<Recipe>),
    data: &DataOptions,
    control: &Control,
) -> Result<Ready, LearnError> {
    control.check()?;
    let set = card_set(String::new(), &training, &validation)?;
    let has_learned = earlier.is_some();
    let recipe = match recorded {
        Some(recipe) => recipe,
        None => planned(&training, &validation, earlier.and_then(|card| card.recipe), settings)?,
    };
    let sides = Sides::new(&settings.label_pairs, labels)?;
    let looked_for = LookedFor::new(labels, &settings.never_annotated, &training)?.with_sides(sides.clone());
    // A model that was trained on these labels before keeps what nobody looks for any more.
    if let (false, Some(label)) = (has_learned, looked_for.class_of_nobody().and_then(|class| labels.get(class))) {
        return Err(LearnError::Setting(format!(
            "nobody looked for the label “{}” in any case, so it can only be kept, not learned: start from a model with the same labels and head",
            label.name
        )));
    }
    let cache = data.cache.as_ref();
    let training = prepare_all(training, &recipe, &label_values(labels), cache.map(|cache| (cache, set.training.as_slice())), control)?;
    let validation = measured_cases(validation, &recipe, cache.map(|cache| (cache, set.validation.as_slice())), control)?;
    Ok(Ready { recipe, training, looked_for, sides, validation, set })
}

pub(crate) fn prepare_all(
    cases: Vec<TrainingCase>,
    recipe: &Recipe,
    values: &[u16],
    cached: Option<Cached<'_>>,
    control: &Control,
) -> Result<Vec<PreparedCase>, LearnError> {
    let first = cases.first().ok_or(LearnError::NoCases)?.name.clone();
    let keys = keys(&cases, recipe, values, cached)?;
    let find = |(case, key): (&TrainingCase, &Option<CacheKey>)| {
        key.as_ref().zip(cached).and_then(|(key, (cache, _))| cache.case(key, &case.name))
    };
    let found: Vec<Option<PreparedCase>> = cases.par_iter().zip(&keys).map(find).collect();
    let mut ready = Vec::with_capacity(cases.len());
    for ((case, key), found) in cases.into_iter().zip(keys).zip(found) {
        control.check()?;
        ready.push(match found {
            Some(found) => {
                same_grids(&case)?;
                found
            }
            None => {
                let prepared = prepare_case(&case, recipe, values)?;
                if let (Some(key), Some((cache, _))) = (key, cached) {
                    cache.keep(&key, &prepared.scan, &prepared.classes);
                }
                prepared
            }
        });
    }
    let cases = ready;
    if cases.iter().all(|case| case.sites.iter().all(Vec::is_empty)) {
        return Err(LearnError::NothingToLearn { case: first });
    }
    Ok(cases)
}

/// A cache, and what the cases' hashes are.
type Cached<'a> = (&'a CaseCache, &'a [CardCase]);

/// By what prepared cases are found in a cache, where there is one.
fn keys(cases: &[TrainingCase], recipe: &Recipe, values: &[u16], cached: Option<Cached<'_>>) -> Result<Vec<Option<CacheKey>>, LearnError> {
    let Some((_, hashes)) = cached else { return Ok(cases.iter().map(|_| None).collect()) };
    let key = |(case, hashes): (&TrainingCase, &CardCase)| CacheKey::new(&case.image, hashes, recipe, values).map(Some);
    cases.iter().zip(hashes).map(key).collect()
}

fn measured_cases(
    cases: Vec<TrainingCase>,
    recipe: &Recipe,
    cached: Option<Cached<'_>>,
    control: &Control,
) -> Result<Vec<MeasuredCase>, LearnError> {
    let keys = keys(&cases, recipe, &[], cached)?;
    let find = |key: &Option<CacheKey>| key.as_ref().zip(cached).and_then(|(key, (cache, _))| cache.scan(key));
    let found: Vec<Option<Prepared>> = keys.par_iter().map(find).collect();
    let mut measured = Vec::with_capacity(cases.len());
    for ((case, key), found) in cases.into_iter().zip(keys).zip(found) {
        control.check()?;
        if let Some(scan) = found {
            same_grids(&case)?;
            measured.push(MeasuredCase { scan, truth: case.truth });
            continue;
        }
        let prepared = measured_case(case, recipe)?;
        if let (Some(key), Some((cache, _))) = (key, cached) {
            cache.keep(&key, &prepared.scan, &[]);
        }
        measured.push(prepared);
    }
    Ok(measured)
}

fn same_grids(case: &TrainingCase) -> Result<(), LearnError> {
    let same = case.image.grid().require_same(case.truth.grid());
    same.map_err(|source| LearnError::CaseGrid { case: case.name.clone(), source })
}

pub(crate) fn measured_case(case: TrainingCase, recipe: &Recipe) -> Result<MeasuredCase, LearnError> {
    same_grids(&case)?;
    Ok(MeasuredCase { scan: prepare(&case.image, recipe)?, truth: case.truth })
}

/// Hashes of all cases.
///
/// # Errors
/// If a scan is both learned from and measured on.
pub(crate) fn card_set(name: String, training: &[TrainingCase], validation: &[TrainingCase]) -> Result<CardSet, LearnError> {
    let hashes = |cases: &[TrainingCase]| -> Vec<CardCase> { cases.par_iter().map(CardCase::of).collect() };
    let set = CardSet { name, labels: Vec::new(), recipe: None, training: hashes(training), validation: hashes(validation) };
    for (case, hashes) in validation.iter().zip(&set.validation) {
        if let Some(at) = set.training.iter().position(|other| other.image_sha256 == hashes.image_sha256) {
            let other = training.get(at).map_or("", |case| case.name.as_str());
            return Err(LearnError::Setting(format!(
                "the validation case “{}” is the same scan as the training case “{other}”: leave one of them out",
                case.name
            )));
        }
    }
    Ok(set)
}
