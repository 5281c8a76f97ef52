//! Grids, volumes, label maps and resampling: the geometry everything else stands on.
//!
//! # Map
//! - [`Grid`]: a shape and the affine from voxel index to patient space; [`AxisMap`]: how its axes lie in the patient
//! - [`Volume`]: voxels in their stored type, with scaling and unit; [`LabelMap`]: one label per voxel
//! - [`LabelTable`]: names and colours of labels
//! - [`IndexBox`]: a half-open box of voxel indices; [`components`](fn@components): connected pieces of a mask
//! - [`distance`]: Euclidean distances in mm; [`morphology`]: sets of voxels grown, shrunk, filled, hollowed and smoothed;
//!   [`between_slices`](fn@between_slices): a body from drawn slices
//! - [`prompt`]: a body from clicks, scribbles or a box without a network; a drawn slice carried on to its neighbours
//! - [`guidance`]: such marks as channels of a network's input, and clicks as a person would make them
//! - [`surface`](fn@surface): a label's surface as a closed [`Mesh`] of triangles
//! - [`resample`], [`volume_onto`]: from one grid to another; [`metrics`]: how alike two label maps are
//! - [`measure`]: what `medley bench voxels` measures
//!
//! # Invariants
//! 1. World is RAS+ millimetres. Voxel indices are `[i, j, k]` as in the file; arrays are laid out with `i` fastest, so that
//!    as an array they are indexed `[k, j, i]`. Names carry their space: `ras_from_voxel`.
//! 2. No function takes spacing and origin apart from a [`Grid`].
//! 3. Voxels keep their stored type; scaling is applied where values are read. Labels are `u8` or `u16`.
//! 4. Nothing here knows of files, of a window or of networks.

mod aligned;
mod axes;
mod between_slices;
mod components;
pub mod distance;
mod error;
mod grid;
pub mod guidance;
mod index_box;
mod label_map;
mod label_palette;
mod label_table;
pub mod measure;
pub mod metrics;
pub mod morphology;
#[cfg(test)]
mod noise;
mod onto;
pub mod prompt;
pub mod resample;
mod slab;
mod surface;
mod volume;

pub use axes::{AnatomicalPlane, AxisMap};
pub use between_slices::between_slices;
pub use components::{Component, Components, Connectivity, components, components_of, components_with};
pub use error::VolumeError;
pub use glam;
pub use grid::{Grid, Ras, VoxelIndex};
pub use index_box::IndexBox;
pub use label_map::{LabelMap, LabelVoxels};
pub use label_table::{Label, LabelTable};
pub use onto::volume_onto;
pub use slab::slab_onto;
pub use surface::{Mesh, surface};
pub use volume::{Quantity, Scaling, ValueSummary, Volume, Voxels};
