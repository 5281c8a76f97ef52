//! From a file to a module.

use burn::module::Module;
use burn::tensor::Device;

use super::keys::is_counter;
use super::{Coverage, Misshaped, WeightsError, WeightsFile, channels};
use crate::parameters::{filled, parameters};
use crate::{Encoder, EncoderConfig, NetworkConfig, SegmentationNetwork};

impl WeightsFile {
    /// The encoder inside, whole.
    ///
    /// # Errors
    /// [`WeightsError::NoNetwork`], [`WeightsError::Incomplete`] below full coverage, [`WeightsError::Tensor`] for numbers that
    /// cannot be weights.
    pub fn encoder(&self, device: &Device) -> Result<(Encoder, Coverage), WeightsError> {
        self.encoder_as(self.architecture()?.encoder_config(), device)
    }

    /// The encoder inside as `config` wants it: with other strides, with groups in place of batches (the learnt slopes and offsets
    /// are kept), for other input channels. One channel is shared out over several and several are added up to one, so that an
    /// input whose channels are all the same gives the same features.
    ///
    /// # Errors
    /// As [`WeightsFile::encoder`]; [`WeightsError::Channels`] for channels from several to several.
    pub fn encoder_as(&self, config: EncoderConfig, device: &Device) -> Result<(Encoder, Coverage), WeightsError> {
        channels::require_spreadable(&self.name, self.architecture()?.in_channels, config.in_channels)?;
        let blank = Encoder::blank(config, device);
        let coverage = self.coverage(&blank);
        self.require_whole(&coverage)?;
        Ok((self.fill(blank)?, coverage))
    }

    /// As much of an encoder as is inside; the rest is drawn from `seed`. The coverage says what that was.
    ///
    /// # Errors
    /// [`WeightsError::NoNetwork`], [`WeightsError::Tensor`] for numbers that cannot be weights.
    pub fn encoder_allowing_partial(&self, device: &Device, seed: u64) -> Result<(Encoder, Coverage), WeightsError> {
        self.encoder_as_allowing_partial(self.architecture()?.encoder_config(), device, seed)
    }

    /// As much of an encoder as is inside, as `config` wants it; see [`WeightsFile::encoder_as`].
    ///
    /// # Errors
    /// As [`WeightsFile::encoder_allowing_partial`]; [`WeightsError::Channels`].
    pub fn encoder_as_allowing_partial(
        &self,
        config: EncoderConfig,
        device: &Device,
        seed: u64,
    ) -> Result<(Encoder, Coverage), WeightsError> {
        channels::require_spreadable(&self.name, self.architecture()?.in_channels, config.in_channels)?;
        self.require_believable(&Encoder::blank(config, device))?;
        let drawn = config.init(device, seed);
        let coverage = self.coverage(&drawn);
        Ok((self.fill(drawn)?, coverage))
    }

    /// The network inside, encoder and head, whole.
    ///
    /// # Errors
    /// As [`WeightsFile::encoder`]; [`WeightsError::NoNetwork`] also for an encoder without a head.
    pub fn network(&self, device: &Device) -> Result<SegmentationNetwork, WeightsError> {
        let Some(config) = self.architecture()?.network_config() else {
            let reason = "it is an encoder without a head; fine-tune a model from it first".to_owned();
            return Err(WeightsError::NoNetwork { file: self.name.clone(), reason });
        };
        self.network_as(config, device)
    }

    /// The network inside as `config` wants it; see [`WeightsFile::encoder_as`].
    ///
    /// # Errors
    /// [`WeightsError::Incomplete`] below full coverage, [`WeightsError::Channels`], [`WeightsError::Tensor`].
    pub fn network_as(&self, config: NetworkConfig, device: &Device) -> Result<SegmentationNetwork, WeightsError> {
        channels::require_spreadable(&self.name, self.architecture()?.in_channels, config.encoder.in_channels)?;
        let blank = SegmentationNetwork::blank(config, device);
        self.require_whole(&self.coverage(&blank))?;
        self.fill(blank)
    }

    /// What of `module` the file fills.
    pub(super) fn coverage(&self, module: &impl Module) -> Coverage {
        let wanted = parameters(module);
        let mut coverage = Coverage::default();
        for parameter in &wanted {
            match self.contents.tensors.get(&parameter.name) {
                None => coverage.missing.push(parameter.name.clone()),
                Some(tensor) if channels::fits(&parameter.name, &tensor.shape, &parameter.shape) => coverage.matched += 1,
                Some(tensor) => coverage.misshaped.push(Misshaped {
                    name: parameter.name.clone(),
                    expected: parameter.shape.clone(),
                    found: tensor.shape.clone(),
                }),
            }
        }
        let is_wanted = |name: &String| wanted.iter().any(|parameter| parameter.name == *name);
        let unused = self.contents.tensors.keys().filter(|name| !is_counter(name) && !is_wanted(name));
        coverage.unused = unused.chain(&self.contents.others).cloned().collect();
        coverage.unused.sort();
        coverage
    }

    pub(super) fn require_whole(&self, coverage: &Coverage) -> Result<(), WeightsError> {
        if coverage.is_whole() {
            return Ok(());
        }
        let network = self.architecture()?.to_string();
        Err(WeightsError::Incomplete { file: self.name.clone(), network, coverage: Box::new(coverage.clone()) })
    }

    /// Keeps a small file from asking for a huge network: what is larger than any released one must be there for the most part.
    fn require_believable(&self, blank: &Encoder) -> Result<(), WeightsError> {
        const LARGEST: usize = 130_000_000;
        let size = |shape: &[usize]| shape.iter().product::<usize>();
        let wanted: usize = parameters(blank).iter().map(|parameter| size(&parameter.shape)).sum();
        let there: usize = self.contents.tensors.values().map(|tensor| size(&tensor.shape)).sum();
        if wanted <= LARGEST || there >= wanted / 2 {
            return Ok(());
        }
        let reason = format!("its shapes tell of a network of {wanted} numbers, of which it has only {there}");
        Err(WeightsError::NoNetwork { file: self.name.clone(), reason })
    }

    pub(super) fn fill<M: Module>(&self, module: M) -> Result<M, WeightsError> {
        let mut failure = None;
        let filled = filled(module, |parameter| {
            let tensor = self.contents.tensors.get(&parameter.name)?;
            if !channels::fits(&parameter.name, &tensor.shape, &parameter.shape) {
                return None;
            }
            let values =
                tensor.weights().and_then(|values| match parameter.name.ends_with(".running_var") && values.iter().any(|v| *v < 0.0) {
                    true => Err("holds negative variances".to_owned()),
                    false => Ok(channels::spread(values, &tensor.shape, &parameter.shape)),
                });
            values.map_err(|reason| failure.get_or_insert((parameter.name.clone(), reason)).1.clone()).ok()
        });
        match failure {
            Some((tensor, reason)) => Err(WeightsError::Tensor { file: self.name.clone(), tensor, reason }),
            None => Ok(filled),
        }
    }
}
