//! What turns an encoder's features into logits.

mod classifier;
mod detector;
mod med3d;
mod skip;

use std::fmt;
use std::str::FromStr;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

pub use classifier::{Classifier, Dropout, pooled};
pub use detector::{Detector, Maps, Pyramid};
pub use med3d::Med3dHead;
pub use skip::SkipDecoder;

use crate::{EncoderConfig, Features};

/// Which head a network has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeadKind {
    /// The reference's `conv_seg`: logits at a quarter of the input's resolution.
    Med3d,
    /// A decoder with skip connections: logits at the input's resolution.
    Skip,
}

impl HeadKind {
    /// How many input voxels lie between two of its logits.
    #[must_use]
    pub fn stride(self) -> usize {
        match self {
            Self::Med3d => 4,
            Self::Skip => 1,
        }
    }
}

impl FromStr for HeadKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "med3d" => Ok(Self::Med3d),
            "skip" => Ok(Self::Skip),
            _ => Err(format!("“{text}” is not a head: use med3d or skip")),
        }
    }
}

impl fmt::Display for HeadKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Med3d => "med3d",
            Self::Skip => "skip",
        })
    }
}

/// One of the heads.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "one per network")]
pub enum Head {
    /// See [`Med3dHead`].
    Med3d(Med3dHead),
    /// See [`SkipDecoder`].
    Skip(SkipDecoder),
}

impl Head {
    pub(crate) fn blank(kind: HeadKind, encoder: EncoderConfig, classes: usize, device: &Device) -> Self {
        match kind {
            HeadKind::Med3d => Self::Med3d(Med3dHead::blank(encoder, classes, device)),
            HeadKind::Skip => Self::Skip(SkipDecoder::blank(encoder, classes, device)),
        }
    }

    /// Logits at the head's own stride, from the input and what the encoder made of it.
    ///
    /// # Shapes
    /// - input: `[N, in_channels, D, H, W]`
    /// - output: [`Med3dHead`]: `[N, classes, 2·⌈D/8⌉, 2·⌈H/8⌉, 2·⌈W/8⌉]`; [`SkipDecoder`]: `[N, classes, D, H, W]`
    pub fn forward(&self, input: Tensor<5>, features: &Features) -> Tensor<5> {
        match self {
            Self::Med3d(head) => head.forward(features.layer4.clone()),
            Self::Skip(decoder) => decoder.forward(input, features),
        }
    }
}
