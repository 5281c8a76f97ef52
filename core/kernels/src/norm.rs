//! Normalisation, with what usually follows it: adding the shortcut, and cutting off what is negative. One pass over the
//! voxels where three operations would make three.

use rayon::prelude::*;

use crate::kernel::{Loop, Processor};
use crate::shared::Shared;

/// Numbers that a sum is split into, whatever the vectors' width.
const LANES: usize = 16;

/// Sizes of what is normalised: `[batch, channels, voxels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Maps {
    /// Samples.
    pub batch: usize,
    /// Channels, each with its own mean, variance, slope and offset.
    pub channels: usize,
    /// Voxels of a map.
    pub voxels: usize,
}

/// How a channel is normalised: `(x − mean) · scale · weight + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// Mean per channel.
    pub mean: Vec<f32>,
    /// `1 / √(variance + ε)` per channel.
    pub scale: Vec<f32>,
    /// Whether they are of the very numbers that are normalised, so that a gradient flows through them.
    pub of_input: bool,
}

impl Statistics {
    /// From mean and variance per channel, with `epsilon` against a variance of nothing.
    #[must_use]
    pub fn of((mean, variance): (Vec<f32>, Vec<f32>), epsilon: f32, of_input: bool) -> Self {
        let scale = variance.iter().map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
        Self { mean, scale, of_input }
    }
}

/// Gradients of a normalisation.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradients {
    /// `[batch, channels, voxels]`.
    pub input: Vec<f32>,
    /// `[channels]`.
    pub weight: Vec<f32>,
    /// `[channels]`.
    pub bias: Vec<f32>,
    /// `[batch, channels, voxels]`, where something was added and its gradient is not simply the output's.
    pub added: Option<Vec<f32>>,
}

/// Mean and biased variance of each channel over all samples.
///
/// # Shapes
/// - input: `[batch, channels, voxels]`
/// - output: `[channels]` each
///
/// # Panics
/// If `input` is not as long as the sizes say.
#[must_use]
pub fn moments(maps: Maps, input: &[f32]) -> (Vec<f32>, Vec<f32>) {
    assert_eq!(input.len(), maps.batch * maps.channels * maps.voxels);
    let count = (maps.batch * maps.voxels) as f64;
    let channel = |c: usize| {
        let mean = maps.of(c).map(|range| sum([&input[range]], |[x]| x)).sum::<f64>() / count;
        let middle = mean as f32;
        let variance = maps.of(c).map(|range| sum([&input[range]], |[x]| (x - middle) * (x - middle))).sum::<f64>() / count;
        (middle, variance as f32)
    };
    (0..maps.channels).into_par_iter().map(channel).unzip()
}

impl Maps {
    /// The maps of a channel.
    fn of(self, channel: usize) -> impl Iterator<Item = std::ops::Range<usize>> {
        (0..self.batch).map(move |n| {
            let start = (n * self.channels + channel) * self.voxels;
            start..start + self.voxels
        })
    }
}

/// Normalises, adds `added` if there is something to add, and cuts off below zero if `rectify`.
///
/// # Shapes
/// - input, added, output: `[batch, channels, voxels]`; output is overwritten
/// - weight, bias: `[channels]`
///
/// # Panics
/// If a slice is not as long as the sizes say.
#[expect(clippy::too_many_arguments, reason = "each is one operand of the formula")]
pub fn normalise(
    maps: Maps,
    input: &[f32],
    statistics: &Statistics,
    weight: &[f32],
    bias: &[f32],
    added: Option<&[f32]>,
    rectify: bool,
    output: &mut [f32],
) {
    let len = maps.batch * maps.channels * maps.voxels;
    assert_eq!([input.len(), output.len(), added.map_or(len, <[f32]>::len)], [len; 3]);
    if len == 0 {
        return;
    }
    let floor = if rectify { 0.0 } else { f32::NEG_INFINITY };
    output.par_chunks_mut(maps.voxels).enumerate().for_each(|(map, output)| {
        let (c, start) = (map % maps.channels, map * maps.voxels);
        let slope = statistics.scale[c] * weight[c];
        let offset = bias[c] - statistics.mean[c] * slope;
        let input = &input[start..][..maps.voxels];
        match added {
            None => each([input], output, move |[x]| (x * slope + offset).max(floor)),
            Some(added) => each([input, &added[start..][..maps.voxels]], output, move |[x, a]| (x * slope + offset + a).max(floor)),
        }
    });
}

