use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::hostile::bad_images;
use crate::support::{affine, answer, lps_grid, medley, phantom, write_case};

type Pair<'a> = (&'a PathBuf, &'a PathBuf);

/// Writes a data set in the Decathlon's form and returns its list.
pub fn write_dataset(folder: &Path, name: &str, training: &[Pair<'_>], validation: &[Pair<'_>]) -> PathBuf {
    let pairs = |pairs: &[Pair<'_>]| pairs.iter().map(|(image, label)| json!({"image": image, "label": label})).collect::<Vec<Value>>();
    let set = json!({
        "name": name,
        "modality": {"0": "CT"},
        "labels": {"0": "background", "1": "block", "3": "core"},
        "numTraining": training.len(),
        "training": pairs(training),
        "validation": pairs(validation),
    });
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, set.to_string()).expect("written");
    path
}

/// A data set of two phantoms, one to learn from and one to measure on.
pub fn phantoms(folder: &Path) -> (PathBuf, [PathBuf; 2]) {
    let [a, a_mask] = write_case(folder, "learn", &phantom(lps_grid([32, 32, 24]), 0));
    let measured = write_case(folder, "measure", &phantom(lps_grid([28, 36, 20]), 5));
    let set = write_dataset(folder, "blocks", &[(&a, &a_mask)], &[(&measured[0], &measured[1])]);
    (set, measured)
}

const SMALL: [&str; 16] = [
    "--weights",
    "scratch",
    "--base-width",
    "4",
    "--steps",
    "30",
    "--batch",
    "2",
    "--patch",
    "16,24,24",
    "--lr",
    "0.01",
    "--device",
    "cpu",
    "--validate-every",
    "10",
];

pub fn finetune(set: &Path, out: &Path, more: &[&str]) -> Value {
    let fixed = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str()];
    answer(fixed.into_iter().chain(SMALL.iter().chain(more).map(AsRef::as_ref)))
}

#[test]
fn a_model_is_trained_segments_on_the_exact_grid_and_is_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, [image, truth]) = phantoms(folder.path());
    let (model, masks) = (folder.path().join("model"), folder.path().join("masks"));
    let trained = finetune(&set, &model, &["--seed", "7"]);
    assert_eq!(trained["model"].as_str().map(PathBuf::from), Some(model.join("model.safetensors")));
    assert!(model.join("card.json").is_file());
    let curve = trained["curve"].as_array().expect("a curve");
    let measured: Vec<&Value> = curve.iter().filter(|point| point["dice"].is_number()).collect();
    assert_eq!(measured.len(), 3);
    let best = trained["best_epoch"].as_u64().expect("a validation case") as usize;
    assert_eq!(measured[best]["step"], trained["best_step"]);
    assert_eq!(measured[best]["dice"], trained["metrics"]["dice"]);
    assert!(trained["metrics"]["dice_per_label"]["block"].is_number());

    let predicted = answer([
        "predict".as_ref(),
        model.as_os_str(),
        image.as_os_str(),
        "-o".as_ref(),
        masks.as_os_str(),
        "--device".as_ref(),
        "cpu".as_ref(),
    ]);
    let mask = masks.join("measure_seg.nii.gz");
    assert_eq!(predicted["outputs"], json!([mask]));
    assert!(predicted["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let (about_image, about_mask) = (answer(["info".as_ref(), image.as_os_str()]), answer(["info".as_ref(), mask.as_os_str()]));
    assert_eq!(about_mask["kind"], "mask");
    assert_eq!(about_mask["shape"], about_image["shape"]);
    assert_eq!(affine(&about_mask), affine(&about_image));
    let (scan, written) = (medley_io::open_volume(&image).expect("opens"), medley_io::open_labels(&mask).expect("opens"));
    assert_eq!(scan.geometry, written.geometry);

    let scores = answer(["evaluate".as_ref(), mask.as_os_str(), truth.as_os_str()]);
    let dice = scores["mean"]["dice"].as_f64().expect("a number");
    let claimed = trained["metrics"]["dice"].as_f64().expect("a number");
    assert!((dice - claimed).abs() < 1e-6, "the file scores {dice}, the training said {claimed}");

    let again = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), masks.as_os_str()];
    medley(again).assert_refused("measure_seg.nii.gz");
    for bad in bad_images(folder.path()) {
        let name = bad.file_name().expect("a name").to_string_lossy().into_owned();
        let arguments =
            ["predict".as_ref(), model.as_os_str(), bad.as_os_str(), "-o".as_ref(), masks.as_os_str(), "--device".as_ref(), "cpu".as_ref()];
        medley(arguments).assert_refused(&name);
    }
}

