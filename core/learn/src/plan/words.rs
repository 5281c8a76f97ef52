//! A plan's reasons as sentences.

use medley_nn::EncoderConfig;

use super::choose::MARGIN;
use super::{Available, Facts, Plan};
use crate::FineTuneSettings;
use crate::recipe::{IntensityScheme, Recipe};

pub(super) fn size([depth, height, width]: [usize; 3]) -> String {
    format!("{depth}×{height}×{width}")
}

pub(super) fn mm(spacing: [f64; 3]) -> String {
    spacing.map(|mm| format!("{}", (mm * 1000.0).round() / 1000.0)).join("×")
}

/// Bytes as a person reads them.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes as f64 / f64::from(1u32 << 20) {
        mebibytes if mebibytes < 1000.0 => format!("{mebibytes:.0} MiB"),
        mebibytes => format!("{:.1} GiB", mebibytes / 1024.0),
    }
}

pub(super) fn network_of_weights(config: EncoderConfig) -> String {
    format!("a ResNet-{} of width {}: that is what the weights are", config.depth, config.base_width)
}

pub(super) fn network_from_scratch(settings: &FineTuneSettings, cases: usize) -> String {
    let cases = if cases == 1 { "one case".to_owned() } else { format!("{cases} cases") };
    format!("a ResNet-{} of width {}: more cannot be learned from {cases}", settings.depth, settings.base_width)
}

/// How scans become numbers.
pub(super) fn recipe(facts: &Facts, recipe: &Recipe, reasons: &mut Vec<String>) {
    let turned = match facts.turned {
        0 => "all scans are stored so".to_owned(),
        turned => format!("{turned} of {} are stored otherwise and are turned", facts.prepared.len()),
    };
    reasons.push(format!("axes run to the right, to the front and to the head (RAS): {turned}"));
    let spread = if facts.finest_mm == facts.coarsest_mm {
        "as all scans have it".to_owned()
    } else {
        format!("the median of scans between {} and {}", mm(facts.finest_mm), mm(facts.coarsest_mm))
    };
    let is_finer = (0..3).any(|axis| recipe.spacing_mm[axis] > facts.coarsest_mm[axis] + 1e-6);
    let coarser = if is_finer { ", made coarser so that a scan is not too large" } else { "" };
    reasons.push(format!("a voxel of {} mm: {spread}{coarser}", mm(recipe.spacing_mm)));
    reasons.push(match recipe.intensity {
        IntensityScheme::Hounsfield { low, high, mean, std } => format!(
            "CT: cut off at {low:.0} and {high:.0} HU (0.5 % and 99.5 % of the labelled voxels, and never less than soft tissue), less {mean:.0}, \
             divided by {std:.0}"
        ),
        IntensityScheme::PerScan => "not all CT: each scan is cut off at its own 0.5 % and 99.5 %, less its mean, divided by its spread".to_owned(),
    });
}

pub(super) fn patch(plan: &Plan) -> String {
    let settings = &plan.settings;
    let patches = if settings.batch == 1 { "one patch".to_owned() } else { format!("{} patches", settings.batch) };
    let why = match (plan.basis.wishes.keeps_patch, plan.given_up.is_empty()) {
        (true, _) => "as asked for",
        (_, true) => "as large as the thinnest scan and 128³ voxels allow",
        _ => "what memory and time allow",
    };
    format!("{patches} of {} voxels a step: {why}", size(plan.recipe.patch))
}

pub(super) fn too_large(plan: &Plan) -> String {
    match plan.available {
        Some(available) if plan.needed() as f64 * MARGIN > available.bytes as f64 => {
            format!(
                "about {} are needed with a fifth to spare, and {} are left {}",
                bytes((plan.needed() as f64 * MARGIN) as u64),
                bytes(available.bytes),
                available.bound.words()
            )
        }
        _ => format!("the device takes no buffer larger than {}", bytes(plan.basis.largest_buffer)),
    }
}

pub(super) fn too_many_scans(needed: u64, host: Available) -> String {
    format!(
        "there is not enough memory to read and prepare the scans: about {} are needed with a fifth to spare, and {} are left {}; take fewer or \
         smaller scans",
        bytes((needed as f64 * MARGIN) as u64),
        bytes(host.bytes),
        host.bound.words()
    )
}

pub(super) fn nothing_fits(plan: &Plan) -> String {
    let memory = &plan.memory;
    let what = match memory.peak() {
        peak if peak == memory.preparing => {
            "most of it for reading and preparing the scans: close other programs, or take fewer or smaller scans"
        }
        _ => "even with everything given up that a plan may give up: close other programs, take fewer labels, or leave more to the plan",
    };
    format!("there is not enough memory: {}, {what}", too_large(plan))
}

pub(super) fn too_long(takes: f64, limit: f64) -> String {
    format!("it would take about {} and {} are asked for", minutes(takes), minutes(limit))
}

pub(super) fn fewer_steps(from: usize, to: usize, takes: f64, limit: f64) -> String {
    format!("{}: {to} in place of {from} steps", too_long(takes, limit))
}

/// Seconds as a person reads them.
pub(super) fn minutes(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 90.0 => format!("{seconds:.0} s"),
        seconds if seconds < 5400.0 => format!("{:.1} min", seconds / 60.0),
        seconds => format!("{:.1} h", seconds / 3600.0),
    }
}
