//! Encoders that were pretrained elsewhere and can be had: what they are, what they learned from, and whose they are.
//!
//! Chen, Ma and Zheng, Med3D (2019), table 1 and the released weights. Parameters are those of the network at full width; a file
//! has four bytes for each, and a little more.

use medley_nn::{Depth, EncoderConfig, Shortcut};

/// A released checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// The name people ask for it by, and its file's without the ending.
    pub name: &'static str,
    /// How deep the network is; the shortcut follows from it.
    pub depth: Depth,
    /// What it was trained on.
    pub trained_on: &'static str,
}

/// The terms of all of them.
pub const LICENCE: &str = "MIT (Tencent)";

const EIGHT: &str = "3DSeg-8: 1,638 CT and MR scans of eight organs";
const TWENTY_THREE: &str = "23 CT and MR data sets (their list was never published)";

const fn released(name: &'static str, depth: Depth, trained_on: &'static str) -> Released {
    Released { name, depth, trained_on }
}

/// Every released checkpoint.
pub const RELEASED: [Released; 11] = [
    released("resnet_10", Depth::R10, EIGHT),
    released("resnet_18", Depth::R18, EIGHT),
    released("resnet_34", Depth::R34, EIGHT),
    released("resnet_50", Depth::R50, EIGHT),
    released("resnet_101", Depth::R101, EIGHT),
    released("resnet_152", Depth::R152, EIGHT),
    released("resnet_200", Depth::R200, EIGHT),
    released("resnet_10_23dataset", Depth::R10, TWENTY_THREE),
    released("resnet_18_23dataset", Depth::R18, TWENTY_THREE),
    released("resnet_34_23dataset", Depth::R34, TWENTY_THREE),
    released("resnet_50_23dataset", Depth::R50, TWENTY_THREE),
];

impl Released {
    /// The checkpoint of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        RELEASED.iter().find(|released| released.name == name)
    }

    /// The network it fills.
    #[must_use]
    pub fn network(&self) -> EncoderConfig {
        EncoderConfig::released(self.depth)
    }

    /// How shapes change past a block.
    #[must_use]
    pub fn shortcut(&self) -> Shortcut {
        self.depth.released_shortcut()
    }

    /// Trainable numbers of the encoder.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        match self.depth {
            Depth::R10 => 14_355_520,
            Depth::R18 => 32_986_176,
            Depth::R34 => 63_295_808,
            Depth::R50 => 46_155_072,
            Depth::R101 => 85_201_216,
            Depth::R152 => 117_359_936,
            Depth::R200 => 126_559_552,
        }
    }

    /// About how large its file is.
    #[must_use]
    pub fn approximate_bytes(&self) -> u64 {
        4 * self.parameters()
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.pth", self.name)
    }

    /// Where its file lies below a hub's address.
    #[must_use]
    pub fn path_on_hub(&self) -> String {
        format!("TencentMedicalNet/MedicalNet-Resnet{}/resolve/main/{}", self.depth, self.file())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_distinct_and_lead_to_the_hubs_files() {
        let mut names: Vec<&str> = RELEASED.iter().map(|released| released.name).collect();
        names.dedup();
        assert_eq!(names.len(), RELEASED.len());
        let found = Released::find("resnet_50_23dataset").expect("in the list");
        assert_eq!(found.path_on_hub(), "TencentMedicalNet/MedicalNet-Resnet50/resolve/main/resnet_50_23dataset.pth");
        assert!(Released::find("resnet_51").is_none());
        assert_eq!(crate::texts::numbers::bytes(found.approximate_bytes()), "185 MB");
    }
}
