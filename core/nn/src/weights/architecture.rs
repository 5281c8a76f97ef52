use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::keys::stage_and_block;
use crate::{Depth, EncoderConfig, HeadKind, NetworkConfig, NormKind, Shortcut, ShortcutGradient, Strides};

/// The network that a file's names and shapes tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Architecture {
    /// How deep.
    pub depth: Depth,
    /// How shapes change past a block.
    pub shortcut: Shortcut,
    /// Channels of the first convolution.
    pub base_width: usize,
    /// Channels of the input.
    pub in_channels: usize,
    /// How the last two stages widen what they see: as the file's own text says or its decoder shows, else as in the reference.
    /// The encoder's names and shapes are the same either way.
    pub strides: Strides,
    /// By what activations are normalised: by groups where there are weights of normalisations and no running numbers.
    pub norm: NormKind,
    /// The head, if the file has one that is known here.
    pub head: Option<HeadKind>,
    /// Classes of that head, background included.
    pub classes: Option<usize>,
}

/// The key of a file's metadata that says which strides its encoder was trained with; left out for the reference's.
pub(super) const STRIDES_KEY: &str = "medley.strides";

/// Wider than any network that was ever made, and narrow enough to reckon with.
const WIDEST: usize = 4096;

impl Architecture {
    /// The encoder's part.
    #[must_use]
    pub fn encoder_config(&self) -> EncoderConfig {
        let Self { depth, shortcut, base_width, in_channels, strides, norm, .. } = *self;
        EncoderConfig { depth, shortcut, base_width, in_channels, strides, norm, shortcut_gradient: ShortcutGradient::Open }
    }

    /// The whole network, if there is a head.
    #[must_use]
    pub fn network_config(&self) -> Option<NetworkConfig> {
        Some(NetworkConfig { encoder: self.encoder_config(), head: self.head?, classes: self.classes? })
    }

    /// What a file's text adds to what its names tell.
    pub(super) fn with_metadata(mut self, metadata: &BTreeMap<String, String>) -> Self {
        self.strides = metadata.get(STRIDES_KEY).and_then(|text| text.parse().ok()).unwrap_or(self.strides);
        self
    }

    /// Reads it off names without prefix and their shapes.
    ///
    /// # Errors
    /// In words that follow “holds no 3D-ResNet”.
    pub(super) fn of(shapes: &BTreeMap<&str, &[usize]>) -> Result<Self, String> {
        let Some(first) = shapes.get("conv1.weight") else {
            return Err(format!("no tensor is called conv1.weight among its {}", shapes.len()));
        };
        let (base_width, in_channels) = match **first {
            [out, input, 7, 7, 7] if (1..=WIDEST).contains(&out) && (1..=WIDEST).contains(&input) => (out, input),
            [_, _, _, _] => return Err(format!("its conv1.weight is two-dimensional, of shape {first:?}")),
            _ => return Err(format!("its conv1.weight has the shape {first:?}, not [width, channels, 7, 7, 7]")),
        };
        let mut blocks = [0; 4];
        for (stage, block) in shapes.keys().filter_map(|name| stage_and_block(name)) {
            blocks[stage] = blocks[stage].max(block.saturating_add(1));
        }
        if blocks == [0; 4] {
            return Err("conv1 is there, but none of layer1 to layer4".to_owned());
        }
        let has_bottlenecks = shapes.keys().any(|name| name.ends_with(".conv3.weight") && stage_and_block(name).is_some());
        // The shallowest network that has every block of the file: an incomplete file is then known by what it lacks.
        let holds = |depth: &Depth| {
            depth.has_bottlenecks() == has_bottlenecks && depth.blocks().iter().zip(blocks).all(|(have, want)| *have >= want)
        };
        let Some(depth) = Depth::ALL.into_iter().find(holds) else {
            let kind = if has_bottlenecks { "bottlenecks" } else { "basic blocks" };
            return Err(format!("it has {blocks:?} {kind} in its stages, which no ResNet from 10 to 200 has"));
        };
        let has_projection = shapes.keys().any(|name| name.contains(".downsample.0.") && stage_and_block(name).is_some());
        let shortcut = if has_projection { Shortcut::B } else { Shortcut::A };
        let size = |name: &str, rank: usize, axis: usize| shapes.get(name).filter(|shape| shape.len() == rank).map(|shape| shape[axis]);
        let head = size("conv_seg.6.weight", 5, 0).map(|classes| (HeadKind::Med3d, classes));
        let head = head.or_else(|| size("decoder.classify.weight", 5, 1).map(|classes| (HeadKind::Skip, classes)));
        let head = head.or_else(|| size("branch.classify.weight", 5, 0).map(|classes| (HeadKind::Branch, classes)));
        let head = head.or_else(|| size("dense_aspp.classify.weight", 5, 0).map(|classes| (HeadKind::DenseAspp, classes)));
        let head = head.filter(|(_, classes)| (1..=usize::from(u16::MAX)).contains(classes));
        let has_ascent = shapes.keys().any(|name| name.starts_with("decoder.ascent."));
        let strides = if has_ascent { Strides::Ordinary } else { Strides::Dilated };
        let of_stages = || shapes.keys().filter(|name| stage_and_block(name).is_some());
        let is_running = |name: &&str| name.ends_with(".running_mean") || name.ends_with(".running_var");
        let has_norms = of_stages().any(|name| name.ends_with(".bn1.weight"));
        let norm = if has_norms && !of_stages().any(is_running) { NormKind::Group } else { NormKind::Batch };
        let (head, classes) = head.unzip();
        Ok(Self { depth, shortcut, base_width, in_channels, strides, norm, head, classes })
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { depth, shortcut, base_width, in_channels, strides, norm, .. } = self;
        write!(f, "ResNet-{depth} (shortcut {shortcut}, width {base_width}, input channels {in_channels}")?;
        if *strides != Strides::default() {
            write!(f, ", {strides} strides")?;
        }
        if *norm != NormKind::default() {
            write!(f, ", {norm} normalisation")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoder, parameters};
    use burn::tensor::Device;

    #[test]
    fn every_encoder_is_known_by_its_names() {
        for depth in Depth::ALL {
            for shortcut in [Shortcut::A, Shortcut::B] {
                for norm in [NormKind::Batch, NormKind::Group] {
                    let config = EncoderConfig { in_channels: 2, norm, ..EncoderConfig::new(depth, shortcut, 3) };
                    let names = parameters(&Encoder::blank(config, &Device::flex()));
                    let shapes = names.iter().map(|p| (p.name.as_str(), p.shape.as_slice())).collect();
                    let found = Architecture::of(&shapes).expect("an architecture");
                    assert_eq!((found.encoder_config(), found.head), (config, None));
                }
            }
        }
    }

    #[test]
    fn a_file_without_its_last_stage_is_still_known() {
        let config = EncoderConfig::new(Depth::R34, Shortcut::A, 4);
        let mut names = parameters(&Encoder::blank(config, &Device::flex()));
        names.retain(|p| !p.name.starts_with("layer4"));
        let shapes = names.iter().map(|p| (p.name.as_str(), p.shape.as_slice())).collect();
        assert_eq!(Architecture::of(&shapes).map(|found| found.encoder_config()), Ok(config));
    }
}
