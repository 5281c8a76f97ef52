//! What no file of PyTorch's covers, on one backend against the other.

use burn::tensor::{Int, Tensor, TensorData};
use medley_nn::{Depth, EncoderConfig, HeadKind, NetworkConfig, NormKind, NormMode, Shortcut, Strides};

use super::measure::{Backend, Row, Table, deviation};
use super::training::{Step, steps};

fn step(config: NetworkConfig, backend: Backend) -> Step {
    let device = backend.device().autodiff();
    let values: Vec<f32> = (0..33 * 34 * 41).map(|v: usize| ((v * v + 37 * v) % 101) as f32 / 25.0 - 2.0).collect();
    let input = Tensor::from_data(TensorData::new(values, [1, 1, 33, 34, 41]), &device);
    let network = config.init(&device, 3);
    let [_, _, d, h, w] = network.forward(input.clone()).dims();
    let classes: Vec<i64> = (0..d * h * w).map(|v| (v * v % 7 % 3) as i64 - 1).collect();
    let target = Tensor::<4, Int>::from_data(TensorData::new(classes, [1, d, h, w]), &device);
    steps(config.init(&device, 3).with_encoder_norm(NormMode::Frozen), &input, &target, 1).0.remove(0)
}

/// Bottlenecks (of which there is no stored training), group normalisation, ordinary strides, the skip decoder.
///
/// Statistics are frozen: with those of one small batch, an input moved by 1e-7 moves the gradients of a fresh ResNet-50 by up to
/// half a σ on the very same backend, so that nothing could be told from them. A rectifier that rounding turns over moves them by
/// some 1e-4, a wrong gradient by 0.1 and more.
#[test]
#[ignore = "needs an adapter for wgpu"]
fn gradients_are_the_same_on_both_backends() {
    let mut table = Table::default();
    let of = |depth, shortcut| EncoderConfig::new(depth, shortcut, 4);
    let ordinary = EncoderConfig { strides: Strides::Ordinary, ..of(Depth::R50, Shortcut::B) };
    let grouped = EncoderConfig { norm: NormKind::Group, ..of(Depth::R18, Shortcut::A) };
    for (model, encoder, head) in [
        ("r50b_w4", of(Depth::R50, Shortcut::B), HeadKind::Med3d),
        ("r50a_w4", of(Depth::R50, Shortcut::A), HeadKind::Med3d),
        ("r50b_w4 ordinary", ordinary, HeadKind::Skip),
        ("r18a_w4 group", grouped, HeadKind::Med3d),
    ] {
        let config = NetworkConfig { encoder, head, classes: 2 };
        let (wanted, found) = (step(config, Backend::Cpu), step(config, Backend::Wgpu));
        let mut add = |array: String, error: f64, tolerance: f64| {
            table.0.push(Row { backend: Backend::Wgpu, model, input: "made up", mode: "against cpu", array, error, tolerance });
        };
        add("loss".to_owned(), f64::from((found.loss / wanted.loss - 1.0).abs()), 1e-5);
        add("logits".to_owned(), deviation(&found.logits, &wanted.logits), 1e-4);
        let compared = wanted.gradients.iter().filter(|(name, _)| *name != "conv_seg.0.bias");
        let errors: Vec<f64> = compared.map(|(name, wanted)| deviation(&found.gradients[name], wanted)).collect();
        add(format!("gradients ({})", errors.len()), errors.into_iter().fold(0.0, f64::max), 1e-3);
    }
    table.conclude();
}
