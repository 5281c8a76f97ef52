//! A fine-tuning thought through before it starts: how scans become numbers, the network, patch, batch and steps, and what that takes.
//!
//! # Map
//! - [`plan`]: from cases and [`Wishes`] to a [`Plan`], with its reasons in words
//! - [`Plan::smaller`]: what is given up next where memory or time does not suffice
//! - [`run`]: a fine-tuning by a plan, which goes on with a smaller one if the device runs out of memory
//! - [`available`]: what memory this process may still take; [`crate::memory`]: what a plan takes
//! - `clock`: steps timed on this device; [`Work`]: what a network computes, counted
//!
//! # Invariants
//! 1. What was asked for explicitly is kept: only what was left open is planned or given up.
//! 2. A plan ends in [`FineTuneSettings`](crate::FineTuneSettings) that say everything: the card of the training repeats it without a plan.
//! 3. Nothing is given up silently: [`Plan::given_up`], an event, the card.

mod available;
mod choose;
mod clock;
mod facts;
mod run;
mod shrink;
#[cfg(test)]
mod tests;
mod words;
mod work;

pub use available::{Available, Bound, available};
pub use choose::{Plan, Time, Wishes, plan};
pub use facts::Facts;
pub use run::run;
pub use work::Work;
