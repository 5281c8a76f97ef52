//! Heads and losses as they are asked for on the command line.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{answer, lps_grid, medley, phantom, write_case};
use crate::training::{finetune, phantoms, write_dataset};

/// The sample study's own scans.
fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/sample/dataset.json")
}

fn card(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("card.json")).expect("a card")).expect("JSON")
}

#[test]
fn coarse_heads_and_deep_supervision_learn_real_organs() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, options) in [
        ("pyramid", ["--head", "dense-aspp", "--loss", "dice-focal"].as_slice()),
        ("branch", ["--head", "branch"].as_slice()),
        ("deep", ["--deep-supervision", "--loss", "boundary"].as_slice()),
    ] {
        let (set, out) = (sample(), folder.path().join(name));
        let fixed = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str()];
        let short = ["--steps", "30", "--patch", "16,64,64", "--seed", "1", "--device", "cpu", "--validate-every", "0"];
        let trained = answer(fixed.into_iter().chain(short.iter().chain(options).map(AsRef::as_ref)));
        let losses: Vec<f64> = trained["curve"].as_array().expect("a curve").iter().filter_map(|point| point["loss"].as_f64()).collect();
        let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
        let (first, last) = (mean(&losses[..5]), mean(&losses[25..]));
        println!("{name}: {first:.3} to {last:.3}");
        assert!(losses.len() == 30 && last < 0.8 * first, "{name}: {losses:?}");
        let (settings, architecture) = (&card(&out)["settings"], &card(&out)["architecture"]);
        for pair in options.chunks(2) {
            match pair {
                ["--head", head] => assert_eq!((&architecture["head"], &settings["head"]), (&json!(head), &json!(head))),
                ["--loss", loss] => assert_eq!(settings["loss"], json!(loss)),
                _ => assert_eq!(settings["deep_supervision"], json!(true)),
            }
        }
    }
}

#[test]
fn a_model_with_a_new_head_is_inspected_and_segments_as_it_was_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, [image, truth]) = phantoms(folder.path());
    let (model, masks) = (folder.path().join("model"), folder.path().join("masks"));
    let trained = finetune(&set, &model, &["--head", "dense-aspp", "--loss", "tversky"]);
    let file = model.join("model.safetensors");
    let inspected = answer(["weights".as_ref(), "inspect".as_ref(), file.as_os_str()]);
    assert_eq!((&inspected["head"], &inspected["classes"], &inspected["missing"]), (&json!("dense-aspp"), &json!(3), &json!([])));
    let fixed = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), masks.as_os_str()];
    answer(fixed.into_iter().chain(["--device", "cpu"].map(AsRef::as_ref)));
    let mask = masks.join("measure_seg.nii.gz");
    let scores = answer(["evaluate".as_ref(), mask.as_os_str(), truth.as_os_str()]);
    let (dice, claimed) = (scores["mean"]["dice"].as_f64().expect("a number"), trained["metrics"]["dice"].as_f64().expect("a number"));
    assert!((dice - claimed).abs() < 1e-6, "the file scores {dice}, the training said {claimed}");
}

#[test]
fn what_cannot_be_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, _) = phantoms(folder.path());
    let out = folder.path().join("model");
    let with = |more: &[&str]| {
        let fixed = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str(), "--device".as_ref(), "cpu".as_ref()];
        medley(fixed.into_iter().chain(more.iter().map(AsRef::as_ref)))
    };
    with(&["--head", "branch", "--deep-supervision"]).assert_refused("skip head");
    with(&["--task", "detect", "--loss", "focal"]).assert_refused("--loss");
    with(&["--partial", "liver"]).assert_refused("liver");
    with(&["--partial", "core"]).assert_refused("holds it");
    with(&["--partial", "core@nobody"]).assert_refused("“nobody”");
    for (option, wrong) in [("--head", "unet"), ("--loss", "mse")] {
        let run = with(&[option, wrong]);
        assert!(run.code == Some(2) && run.err.contains(wrong), "{run:?}");
    }
    assert!(!out.exists());
}

/// The second data set was never searched for the core of the block.
#[test]
fn a_model_keeps_a_label_that_the_next_data_set_never_had() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, _) = phantoms(folder.path());
    let (volume, mut mask) = phantom(lps_grid([32, 32, 24]), 3);
    (0..mask.len()).for_each(|offset| {
        if mask.at(offset) == 3 {
            mask.set(offset, 0)
        }
    });
    let [image, truth] = write_case(folder.path(), "partly", &(volume, mask));
    let second = write_dataset(folder.path(), "partly", &[(&image, &truth)], &[]);
    let [model, kept] = ["first", "kept"].map(|name| folder.path().join(name));
    let trained = finetune(&first, &model, &[]);
    let weights = trained["model"].as_str().expect("a path").to_owned();
    let fixed = ["finetune".as_ref(), second.as_os_str(), "-o".as_ref(), kept.as_os_str(), "--weights".as_ref(), weights.as_ref()];
    let more = ["--partial", "core", "--steps", "2", "--device", "cpu"];
    answer(fixed.into_iter().chain(more.map(AsRef::as_ref)));
    assert_eq!((&card(&kept)["weights"]["from"], &card(&kept)["settings"]["never_annotated"]), (&json!("network"), &json!([3])));
    let from_scratch = ["finetune".as_ref(), second.as_os_str(), "-o".as_ref(), kept.as_os_str(), "--weights".as_ref(), "scratch".as_ref()];
    let again = ["--partial", "core", "--steps", "2", "--device", "cpu", "--force"];
    medley(from_scratch.into_iter().chain(again.map(AsRef::as_ref))).assert_refused("start from a model");

    // Where another case has it, it can be learned, in masks and in boxes.
    let (whole_image, whole_truth) = write_whole(folder.path());
    let third = write_dataset(folder.path(), "both", &[(&image, &truth), (&whole_image, &whole_truth)], &[]);
    for task in ["segment", "detect"] {
        let both = folder.path().join(task);
        let fixed = ["finetune".as_ref(), third.as_os_str(), "-o".as_ref(), both.as_os_str(), "--task".as_ref(), task.as_ref()];
        let more = ["--partial", "core@partly", "--steps", "2", "--base-width", "4", "--weights", "scratch", "--device", "cpu"];
        answer(fixed.into_iter().chain(more.map(AsRef::as_ref)));
        let cases = &card(&both)["sets"][0]["training"];
        assert_eq!((&cases[0]["never_annotated"], &cases[1]["never_annotated"]), (&json!([3]), &json!(null)));
    }
}

fn write_whole(folder: &Path) -> (PathBuf, PathBuf) {
    let [image, truth] = write_case(folder, "whole", &phantom(lps_grid([32, 32, 24]), 4));
    (image, truth)
}

#[test]
fn the_papers_branch_pretrains_an_encoder() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, _) = phantoms(folder.path());
    let out = folder.path().join("encoder");
    let fixed = ["pretrain".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str()];
    let options = ["--head", "branch", "--base-width", "4", "--steps", "4", "--patch", "16,16,16", "--device", "cpu"];
    answer(fixed.into_iter().chain(options.map(AsRef::as_ref)));
    assert_eq!(card(&out)["settings"]["head"], json!("branch"));
}
