//! How long a plan takes: a few of its steps, timed on this device.

use super::choose::{Plan, Time};
use super::work::Work;
use crate::card::short;
use crate::finetune::{Timed, timed};
use crate::predict::window_starts;
use crate::{LearnError, Recipe};

/// The largest step that is timed without knowing better, as [`Work::cost`] counts: a fifth of a second on a small processor.
const SMALL: f64 = 4e10;
/// Seconds of a step up to which it is timed itself rather than a smaller one.
const SHORT: f64 = 2.5;

/// Times steps of `plan`, with a smaller patch where its own would take long.
pub(super) fn time(plan: &Plan) -> Result<Time, LearnError> {
    let cost = |patch| Work::step(plan.basis.network(), patch, plan.settings.batch, plan.settings.checkpointing).cost(true);
    let own = plan.recipe.patch;
    let mut patch = own;
    while cost(patch) > SMALL {
        let Some(longest) = (0..3).max_by_key(|&axis| patch[axis]).filter(|&axis| patch[axis] > 16) else { break };
        patch[longest] = (patch[longest] / 2).next_multiple_of(8);
    }
    let mut measured = measure(plan, patch)?;
    let mut scale = cost(own) / cost(patch);
    if patch != own && measured.step * scale < SHORT {
        measured = measure(plan, own)?;
        scale = 1.0;
    }
    let window = |patch| Work::forward(plan.basis.network(), patch, 1).cost(false);
    let (window_s, around_s) = match scale {
        1.0 => (measured.window, measured.around),
        _ => (measured.window * window(own) / window(patch), measured.around * (voxels(own) / voxels(patch))),
    };
    let validation = plan.facts.prepared.iter().skip(plan.facts.training).zip(&plan.basis.cases[1]);
    let validation_s: f64 = validation
        .map(|(&[nr, na, ns], case)| {
            let [depth, height, width] = own;
            let windows = window_starts(ns, depth).len() * window_starts(na, height).len() * window_starts(nr, width).len();
            windows as f64 * window_s + case.voxels.max(case.prepared) as f64 / voxels(own) * around_s
        })
        .sum();
    let settings = &plan.settings;
    let validations = if settings.validate_every == 0 { 1 } else { settings.steps.div_ceil(settings.validate_every) };
    let step_s = measured.step * scale;
    let total_s = settings.steps as f64 * step_s + validations as f64 * validation_s;
    Ok(Time { step_s: short(step_s), validation_s: short(validation_s), total_s: short(total_s) })
}

fn voxels(patch: [usize; 3]) -> f64 {
    patch.iter().product::<usize>() as f64
}

fn measure(plan: &Plan, patch: [usize; 3]) -> Result<Timed, LearnError> {
    let basis = &plan.basis;
    let recipe = Recipe { patch, ..plan.recipe.clone() };
    timed(basis.encoder, basis.classes, &recipe, &plan.settings, basis.has_weights, &basis.device)
}
