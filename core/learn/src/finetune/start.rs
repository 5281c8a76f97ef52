//! The network a fine-tuning starts from.

use burn::tensor::Device;
use medley_nn::weights::WeightsFile;
use medley_nn::{Encoder, EncoderConfig, NetworkConfig, NormMode, SegmentationNetwork};

use super::{EncoderChanges, EncoderNorm, FineTuneSettings, WeightsSource};
use crate::LearnError;
use crate::card::{Card, CardArchitecture, CardLabel, CardWeights, METADATA_KEY};

/// A network to begin with.
pub(crate) struct Start {
    pub(crate) network: SegmentationNetwork,
    pub(crate) weights: CardWeights,
    pub(crate) architecture: CardArchitecture,
    /// The card of the model that is trained further, head and all.
    pub(crate) earlier: Option<Card>,
}

impl WeightsSource {
    /// The file, if there is one.
    ///
    /// # Errors
    /// If it cannot be read, is no file of weights, or is not the recorded one.
    pub fn open(&self) -> Result<Option<WeightsFile>, LearnError> {
        Ok(match self {
            Self::Scratch => None,
            Self::File(path) => Some(WeightsFile::open(path)?),
            Self::Recorded { file, sha256 } => {
                let file = WeightsFile::open(file)?;
                file.require_sha256(sha256)?;
                Some(file)
            }
            Self::Bytes { name, bytes } => Some(WeightsFile::from_bytes(name, bytes)?),
        })
    }
}

pub(crate) fn architecture(config: EncoderConfig, head: Option<String>) -> CardArchitecture {
    let EncoderConfig { depth, shortcut, base_width, strides, norm, .. } = config;
    CardArchitecture { depth: depth.to_string(), shortcut: shortcut.to_string(), base_width, strides, norm, head }
}

/// The encoder from a file or, as `config`, from scratch, in either case with `changes`, and where it came from.
pub(crate) fn encoder(
    file: Option<&WeightsFile>,
    config: EncoderConfig,
    changes: EncoderChanges,
    allow_partial: bool,
    seed: u64,
    device: &Device,
) -> Result<(Encoder, CardWeights), LearnError> {
    let Some(file) = file else {
        let weights = CardWeights { from: "scratch".to_owned(), sha256: None, matched: 0, missing: 0 };
        return Ok((changes.of(config).init(device, seed), weights));
    };
    let config = changes.of(file.architecture()?.encoder_config());
    let (encoder, coverage) =
        if allow_partial { file.encoder_as_allowing_partial(config, device, seed)? } else { file.encoder_as(config, device)? };
    if encoder.config().in_channels != 1 {
        let channels = encoder.config().in_channels;
        return Err(LearnError::Setting(format!("the encoder expects {channels} input channels; a scan has one")));
    }
    let weights = CardWeights {
        from: "encoder".to_owned(),
        sha256: Some(file.sha256().to_owned()),
        matched: coverage.matched,
        missing: coverage.missing.len() + coverage.misshaped.len(),
    };
    Ok((encoder, weights))
}

impl FineTuneSettings {
    /// The encoder that `file` holds, or one from scratch, as these settings want it.
    pub(crate) fn encoder(&self, file: Option<&WeightsFile>, device: &Device) -> Result<(Encoder, CardWeights), LearnError> {
        encoder(file, self.encoder_config(), self.changes(), self.allow_partial, self.seed, device)
    }

    /// By which statistics it normalises: see [`norm_mode`].
    pub(crate) fn norm_mode(&self, config: EncoderConfig, has_weights: bool, patch: [usize; 3]) -> NormMode {
        norm_mode(self.encoder_norm, has_weights, self.batch, patch, config.strides.output_stride())
    }
}

impl CardWeights {
    /// Whether something had been learnt before.
    pub(crate) fn are_learnt(&self) -> bool {
        self.from != "scratch"
    }
}

