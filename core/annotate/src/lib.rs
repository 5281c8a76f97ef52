//! Tools that turn a gesture into an [`Edit`], and the history that takes Edits back.
//!
//! # Map
//! - [`Edit`]: one change of a mask: its box, the labels before and after ([`Runs`]), who made it, with what, when
//! - [`Brush`], [`Stroke`]: painting; the mask follows the hand, and one Edit remains
//! - [`tools`]: everything else by which a person corrects a mask, each from a gesture to an Edit that is yet to be applied
//! - [`PaintRules`]: what tools must leave alone; [`Refusal`]: why one made no Edit
//! - [`History`]: undo and redo within a byte budget, jumps along the list of steps, and one earlier step [taken back](TakenBack)
//!   without those after it
//! - [`Proposal`]: a mask a model suggests, not a mask until it is accepted as an Edit
//!
//! # Invariants
//! 1. A mask changes only by an Edit, or by a [`Stroke`] that ends as exactly one Edit (or is cancelled and leaves nothing).
//! 2. An Edit knows what it replaces. [`Edit::apply`] and [`Edit::revert`] first check that the mask holds that, everywhere in
//!    the box, and only then write: a mismatch changes nothing.
//! 3. [`History::push`] takes an Edit that is *already in the mask*. After [`Stroke::finish`] it is: push and journal it, do not
//!    apply it. After all of [`tools`], [`Proposal::accept`], [`Edit::between`] and [`Edit::from_region`] it is not: apply it first.
//! 4. Bytes are not trusted: [`Edit::from_bytes`] allocates nothing but copies of what it was given, and refuses what does not
//!    add up.
//! 5. Pure: no clock, no files, no window. Time is unix milliseconds given by the caller.

mod author;
mod brush;
mod capsule;
mod edit;
mod edit_bytes;
mod error;
mod follow;
mod history;
mod proposal;
mod refusal;
mod rules;
mod runs;
mod stroke;
mod swept_box;
mod take_back;
pub mod tools;
mod values;
mod varint;

pub use author::{Author, Tool};
pub use brush::{Brush, BrushShape};
pub use edit::Edit;
pub use error::AnnotateError;
pub use history::{History, Jump, Step};
pub use proposal::{Acceptance, Difference, LabelDifference, Proposal};
pub use refusal::Refusal;
pub use rules::{PaintRules, ValueRange};
pub use runs::Runs;
pub use stroke::Stroke;
pub use take_back::{StepAlone, TakenBack};
