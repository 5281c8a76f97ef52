//! Patches, loss and measurement of a segmentation.

use burn::tensor::{Device, Tensor};
use medley_nn::head::Draw;
use medley_nn::{Encoder, SegmentationNetwork, WayBack};

use super::cases::Ready;
use super::{DataOptions, FineTuneSettings, Measured};
use crate::card::{Card, CardLabel, CurvePoint};
use crate::device::OpenDevice;
use crate::job::LabelDice;
use crate::lesson::{self, Lesson, usual_threads};
use crate::postprocess::LabelCleaning;
use crate::sample::{Batch, Place, Sampler};
use crate::{Control, JobEvent, LearnError};

pub(super) struct MaskLesson<'a> {
    ready: &'a Ready,
    settings: &'a FineTuneSettings,
    sampler: Sampler<'a>,
    measured: Measured<'a>,
    threads: Option<usize>,
}

impl<'a> MaskLesson<'a> {
    pub(super) fn new(ready: &'a Ready, labels: &'a [CardLabel], settings: &'a FineTuneSettings, data: &DataOptions) -> Self {
        let sampler = Sampler::new(&ready.training, &ready.recipe, settings.foreground, settings.augmentation, settings.seed);
        let sampler = sampler.with_sides(ready.sides.clone());
        let measured = Measured::new(&ready.validation, labels, ready.recipe.patch);
        Self { ready, settings, sampler, measured, threads: data.threads }
    }
}

impl MaskLesson<'_> {
    /// What raises the Dice of a network's masks on the validation scans.
    pub(super) fn cleaning(
        &self,
        network: &SegmentationNetwork,
        device: &OpenDevice,
        control: &Control,
    ) -> Result<Vec<LabelCleaning>, LearnError> {
        self.measured.cleaning(network, device, control)
    }
}

impl Lesson for MaskLesson<'_> {
    type Network = SegmentationNetwork;
    type Measured = Dice;
    type Input = (Batch, Vec<Place>);

    fn encoder(network: &Self::Network) -> &Encoder {
        &network.encoder
    }

    fn with_encoder(mut network: Self::Network, change: impl FnOnce(Encoder) -> Encoder) -> Self::Network {
        network.encoder = change(network.encoder);
        network
    }

    fn cases(&self) -> usize {
        self.ready.training.len()
    }

    fn threads(&self, device: &OpenDevice) -> usize {
        self.threads.unwrap_or_else(|| usual_threads(device.is_cpu))
    }

    fn input(&self, step: usize) -> Self::Input {
        self.sampler.batch_with_places(step as u64, self.settings.batch)
    }

    fn loss(&self, network: &Self::Network, (batch, places): Self::Input, step: usize, device: &Device) -> (Tensor<1>, Option<WayBack>) {
        let FineTuneSettings { seed, deep_supervision, checkpointing, loss, .. } = *self.settings;
        let (image, target) = self.ready.looked_for.said(batch, &places, device);
        let draw = Draw { seed, number: step as u64 };
        let (levels, way_back) = network.training_levels(image, deep_supervision, draw, checkpointing);
        (loss.of_levels(levels, &target), way_back)
    }

    fn measure(&self, network: &Self::Network, device: &OpenDevice, control: &Control) -> Result<Option<Dice>, LearnError> {
        if self.ready.validation.is_empty() {
            return Ok(None);
        }
        let (mean, per_label) = self.measured.dice(network, device, control)?;
        Ok(Some(Dice { mean, per_label }))
    }
}

/// Dice on the validation scans.
pub(super) struct Dice {
    pub(super) mean: f64,
    pub(super) per_label: Vec<LabelDice>,
}

impl lesson::Measured for Dice {
    fn rank(&self) -> (f64, f64) {
        (self.mean, 0.0)
    }

    fn ranked_by(&self) -> &'static str {
        "highest mean Dice"
    }

    fn event(&self, step: usize) -> JobEvent {
        JobEvent::Validated { step, mean_dice: self.mean, per_label: self.per_label.clone() }
    }

    fn mark(&self, point: &mut CurvePoint) {
        point.dice = Some(self.mean);
    }

    fn note(&self, card: &mut Card) {
        card.dice.clone_from(&self.per_label);
    }
}
