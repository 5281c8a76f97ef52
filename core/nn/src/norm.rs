//! Normalisation over batches (the encoders, as the reference has them), over groups of channels (in its place) and over single
//! samples (the skip decoder).

mod group;

use burn::module::{Flag, Module, Param, RunningState};
use burn::nn::Initializer;
use burn::tensor::activation::relu;
use burn::tensor::module::batch_norm_train;
use burn::tensor::{Device, Tensor};
use medley_kernels::{Maps, Statistics};

use crate::ops::{Normalisation, moments, normalise, on_processor};

pub use group::{GroupNorm3d, Norm};

const EPSILON: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// Which statistics a [`BatchNorm3d`] normalises by while it is trained. Outside training it is always the running ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NormMode {
    /// The batch's own, and the running ones follow: what pretraining on many scans wants.
    #[default]
    Batch,
    /// The running ones, which stay as they are; weight and bias still learn. With one or two patches a batch, statistics of
    /// the batch are noise and would make training and prediction differ, so fine-tuning starts from here.
    Frozen,
}

/// Batch normalisation as `torch.nn.BatchNorm3d` computes it: normalised by the biased variance, the running variance
/// following the unbiased one.
///
/// It trains when its input is on an autodiff device and the module is not frozen (`Module::freeze`, `Module::valid`).
/// Clones share their running statistics; [`Module::valid`] takes a copy.
#[derive(Module, Debug)]
pub struct BatchNorm3d {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
    running_mean: RunningState<Tensor<1>>,
    running_var: RunningState<Tensor<1>>,
    training: Param<Flag>,
    #[module(skip)]
    mode: NormMode,
    /// Whether it only repeats what it has computed already.
    #[module(skip)]
    is_repeating: bool,
}

impl BatchNorm3d {
    pub(crate) fn blank(channels: usize, device: &Device) -> Self {
        Self {
            weight: Initializer::Ones.init([channels], device),
            bias: Initializer::Zeros.init([channels], device),
            running_mean: RunningState::new(Tensor::zeros([channels], device)),
            running_var: RunningState::new(Tensor::ones([channels], device)),
            training: Param::from_bool(true),
            mode: NormMode::Batch,
            is_repeating: false,
        }
    }

    pub(crate) fn set_mode(&mut self, mode: NormMode) {
        self.mode = mode;
    }

    /// From now on the running statistics stay as they are, in every mode: they have seen the batch already.
    pub(crate) fn set_repeating(&mut self) {
        self.is_repeating = true;
    }

    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        self.followed(input, None, false)
    }

    /// Normalised and rectified: `relu(norm(input))`.
    ///
    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn rectified(&self, input: Tensor<5>) -> Tensor<5> {
        self.followed(input, None, true)
    }

    /// The end of a residual block: `relu(norm(input) + shortcut)`.
    ///
    /// # Shapes
    /// - input, shortcut and output: `[N, C, D, H, W]`
    pub fn rectified_with(&self, input: Tensor<5>, shortcut: Tensor<5>) -> Tensor<5> {
        self.followed(input, Some(shortcut), true)
    }

    fn followed(&self, input: Tensor<5>, added: Option<Tensor<5>>, rectify: bool) -> Tensor<5> {
        let is_training = input.device().is_autodiff() && self.training.is_enabled();
        let by_batch = is_training && self.mode == NormMode::Batch;
        if on_processor(&input) {
            return self.at_once(input, added, rectify, by_batch);
        }
        let normal = if by_batch { self.by_batch(input) } else { self.by_running_statistics(input) };
        let sum = added.map_or(normal.clone(), |added| normal + added);
        if rectify { relu(sum) } else { sum }
    }

    /// Everything in one operation.
    fn at_once(&self, input: Tensor<5>, added: Option<Tensor<5>>, rectify: bool, by_batch: bool) -> Tensor<5> {
        let [batch, channels, d, h, w] = input.dims();
        let maps = Maps { batch, channels, voxels: d * h * w };
        let moments = if by_batch {
            let moments = moments(&input, maps);
            let device = input.device().without_autodiff();
            let vector = |numbers: &[f32]| Tensor::<1>::from_floats(numbers, &device);
            self.follow(vector(&moments.0), vector(&moments.1), batch * d * h * w);
            moments
        } else {
            (numbers(&self.running_mean), numbers(&self.running_var))
        };
        let statistics = Statistics::of(moments, EPSILON as f32, by_batch);
        normalise(input, self.weight.val(), self.bias.val(), added, Normalisation { maps, statistics, rectify })
    }

    /// The running statistics take a step towards those of a batch of `count` voxels.
    fn follow(&self, mean: Tensor<1>, variance: Tensor<1>, count: usize) {
        if self.is_repeating {
            return;
        }
        let unbiased = variance.mul_scalar(count as f64 / count.saturating_sub(1).max(1) as f64);
        let follow = |state: &RunningState<Tensor<1>>, new: Tensor<1>| {
            let old = state.value_sync().to_device(&new.device());
            state.update((old.mul_scalar(1.0 - MOMENTUM) + new.mul_scalar(MOMENTUM)).detach());
        };
        follow(&self.running_mean, mean);
        follow(&self.running_var, unbiased);
    }

    fn by_batch(&self, input: Tensor<5>) -> Tensor<5> {
        let [n, _, d, h, w] = input.dims();
        let result = batch_norm_train(input, self.weight.val(), self.bias.val(), EPSILON);
        self.follow(result.mean, result.variance, n * d * h * w);
        result.output
    }

    /// One multiplication and one addition per voxel: the four numbers of a channel make a line.
    fn by_running_statistics(&self, input: Tensor<5>) -> Tensor<5> {
        let device = input.device();
        let mean = self.running_mean.value_sync().to_device(&device);
        let variance = self.running_var.value_sync().to_device(&device);
        let slope = self.weight.val() / variance.add_scalar(EPSILON).sqrt();
        let offset = self.bias.val() - mean * slope.clone();
        // As a matrix with one row per channel, so that backwards each is one sum along a row.
        let [n, c, d, h, w] = input.dims();
        let rows = |per_channel: Tensor<1>| per_channel.repeat_dim(0, n).reshape([n * c, 1]);
        (input.reshape([n * c, d * h * w]) * rows(slope) + rows(offset)).reshape([n, c, d, h, w])
    }
}

