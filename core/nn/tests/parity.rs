//! Against what the reference computes, with files that are not part of this repository: `MEDLEY_SHARED` names the folder that
//! holds `parity/`. Run with `--ignored`.

#![expect(clippy::expect_used, reason = "a test that cannot read its files has failed")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use medley_nn::weights::{WeightsFile, inspect};
use medley_nn::{SegmentationNetwork, loss, parameters};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

fn parity() -> PathBuf {
    PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with parity/")).join("parity")
}

struct Stored(Vec<u8>);

impl Stored {
    fn open(name: &str) -> Self {
        Self(std::fs::read(parity().join(name)).expect("a parity file"))
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.0).expect("safetensors")
    }

    fn get(&self, name: &str) -> Option<(Vec<f32>, Vec<usize>)> {
        let tensors = self.tensors();
        let view = tensors.tensor(name).ok()?;
        let bytes = view.data();
        let values = match view.dtype() {
            Dtype::F32 => bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Dtype::F64 => bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            Dtype::I64 => bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as f32).collect(),
            other => panic!("{other:?}"),
        };
        Some((values, view.shape().to_vec()))
    }
}

/// Encoder and reference head of one of the four models, from its checkpoint and the separate head.
fn network(model: &str, device: &Device) -> SegmentationNetwork {
    let file = WeightsFile::open(&parity().join(format!("{model}.zip.pth"))).expect("a checkpoint");
    let (encoder, _) = file.encoder(device).expect("an encoder");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("encoder.safetensors");
    medley_nn::weights::save_encoder(&path, &encoder, &BTreeMap::new(), false).expect("saved");
    let encoder = Stored(std::fs::read(&path).expect("a file"));
    let head = Stored::open(&format!("{model}.head.safetensors"));
    let views: Vec<(String, TensorView<'_>)> = encoder.tensors().iter().map(|(n, v)| (n.to_owned(), v)).collect::<Vec<_>>();
    let owned: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = views
        .into_iter()
        .chain(head.tensors().iter().map(|(n, v)| (n.to_owned(), v)))
        .map(|(n, v)| (n.trim_start_matches("module.").to_owned(), v.dtype(), v.shape().to_vec(), v.data().to_vec()))
        .collect();
    let whole = owned.iter().map(|(n, t, s, d)| (n.as_str(), TensorView::new(*t, s.clone(), d).expect("a view")));
    let bytes = safetensors::serialize(whole, None).expect("bytes");
    WeightsFile::from_bytes(model, &bytes).and_then(|file| file.network(device)).expect("a network")
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.to_data().try_to_vec().expect("f32")
}

/// Largest difference in standard deviations of what is wanted.
fn deviation(found: &[f32], wanted: &[f32]) -> f64 {
    assert_eq!(found.len(), wanted.len());
    let mean = wanted.iter().map(|v| f64::from(*v)).sum::<f64>() / wanted.len() as f64;
    let sigma = (wanted.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>() / wanted.len() as f64).sqrt();
    let worst = found.iter().zip(wanted).map(|(a, b)| f64::from((a - b).abs())).max_by(f64::total_cmp).expect("numbers");
    assert!(sigma > 0.0 && worst.is_finite());
    worst / sigma
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn outputs_are_the_references() {
    let mut failures = Vec::new();
    for model in ["r10b_w6", "r18a_w6", "r34a_w4", "r50b_w4"] {
        for input in ["odd", "cube", "wide"] {
            let stored = Stored::open(&format!("io/{model}.{input}.safetensors"));
            for mode in ["eval", "train"] {
                let device = if mode == "eval" { Device::flex() } else { Device::flex().autodiff() };
                let network = network(model, &device);
                let (values, shape) = stored.get("input").expect("an input");
                let x = Tensor::<5>::from_data(TensorData::new(values, shape), &device);
                let features = network.encoder.features(x.clone());
                // The head on the same features: the forward pass again would move the running statistics twice.
                let logits = self::network(model, &device).forward(x);
                let mut line = format!("{model} {input:5} {mode:5}");
                for (stage, found) in [
                    ("conv1", features.conv1),
                    ("maxpool", features.max_pool),
                    ("layer1", features.layer1),
                    ("layer2", features.layer2),
                    ("layer3", features.layer3),
                    ("layer4", features.layer4),
                    ("logits", logits),
                ] {
                    let Some((wanted, shape)) = stored.get(&format!("{mode}.{stage}")) else { continue };
                    assert_eq!(found.dims().to_vec(), shape, "{model} {input} {mode} {stage}");
                    let worst = deviation(&numbers(found), &wanted);
                    line += &format!("  {stage} {worst:.1e}");
                    let tolerance = match (model, mode) {
                        ("r50b_w4", "eval") => 3e-4,
                        ("r50b_w4", _) => 3e-3,
                        _ => 1e-4,
                    };
                    if worst > tolerance {
                        failures.push(format!("{model} {input} {mode} {stage}: {worst:.1e}"));
                    }
                }
                println!("{line}");
                if mode == "train" {
                    let lived = self::network(model, &device);
                    let (values, shape) = stored.get("input").expect("an input");
                    lived.forward(Tensor::<5>::from_data(TensorData::new(values, shape), &device));
                    let mut worst: f64 = 0.0;
                    let mut compared = 0;
                    for (name, values) in everything(&lived.valid()) {
                        if let Some((wanted, _)) = stored.get(&format!("running_after.{name}")) {
                            worst = worst.max(deviation(&values, &wanted));
                            compared += 1;
                        }
                    }
                    println!("{model} {input:5} running numbers ({compared}) {worst:.1e}");
                    if worst > 1e-5 {
                        failures.push(format!("{model} {input} running numbers: {worst:.1e}"));
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

fn everything(module: &impl Module) -> BTreeMap<String, Vec<f32>> {
    struct Values(Vec<Vec<f32>>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(numbers(param.val()));
        }
    }
    let mut values = Values(Vec::new());
    module.visit(&mut values);
    parameters(module).into_iter().map(|p| p.name).zip(values.0).collect()
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn loss_and_gradients_are_the_references() {
    struct Gradients<'a>(&'a burn::tensor::Gradients, Vec<Option<Vec<f32>>>);
    impl ModuleVisitor for Gradients<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.push(param.val().grad(self.0).map(numbers));
        }
    }
    let mut failures = Vec::new();
    // The open file holds only what differs from the cut one: input and target are the same in both.
    for (model, file, from) in
        [("r10b_w6", "r10b_w6.trainstep", "r10b_w6.trainstep"), ("r18a_w6", "r18a_w6.trainstep_open", "r18a_w6.trainstep_cut")]
    {
        let (stored, common) = (Stored::open(&format!("io/{file}.safetensors")), Stored::open(&format!("io/{from}.safetensors")));
        let device = Device::flex().autodiff();
        let network = network(model, &device);
        let (values, shape) = common.get("input").expect("an input");
        let input = Tensor::<5>::from_data(TensorData::new(values, shape), &device);
        let (target, shape) = common.get("target").expect("a target");
        let target: Vec<i64> = target.into_iter().map(|v| v as i64).collect();
        let target = Tensor::<4, Int>::from_data(TensorData::new(target, shape), &device);
        let loss = loss::cross_entropy(network.forward(input), target, Some(-1));
        let wanted = stored.get("loss").expect("a loss").0[0];
        let found = numbers(loss.clone())[0];
        println!("{file}: loss {found} against {wanted}");
        if (found - wanted).abs() > 1e-5 {
            failures.push(format!("{file} loss {found} {wanted}"));
        }
        let gradients = loss.backward();
        let mut all = Gradients(&gradients, Vec::new());
        network.visit(&mut all);
        let (mut worst, mut compared) = (0.0f64, 0);
        for (parameter, gradient) in parameters(&network).into_iter().zip(all.1) {
            let (Some(gradient), Some((wanted, _))) = (gradient, stored.get(&format!("grad1.{}", parameter.name))) else { continue };
            compared += 1;
            if parameter.name == "conv_seg.0.bias" {
                assert!(gradient.iter().zip(&wanted).all(|(a, b)| (a - b).abs() <= 1e-6));
                continue;
            }
            let off = deviation(&gradient, &wanted);
            worst = worst.max(off);
            if off > 2e-4 {
                failures.push(format!("{file} {}: {off:.1e}", parameter.name));
            }
        }
        println!("{file}: {compared} gradients, worst {worst:.1e}");
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn every_bad_file_is_refused_in_one_sentence_that_names_it() {
    let mut files: Vec<_> = std::fs::read_dir(parity().join("bad")).expect("bad files").map(|e| e.expect("an entry").path()).collect();
    files.sort();
    assert_eq!(files.len(), 49);
    for path in files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let started = std::time::Instant::now();
        let words = WeightsFile::open(&path).and_then(|file| file.encoder(&Device::flex())).expect_err(&name).to_string();
        println!("{:4} ms  {}", started.elapsed().as_millis(), words.replace(&path.display().to_string(), &name));
        assert!(words.contains(&name) && !words.contains('\n'), "{words}");
        assert!(started.elapsed().as_secs() < 2, "{name}");
        let bytes = std::fs::read(&path).expect("a file");
        assert!(WeightsFile::from_bytes(&name, &bytes).and_then(|file| file.encoder(&Device::flex())).is_err());
        // Well-formed files are described; the rest is refused here too.
        if let Ok(found) = inspect(&path) {
            assert!(!found.coverage.is_whole() || !found.unusable.is_empty(), "{name}");
        }
    }
    assert!(!std::path::Path::new("PWNED").exists());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("no peak memory known here"));
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn every_good_file_is_inspected_right() {
    for (file, depth, shortcut, width, matched) in [
        ("r10b_w6.legacy.pth", "10", "B", 6, 60),
        ("r10b_w6.zip.pth", "10", "B", 6, 60),
        ("r10b_w6.no_counters.legacy.pth", "10", "B", 6, 60),
        ("r10b_w6.fp16.zip.pth", "10", "B", 6, 60),
        ("r10b_w6.with_head.zip.pth", "10", "B", 6, 72),
        ("r10b_w6.training.legacy.pth.tar", "10", "B", 6, 72),
        ("r18a_w6.legacy.pth", "18", "A", 6, 85),
        ("r18a_w6.zip.pth", "18", "A", 6, 85),
        ("r34a_w4.legacy.pth", "34", "A", 4, 165),
        ("r34a_w4.zip.pth", "34", "A", 4, 165),
        ("r50b_w4.legacy.pth", "50", "B", 4, 265),
        ("r50b_w4.zip.pth", "50", "B", 4, 265),
    ] {
        let found = inspect(&parity().join(file)).expect(file);
        let about = found.architecture;
        assert_eq!(
            (about.depth.to_string().as_str(), about.shortcut.to_string().as_str(), about.base_width),
            (depth, shortcut, width),
            "{file}"
        );
        assert!(found.coverage.is_whole() && found.unusable.is_empty(), "{file}: {:?}", found.coverage);
        println!(
            "{file}: {about}, {} matched, {} unused, prefix “{}”, {:?}",
            found.coverage.matched,
            found.coverage.unused.len(),
            found.prefix,
            found.notices
        );
        assert_eq!(found.coverage.matched, matched, "{file}");
    }
}