/// The gradients of [`normalise`], from its `output` (read only where it was rectified) and the gradient of that.
///
/// # Shapes
/// As there.
///
/// # Panics
/// If a slice is not as long as the sizes say.
#[must_use]
pub fn normalise_gradient(
    maps: Maps,
    input: &[f32],
    statistics: &Statistics,
    weight: &[f32],
    output: Option<&[f32]>,
    gradient: &[f32],
    wants_added: bool,
) -> NormGradients {
    let len = maps.batch * maps.channels * maps.voxels;
    assert_eq!([input.len(), gradient.len(), output.map_or(len, <[f32]>::len)], [len; 3]);
    let mut of_input = vec![0.0; len];
    let mut of_added = (wants_added && output.is_some()).then(|| vec![0.0; len]);
    let count = (maps.batch * maps.voxels) as f64;
    let (input_parts, added_parts) = (Shared::new(&mut of_input), of_added.as_mut().map(|added| Shared::new(added)));
    let channel = |c: usize| {
        let (mean, scale) = (statistics.mean[c], statistics.scale[c]);
        let (mut of_weight, mut of_bias) = (0.0, 0.0);
        for range in maps.of(c) {
            let (x, g) = (&input[range.clone()], &gradient[range.clone()]);
            match output {
                None => {
                    of_weight += sum([x, g], |[x, g]| (x - mean) * scale * g);
                    of_bias += sum([g], |[g]| g);
                }
                Some(output) => {
                    let y = &output[range];
                    of_weight += sum([x, g, y], |[x, g, y]| if y > 0.0 { (x - mean) * scale * g } else { 0.0 });
                    of_bias += sum([g, y], |[g, y]| if y > 0.0 { g } else { 0.0 });
                }
            }
        }
        // Statistics of the input itself move with it, and take back what all voxels have in common.
        let slope = scale * weight[c];
        let (common, along) = if statistics.of_input { ((of_bias / count) as f32, (of_weight / count) as f32 * scale) } else { (0.0, 0.0) };
        for range in maps.of(c) {
            // SAFETY: one task alone has this channel.
            #[expect(unsafe_code, reason = "the maps of a channel lie between those of others")]
            let (to, kept) = unsafe {
                (input_parts.part(range.start, range.len()), added_parts.as_ref().map(|added| added.part(range.start, range.len())))
            };
            let (x, g) = (&input[range.clone()], &gradient[range.clone()]);
            let Some(output) = output else {
                each([x, g], to, move |[x, g]| (g - common - (x - mean) * along) * slope);
                continue;
            };
            let y = &output[range];
            each([x, g, y], to, move |[x, g, y]| (if y > 0.0 { g } else { 0.0 } - common - (x - mean) * along) * slope);
            if let Some(kept) = kept {
                each([g, y], kept, |[g, y]| if y > 0.0 { g } else { 0.0 });
            }
        }
        (of_weight as f32, of_bias as f32)
    };
    let (weight, bias) = (0..maps.channels).into_par_iter().map(channel).unzip();
    NormGradients { input: of_input, weight, bias, added: of_added }
}