/// The network for a fine-tuning on `labels`, background first.
pub(super) fn start(
    source: &WeightsSource,
    settings: &FineTuneSettings,
    labels: &[CardLabel],
    device: &Device,
) -> Result<Start, LearnError> {
    let file = source.open()?;
    if let Some(start) = file.as_ref().map(|file| continued(file, settings, labels, device)).transpose()?.flatten() {
        return Ok(start);
    }
    let (encoder, weights) = settings.encoder(file.as_ref(), device)?;
    let architecture = architecture(encoder.config(), Some(settings.head.to_string()));
    let network = SegmentationNetwork::from_encoder(encoder, settings.head, labels.len(), device, settings.seed);
    Ok(Start { network, weights, architecture, earlier: None })
}

/// All of an earlier model, if it has the same labels and head.
fn continued(file: &WeightsFile, settings: &FineTuneSettings, labels: &[CardLabel], device: &Device) -> Result<Option<Start>, LearnError> {
    let Some(json) = file.metadata().get(METADATA_KEY) else { return Ok(None) };
    let card = Card::from_json("the weights", json)?;
    let is_same = card.labels == labels && card.architecture.head.as_deref() == Some(settings.head.to_string().as_str());
    let Some(config) = file.architecture()?.network_config() else { return Ok(None) };
    let encoder = settings.changes().of(config.encoder);
    if !is_same || card.recipe.is_none() || (encoder.strides, encoder.norm) != (config.encoder.strides, config.encoder.norm) {
        return Ok(None);
    }
    let network = file.network_as(NetworkConfig { encoder, ..config }, device)?;
    let weights = CardWeights {
        from: "network".to_owned(),
        sha256: Some(file.sha256().to_owned()),
        matched: medley_nn::parameters(&network.encoder).len(),
        missing: 0,
    };
    Ok(Some(Start { network, weights, architecture: card.architecture.clone(), earlier: Some(card) }))
}

/// By which statistics the encoder normalises when a step sees `batch` patches of `patch` voxels, of which its last stage keeps
/// every `stride`-th along each axis.
fn norm_mode(norm: EncoderNorm, has_weights: bool, batch: usize, patch: [usize; 3], stride: usize) -> NormMode {
    let places = batch * patch.iter().map(|size| size.div_ceil(stride)).product::<usize>();
    match norm {
        EncoderNorm::Frozen => NormMode::Frozen,
        EncoderNorm::Auto if has_weights && places < 64 => NormMode::Frozen,
        EncoderNorm::Auto | EncoderNorm::Batch | EncoderNorm::Group => NormMode::Batch,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_weights_are_used_only_while_they_are_the_recorded_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("encoder.safetensors");
        let config = EncoderConfig { base_width: 2, ..EncoderConfig::released(medley_nn::Depth::R10) };
        medley_nn::weights::save_encoder(&file, &config.init(&Device::flex(), 0), &Default::default(), false).expect("saved");
        let sha256 = super::super::write::file_sha256(&file).expect("a hash");
        let source = WeightsSource::Recorded { file: file.clone(), sha256 };
        assert!(source.open().is_ok_and(|opened| opened.is_some()));
        medley_nn::weights::save_encoder(&file, &config.init(&Device::flex(), 1), &Default::default(), false).expect("saved");
        let words = source.open().expect_err("another file").to_string();
        assert!(words.contains("encoder.safetensors is not the file that was recorded"), "{words}");
    }

    #[test]
    fn statistics_are_frozen_where_a_step_sees_too_little() {
        assert_eq!(norm_mode(EncoderNorm::Auto, true, 1, [8, 32, 32], 8), NormMode::Frozen);
        assert_eq!(norm_mode(EncoderNorm::Auto, true, 2, [16, 64, 64], 8), NormMode::Batch);
        assert_eq!(norm_mode(EncoderNorm::Auto, false, 1, [8, 32, 32], 8), NormMode::Batch);
        assert_eq!(norm_mode(EncoderNorm::Frozen, false, 2, [64; 3], 8), NormMode::Frozen);
        assert_eq!(norm_mode(EncoderNorm::Auto, true, 2, [16, 64, 64], 32), NormMode::Frozen);
    }
}
