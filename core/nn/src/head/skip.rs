use burn::module::Module;
use burn::tensor::ops::PadMode;
use burn::tensor::{Device, Tensor};

use super::ascent::Ascent;
use crate::convolution::{Conv3d, ConvTranspose3d};
use crate::encoder::convolution;
use crate::interpolate::refine_trilinear;
use crate::norm::InstanceNorm3d;
use crate::{EncoderConfig, Features};

/// A light U-Net decoder (Ronneberger et al., 2015) on the encoder's four resolutions.
///
/// Layer4 (stride 8) is reduced to few channels and refined to stride 4, where layer1 joins it, and to stride 2, where the stem
/// and the input itself join: every 2³ voxels of the input as channels of one, which keeps the finest detail at an eighth of
/// the places. A last transposed convolution makes 2³ voxels of logits of each of those places. A 3³ convolution at full
/// resolution would cost more than the whole encoder.
///
/// Each resolution adds its logits to the refined ones of the coarser. So the loss reaches layer4 by a straight way, and large
/// organs are found within few steps; without it the fine features learn first and hold the deep ones up.
///
/// An encoder with ordinary strides ends at stride 32; two more joints bring its features up to stride 8 first.
#[derive(Module, Debug)]
pub struct SkipDecoder {
    reduce: Layer,
    ascent: Option<Ascent>,
    classify_eighth: Conv3d,
    quarter: Joint,
    classify_quarter: Conv3d,
    half: Joint,
    classify: ConvTranspose3d,
}

/// Convolution, instance normalisation, ReLU.
#[derive(Module, Debug)]
struct Layer {
    conv: Conv3d,
    norm: InstanceNorm3d,
}

impl Layer {
    fn blank(channels: [usize; 2], kernel: usize, device: &Device) -> Self {
        Self { conv: convolution(channels, kernel, 1, 1, device), norm: InstanceNorm3d::blank(channels[1], device) }
    }

    fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        self.norm.rectified(self.conv.forward(input))
    }
}

/// Where features of two origins meet: mixed down by a 1³ convolution before the 3³ one looks around, at less than half the
/// cost of a 3³ convolution on all of them.
#[derive(Module, Debug)]
pub(super) struct Joint {
    mix: Layer,
    look: Layer,
}

impl Joint {
    pub(super) fn blank(channels: [usize; 2], device: &Device) -> Self {
        Self { mix: Layer::blank(channels, 1, device), look: Layer::blank([channels[1]; 2], 3, device) }
    }

    pub(super) fn forward(&self, features: Vec<Tensor<5>>) -> Tensor<5> {
        self.look.forward(self.mix.forward(Tensor::cat(features, 1)))
    }
}

impl SkipDecoder {
    pub(super) fn blank(encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        let [layer1, .., layer4] = encoder.stage_channels();
        let reduced = (2 * encoder.base_width).clamp(8, 64);
        let kept = encoder.base_width.clamp(8, 32);
        Self {
            reduce: Layer::blank([layer4, reduced], 1, device),
            ascent: Ascent::blank(encoder, reduced, device),
            classify_eighth: convolution([reduced, classes], 1, 1, 1, device),
            quarter: Joint::blank([reduced + layer1, kept], device),
            classify_quarter: convolution([kept, classes], 1, 1, 1, device),
            half: Joint::blank([kept + encoder.base_width + 8 * encoder.in_channels, kept], device),
            classify: ConvTranspose3d::blank([kept, classes], 2, device),
        }
    }

    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: `[N, classes, D, H, W]`
    pub fn forward(&self, input: Tensor<5>, features: &Features) -> Tensor<5> {
        let [(full, _), ..] = self.forward_deep(input, features);
        full
    }

    /// The logits at every resolution that has some, finest first, each with its stride. The finest are those of
    /// [`SkipDecoder::forward`].
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - outputs: `[N, classes, ⌈D/stride⌉, ⌈H/stride⌉, ⌈W/stride⌉]` for the strides 1, 4, 8
    pub fn forward_deep(&self, input: Tensor<5>, features: &Features) -> [(Tensor<5>, usize); 3] {
        let [_, _, d, h, w] = input.dims();
        let deepest = self.reduce.forward(features.layer4.clone());
        let eighth = self.ascent.as_ref().map_or(deepest.clone(), |ascent| ascent.forward(deepest, features));
        let logits_eighth = self.classify_eighth.forward(eighth.clone());
        let logits = refined_to(&features.layer1, logits_eighth.clone());
        let quarter = self.quarter.forward(vec![refined_to(&features.layer1, eighth), features.layer1.clone()]);
        let logits_quarter = logits + self.classify_quarter.forward(quarter.clone());
        let logits = refined_to(&features.stem, logits_quarter.clone());
        let half = self.half.forward(vec![refined_to(&features.stem, quarter), features.stem.clone(), eighths(input)]);
        let fine = self.classify.forward(half).narrow(2, 0, d).narrow(3, 0, h).narrow(4, 0, w);
        let logits = refine_trilinear(logits, [d, h, w]) + fine;
        [(logits, 1), (logits_quarter, 4), (logits_eighth, 8)]
    }
}

pub(in crate::head) fn refined_to(target: &Tensor<5>, coarse: Tensor<5>) -> Tensor<5> {
    let [_, _, d, h, w] = target.dims();
    refine_trilinear(coarse, [d, h, w])
}

/// Every 2³ voxels as channels of one; an odd axis gets one plane of zeros at its end.
///
/// # Shapes
/// - input: `[N, C, D, H, W]`
/// - output: `[N, 8·C, ⌈D/2⌉, ⌈H/2⌉, ⌈W/2⌉]`
fn eighths(input: Tensor<5>) -> Tensor<5> {
    let [n, c, d, h, w] = input.dims();
    let missing = [d % 2, h % 2, w % 2];
    let even = if missing == [0; 3] { input } else { input.pad(missing.map(|m| (0, m)), PadMode::Constant(0.0)) };
    let [d, h, w] = [d, h, w].map(|size| size.div_ceil(2));
    even.reshape([n, c, d, 2, h, 2, w, 2]).permute([0, 1, 3, 5, 7, 2, 4, 6]).reshape([n, 8 * c, d, h, w])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eighths_keep_every_voxel_once() {
        let values: Vec<f32> = (1..=2 * 3 * 4).map(|v| v as f32).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &Device::flex()).reshape([1, 1, 2, 3, 4]);
        let output = eighths(input);
        assert_eq!(output.dims(), [1, 8, 1, 2, 2]);
        let found = output.to_data().try_to_vec::<f32>().expect("f32");
        // Channel 0 holds the first voxel of each 2³, channel 7 the last; the padded plane is zero.
        assert_eq!(found[..4], [1.0, 3.0, 9.0, 11.0]);
        assert_eq!(found[28..], [18.0, 20.0, 0.0, 0.0]);
        let mut seen: Vec<f32> = found.into_iter().filter(|&v| v != 0.0).collect();
        seen.sort_by(f32::total_cmp);
        assert_eq!(seen, values);
    }
}
