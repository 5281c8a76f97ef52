use std::sync::Arc;

use medley_volume::{LabelMap, Volume};

/// A scan and its mask.
#[derive(Debug, Clone)]
pub struct TrainingCase {
    /// Its name in the study.
    pub name: String,
    /// The scan.
    pub image: Arc<Volume>,
    /// The corrected mask, on the scan's grid.
    pub truth: Arc<LabelMap>,
    /// Labels that nobody looked for in this scan: that the mask lacks them says nothing.
    pub never_annotated: Vec<u16>,
}

/// Where cases come from. Called on the worker's thread, so it may read files.
pub trait CaseSource: Send {
    /// The cases to learn from.
    ///
    /// # Errors
    /// A sentence for the user.
    fn training(&mut self) -> Result<Vec<TrainingCase>, String>;

    /// The cases that are only measured on, never learned from.
    ///
    /// # Errors
    /// A sentence for the user.
    fn validation(&mut self) -> Result<Vec<TrainingCase>, String>;

    /// A number that changes whenever [`CaseSource::training`] would give others than before. A training that follows its cases
    /// asks at the end of a round, after `step` steps in all, and waits for the answer; everybody else never asks.
    fn generation(&mut self, _step: usize) -> u64 {
        0
    }
}

/// Cases that are in memory already.
impl CaseSource for (Vec<TrainingCase>, Vec<TrainingCase>) {
    fn training(&mut self) -> Result<Vec<TrainingCase>, String> {
        Ok(self.0.clone())
    }

    fn validation(&mut self) -> Result<Vec<TrainingCase>, String> {
        Ok(self.1.clone())
    }
}
