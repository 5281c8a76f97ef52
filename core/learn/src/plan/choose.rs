//! From cases to a plan.

use medley_nn::weights::WeightsFile;
use medley_nn::{Depth, EncoderConfig, HeadKind, NetworkConfig};
use medley_volume::Grid;
use serde::{Deserialize, Serialize};

use super::run::caught;
use super::{Available, Bound, Facts, available, clock, words};
use crate::card::{Card, CardArchitecture, METADATA_KEY, short};
use crate::device::{OpenDevice, devices, open};
use crate::finetune::{architecture, card_labels, check_patch, planned};
use crate::memory::{CaseMemory, Training, TrainingMemory, TrainingStep};
use crate::recipe::PlanLimits;
use crate::{DeviceChoice, FineTuneSettings, LearnError, Recipe, TrainingCase, WeightsSource};

/// A patch is never planned larger than this: 128³ voxels.
const LARGEST_PATCH: usize = 128 * 128 * 128;
/// Room that is left: predictions are right to a fifth.
pub(super) const MARGIN: f64 = 1.2;
/// Steps for a single case, for each further one, and at most.
const STEPS: [usize; 3] = [400, 100, 4000];
/// Fewest steps that are worth a start.
const FEWEST_STEPS: usize = 200;

/// What somebody wants, and what is left to the plan.
#[derive(Debug, Clone)]
pub struct Wishes {
    /// Settings: what was asked for, and the usual where nothing was.
    pub settings: FineTuneSettings,
    /// Whether depth and width are to stay as in `settings`; weights that are given say so by themselves.
    pub keeps_network: bool,
    /// Whether the patch is to stay as in `settings`.
    pub keeps_patch: bool,
    /// Whether the batch is.
    pub keeps_batch: bool,
    /// Whether the steps are.
    pub keeps_steps: bool,
    /// Whether what is kept for gradients is.
    pub keeps_checkpointing: bool,
    /// The first weights.
    pub weights: WeightsSource,
    /// Where to compute.
    pub device: DeviceChoice,
    /// Bytes that may be taken on the device; `None`: what is left on this machine, or unknown on a GPU.
    pub memory: Option<u64>,
    /// Minutes that it may take.
    pub minutes: f64,
    /// Whether steps are timed on the device; without, the plan says nothing about time.
    pub is_timed: bool,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            settings: FineTuneSettings::default(),
            keeps_network: false,
            keeps_patch: false,
            keeps_batch: false,
            keeps_steps: false,
            keeps_checkpointing: false,
            weights: WeightsSource::Scratch,
            device: DeviceChoice::Auto,
            memory: None,
            minutes: 20.0,
            is_timed: true,
        }
    }
}

/// A fine-tuning that was thought through.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// What the cases are like.
    pub facts: Facts,
    /// How scans become numbers; the patch is that of `settings`.
    pub recipe: Recipe,
    /// The network.
    pub network: CardArchitecture,
    /// Everything that a fine-tuning needs to be told.
    pub settings: FineTuneSettings,
    /// The device.
    pub device: String,
    /// What it takes in memory.
    pub memory: TrainingMemory,
    /// What there is, where that is known.
    pub available: Option<Available>,
    /// How long it takes, where steps were timed.
    pub time: Option<Time>,
    /// Why it is like this, in sentences.
    pub reasons: Vec<String>,
    /// What was given up for memory or time, in sentences.
    pub given_up: Vec<String>,
    #[serde(skip)]
    pub(super) basis: Basis,
}

/// How long a plan takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Time {
    /// Seconds of a step.
    pub step_s: f64,
    /// Seconds to measure on all validation scans once.
    pub validation_s: f64,
    /// Seconds in all, reading left out.
    pub total_s: f64,
}

/// What a plan is worked out from.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    pub(super) wishes: Wishes,
    pub(super) encoder: EncoderConfig,
    pub(super) has_weights: bool,
    pub(super) classes: usize,
    pub(super) cases: [Vec<CaseMemory>; 2],
    pub(super) grids: [Vec<Grid>; 2],
    pub(super) device: OpenDevice,
    /// The largest buffer that the device takes, bytes; 0: any.
    pub(super) largest_buffer: u64,
}

