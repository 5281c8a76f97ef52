//! The other set of voxels that a tool works with: a label of the mask worked on, or of another mask on the same voxels.

use std::path::PathBuf;
use std::sync::Arc;

use medley_annotate::tools::{Canvas, Operand};
use medley_project::CaseId;
use medley_volume::{LabelMap, LabelTable};

/// Which mask the other label is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OperandSource {
    /// The one worked on.
    #[default]
    ThisMask,
    /// The model's proposal over it.
    Proposal,
    /// That of another open case on the same voxels: another reader's, or one registered to this.
    Case(CaseId),
    /// One read from a file.
    File,
}

/// A mask read from a file to work with; it never becomes part of the study.
#[derive(Debug, Clone)]
pub struct MaskFile {
    /// The case on whose voxels it lies.
    pub case: CaseId,
    /// The file.
    pub path: PathBuf,
    /// Its labels.
    pub labels: Arc<LabelMap>,
    /// The labels that have voxels, with the names the file gives them.
    pub present: LabelTable,
}

/// A label of this mask or of another one.
#[derive(Debug, Clone)]
pub struct OtherLabel {
    /// Whose; `None` for the mask worked on.
    pub mask: Option<Arc<LabelMap>>,
    /// Which.
    pub label: u16,
}

impl OtherLabel {
    /// Its voxels, as tools take them.
    #[must_use]
    pub fn operand<'a>(&'a self, canvas: &Canvas<'a>) -> Operand<'a> {
        Operand { mask: self.mask.as_deref().unwrap_or(canvas.mask), labels: std::slice::from_ref(&self.label) }
    }
}

/// The same label of the very same mask: voxels are not compared, and a mask that is held here changes only as a copy.
impl PartialEq for OtherLabel {
    fn eq(&self, other: &Self) -> bool {
        let is_same_mask = match (&self.mask, &other.mask) {
            (None, None) => true,
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            _ => false,
        };
        is_same_mask && self.label == other.label
    }
}
