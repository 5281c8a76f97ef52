use std::path::Path;

use burn::tensor::{Int, Tensor, TensorData};
use medley_nn::{Depth, EncoderConfig, HeadKind, NetworkConfig, SegmentationNetwork, Shortcut, ShortcutGradient, parameters};

use super::measure::{Backend, Row, Table, deviation, largest, update_error};
use super::stored::{Stored, network_of, numbers, stages};
use super::training::{steps, values};

/// As `tests/golden/make.py` has them.
const SHAPE: [usize; 3] = [41, 33, 34];
const CLASSES: usize = 2;
const KEPT: [&str; 10] = [
    "conv1.weight",
    "bn1.weight",
    "bn1.bias",
    "layer1.0.conv1.weight",
    "layer2.0.conv2.weight",
    "layer3.0.conv1.weight",
    "layer4.0.bn2.weight",
    "conv_seg.0.bias",
    "conv_seg.1.weight",
    "conv_seg.6.weight",
];

/// `number` of `make.py`: FNV-1a of the name, then splitmix64.
fn number(name: &str, count: usize) -> Vec<f64> {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325, mix);
    let draw = |at: u64| {
        let z = at.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed);
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f64 / f64::from(1 << 24)
    };
    (1..=count as u64).map(draw).collect()
}

/// `value` of `make.py`.
fn value(name: &str, shape: &[usize]) -> Vec<f32> {
    let draws = number(name, shape.iter().product()).into_iter().enumerate();
    let spread = shape.first().map_or(1.0, |out| (6.0 / (out * shape.iter().skip(2).product::<usize>()) as f64).sqrt());
    let number = |(at, u): (usize, f64)| match name {
        _ if shape.len() > 1 => (u * 2.0 - 1.0) * spread,
        _ if name.ends_with("running_var") => 0.5 + u,
        _ if name.ends_with("running_mean") || name.ends_with("bias") => u - 0.5,
        _ => (0.5 + u) * if at % 6 == 5 { -1.0 } else { 1.0 },
    };
    draws.map(|draw| number(draw) as f32).collect()
}

fn network(depth: Depth, shortcut: Shortcut, gradient: ShortcutGradient, backend: Backend, trains: bool) -> SegmentationNetwork {
    let device = if trains { backend.device().autodiff() } else { backend.device() };
    let config = NetworkConfig { encoder: EncoderConfig::new(depth, shortcut, 2), head: HeadKind::Med3d, classes: CLASSES };
    let names = parameters(&config.init(&device, 0)).into_iter();
    let parameters: Vec<_> = names.map(|p| (p.name.clone(), p.shape.clone(), value(&p.name, &p.shape))).collect();
    network_of("golden", &parameters, gradient, &device)
}

fn input(backend: Backend, trains: bool) -> Tensor<5> {
    let device = if trains { backend.device().autodiff() } else { backend.device() };
    let values: Vec<f32> = number("input", SHAPE.iter().product()).into_iter().map(|u| ((u * 2.0 - 1.0) * 2.0) as f32).collect();
    Tensor::from_data(TensorData::new(values, [1, 1, SHAPE[0], SHAPE[1], SHAPE[2]]), &device)
}

/// A way the gradient goes past a shortcut, by its name in the file.
type Way = (&'static str, ShortcutGradient);

/// A network, its file, and the ways its gradient goes past a shortcut in it.
const NETWORKS: [(&str, Depth, Shortcut, &[Way]); 2] = [
    ("r10b_w2", Depth::R10, Shortcut::B, &[("open", ShortcutGradient::Open)]),
    ("r18a_w2", Depth::R18, Shortcut::A, &[("open", ShortcutGradient::Open), ("cut", ShortcutGradient::Cut)]),
];

fn compare(backend: Backend) {
    let mut table = Table::default();
    for (model, depth, shortcut, ways) in NETWORKS {
        let stored = Stored::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{model}.safetensors")));
        let mut add = |mode: &'static str, array: &str, error: f64, tolerance: f64| {
            table.0.push(Row { backend, model, input: "golden", mode, array: array.to_owned(), error, tolerance });
        };
        for (mode, trains) in [("eval", false), ("train", true)] {
            let load = || network(depth, shortcut, ShortcutGradient::Open, backend, trains);
            let lived = load();
            let found = stages(load().encoder.features(input(backend, trains))).into_iter();
            for (stage, found) in found.chain([("logits", lived.forward(input(backend, trains)))]).filter(|(stage, _)| *stage != "conv1") {
                let (wanted, shape) = stored.get(&format!("{mode}.{stage}")).expect("a stage");
                assert_eq!(found.dims().to_vec(), shape, "{model} {mode} {stage}");
                add(mode, stage, deviation(&numbers(found), &wanted), 1e-4);
            }
            if trains {
                let running = values(&lived).into_iter().filter(|(name, _)| name.contains(".running_"));
                let found: Vec<f32> = running.flat_map(|(_, (_, values))| values).collect();
                add(mode, "running numbers", deviation(&found, &stored.values("running_after")), 1e-5);
            }
        }
        for &(way, gradient) in ways {
            let network = network(depth, shortcut, gradient, backend, true);
            let before = values(&network);
            let logits = stored.get("eval.logits").expect("logits").1;
            let [d, h, w] = [logits[2], logits[3], logits[4]];
            let classes: Vec<i64> = number("target", d * h * w).iter().map(|u| (u * (CLASSES + 1) as f64) as i64 - 1).collect();
            let target = Tensor::<4, Int>::from_data(TensorData::new(classes, [1, d, h, w]), &backend.device().autodiff());
            let (steps, _) = steps(network, &input(backend, true), &target, 2);
            for (step, wanted) in steps.iter().zip(stored.values(&format!("{way}.loss"))) {
                add(way, "loss", f64::from((step.loss - wanted).abs()), 1e-5);
            }
            for name in KEPT {
                let wanted = stored.values(&format!("{way}.grad1.{name}"));
                let found = &steps[0].gradients[name];
                if name == "conv_seg.0.bias" {
                    add(way, "gradient of conv_seg.0.bias", largest(found.iter().zip(&wanted).map(|(a, b)| a - b)), 1e-6);
                } else {
                    add(way, &format!("gradient of {name}"), deviation(found, &wanted), 2e-4);
                }
                let after = |step: usize| stored.values(&format!("{way}.after{step}.{name}"));
                let starts = [(&before[name].1, before[name].1.clone()), (&steps[0].after[name].1, after(1))];
                for (at, (from, wanted_from)) in starts.into_iter().enumerate() {
                    let error = update_error([from, &wanted_from], [&steps[at].after[name].1, &after(at + 1)]);
                    let of_no_step = update_error([from, &wanted_from], [from, &after(at + 1)]);
                    assert!(of_no_step > 1.0, "{name} hardly moves: this comparison would pass without a step");
                    add(way, &format!("update {} of {name}, share of allowed", at + 1), error, 1.0);
                }
            }
        }
    }
    table.conclude();
}

#[test]
fn small_networks_compute_and_learn_as_pytorch_does() {
    compare(Backend::Cpu);
}

#[test]
#[ignore = "needs an adapter for wgpu; minutes on a software one"]
fn small_networks_compute_and_learn_as_pytorch_does_on_wgpu() {
    compare(Backend::Wgpu);
}
