//! Weights out again: what is exported is what was there, by our own reader and by PyTorch.

#![expect(clippy::expect_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::tensor::Device;
use medley_nn::weights::{ExportOptions, Precision, WeightsError, WeightsFile, save_encoder, save_network};
use medley_nn::{Depth, EncoderConfig, HeadKind, NetworkConfig, Shortcut, parameters};
use safetensors::{Dtype, SafeTensors};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Name, type, shape and bytes of every tensor.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).expect("a file");
    let read = SafeTensors::deserialize(&bytes).expect("safetensors");
    read.iter().map(|(name, view)| (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))).collect()
}

/// Reads `from`, writes it under another name, and returns the tensors of a `.safetensors` made from that.
fn through(from: &Path, name: &str, options: &ExportOptions) -> Tensors {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, second) = (folder.path().join(name), folder.path().join("read_again.safetensors"));
    WeightsFile::open(from).and_then(|file| file.export(&first, options)).expect("exported");
    WeightsFile::open(&first).and_then(|file| file.export(&second, &ExportOptions::default())).expect("read again");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "nothing is left beside them");
    tensors(&second)
}

fn model(folder: &Path, head: HeadKind) -> PathBuf {
    let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 3);
    let network = NetworkConfig { encoder, head, classes: 2 }.init(&Device::flex(), 4);
    let path = folder.join(format!("{head}.safetensors"));
    let metadata = BTreeMap::from([("medley.card".to_owned(), "{}".to_owned())]);
    save_network(&path, &network, &metadata).expect("saved");
    path
}

#[test]
fn a_pth_and_a_safetensors_hold_the_same_bits() {
    for source in ["r10b_w6.no_counters.legacy.pth", "r10b_w6.fp16.zip.pth"] {
        let path = fixture(source);
        let options = ExportOptions::default();
        let direct = through(&path, "a.safetensors", &options);
        assert_eq!(direct, through(&path, "a.pth", &options), "{source}");
        let wrapped = ExportOptions { prefix: "module.".to_owned(), top_level: Some("state_dict".to_owned()), ..options };
        assert_eq!(direct, through(&path, "a.pth.tar", &wrapped), "{source}");
        // Sixty tensors of the encoder and a counter for each of its twelve normalisations, whether the file had them or not.
        let counters = direct.iter().filter(|(name, _)| name.ends_with("num_batches_tracked")).collect::<Vec<_>>();
        assert_eq!((direct.len(), counters.len()), (72, 12), "{source}");
        assert!(counters.iter().all(|(_, (dtype, shape, _))| *dtype == Dtype::I64 && shape.is_empty()));
    }
}

#[test]
fn precisions_round_as_they_should() {
    let exact = through(&fixture("r10b_w6.no_counters.legacy.pth"), "a.pth", &ExportOptions::default());
    let f32_of = |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>();
    for (precision, dtype, bits) in [(Precision::F16, Dtype::F16, 11), (Precision::Bf16, Dtype::BF16, 8)] {
        let options = ExportOptions { precision: Some(precision), ..ExportOptions::default() };
        for (name, (found, shape, bytes)) in through(&fixture("r10b_w6.no_counters.legacy.pth"), "a.pth", &options) {
            if name.ends_with("num_batches_tracked") {
                assert_eq!(found, Dtype::I64);
                continue;
            }
            let (_, wanted_shape, wanted) = &exact[&name];
            assert_eq!((found, &shape), (dtype, wanted_shape), "{name}");
            let halves = bytes.as_chunks::<2>().0.iter();
            let values: Vec<f32> = match precision {
                Precision::F16 => halves.map(|b| half::f16::from_le_bytes(*b).to_f32()).collect(),
                _ => halves.map(|b| half::bf16::from_le_bytes(*b).to_f32()).collect(),
            };
            for (value, wanted) in values.iter().zip(f32_of(wanted)) {
                // Half a unit of the last of `bits` digits; below the smallest normal number, of that.
                let unit = wanted.abs().max(6.2e-5) * 2.0f32.powi(-bits);
                assert!((value - wanted).abs() <= unit, "{name}: {value} for {wanted}");
            }
        }
    }
}

#[test]
fn of_a_model_the_whole_or_the_encoder_can_be_had() {
    let folder = tempfile::tempdir().expect("a folder");
    for head in [HeadKind::Med3d, HeadKind::Skip] {
        let path = model(folder.path(), head);
        let network = WeightsFile::open(&path).and_then(|file| file.network(&Device::flex())).expect("a network");
        let whole = through(&path, "a.pth", &ExportOptions::default());
        assert!(parameters(&network).iter().all(|p| whole.contains_key(&p.name)), "{head}");
        let only = through(&path, "a.pth", &ExportOptions { is_encoder_only: true, ..ExportOptions::default() });
        assert_eq!(only.len(), 72, "{head}");
        assert!(only.iter().all(|(name, tensor)| whole[name] == *tensor));
    }
    let export = |name: &str, is_encoder_only| {
        let out = folder.path().join(name);
        let options = ExportOptions { is_encoder_only, ..ExportOptions::default() };
        let report = WeightsFile::open(&folder.path().join("skip.safetensors")).and_then(|f| f.export(&out, &options)).expect("exported");
        (WeightsFile::open(&out).expect("opened").metadata().len(), report.left_out.is_empty())
    };
    // The card tells of a model with its head: it goes with the whole only.
    assert_eq!([export("whole.safetensors", false), export("encoder.safetensors", true)], [(1, true), (0, false)]);
}

