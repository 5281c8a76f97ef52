//! Weights as numbers by name.

use std::collections::{BTreeMap, BTreeSet};

use burn::module::Module;
use medley_nn::weights::state::StateTensor;
use medley_nn::{filled, parameters, values};

use crate::LearnError;

/// All numbers of a training: `part/name`.
#[derive(Debug, Default)]
pub(crate) struct Tensors(pub(crate) BTreeMap<String, StateTensor>);

impl Tensors {
    /// Takes a module's weights and statistics, but for those that `others` names.
    ///
    /// # Errors
    /// If the device does not deliver them.
    pub(crate) fn put(&mut self, part: &str, module: &impl Module, others: &BTreeSet<String>, device: &str) -> Result<(), LearnError> {
        let failed = |reason| LearnError::Compute { device: device.to_owned(), reason };
        for (info, values) in values(module).map_err(failed)? {
            if !others.contains(&info.name) {
                self.0.insert(format!("{part}/{}", info.name), StateTensor::Numbers { shape: info.shape, values });
            }
        }
        Ok(())
    }

    /// Puts them back.
    ///
    /// # Errors
    /// What is missing or has another shape, as the end of a sentence.
    pub(crate) fn fill<M: Module>(&self, part: &str, module: M, others: &BTreeSet<String>) -> Result<M, String> {
        let wanted = |name: &String| !others.contains(name);
        for info in parameters(&module).into_iter().filter(|info| wanted(&info.name)) {
            let name = format!("{part}/{}", info.name);
            match self.0.get(&name) {
                Some(StateTensor::Numbers { shape, values }) if *shape == info.shape && values.len() == shape.iter().product::<usize>() => {
                }
                Some(_) => return Err(format!("`{name}` has another shape in it")),
                None => return Err(format!("`{name}` is missing in it")),
            }
        }
        Ok(filled(module, |info| match self.0.get(&format!("{part}/{}", info.name)) {
            Some(StateTensor::Numbers { values, .. }) if wanted(&info.name) => Some(values.clone()),
            _ => None,
        }))
    }

    /// The numbers of this name, if there are as many.
    pub(super) fn numbers(&self, name: &str, count: usize) -> Option<Vec<f32>> {
        match self.0.get(name) {
            Some(StateTensor::Numbers { values, .. }) if values.len() == count => Some(values.clone()),
            _ => None,
        }
    }
}
