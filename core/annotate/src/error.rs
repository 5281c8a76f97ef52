use medley_volume::{IndexBox, VolumeError};
use thiserror::Error;

/// Why a mask could not be changed. The mask is as it was.
#[derive(Debug, Error, Clone, PartialEq)]
pub enum AnnotateError {
    /// The Edit's box does not lie inside the mask.
    #[error(
        "the change covers voxels {:?} to {:?}, but the mask has {shape:?}: it was made on another image; open the image it belongs to",
        region.low, region.high
    )]
    OutsideGrid {
        /// The Edit's box.
        region: IndexBox,
        /// The mask's voxels along `[i, j, k]`.
        shape: [usize; 3],
    },
    /// The mask does not hold what the Edit says it replaces.
    #[error(
        "voxel {voxel:?} holds label {found} where the change expects {expected}: the mask was altered in between and is left as it is"
    )]
    Mismatch {
        /// The first voxel `[i, j, k]` that differs.
        voxel: [usize; 3],
        /// The label the Edit expects.
        expected: u16,
        /// The label found.
        found: u16,
    },
    /// A step was to be taken back that is not in the mask.
    #[error("step {} is not in the mask (it was undone, or the list has changed); choose a step that is", .0 + 1)]
    StepNotDone(usize),
    /// A stored Edit does not add up.
    #[error("a stored change is damaged ({0}) and was not used")]
    Damaged(&'static str),
    /// Two masks that must lie on the same grid do not.
    #[error("the two masks do not lie on the same grid; resample one onto the other first: {0}")]
    Grid(#[from] VolumeError),
}
