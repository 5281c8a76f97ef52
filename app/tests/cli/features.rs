use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medley_io::npy::{self, NpyArray};
use medley_nn::weights::{WeightsFile, save_encoder};
use medley_volume::{LabelMap, Quantity, Scaling, Volume, Voxels};
use safetensors::SafeTensors;
use serde_json::{Value, json};

use crate::hostile::bad_images;
use crate::support::{answer, lps_grid, medley, phantom, write_case};

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|v| ((v * 37) % 101) as f32 / 50.0 - 1.0).collect()
}

fn features(images: &[&Path], output: &Path, more: &[&str]) -> Value {
    let fixed = ["features".as_ref(), "-o".as_ref(), output.as_os_str()].into_iter().chain(images.iter().map(|image| image.as_os_str()));
    let options = if more.contains(&"--weights") { more.to_vec() } else { [more, &["--weights", "starter"]].concat() };
    answer(fixed.chain(options.iter().map(AsRef::as_ref)).chain(["--device", "cpu"].map(AsRef::as_ref)))
}

fn assert_refused(images: &[&Path], more: &[&str], word: &str) {
    let options = ["features", "--weights", "starter", "-o", "one.npy", "--device", "cpu"].iter().chain(more).map(AsRef::as_ref);
    medley(options.chain(images.iter().map(|image| image.as_os_str()))).assert_refused(word);
}

/// Two phantoms of one kind and an array.
fn inputs(folder: &Path) -> [PathBuf; 3] {
    let [a, _] = write_case(folder, "first", &phantom(lps_grid([32, 32, 24]), 0));
    let [b, _] = write_case(folder, "second", &phantom(lps_grid([28, 36, 20]), 5));
    let array = folder.join("ready.npy");
    npy::write(&array, &[2, 1, 16, 17, 24], &numbers(2 * 16 * 17 * 24)).expect("written");
    [a, b, array]
}

#[test]
fn vectors_of_many_inputs_go_into_one_array_with_names_beside() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b, array] = inputs(folder.path());
    let output = folder.path().join("vectors.npy");
    let found = features(&[&a, &b, &array], &output, &[]);
    assert_eq!((&found["shape"], &found["layer"]), (&json!([4, 128]), &json!("pooled")));
    assert_eq!(found["images"][2]["shape"], json!([2, 128]));
    // The median spacing of the scans, right, anterior, superior.
    assert_eq!((&found["preprocessing"], &found["spacing_mm"]), (&json!("recipe"), &json!([1.5, 2.0, 2.5])));
    let about: Value = serde_json::from_str(&std::fs::read_to_string(output.with_extension("json")).expect("beside it")).expect("JSON");
    assert_eq!(about["names"], json!(["first", "second", "ready[0]", "ready[1]"]));
    let vectors = npy::read(&output).expect("an array");
    assert_eq!(vectors.shape, [4, 128]);
    // A vector is the mean of the map that the same command writes.
    let maps = folder.path().join("maps.safetensors");
    let found = features(&[&a, &b, &array], &maps, &["--layer", "layer4"]);
    assert_eq!(found["shape"], json!([1, 128, 3, 4, 4]));
    let bytes = std::fs::read(&maps).expect("a file");
    let entries = SafeTensors::deserialize(&bytes).expect("safetensors");
    let map = entries.tensor("second").expect("an entry");
    let values: Vec<f32> = map.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    let places: usize = map.shape()[2..].iter().product();
    for (channel, places) in values.chunks(places).enumerate() {
        let mean = places.iter().sum::<f32>() / places.len() as f32;
        assert!((mean - vectors.values[128 + channel]).abs() < 1e-4 * (1.0 + mean.abs()));
    }
    let output = output.display().to_string();
    medley(["features", &a.display().to_string(), "--weights", "starter", "-o", &output, "--device", "cpu"]).assert_refused("vectors.npy");
}

#[test]
fn maps_go_into_a_file_each_and_every_layer_has_its_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b, array] = inputs(folder.path());
    let out = folder.path().join("maps");
    let found = features(&[&a, &b], &out, &["--layer", "maxpool", "--spacing", "2,2,2"]);
    assert_eq!(found["outputs"], json!([out.join("first.npy"), out.join("second.npy")]));
    for (layer, shape) in [
        ("conv1", json!([2, 16, 8, 9, 12])),
        ("layer1", json!([2, 16, 4, 5, 6])),
        ("layer3", json!([2, 64, 2, 3, 3])),
        ("pooled-max", json!([2, 128])),
    ] {
        let file = folder.path().join(format!("{layer}.npy"));
        let found = features(&[&array], &file, &["--layer", layer]);
        assert_eq!((&found["shape"], &found["preprocessing"]), (&shape, &json!("none")), "{layer}");
        assert_eq!(json!(npy::read(&file).expect("an array").shape), shape);
    }
    assert_refused(&[&a, &b], &["--layer", "layer1"], "one.npy");
    assert_refused(&[&a], &["--layer", "logits"], "--head-weights");
    for bad in bad_images(folder.path()) {
        assert_refused(&[&bad], &[], &bad.file_name().expect("a name").to_string_lossy());
    }
    let flat = folder.path().join("flat.npy");
    npy::write(&flat, &[8, 8, 8], &numbers(512)).expect("written");
    assert_refused(&[&flat], &[], "flat.npy");
}

