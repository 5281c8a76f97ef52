use burn::module::Module;
use burn::nn::Relu;
use burn::tensor::{Device, Tensor};

use crate::EncoderConfig;
use crate::convolution::{Conv3d, ConvTranspose3d};
use crate::encoder::convolution;
use crate::norm::BatchNorm3d;

/// Channels between the reference head's layers, whatever the encoder's width.
const CHANNELS: usize = 32;

/// The segmentation head of the released code (`conv_seg`): twice as fine, smooth, classify.
#[derive(Module, Debug)]
pub struct Med3dHead {
    conv_seg: (ConvTranspose3d, BatchNorm3d, Relu, Conv3d, BatchNorm3d, Relu, Conv3d),
}

impl Med3dHead {
    pub(super) fn blank(encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        Self {
            conv_seg: (
                ConvTranspose3d::blank([encoder.stage_channels()[3], CHANNELS], 2, device),
                BatchNorm3d::blank(CHANNELS, device),
                Relu::new(),
                convolution([CHANNELS, CHANNELS], 3, 1, 1, device),
                BatchNorm3d::blank(CHANNELS, device),
                Relu::new(),
                convolution([CHANNELS, classes], 1, 1, 1, device),
            ),
        }
    }

    /// # Shapes
    /// - layer4: `[N, 8·base_width·expansion, D, H, W]`
    /// - output: `[N, classes, 2·D, 2·H, 2·W]`
    pub fn forward(&self, layer4: Tensor<5>) -> Tensor<5> {
        // The rectifiers only keep the places that the reference's names count.
        let (finer, norm, _, smooth, second_norm, _, classify) = &self.conv_seg;
        let x = norm.rectified(finer.forward(layer4));
        let x = second_norm.rectified(smooth.forward(x));
        classify.forward(x)
    }
}
