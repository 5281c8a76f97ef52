//! Recipes by name, sides, masks cleaned afterwards, and prepared cases on the disk.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{answer, medley};
use crate::training::{finetune, phantoms};

fn settings_of(trained: &Value) -> Value {
    let card = std::fs::read_to_string(trained["card"].as_str().expect("a path")).expect("read");
    serde_json::from_str::<Value>(&card).expect("JSON")["settings"].clone()
}

#[test]
fn a_recipe_by_name_is_in_the_card_and_single_values_of_it_can_be_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, _) = phantoms(folder.path());
    let trained = finetune(&set, &folder.path().join("model"), &["--recipe", "reference", "--schedule", "cosine", "--clip", "5"]);
    assert_eq!((&trained["recipe"], &trained["steps"]), (&json!("reference"), &json!(30)));
    assert!(trained["data_wait"].as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)));
    let settings = settings_of(&trained);
    assert_eq!(
        (&settings["recipe"], &settings["optimiser"], &settings["head"]),
        (&json!("reference"), &json!("sgd-plain"), &json!("med3d"))
    );
    assert_eq!(
        (&settings["schedule"]["kind"], &settings["clip_norm"], &settings["weight_decay"]),
        (&json!("cosine"), &json!(5.0), &json!(1e-3))
    );
    let usual = settings_of(&finetune(&set, &folder.path().join("usual"), &[]));
    assert!(["recipe", "schedule", "clip_norm", "ema", "postprocess"].iter().all(|key| usual.get(key).is_none()), "{usual}");
}

#[test]
fn labels_of_both_sides_change_places_in_mirrors() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, [image, _]) = phantoms(folder.path());
    let model = folder.path().join("model");
    let trained = finetune(&set, &model, &["--mirror", "--swap-labels", "block=3"]);
    assert_eq!(settings_of(&trained)["label_pairs"], json!([[1, 3]]));
    assert!(trained["warnings"].to_string().contains("“block” and “core” change places"), "{trained}");
    let plain = folder.path().join("plain");
    finetune(&set, &plain, &[]);
    let predict = |model: &Path, name: &str| {
        let out = folder.path().join(name);
        let fixed = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), out.as_os_str()];
        answer(fixed.into_iter().chain(["--mirror", "r", "--device", "cpu"].map(AsRef::as_ref)))
    };
    assert_eq!(predict(&model, "a")["warnings"], json!([]));
    assert!(predict(&plain, "b")["warnings"].to_string().contains("never learned from mirror images"));
    let wrong = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), plain.as_os_str(), "--force".as_ref(), "--mirror".as_ref()];
    medley(wrong.into_iter().chain(["--swap-labels", "block=liver"].map(AsRef::as_ref))).assert_refused("liver");
}

#[test]
fn prepared_cases_change_nothing_and_masks_are_cleaned_as_the_card_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, [image, truth]) = phantoms(folder.path());
    let kept = folder.path().join("prepared").display().to_string();
    let train = |name: &str, more: &[&str]| finetune(&set, &folder.path().join(name), more);
    let plain = train("plain", &["--data-threads", "3"]);
    for name in ["written", "read"] {
        assert_eq!(train(name, &["--cache", &kept])["model_sha256"], plain["model_sha256"], "{name}");
    }
    assert_eq!(std::fs::read_dir(&kept).expect("a folder").count(), 2);

    let cleaned = train("cleaned", &["--postprocess"]);
    let score = |name: &str, more: &[&str]| {
        let out = folder.path().join(name);
        let model = folder.path().join("cleaned");
        let fixed =
            ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), out.as_os_str(), "--device".as_ref(), "cpu".as_ref()];
        answer(fixed.into_iter().chain(more.iter().map(AsRef::as_ref)));
        answer(["evaluate".as_ref(), out.join("measure_seg.nii.gz").as_os_str(), truth.as_os_str()])["mean"]["dice"]
            .as_f64()
            .expect("a number")
    };
    let (with, without) = (score("with", &[]), score("without", &["--no-postprocess"]));
    let before = cleaned["metrics"]["dice"].as_f64().expect("a number");
    assert!((without - before).abs() < 1e-6 && with >= without, "{with}, {without}, {before}");
    assert_eq!(cleaned["cleaning"].as_array().is_some_and(|cleaning| !cleaning.is_empty()), with > without);
}
