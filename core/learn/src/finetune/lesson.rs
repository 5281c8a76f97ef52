//! Patches, loss and measurement of a segmentation.

use burn::tensor::{Device, Tensor};
use medley_nn::head::Draw;
use medley_nn::{Encoder, SegmentationNetwork, WayBack};
use serde::{Deserialize, Serialize};

use super::cases::Ready;
use super::{FineTuneSettings, Measured};
use crate::card::{Card, CardLabel, CurvePoint};
use crate::device::OpenDevice;
use crate::job::LabelDice;
use crate::lesson::{self, Lesson};
use crate::sample::Sampler;
use crate::{Control, JobEvent, LearnError};

pub(super) struct MaskLesson<'a> {
    ready: &'a Ready,
    settings: &'a FineTuneSettings,
    sampler: Sampler<'a>,
    measured: Measured<'a>,
}

impl<'a> MaskLesson<'a> {
    pub(super) fn new(ready: &'a Ready, labels: &'a [CardLabel], settings: &'a FineTuneSettings) -> Self {
        let sampler = Sampler::new(&ready.training, &ready.recipe, settings.foreground, settings.augmentation, settings.seed);
        Self { ready, settings, sampler, measured: Measured::new(&ready.validation, labels, ready.recipe.patch) }
    }
}

impl Lesson for MaskLesson<'_> {
    type Network = SegmentationNetwork;
    type Measured = Dice;

    fn encoder(network: &Self::Network) -> &Encoder {
        &network.encoder
    }

    fn loss(&self, network: &Self::Network, step: usize, device: &Device) -> (Tensor<1>, Option<WayBack>) {
        let FineTuneSettings { batch, seed, deep_supervision, checkpointing, loss, .. } = *self.settings;
        let (batch, places) = self.sampler.batch_with_places(step as u64, batch);
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
#[derive(Serialize, Deserialize)]
pub(super) struct Dice {
    pub(super) mean: f64,
    pub(super) per_label: Vec<LabelDice>,
}

impl lesson::Measured for Dice {
    fn rank(&self) -> (f64, f64) {
        (self.mean, 0.0)
    }

    fn ranked_by(&self) -> &str {
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
