//! How many actions, and how much of a person's time, correcting one organ of a proposal takes: with a plain brush and eraser, and with
//! all tools.
//!
//! `cargo run -p medley-annotate --example actions_to_correct -- IMAGE PROPOSAL TRUTH LABEL [--goal 0.95] [--hand MM] [--seed N]`
//!
//! A proposal for the bundled sample: `medley demo` trains a model in a study; `medley predict` with it on `assets/sample/patient_b_ct.nii.gz`
//! writes the mask; the truth is `assets/sample/patient_b_organs5.nii.gz`.
//!
//! # Map
//! - [`scene`], [`frame`]: the scan, the proposal and the truth; [`desk`]: the mask under correction, changed by Edits alone
//! - [`gesture`]: what a person can do; [`time_model`]: how long that takes (keystroke-level model)
//! - [`sweep`], [`outline`], [`choices`]: what a person thinks of; [`person`]: who does the best of it until the goal is reached
//!
//! # Invariants
//! 1. Both ways are the same person: the same hand, the same model of time, the same rule (most Dice for the time). With tools there is
//!    only more to choose from.
//! 2. All changes are Edits of the tools themselves; undoing all of them gives the proposal again, or the program ends with an error.

#![expect(clippy::print_stdout, reason = "a program for measuring")]

mod choices;
mod desk;
mod frame;
mod gesture;
mod outline;
mod person;
mod scene;
mod sweep;
#[cfg(test)]
mod tests;
mod time_model;

use std::error::Error;
use std::path::Path;

use person::{Habits, Way, Work, correct};
use scene::Scene;

const USAGE: &str = "usage: actions_to_correct IMAGE PROPOSAL TRUTH LABEL [--goal 0.95] [--hand MM] [--seed N]";
/// How long strokes are, see [`sweep::Sweep::ends_at`]: shorter ones are quicker each, longer ones fewer.
const STROKES_END_AT: [f64; 3] = [1.0, 0.5, 0.25];
/// The gaps between drawn slices that are tried.
const GAPS: std::ops::RangeInclusive<usize> = 2..=8;

fn main() -> Result<(), Box<dyn Error>> {
    let (mut habits, mut files) = (Habits { goal: 0.95, hand_error_mm: 1.0, stroke_ends_at: 1.0, seed: 1 }, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--goal" => habits.goal = arguments.next().ok_or(USAGE)?.parse()?,
            "--hand" => habits.hand_error_mm = arguments.next().ok_or(USAGE)?.parse()?,
            "--seed" => habits.seed = arguments.next().ok_or(USAGE)?.parse()?,
            _ => files.push(argument),
        }
    }
    let [image, proposal, truth, label] = files.as_slice() else { return Err(USAGE.into()) };
    let scan = medley_io::open_volume(Path::new(image))?.volume;
    let proposal = medley_io::open_labels(Path::new(proposal))?.labels;
    let truth = medley_io::open_labels(Path::new(truth))?.labels;
    let scene = Scene::new(scan, proposal, &truth, label.parse()?)?;
    let brush = quickest(&scene, &habits, &[Way::BrushOnly])?;
    let ways: Vec<Way> = std::iter::once(Way::Tools).chain(GAPS.map(Way::Redraw)).collect();
    let tools = quickest(&scene, &habits, &ways)?;
    for work in brush.iter().chain(&tools) {
        list(work, &scene);
    }
    if let (Some(brush), Some(tools)) = (&brush, &tools) {
        let (actions, seconds) = (tools.actions.len() as f64 / brush.actions.len() as f64, tools.effort.seconds() / brush.effort.seconds());
        println!("\ntools to brush: {actions:.2} of the actions, {seconds:.2} of the time");
    }
    Ok(())
}

/// Of some ways to work, each with short to long strokes, the one that reaches the goal in the least time.
fn quickest(scene: &Scene, habits: &Habits, ways: &[Way]) -> Result<Option<Work>, Box<dyn Error>> {
    let mut best: Option<Work> = None;
    for &way in ways {
        for stroke_ends_at in STROKES_END_AT {
            let patience = best.as_ref().map_or(f64::INFINITY, |best| best.effort.seconds());
            match correct(scene, way, &Habits { stroke_ends_at, ..*habits }, patience)? {
                Some(work) => {
                    summarize(&work, scene)?;
                    best = if work.dice() >= habits.goal { Some(work) } else { best };
                }
                None => println!("{}, strokes to {stroke_ends_at}: longer", title(way)),
            }
        }
    }
    Ok(best)
}

fn title(way: Way) -> String {
    match way {
        Way::BrushOnly => "brush and eraser only".to_owned(),
        Way::Tools => "with tools, each time the best".to_owned(),
        Way::Redraw(every) => format!("with tools, cleared, one slice in {every} drawn and interpolated first"),
    }
}

/// Each action: where, with what, how large, for how long, and how good the mask is then.
fn list(work: &Work, scene: &Scene) {
    println!("\n{}, from Dice {:.3}:", title(work.way), work.first_dice);
    for (n, action) in work.actions.iter().enumerate() {
        let slice = action.gesture.slice().map_or_else(String::new, |slice| format!("slice {}", scene.frame.slice(slice).index + 1));
        let (name, size, effort) = (action.gesture.name(), action.gesture.size(), &action.effort);
        println!(
            "{:>4} {name:<22} {slice:<10} {size:<32} {:>5.0} mm {:>6.1} s  Dice {:.4}",
            n + 1,
            effort.length_mm,
            effort.seconds(),
            action.dice
        );
    }
}

fn summarize(work: &Work, scene: &Scene) -> Result<(), Box<dyn Error>> {
    if work.undone != scene.proposal {
        return Err("undoing everything did not give the proposal again".into());
    }
    if (scene.dice(&work.mask) - work.dice()).abs() > 1e-9 {
        return Err("the sums kept along the way do not say what the mask holds".into());
    }
    let effort = &work.effort;
    println!(
        "{}, strokes to {}: Dice {:.4} after {} actions, {} clicks, {} keys, {} straight pieces of {:.0} mm in all; {:.0} s (drawing {:.0} s), tools computed for {:.0} ms",
        title(work.way),
        work.habits.stroke_ends_at,
        work.dice(),
        work.actions.len(),
        effort.clicks,
        effort.keys,
        effort.pieces,
        effort.length_mm,
        effort.seconds(),
        effort.drawing_seconds(),
        work.computing.as_secs_f64() * 1e3
    );
    Ok(())
}
