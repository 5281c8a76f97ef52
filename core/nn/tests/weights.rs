//! Files in and out: what PyTorch wrote, what we write, and what must be refused.

#![expect(clippy::expect_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use medley_nn::weights::{ExportOptions, WeightsError, WeightsFile, inspect, save_encoder, save_network};
use medley_nn::{Depth, EncoderConfig, HeadKind, NetworkConfig, NormKind, SegmentationNetwork, Shortcut, Strides};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use safetensors::SafeTensors;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().expect("f32")
}

fn small(head: HeadKind) -> NetworkConfig {
    let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 3);
    NetworkConfig { encoder, head, classes: 2 }
}

fn patch(device: &Device) -> Tensor<5> {
    let values: Vec<f32> = (0..4096).map(|v| ((v * 31 % 97) as f32 - 48.0) / 48.0).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape([1, 1, 16, 16, 16])
}

/// One training step's worth of running statistics, so that saving has to keep them.
fn lived_in(head: HeadKind) -> SegmentationNetwork {
    let device = Device::flex().autodiff();
    let network = small(head).init(&device, 4);
    network.forward(patch(&device));
    network
}

#[test]
fn a_checkpoint_of_pytorch_computes_what_pytorch_computes() {
    let device = Device::flex();
    let file = WeightsFile::open(&fixture("r10b_w6.fp16.zip.pth")).expect("a checkpoint");
    assert_eq!(file.prefix(), "state_dict.module.");
    let (encoder, coverage) = file.encoder(&device).expect("an encoder");
    assert_eq!((coverage.matched, coverage.unused.len()), (60, 0));
    let bytes = std::fs::read(fixture("r10b_w6.fp16_weights.odd.safetensors")).expect("a fixture");
    let wanted = SafeTensors::deserialize(&bytes).expect("safetensors");
    let stored = |name: &str| -> (Vec<f32>, Vec<usize>) {
        let view = wanted.tensor(name).expect("a tensor");
        (view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(), view.shape().to_vec())
    };
    let (input, shape) = stored("input");
    let found = encoder.forward(Tensor::from_data(TensorData::new(input, shape), &device));
    let (wanted, shape) = stored("eval.layer4");
    assert_eq!(found.dims().to_vec(), shape);
    let mean = wanted.iter().sum::<f32>() / wanted.len() as f32;
    let sigma = (wanted.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / wanted.len() as f32).sqrt();
    let worst = numbers(found).iter().zip(&wanted).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / sigma;
    assert!(worst < 1e-4, "{worst} σ");
}

#[test]
fn the_legacy_stream_holds_the_same_weights() {
    let device = Device::flex();
    let encoder = |name| WeightsFile::open(&fixture(name)).and_then(|file| file.encoder(&device)).expect("an encoder").0;
    let (exact, rounded) = (encoder("r10b_w6.no_counters.legacy.pth"), encoder("r10b_w6.fp16.zip.pth"));
    let (a, b) = (numbers(exact.forward(patch(&device))), numbers(rounded.forward(patch(&device))));
    let size = a.iter().map(|v| v.abs()).fold(0.0, f32::max);
    let worst = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst > 0.0 && worst < 0.02 * size, "{worst} of {size}");
}

#[test]
fn bytes_are_read_as_files_are() {
    let path = fixture("r10b_w6.fp16.zip.pth");
    let bytes = std::fs::read(&path).expect("a fixture");
    let (file, memory) = (WeightsFile::open(&path).expect("a file"), WeightsFile::from_bytes("memory", &bytes).expect("bytes"));
    assert_eq!(file.sha256(), memory.sha256());
    assert_eq!(file.architecture().expect("known"), memory.architecture().expect("known"));
}

#[test]
fn what_is_saved_computes_the_same_when_loaded() {
    let folder = tempfile::tempdir().expect("a folder");
    for head in HeadKind::ALL {
        let network = lived_in(head);
        let path = folder.path().join(format!("{head}.safetensors"));
        let metadata = BTreeMap::from([("medley.card".to_owned(), "{\"a\": 1}".to_owned())]);
        save_network(&path, &network, &metadata).expect("saved");
        let file = WeightsFile::open(&path).expect("opened");
        assert_eq!(file.metadata(), &metadata);
        let device = Device::flex();
        let loaded = file.network(&device).expect("a network");
        assert_eq!(loaded.config(), network.config());
        assert_eq!(numbers(loaded.forward(patch(&device))), numbers(network.valid().forward(patch(&device))));
    }
    // Nothing else is left in the folder.
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), HeadKind::ALL.len());
}

