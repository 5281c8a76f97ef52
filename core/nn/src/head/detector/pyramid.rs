use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::convolution::Conv3d;
use crate::encoder::convolution;
use crate::head::skip::refined_to;
use crate::norm::InstanceNorm3d;
use crate::{EncoderConfig, Features};

/// A feature pyramid (Lin et al., 2017) with its finest level only: each stage is brought to the same channels by a 1³
/// convolution and added to what comes from the deeper ones, and a 3³ convolution smooths the sum.
///
/// Where the encoder's last two stages are dilated in place of strided, layer2, layer3 and layer4 have the same resolution and are
/// added as they are; one refinement leads to layer1's. With ordinary strides each is refined to the next.
#[derive(Module, Debug)]
pub struct Pyramid {
    lateral1: Conv3d,
    lateral2: Conv3d,
    lateral3: Conv3d,
    lateral4: Conv3d,
    smooth: Conv3d,
    norm: InstanceNorm3d,
}

impl Pyramid {
    pub(super) fn blank(encoder: EncoderConfig, channels: usize, device: &Device) -> Self {
        let [c1, c2, c3, c4] = encoder.stage_channels();
        let lateral = |from: usize| convolution([from, channels], 1, 1, 1, device);
        Self {
            lateral1: lateral(c1),
            lateral2: lateral(c2),
            lateral3: lateral(c3),
            lateral4: lateral(c4),
            smooth: convolution([channels; 2], 3, 1, 1, device),
            norm: InstanceNorm3d::blank(channels, device),
        }
    }

    /// # Shapes
    /// - features: of an input `[N, in_channels, D, H, W]`
    /// - output: `[N, channels, ⌈D/4⌉, ⌈H/4⌉, ⌈W/4⌉]`
    pub fn forward(&self, features: &Features) -> Tensor<5> {
        let Features { layer1, layer2, layer3, layer4, .. } = features;
        let deep = refined_to(layer3, self.lateral4.forward(layer4.clone())) + self.lateral3.forward(layer3.clone());
        let eighth = refined_to(layer2, deep) + self.lateral2.forward(layer2.clone());
        let quarter = self.lateral1.forward(layer1.clone()) + refined_to(layer1, eighth);
        self.norm.rectified(self.smooth.forward(quarter))
    }
}
