//! Label sets that many labs share, as they come with the program.

use medley_io::{IoError, label_files};
use medley_volume::LabelTable;

/// A label set. Sources and terms: `assets/labels/README.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelSet {
    /// 117 structures in CT.
    TotalSegmentatorCt,
    /// 50 structures in MR.
    TotalSegmentatorMr,
    /// 116 regions of the brain, numbered from 1.
    Aal116,
    /// The same with the values of `ROI_MNI_V4`.
    Aal116Mni,
}

impl LabelSet {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::TotalSegmentatorCt, Self::TotalSegmentatorMr, Self::Aal116, Self::Aal116Mni];

    /// Values, names and colours.
    ///
    /// # Errors
    /// Never in a program whose tests passed.
    pub fn table(self) -> Result<LabelTable, IoError> {
        let (name, text) = match self {
            Self::TotalSegmentatorCt => ("totalsegmentator_ct.txt", include_str!("../../../assets/labels/totalsegmentator_ct.txt")),
            Self::TotalSegmentatorMr => ("totalsegmentator_mr.txt", include_str!("../../../assets/labels/totalsegmentator_mr.txt")),
            Self::Aal116 => ("aal116.txt", include_str!("../../../assets/labels/aal116.txt")),
            Self::Aal116Mni => ("aal116_mni_codes.txt", include_str!("../../../assets/labels/aal116_mni_codes.txt")),
        };
        label_files::from_text(name, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_can_be_read() {
        let counts = LabelSet::ALL.map(|set| set.table().expect("a table").labels().len());
        assert_eq!(counts, [117, 50, 116, 116]);
    }
}
