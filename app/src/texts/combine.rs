//! Putting labels of one or two masks together.

use std::path::Path;

use crate::state::correction::operation::CombineRule;

/// The choice of a mask.
pub const SOURCE: &str = "Other mask";
/// The mask worked on.
pub const THIS_MASK: &str = "this mask";
/// The model's proposal.
pub const PROPOSAL: &str = "the proposal";
/// Reads a mask.
pub const FROM_FILE: &str = "From file…";
/// Which masks there are.
pub const SOURCE_HINT: &str = "The mask of the other label: this one, the proposal, another open case on the same voxels, or a file";
/// Why labels of one mask are only united.
pub const ONLY_UNION: &str = "Two labels of one mask never overlap. Choose another mask for this.";

/// There is no other mask to choose.
pub const NO_OTHER_MASK: &str =
    "This needs another mask: a proposal, another open case on the same voxels, or a file. “From file…” beside “Other mask” reads one.";

/// How two labels are put together.
#[must_use]
pub const fn rule(rule: CombineRule) -> &'static str {
    match rule {
        CombineRule::Union => "Union: what is in either",
        CombineRule::Subtract => "Subtract: without the other",
        CombineRule::Intersect => "Intersect: what is in both",
        CombineRule::Exclusive => "Exclusive: what is in only one",
    }
}

/// The mask of another case.
#[must_use]
pub fn mask_of(case: &str) -> String {
    format!("mask of {case}")
}

/// A mask file, by its name.
#[must_use]
pub fn file(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// A mask file on other voxels.
#[must_use]
pub fn lies_elsewhere(path: &Path) -> String {
    format!(
        "{} does not lie on the voxels of the open scan, so its labels cannot be combined with these. Open the scan it belongs to, or bring \
         it onto this one's grid first.",
        path.display()
    )
}

/// A mask file that holds nothing.
#[must_use]
pub fn empty(path: &Path) -> String {
    format!("{} holds no label: every voxel of it is background.", path.display())
}

/// What cuts.
pub const CUT_AT_BOX: &str = "At a box about the crosshair";
/// What cuts.
pub const CUT_AT_LABEL: &str = "At a label of another mask";
/// What lies inside the other label goes.
pub const CLEARS_INSIDE: &str = "Clear inside it, keep outside";
/// Another mask must be chosen first.
pub const CHOOSE_MASK: &str = "Choose another mask and its label first.";
