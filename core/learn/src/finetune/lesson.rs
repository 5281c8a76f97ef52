//! Patches, loss and measurement of a segmentation.

use burn::tensor::{Device, Tensor};
use medley_nn::head::Draw;
use medley_nn::{Encoder, SegmentationNetwork, WayBack};
use serde::{Deserialize, Serialize};

use super::flow::{Flow, InForce};
use super::{DataOptions, FineTuneSettings, Measured, MeasuredCase};
use crate::card::{Card, CardLabel, CardSet, CurvePoint};
use crate::device::OpenDevice;
use crate::job::LabelDice;
use crate::lesson::{self, Lesson, usual_threads};
use crate::postprocess::LabelCleaning;
use crate::sample::{Batch, Place, Sampler};
use crate::sides::Sides;
use crate::{Control, JobEvent, LearnError, Recipe};

pub(super) struct MaskLesson<'a> {
    in_force: InForce,
    flow: Option<Flow>,
    recipe: &'a Recipe,
    labels: &'a [CardLabel],
    sides: &'a Sides,
    settings: &'a FineTuneSettings,
    validation: &'a [MeasuredCase],
    measured: Measured<'a>,
    /// How many cases there were at the beginning, by which rates are planned.
    first_cases: usize,
    threads: Option<usize>,
}

impl<'a> MaskLesson<'a> {
    /// `flow` brings cases that come later.
    pub(super) fn new(
        in_force: InForce,
        flow: Option<Flow>,
        (recipe, labels, sides): (&'a Recipe, &'a [CardLabel], &'a Sides),
        validation: &'a [MeasuredCase],
        settings: &'a FineTuneSettings,
        data: &DataOptions,
    ) -> Self {
        let measured = Measured::new(validation, labels, recipe.patch);
        let first_cases = in_force.cases.len();
        Self { in_force, flow, recipe, labels, sides, settings, validation, measured, first_cases, threads: data.threads }
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
        self.first_cases
    }

    fn threads(&self, device: &OpenDevice) -> usize {
        self.threads.unwrap_or_else(|| usual_threads(device.is_cpu))
    }

    fn input(&self, step: usize) -> Self::Input {
        let FineTuneSettings { foreground, augmentation, seed, batch, .. } = *self.settings;
        // It holds nothing but what is in force, so it is made anew for each step.
        let sampler = Sampler::new(&self.in_force.cases, self.recipe, foreground, augmentation, seed).with_sides(self.sides.clone());
        sampler.batch_with_places(step as u64, batch)
    }

    fn loss(&self, network: &Self::Network, (batch, places): Self::Input, step: usize, device: &Device) -> (Tensor<1>, Option<WayBack>) {
        let FineTuneSettings { seed, deep_supervision, checkpointing, loss, .. } = *self.settings;
        let (image, target) = self.in_force.looked_for.said(batch, &places, device);
        let draw = Draw { seed, number: step as u64 };
        let (levels, way_back) = network.training_levels(image, deep_supervision, draw, checkpointing);
        (loss.of_levels(levels, &target), way_back)
    }

    fn renew(&mut self, step: usize, control: &Control) -> Option<JobEvent> {
        let FineTuneSettings { batch, never_annotated, .. } = self.settings;
        let how = (self.recipe, self.labels, never_annotated.as_slice(), self.sides);
        self.flow.as_mut()?.renew(step, *batch, &mut self.in_force, how, control)
    }

    fn round_end(&self, step: usize) -> usize {
        let round = self.in_force.cases.len().div_ceil(self.settings.batch).max(1);
        if self.flow.is_some() { (step / round + 1) * round } else { usize::MAX }
    }

    fn card_set(&self) -> Option<CardSet> {
        self.flow.as_ref().map(|flow| flow.set.clone())
    }

    fn take_up(&mut self, cases: Option<&CardSet>) -> Result<(), String> {
        match (&mut self.flow, cases) {
            (Some(flow), Some(cases)) => {
                self.first_cases = cases.training.iter().filter(|case| case.from_step == 0).count();
                flow.take_up(cases, &mut self.in_force)
            }
            _ => Ok(()),
        }
    }

    fn measure(&self, network: &Self::Network, device: &OpenDevice, control: &Control) -> Result<Option<Dice>, LearnError> {
        if self.validation.is_empty() {
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
