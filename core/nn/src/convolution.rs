//! Convolution layers: the parameters under PyTorch's names, computed by [`crate::ops`].

use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use crate::ops::{convolve, convolve_transposed};

/// A convolution over three axes.
#[derive(Module, Debug)]
pub struct Conv3d {
    weight: Param<Tensor<5>>,
    bias: Option<Param<Tensor<1>>>,
    stride: [usize; 3],
    padding: [usize; 3],
    dilation: [usize; 3],
}

impl Conv3d {
    /// From `channels[0]` to `channels[1]` by a cube of `kernel`, padded so that stride 1 keeps the size of an odd kernel; without
    /// bias, all zero.
    pub(crate) fn blank(channels: [usize; 2], kernel: usize, stride: usize, dilation: usize, device: &Device) -> Self {
        let shape = [channels[1], channels[0], kernel, kernel, kernel];
        Self {
            weight: Initializer::Zeros.init(shape, device),
            bias: None,
            stride: [stride; 3],
            padding: [dilation * (kernel / 2); 3],
            dilation: [dilation; 3],
        }
    }

    /// The same with a bias.
    pub(crate) fn with_bias(self, device: &Device) -> Self {
        let [out, ..] = self.weight.dims();
        Self { bias: Some(Initializer::Zeros.init([out], device)), ..self }
    }

    /// # Shapes
    /// - input: `[N, in, D, H, W]`
    /// - output: `[N, out, ⌈D/stride⌉, ⌈H/stride⌉, ⌈W/stride⌉]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        plus_bias(convolve(input, self.weight.val(), self.stride, self.padding, self.dilation), self.bias.as_ref())
    }

    /// Input voxels between two outputs, and between two taps.
    #[cfg(test)]
    pub(crate) fn geometry(&self) -> (usize, usize) {
        (self.stride[0], self.dilation[0])
    }
}

/// A transposed convolution over three axes: every voxel becomes a cube of `kernel` voxels.
#[derive(Module, Debug)]
pub struct ConvTranspose3d {
    weight: Param<Tensor<5>>,
    bias: Option<Param<Tensor<1>>>,
    stride: [usize; 3],
}

impl ConvTranspose3d {
    /// From `channels[0]` to `channels[1]`, the stride as long as the kernel; all zero.
    pub(crate) fn blank(channels: [usize; 2], kernel: usize, device: &Device) -> Self {
        let shape = [channels[0], channels[1], kernel, kernel, kernel];
        let bias = Some(Initializer::Zeros.init([channels[1]], device));
        Self { weight: Initializer::Zeros.init(shape, device), bias, stride: [kernel; 3] }
    }

    /// # Shapes
    /// - input: `[N, in, D, H, W]`
    /// - output: `[N, out, kernel·D, kernel·H, kernel·W]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        plus_bias(convolve_transposed(input, self.weight.val(), self.stride), self.bias.as_ref())
    }
}

fn plus_bias(output: Tensor<5>, bias: Option<&Param<Tensor<1>>>) -> Tensor<5> {
    let Some(bias) = bias else { return output };
    let bias = bias.val();
    let [channels] = bias.dims();
    output + bias.reshape([1, channels, 1, 1, 1])
}
