//! Tools other than the brush.

/// A click into another slice while a contour is open.
pub const CONTOUR_OF_ANOTHER_SLICE: &str =
    "This contour belongs to another slice. Close it there with a double click or Enter, or drop it with Esc.";