fn numbers(state: &RunningState<Tensor<1>>) -> Vec<f32> {
    state.value_sync().to_data().iter::<f32>().collect()
}

/// Instance normalisation: every channel of every sample by its own mean and variance, then a learnt slope and offset.
///
/// The decoder's choice: it needs no statistics of a batch, so it does the same with one patch as with many, in training as in
/// prediction.
#[derive(Module, Debug)]
pub struct InstanceNorm3d {
    weight: Param<Tensor<1>>,
    bias: Param<Tensor<1>>,
}

impl InstanceNorm3d {
    pub(crate) fn blank(channels: usize, device: &Device) -> Self {
        Self { weight: Initializer::Ones.init([channels], device), bias: Initializer::Zeros.init([channels], device) }
    }

    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn forward(&self, input: Tensor<5>) -> Tensor<5> {
        self.followed(input, false)
    }

    /// Normalised and rectified: `relu(norm(input))`.
    ///
    /// # Shapes
    /// - input and output: `[N, C, D, H, W]`
    pub fn rectified(&self, input: Tensor<5>) -> Tensor<5> {
        self.followed(input, true)
    }

    fn followed(&self, input: Tensor<5>, rectify: bool) -> Tensor<5> {
        let [n, c, d, h, w] = input.dims();
        let (weight, bias) = (self.weight.val().repeat_dim(0, n), self.bias.val().repeat_dim(0, n));
        // Samples laid beside each other as channels of one: statistics of a batch are then statistics of a sample.
        let side_by_side = input.reshape([1, n * c, d, h, w]);
        let output = if on_processor(&side_by_side) {
            let maps = Maps { batch: 1, channels: n * c, voxels: d * h * w };
            let statistics = Statistics::of(moments(&side_by_side, maps), EPSILON as f32, true);
            normalise(side_by_side, weight, bias, None, Normalisation { maps, statistics, rectify })
        } else {
            let output = batch_norm_train(side_by_side, weight, bias, EPSILON).output;
            if rectify { relu(output) } else { output }
        };
        output.reshape([n, c, d, h, w])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(device: &Device) -> Tensor<5> {
        let values: Vec<f32> = (0..32).map(|v| ((v * 7) % 13) as f32).collect();
        Tensor::<1>::from_floats(values.as_slice(), device).reshape([2, 2, 2, 2, 2])
    }

    fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("f32")
    }

    #[test]
    fn the_running_variance_follows_the_unbiased_one() {
        let device = Device::flex().autodiff();
        let norm = BatchNorm3d::blank(2, &device);
        let input = ramp(&device);
        norm.forward(input.clone());
        let values = numbers(input);
        let channel: Vec<f32> = (0..32).filter(|at| at / 8 % 2 == 1).map(|at| values[at]).collect();
        let mean = channel.iter().sum::<f32>() / 16.0;
        let variance = channel.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / 15.0;
        assert!((numbers(norm.running_mean.value_sync())[1] - 0.1 * mean).abs() < 1e-6);
        assert!((numbers(norm.running_var.value_sync())[1] - (0.9 + 0.1 * variance)).abs() < 1e-5);
    }

    #[test]
    fn frozen_statistics_neither_change_nor_stop_the_weight_from_learning() {
        let device = Device::flex().autodiff();
        let mut norm = BatchNorm3d::blank(2, &device);
        norm.set_mode(NormMode::Frozen);
        let input = ramp(&device);
        let output = norm.forward(input.clone());
        assert_eq!(numbers(norm.running_mean.value_sync()), vec![0.0, 0.0]);
        let scale = 1.0 / (1.0 + EPSILON as f32).sqrt();
        for (found, value) in numbers(output.clone()).into_iter().zip(numbers(input)) {
            assert!((found - value * scale).abs() < 1e-5);
        }
        let gradients = output.sum().backward();
        assert!(norm.weight.val().grad(&gradients).is_some());
    }

    #[test]
    fn instance_norm_does_not_see_the_other_sample() {
        let device = Device::flex();
        let norm = InstanceNorm3d::blank(2, &device);
        let both = norm.forward(ramp(&device));
        let second = norm.forward(ramp(&device).narrow(0, 1, 1));
        let difference = (both.clone().narrow(0, 1, 1) - second).abs().max();
        assert!(numbers(difference)[0] < 1e-6);
        let mean = numbers(both.narrow(0, 0, 1).narrow(1, 1, 1).mean());
        assert!(mean[0].abs() < 1e-6);
    }
}
