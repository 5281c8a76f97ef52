//! The mean of a network over its last steps.
//!
//! With one or two patches a step, weights and above all the running statistics of BatchNorm jump about; their mean over the
//! last tenth of the training predicts better and more steadily than any one of them.

use std::collections::VecDeque;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// A running mean of every parameter and running statistic: over all steps until there are `window`, exponential from then on.
pub(crate) struct Average<M> {
    window: usize,
    count: usize,
    mean: M,
}

impl<M: Module> Average<M> {
    /// Begins with a network outside training (`Module::valid`).
    pub(crate) fn new(first: M, window: usize) -> Self {
        Self { window: window.max(1), count: 1, mean: first }
    }

    /// Takes the network after one more step into the mean; also outside training.
    pub(crate) fn add(self, network: &M) -> Self {
        let count = (self.count + 1).min(self.window);
        let mut values = Values::default();
        network.visit(&mut values);
        let mean = self.mean.map(&mut Blend { values: values.0, share: 1.0 / count as f64 });
        Self { mean, count, ..self }
    }

    /// A mean that was begun elsewhere: of `count` steps.
    pub(crate) fn taken_up(mean: M, count: usize, window: usize) -> Self {
        let window = window.max(1);
        Self { window, count: count.clamp(1, window), mean }
    }

    /// How many steps are in it, at most as many as it may have.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The mean, as a network of its own.
    pub(crate) fn network(&self) -> M {
        self.mean.valid()
    }
}

#[derive(Default)]
struct Values(VecDeque<Tensor<1>>);

impl ModuleVisitor for Values {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let count = value.shape().num_elements();
        self.0.push_back(value.reshape([count]));
    }
}

struct Blend {
    values: VecDeque<Tensor<1>>,
    share: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(value) = self.values.pop_front() else { return param };
        param.map(|mean| {
            let value = value.reshape(mean.shape());
            mean.mul_scalar(1.0 - self.share) + value.mul_scalar(self.share)
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::module::RunningState;
    use burn::tensor::Device;

    use super::*;

    #[derive(Module, Debug)]
    struct Pair {
        weight: Param<Tensor<2>>,
        statistic: RunningState<Tensor<1>>,
    }

    fn pair(value: f32) -> Pair {
        let tensor = Tensor::<1>::from_floats([value], &Device::flex());
        Pair { weight: Param::from_tensor(tensor.clone().reshape([1, 1])), statistic: RunningState::new(tensor) }
    }

    fn values(pair: &Pair) -> [f32; 2] {
        let read = |tensor: Tensor<1>| tensor.into_data().iter::<f32>().next().expect("a value");
        [read(pair.weight.val().reshape([1])), read(pair.statistic.value())]
    }

    #[test]
    fn weights_and_statistics_become_their_mean_and_then_forget_the_oldest() {
        let mean = Average::new(pair(1.0), 2).add(&pair(3.0));
        assert_eq!(values(&mean.network()), [2.0, 2.0]);
        let taken = mean.network();
        let mean = mean.add(&pair(6.0));
        assert_eq!(values(&mean.network()), [4.0, 4.0]);
        assert_eq!(values(&taken), [2.0, 2.0], "a network taken out must stay as it was");
    }
}
