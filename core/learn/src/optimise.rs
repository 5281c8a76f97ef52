//! One step of learning: rates over time, own rates for the encoder, and the loss read back safely.

mod clip;
mod schedule;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig, decay::WeightDecayConfig};
use burn::tensor::Tensor;
use medley_kernels::Rule;
use medley_nn::ops::{Remembered, can_update, update};
use medley_nn::{WayBack, parameters};
use serde::{Deserialize, Serialize};

pub use schedule::{Rates, Schedule};

use crate::LearnError;

/// The rule by which gradients become changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Adam with decoupled weight decay.
    #[default]
    AdamW,
    /// Nesterov momentum 0.9, as nnU-Net.
    Sgd,
    /// Plain momentum 0.9, as the reference.
    SgdPlain,
}

/// An optimiser that knows which parameters are the encoder's.
pub struct Learner {
    pub(crate) optimizer: ModuleOptimizer,
    optimiser: Optimiser,
    weight_decay: f32,
    pub(crate) is_on_processor: bool,
    /// Of parameters on the processor, which are changed by a loop of our own.
    pub(crate) remembered: Remembered,
    /// Parts of the encoder, and each one's factor on the rate.
    encoder: Vec<(Vec<ParamId>, f64)>,
    rates: Rates,
    longest: Option<f64>,
}

impl Learner {
    /// For a module whose part `encoder` gets its own rate.
    pub fn new<M: Module>(encoder: &M, optimiser: Optimiser, weight_decay: f64, rates: Rates) -> Self {
        let optimizer = match optimiser {
            Optimiser::AdamW => AdamWConfig::new().with_weight_decay(weight_decay as f32).with_epsilon(1e-8).init(),
            Optimiser::Sgd | Optimiser::SgdPlain => {
                let nesterov = optimiser == Optimiser::Sgd;
                let momentum = MomentumConfig { momentum: 0.9, dampening: 0.0, nesterov };
                let decay = WeightDecayConfig { penalty: weight_decay as f32 };
                SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(Some(decay)).init()
            }
        };
        let (is_on_processor, encoder) = (can_update(encoder), stages(encoder, rates));
        let (weight_decay, remembered) = (weight_decay as f32, Remembered::default());
        Self { optimizer, optimiser, weight_decay, is_on_processor, remembered, encoder, rates, longest: None }
    }

    /// The same, with all gradients together no longer than `longest`.
    #[must_use]
    pub fn with_clipping(self, longest: Option<f64>) -> Self {
        Self { longest, ..self }
    }

    /// The rate of step `step`, counted from 0, but for the encoder's own.
    #[must_use]
    pub fn rate(&self, step: usize) -> f64 {
        self.rates.at(step)
    }

    /// Changes `module` along the gradient of `loss`. If that ends at an encoder whose blocks are checkpointed, `way_back` goes on
    /// from there. Returns the module and the loss.
    ///
    /// # Errors
    /// [`LearnError::Compute`] if the device failed, [`LearnError::Diverged`] if the loss is not finite; then nothing was changed.
    pub fn step<M: Module>(
        &mut self,
        step: usize,
        module: M,
        loss: Tensor<1>,
        way_back: Option<WayBack>,
        device: &str,
    ) -> Result<(M, f64), LearnError> {
        let value = read_scalar(loss.clone(), device)?;
        if !value.is_finite() {
            return Err(LearnError::Diverged { step: step + 1 });
        }
        let mut gradients = loss.backward();
        drop(loss);
        if let Some(way_back) = way_back {
            way_back.walk(&mut gradients);
        }
        let take = |(ids, factor): &(Vec<ParamId>, f64)| (GradientsParams::from_params(&mut gradients, &module, ids), *factor);
        let mut encoder: Vec<(GradientsParams, f64)> = self.encoder.iter().map(take).collect();
        let mut others = GradientsParams::from_module(&mut gradients, &module);
        if step < self.rates.frozen {
            encoder.clear();
        }
        if let Some(longest) = self.longest {
            let mut all: Vec<&mut GradientsParams> = encoder.iter_mut().map(|(gradients, _)| gradients).chain([&mut others]).collect();
            if !clip::clip(&module, &mut all, longest, self.is_on_processor, device)?.is_finite() {
                return Err(LearnError::Diverged { step: step + 1 });
            }
        }
        let rate = self.rates.at(step);
        let mut module = self.change(module, rate, others);
        for (gradients, factor) in encoder {
            module = self.change(module, rate * factor, gradients);
        }
        Ok((module, value))
    }

