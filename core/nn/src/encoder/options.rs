//! Ways in which an encoder may differ from the reference's. None of them but [`NormKind`] shows in the names of its weights.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the last two stages widen what they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strides {
    /// As the reference: layer3 and layer4 keep the resolution and are dilated by 2 and 4; features at an eighth of the input's
    /// resolution.
    #[default]
    Dilated,
    /// As the two-dimensional ResNets (He et al., 2015): layer3 and layer4 halve the resolution; features at a 32nd of it.
    /// Layer4 then costs a 64th, which suits classification and large patches.
    Ordinary,
}

impl Strides {
    /// Stride and dilation of the four stages.
    #[must_use]
    pub fn stages(self) -> [(usize, usize); 4] {
        match self {
            Self::Dilated => [(1, 1), (2, 1), (1, 2), (1, 4)],
            Self::Ordinary => [(1, 1), (2, 1), (2, 1), (2, 1)],
        }
    }

    /// How many input voxels lie between two of layer4's.
    #[must_use]
    pub fn output_stride(self) -> usize {
        self.stages().iter().fold(4, |so_far, (stride, _)| so_far * stride)
    }
}

impl FromStr for Strides {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "dilated" => Ok(Self::Dilated),
            "ordinary" => Ok(Self::Ordinary),
            _ => Err(format!("“{text}” names no strides: use dilated or ordinary")),
        }
    }
}

impl fmt::Display for Strides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dilated => "dilated",
            Self::Ordinary => "ordinary",
        })
    }
}

/// By what an encoder's activations are normalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NormKind {
    /// Batch normalisation, as the reference; [`crate::NormMode`] says by which statistics.
    #[default]
    Batch,
    /// Group normalisation ([`crate::norm::GroupNorm3d`]): the same for one patch as for many, without running numbers.
    Group,
}

impl FromStr for NormKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "batch" => Ok(Self::Batch),
            "group" => Ok(Self::Group),
            _ => Err(format!("“{text}” is not a normalisation: use batch or group")),
        }
    }
}

impl fmt::Display for NormKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Batch => "batch",
            Self::Group => "group",
        })
    }
}

/// Whether the gradient passes shortcut A where the shape changes. The output is the same either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortcutGradient {
    /// It does, as it should.
    #[default]
    Open,
    /// It does not, as in the reference, which reads the tensor's `.data` behind autograd's back: for repeating its trainings.
    Cut,
}

impl FromStr for ShortcutGradient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "open" => Ok(Self::Open),
            "cut" => Ok(Self::Cut),
            _ => Err(format!("“{text}” names no gradient of a shortcut: use open or cut")),
        }
    }
}

impl fmt::Display for ShortcutGradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "open",
            Self::Cut => "cut",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_as_they_are_written() {
        for strides in [Strides::Dilated, Strides::Ordinary] {
            assert_eq!(strides.to_string().parse(), Ok(strides));
        }
        for norm in [NormKind::Batch, NormKind::Group] {
            assert_eq!(norm.to_string().parse(), Ok(norm));
        }
        for gradient in [ShortcutGradient::Open, ShortcutGradient::Cut] {
            assert_eq!(gradient.to_string().parse(), Ok(gradient));
        }
        assert!("wide".parse::<Strides>().is_err() && "wide".parse::<NormKind>().is_err() && "wide".parse::<ShortcutGradient>().is_err());
    }
}
