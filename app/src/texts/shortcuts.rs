//! The page of shortcuts: what mouse, fingers and pen do, and choosing keys.

use crate::command::Reserved;
use crate::state::settings::PaintingButton;

/// The page's title.
pub const TITLE: &str = "Keyboard and mouse";
/// The accessible name of the field.
pub const FIELD: &str = "Find a shortcut";
/// What the empty field says.
pub const FIELD_HINT: &str = "Find by name or keys…";
/// Nothing matches.
pub const NOTHING: &str = "Nothing is called that, and no keys are.";
/// How keys are chosen.
pub const HINT: &str = "Click the keys of a command to choose others.";
/// A command has no keys.
pub const NO_KEYS: &str = "none";
/// The next keys are taken.
pub const PRESS: &str = "Press the new keys… Esc gives up";
/// Takes all keys away.
pub const TAKE_AWAY: &str = "No keys";
/// Gives keys to another command.
pub const TAKE_OVER: &str = "Give them to this one";
/// Leaves keys where they are.
pub const LEAVE: &str = "Leave them";
/// Gives the usual keys again.
pub const RESET: &str = "Usual";
/// Gives all commands their usual keys again.
pub const RESET_ALL: &str = "All usual keys";
/// What mouse, fingers and pen do.
pub const MOUSE: &str = "Mouse";
/// Touch screen and pen.
pub const TOUCH: &str = "Touch and pen";

/// What the mouse does, which is no command: gesture and meaning.
#[must_use]
pub fn mouse(painting: PaintingButton) -> [(&'static str, &'static str); 10] {
    let (tool, erase) = match painting {
        PaintingButton::Left => ("Left drag", "Right drag while painting"),
        PaintingButton::Right => ("Left drag (painting: right drag)", "Left drag while painting"),
    };
    [
        ("Wheel", "Next or previous slice"),
        ("Ctrl + wheel, or right drag", "Zoom"),
        ("Middle drag", "Pan"),
        ("Shift + wheel", "Brush size"),
        (tool, "What the tool does: crosshair, window/level, paint, erase"),
        (erase, "Erase"),
        ("Double click", "One view fills the window, and back"),
        ("Drag in the 3D view", "Turn"),
        ("Click in the 3D view", "Crosshair to what is seen there (with the crosshair tool)"),
        ("Hold S", "Hide the labels"),
    ]
}

/// What fingers and pens do: gesture and meaning.
pub const TOUCHES: [(&str, &str); 5] = [
    ("One finger, or a pen", "What the tool does"),
    ("Two fingers in a slice", "Pan and zoom"),
    ("Two fingers in the 3D view", "Turn and zoom"),
    ("Hold still while painting", "Erase from there on"),
    ("Two taps", "One view fills the window, and back"),
];

/// The accessible name of the button with a command's keys.
#[must_use]
pub fn choose_name(command: &str, keys: &str) -> String {
    format!("Keys of {command}: {}", if keys.is_empty() { NO_KEYS } else { keys })
}

/// The accessible name of the button that gives a command its usual keys.
#[must_use]
pub fn reset_name(command: &str) -> String {
    format!("Usual keys of {command}")
}

/// Keys belong to another command.
#[must_use]
pub fn taken(keys: &str, owner: &str) -> String {
    format!("{keys} belongs to “{owner}”.")
}

/// Keys cannot be chosen.
#[must_use]
pub fn refused(keys: &str, why: Reserved) -> String {
    let why = match why {
        Reserved::Escape => "closes what is open",
        Reserved::Focus => "moves the focus or presses what has it",
        Reserved::Clipboard => "copies, cuts or pastes text",
        Reserved::Quit => "ends the program",
        Reserved::HideLabels => "hides the labels while it is held",
    };
    format!("{keys} {why}; press others.")
}