    fn change<M: Module>(&mut self, module: M, rate: f64, mut gradients: GradientsParams) -> M {
        if gradients.is_empty() {
            return module;
        }
        if !self.is_on_processor {
            return self.optimizer.step(rate, module, gradients);
        }
        let (rate, decay) = (rate as f32, self.weight_decay);
        let rule = match self.optimiser {
            Optimiser::AdamW => Rule::AdamW { rate, betas: [0.9, 0.999], epsilon: 1e-8, decay },
            Optimiser::Sgd | Optimiser::SgdPlain => Rule::Sgd { rate, momentum: 0.9, nesterov: self.optimiser == Optimiser::Sgd, decay },
        };
        update(module, rule, &mut gradients, &mut self.remembered)
    }
}

/// The number in a tensor of one, with the device's errors.
///
/// # Errors
/// [`LearnError::Compute`] if the device failed.
pub(crate) fn read_scalar(tensor: Tensor<1>, device: &str) -> Result<f64, LearnError> {
    let failed = |reason: String| LearnError::Compute { device: device.to_owned(), reason };
    let data = tensor.try_into_data().map_err(|error| failed(error.to_string()))?;
    let value = data.iter::<f32>().next().map(f64::from);
    value.ok_or_else(|| failed("the loss came back empty".to_owned()))
}

/// The parameters of an encoder with their factors on the rate: all alike, or stage by stage.
fn stages<M: Module>(encoder: &M, rates: Rates) -> Vec<(Vec<ParamId>, f64)> {
    let ids = parameter_ids(encoder);
    if rates.stage_factor == 1.0 {
        return vec![(ids, rates.encoder_factor)];
    }
    let names = parameters(encoder);
    let before_last = |name: &str| (1..=4).find(|stage| name.starts_with(&format!("layer{stage}."))).map_or(4, |stage| 4 - stage);
    let of = |stage: i32| {
        let here = ids.iter().zip(&names).filter(|(_, parameter)| before_last(&parameter.name) == stage);
        (here.map(|(id, _)| *id).collect(), rates.encoder_factor * rates.stage_factor.powi(stage))
    };
    (0..=4).map(of).collect()
}

