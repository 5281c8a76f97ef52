//! Do these weights help? Several starts with an equal budget, several seeds each, one frozen validation set.
//!
//! # Map
//! - [`run`]: fine-tunes from every start with every seed; what is finished stays and is not done again
//! - [`Report::new`]: curves, final values, paired tests, steps to reach a Dice, verdicts
//! - `statistics`: the tests, pure functions; `distribution`: Student's t
//! - [`Report::markdown`], [`Report::svg`]: the same for people
//!
//! # Invariants
//! 1. All starts get the same cases, settings, steps and seeds: a card that says otherwise is refused.
//! 2. The weights of the last step are measured, not the best of several measurements, which would be chosen by looking at the answer.
//! 3. The difference in the final Dice decides, the rest is told beside it. “No advantage seen” is an answer.

mod distribution;
mod markdown;
mod notes;
mod report;
mod run;
mod speed;
mod statistics;
mod svg;
#[cfg(test)]
mod tests;
mod verdict;

pub use report::{BandPoint, Comparison, Report, RunReport, StartReport, Summary};
pub use run::{CompareSpec, FinishedRun, Start, run};
pub use speed::Reach;
pub use statistics::{LEVEL, Paired, fewest_pairs, holm, least_p, mean_interval, sign_flip};
