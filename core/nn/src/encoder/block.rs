use burn::module::Module;
use burn::tensor::{Device, Tensor, s};

use super::{EncoderConfig, Shortcut, ShortcutGradient};
use crate::convolution::Conv3d;
use crate::norm::{Norm, NormMode};

/// A residual block: basic (3³, 3³) or bottleneck (1³, 3³, 1³), the stride and the dilation in its 3³ convolutions.
#[derive(Module, Debug)]
pub struct Block {
    conv1: Conv3d,
    bn1: Norm,
    conv2: Conv3d,
    bn2: Norm,
    conv3: Option<Conv3d>,
    bn3: Option<Norm>,
    downsample: Option<(Conv3d, Norm)>,
    stride: usize,
    out_channels: usize,
    /// Whether the input goes past as a copy that autograd does not see.
    has_cut_shortcut: bool,
}

/// Where a block stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Channels that come in.
    pub in_channels: usize,
    /// Channels of the stage, before expansion.
    pub width: usize,
    /// Stride of the block.
    pub stride: usize,
    /// Dilation of the stage.
    pub dilation: usize,
}

pub(crate) fn convolution(channels: [usize; 2], kernel: usize, stride: usize, dilation: usize, device: &Device) -> Conv3d {
    Conv3d::blank(channels, kernel, stride, dilation, device)
}

impl Block {
    pub(super) fn blank(config: EncoderConfig, place: Place, device: &Device) -> Self {
        let Place { in_channels, width, stride, dilation } = place;
        let out_channels = width * config.expansion();
        let changes_shape = stride != 1 || in_channels != out_channels;
        let has_projection = changes_shape && config.shortcut == Shortcut::B;
        let norm = |channels: usize| Norm::blank(config.norm, channels, device);
        let downsample = has_projection.then(|| (convolution([in_channels, out_channels], 1, 1, 1, device), norm(out_channels)));
        let is_bottleneck = config.depth.has_bottlenecks();
        let (conv1, conv2) = if is_bottleneck {
            (convolution([in_channels, width], 1, 1, 1, device), convolution([width, width], 3, stride, dilation, device))
        } else {
            (convolution([in_channels, width], 3, stride, dilation, device), convolution([width, width], 3, 1, dilation, device))
        };
        Self {
            conv1,
            bn1: norm(width),
            conv2,
            bn2: norm(width),
            conv3: is_bottleneck.then(|| convolution([width, out_channels], 1, 1, 1, device)),
            bn3: is_bottleneck.then(|| norm(out_channels)),
            downsample,
            stride,
            out_channels,
            has_cut_shortcut: changes_shape && !has_projection && config.shortcut_gradient == ShortcutGradient::Cut,
        }
    }

    /// # Shapes
    /// - input: `[N, in, D, H, W]`
    /// - output: `[N, out, ⌈D/stride⌉, ⌈H/stride⌉, ⌈W/stride⌉]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        let mut x = self.conv2.forward(self.bn1.rectified(self.conv1.forward(input.clone())));
        let mut last = &self.bn2;
        if let (Some(conv3), Some(bn3)) = (&self.conv3, &self.bn3) {
            x = conv3.forward(last.rectified(x));
            last = bn3;
        }
        let shortcut = match &self.downsample {
            // Striding before the 1³ convolution is the same as in it, and the only way that is right on every device: burn
            // 0.22.1 computes a wrong gradient for a 1³ convolution with a stride on wgpu.
            Some((convolution, norm)) => norm.forward(convolution.forward(strided(input, self.stride))),
            None if self.has_cut_shortcut => shortcut_a(input.detach(), self.stride, self.out_channels),
            None => shortcut_a(input, self.stride, self.out_channels),
        };
        last.rectified_with(x, shortcut)
    }

    /// Stride and dilation, as its 3³ convolutions have them.
    #[cfg(test)]
    pub(super) fn geometry(&self) -> (usize, usize) {
        let strided = if self.conv3.is_some() { &self.conv2 } else { &self.conv1 };
        assert_eq!(strided.geometry().1, self.conv2.geometry().1);
        strided.geometry()
    }

    #[cfg(test)]
    pub(super) fn second_convolution(&self) -> &Conv3d {
        &self.conv2
    }

    pub(super) fn set_norm_mode(&mut self, mode: NormMode) {
        self.norms().for_each(|norm| norm.set_mode(mode));
    }

    pub(super) fn set_repeating(&mut self) {
        self.norms().for_each(Norm::set_repeating);
    }

    fn norms(&mut self) -> impl Iterator<Item = &mut Norm> {
        let projection = self.downsample.as_mut().map(|(_, norm)| norm);
        [Some(&mut self.bn1), Some(&mut self.bn2), self.bn3.as_mut(), projection].into_iter().flatten()
    }
}

