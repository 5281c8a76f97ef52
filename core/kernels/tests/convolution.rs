//! Every pass against the definition, in double precision, over geometries of the networks and odd ones.

use medley_kernels::{Geometry, forward, input_gradient, weight_gradient};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

struct Numbers {
    input: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    upstream: Vec<f32>,
}

fn numbers(geometry: &Geometry, seed: u64) -> Numbers {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut draw = |len: usize| -> Vec<f32> { (0..len).map(|_| random.random_range(-1.0..1.0)).collect() };
    Numbers {
        input: draw(geometry.input_len()),
        weight: draw(geometry.weight_len()),
        bias: draw(geometry.out_channels),
        upstream: draw(geometry.output_len()),
    }
}

/// The definition: calls `meet(output, input, weight)` for every product of offsets.
fn meetings(g: &Geometry, mut meet: impl FnMut(usize, usize, usize)) {
    let ([od, oh, ow], [id, ih, iw], [kd, kh, kw]) = (g.output(), g.input, g.kernel);
    let source = |axis: usize, out: usize, tap: usize| {
        (out * g.stride[axis] + tap * g.dilation[axis]).checked_sub(g.padding[axis]).filter(|&at| at < g.input[axis])
    };
    for (n, o, i) in (0..g.batch).flat_map(|n| (0..g.out_channels).flat_map(move |o| (0..g.in_channels).map(move |i| (n, o, i)))) {
        for (z, y, x) in (0..od).flat_map(|z| (0..oh).flat_map(move |y| (0..ow).map(move |x| (z, y, x)))) {
            for (d, h, w) in (0..kd).flat_map(|d| (0..kh).flat_map(move |h| (0..kw).map(move |w| (d, h, w)))) {
                if let (Some(sz), Some(sy), Some(sx)) = (source(0, z, d), source(1, y, h), source(2, x, w)) {
                    meet(
                        (((n * g.out_channels + o) * od + z) * oh + y) * ow + x,
                        (((n * g.in_channels + i) * id + sz) * ih + sy) * iw + sx,
                        (((o * g.in_channels + i) * kd + d) * kh + h) * kw + w,
                    );
                }
            }
        }
    }
}

fn assert_close(found: &[f32], wanted: &[f64], what: &str) {
    let spread = (wanted.iter().map(|v| v * v).sum::<f64>() / wanted.len() as f64).sqrt().max(1e-3);
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((f64::from(*found) - wanted).abs() < 1e-5 * spread, "{what}, number {at}: {found} against {wanted}");
    }
}

fn check(g: Geometry) {
    let Numbers { input, weight, bias, upstream } = numbers(&g, 7);
    let per_channel: usize = g.output().iter().product();
    let mut output: Vec<f64> = (0..g.output_len()).map(|at| f64::from(bias[at / per_channel % g.out_channels])).collect();
    let (mut of_input, mut of_weight, mut products) = (vec![0.0; g.input_len()], vec![0.0; g.weight_len()], 0u64);
    meetings(&g, |o, i, w| {
        output[o] += f64::from(input[i]) * f64::from(weight[w]);
        of_input[i] += f64::from(upstream[o]) * f64::from(weight[w]);
        of_weight[w] += f64::from(upstream[o]) * f64::from(input[i]);
        products += 1;
    });
    assert_eq!(g.useful_multiplications(), products, "{g:?}");
    // What was in the targets before must not matter.
    let mut found = vec![f32::NAN; g.output_len()];
    forward(&g, &input, &weight, Some(&bias), &mut found);
    assert_close(&found, &output, &format!("output of {g:?}"));
    let mut found = vec![f32::NAN; g.input_len()];
    input_gradient(&g, &weight, &upstream, &mut found);
    assert_close(&found, &of_input, &format!("input's gradient of {g:?}"));
    let mut found = vec![f32::NAN; g.weight_len()];
    weight_gradient(&g, &input, &upstream, &mut found);
    assert_close(&found, &of_weight, &format!("weight's gradient of {g:?}"));
}

