//! The list of labels.

use std::path::Path;

use super::numbers::{counted, plural};
use crate::state::label_sets::LabelSet;

/// The field that filters the list.
pub const SEARCH: &str = "Search labels";
/// The menu of label sets.
pub const SETS: &str = "Label sets";
/// Explains it.
pub const SETS_HINT: &str = "Names and colours that many labs share. Labels the set does not name stay as they are.";
/// What is done with all labels.
pub const ALL: &str = "All";
/// All labels are drawn.
pub const SHOW_ALL: &str = "Show all";
/// Only the chosen one is drawn.
pub const SHOW_ONE: &str = "Show only the chosen one";
/// No label is locked.
pub const UNLOCK_ALL: &str = "Unlock all";
/// All but the chosen one are locked.
pub const LOCK_OTHERS: &str = "Lock all but the chosen one";
/// The filter finds nothing.
pub const NOTHING_FOUND: &str = "No label is called like that.";

/// What a label set is called.
#[must_use]
pub fn set(set: LabelSet) -> &'static str {
    match set {
        LabelSet::TotalSegmentatorCt => "TotalSegmentator, CT (117)",
        LabelSet::TotalSegmentatorMr => "TotalSegmentator, MR (50)",
        LabelSet::Aal116 => "AAL, 116 regions from 1",
        LabelSet::Aal116Mni => "AAL, values of ROI_MNI_V4",
    }
}

/// A label set was taken.
#[must_use]
pub fn taken(name: &str, labels: usize) -> String {
    format!("{} of {name} {} in the list.", counted(labels, "label", "labels"), plural(labels, "is", "are"))
}

/// The panel's heading.
pub const TITLE: &str = "Labels";
/// No study is open.
pub const NO_STUDY: &str = "Labels belong to a study: open one, or a scan.";
/// The study has no label.
pub const NONE_YET: &str = "None yet. A label is what the brush paints.";
/// Adds one.
pub const ADD: &str = "Add label";
/// Under the list.
pub const RENAME_HINT: &str = "Double click a name to change it.";
/// A label is not drawn in its own colour.
pub const SAFE_COLOR: &str = "Drawn in a colour for colour-blind readers; its own is kept (Settings)";
/// The switch that locks.
pub const LOCK: &str = "Lock";
/// What locked means.
pub const LOCK_HINT: &str = "Locked: no tool and no proposal changes its voxels";
/// The switch that shows.
pub const SHOW: &str = "Show";
/// What shown means.
pub const SHOW_HINT: &str = "Whether the label is drawn";
/// The accessible name of the field for a name.
pub const NAME_FIELD: &str = "Name of the label";

/// A label that has no name yet.
#[must_use]
pub fn unnamed(value: u16) -> String {
    format!("label {value}")
}

/// The accessible name of a label's colour.
#[must_use]
pub fn color_of(name: &str) -> String {
    format!("Colour of {name}")
}

/// Locking a label.
#[must_use]
pub fn lock(name: &str) -> String {
    format!("Lock {name}")
}

/// Showing a label.
#[must_use]
pub fn show(name: &str) -> String {
    format!("Show {name}")
}

/// Choosing a label for painting.
#[must_use]
pub fn paint(name: &str, value: u16) -> String {
    format!("Paint {name} (value {value})")
}

/// The keys that choose a label, and how to rename one.
#[must_use]
pub fn hint(previous: &str, next: &str) -> String {
    if previous.is_empty() || next.is_empty() {
        return RENAME_HINT.to_owned();
    }
    format!("Keys {previous} and {next} choose the label. {RENAME_HINT}")
}

/// Names and colours came from a file.
#[must_use]
pub fn taken_from(labels: usize, path: &Path) -> String {
    let (names, were) = (plural(labels, "Name and colour", "Names and colours"), plural(labels, "was", "were"));
    format!("{names} of {} {were} taken from {}.", counted(labels, "label", "labels"), path.display())
}

/// A locked label was chosen for painting.
#[must_use]
pub fn is_locked(name: &str) -> String {
    format!("“{name}” is locked; unlock it in the label list to paint it.")
}
