//! The list of labels.

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
    format!("{labels} labels of {name} are in the list.")
}