fn parameter_ids<M: Module>(module: &M) -> Vec<ParamId> {
    struct Collect(Vec<ParamId>);
    impl ModuleVisitor for Collect {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    let mut collect = Collect(Vec::new());
    module.visit(&mut collect);
    collect.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The loop of our own and the library's operations, on the same gradients.
    #[test]
    fn both_ways_of_changing_weights_agree() {
        use burn::tensor::Device;
        use medley_nn::{Depth, EncoderConfig};

        let device = Device::flex().autodiff();
        let config = EncoderConfig { base_width: 2, ..EncoderConfig::released(Depth::R10) };
        let input = Tensor::<1, burn::tensor::Int>::arange(0..512, &device).float().reshape([1, 1, 8, 8, 8]) / 512.0;
        for optimiser in [Optimiser::Sgd, Optimiser::SgdPlain, Optimiser::AdamW] {
            let rates = Rates { highest: 0.01, steps: 100, ..Rates::default() };
            let mut encoders = [config.init(&device, 1), config.init(&device, 1)];
            let mut learners = encoders.each_ref().map(|encoder| Learner::new(encoder, optimiser, 0.01, rates));
            for _ in 0..3 {
                for (way, (encoder, learner)) in encoders.iter_mut().zip(&mut learners).enumerate() {
                    let output = encoder.forward(input.clone());
                    let mut gradients = (output.clone() * output).mean().backward();
                    let gradients = GradientsParams::from_module(&mut gradients, encoder);
                    *encoder = if way == 0 {
                        learner.change(encoder.clone(), 0.01, gradients)
                    } else {
                        learner.optimizer.step(0.01, encoder.clone(), gradients)
                    };
                }
            }
            let outputs =
                encoders.map(|encoder| encoder.valid().forward(input.clone().inner()).to_data().iter::<f32>().collect::<Vec<_>>());
            let spread = outputs[0].iter().map(|v| v * v).sum::<f32>().sqrt() / (outputs[0].len() as f32).sqrt();
            for (ours, library) in outputs[0].iter().zip(&outputs[1]) {
                assert!((ours - library).abs() < 1e-3 * spread.max(1e-3), "{optimiser:?}: {ours} against {library}");
            }
        }
    }

    /// Without memory of earlier steps and decay, a step is as long as the gradient times the rate.
    #[test]
    fn a_long_gradient_is_made_as_short_as_was_asked_for() {
        use burn::tensor::Device;
        use medley_nn::{Depth, EncoderConfig};

        let device = Device::flex().autodiff();
        let config = EncoderConfig { base_width: 2, ..EncoderConfig::released(Depth::R10) };
        let input = Tensor::<1, burn::tensor::Int>::arange(0..4096, &device).float().sin().reshape([1, 1, 16, 16, 16]);
        struct Values(Vec<f32>);
        impl ModuleVisitor for Values {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                if param.is_require_grad() {
                    self.0.extend(param.val().into_data().iter::<f32>());
                }
            }
        }
        let values = |encoder: &medley_nn::Encoder| {
            let mut values = Values(Vec::new());
            encoder.visit(&mut values);
            values.0
        };
        let moved = |longest: Option<f64>| {
            let encoder = config.init(&device, 1);
            let rates = Rates { highest: 10.0, schedule: Schedule::Constant, ..Rates::default() };
            let mut learner = Learner::new(&encoder, Optimiser::SgdPlain, 0.0, rates).with_clipping(longest);
            let output = encoder.forward(input.clone());
            let before = values(&encoder);
            let (after, _) = learner.step(0, encoder, (output.clone() * output).mean(), None, "cpu").expect("a step");
            before.iter().zip(values(&after)).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
        };
        let length = moved(None) / 10.0;
        assert!(length > 1e-3, "{length}");
        assert!((moved(Some(2.0 * length)) / 10.0 - length).abs() < 1e-6 * length, "a short one must stay");
        assert!((moved(Some(0.25 * length)) / 10.0 - 0.25 * length).abs() < 1e-3 * length);
    }

    /// Weights and running statistics after some steps, by either way of keeping what the gradients need.
    #[test]
    fn checkpointed_blocks_learn_the_same_to_the_bit() {
        use burn::tensor::Device;
        use medley_nn::loss::cross_entropy;
        use medley_nn::{Checkpointing, Depth, EncoderConfig, HeadKind, NetworkConfig};

        let device = Device::flex().autodiff();
        let encoder = EncoderConfig { base_width: 2, ..EncoderConfig::released(Depth::R18) };
        let config = NetworkConfig { encoder, head: HeadKind::Med3d, classes: 2 };
        let input = Tensor::<1, burn::tensor::Int>::arange(0..4096, &device).float().reshape([1, 1, 16, 16, 16]) / 4096.0;
        let target = Tensor::<1, burn::tensor::Int>::arange(0..64, &device).reshape([1, 4, 4, 4]).greater_elem(40).int();
        let outputs = [Checkpointing::Off, Checkpointing::Blocks].map(|checkpointing| {
            let mut network = config.init(&device, 1);
            let rates = Rates { highest: 0.01, encoder_factor: 0.5, steps: 100, ..Rates::default() };
            let mut learner = Learner::new(&network.encoder, Optimiser::AdamW, 0.01, rates);
            let losses = [0, 1, 2].map(|step| {
                let (logits, way_back) = network.forward_checkpointed(input.clone(), checkpointing);
                let loss = cross_entropy(logits, target.clone(), None);
                let (changed, loss) = learner.step(step, network.clone(), loss, way_back, "cpu").expect("a step");
                network = changed;
                loss
            });
            assert!(losses[2] < losses[0], "{losses:?}");
            (losses, network.valid().forward(input.clone().inner()).to_data().iter::<f32>().collect::<Vec<_>>())
        });
        assert!(outputs[0] == outputs[1], "{:?} against {:?}", outputs[0].0, outputs[1].0);
    }
}
