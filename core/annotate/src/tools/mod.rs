//! Correction tools: each a pure function from a gesture on a [`Canvas`] to an [`Edit`](crate::Edit) that is **not applied yet**.
//!
//! A tool gives the Edit or says in a sentence why there is none ([`Refusal`](crate::Refusal)). The Edit is its own preview: its box, and
//! the labels before and after. Tools that follow the pointer also have a function that gives the voxels alone ([`VoxelSet`]).
//!
//! # Map
//! - [`Canvas`]: the mask, the scan below it, the active label, the rules, who works and when; [`Slice`], [`Extent`]: where
//! - by hand: [`polygon`]; along edges: [`LiveWire`]
//! - from a point: [`fill`], [`grow`]
//! - from values: [`threshold`]; from marks, by what the scan shows: [`from_prompts`]; from a drawn slice: [`carry`]
//! - on labels: [`islands`], [`boolean`], [`crop`], [`mask_by`], [`copy_slice`], [`interpolate`]
//! - on a label's shape: [`smooth`], [`smooth_all`], [`margin`], [`hollow`], [`fill_holes`]
//!
//! # Invariants
//! 1. Only `Canvas::edit` makes Edits, and it keeps to the [`PaintRules`](crate::PaintRules) whatever the tool asked for.
//! 2. Gestures are points in the patient; the result does not depend on the order or direction of the voxel axes, except where a
//!    point lies within rounding of the middle between two voxels.
//! 3. Tools look at the box they change, not at the whole mask; nothing clones a mask.

mod boolean;
mod bounds;
mod canvas;
mod carry;
mod copy_slice;
mod crop;
mod fill;
mod fill_holes;
mod flood;
mod from_prompts;
mod grow;
mod hollow;
mod interpolate;
mod islands;
mod label_part;
mod live_wire;
mod margin;
mod marks;
mod operand;
mod polygon;
mod slice;
mod smooth;
mod threshold;
mod voxel_set;

pub use boolean::{Boolean, Operation, boolean};
pub use canvas::Canvas;
pub use carry::{CarriedTo, CarrySlice, carry};
pub use copy_slice::{CopySlice, copy_slice};
pub use crop::{Crop, Keep, MaskBy, crop, mask_by};
pub use fill::{Fill, fill, fill_voxels};
pub use fill_holes::{FillHoles, fill_holes};
pub use from_prompts::{FromPrompts, MOST_VOXELS, from_prompts, from_prompts_voxels};
pub use grow::{Confidence, Grow, Growth, grow, grow_voxels};
pub use hollow::{Hollow, Shell, hollow};
pub use interpolate::{Interpolate, interpolate};
pub use islands::{Islands, Piece, islands, pieces};
pub use live_wire::{LiveWire, live_wire};
pub use margin::{Distances, Margin, margin};
pub use operand::Operand;
pub use polygon::{polygon, polygon_voxels};
pub use slice::{Extent, Slice};
pub use smooth::{Smooth, Smoothing, smooth, smooth_all};
pub use threshold::{Threshold, threshold, threshold_voxels};
pub use voxel_set::VoxelSet;
