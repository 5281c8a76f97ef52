use thiserror::Error;

/// Why a case cannot be shown.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum RenderError {
    /// An axis is longer than a 3D texture of this device may be.
    #[error(
        "the scan has {voxels} voxels along axis {axis}, but this graphics device shows at most {limit}; crop the scan or \
         resample it to fewer voxels"
    )]
    TooLong {
        /// `i`, `j` or `k`.
        axis: char,
        /// Voxels along it.
        voxels: usize,
        /// The most a 3D texture may have.
        limit: usize,
    },
    /// The device has not enough memory.
    #[error("the graphics device has no room for {what} of {megabytes} MB; close other cases or programs, or resample the scan")]
    OutOfMemory {
        /// What was to be stored.
        what: &'static str,
        /// How large it is.
        megabytes: u64,
    },
    /// A mask or proposal does not have the scan's shape.
    #[error("{what} has {found:?} voxels, but the scan shown has {expected:?}; nothing of it is shown")]
    Shape {
        /// The mask or the proposal.
        what: &'static str,
        /// Shape of the scan.
        expected: [usize; 3],
        /// Shape of the mask.
        found: [usize; 3],
    },
    /// The device is gone: its driver was started anew, or it was taken away.
    #[error("the graphics device was lost; the window opens again with another one, or with the same once it is back")]
    Lost,
    /// The device refused for another reason.
    #[error("the graphics device refused {what}: {reason}; restart the program, or update the graphics driver")]
    Refused {
        /// What it refused.
        what: &'static str,
        /// Its own words.
        reason: String,
    },
}
