//! The study and its cases.

use medley_project::Role;

/// The heading while no study is open.
pub const STUDY: &str = "Study";
/// No study is open.
pub const NO_STUDY: &str = "No study is open.";
/// The study has no case.
pub const NO_CASE: &str = "Drop a scan onto the window, or open one with File, Open scan.";
/// Adds a case.
pub const ADD_SCAN: &str = "Add scan…";
/// What corrected means.
pub const CORRECTED_HINT: &str = "Corrected: its mask is right and may be learned from or measured on";
/// What roles mean.
pub const ROLE_HINT: &str = "What the case is for: cases that validate are never learned from";

/// What a case is for.
#[must_use]
pub fn role(role: Role) -> &'static str {
    match role {
        Role::Training => "trains",
        Role::Validation => "validates",
        Role::Unassigned => "not used",
    }
}

/// The accessible name of the mark of a case whose mask is right.
#[must_use]
pub fn is_corrected(name: &str) -> String {
    format!("{name} is corrected")
}
