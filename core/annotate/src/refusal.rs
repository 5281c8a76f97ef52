use thiserror::Error;

/// Why a tool made no [`Edit`](crate::Edit). The mask is as it was.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// All voxels have the wanted label already or must stay.
    #[error("Nothing changes: these voxels have the label already, or a lock or the paint-over rule keeps them.")]
    NoChange,
    /// A point beyond the scan.
    #[error("This point lies outside the scan; choose one inside.")]
    Outside,
    /// No voxel was meant.
    #[error("No voxel has its middle inside; draw a larger area.")]
    Empty,
    /// A contour that is none.
    #[error("A contour needs at least three points that do not lie on one line.")]
    NoContour,
    /// A locked label would change.
    #[error("Label {0} is locked; unlock it in the label list to change it.")]
    Locked(u16),
    /// The voxel under the seed must stay.
    #[error("The voxel chosen has label {0}, which a lock or the paint-over rule keeps; choose another place or change the rule.")]
    Kept(u16),
    /// A fill of background that runs to the edge.
    #[error("The area is open: the fill would run to the edge of the scan. Close its contour first, then fill it.")]
    Leaks,
    /// The value under the seed lies outside the range.
    #[error("The value at the point chosen lies outside the range; choose another point or a wider range.")]
    SeedOutOfRange,
    /// The mask has no such label.
    #[error("The mask has no voxel of label {0}.")]
    NoVoxels(u16),
    /// A point beside the label.
    #[error("The point chosen is not in label {0}; choose one inside it.")]
    NotIn(u16),
    /// A slice with nothing to copy.
    #[error("The slice to copy holds none of these labels; draw there first.")]
    EmptySlice,
    /// Drawn slices without a gap.
    #[error("There is nothing to interpolate: draw the label in two slices at least, with empty ones between them.")]
    NoGap,
    /// Tools that look at values need the scan.
    #[error("This needs the scan itself, which is not open; open the scan the mask belongs to.")]
    NoScan,
    /// Two images that must lie on one grid do not.
    #[error("The two images do not lie on the same grid; bring one onto the other's first.")]
    OtherGrid,
    /// More voxels than are looked at.
    #[error("The marks or the box reach around too much of the scan; draw a smaller box, or mark one part after the other.")]
    TooLarge,
    /// A drawing that the next slice does not go on with.
    #[error("The slices beside this one do not show the label any more; draw it there by hand, or copy the slice.")]
    NoEvidence,
    /// Somebody wanted no answer any more.
    #[error("Cancelled: nothing was changed.")]
    Cancelled,
    /// A parameter without meaning.
    #[error("{0}")]
    Parameter(&'static str),
}
