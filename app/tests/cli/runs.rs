//! Trainings that are killed and gone on with, and the table of trainings.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::{answer_in, medley_in};
use crate::training::phantoms;

fn training<'a>(set: &'a Path, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["finetune", set.to_str().expect("UTF-8"), "-o", out];
    let small = "--weights scratch --base-width 4 --steps 40 --patch 16,24,24 --device cpu --validate-every 10 --checkpoint-steps 2";
    fixed.into_iter().chain(small.split(' ')).chain(more.iter().copied()).collect()
}

/// Starts the program and kills it once it has written a checkpoint.
fn killed(folder: &Path, out: &str, arguments: &[&str]) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_medley"))
        .current_dir(folder)
        .env("MEDLEY_DATA_DIR", folder)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let checkpoint = folder.join(out).join("checkpoint/checkpoint.json");
    while !checkpoint.exists() && child.try_wait().expect("a child").is_none() {
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
}

fn rows(folder: &Path) -> Vec<Value> {
    answer_in(folder, &[], ["runs", "list"])["runs"].as_array().expect("rows").clone()
}

#[test]
fn a_killed_training_is_in_the_table_and_goes_on_to_the_same_model() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (set, _) = phantoms(folder);
    let straight = answer_in(folder, &[], training(&set, "straight", &[]));
    killed(folder, "cut", &training(&set, "cut", &[]));
    let [first, second] = &rows(folder)[..] else { panic!("two rows") };
    assert_eq!((&first["state"], &second["state"]), (&"finished".into(), &"interrupted".into()));
    assert!(!folder.join("cut/model.safetensors").exists());

    // What was begun is not undone by accident, nor gone on with by other settings.
    let run = medley_in(folder, &[], training(&set, "cut", &[]));
    run.assert_refused("--resume");
    medley_in(folder, &[], training(&set, "cut", &["--resume", "--lr", "0.5"])).assert_refused("learning rate");
    medley_in(folder, &[], training(&set, "nowhere", &["--resume"])).assert_refused("nowhere");

    let resumed = answer_in(folder, &[], training(&set, "cut", &["--resume"]));
    assert_eq!(resumed["model_sha256"], straight["model_sha256"]);
    assert!(!folder.join("cut/checkpoint").exists());
    let row = rows(folder).into_iter().find(|row| row["id"] == second["id"]).expect("its row");
    assert_eq!((&row["state"], &row["model"], &row["steps_done"]), (&"finished".into(), &resumed["model_sha256"], &40.into()));
    assert_eq!(row["score"], resumed["metrics"]["dice"]);

    let shown = answer_in(folder, &[], ["runs", "show", "2"]);
    assert_eq!(shown["curves"]["Dice/block"].as_array().map(Vec::len), Some(4));
    // Points are written once a second: those of the last moment before the kill may be missing.
    assert!(shown["curves"]["loss"].as_array().is_some_and(|points| (20..=40).contains(&points.len())));
    let compared = answer_in(folder, &[], ["runs", "compare", "1", "2"]);
    assert_eq!(compared["differing_settings"], serde_json::json!({}));

    let files = answer_in(folder, &[], "runs export 1 2 --csv runs.csv --curves curves.csv --tensorboard events".split(' '));
    assert_eq!(files["files"].as_array().map(Vec::len), Some(4));
    let csv = std::fs::read_to_string(folder.join("runs.csv")).expect("written");
    assert!(csv.lines().count() == 3 && csv.contains("finished"), "{csv}");
    assert!(files["files"].as_array().expect("files").iter().all(|file| folder.join(file.as_str().expect("a name")).is_file()));
    medley_in(folder, &[], "runs export --csv runs.csv".split(' ')).assert_refused("runs.csv");
    medley_in(folder, &[], ["runs", "show", "9"]).assert_refused("9");
}

#[test]
fn pretraining_goes_on_and_its_models_are_followed_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let (set, _) = phantoms(folder);
    let set_name = set.to_str().expect("UTF-8");
    let pretraining = |out: &'static str, more: &[&'static str]| -> Vec<String> {
        let small = format!("pretrain {set_name} -o {out} --base-width 4 --steps 30 --patch 16,24,24 --device cpu --checkpoint-steps 2");
        small.split(' ').map(str::to_owned).chain(more.iter().map(|&option| option.to_owned())).collect()
    };
    let straight = answer_in(folder, &[], pretraining("straight", &[]));
    let arguments = pretraining("cut", &[]);
    killed(folder, "cut", &arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let resumed = answer_in(folder, &[], pretraining("cut", &["--resume"]));
    assert_eq!(resumed["encoder_sha256"], straight["encoder_sha256"]);
    let fine = training(&set, "fine", &[]).into_iter().map(|word| if word == "scratch" { "cut/encoder.safetensors" } else { word });
    let fine: Vec<&str> = fine.filter(|word| !["--base-width", "4"].contains(word)).collect();
    answer_in(folder, &[], fine);
    let shown = answer_in(folder, &[], ["runs", "show", "3"]);
    let parent = &shown["lineage"][0];
    assert_eq!((&parent["kind"], &parent["model"]), (&"pretrain".into(), &resumed["encoder_sha256"]));
    let off = medley_in(folder, &[("MEDLEY_RUNS", "off")], ["runs", "list"]);
    off.assert_refused("MEDLEY_RUNS");
}
