//! What an optimiser remembers.

use std::collections::BTreeMap;

use burn::module::{Module, ParamId};
use burn::optim::OptimizerRecord;
use burn::tensor::Bytes;
use medley_kernels::Memory;
use medley_nn::weights::state::StateTensor;
use medley_nn::with_ids;
use serde::{Deserialize, Serialize};

use super::Tensors;
use crate::LearnError;
use crate::optimise::Learner;

/// The tensor of an optimiser that is not our own.
const PACKED: &str = "optimiser";

/// What is to be known of an optimiser beside its numbers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LearnerNote {
    /// On the processor: how often each parameter was changed.
    #[serde(default)]
    steps: BTreeMap<String, i32>,
    /// Elsewhere: by which numbers the library's optimiser knows the parameters.
    #[serde(default)]
    ids: BTreeMap<String, u64>,
}

impl LearnerNote {
    /// A module whose parameters the optimiser will know. `name` leads from its own names to those of the whole training.
    pub(crate) fn known<M: Module>(&self, module: M, name: impl Fn(&str) -> String) -> M {
        if self.ids.is_empty() {
            return module;
        }
        with_ids(module, |own| self.ids.get(&name(own)).copied().map(ParamId::from))
    }
}

impl Learner {
    /// Takes down what is remembered of the parameters `ids`, which are called so in the whole training.
    ///
    /// # Errors
    /// If the device does not deliver it.
    pub(crate) fn note(&self, ids: &[(String, ParamId)], tensors: &mut Tensors, device: &str) -> Result<LearnerNote, LearnError> {
        let mut note = LearnerNote::default();
        if !self.is_on_processor {
            let failed = |reason: String| LearnError::Compute { device: device.to_owned(), reason };
            let bytes = self.optimizer.to_record().into_bytes().map_err(|error| failed(error.to_string()))?;
            tensors.0.insert(PACKED.to_owned(), StateTensor::Bytes(bytes.to_vec()));
            note.ids = ids.iter().map(|(name, id)| (name.clone(), id.val())).collect();
            return Ok(note);
        }
        for (name, id) in ids {
            let Some(memory) = self.remembered.get(*id) else { continue };
            for (part, numbers) in ["first", "second"].into_iter().zip(memory.parts()) {
                let numbers = StateTensor::Numbers { shape: vec![numbers.len()], values: numbers.to_vec() };
                tensors.0.insert(format!("{part}/{name}"), numbers);
            }
            note.steps.insert(name.clone(), memory.steps());
        }
        Ok(note)
    }

    /// Remembers it again. `sizes` says how many numbers each parameter has.
    ///
    /// # Errors
    /// What does not fit, as the end of a sentence.
    pub(crate) fn take_up(
        &mut self,
        ids: &[(String, ParamId)],
        sizes: &BTreeMap<String, usize>,
        note: &LearnerNote,
        tensors: &Tensors,
    ) -> Result<(), String> {
        if !self.is_on_processor {
            let Some(StateTensor::Bytes(bytes)) = tensors.0.get(PACKED) else {
                return Err("it was not written on such a device".to_owned());
            };
            let record = OptimizerRecord::from_bytes(Bytes::from_bytes_vec(bytes.clone())).map_err(|error| error.to_string())?;
            self.optimizer = self.optimizer.clone().load_record(record);
            return Ok(());
        }
        for (name, id) in ids {
            let (Some(&steps), Some(&count)) = (note.steps.get(name), sizes.get(name)) else { continue };
            let first = tensors.numbers(&format!("first/{name}"), count);
            // A rule that keeps one number a weight has nothing second.
            let second = format!("second/{name}");
            let second = tensors.numbers(&second, count).or_else(|| tensors.numbers(&second, 0));
            let (Some(first), Some(second)) = (first, second) else {
                return Err(format!("what the optimiser remembers of `{name}` does not fit the weights"));
            };
            self.remembered.insert(*id, Memory::new(steps, [first, second]));
        }
        Ok(())
    }
}