/// Plans a fine-tuning for `labels` on these cases. Nothing large is allocated unless it fits; then a few steps are timed.
///
/// # Errors
/// [`LearnError::NoCases`], [`LearnError::Setting`] if what was asked for makes no sense or nothing fits, and what goes wrong with weights or
/// the device.
pub fn plan(training: &[TrainingCase], validation: &[TrainingCase], labels: &[(u16, String)], wishes: Wishes) -> Result<Plan, LearnError> {
    check_patch(wishes.settings.patch)?;
    if wishes.minutes.is_nan() || wishes.minutes <= 0.0 {
        return Err(LearnError::Setting("the minutes that a training may take must be a positive number".to_owned()));
    }
    let labels = card_labels(labels)?;
    let device = open(wishes.device)?;
    let file = wishes.weights.open()?;
    let earlier = file.as_ref().and_then(|file| recipe_of(file, &labels, wishes.settings.head));
    let mut settings = wishes.settings.clone();
    let mut reasons = Vec::new();
    let encoder = match &file {
        Some(file) => {
            let config = settings.changes().of(file.architecture()?.encoder_config());
            reasons.push(words::network_of_weights(config));
            config
        }
        None => {
            if !wishes.keeps_network {
                (settings.depth, settings.base_width) = network_for(training.len(), device.is_cpu);
                reasons.push(words::network_from_scratch(&settings, training.len()));
            }
            settings.changes().of(settings.encoder_config())
        }
    };
    if !wishes.keeps_patch {
        settings.limits.voxels_per_patch = LARGEST_PATCH;
    }
    let recipe = planned(training, validation, earlier, &settings)?;
    settings.patch = Some(recipe.patch);
    let facts = Facts::of(training, validation, &recipe)?;
    words::recipe(&facts, &recipe, &mut reasons);
    if !wishes.keeps_steps {
        let [first, further, most] = STEPS;
        settings.steps = (first + further * training.len().saturating_sub(1)).min(most);
        reasons.push(format!("{} steps: {first} and {further} for each further case, at most {most}", settings.steps));
    }
    let cases = facts.memory(training, validation);
    let grids = [training, validation].map(|cases| cases.iter().map(|case| *case.image.grid()).collect());
    let largest_buffer = largest_buffer(&device);
    let network = architecture(encoder, Some(settings.head.to_string()));
    let basis = Basis { encoder, has_weights: file.is_some(), classes: labels.len(), cases, grids, largest_buffer, wishes, device };
    let (available, memory) = (basis.available(), basis.training(&settings).memory());
    let device = basis.device.name.clone();
    let mut plan = Plan { facts, recipe, network, settings, device, memory, available, time: None, reasons, given_up: Vec::new(), basis };
    plan.fit()?;
    plan.take_time()?;
    plan.reasons.push(words::patch(&plan));
    Ok(plan)
}

/// The recipe of an earlier model with the same labels and head, which a fine-tuning goes on with.
fn recipe_of(file: &WeightsFile, labels: &[crate::card::CardLabel], head: HeadKind) -> Option<Recipe> {
    let card = Card::from_json("the weights", file.metadata().get(METADATA_KEY)?).ok()?;
    let is_same = card.labels == labels && card.architecture.head.as_deref() == Some(head.to_string().as_str());
    card.recipe.filter(|_| is_same)
}

/// Depth and width for so many cases: more of both have to be learned from more cases, and paid for.
fn network_for(cases: usize, is_cpu: bool) -> (Depth, usize) {
    match (cases, is_cpu) {
        (..20, true) => (Depth::R10, 16),
        (..20, false) | (20.., true) => (Depth::R18, 32),
        (20.., false) => (Depth::R50, 64),
    }
}

/// The largest buffer that a device takes, bytes; 0 where it has no limit of its own.
fn largest_buffer(device: &OpenDevice) -> u64 {
    if device.is_cpu {
        return 0;
    }
    devices().iter().find(|info| info.kind != "cpu" && device.name.starts_with(&info.name)).map_or(0, |info| info.max_buffer_bytes)
}

impl Basis {
    fn available(&self) -> Option<Available> {
        let asked = self.wishes.memory.map(|bytes| Available { bytes, bound: Bound::Asked });
        // What a GPU has left nobody says; what it has must be given.
        let found = if self.device.is_cpu { self.host() } else { None };
        asked.into_iter().chain(found).min_by_key(|available| available.bytes)
    }

