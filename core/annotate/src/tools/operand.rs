use medley_volume::{IndexBox, LabelMap};

use super::bounds::bounds_of;
use crate::Refusal;

/// Voxels of some labels of some mask: the one worked on, or another on the same grid (a proposal, an earlier version, another
/// reader's).
#[derive(Debug, Clone, Copy)]
pub struct Operand<'a> {
    /// Whose labels.
    pub mask: &'a LabelMap,
    /// Which labels, taken together.
    pub labels: &'a [u16],
}

impl Operand<'_> {
    pub(crate) fn holds(&self, offset: usize) -> bool {
        self.labels.contains(&self.mask.at(offset))
    }

    pub(crate) fn bounds(&self) -> Option<IndexBox> {
        bounds_of(self.mask, self.labels)
    }

    pub(crate) fn require_on(&self, mask: &LabelMap) -> Result<(), Refusal> {
        mask.grid().require_same(self.mask.grid()).map_err(|_| Refusal::OtherGrid)
    }
}
