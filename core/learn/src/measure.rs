//! A network at work on noise: what `medley bench` measures.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use medley_nn::loss::cross_entropy;
use medley_nn::{Checkpointing, Depth, EncoderConfig, HeadKind, NetworkConfig, NormMode, SegmentationNetwork};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::LearnError;
use crate::device::{self, DeviceChoice};
use crate::memory::{StepMemory, TrainingStep};
use crate::optimise::{Learner, Optimiser, Rates, read_scalar};

/// What to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// The encoder's depth; its shortcut is B.
    pub depth: Depth,
    /// Channels of the first convolution.
    pub base_width: usize,
    /// Edge of the one input cube, voxels.
    pub size: usize,
    /// What a training step keeps.
    pub checkpointing: Checkpointing,
}

/// The reference's network of two classes, batch statistics, ready to compute.
pub struct Running {
    network: Option<SegmentationNetwork>,
    learner: Learner,
    input: Tensor<5>,
    target: Tensor<4, Int>,
    checkpointing: Checkpointing,
    device: Device,
    name: String,
}

impl Workload {
    /// Computed bytes of a training step.
    #[must_use]
    pub fn memory(self) -> StepMemory {
        let step = TrainingStep {
            network: self.network(),
            batch: 1,
            patch: [self.size; 3],
            optimiser: Optimiser::Sgd,
            checkpointing: self.checkpointing,
        };
        step.memory()
    }

    fn network(self) -> NetworkConfig {
        let encoder = EncoderConfig { base_width: self.base_width, ..EncoderConfig::released(self.depth) };
        let encoder = EncoderConfig { shortcut: medley_nn::Shortcut::B, ..encoder };
        NetworkConfig { encoder, head: HeadKind::Med3d, classes: 2 }
    }

    /// Builds the network and draws its input.
    ///
    /// # Errors
    /// [`LearnError::Device`] if the device does not work.
    pub fn start(self, device: DeviceChoice) -> Result<Running, LearnError> {
        let opened = device::open(device)?;
        let config = self.network();
        let training = opened.device.clone().autodiff();
        let network = config.init(&training, 1).with_encoder_norm(NormMode::Batch);
        let rates = Rates { highest: 1e-3, steps: usize::MAX, ..Rates::default() };
        let learner = Learner::new(&network.encoder, Optimiser::Sgd, 1e-3, rates);
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let numbers: Vec<f32> = (0..self.size.pow(3)).map(|_| random.random_range(-1.0..1.0)).collect();
        let input = Tensor::from_data(TensorData::new(numbers, [1, 1, self.size, self.size, self.size]), &opened.device);
        let coarse = 2 * self.size.div_ceil(8);
        let classes: Vec<i64> = (0..coarse.pow(3)).map(|_| random.random_range(0..2)).collect();
        let target = Tensor::from_data(TensorData::new(classes, [1, coarse, coarse, coarse]), &opened.device);
        let checkpointing = self.checkpointing;
        Ok(Running { network: Some(network), learner, input, target, checkpointing, device: opened.device, name: opened.name })
    }
}

impl Running {
    /// Logits once, as in prediction. Returns when they are computed.
    ///
    /// # Errors
    /// [`LearnError::Compute`] if the device failed.
    pub fn forward(&self) -> Result<(), LearnError> {
        if let Some(network) = &self.network {
            let logits = network.valid().forward(self.input.clone());
            read_scalar(logits.slice([0..1, 0..1, 0..1, 0..1, 0..1]).reshape([1]), &self.name)?;
        }
        Ok(())
    }

    /// One step of training: forward, cross entropy, backward, SGD with momentum. Returns when the weights are changed.
    ///
    /// # Errors
    /// [`LearnError::Compute`] if the device failed.
    pub fn training_step(&mut self) -> Result<(), LearnError> {
        if let Some(network) = self.network.take() {
            let (input, target) = (Tensor::from_inner(self.input.clone()), self.target.clone().autodiff());
            let (logits, way_back) = network.forward_checkpointed(input, self.checkpointing);
            let loss = cross_entropy(logits, target, None);
            let (network, _) = self.learner.step(0, network, loss, way_back, &self.name)?;
            self.network = Some(network);
            self.device.sync().map_err(|error| LearnError::Compute { device: self.name.clone(), reason: error.to_string() })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_workload_computes() {
        for checkpointing in [Checkpointing::Off, Checkpointing::Blocks] {
            let workload = Workload { depth: Depth::R10, base_width: 2, size: 16, checkpointing };
            let mut running = workload.start(DeviceChoice::Cpu).expect("the CPU");
            running.forward().expect("logits");
            running.training_step().expect("a step");
            running.training_step().expect("another");
            running.forward().expect("logits");
        }
    }
}