/// Sums `term` over numbers taken together, in an order that does not depend on the processor.
fn sum<const N: usize>(numbers: [&[f32]; N], term: impl Fn([f32; N]) -> f32) -> f64 {
    struct Sum<'a, const N: usize, F>([&'a [f32]; N], F);
    impl<const N: usize, F: Fn([f32; N]) -> f32> Loop for Sum<'_, N, F> {
        type Output = f64;
        #[inline(always)]
        fn run(self) -> f64 {
            let Self(numbers, term) = self;
            let len = numbers.iter().map(|n| n.len()).min().unwrap_or(0);
            let mut total = 0.0;
            // Stretches short enough for 32 bits, added in 64.
            for start in (0..len).step_by(4096) {
                let end = len.min(start + 4096);
                let mut lanes = [0.0f32; LANES];
                let whole = start + (end - start) / LANES * LANES;
                let mut at = start;
                while at < whole {
                    for (lane, sum) in lanes.iter_mut().enumerate() {
                        *sum += term(std::array::from_fn(|n| numbers[n][at + lane]));
                    }
                    at += LANES;
                }
                for (lane, at) in (whole..end).enumerate() {
                    lanes[lane] += term(std::array::from_fn(|n| numbers[n][at]));
                }
                total += lanes.iter().map(|sum| f64::from(*sum)).sum::<f64>();
            }
            total
        }
    }
    Processor::get().run(Sum(numbers, term))
}

