use burn::module::{Module, Param};
use burn::nn::Initializer;
use burn::tensor::activation::relu;
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor};

use super::{BatchNorm3d, EPSILON, NormMode};
use crate::encoder::NormKind;

/// What stands behind each of an encoder's convolutions. Its weight and bias have the same names and shapes in either kind.
#[derive(Module, Debug)]
pub enum Norm {
    /// See [`BatchNorm3d`].
    Batch(BatchNorm3d),
    /// See [`GroupNorm3d`].
    Group(GroupNorm3d),
}

impl Norm {
    pub(crate) fn blank(kind: NormKind, channels: usize, device: &Device) -> Self {
        match kind {
            NormKind::Batch => Self::Batch(BatchNorm3d::blank(channels, device)),
            NormKind::Group => Self::Group(GroupNorm3d::blank(channels, device)),
        }
    }

    /// Group normalisation has no modes.
    pub(crate) fn set_mode(&mut self, mode: NormMode) {
        if let Self::Batch(norm) = self {
            norm.set_mode(mode);
        }
    }

    /// What was seen is seen again: see [`BatchNorm3d`]. Group normalisation remembers nothing.
    pub(crate) fn set_repeating(&mut self) {
        if let Self::Batch(norm) = self {
            norm.set_repeating();
        }
    }

    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        match self {
            Self::Batch(norm) => norm.forward(input),
            Self::Group(norm) => norm.forward(input),
        }
    }

    /// Normalised and rectified.
    ///
    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn rectified(&self, input: Tensor<5>) -> Tensor<5> {
        match self {
            Self::Batch(norm) => norm.rectified(input),
            Self::Group(norm) => relu(norm.forward(input)),
        }
    }

    /// The end of a residual block: `relu(norm(input) + shortcut)`.
    ///
    /// # Shapes
    /// - input, shortcut and output: `[N, C, D, H, W]`
    pub fn rectified_with(&self, input: Tensor<5>, shortcut: Tensor<5>) -> Tensor<5> {
        match self {
            Self::Batch(norm) => norm.rectified_with(input, shortcut),
            Self::Group(norm) => relu(norm.forward(input) + shortcut),
        }
    }
}

/// Group normalisation (Wu & He, 2018): the channels of a sample in up to 32 groups, each by its own mean and variance, then a
/// learnt slope and offset per channel; as `torch.nn.GroupNorm`.
///
/// It knows no batch, so it does the same in training as in prediction.
#[derive(Module, Debug)]
pub struct GroupNorm3d {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    groups: usize,
}

impl GroupNorm3d {
    /// Wu & He's default.
    const MOST_GROUPS: usize = 32;

    pub(crate) fn blank(channels: usize, device: &Device) -> Self {
        // A group of one channel would be instance normalisation, which leaves nothing of a map of one voxel.
        let most = (channels / 2).clamp(1, Self::MOST_GROUPS);
        let groups = (1..=most).rev().find(|groups| channels.is_multiple_of(*groups)).unwrap_or(1);
        Self { weight: Initializer::Ones.init([channels], device), bias: Initializer::Zeros.init([channels], device), groups }
    }

    /// How many groups: the largest divisor of the channels that is at most 32 and leaves two channels in each.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        let [n, c, d, h, w] = input.dims();
        let (device, rows) = (input.device(), n * self.groups);
        // Groups of all samples laid beside each other as channels of one: statistics of a batch are then those of a group.
        let side_by_side = input.reshape([1, rows, c / self.groups * d, h, w]);
        let (ones, zeros) = (Tensor::ones([rows], &device), Tensor::zeros([rows], &device));
        let normalised = batch_norm_train(side_by_side, ones, zeros, EPSILON).output.reshape([n * c, d * h * w]);
        let per_channel = |values: Tensor<1>| values.repeat_dim(0, n).reshape([n * c, 1]);
        (normalised * per_channel(self.weight.val()) + per_channel(self.bias.val())).reshape([n, c, d, h, w])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `torch.nn.GroupNorm(2, 4)` by hand: two samples of four channels in two groups.
    #[test]
    fn a_group_is_normalised_by_its_own_mean_and_variance() {
        let device = Device::flex();
        let mut norm = GroupNorm3d::blank(4, &device);
        norm.groups = 2;
        norm.weight = Param::from_tensor(Tensor::from_floats([1.0, 2.0, -1.0, 0.5], &device));
        norm.bias = Param::from_tensor(Tensor::from_floats([0.0, 0.5, 1.0, -1.0], &device));
        let values: Vec<f32> = (0..2 * 4 * 6).map(|v| ((v * v * 7) % 23) as f32).collect();
        let input = Tensor::<1>::from_floats(values.as_slice(), &device).reshape([2, 4, 1, 2, 3]);
        let found = norm.forward(input).to_data().try_to_vec::<f32>().expect("f32");
        for (group, members) in values.chunks(12).enumerate() {
            let mean = members.iter().sum::<f32>() / 12.0;
            let variance = members.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 12.0;
            for (at, value) in members.iter().enumerate() {
                let channel = (group * 2 + at / 6) % 4;
                let (slope, offset) = ([1.0, 2.0, -1.0, 0.5][channel], [0.0, 0.5, 1.0, -1.0][channel]);
                let wanted = (value - mean) / (variance + EPSILON as f32).sqrt() * slope + offset;
                assert!((found[group * 12 + at] - wanted).abs() < 1e-5, "{group} {at}");
            }
        }
    }

    #[test]
    fn groups_divide_the_channels_and_have_two_at_least() {
        let groups = |channels: usize| GroupNorm3d::blank(channels, &Device::flex()).groups();
        assert_eq!([1, 6, 16, 48, 64, 96, 2048].map(groups), [1, 3, 8, 24, 32, 32, 32]);
    }
}
