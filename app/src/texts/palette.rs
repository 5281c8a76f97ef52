//! The command palette.

use crate::state::command_palette::Item;

/// The field's accessible name.
pub const FIELD: &str = "Find a command, label, case or window";
/// What the empty field says.
pub const FIELD_HINT: &str = "Command, label, case or window…";
/// Nothing matches.
pub const NOTHING: &str = "Nothing is called that. Fewer letters find more.";
/// How the keyboard walks through the list.
pub const HINT: &str = "Up and Down choose · Enter does it · Esc closes";

/// Where labels belong.
pub const LABELS: &str = "Label";
/// Where cases belong.
pub const CASES: &str = "Case";
/// Where windows of values belong.
pub const WINDOWS: &str = "Window/level";
/// Nearly all values between black and white.
pub const WHOLE_RANGE: &str = "Window 0.1–99.9 percentile";
/// A case is open already.
pub const IS_OPEN: &str = "It is open.";

/// Painting a label.
#[must_use]
pub fn paint(label: &str) -> String {
    format!("Paint {label}")
}

/// Opening a case.
#[must_use]
pub fn open_case(name: &str) -> String {
    format!("Open case {name}")
}

/// A named window of values.
#[must_use]
pub fn window(name: &str) -> String {
    format!("Window {name}")
}

/// What a screen reader says of a row: what it does, where it belongs, its keys, why it cannot be done.
#[must_use]
pub fn row(item: &Item) -> String {
    let parts = [item.title.as_str(), item.group, item.keys.as_str(), item.obstacle.unwrap_or_default()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}
