use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::skip::{Joint, refined_to};
use crate::{EncoderConfig, Features, Strides};

/// From stride 32 to stride 8, where the skip decoder begins: what it needs beneath itself when the encoder's last stages are
/// strided ([`Strides::Ordinary`]). Layer3 joins at stride 16 and layer2 at stride 8.
#[derive(Module, Debug)]
pub struct Ascent {
    sixteenth: Joint,
    eighth: Joint,
}

impl Ascent {
    /// For features of `channels`, which it keeps; nothing where the encoder ends at stride 8 itself.
    pub(super) fn blank(encoder: EncoderConfig, channels: usize, device: &Device) -> Option<Self> {
        let [_, layer2, layer3, _] = encoder.stage_channels();
        (encoder.strides == Strides::Ordinary).then(|| Self {
            sixteenth: Joint::blank([channels + layer3, channels], device),
            eighth: Joint::blank([channels + layer2, channels], device),
        })
    }

    /// # Shapes
    /// - deepest: `[N, channels, ⌈D/32⌉, ⌈H/32⌉, ⌈W/32⌉]`
    /// - output: `[N, channels, ⌈D/8⌉, ⌈H/8⌉, ⌈W/8⌉]`
    pub(super) fn forward(&self, deepest: Tensor<5>, features: &Features) -> Tensor<5> {
        let sixteenth = self.sixteenth.forward(vec![refined_to(&features.layer3, deepest), features.layer3.clone()]);
        self.eighth.forward(vec![refined_to(&features.layer2, sixteenth), features.layer2.clone()])
    }
}
