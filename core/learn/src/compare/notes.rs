//! What a reader must know beside the answer.

use super::FinishedRun;
use crate::card::CardArchitecture;

/// What the runs have not in common, and what so few cases cannot say.
pub(super) fn notes(runs: &[FinishedRun], seeds: &[u64], training: usize, validation: usize) -> Vec<String> {
    let count = |n: usize, what: &str| format!("{n} {what} case{}", if n == 1 { "" } else { "s" });
    let mut notes = vec![format!(
        "{} seeds on {} and {}: the test says how far chance in training goes on these scans, not how far the result holds for other patients",
        seeds.len(),
        count(training, "training"),
        count(validation, "validation")
    )];
    let mut differs = |what: &str, values: Vec<String>| {
        if values.len() > 1 {
            notes.push(format!("the runs differ in more than their first weights: {what} {}", values.join("; ")));
        }
    };
    differs("device", distinct(runs.iter().map(|run| run.card.device.clone())));
    differs("program", distinct(runs.iter().map(|run| run.card.program.clone())));
    let shape = |run: &FinishedRun| {
        let CardArchitecture { depth, shortcut, base_width, strides, norm, .. } = &run.card.architecture;
        format!("ResNet-{depth}, shortcut {shortcut}, width {base_width}, strides {strides}, {norm:?} normalisation")
    };
    differs("network", distinct(runs.iter().map(shape)));
    let recipe = |run: &FinishedRun| {
        run.card
            .recipe
            .as_ref()
            .map_or_else(String::new, |recipe| format!("{:?} mm, patch {:?}, {:?}", recipe.spacing_mm, recipe.patch, recipe.intensity))
    };
    differs("preparation", distinct(runs.iter().map(recipe)));
    notes
}

/// Each value once, in the order they come.
pub(super) fn distinct(values: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    values.for_each(|value| {
        if !found.contains(&value) {
            found.push(value)
        }
    });
    found
}