#[test]
fn a_half_encoder_is_half_as_large_and_nearly_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let encoder = lived_in(HeadKind::Skip).encoder;
    let [full, half] = [false, true].map(|half| {
        let path = folder.path().join(format!("{half}.safetensors"));
        save_encoder(&path, &encoder, &BTreeMap::new(), half).expect("saved");
        path
    });
    let size = |path: &Path| std::fs::metadata(path).expect("a file").len() as f64;
    assert!(size(&half) < 0.65 * size(&full));
    let device = Device::flex();
    let output =
        |path: &Path| numbers(WeightsFile::open(path).and_then(|f| f.encoder(&device)).expect("an encoder").0.forward(patch(&device)));
    let (a, b) = (output(&full), output(&half));
    let scale = a.iter().map(|v| v.abs()).fold(0.0, f32::max);
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 0.01 * scale));
}

/// The network's tensors with some left out, renamed or replaced.
fn rewritten(change: impl Fn(&str, Vec<usize>, Vec<u8>) -> Option<(String, Vec<usize>, Vec<u8>)>) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("whole.safetensors");
    save_encoder(&path, &small(HeadKind::Skip).encoder.init(&Device::flex(), 0), &BTreeMap::new(), false).expect("saved");
    let bytes = std::fs::read(path).expect("a file");
    let whole = SafeTensors::deserialize(&bytes).expect("safetensors");
    let changed: Vec<_> = whole.iter().filter_map(|(name, view)| change(name, view.shape().to_vec(), view.data().to_vec())).collect();
    let views = changed.iter().map(|(name, shape, data)| {
        (name.as_str(), safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data).expect("a view"))
    });
    safetensors::serialize(views, None).expect("bytes")
}

#[test]
fn a_part_of_an_encoder_is_refused_unless_asked_for() {
    let bytes = rewritten(|name, shape, data| (!name.starts_with("layer4")).then(|| (format!("module.{name}"), shape, data)));
    let file = WeightsFile::from_bytes("part.safetensors", &bytes).expect("opened");
    let device = Device::flex();
    match file.encoder(&device) {
        Err(error @ WeightsError::Incomplete { .. }) => {
            let words = error.to_string();
            assert!(words.contains("part.safetensors") && words.contains("layer4.0.conv1.weight"), "{words}");
        }
        other => panic!("{other:?}"),
    }
    let (encoder, coverage) = file.encoder_allowing_partial(&device, 1).expect("a part");
    assert_eq!((coverage.matched, coverage.missing.len(), coverage.is_whole()), (45, 15, false));
    assert_eq!(encoder.config(), small(HeadKind::Skip).encoder);
    assert!(matches!(file.network(&device), Err(WeightsError::NoNetwork { .. })));
}

#[test]
fn a_tensor_of_another_shape_and_one_too_many_are_named() {
    let bytes = rewritten(|name, shape, data| match name {
        "layer3.0.conv2.weight" => Some((name.to_owned(), vec![data.len() / 4], data)),
        "bn1.bias" => Some(("fc.bias".to_owned(), shape, data)),
        _ => Some((name.to_owned(), shape, data)),
    });
    let file = WeightsFile::from_bytes("odd.safetensors", &bytes).expect("opened");
    let (_, coverage) = file.encoder_allowing_partial(&Device::flex(), 1).expect("a part");
    assert_eq!(coverage.missing, vec!["bn1.bias"]);
    assert_eq!(coverage.unused, vec!["fc.bias"]);
    assert_eq!(coverage.misshaped.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), vec!["layer3.0.conv2.weight"]);
}

#[test]
fn a_head_without_an_encoder_is_called_one() {
    let head = vec![0u8; 5 * 32 * 4];
    let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, vec![5, 32, 1, 1, 1], &head).expect("a view");
    let bytes = safetensors::serialize([("module.conv_seg.6.weight", view)], None).expect("bytes");
    let error = WeightsFile::from_bytes("head.safetensors", &bytes).and_then(|file| file.architecture()).expect_err("no encoder");
    assert!(error.to_string().contains("segmentation head (conv_seg) for 5 classes"), "{error}");
}

