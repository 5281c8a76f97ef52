use std::fmt;
use std::str::FromStr;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::{NormKind, ShortcutGradient, Strides};
use crate::{Encoder, init};

/// How many layers with weights the network has, by the names of He et al.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Depth {
    /// ResNet-10: one basic block a stage.
    #[serde(rename = "10")]
    R10,
    /// ResNet-18: two basic blocks a stage.
    #[serde(rename = "18")]
    R18,
    /// ResNet-34: 3, 4, 6, 3 basic blocks.
    #[serde(rename = "34")]
    R34,
    /// ResNet-50: 3, 4, 6, 3 bottlenecks.
    #[serde(rename = "50")]
    R50,
    /// ResNet-101: 3, 4, 23, 3 bottlenecks.
    #[serde(rename = "101")]
    R101,
    /// ResNet-152: 3, 8, 36, 3 bottlenecks.
    #[serde(rename = "152")]
    R152,
    /// ResNet-200: 3, 24, 36, 3 bottlenecks.
    #[serde(rename = "200")]
    R200,
}

impl Depth {
    /// Every depth, shallow first.
    pub const ALL: [Self; 7] = [Self::R10, Self::R18, Self::R34, Self::R50, Self::R101, Self::R152, Self::R200];

    /// The number in the name.
    #[must_use]
    pub fn layers(self) -> usize {
        match self {
            Self::R10 => 10,
            Self::R18 => 18,
            Self::R34 => 34,
            Self::R50 => 50,
            Self::R101 => 101,
            Self::R152 => 152,
            Self::R200 => 200,
        }
    }

    /// Blocks of the four stages.
    #[must_use]
    pub fn blocks(self) -> [usize; 4] {
        match self {
            Self::R10 => [1, 1, 1, 1],
            Self::R18 => [2, 2, 2, 2],
            Self::R34 | Self::R50 => [3, 4, 6, 3],
            Self::R101 => [3, 4, 23, 3],
            Self::R152 => [3, 8, 36, 3],
            Self::R200 => [3, 24, 36, 3],
        }
    }

    /// Whether its blocks are bottlenecks (1³, 3³, 1³) and not basic ones (3³, 3³).
    #[must_use]
    pub fn has_bottlenecks(self) -> bool {
        self.layers() >= 50
    }

    /// The shortcut that the released weights of this depth have.
    #[must_use]
    pub fn released_shortcut(self) -> Shortcut {
        match self {
            Self::R18 | Self::R34 => Shortcut::A,
            _ => Shortcut::B,
        }
    }
}

impl FromStr for Depth {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|depth| depth.to_string() == text);
        found.ok_or_else(|| format!("“{text}” is not a depth: use 10, 18, 34, 50, 101, 152 or 200"))
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.layers())
    }
}

/// How a block's input gets past it where the shape changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Shortcut {
    /// Every stride-th voxel, new channels filled with zeros; no parameters.
    A,
    /// A 1³ convolution with the stride, and batch normalisation.
    B,
}

impl FromStr for Shortcut {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "A" | "a" => Ok(Self::A),
            "B" | "b" => Ok(Self::B),
            _ => Err(format!("“{text}” is not a shortcut: use A or B")),
        }
    }
}

impl fmt::Display for Shortcut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// Everything that decides what an [`Encoder`] is, its weights apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderConfig {
    /// How deep.
    pub depth: Depth,
    /// How shapes change past a block.
    pub shortcut: Shortcut,
    /// Channels of the first convolution; 64 in the released networks.
    pub base_width: usize,
    /// Channels of the input: 1 for one scan.
    pub in_channels: usize,
    /// How the last two stages widen what they see.
    #[serde(default)]
    pub strides: Strides,
    /// By what activations are normalised.
    #[serde(default)]
    pub norm: NormKind,
    /// Whether the gradient passes shortcut A.
    #[serde(default)]
    pub shortcut_gradient: ShortcutGradient,
}

impl EncoderConfig {
    /// The released network of this depth: width 64, one channel, its own shortcut.
    #[must_use]
    pub fn released(depth: Depth) -> Self {
        Self::new(depth, depth.released_shortcut(), 64)
    }

    /// An encoder for one scan, in all else as the reference has it.
    #[must_use]
    pub fn new(depth: Depth, shortcut: Shortcut, base_width: usize) -> Self {
        Self {
            depth,
            shortcut,
            base_width,
            in_channels: 1,
            strides: Strides::Dilated,
            norm: NormKind::Batch,
            shortcut_gradient: ShortcutGradient::Open,
        }
    }

    /// How many times wider a block's output is than its stage: 1 for basic blocks, 4 for bottlenecks.
    #[must_use]
    pub fn expansion(&self) -> usize {
        if self.depth.has_bottlenecks() { 4 } else { 1 }
    }

    /// Channels after layer1 … layer4.
    #[must_use]
    pub fn stage_channels(&self) -> [usize; 4] {
        [1, 2, 4, 8].map(|factor| factor * self.base_width * self.expansion())
    }

    /// An encoder with weights drawn by Kaiming's rule (normal, fan out), from `seed` alone.
    ///
    /// # Panics
    /// If a width is zero.
    #[must_use]
    pub fn init(&self, device: &Device, seed: u64) -> Encoder {
        init::initialized(Encoder::blank(*self, device), seed)
    }
}
