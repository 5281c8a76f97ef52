//! What turns an encoder's features into logits.

mod ascent;
mod branch;
mod classifier;
mod dense_aspp;
mod detector;
mod med3d;
mod skip;

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use branch::BranchHead;
pub use classifier::{Classifier, Dropout, pooled};
pub use dense_aspp::DenseAspp;
pub use detector::{Detector, Maps, Pyramid};
pub use med3d::Med3dHead;
pub use skip::SkipDecoder;

use crate::interpolate::stretch_trilinear;
use crate::{EncoderConfig, Features, resize_trilinear};

/// Which head a network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadKind {
    /// The reference's `conv_seg`: logits at a quarter of the input's resolution.
    Med3d,
    /// A decoder with skip connections: logits at the input's resolution.
    Skip,
    /// The paper's pretraining branch, one 1³ convolution: logits at an eighth of the input's resolution.
    Branch,
    /// A pyramid of dilated convolutions: logits at an eighth of the input's resolution.
    DenseAspp,
}

impl HeadKind {
    /// All of them, the default one first.
    pub const ALL: [Self; 4] = [Self::Skip, Self::Med3d, Self::Branch, Self::DenseAspp];

    /// How many input voxels lie between two of its logits, on an encoder whose features have stride 8.
    #[must_use]
    pub fn stride(self) -> usize {
        match self {
            Self::Med3d => 4,
            Self::Skip => 1,
            Self::Branch | Self::DenseAspp => 8,
        }
    }

    /// Whether it has logits at several resolutions, which a loss can look at (deep supervision).
    #[must_use]
    pub fn has_levels(self) -> bool {
        self == Self::Skip
    }
}

impl FromStr for HeadKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|head| head.to_string() == text);
        known.ok_or_else(|| format!("“{text}” is not a head: use skip, med3d, branch or dense-aspp"))
    }
}

impl fmt::Display for HeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Med3d => "med3d",
            Self::Skip => "skip",
            Self::Branch => "branch",
            Self::DenseAspp => "dense-aspp",
        })
    }
}

/// Which random numbers a training step draws: the same pair, the same draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// The training's seed.
    pub seed: u64,
    /// The step's number.
    pub number: u64,
}

/// Logits at one resolution, on which a loss can look.
#[derive(Debug, Clone)]
pub struct Level {
    /// `[N, classes, ⌈D/stride⌉, ⌈H/stride⌉, ⌈W/stride⌉]`; those at `i` belong to the input's voxel `stride·i`.
    pub logits: Tensor<5>,
    /// How many input voxels lie between two of them.
    pub stride: usize,
}

/// One of the heads.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "one per network")]
pub enum Head {
    /// See [`Med3dHead`].
    Med3d(Med3dHead),
    /// See [`SkipDecoder`].
    Skip(SkipDecoder),
    /// See [`BranchHead`].
    Branch(BranchHead),
    /// See [`DenseAspp`].
    DenseAspp(DenseAspp),
}

impl Head {
    pub(crate) fn blank(kind: HeadKind, encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        match kind {
            HeadKind::Med3d => Self::Med3d(Med3dHead::blank(encoder, classes, device)),
            HeadKind::Skip => Self::Skip(SkipDecoder::blank(encoder, classes, device)),
            HeadKind::Branch => Self::Branch(BranchHead::blank(encoder, classes, device)),
            HeadKind::DenseAspp => Self::DenseAspp(DenseAspp::blank(encoder, classes, device)),
        }
    }

    /// Logits at the head's own stride, from the input and what the encoder made of it. With a `draw`, channels are dropped where
    /// the head does so in training.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: [`Med3dHead`]: `[N, classes, 2·⌈D/8⌉, 2·⌈H/8⌉, 2·⌈W/8⌉]`; [`SkipDecoder`]: `[N, classes, D, H, W]`; [`BranchHead`],
    ///   [`DenseAspp`]: `[N, classes, ⌈D/8⌉, ⌈H/8⌉, ⌈W/8⌉]`; 32 for 8 with [`crate::Strides::Ordinary`]
    pub fn forward(&self, input: Tensor<5>, features: &Features, draw: Option<Draw>) -> Tensor<5> {
        match self {
            Self::Med3d(head) => head.forward(features.layer4.clone()),
            Self::Skip(decoder) => decoder.forward(input, features),
            Self::Branch(head) => head.forward(features.layer4.clone()),
            Self::DenseAspp(head) => head.forward(features.layer4.clone(), draw),
        }
    }

    /// Logits for every voxel of an input of `size`, from those at the head's own stride; linear between them.
    ///
    /// The reference aligns the outer centres of its head's output with those of the input. Features of stride 8 are centred on
    /// every eighth voxel, beginning with the first, and there the other heads' logits stay.
    pub(crate) fn at_input(&self, logits: Tensor<5>, size: [usize; 3]) -> Tensor<5> {
        match self {
            Self::Med3d(_) | Self::Skip(_) => resize_trilinear(logits, size, true),
            Self::Branch(_) | Self::DenseAspp(_) => stretch_trilinear(logits, size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_written_as_it_is_read() {
        for head in HeadKind::ALL {
            assert_eq!(head.to_string().parse(), Ok(head));
            assert_eq!(serde_json::to_value(head).expect("JSON"), head.to_string());
        }
        assert!("aspp".parse::<HeadKind>().is_err_and(|text| text.contains("dense-aspp")));
    }
}