#[test]
fn a_small_file_cannot_ask_for_a_huge_network() {
    let bytes = rewritten(|name, shape, data| match name {
        "conv1.weight" => Some((name.to_owned(), vec![4000, 1, 7, 7, 7], vec![0; 4000 * 343 * 4])),
        _ => Some((name.to_owned(), shape, data)),
    });
    let file = WeightsFile::from_bytes("huge", &bytes).expect("opened");
    assert!(matches!(file.encoder_allowing_partial(&Device::flex(), 0), Err(WeightsError::NoNetwork { .. })));
    assert!(matches!(file.encoder(&Device::flex()), Err(WeightsError::Incomplete { .. })));
}

#[test]
fn numbers_that_are_none_are_refused_by_name() {
    let bytes = rewritten(|name, shape, mut data| {
        if name == "layer2.0.bn2.bias" {
            data[..4].copy_from_slice(&f32::NAN.to_le_bytes());
        }
        Some((name.to_owned(), shape, data))
    });
    let error = WeightsFile::from_bytes("nan", &bytes).and_then(|file| file.encoder(&Device::flex())).expect_err("refused");
    assert!(error.to_string().contains("layer2.0.bn2.bias"), "{error}");
}

#[test]
fn files_that_are_none_are_refused_in_one_line() {
    let whole = std::fs::read(fixture("r10b_w6.fp16.zip.pth")).expect("a fixture");
    let legacy = std::fs::read(fixture("r10b_w6.no_counters.legacy.pth")).expect("a fixture");
    let system = b"\x80\x02cposix\nsystem\nq\x00X\x0c\x00\x00\x00touch ./RAN_q\x01\x85q\x02Rq\x03.".to_vec();
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("empty.pth", Vec::new(), "empty"),
        ("page.pth", b"<!doctype html><title>Sign in</title>".to_vec(), "web page"),
        ("pointer.pth", b"version https://git-lfs.github.com/spec/v1\noid sha256:0".to_vec(), "git-lfs"),
        ("cut.pth", whole[..whole.len() / 2].to_vec(), "damaged"),
        ("cut_legacy.pth", legacy[..legacy.len() - 1].to_vec(), "damaged"),
        ("call.pth", system, "posix.system"),
        ("text_call.pth", b"(dp0\nS'a'\nctorch\nos.system\n(S'touch RAN'\ntRs.".to_vec(), "torch.os.system"),
        ("long.safetensors", b"\xff\xff\xff\x00\x00\x00\x00\x00{}".to_vec(), "damaged"),
        ("none.safetensors", b"\x02\x00\x00\x00\x00\x00\x00\x00{}".to_vec(), "no tensor"),
    ];
    for (name, bytes, wanted) in cases {
        let words = WeightsFile::from_bytes(name, &bytes).expect_err(name).to_string();
        assert!(words.contains(name) && words.contains(wanted) && !words.contains('\n'), "{words}");
    }
    assert!(!Path::new("RAN").exists());
    assert!(matches!(WeightsFile::open(Path::new("/nowhere/at/all.pth")), Err(WeightsError::Read { .. })));
    assert!(matches!(WeightsFile::open(&std::env::temp_dir()), Err(WeightsError::NotWeights { .. } | WeightsError::Read { .. })));
}

#[test]
fn an_inspection_tells_what_is_inside() {
    let found = inspect(&fixture("r10b_w6.no_counters.legacy.pth")).expect("a checkpoint");
    assert_eq!(found.architecture.encoder_config(), EncoderConfig { base_width: 6, ..EncoderConfig::released(Depth::R10) });
    assert_eq!((found.coverage.matched, found.unusable.len(), found.sha256.len()), (60, 0, 64));
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!((&json["depth"], &json["shortcut"], &json["base_width"]), (&"10".into(), &"B".into(), &6.into()));
}

