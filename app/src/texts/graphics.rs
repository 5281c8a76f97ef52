//! The graphics device, when it is lost.

/// The window is there again.
pub const BACK: &str = "The graphics device was lost (its driver was started anew, or it was taken away), so the window was opened again. Nothing you did is lost.";
/// No window can be opened any more.
pub fn gone(why: &str) -> String {
    format!("The graphics device was lost, and no window can be opened here again: {why}. Nothing you did is lost; start Medley again.")
}
/// It is lost again and again.
pub const AGAIN_AND_AGAIN: &str =
    "it was lost several times within a minute; update the graphics driver, or start Medley on another device";