fn cubic(channels: [usize; 2], size: [usize; 3], kernel: usize, stride: usize, padding: usize, dilation: usize) -> Geometry {
    Geometry {
        batch: 1,
        in_channels: channels[0],
        out_channels: channels[1],
        input: size,
        kernel: [kernel; 3],
        stride: [stride; 3],
        padding: [padding; 3],
        dilation: [dilation; 3],
    }
}

#[test]
fn every_layer_of_the_networks() {
    check(cubic([1, 20], [15, 14, 17], 7, 2, 3, 1)); // conv1
    check(cubic([2, 5], [9, 12, 8], 7, 2, 3, 1)); // conv1 of two channels
    check(cubic([16, 16], [6, 7, 16], 3, 1, 1, 1)); // layer1
    check(cubic([33, 40], [5, 4, 9], 3, 1, 1, 1)); // channels that fill no vector
    check(cubic([16, 32], [7, 8, 9], 3, 2, 1, 1)); // layer2.0
    check(cubic([130, 34], [4, 4, 5], 3, 1, 1, 1)); // more than one depth block
    check(cubic([24, 40], [6, 5, 8], 3, 1, 2, 2)); // layer3
    check(cubic([24, 40], [8, 7, 9], 3, 1, 4, 4)); // layer4
    check(cubic([24, 40], [3, 2, 1], 3, 1, 4, 4)); // layer4, all taps but one on padding
    check(cubic([40, 24], [5, 6, 7], 1, 1, 0, 1)); // bottleneck
    check(cubic([40, 24], [5, 6, 7], 1, 2, 0, 1)); // downsample
    check(cubic([32, 3], [4, 5, 6], 1, 1, 0, 1)); // classes
    check(cubic([300, 140], [3, 5, 7], 1, 1, 0, 1)); // more than one depth block, more than one of rows
    check(Geometry { batch: 2, ..cubic([5, 40], [2, 3, 4], 1, 1, 0, 1) });
    check(cubic([20, 48], [8, 6, 10], 2, 2, 0, 1)); // the reverse of the head's transposed convolution
}

#[test]
fn odd_geometries() {
    check(Geometry { batch: 3, ..cubic([5, 7], [4, 3, 5], 3, 1, 1, 1) });
    check(Geometry { batch: 2, ..cubic([1, 3], [6, 5, 4], 3, 2, 1, 1) });
    check(cubic([3, 4], [7, 7, 7], 3, 3, 0, 2));
    check(cubic([3, 4], [6, 6, 6], 2, 3, 2, 3));
    check(cubic([1, 1], [1, 1, 1], 3, 1, 1, 1));
    let uneven =
        Geometry { kernel: [1, 3, 5], stride: [1, 2, 1], padding: [0, 1, 2], dilation: [1, 1, 1], ..cubic([4, 6], [3, 6, 9], 1, 1, 0, 1) };
    check(uneven);
    check(Geometry { in_channels: 9, ..uneven });
    check(Geometry {
        kernel: [3, 1, 2],
        stride: [2, 1, 3],
        padding: [2, 0, 0],
        dilation: [2, 1, 2],
        ..cubic([9, 6], [6, 4, 9], 1, 1, 0, 1)
    });
}

/// Threads share the work, never the sums.
#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let geometries = [cubic([20, 70], [9, 8, 16], 3, 1, 2, 2), cubic([1, 40], [20, 20, 20], 7, 2, 3, 1)];
    for g in geometries {
        let Numbers { input, weight, upstream, .. } = numbers(&g, 3);
        let pass = || {
            let (mut output, mut of_input, mut of_weight) =
                (vec![0.0; g.output_len()], vec![0.0; g.input_len()], vec![0.0; g.weight_len()]);
            forward(&g, &input, &weight, None, &mut output);
            input_gradient(&g, &weight, &upstream, &mut of_input);
            weight_gradient(&g, &input, &upstream, &mut of_weight);
            [output, of_input, of_weight]
        };
        let with = |threads: usize| rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads").install(pass);
        let one = with(1);
        assert_eq!(one, with(2));
        assert_eq!(one, with(5));
    }
}
