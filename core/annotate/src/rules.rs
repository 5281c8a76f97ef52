use medley_volume::{LabelMap, Volume};

use crate::Refusal;

/// Values from `low` to `high`, both included. What is not a number lies in no range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ValueRange {
    /// The smallest value inside.
    pub low: f64,
    /// The largest value inside.
    pub high: f64,
}

impl ValueRange {
    /// Whether a value lies inside.
    #[inline]
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Which voxels a tool must leave alone. Every tool keeps to them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PaintRules {
    /// These labels neither lose nor gain voxels.
    pub locked: Vec<u16>,
    /// Only voxels of this label may change.
    pub only_over: Option<u16>,
    /// Only voxels whose value in the scan lies in this range may change.
    pub values: Option<ValueRange>,
}

impl PaintRules {
    /// Whether a voxel that holds `label` may change, its value in the scan aside.
    #[must_use]
    pub fn allow(&self, label: u16) -> bool {
        self.only_over.is_none_or(|only| only == label) && !self.locked.contains(&label)
    }

    /// Whether a voxel that holds `before` may become `after`, its value in the scan aside.
    #[must_use]
    pub fn allow_change(&self, before: u16, after: u16) -> bool {
        self.allow(before) && (after == 0 || !self.locked.contains(&after))
    }

    /// The scan and the range its values must lie in, if there is such a rule.
    ///
    /// # Errors
    /// [`Refusal::NoScan`] or [`Refusal::OtherGrid`] if there is a rule and no scan to look at.
    pub(crate) fn value_rule<'a>(&self, mask: &LabelMap, scan: Option<&'a Volume>) -> Result<Option<(&'a Volume, ValueRange)>, Refusal> {
        let Some(range) = self.values else { return Ok(None) };
        Ok(Some((scan_on(mask, scan)?, range)))
    }
}

/// The scan, which must be there and lie on the mask's grid.
pub(crate) fn scan_on<'a>(mask: &LabelMap, scan: Option<&'a Volume>) -> Result<&'a Volume, Refusal> {
    let scan = scan.ok_or(Refusal::NoScan)?;
    if scan.grid() == mask.grid() || scan.grid().is_same_as(mask.grid(), 1e-3) { Ok(scan) } else { Err(Refusal::OtherGrid) }
}