/// Three equal channels through inflated weights are the one channel.
#[test]
fn weights_for_one_channel_are_spread_over_as_many_as_an_array_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, three) = (folder.path().join("one.npy"), folder.path().join("three.npy"));
    let values = numbers(16 * 16 * 24);
    npy::write(&one, &[1, 1, 16, 16, 24], &values).expect("written");
    npy::write(&three, &[1, 3, 16, 16, 24], &values.repeat(3)).expect("written");
    let [alone, spread] = ["alone.npy", "spread.npy"].map(|name| folder.path().join(name));
    features(&[&one], &alone, &[]);
    features(&[&three], &spread, &["--in-channels", "3"]);
    let (alone, spread) = (npy::read(&alone).expect("an array"), npy::read(&spread).expect("an array"));
    assert!(alone.values.iter().zip(&spread.values).all(|(a, b)| (a - b).abs() < 1e-4 * (1.0 + a.abs())));
    assert_refused(&[&three], &[], "--in-channels 3");
}

#[test]
fn the_references_way_stretches_and_its_noise_has_a_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let grid = lps_grid([32, 32, 24]);
    let values = (0..grid.len()).map(|offset| (offset * 7919 % 5) as i16).collect();
    let scan = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
    let [a, _] = write_case(folder.path(), "zeros", &(scan, LabelMap::empty(grid)));
    let run = |name: &str, more: &[&str]| -> NpyArray {
        let file = folder.path().join(name);
        let found = features(&[&a], &file, &[&["--parity", "--input-size", "24,40,32", "--layer", "layer4"], more].concat());
        assert_eq!((&found["shape"], &found["preprocessing"]), (&json!([1, 128, 3, 5, 4]), &json!("reference")));
        npy::read(&file).expect("an array")
    };
    let (first, again, other) = (run("a.npy", &[]), run("b.npy", &["--seed", "0"]), run("c.npy", &["--seed", "1"]));
    assert_eq!(first, again);
    assert_ne!(first, other);
}

/// `MEDLEY_SHARED` names the folder that holds `parity/`.
#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn every_layer_of_the_references_networks_is_the_references() {
    let parity = PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/")).join("parity");
    let folder = tempfile::tempdir().expect("a folder");
    for (model, tolerance) in [("r10b_w6", 1e-4), ("r18a_w6", 1e-4), ("r34a_w4", 1e-4), ("r50b_w4", 3e-4)] {
        for input in ["odd", "cube", "wide"] {
            let bytes = std::fs::read(parity.join(format!("io/{model}.{input}.safetensors"))).expect("arrays");
            let stored = SafeTensors::deserialize(&bytes).expect("safetensors");
            let get = |name: &str| -> Option<(Vec<usize>, Vec<f32>)> {
                let view = stored.tensor(name).ok()?;
                Some((view.shape().to_vec(), view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()))
            };
            let (shape, values) = get("input").expect("an input");
            let array = folder.path().join("parity-input.npy");
            npy::write(&array, &shape, &values).expect("written");
            let (weights, head) = (parity.join(format!("{model}.legacy.pth")), parity.join(format!("{model}.head.safetensors")));
            for layer in ["conv1", "maxpool", "layer1", "layer2", "layer3", "layer4", "logits"] {
                let Some((shape, wanted)) = get(&format!("eval.{layer}")) else { continue };
                let output = folder.path().join("out.npy");
                let text = |path: &Path| path.display().to_string();
                let (weights, head) = (text(&weights), text(&head));
                let found = features(&[&array], &output, &["--weights", &weights, "--head-weights", &head, "--layer", layer, "--force"]);
                assert_eq!(found["shape"], json!(shape));
                let found = npy::read(&output).expect("an array").values;
                let mean = wanted.iter().sum::<f32>() / wanted.len() as f32;
                let sigma = (wanted.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / wanted.len() as f32).sqrt();
                let worst = found.iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / sigma;
                println!("{model} {input} {layer}: {worst:.1e}");
                assert!(worst < tolerance, "{model} {input} {layer}: {worst}");
            }
        }
    }
}

/// What was trained with ordinary strides is asked with them; a checkpoint without a word of it by name.
#[test]
fn strides_come_from_the_file_or_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let array = folder.path().join("x.npy");
    npy::write(&array, &[1, 1, 32, 32, 64], &numbers(32 * 32 * 64)).expect("written");
    let out = folder.path().join("maps.npy");
    let found = features(&[&array], &out, &["--layer", "layer4", "--strides", "ordinary"]);
    assert_eq!(found["shape"], json!([1, 128, 1, 1, 2]));
    let starter = folder.path().join("ordinary.safetensors");
    let bytes = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/starter/resnet10_w16_starter.safetensors"));
    let file = WeightsFile::from_bytes("starter", &bytes.expect("the starter")).expect("weights");
    let config = file.architecture().expect("known").encoder_config();
    let config = medley_nn::EncoderConfig { strides: medley_nn::Strides::Ordinary, ..config };
    let device = medley_learn::device::open(medley_learn::DeviceChoice::Cpu).expect("the CPU").device;
    let encoder = file.encoder_as(config, &device).expect("an encoder").0;
    save_encoder(&starter, &encoder, &BTreeMap::new(), false).expect("saved");
    let again = folder.path().join("again.npy");
    let path = starter.display().to_string();
    assert_eq!(features(&[&array], &again, &["--layer", "layer4", "--weights", &path])["shape"], json!([1, 128, 1, 1, 2]));
    assert_eq!(npy::read(&again).expect("an array"), npy::read(&out).expect("an array"));
}
