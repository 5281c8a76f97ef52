//! What the command table does not hold: headings of its groups, how keys are written, why a command cannot be done now.

use crate::command::Group;

/// No scan is open.
pub const OPEN_A_SCAN: &str = "Open a scan first.";
/// No study is open.
pub const OPEN_A_STUDY: &str = "Open a study first.";
/// The box cuts nothing.
pub const CLIP_IS_WHOLE: &str = "The clipping box is the whole volume.";
/// No measurement was made.
pub const NO_MEASUREMENT_TO_UNDO: &str = "There is no measurement to undo.";
/// No measurement was taken back.
pub const NO_MEASUREMENT_TO_REDO: &str = "There is no measurement to redo.";
/// None is chosen.
pub const CHOOSE_A_MEASUREMENT: &str = "Choose a measurement first.";
/// The pointer is over no slice.
pub const POINT_AT_A_SLICE: &str = "Point at a slice first.";
/// No change was made.
pub const NOTHING_TO_UNDO: &str = "There is nothing to undo.";
/// No change was taken back.
pub const NOTHING_TO_REDO: &str = "There is nothing to redo.";
/// Neither a contour nor a preview is there.
pub const NOTHING_TO_APPLY: &str = "There is nothing to apply.";
/// No contour has a point to take back.
pub const NO_CONTOUR: &str = "No contour is being drawn.";
/// Nothing can be held or ended.
pub const NO_TRAINING: &str = "No training is running.";
/// Nothing can be accepted or rejected.
pub const NO_PROPOSAL: &str = "There is no proposal.";

/// The heading of a group.
#[must_use]
pub const fn group(group: Group) -> &'static str {
    match group {
        Group::Files => "Files",
        Group::Edit => "Changes",
        Group::Tools => "Tools",
        Group::Labels => "Labels",
        Group::Views => "Views",
        Group::Learning => "Learning",
        Group::Window => "Window",
    }
}

/// Keys that do the same.
#[must_use]
pub fn either_of(keys: &[String]) -> String {
    keys.join(" or ")
}

/// A command, or what it is for, and its keys, where it has any.
#[must_use]
pub fn with_keys(words: &str, keys: &str) -> String {
    if keys.is_empty() { words.to_owned() } else { format!("{words} ({keys})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_brackets_only_where_there_are_any() {
        assert_eq!(with_keys("Undo", &either_of(&["Ctrl+Z".to_owned(), "U".to_owned()])), "Undo (Ctrl+Z or U)");
        assert_eq!(with_keys("Undo", &either_of(&[])), "Undo");
    }
}
