//! How much memory a training takes, computed before anything is allocated.
//!
//! - [`TrainingStep`]: one step, by a walk over the network's units backwards
//! - [`Training`]: all of a fine-tuning: reading, preparing, the steps, and the sliding window of the validation
//!
//! `docs/memory.md` has what was measured beside it.

mod step;
mod training;

pub use step::{StepMemory, TrainingStep};
pub use training::{CaseMemory, Training, TrainingMemory};
