//! Settings: their page, and what became of their file.

use std::fmt::Display;
use std::path::Path;

/// The page's title.
pub const TITLE: &str = "Settings";

/// Headings.
pub const APPEARANCE: &str = "Appearance";
/// Labels and their colours.
pub const LABELS: &str = "Labels";
/// Mouse, pen and keys.
pub const HANDS: &str = "Mouse, pen and keys";

/// Dark, light or as the system.
pub const THEME: &str = "Theme";
/// A theme.
pub const DARK: &str = "Dark";
/// A theme.
pub const LIGHT: &str = "Light";
/// A theme.
pub const SYSTEM: &str = "As the system";
/// Stronger contrast in either theme.
pub const HIGH_CONTRAST: &str = "High contrast";
/// What high contrast means.
pub const HIGH_CONTRAST_HINT: &str = "Text of at least 7:1 against what lies behind it, and outlines around everything that can be pressed";
/// The size of the window's contents.
pub const SCALE: &str = "Size of text and buttons";
/// Back to 100 %.
pub const USUAL_SCALE: &str = "100 %";
/// The accessible name of the button back to 100 %.
pub const USUAL_SCALE_NAME: &str = "Usual size of text and buttons";
/// Nothing slides or fades.
pub const REDUCED_MOTION: &str = "Reduce motion";
/// What reduced motion means.
pub const REDUCED_MOTION_HINT: &str = "Lists and pages open at once, and nothing fades";

/// Safe colours.
pub const SAFE_COLORS: &str = "Colours for colour-blind readers";
/// What safe colours mean.
pub const SAFE_COLORS_HINT: &str =
    "Draws labels in colours that are told apart without the pigment for red or green. Their own colours are kept in the study";

/// Which button paints.
pub const PAINTING_BUTTON: &str = "Painting button";
/// A mouse button.
pub const LEFT: &str = "Left";
/// A mouse button.
pub const RIGHT: &str = "Right";
/// What the other button does.
pub const PAINTING_BUTTON_HINT: &str = "The other one erases";
/// Wheel direction.
pub const REVERSED_WHEEL: &str = "Turn the wheel the other way through slices";
/// Pen pressure.
pub const PEN_PRESSURE: &str = "Pen pressure sets the brush size";
/// What pen pressure means.
pub const PEN_PRESSURE_HINT: &str =
    "A stroke is as wide as the pen is pressed: half the size where it is pressed lightly, the whole where firmly";
/// Memory.
pub const MEMORY: &str = "Memory";
/// How much open cases may take.
pub const OPEN_CASES: &str = "Open cases may take";
/// The unit of memory.
pub const GIB: &str = " GiB";
/// Back to what is usual.
pub const USUAL_MEMORY: &str = "A quarter of all";
/// What happens when they would take more.
pub const OPEN_CASES_HINT: &str = "When they would take more, the one left longest ago is closed. Nothing of it is lost.";
/// Opens the page of shortcuts.
pub const SHORTCUTS: &str = "Choose keys…";
/// All settings as in a new program.
pub const RESET: &str = "All as in a new program";
/// Where settings are kept.
#[must_use]
pub fn kept_in(path: &Path) -> String {
    format!("Kept in {}", path.display())
}

/// A size in percent.
#[must_use]
pub fn percent(percent: u16) -> String {
    format!("{percent} %")
}

/// The file could not be written.
#[must_use]
pub fn not_written(why: &str) -> String {
    format!(
        "The settings could not be written ({why}). They hold until the window is closed; free space or allow writing there, then change one again."
    )
}

/// The file could not be read.
#[must_use]
pub fn not_read(path: &Path, why: &impl Display) -> String {
    format!("The settings in {} could not be read ({why}); the usual ones hold until the program starts again.", path.display())
}

/// Single settings made no sense.
#[must_use]
pub fn senseless(path: &Path, names: &[&str]) -> String {
    format!("Some settings in {} make no sense and are as in a new program: {}.", path.display(), names.join(", "))
}

/// The file was damaged and moved.
#[must_use]
pub fn set_aside(path: &Path, aside: &Path) -> String {
    format!(
        "The settings in {} are damaged. The file was moved to {}, and the usual settings hold; choose yours again.",
        path.display(),
        aside.display()
    )
}

/// The file was damaged and could not be moved.
#[must_use]
pub fn not_set_aside(path: &Path, why: &impl Display) -> String {
    format!(
        "The settings in {} are damaged and could not be moved away ({why}); the usual ones hold, and what you choose is not kept.",
        path.display()
    )
}
