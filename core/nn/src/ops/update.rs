use std::collections::HashMap;

use burn::backend::Flex;
use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use medley_kernels::{Memory, Rule};

use super::flex::numbers;
use super::on_processor;

/// What an optimiser on the processor remembers of every parameter.
#[derive(Debug, Default)]
pub struct Remembered(HashMap<ParamId, Memory>);

impl Remembered {
    /// What is remembered of a parameter; `None` if it was never changed.
    #[must_use]
    pub fn get(&self, parameter: ParamId) -> Option<&Memory> {
        self.0.get(&parameter)
    }

    /// Remembers `memory` of a parameter, in place of anything else.
    pub fn insert(&mut self, parameter: ParamId, memory: Memory) {
        self.0.insert(parameter, memory);
    }
}

/// Whether a module's parameters can be changed by [`update`]: whether they are on the processor.
#[must_use]
pub fn can_update<M: Module>(module: &M) -> bool {
    struct Look(bool);
    impl burn::module::ModuleVisitor for Look {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0 &= on_processor(&param.val());
        }
    }
    let mut look = Look(true);
    module.visit(&mut look);
    look.0
}

/// Changes every parameter that has a gradient, in place.
///
/// The module must be one for which [`can_update`] holds; parameters elsewhere stay as they are.
#[must_use]
pub fn update<M: Module>(module: M, rule: Rule, gradients: &mut GradientsParams, remembered: &mut Remembered) -> M {
    struct Change<'a> {
        rule: Rule,
        gradients: &'a mut GradientsParams,
        remembered: &'a mut Remembered,
    }
    impl ModuleMapper for Change<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, tensor, mapper) = param.consume();
            let Some(gradient) = self.gradients.remove::<D>(id).and_then(|gradient| gradient.try_into_primitive::<Flex>().ok()) else {
                return Param::from_mapped_value(id, tensor, mapper);
            };
            let is_learnt = tensor.is_require_grad();
            let before = tensor.clone();
            let Ok(mut weight) = tensor.inner().try_into_primitive::<Flex>() else {
                return Param::from_mapped_value(id, before, mapper);
            };
            drop(before);
            // In place where nobody else holds the numbers, on a copy where somebody does.
            weight = weight.to_contiguous();
            medley_kernels::update(self.rule, weight.storage_mut::<f32>(), &numbers(&gradient), self.remembered.0.entry(id).or_default());
            let tensor = Tensor::from_inner(Tensor::<D>::from_primitive::<Flex>(weight));
            Param::from_mapped_value(id, if is_learnt { tensor.require_grad() } else { tensor }, mapper)
        }
    }
    module.map(&mut Change { rule, gradients, remembered })
}
