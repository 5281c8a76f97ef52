use medley_nn::ShortcutGradient;
use medley_nn::weights::WeightsFile;

use super::measure::{Backend, Row, Table, deviation, largest, update_error};
use super::stored::{Stored, parity, reference};
use super::training::{steps, values};

/// A training of the reference: where it begins, what came of it, and which file holds input and target.
struct Training {
    model: &'static str,
    checkpoint: &'static str,
    results: &'static str,
    common: &'static str,
    gradient: ShortcutGradient,
    /// The reference's own checkpoint after two steps.
    checkpoint_after: Option<&'static str>,
}

const TRAININGS: [Training; 3] = [
    Training {
        model: "r10b_w6",
        checkpoint: "r10b_w6.with_head.zip.pth",
        results: "r10b_w6.trainstep",
        common: "r10b_w6.trainstep",
        gradient: ShortcutGradient::Open,
        checkpoint_after: Some("r10b_w6.training.legacy.pth.tar"),
    },
    Training {
        model: "r18a_w6",
        checkpoint: "r18a_w6.zip.pth",
        results: "r18a_w6.trainstep_cut",
        common: "r18a_w6.trainstep_cut",
        gradient: ShortcutGradient::Cut,
        checkpoint_after: None,
    },
    // Only what differs from the cut one is stored.
    Training {
        model: "r18a_w6",
        checkpoint: "r18a_w6.zip.pth",
        results: "r18a_w6.trainstep_open",
        common: "r18a_w6.trainstep_cut",
        gradient: ShortcutGradient::Open,
        checkpoint_after: None,
    },
];

fn compare(backend: Backend, training: &Training, table: &mut Table) {
    let Training { model, checkpoint, results, common, gradient, checkpoint_after } = training;
    let open = |name: &str| Stored::open(&parity().join(format!("io/{name}.safetensors")));
    let (stored, common) = (open(results), open(common));
    let device = backend.device().autodiff();
    let network = reference(checkpoint, &format!("{model}.head.safetensors"), *gradient, &device);
    let before = values(&network);
    let (steps, last) = steps(network, &common.input(&device), &common.target(&device), 2);
    let mut add = |array: String, error: f64, tolerance: f64| {
        let mode = results.split_once('.').map_or("", |(_, mode)| mode);
        table.0.push(Row { backend, model, input: "wide", mode, array, error, tolerance });
    };
    let losses: Vec<f32> = steps.iter().map(|step| step.loss).chain([last]).collect();
    let wanted = stored.values("loss");
    assert_eq!(losses.len(), wanted.len());
    for (at, (found, wanted)) in losses.iter().zip(&wanted).enumerate() {
        add(format!("loss {}", at + 1), f64::from((found - wanted).abs()), 1e-5);
    }
    if let Some((wanted, _)) = stored.get("step1.logits") {
        add("logits 1".to_owned(), deviation(&steps[0].logits, &wanted), 1e-4);
    }
    let mut worst: Vec<f64> = Vec::new();
    for (name, found) in &steps[0].gradients {
        let Some((wanted, _)) = stored.get(&format!("grad1.{name}")) else { continue };
        if name == "conv_seg.0.bias" {
            // A bias before a normalisation has no gradient but what rounding leaves.
            add(format!("gradient of {name}"), largest(found.iter().zip(&wanted).map(|(a, b)| a - b)), 1e-6);
        } else {
            worst.push(deviation(found, &wanted));
        }
    }
    add(format!("gradients ({})", worst.len()), worst.into_iter().fold(0.0, f64::max), 2e-4);
    let most = |errors: &[f64]| errors.iter().copied().fold(0.0, f64::max);
    if let Some(file) = checkpoint_after {
        let file = WeightsFile::open(&parity().join(file)).expect("a checkpoint");
        let theirs = values(&file.network(&backend.device()).expect("a network"));
        let (mut learnt, mut running): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        for (name, (_, after)) in &steps[1].after {
            let (from, wanted) = (before[name].1.as_slice(), theirs[name].1.as_slice());
            match name.contains(".running_") {
                true => running.push(deviation(after, wanted)),
                false => learnt.push(update_error([from, from], [after, wanted])),
            }
        }
        add(format!("updates of both steps ({}), share of allowed", learnt.len()), most(&learnt), 1.0);
        add(format!("running numbers after both steps ({})", running.len()), most(&running), 1e-5);
    }
    for (number, step) in steps.iter().enumerate() {
        // The second step against what the reference's first left, each from its own.
        let stored_after = |step: usize, name: &str| stored.get(&format!("after{step}.{name}")).map(|(values, _)| values);
        let (mut learnt, mut running): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
        for (name, (_, after)) in &step.after {
            let Some(wanted) = stored_after(number + 1, name) else { continue };
            let (from, wanted_from) = match number {
                0 => (&before[name].1, before[name].1.clone()),
                _ => match stored_after(number, name) {
                    Some(values) => (&steps[number - 1].after[name].1, values),
                    None => continue,
                },
            };
            if name.contains(".running_") {
                running.push(deviation(after, &wanted));
            } else {
                learnt.push(update_error([from, &wanted_from], [after, &wanted]));
            }
        }
        if !learnt.is_empty() {
            add(format!("updates of step {} ({}), share of allowed", number + 1, learnt.len()), most(&learnt), 1.0);
            add(format!("running numbers after step {} ({})", number + 1, running.len()), most(&running), 1e-5);
        }
    }
}

fn all_on(backend: Backend) {
    let mut table = Table::default();
    TRAININGS.iter().for_each(|training| compare(backend, training, &mut table));
    table.conclude();
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn two_steps_of_training_are_the_references_on_the_cpu() {
    all_on(Backend::Cpu);
}

#[test]
#[ignore = "needs MEDLEY_SHARED and an adapter for wgpu"]
fn two_steps_of_training_are_the_references_on_wgpu() {
    all_on(Backend::Wgpu);
}
