//! A table of trainings: what was run, where it stands, how it went and what came of it.
//!
//! # Map
//! - [`Runs`]: the table, a SQLite file that several programs may write at once; [`Recorder`]: one running training's row
//! - [`Run`], [`NewRun`], [`RunState`], [`Point`]: rows and the curves that belong to them
//! - [`csv`]: rows and curves for spreadsheets; [`tensorboard`]: event files for TensorBoard
//!
//! # Invariants
//! 1. Trainings are known by words and numbers alone: no network, no study, no patient's name.
//! 2. Rows are only added; a row changes while its training runs, and once more if it is gone on with.
//! 3. A training whose program was killed is told from one that runs: the system lets go of its lock.
//! 4. What cannot be written here never stops a training: errors are returned, and callers go on.

pub mod csv;
mod error;
mod lock;
mod recorder;
mod run;
mod store;
pub mod tensorboard;
#[cfg(test)]
mod tests;

pub use error::RunsError;
pub use recorder::{Recorder, StepFigures};
pub use run::{Ending, NewRun, Point, Run, RunState};
pub use store::Runs;
