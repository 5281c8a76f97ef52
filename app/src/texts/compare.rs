//! Comparing two cases, or a mask and a proposal.

use medley_volume::glam::DVec3;

use crate::state::compare::CompareMode;

/// The menu's button.
pub const MENU: &str = "Compare";
/// What the menu's button does.
pub const MENU_HOVER: &str = "Look at the open case beside another one";
/// There is nothing to compare the open case with.
pub const NOTHING_BESIDE: &str = "Open a second case first: both stay open as tabs.";
/// Nothing is compared.
pub const NOTHING_COMPARED: &str = "Compare two cases first.";
/// Its entry for the proposal.
pub const PROPOSAL: &str = "Mask against proposal";
/// Above the side that shows the proposal.
pub const PROPOSAL_SIDE: &str = "Proposal";
/// Above the side that shows the mask, beside the proposal.
pub const MASK_SIDE: &str = "Mask";
/// Above the side that tools work on.
pub const WORKS: &str = "tools work here";
/// Above the side that is only looked at.
pub const LOOKS: &str = "to look at; click to work here";
/// Above a side that cannot be worked on.
pub const ONLY_LOOKS: &str = "to look at";
/// In place of a second 3D view of the same scan.
pub const ONE_VOLUME_VIEW: &str = "The 3D view is on the other side.";
/// Whether the sides go together.
pub const LINKED: &str = "Linked";
/// What that means.
pub const LINKED_HOVER: &str = "Crosshair, slice, zoom and turn of one side follow the other";
/// Whether both are shown in the same window.
pub const WINDOW_LINKED: &str = "Same window";
/// What that means.
pub const WINDOW_LINKED_HOVER: &str = "Both sides show the same values as black and white";
/// Takes both crosshairs as the same place.
pub const LINK_HERE: &str = "Link here";
/// What that means.
pub const LINK_HERE_HOVER: &str = "Take both crosshairs as the same place. Unlink first, and go to it on both sides";
/// Takes equal coordinates as the same place.
pub const BY_COORDINATES: &str = "Same coordinates";
/// What that means.
pub const BY_COORDINATES_HOVER: &str = "Take equal coordinates in mm as the same place, as in scans of one sitting";
/// Ends the comparison.
pub const LEAVE: &str = "Leave comparison";
/// The same, where there is little room.
pub const LEAVE_SHORT: &str = "Leave";
/// The line of the curtain.
pub const CURTAIN_LINE: &str = "Curtain";

/// The name of a way to share the window.
#[must_use]
pub fn mode(mode: CompareMode) -> &'static str {
    match mode {
        CompareMode::SideBySide => "Side by side",
        CompareMode::Curtain => "Curtain",
        CompareMode::Flicker => "Flicker",
    }
}

/// An entry of the menu.
#[must_use]
pub fn with(name: &str) -> String {
    format!("Compare with {name}")
}

/// How a place of one side becomes one of the other.
#[must_use]
pub fn offset(offset_mm: DVec3) -> String {
    if offset_mm == DVec3::ZERO { "so it is now".to_owned() } else { format!("now shifted by {:.0} mm", offset_mm.length()) }
}

/// The accessible name of a view of the side that is only looked at.
#[must_use]
pub fn view_of(view: &str, name: &str) -> String {
    format!("{view} of {name}")
}