    /// What is left on the machine once the scans that are planned on are let go.
    fn host(&self) -> Option<Available> {
        let read: u64 = self.cases.iter().flatten().map(CaseMemory::read).sum();
        available().map(|available| Available { bytes: available.bytes + read, ..available })
    }

    pub(super) fn network(&self) -> NetworkConfig {
        NetworkConfig { encoder: self.encoder, head: self.wishes.settings.head, classes: self.classes }
    }

    pub(super) fn training(&self, settings: &FineTuneSettings) -> Training {
        let step = TrainingStep {
            network: self.network(),
            batch: settings.batch,
            patch: settings.patch.unwrap_or([8; 3]),
            optimiser: settings.optimiser,
            checkpointing: settings.checkpointing,
        };
        let [training, validation] = self.cases.clone();
        let has_average = settings.average_window() > 1;
        let has_best = !validation.is_empty() && (1..settings.steps).contains(&settings.validate_every);
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Training { step, training, validation, has_average, has_best, threads }
    }
}

impl Plan {
    /// Whether there is room for it, as far as is known.
    #[must_use]
    pub fn fits(&self) -> bool {
        let largest = self.basis.training(&self.settings).step.memory().largest;
        let is_buffer_taken = self.basis.largest_buffer == 0 || largest <= self.basis.largest_buffer;
        is_buffer_taken && self.available.is_none_or(|available| self.needed() as f64 * MARGIN <= available.bytes as f64)
    }

    /// Bytes that are taken where the bound is: everything on the CPU, without cases and scans on a GPU.
    #[must_use]
    pub fn needed(&self) -> u64 {
        if self.basis.device.is_cpu {
            return self.memory.peak();
        }
        self.memory.learning - self.memory.cases
    }

    /// Gives up one thing after another until there is room.
    fn fit(&mut self) -> Result<(), LearnError> {
        // Beside a GPU only the scans take the machine's memory, and of them nothing can be given up.
        if let (false, Some(host)) = (self.basis.device.is_cpu, self.basis.host())
            && self.memory.preparing as f64 * MARGIN > host.bytes as f64
        {
            return Err(LearnError::Setting(words::too_many_scans(self.memory.preparing, host)));
        }
        while !self.fits() {
            let why = words::too_large(self);
            let Some(smaller) = self.smaller(&why) else { return Err(LearnError::Setting(words::nothing_fits(self))) };
            *self = smaller;
        }
        Ok(())
    }

    /// Times steps, and gives up what takes too long.
    fn take_time(&mut self) -> Result<(), LearnError> {
        if !self.basis.wishes.is_timed {
            return Ok(());
        }
        self.time = Some(self.timed()?);
        let limit = self.basis.wishes.minutes * 60.0;
        while self.time.is_some_and(|time| time.total_s > limit) {
            let Some(mut quicker) = self.quicker() else { break };
            quicker.time = Some(quicker.timed()?);
            *self = quicker;
        }
        if let Some(time) = self.time.filter(|time| time.total_s > limit) {
            self.fewer_steps(limit, time);
        }
        Ok(())
    }

    /// Times steps, with the next smaller plan if the device runs out of memory meanwhile.
    fn timed(&mut self) -> Result<Time, LearnError> {
        loop {
            match caught(|| clock::time(self)) {
                Err(error) if error.is_out_of_memory() => match self.smaller("the device ran out of memory") {
                    Some(smaller) => *self = smaller,
                    None => return Err(error),
                },
                other => return other,
            }
        }
    }

    fn fewer_steps(&mut self, limit: f64, time: Time) {
        if self.basis.wishes.keeps_steps || self.settings.steps <= FEWEST_STEPS {
            self.given_up.push(words::too_long(time.total_s, limit));
            return;
        }
        let share = limit / time.total_s;
        let steps = ((self.settings.steps as f64 * share) as usize).max(FEWEST_STEPS);
        self.given_up.push(words::fewer_steps(self.settings.steps, steps, time.total_s, limit));
        let total_s = short(time.total_s * steps as f64 / self.settings.steps as f64);
        self.settings.steps = steps;
        self.time = Some(Time { total_s, ..time });
    }

    /// The limits by which a patch of half the size is found.
    pub(super) fn half_patch(&self) -> PlanLimits {
        let voxels = self.recipe.patch.iter().product::<usize>();
        PlanLimits { voxels_per_patch: voxels / 2, ..self.settings.limits }
    }
}
