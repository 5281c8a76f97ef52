use std::collections::BTreeMap;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Gradients, Int, Tensor};
use medley_nn::{SegmentationNetwork, loss, parameters};

use super::stored::numbers;

/// Shapes and values of everything in a module, by name.
pub fn values(module: &impl Module) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    struct Values(Vec<Vec<f32>>);
    impl ModuleVisitor for Values {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(numbers(param.val()));
        }
    }
    let mut values = Values(Vec::new());
    // `valid` brings the running statistics up to date.
    module.valid().visit(&mut values);
    parameters(module).into_iter().zip(values.0).map(|(info, values)| (info.name, (info.shape, values))).collect()
}

fn gradients_by_name(module: &impl Module, gradients: &Gradients) -> BTreeMap<String, Vec<f32>> {
    struct Found<'a>(&'a Gradients, Vec<Option<Vec<f32>>>);
    impl ModuleVisitor for Found<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.1.push(param.val().grad(self.0).map(numbers));
        }
    }
    let mut found = Found(gradients, Vec::new());
    module.visit(&mut found);
    parameters(module).into_iter().zip(found.1).filter_map(|(info, gradient)| Some((info.name, gradient?))).collect()
}

/// What a step leaves behind.
pub struct Step {
    pub loss: f32,
    pub logits: Vec<f32>,
    pub gradients: BTreeMap<String, Vec<f32>>,
    /// Everything in the network after it.
    pub after: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// The first `count` steps of the reference's training on one batch over and over: mean cross entropy, `torch.optim.SGD` with
/// momentum 0.9 and weight decay 1e-3, rate 1e-3 and a hundred times that for the head; then the loss once more.
pub fn steps(mut network: SegmentationNetwork, input: &Tensor<5>, target: &Tensor<4, Int>, count: usize) -> (Vec<Step>, f32) {
    let momentum = MomentumConfig { momentum: 0.9, dampening: 0.0, nesterov: false };
    let decay = WeightDecayConfig { penalty: 1e-3 };
    let mut sgd: ModuleOptimizer = SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(Some(decay)).init();
    let encoder = ids(&network.encoder);
    let mut done = Vec::new();
    for _ in 0..count {
        let logits = network.forward(input.clone());
        let loss = loss::cross_entropy(logits.clone(), target.clone(), Some(-1));
        let mut gradients = loss.backward();
        let by_name = gradients_by_name(&network, &gradients);
        let of_encoder = GradientsParams::from_params(&mut gradients, &network, &encoder);
        let of_head = GradientsParams::from_module(&mut gradients, &network);
        network = sgd.step(1e-3, network, of_encoder);
        network = sgd.step(1e-1, network, of_head);
        done.push(Step { loss: numbers(loss)[0], logits: numbers(logits), gradients: by_name, after: values(&network) });
    }
    let last = numbers(loss::cross_entropy(network.forward(input.clone()), target.clone(), Some(-1)))[0];
    (done, last)
}

fn ids(module: &impl Module) -> Vec<ParamId> {
    struct Ids(Vec<ParamId>);
    impl ModuleVisitor for Ids {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.id);
        }
    }
    let mut ids = Ids(Vec::new());
    module.visit(&mut ids);
    ids.0
}
