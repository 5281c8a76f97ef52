use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::EncoderConfig;
use crate::convolution::Conv3d;
use crate::encoder::convolution;

/// The decoder branch of the paper's pretraining: one 1³ convolution with bias on layer4, whose logits are stretched linearly to
/// the input's size (Chen et al., Med3D, 2019, section 3).
///
/// It has next to no capacity of its own, so all that it learns it learns into the encoder; borders are as coarse as the features.
#[derive(Module, Debug)]
pub struct BranchHead {
    classify: Conv3d,
}

impl BranchHead {
    pub(super) fn blank(encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        Self { classify: voxel_classifier([encoder.stage_channels()[3], classes], device) }
    }

    /// # Shapes
    /// - layer4: `[N, 8·base_width·expansion, D, H, W]`
    /// - output: `[N, classes, D, H, W]`
    pub fn forward(&self, layer4: Tensor<5>) -> Tensor<5> {
        self.classify.forward(layer4)
    }
}

/// A 1³ convolution with bias: the same linear classifier at every place.
pub(super) fn voxel_classifier(channels: [usize; 2], device: &Device) -> Conv3d {
    convolution(channels, 1, 1, 1, device).with_bias(device)
}
