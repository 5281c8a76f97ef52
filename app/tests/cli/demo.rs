use medley_annotate::{Author, Tool};
use medley_project::{Role, Study};
use serde_json::Value;

use crate::support::{answer, medley};

/// Two steps a round: everything but the learning.
fn short_demo(more: &[&str]) -> Value {
    answer(["demo", "--headless", "--device", "cpu", "--seed", "4", "--steps", "2"].iter().chain(more))
}

#[test]
fn the_whole_loop_runs_leaves_a_study_and_repeats_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let kept = folder.path().join("kept");
    let first = short_demo(&["-o", kept.to_str().expect("a path")]);
    let second = short_demo(&[]);
    for key in ["dice_before", "dice_after"] {
        assert!(first[key].as_f64().is_some_and(|dice| (0.0..=1.0).contains(&dice)));
        assert_eq!(first[key], second[key], "{key}: the same seed gives the same numbers");
    }
    assert_eq!(first["per_label"], second["per_label"]);
    assert!(first["device"].as_str().is_some_and(|device| device.contains("cpu")) && first["seconds"].is_number());

    let study = Study::open(&kept).expect("a study");
    let cases = study.cases().expect("a list");
    assert!(cases.iter().filter(|case| case.role == Role::Training).all(|case| case.is_corrected));
    let upper = cases.iter().find(|case| case.name.contains("upper") && case.role == Role::Training).expect("the second case");
    let edits = study.edits(upper.id).expect("a journal");
    let tools: Vec<Tool> = edits.iter().map(|edit| edit.tool).collect();
    assert!(tools.ends_with(&[Tool::Proposal, Tool::Script]), "{tools:?}");
    assert!(edits.iter().any(|edit| matches!(&edit.author, Author::Model(model) if *model == first["rounds"][0]["model_sha256"])));
    assert_eq!(study.models().expect("a list").len(), 2);
    let info = ["info".as_ref(), kept.as_os_str()];
    let busy = medley(info);
    busy.assert_refused("kept");
    assert!(busy.err.contains("open in another"), "{busy:?}");
    drop(study);
    let about = answer(info);
    assert_eq!((about["kind"].as_str(), about["cases"].as_array().map(Vec::len)), (Some("study"), Some(3)));
    medley(["demo".as_ref(), "--headless".as_ref(), "-o".as_ref(), kept.as_os_str()]).assert_refused("kept");
}

/// Takes minutes; `.ci/run` asks for it by name. How long it takes is measured in BENCHMARKS.md, not here.
#[test]
#[ignore = "takes minutes"]
fn the_demo_gets_better_by_a_tenth_of_dice() {
    let report = answer(["demo", "--headless", "--device", "cpu"]);
    let [before, after] = ["dice_before", "dice_after"].map(|key| report[key].as_f64().expect("a number"));
    println!("Dice {before:.3} before, {after:.3} after, {} s", report["seconds"]);
    assert!(after >= before + 0.10, "{before} to {after}");
}
