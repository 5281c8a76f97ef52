//! First weights, drawn from a generator of our own: every device and every thread count gives the same.

use std::f64::consts::TAU;

use burn::module::Module;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::parameters::{ParameterInfo, filled};

/// Draws what is drawn (kernels); what is constant (normalisations, biases) stays as the blank module has it.
///
/// Convolutions: normal with σ = √(2 / fan out) (He et al., 2015), as the reference. Transposed convolutions: uniform within
/// 1/√fan, PyTorch's default, which the reference leaves them with; the last one of the skip decoder starts with the same
/// weight for all eight voxels that it makes of one, so that no checkerboard is there to be unlearnt. Its coarser ones, and those
/// of the other segmentation heads, are drawn from the same bound, so that first logits are small. The classifier: PyTorch's default
/// for a linear layer. A detector's last layers: normal with σ = 0.01, so that at first its biases speak (Lin et al., 2017, focal
/// loss, section 4.1).
pub(crate) fn initialized<M: Module>(blank: M, seed: u64) -> M {
    filled(blank, |parameter| {
        let &[rows, columns, ..] = parameter.shape.as_slice() else { return None };
        let taps: usize = parameter.shape[2..].iter().product();
        let mut draws = generator(seed, parameter);
        if parameter.name == "decoder.classify.weight" {
            let bound = 1.0 / (rows as f64).sqrt();
            let shared = (0..rows * columns).map(|_| uniform(&mut draws, bound));
            return Some(shared.flat_map(|weight| std::iter::repeat_n(weight, taps)).collect());
        }
        let is_classifier = ["branch.classify.weight", "dense_aspp.classify.weight"].contains(&parameter.name.as_str());
        if is_classifier || parameter.name.starts_with("decoder.classify_") {
            let bound = 1.0 / (columns as f64).sqrt();
            return Some((0..rows * columns * taps).map(|_| uniform(&mut draws, bound)).collect());
        }
        if parameter.name == "conv_seg.0.weight" {
            let bound = 1.0 / ((columns * taps) as f64).sqrt();
            return Some((0..rows * columns * taps).map(|_| uniform(&mut draws, bound)).collect());
        }
        if parameter.name == "classifier.weight" {
            let bound = 1.0 / (columns as f64).sqrt();
            return Some((0..rows * columns).map(|_| uniform(&mut draws, bound)).collect());
        }
        if ["detector.heat.conv.weight", "detector.size.conv.weight", "detector.offset.conv.weight"].contains(&parameter.name.as_str()) {
            return Some((0..rows * columns * taps).map(|_| (0.01 * normal(&mut draws)) as f32).collect());
        }
        let sigma = (2.0 / (rows * taps) as f64).sqrt();
        Some((0..rows * columns * taps).map(|_| (sigma * normal(&mut draws)) as f32).collect())
    })
}

/// One stream per parameter, chosen by its name (FNV-1a): the encoder's weights do not depend on the head behind it.
fn generator(seed: u64, parameter: &ParameterInfo) -> ChaCha8Rng {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream(parameter.name.bytes().fold(0xcbf2_9ce4_8422_2325, mix));
    generator
}

fn uniform(draws: &mut ChaCha8Rng, bound: f64) -> f32 {
    ((draws.random::<f64>() * 2.0 - 1.0) * bound) as f32
}

/// Box and Muller (1958).
fn normal(draws: &mut ChaCha8Rng) -> f64 {
    let (radius, angle) = (1.0 - draws.random::<f64>(), draws.random::<f64>());
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}