/// Whatever is done to a good file, the answer is a network or a sentence.
#[test]
fn spoilt_files_end_in_a_sentence() {
    let good = rewritten(|name, shape, data| Some((name.to_owned(), shape, data)));
    let exported = {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.pth");
        let file = WeightsFile::from_bytes("good", &good).expect("opened");
        file.export(&path, &ExportOptions::default()).expect("exported");
        std::fs::read(path).expect("a file")
    };
    let originals = [
        std::fs::read(fixture("r10b_w6.fp16.zip.pth")).expect("a fixture"),
        std::fs::read(fixture("r10b_w6.no_counters.legacy.pth")).expect("a fixture"),
        good,
        exported,
    ];
    let mut draws = ChaCha8Rng::seed_from_u64(1);
    let rounds = std::env::var("MEDLEY_SPOILT_FILES").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(60);
    for round in 0..rounds {
        let mut bytes = originals[round % originals.len()].clone();
        // The structure is at both ends; between them are numbers only.
        for _ in 0..draws.random_range(1..6) {
            let near_an_end = draws.random_range(0..bytes.len().min(9000));
            let at = if draws.random_bool(0.5) { near_an_end } else { bytes.len() - 1 - near_an_end };
            bytes[at] = if draws.random_bool(0.3) { 0xff } else { draws.random() };
        }
        if draws.random_bool(0.2) {
            bytes.truncate(draws.random_range(0..bytes.len()));
        }
        if let Err(error) = WeightsFile::from_bytes("spoilt", &bytes).and_then(|file| file.encoder_allowing_partial(&Device::flex(), 0)) {
            let words = error.to_string();
            assert!(words.starts_with("spoilt") && !words.contains('\n') && words.len() < 2000, "{words}");
        }
    }
}

/// A scan given three times over is to the inflated encoder what the scan is to the one it came from, and back again.
#[test]
fn an_encoder_inflated_for_several_channels_computes_the_same_on_equal_ones() {
    let device = Device::flex();
    let file = WeightsFile::open(&fixture("r10b_w6.no_counters.legacy.pth")).expect("a checkpoint");
    let (one, _) = file.encoder(&device).expect("an encoder");
    let (three, coverage) = file.encoder_as(EncoderConfig { in_channels: 3, ..one.config() }, &device).expect("inflated");
    assert_eq!((coverage.matched, coverage.is_whole()), (60, true));
    let wanted = numbers(one.forward(patch(&device)));
    let close = |found: &[f32]| found.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 1e-5 * (1.0 + b.abs()));
    assert!(close(&numbers(three.forward(patch(&device).repeat_dim(1, 3)))));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("three.safetensors");
    save_encoder(&path, &three, &BTreeMap::new(), false).expect("saved");
    let saved = WeightsFile::open(&path).expect("opened");
    assert_eq!(saved.architecture().expect("known").in_channels, 3);
    let back = saved.encoder_as(one.config(), &device).expect("added up").0;
    assert!(close(&numbers(back.forward(patch(&device)))));
    let words = saved.encoder_as(EncoderConfig { in_channels: 2, ..one.config() }, &device).expect_err("3 to 2").to_string();
    assert!(words.contains("three.safetensors") && words.contains("3 input channels and 2"), "{words}");
}

#[test]
fn strides_and_groups_survive_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let device = Device::flex();
    let encoder = EncoderConfig { strides: Strides::Ordinary, norm: NormKind::Group, ..small(HeadKind::Skip).encoder };
    for head in [HeadKind::Skip, HeadKind::Med3d] {
        let network = NetworkConfig { encoder, head, classes: 2 }.init(&device, 4);
        let path = folder.path().join(format!("{head}.safetensors"));
        save_network(&path, &network, &BTreeMap::new()).expect("saved");
        let loaded = WeightsFile::open(&path).and_then(|file| file.network(&device)).expect("a network");
        assert_eq!(loaded.config(), network.config());
        assert_eq!(numbers(loaded.forward(patch(&device))), numbers(network.forward(patch(&device))));
        let exported = folder.path().join(format!("{head}.encoder.safetensors"));
        let options = ExportOptions { is_encoder_only: true, ..ExportOptions::default() };
        WeightsFile::open(&path).and_then(|file| file.export(&exported, &options)).expect("exported");
        let about = WeightsFile::open(&exported).and_then(|file| file.architecture()).expect("known");
        assert_eq!((about.encoder_config(), about.head), (encoder, None));
    }
    // A checkpoint of batch normalisation lends its slopes and offsets; its running numbers have no place.
    let file = WeightsFile::open(&fixture("r10b_w6.no_counters.legacy.pth")).expect("a checkpoint");
    let config =
        EncoderConfig { norm: NormKind::Group, strides: Strides::Ordinary, ..file.architecture().expect("known").encoder_config() };
    let (grouped, coverage) = file.encoder_as(config, &device).expect("an encoder");
    assert_eq!((coverage.matched, coverage.missing.len(), coverage.unused.len()), (36, 0, 24));
    assert_eq!(grouped.config(), config);
}