#[test]
fn the_same_seed_gives_the_same_model_and_another_seed_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, _) = phantoms(folder.path());
    let train =
        |name: &str, seed: &str| finetune(&set, &folder.path().join(name), &["--seed", seed, "--keep-last"])["model_sha256"].clone();
    let first = train("a", "7");
    assert_eq!(train("b", "7"), first);
    assert_ne!(train("c", "8"), first);
}

/// Neither shows in a network's shapes alone: both must travel with the model.
#[test]
fn ordinary_strides_and_groups_are_trained_and_predict() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, [image, truth]) = phantoms(folder.path());
    let (model, masks) = (folder.path().join("model"), folder.path().join("masks"));
    let options = ["--strides", "ordinary", "--norm", "group", "--shortcut", "A", "--shortcut-gradient", "cut"];
    let trained = finetune(&set, &model, &options);
    let card: Value = serde_json::from_str(&std::fs::read_to_string(model.join("card.json")).expect("read")).expect("JSON");
    assert_eq!((&card["architecture"]["strides"], &card["architecture"]["norm"]), (&json!("ordinary"), &json!("group")));
    let fixed = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), masks.as_os_str()];
    answer(fixed.into_iter().chain(["--device", "cpu"].map(AsRef::as_ref)));
    let scores = answer(["evaluate".as_ref(), masks.join("measure_seg.nii.gz").as_os_str(), truth.as_os_str()]);
    let (dice, claimed) = (scores["mean"]["dice"].as_f64().expect("a number"), trained["metrics"]["dice"].as_f64().expect("a number"));
    assert!((dice - claimed).abs() < 1e-6, "the file scores {dice}, the training said {claimed}");
    // What is not asked for is not in a card, so that cards of before stay what they are.
    finetune(&set, &folder.path().join("usual"), &[]);
    let usual = std::fs::read_to_string(folder.path().join("usual/card.json")).expect("read");
    assert!(!["strides", "\"norm\"", "shortcut_gradient"].iter().any(|key| usual.contains(key)), "{usual}");
}

/// A checkpoint of the reference has no card: `--parity` takes it as it is, and needs its head.
#[test]
fn a_checkpoint_of_the_reference_predicts_in_its_own_way() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, _] = write_case(folder.path(), "scan", &phantom(lps_grid([32, 28, 24]), 0));
    let encoder = medley_nn::EncoderConfig::new(medley_nn::Depth::R18, medley_nn::Shortcut::A, 2);
    let config = medley_nn::NetworkConfig { encoder, head: medley_nn::HeadKind::Med3d, classes: 3 };
    let device = medley_learn::device::open(medley_learn::DeviceChoice::Cpu).expect("the CPU").device;
    let network = config.init(&device, 2);
    let [whole, alone] = ["whole.safetensors", "alone.safetensors"].map(|name| folder.path().join(name));
    medley_nn::weights::save_network(&whole, &network, &BTreeMap::new()).expect("saved");
    medley_nn::weights::save_encoder(&alone, &network.encoder, &BTreeMap::new(), false).expect("saved");
    let masks = |name: &str| folder.path().join(name);
    let arguments = |model: &Path, out: &Path, more: &[&str]| -> Vec<std::ffi::OsString> {
        let fixed = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), out.as_os_str()];
        let options = ["--parity", "--input-size", "24,32,32", "--device", "cpu"];
        fixed.into_iter().chain(options.iter().chain(more).map(AsRef::as_ref)).map(std::ffi::OsStr::to_owned).collect()
    };
    let head = whole.display().to_string();
    let found = answer(arguments(&whole, &masks("a"), &[]));
    assert_eq!(found["labels"], json!({"1": "class 1", "2": "class 2"}));
    answer(arguments(&alone, &masks("b"), &["--head-weights", &head]));
    let [a, b] = ["a", "b"].map(|name| medley_io::open_labels(&masks(name).join("scan_seg.nii.gz")).expect("opens"));
    assert_eq!(a.geometry, medley_io::open_volume(&image).expect("opens").geometry);
    assert!((0..a.labels.len()).all(|offset| a.labels.at(offset) == b.labels.at(offset)));
    medley(arguments(&alone, &masks("c"), &[])).assert_refused("--head-weights");
}