/// `output[i] = function(numbers[·][i])`.
fn each<const N: usize>(numbers: [&[f32]; N], output: &mut [f32], function: impl Fn([f32; N]) -> f32) {
    struct Each<'a, const N: usize, F>([&'a [f32]; N], &'a mut [f32], F);
    impl<const N: usize, F: Fn([f32; N]) -> f32> Loop for Each<'_, N, F> {
        type Output = ();
        #[inline(always)]
        fn run(self) {
            let Self(numbers, output, function) = self;
            let numbers = numbers.map(|n| &n[..output.len()]);
            for (at, to) in output.iter_mut().enumerate() {
                *to = function(std::array::from_fn(|n| numbers[n][at]));
            }
        }
    }
    Processor::get().run(Each(numbers, output, function));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: Maps = Maps { batch: 2, channels: 3, voxels: 37 };

    fn numbers(seed: usize, len: usize) -> Vec<f32> {
        (0..len).map(|at| (((at + seed) * 7919) % 1009) as f32 / 400.0 - 1.2).collect()
    }

    fn statistics(of_input: bool, input: &[f32]) -> Statistics {
        let (mean, variance) = moments(MAPS, input);
        let scale = variance.iter().map(|v| 1.0 / (v + 1e-5).sqrt()).collect();
        if of_input {
            Statistics { mean, scale, of_input }
        } else {
            Statistics { mean: vec![0.3, -0.1, 0.2], scale: vec![1.1, 0.7, 2.0], of_input }
        }
    }

    /// The formula, in double precision, and a weighted sum over its output.
    fn loss(
        input: &[f32],
        frozen: Option<&Statistics>,
        weight: &[f32],
        bias: &[f32],
        added: Option<&[f32]>,
        rectify: bool,
    ) -> (Vec<f64>, f64) {
        let mut output = vec![0.0; input.len()];
        for c in 0..MAPS.channels {
            let all: Vec<usize> = MAPS.of(c).flatten().collect();
            let of = |at: &usize| f64::from(input[*at]);
            let mean = all.iter().map(of).sum::<f64>() / all.len() as f64;
            let variance = all.iter().map(|at| (of(at) - mean).powi(2)).sum::<f64>() / all.len() as f64;
            let (mean, scale) = frozen.map_or((mean, 1.0 / (variance + 1e-5).sqrt()), |s| (f64::from(s.mean[c]), f64::from(s.scale[c])));
            for at in all {
                let normal = (of(&at) - mean) * scale * f64::from(weight[c]) + f64::from(bias[c]) + added.map_or(0.0, |a| f64::from(a[at]));
                output[at] = if rectify { normal.max(0.0) } else { normal };
            }
        }
        let total = output.iter().zip(numbers(5, input.len())).map(|(y, g)| y * f64::from(g)).sum();
        (output, total)
    }

    #[test]
    fn output_and_gradients_are_those_of_the_formula() {
        let len = MAPS.batch * MAPS.channels * MAPS.voxels;
        let (input, added, weight, bias) = (numbers(1, len), numbers(300, len), vec![0.8, -1.3, 0.4], vec![0.1, 0.2, -0.3]);
        let upstream = numbers(5, len);
        for (of_input, has_added, rectify) in (0..8).map(|case| (case & 1 > 0, case & 2 > 0, case & 4 > 0)) {
            let what = format!("of input {of_input}, added {has_added}, rectified {rectify}");
            let statistics = statistics(of_input, &input);
            let frozen = (!of_input).then_some(&statistics);
            let added = has_added.then_some(&added[..]);
            let mut output = vec![f32::NAN; len];
            normalise(MAPS, &input, &statistics, &weight, &bias, added, rectify, &mut output);
            let (wanted, _) = loss(&input, frozen, &weight, &bias, added, rectify);
            assert!(output.iter().zip(&wanted).all(|(a, b)| (f64::from(*a) - b).abs() < 1e-5), "{what}");
            let found = normalise_gradient(MAPS, &input, &statistics, &weight, rectify.then_some(&output[..]), &upstream, has_added);
            let step = 1e-4;
            let slope = |change: &dyn Fn(f32) -> f64| (change(step) - change(-step)) / f64::from(2.0 * step);
            let moved = |numbers: &[f32], at: usize, by: f32| {
                let mut numbers = numbers.to_vec();
                numbers[at] += by;
                numbers
            };
            for at in [0, 36, 37, 80, 111, 150, 221] {
                // Not where the step crosses the corner.
                if rectify && output[at].abs() < 0.01 {
                    continue;
                }
                let of_x = slope(&|by| loss(&moved(&input, at, by), frozen, &weight, &bias, added, rectify).1);
                assert!((of_x - f64::from(found.input[at])).abs() < 0.03, "{what}, input {at}: {of_x} against {}", found.input[at]);
                if let Some(added) = added {
                    let of_a = slope(&|by| loss(&input, frozen, &weight, &bias, Some(&moved(added, at, by)), rectify).1);
                    let found = found.added.as_ref().map_or(upstream[at], |added| added[at]);
                    assert!((of_a - f64::from(found)).abs() < 1e-3, "{what}, added {at}: {of_a} against {found}");
                }
            }
            for c in 0..3 {
                let of_w = slope(&|by| loss(&input, frozen, &moved(&weight, c, by), &bias, added, rectify).1);
                let of_b = slope(&|by| loss(&input, frozen, &weight, &moved(&bias, c, by), added, rectify).1);
                assert!((of_w - f64::from(found.weight[c])).abs() < 0.05, "{what}, weight {c}: {of_w} against {}", found.weight[c]);
                assert!((of_b - f64::from(found.bias[c])).abs() < 0.05, "{what}, bias {c}: {of_b} against {}", found.bias[c]);
            }
        }
    }

    #[test]
    fn moments_are_of_a_channel_over_all_samples() {
        let input = numbers(9, MAPS.batch * MAPS.channels * MAPS.voxels);
        let (mean, variance) = moments(MAPS, &input);
        for c in 0..MAPS.channels {
            let all: Vec<f64> = MAPS.of(c).flatten().map(|at| f64::from(input[at])).collect();
            let middle = all.iter().sum::<f64>() / all.len() as f64;
            let spread = all.iter().map(|x| (x - middle).powi(2)).sum::<f64>() / all.len() as f64;
            assert!((f64::from(mean[c]) - middle).abs() < 1e-6 && (f64::from(variance[c]) - spread).abs() < 1e-6);
        }
    }
}
