//! Who made what of a case's mask, when, with what, and how far the work on it has come.
//!
//! # Map
//! - [`CaseProvenance`]: all of it for one case, as JSON or [as a table](csv)
//! - [`CaseStatus`], [`StatusChange`]: from new to approved, each step with its reviewer
//! - [`OriginMap`], [`Source`]: for every voxel who put there what it holds now
//! - `reviewer.rs`: what the person at the machine chose to be called

mod origin;
mod report;
pub(crate) mod reviewer;
mod status;
mod table;
mod time;

pub use origin::{OriginCount, OriginMap, Source};
pub use report::CaseProvenance;
pub use status::{CaseStatus, StatusChange};
pub use table::csv;
pub use time::iso_time;
