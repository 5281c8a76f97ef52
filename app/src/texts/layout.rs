//! The layouts of the views.

use crate::state::layout::LayoutKind;

/// The menu's accessible name.
pub const MENU: &str = "Layout of the views";
/// Above the choice of the large view.
pub const MAIN: &str = "Large view";
/// Puts the lines between views where they are at first.
pub const RESET_LINES: &str = "Reset sizes";

/// The name of a layout.
#[must_use]
pub const fn kind(kind: LayoutKind) -> &'static str {
    match kind {
        LayoutKind::Quad => "Four views",
        LayoutKind::LargeFirst => "One large, three on the right",
        LayoutKind::LargeLast => "One large, three on the left",
        LayoutKind::Row => "Three slices in a row",
        LayoutKind::AxialAndVolume => "Axial and 3D",
        LayoutKind::Single => "One view",
    }
}

/// The accessible name of a line between views.
#[must_use]
pub fn line(number: usize) -> String {
    format!("Line {} between views", number + 1)
}

/// What a line between views does.
pub const LINE_HOVER: &str = "Drag to resize; double click resets the sizes";

/// The button that makes a view the large one.
#[must_use]
pub fn large(view: &str) -> String {
    format!("Large {view}")
}
