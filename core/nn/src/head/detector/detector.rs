use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};

use super::Pyramid;
use crate::convolution::Conv3d;
use crate::encoder::convolution;
use crate::norm::InstanceNorm3d;
use crate::{EncoderConfig, Features};

/// The heat map's first bias: every place starts with a chance of one in ten, so that the many empty places do not drown the few
/// centres in the first steps (Lin et al., 2017, focal loss; Zhou et al., 2019).
const RARE: f64 = -2.19;

/// Objects as points (Zhou et al., arXiv 1904.07850) in three dimensions: a heat map per class that is high at the centres of
/// objects, and at each place the size of the object there and how far its centre lies from the place.
#[derive(Module, Debug)]
pub struct Detector {
    pyramid: Pyramid,
    look: Conv3d,
    norm: InstanceNorm3d,
    heat: Output,
    size: Output,
    offset: Output,
}

/// What a detector says of an input, at a quarter of its resolution: cell `c` lies on the input's voxel `4·c`.
#[derive(Debug, Clone)]
pub struct Maps {
    /// Logits of an object of each class having its centre here; `[N, classes, D', H', W']`.
    pub heat: Tensor<5>,
    /// Logarithm of the object's extent along D, H, W, in cells; `[N, 3, D', H', W']`.
    pub size: Tensor<5>,
    /// From the cell to the object's centre along D, H, W, in cells; `[N, 3, D', H', W']`.
    pub offset: Tensor<5>,
}

/// A 1³ convolution with a bias.
#[derive(Module, Debug)]
struct Output {
    conv: Conv3d,
    bias: Param<Tensor<1>>,
}

impl Output {
    fn blank(channels: [usize; 2], bias: f64, device: &Device) -> Self {
        let bias = Initializer::Constant { value: bias }.init([channels[1]], device);
        Self { conv: convolution(channels, 1, 1, 1, device), bias }
    }

    fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        let [channels] = self.bias.dims();
        self.conv.forward(input) + self.bias.val().reshape([1, channels, 1, 1, 1])
    }
}

impl Detector {
    /// How many input voxels lie between two cells.
    pub const STRIDE: usize = 4;

    pub(crate) fn blank(encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        let channels = (2 * encoder.base_width).clamp(16, 64);
        Self {
            pyramid: Pyramid::blank(encoder, channels, device),
            look: convolution([channels; 2], 3, 1, 1, device),
            norm: InstanceNorm3d::blank(channels, device),
            heat: Output::blank([channels, classes], RARE, device),
            size: Output::blank([channels, 3], 0.0, device),
            offset: Output::blank([channels, 3], 0.0, device),
        }
    }

    /// From what an encoder made of an input to maps of its objects.
    pub fn forward(&self, features: &Features) -> Maps {
        let x = self.norm.rectified(self.look.forward(self.pyramid.forward(features)));
        Maps { heat: self.heat.forward(x.clone()), size: self.size.forward(x.clone()), offset: self.offset.forward(x) }
    }
}
