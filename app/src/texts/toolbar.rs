//! The bar at the top.

use crate::state::window_level::WindowLevel;

/// The menu of files.
pub const FILE: &str = "File";
/// The page of shortcuts.
pub const HELP_MARK: &str = "?";
/// Dark colours.
pub const DARK: &str = "Dark";
/// Light colours.
pub const LIGHT: &str = "Light";
/// Where windows are chosen, while there is none.
pub const WINDOW: &str = "Window";
/// The accessible name of the list of windows.
pub const WINDOW_LIST: &str = "Window preset";
/// Explains it.
pub const WINDOW_HINT: &str = "Which values are black and white (width/level)";
/// Before the opacity of the labels.
pub const LABELS: &str = "Labels";
/// Explains the opacity.
pub const OPACITY_HINT: &str = "Opacity of the labels (hold S to hide them)";
/// Labels are drawn as lines.
pub const OUTLINE: &str = "Outline";
/// The accessible name of its button.
pub const OUTLINE_NAME: &str = "Labels as outline";

/// Muscle and organs.
pub const SOFT_TISSUE: &str = "Soft tissue";
/// Lungs.
pub const LUNG: &str = "Lung";
/// Bones.
pub const BONE: &str = "Bone";
/// What lies between the lungs.
pub const MEDIASTINUM: &str = "Mediastinum";
/// The brain.
pub const BRAIN: &str = "Brain";
/// The liver.
pub const LIVER: &str = "Liver";
/// Blood under the skull.
pub const SUBDURAL: &str = "Subdural";
/// An early stroke.
pub const STROKE: &str = "Stroke";
/// Vessels filled with contrast.
pub const CTA: &str = "CTA";

/// A window with a name, in the list.
#[must_use]
pub fn window_choice(name: &str, window: WindowLevel) -> String {
    format!("{name}  {:.0}/{:.0}", window.width, window.level)
}

/// A window without a name.
#[must_use]
pub fn own_window(window: WindowLevel) -> String {
    format!("W {:.0}  L {:.0}", window.width, window.level)
}
