//! Who did what; the status of a case; a study that can only be looked at.

use medley_project::provenance::Source;
use medley_project::{CaseStatus, ReadOnlyBecause};

use super::numbers::{counted, plural};

/// Title of the page.
pub const TITLE: &str = "Provenance";
/// Nothing to tell of.
pub const NO_CASE: &str = "Open a case to see who changed what in its mask.";
/// It is being read.
pub const READING: &str = "Reading the journal…";
/// No change yet.
pub const NO_EDITS: &str = "Nobody has changed this mask yet.";
/// The field for initials.
pub const REVIEWER: &str = "Your initials";
/// What the field is for.
pub const REVIEWER_HINT: &str = "Kept with each change and each status from now on, so that others know whom to ask. Initials or a short name of yours, never a patient's.";
/// In the empty field.
pub const REVIEWER_EMPTY: &str = "nobody";
/// Heading of the table of origins.
pub const ORIGINS: &str = "Who the labels come from";
/// Heading of the table of changes.
pub const EDITS: &str = "Changes";
/// Heading of the log.
pub const STATUS_LOG: &str = "Status";
/// Columns of the table of changes.
pub const EDIT_COLUMNS: [&str; 5] = ["When", "Who", "With", "Voxels", ""];
/// Columns of the table of origins.
pub const ORIGIN_COLUMNS: [&str; 5] = ["From", "", "Label", "Voxels", "mL"];
/// Colours the slices by origin.
pub const SHOW: &str = "Show what the model made and nobody touched";
/// Ends it.
pub const HIDE: &str = "Show the labels again";
/// While it is worked out.
pub const WORKING: &str = "Working…";
/// First colour.
pub const UNTOUCHED: &str = "made by a model, untouched";
/// Second colour.
pub const TOUCHED: &str = "from a person or a file";
/// Why nothing can be changed while it is shown.
pub const SHOWN_OBSTACLE: &str = "The slices show who made what. Press “Show the labels again” before you change the mask.";
/// Writes all cases to a file.
pub const EXPORT: &str = "Save as CSV or JSON…";
/// What is written.
pub const EXPORT_HINT: &str = "All cases of the study: every change, every status, and how many voxels come from whom";
/// What was written, as in "… saved to FILE".
pub const EXPORTED: &str = "Provenance";
/// A change that was undone.
pub const UNDONE: &str = "undone";
/// Name of the box for the status.
pub const STATUS_OF_CASE: &str = "Status of the open case";

/// A status as a person reads it.
#[must_use]
pub fn status(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::New => "New",
        CaseStatus::Proposed => "Proposed",
        CaseStatus::InCorrection => "In correction",
        CaseStatus::Corrected => "Corrected",
        CaseStatus::Approved => "Approved",
    }
}

/// What a status means.
#[must_use]
pub fn status_hint(status: CaseStatus) -> &'static str {
    match status {
        CaseStatus::New => "There is no mask yet",
        CaseStatus::Proposed => "The mask comes from a model or a file, and nobody has worked on it here",
        CaseStatus::InCorrection => "Somebody works on the mask",
        CaseStatus::Corrected => "The mask is right and may be learned from or measured on",
        CaseStatus::Approved => "Looked at once more and found right; holds until the mask changes",
    }
}

/// Where labels come from.
#[must_use]
pub fn source(source: Option<&Source>) -> String {
    match source {
        None => "nobody".to_owned(),
        Some(Source::Person) => "a person".to_owned(),
        Some(Source::Imported) => "a file".to_owned(),
        Some(Source::Model(model)) => model.clone(),
    }
}

/// What part a model made.
#[must_use]
pub fn untouched(voxels: usize, all: usize) -> String {
    let percent = if all == 0 { 0.0 } else { 100.0 * voxels as f64 / all as f64 };
    format!("{voxels} of {all} labelled voxels ({percent:.0} %) were made by a model and never touched.")
}

/// Changes that could not be read.
#[must_use]
pub fn unreadable(count: usize) -> String {
    let changes = counted(count, "change in the journal is damaged", "changes in the journal are damaged");
    let are = plural(count, "is", "are");
    format!("{changes} and {are} not counted here.")
}

/// The banner over a study that can only be looked at.
#[must_use]
pub fn read_only_banner(because: &ReadOnlyBecause, since: Option<&str>) -> String {
    let since = since.map(|since| format!(" (opened there {since})")).unwrap_or_default();
    match because {
        ReadOnlyBecause::InUse(_) => format!(
            "This study is open in another window{since}. You can look, but nothing can be changed here. Close the other window, then open \
             the study again."
        ),
        ReadOnlyBecause::NotWritable(_) => {
            "This study's folder cannot be written. You can look, but nothing can be changed here. Copy the study to a folder of yours to \
             work on it."
                .to_owned()
        }
    }
}

/// Opens the study anew.
pub const OPEN_AGAIN: &str = "Open again";
/// Why nothing can be changed in a study that can only be looked at.
pub const READ_ONLY_OBSTACLE: &str = "This study can only be looked at here: nothing can be changed.";
/// The database was deleted and put back.
pub const PUT_BACK: &str =
    "The study's database was deleted by another program. Medley has put it back with everything that was saved, and goes on.";