#[test]
fn what_cannot_be_exported_is_refused_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = WeightsFile::open(&fixture("r10b_w6.no_counters.legacy.pth")).expect("a checkpoint");
    let refused = |name: &str, options: &ExportOptions| file.export(&folder.path().join(name), options).expect_err(name);
    assert!(matches!(refused("a.bin", &ExportOptions::default()), WeightsError::Format { .. }));
    assert!(matches!(refused("tar", &ExportOptions::default()), WeightsError::Format { .. }));
    let wrapped = ExportOptions { top_level: Some("state_dict".to_owned()), ..ExportOptions::default() };
    assert!(matches!(refused("a.safetensors", &wrapped), WeightsError::Format { .. }));
    assert!(matches!(refused("no/such/folder/a.pth", &ExportOptions::default()), WeightsError::Write { .. }));
    // A value beyond the range of 16 bits, and a network without its last stage.
    let whole = through(&fixture("r10b_w6.no_counters.legacy.pth"), "a.safetensors", &ExportOptions::default());
    let changed = |change: &dyn Fn(&str, &mut Vec<u8>) -> bool| {
        let kept: Vec<_> =
            whole.clone().into_iter().filter_map(|(name, (t, s, mut b))| change(&name, &mut b).then_some((name, t, s, b))).collect();
        let views = kept.iter().map(|(n, t, s, b)| (n.as_str(), safetensors::tensor::TensorView::new(*t, s.clone(), b).expect("a view")));
        WeightsFile::from_bytes("changed", &safetensors::serialize(views, None).expect("bytes")).expect("opened")
    };
    let large = changed(&|name, bytes| {
        if name == "layer1.0.bn1.running_var" {
            bytes[..4].copy_from_slice(&1e6f32.to_le_bytes());
        }
        true
    });
    let to = |precision| ExportOptions { precision: Some(precision), ..ExportOptions::default() };
    let error = large.export(&folder.path().join("a.pth"), &to(Precision::F16)).expect_err("too large").to_string();
    assert!(error.contains("layer1.0.bn1.running_var") && error.contains("1000000"), "{error}");
    let partial = changed(&|name, _| !name.starts_with("layer4"));
    assert!(matches!(partial.export(&folder.path().join("a.pth"), &ExportOptions::default()), Err(WeightsError::Incomplete { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
    let allowed = ExportOptions { allow_partial: true, ..ExportOptions::default() };
    assert_eq!(partial.export(&folder.path().join("a.pth"), &allowed).expect("a part").tensors, 54);
    assert!(large.export(&folder.path().join("b.pth"), &to(Precision::Bf16)).is_ok());
}

/// What wrappers and training scripts put before the names, and the keys they put the dictionary under.
const PREFIXES: [&str; 14] = [
    "",
    "module.",
    "backbone.",
    "encoder.",
    "model.",
    "net.",
    "network.",
    "resnet.",
    "features.",
    "_orig_mod.",
    "module.backbone.",
    "_orig_mod.module.",
    "model.encoder.",
    "module.net.features.",
];
const TOP_LEVELS: [Option<&str>; 6] = [Some("state_dict"), Some("model"), Some("model_state_dict"), Some("net"), Some("network"), None];

/// An encoder with the weights of its first moment, as a file.
fn encoder_file(folder: &Path, config: EncoderConfig) -> (PathBuf, Tensors) {
    let path = folder.join("encoder.safetensors");
    save_encoder(&path, &config.init(&Device::flex(), 7), &BTreeMap::new(), false).expect("saved");
    let tensors = tensors(&path);
    (path, tensors)
}

#[test]
fn every_encoder_is_found_under_every_prefix_and_key() {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, (depth, shortcut)) in Depth::ALL.into_iter().flat_map(|d| [(d, Shortcut::A), (d, Shortcut::B)]).enumerate() {
        let config = EncoderConfig { in_channels: 1 + number % 4, ..EncoderConfig::new(depth, shortcut, 1 + number % 3) };
        let (path, wanted) = encoder_file(folder.path(), config);
        let source = WeightsFile::open(&path).expect("a file");
        // The shallowest under each pair; the others, which are larger, under some of each.
        let step = if number < 2 { 1 } else { 11 };
        let pairs: Vec<_> =
            PREFIXES.into_iter().flat_map(|p| TOP_LEVELS.into_iter().map(move |t| (p, t))).skip(number % step).step_by(step).collect();
        for (prefix, top_level) in pairs {
            let options = ExportOptions { prefix: prefix.to_owned(), top_level: top_level.map(str::to_owned), ..ExportOptions::default() };
            let out = folder.path().join("out.pth");
            source.export(&out, &options).expect("exported");
            let file = WeightsFile::open(&out).expect("opened");
            assert_eq!(file.prefix(), format!("{}{prefix}", top_level.map(|key| format!("{key}.")).unwrap_or_default()));
            assert_eq!(file.architecture().expect("known").encoder_config(), config, "{options:?}");
            let (_, coverage) = file.encoder(&Device::flex()).expect("a whole encoder");
            assert_eq!((coverage.matched, coverage.unused.len()), (wanted.len(), 0));
            let again = folder.path().join("again.safetensors");
            file.export(&again, &ExportOptions::default()).expect("exported");
            let again = tensors(&again);
            assert!(wanted.iter().all(|(name, tensor)| again[name] == *tensor), "{options:?}");
        }
    }
}

/// Names, shapes and types of all fourteen networks are those of the reference's state dictionaries, counters included.
#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn the_names_are_the_references() {
    let shared = PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/"));
    let keys = std::fs::read_to_string(shared.join("parity/keys.json")).expect("keys");
    let keys: serde_json::Value = serde_json::from_str(&keys).expect("JSON");
    let folder = tempfile::tempdir().expect("a folder");
    for depth in Depth::ALL {
        for shortcut in [Shortcut::A, Shortcut::B] {
            // A thirty-second of the width, so that every number of channels but the input's is a thirty-second.
            let config = EncoderConfig::new(depth, shortcut, 2);
            let (path, _) = encoder_file(folder.path(), config);
            let out = folder.path().join("out.safetensors");
            let options = ExportOptions { prefix: "module.".to_owned(), ..ExportOptions::default() };
            WeightsFile::open(&path).and_then(|file| file.export(&out, &options)).expect("exported");
            let channels = |side: usize, axis: usize| if axis < 2 && side > 1 { side * 32 } else { side };
            let found: BTreeMap<String, (Vec<usize>, &str)> = tensors(&out)
                .into_iter()
                .map(|(name, (dtype, shape, _))| {
                    let shape = shape.into_iter().enumerate().map(|(axis, side)| channels(side, axis)).collect();
                    (name, (shape, if dtype == Dtype::I64 { "i64" } else { "f32" }))
                })
                .collect();
            let model = &keys["models"][format!("{depth}{shortcut}")];
            let entries = model["entries"].as_array().expect("entries");
            assert_eq!((found.len(), Some(found.len() as u64)), (entries.len(), model["count"].as_u64()), "{depth}{shortcut}");
            for entry in entries {
                let (shape, dtype) = &found[entry[0].as_str().expect("a name")];
                assert_eq!((serde_json::json!(shape), entry[2].as_str()), (entry[1].clone(), Some(*dtype)), "{entry}");
            }
        }
    }
}

/// PyTorch itself: `MEDLEY_PYTHON` names a Python with torch and safetensors.
#[test]
#[ignore = "needs MEDLEY_PYTHON"]
fn pytorch_reads_what_is_exported() {
    let python = std::env::var("MEDLEY_PYTHON").expect("MEDLEY_PYTHON names a Python with torch");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/read_pth.py");
    let folder = tempfile::tempdir().expect("a folder");
    let (pth, same) = (folder.path().join("a.pth"), folder.path().join("a.safetensors"));
    let check = |source: &Path, options: &ExportOptions, network: &[&str]| {
        let file = WeightsFile::open(source).expect("a checkpoint");
        file.export(&pth, options).expect("exported");
        let plain = ExportOptions { prefix: String::new(), top_level: None, ..options.clone() };
        file.export(&same, &plain).expect("exported");
        let mut command = Command::new(&python);
        command.arg(&script).args([&pth, &same]).args(["--prefix", &options.prefix]).args(network);
        if let Some(key) = &options.top_level {
            command.args(["--key", key]);
        }
        let output = command.output().expect("Python runs");
        assert!(output.status.success(), "{source:?} {options:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let strict = ["--network", "10B", "6"];
    let wrapped = ExportOptions { prefix: "module.".to_owned(), top_level: Some("state_dict".to_owned()), ..ExportOptions::default() };
    for source in ["r10b_w6.no_counters.legacy.pth", "r10b_w6.fp16.zip.pth"] {
        check(&fixture(source), &ExportOptions::default(), &strict);
        check(&fixture(source), &wrapped, &strict);
        for precision in [Precision::F32, Precision::F16, Precision::Bf16] {
            check(&fixture(source), &ExportOptions { precision: Some(precision), ..wrapped.clone() }, &strict);
        }
    }
    for head in [HeadKind::Med3d, HeadKind::Skip] {
        check(&model(folder.path(), head), &ExportOptions::default(), &[]);
    }
}
