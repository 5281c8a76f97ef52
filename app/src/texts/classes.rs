//! The class of a whole scan.

/// Before the field.
pub const CLASS: &str = "Class";
/// What the empty field says.
pub const FIELD_HINT: &str = "class";
/// The mark on the button with known classes.
pub const MENU_MARK: &str = "…";
/// No case has a class.
pub const NONE_YET: &str = "No class yet: type one";
/// What a class is.
pub const MEANING: &str = "What the whole scan is, for a network that classifies";

/// The accessible name of the button with known classes.
#[must_use]
pub fn choose(case: &str) -> String {
    format!("Choose the class of {case}")
}

/// The accessible name of the field.
#[must_use]
pub fn field(case: &str) -> String {
    format!("Class of {case}")
}