#[test]
fn labels_can_be_chosen_and_only_they_are_learned() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, [image, _]) = phantoms(folder.path());
    let (model, masks) = (folder.path().join("model"), folder.path().join("masks"));
    let trained = finetune(&set, &model, &["--labels", "core"]);
    assert_eq!(trained["metrics"]["dice_per_label"].as_object().map(serde_json::Map::len), Some(1));
    let predicted = answer([
        "predict".as_ref(),
        model.as_os_str(),
        image.as_os_str(),
        "-o".as_ref(),
        masks.as_os_str(),
        "--device".as_ref(),
        "cpu".as_ref(),
    ]);
    assert_eq!(predicted["labels"], json!({"3": "core"}));
    let mask = medley_io::open_labels(&masks.join("measure_seg.nii.gz")).expect("opens");
    assert!(mask.labels.counts().keys().all(|label| [0, 3].contains(label)));
    let fixed = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), masks.as_os_str(), "--labels".as_ref(), "liver".as_ref()];
    medley(fixed).assert_refused("liver");
}

#[test]
fn an_encoder_pretrained_on_two_sets_is_what_a_fine_tuning_starts_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, _) = phantoms(folder.path());
    let [b, b_mask] = write_case(folder.path(), "other", &phantom(lps_grid([24, 24, 24]), 3));
    let second = write_dataset(folder.path(), "others", &[(&b, &b_mask)], &[]);
    let out = folder.path().join("encoder");
    let sets = ["pretrain".as_ref(), first.as_os_str(), second.as_os_str(), "-o".as_ref(), out.as_os_str()];
    let options = ["--base-width", "4", "--steps", "6", "--batch", "1", "--patch", "16,16,16", "--seed", "3", "--device", "cpu"];
    let pretrained = answer(sets.into_iter().chain(options.map(AsRef::as_ref)));
    assert_eq!(pretrained["epochs"].as_f64(), Some(3.0));
    assert!(pretrained["loss"].as_array().is_some_and(|loss| !loss.is_empty()));
    for (name, is_validation) in [("blocks", true), ("others", false)] {
        assert!(pretrained["per_dataset"][name]["dice"].is_number());
        assert_eq!(pretrained["per_dataset"][name]["is_validation"], is_validation);
    }
    let encoder = out.join("encoder.safetensors");
    let inspected = answer(["weights".as_ref(), "inspect".as_ref(), encoder.as_os_str()]);
    assert_eq!((inspected["base_width"].as_u64(), &inspected["missing"]), (Some(4), &json!([])));
    assert_eq!(inspected["sha256"], pretrained["encoder_sha256"]);
    let model = folder.path().join("model");
    let start = ["finetune".as_ref(), first.as_os_str(), "-o".as_ref(), model.as_os_str(), "--weights".as_ref(), encoder.as_os_str()];
    let few = ["--steps", "2", "--batch", "1", "--patch", "16,16,16", "--device", "cpu"];
    let trained = answer(start.into_iter().chain(few.map(AsRef::as_ref)));
    let card = std::fs::read_to_string(trained["card"].as_str().expect("a path")).expect("read");
    let card: Value = serde_json::from_str(&card).expect("JSON");
    assert_eq!(card["weights"]["sha256"], inspected["sha256"]);
    medley(start.into_iter().chain(["--force", "--base-width", "8"].map(AsRef::as_ref))).assert_refused("encoder.safetensors");
}
