use thiserror::Error;

/// What can be wrong with a grid or with voxels put on one.
#[derive(Debug, Error, Clone, PartialEq)]
pub enum VolumeError {
    /// The number of voxels does not fill the grid.
    #[error("the grid {shape:?} holds {expected} voxels, but {found} were given")]
    VoxelCount {
        /// Grid shape `[i, j, k]`.
        shape: [usize; 3],
        /// Voxels the grid holds.
        expected: usize,
        /// Voxels given.
        found: usize,
    },
    /// A shape with an empty axis, or one too large to count.
    #[error("a grid of {0:?} voxels is empty or too large to address")]
    Shape([usize; 3]),
    /// The affine cannot be inverted or holds a value that is not a finite number.
    #[error("the affine from voxels to millimetres is not invertible or not finite")]
    Affine,
    /// Two things that must lie on the same grid do not.
    #[error("the grids differ: {left} against {right}")]
    GridMismatch {
        /// Description of the first grid.
        left: String,
        /// Description of the second grid.
        right: String,
    },
}
