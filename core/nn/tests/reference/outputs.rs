use medley_nn::ShortcutGradient;

use super::measure::{Backend, Row, Table, deviation};
use super::stored::{Stored, numbers, parity, reference, stages};
use super::training::values;

const MODELS: [&str; 4] = ["r10b_w6", "r18a_w6", "r34a_w4", "r50b_w4"];
const INPUTS: [&str; 3] = ["odd", "cube", "wide"];

/// Ten times above what 32-bit numbers themselves are off, measured with PyTorch against 64-bit ones.
fn tolerance(model: &str, mode: &str) -> f64 {
    match (model, mode) {
        ("r50b_w4", "eval") => 3e-4,
        ("r50b_w4", _) => 3e-3,
        _ => 1e-4,
    }
}

/// Every stage in both modes, and the running numbers after one forward pass in training.
fn compare(backend: Backend, model: &'static str, input: &'static str, table: &mut Table) {
    let stored = Stored::open(&parity().join(format!("io/{model}.{input}.safetensors")));
    for mode in ["eval", "train"] {
        let plain = backend.device();
        let device = if mode == "eval" { plain } else { plain.autodiff() };
        // The same tensors in both formats that PyTorch has written.
        let format = if mode == "eval" { "legacy" } else { "zip" };
        let load = || reference(&format!("{model}.{format}.pth"), &format!("{model}.head.safetensors"), ShortcutGradient::Open, &device);
        let network = load();
        let x = stored.input(&device);
        let features = network.encoder.features(x.clone());
        // On another network: a second forward pass would move the running statistics twice.
        let lived = load();
        let logits = lived.forward(x);
        let found = stages(features).into_iter().chain([("logits", logits)]);
        for (stage, found) in found {
            let name = if (mode, stage) == ("train", "conv1") { "eval.conv1".to_owned() } else { format!("{mode}.{stage}") };
            let Some((wanted, shape)) = stored.get(&name) else { continue };
            assert_eq!(found.dims().to_vec(), shape, "{model} {input} {mode} {stage}");
            let error = deviation(&numbers(found), &wanted);
            table.0.push(Row { backend, model, input, mode, array: stage.to_owned(), error, tolerance: tolerance(model, mode) });
        }
        if mode == "train" {
            let running = values(&lived).into_iter().filter(|(name, _)| name.contains(".running_"));
            let compared = running.filter_map(|(name, (_, values))| Some((values, stored.get(&format!("running_after.{name}"))?.0)));
            let errors: Vec<f64> = compared.map(|(found, wanted)| deviation(&found, &wanted)).collect();
            if let Some(error) = errors.iter().copied().max_by(f64::total_cmp) {
                let array = format!("running numbers ({})", errors.len());
                table.0.push(Row { backend, model, input, mode, array, error, tolerance: 1e-5 });
            }
        }
    }
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn outputs_are_the_references_on_the_cpu() {
    let mut table = Table::default();
    for model in MODELS {
        INPUTS.into_iter().for_each(|input| compare(Backend::Cpu, model, input, &mut table));
    }
    println!("\n{}", table.condensed());
    table.conclude();
}

#[test]
#[ignore = "needs MEDLEY_SHARED and an adapter for wgpu"]
fn outputs_are_the_references_on_wgpu() {
    let mut table = Table::default();
    for model in MODELS {
        INPUTS.into_iter().for_each(|input| compare(Backend::Wgpu, model, input, &mut table));
    }
    println!("\n{}", table.condensed());
    table.conclude();
}

/// A checkpoint of 16-bit numbers computes what PyTorch computes with its numbers as 32-bit ones.
#[test]
#[ignore = "needs MEDLEY_SHARED and an adapter for wgpu"]
fn sixteen_bit_weights_are_the_references() {
    let mut table = Table::default();
    let stored = Stored::open(&parity().join("io/r10b_w6.fp16_weights.odd.safetensors"));
    for backend in [Backend::Cpu, Backend::Wgpu] {
        let device = backend.device();
        let network = reference("r10b_w6.fp16.zip.pth", "r10b_w6.head.safetensors", ShortcutGradient::Open, &device);
        let x = stored.input(&device);
        let found = stages(network.encoder.features(x.clone())).into_iter().chain([("logits", network.forward(x))]);
        for (stage, found) in found {
            let Some((wanted, _)) = stored.get(&format!("eval.{stage}")) else { continue };
            let error = deviation(&numbers(found), &wanted);
            let array = stage.to_owned();
            table.0.push(Row { backend, model: "r10b_w6.fp16", input: "odd", mode: "eval", array, error, tolerance: 1e-4 });
        }
    }
    table.conclude();
}