/// He et al.'s option A: every `stride`-th voxel, and zeros in the channels that are new (the last ones).
///
/// The gradient flows back through the voxels taken. The reference's does not: see [`ShortcutGradient`].
///
/// # Shapes
/// - input: `[N, C, D, H, W]`
/// - output: `[N, channels, ⌈D/stride⌉, ⌈H/stride⌉, ⌈W/stride⌉]`
fn shortcut_a(input: Tensor<5>, stride: usize, channels: usize) -> Tensor<5> {
    let taken = strided(input, stride);
    let [n, c, d, h, w] = taken.dims();
    if c == channels {
        return taken;
    }
    let zeros = Tensor::zeros([n, channels - c, d, h, w], &taken.device());
    Tensor::cat(vec![taken, zeros], 1)
}

/// Every `stride`-th voxel along each axis.
fn strided(input: Tensor<5>, stride: usize) -> Tensor<5> {
    let step = stride as isize;
    if stride == 1 { input } else { input.slice(s![.., .., ..;step, ..;step, ..;step]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortcut_a_takes_every_other_voxel_and_its_gradient_goes_back_to_them() {
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..27).map(|v| v as f32).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([1, 1, 3, 3, 3]).require_grad();
        let output = shortcut_a(input.clone(), 2, 2);
        assert_eq!(output.dims(), [1, 2, 2, 2, 2]);
        let found = output.to_data().try_to_vec::<f32>().expect("f32");
        assert_eq!(found[..8], [0.0, 2.0, 6.0, 8.0, 18.0, 20.0, 24.0, 26.0]);
        assert_eq!(found[8..], [0.0; 8]);
        let gradients = (output * 3.0).sum().backward();
        let gradient = input.grad(&gradients).expect("a gradient").to_data().try_to_vec::<f32>().expect("f32");
        for (at, value) in gradient.into_iter().enumerate() {
            let is_taken = [at / 9, at / 3 % 3, at % 3].iter().all(|v| v % 2 == 0);
            assert_eq!(value, if is_taken { 3.0 } else { 0.0 }, "voxel {at}");
        }
    }

    #[test]
    fn a_dilated_block_reaches_as_far_as_its_dilation_and_touches_nothing_between() {
        use crate::parameters::filled;
        let device = Device::flex();
        let config = EncoderConfig::new(crate::Depth::R10, Shortcut::B, 1);
        let place = Place { in_channels: 1, width: 1, stride: 1, dilation: 4 };
        let block = filled(Block::blank(config, place, &device), |p| (p.shape.len() == 5).then(|| vec![1.0; p.shape.iter().product()]));
        let mut impulse = vec![0.0; 11 * 11 * 11];
        impulse[5 * 121 + 5 * 11 + 5] = 1.0;
        let input = Tensor::<1>::from_floats(impulse.as_slice(), &device).reshape([1, 1, 11, 11, 11]);
        let found = block.conv1.forward(input).to_data().try_to_vec::<f32>().expect("f32");
        for (at, value) in found.into_iter().enumerate() {
            let is_tap = [at / 121, at / 11 % 11, at % 11].iter().all(|v| [1, 5, 9].contains(v));
            assert_eq!(value, if is_tap { 1.0 } else { 0.0 }, "voxel {at}");
        }
    }
}
