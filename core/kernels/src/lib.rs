//! What networks spend their time on, on the processor: convolution in three dimensions, pooling, normalisation; each with
//! its gradients.
//!
//! # Map
//! - [`Geometry`]: sizes, stride, padding, dilation
//! - [`forward`], [`input_gradient`], [`weight_gradient`]: the convolution
//! - [`max_pool3d`], [`max_pool3d_gradient`]
//! - [`moments`], [`normalise`], [`normalise_gradient`]: with the shortcut and the rectifier that follow
//! - [`update`]: weights along their gradients
//! - `pointwise`: convolutions of one voxel; `direct`, `weight_gradient`: what is multiplied with what; `pack`: in which order it
//!   lies; `kernel`: the innermost loop in vector instructions, found at run time
//!
//! # Invariants
//! 1. Tensors are slices `[N, C, D, H, W]`, weights `[out, in, kD, kH, kW]`; all 32-bit, all contiguous.
//! 2. Padding is never multiplied, except the few zeros at the ends of a row when a source has at most four channels.
//! 3. The order in which numbers are added depends on the geometry alone: the same bits with one thread or many.
//! 4. What is `unsafe` lies in `kernel` and `shared`, with the check that makes it sound beside it; tasks elsewhere only promise
//!    `shared` that their parts do not overlap.

mod direct;
mod geometry;
mod kernel;
mod norm;
mod pack;
mod pointwise;
mod pool;
mod scratch;
mod shared;
mod update;
mod weight_gradient;

pub use geometry::Geometry;
pub use norm::{Maps, NormGradients, Statistics, moments, normalise, normalise_gradient};
pub use pool::{Pooling, max_pool3d, max_pool3d_gradient};
pub use update::{Memory, Rule, update};

use direct::Pass;
use pack::WeightLayout;

/// The vector instructions this machine's processor is used with.
#[must_use]
pub fn instructions() -> &'static str {
    kernel::Processor::get().name()
}

/// The convolution (as everywhere in this field, a correlation).
///
/// # Shapes
/// - input: `[batch, in_channels, D, H, W]`
/// - weight: `[out_channels, in_channels, kD, kH, kW]`
/// - bias: `[out_channels]`
/// - output: `[batch, out_channels, D', H', W']`, overwritten
///
/// # Panics
/// If a slice is not as long as the geometry says.
pub fn forward(geometry: &Geometry, input: &[f32], weight: &[f32], bias: Option<&[f32]>, output: &mut [f32]) {
    assert_eq!([input.len(), weight.len(), output.len()], [geometry.input_len(), geometry.weight_len(), geometry.output_len()]);
    if pointwise::is_pointwise(geometry) {
        return pointwise::forward(geometry, input, weight, bias, output);
    }
    let (out, taps) = (geometry.output(), geometry.taps());
    let pass = Pass {
        batch: geometry.batch,
        source: input,
        source_channels: geometry.in_channels,
        source_size: geometry.input,
        target_size: out,
        runs: std::array::from_fn(|axis| geometry.forward_axis(axis, out[axis])),
        weight,
        layout: WeightLayout {
            columns: geometry.out_channels,
            depth: geometry.in_channels,
            taps,
            column_step: geometry.in_channels * taps,
            depth_step: taps,
        },
        bias,
    };
    pass.run(output);
}

/// The gradient of the input; also the transposed convolution.
///
/// # Shapes
/// - weight: `[out_channels, in_channels, kD, kH, kW]`
/// - output_gradient: `[batch, out_channels, D', H', W']`
/// - input_gradient: `[batch, in_channels, D, H, W]`, overwritten
///
/// # Panics
/// If a slice is not as long as the geometry says.
pub fn input_gradient(geometry: &Geometry, weight: &[f32], output_gradient: &[f32], input_gradient: &mut [f32]) {
    assert_eq!(
        [input_gradient.len(), weight.len(), output_gradient.len()],
        [geometry.input_len(), geometry.weight_len(), geometry.output_len()]
    );
    if pointwise::is_pointwise(geometry) {
        return pointwise::input_gradient(geometry, weight, output_gradient, input_gradient);
    }
    let (out, taps) = (geometry.output(), geometry.taps());
    if output_gradient.is_empty() {
        input_gradient.fill(0.0);
        return;
    }
    let pass = Pass {
        batch: geometry.batch,
        source: output_gradient,
        source_channels: geometry.out_channels,
        source_size: out,
        target_size: geometry.input,
        runs: std::array::from_fn(|axis| geometry.backward_axis(axis, out[axis])),
        weight,
        layout: WeightLayout {
            columns: geometry.in_channels,
            depth: geometry.out_channels,
            taps,
            column_step: taps,
            depth_step: geometry.in_channels * taps,
        },
        bias: None,
    };
    pass.run(input_gradient);
}

/// The gradient of the weight.
///
/// # Shapes
/// - input: `[batch, in_channels, D, H, W]`
/// - output_gradient: `[batch, out_channels, D', H', W']`
/// - weight_gradient: `[out_channels, in_channels, kD, kH, kW]`, overwritten
///
/// # Panics
/// If a slice is not as long as the geometry says.
pub fn weight_gradient(geometry: &Geometry, input: &[f32], output_gradient: &[f32], weight_gradient: &mut [f32]) {
    assert_eq!(
        [input.len(), weight_gradient.len(), output_gradient.len()],
        [geometry.input_len(), geometry.weight_len(), geometry.output_len()]
    );
    if pointwise::is_pointwise(geometry) {
        return pointwise::weight_gradient(geometry, input, output_gradient, weight_gradient);
    }
    weight_gradient::weight_gradient(geometry, input, output_gradient, weight_gradient);
}
