//! Copying to other programs.

use std::fmt::Display;

/// A picture that is copied.
pub const PICTURE: &str = "The picture";
/// A table that is copied.
pub const MEASUREMENTS: &str = "The table of measurements";
/// Nothing can be copied without measurements.
pub const NO_MEASUREMENTS: &str = "There are no measurements and no labels to copy.";

/// Something is in the clipboard.
#[must_use]
pub fn copied(what: &str) -> String {
    format!("{what} was copied; paste it in another program.")
}

/// Nothing is in the clipboard.
#[must_use]
pub fn failed(why: &impl Display) -> String {
    let why = why.to_string();
    format!("Nothing was copied ({}). Save it to a file instead.", why.trim_end_matches('.'))
}
