//! The job that runs in the background, as the window sees it.

use std::path::PathBuf;
use std::time::Instant;

use medley_learn::{DeviceChoice, EncoderNorm, FineTuneOutcome, FineTuneSettings, JobEvent, WeightsSource};
use medley_nn::loss::LossKind;
use medley_nn::weights::Task;
use medley_nn::{Checkpointing, Depth, HeadKind};
use medley_project::ModelRecord;

use crate::hub::Kept;
use crate::sample;

/// Which weights the encoder starts from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WeightsChoice {
    /// The encoder that comes with the program.
    #[default]
    Starter,
    /// Nothing learned yet.
    Scratch,
    /// A `.pth` or `.safetensors` file.
    File(PathBuf),
    /// Weights that were fetched or imported.
    Kept {
        /// What they are kept under.
        name: String,
        /// The file.
        file: PathBuf,
        /// The SHA-256 that it must have.
        sha256: String,
    },
    /// A model of this study, trained further.
    Model {
        /// Its name in the study.
        name: String,
        /// Its file.
        file: PathBuf,
    },
}

impl WeightsChoice {
    /// These kept weights.
    #[must_use]
    pub fn of(kept: &Kept) -> Self {
        Self::Kept { name: kept.name.clone(), file: kept.file.clone(), sha256: kept.record.sha256.clone() }
    }

    /// This model of a study.
    #[must_use]
    pub fn of_model(model: &ModelRecord) -> Self {
        Self::Model { name: model.name.clone(), file: model.file.clone() }
    }

    /// Its name in the list.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Starter => "Bundled starter encoder".to_owned(),
            Self::Scratch => "From scratch".to_owned(),
            Self::File(path) => path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned()),
            Self::Kept { name, .. } | Self::Model { name, .. } => name.clone(),
        }
    }

    /// What the job reads.
    #[must_use]
    pub fn source(&self) -> WeightsSource {
        match self {
            Self::Starter => {
                WeightsSource::Bytes { name: "the bundled starter encoder".to_owned(), bytes: sample::starter_encoder().into() }
            }
            Self::Scratch => WeightsSource::Scratch,
            Self::File(file) | Self::Model { file, .. } => WeightsSource::File(file.clone()),
            Self::Kept { file, sha256, .. } => WeightsSource::Recorded { file: file.clone(), sha256: sha256.clone() },
        }
    }
}

/// What is chosen in the training panel.
#[derive(Debug, Clone)]
pub struct TrainingChoices {
    /// What the network is for.
    pub task: Task,
    /// Whose pieces are objects, for boxes; every label's where none is chosen.
    pub objects: Option<u16>,
    /// The weights to start from.
    pub weights: WeightsChoice,
    /// Optimiser steps.
    pub steps: usize,
    /// Where to compute.
    pub device: DeviceChoice,
    /// The seed.
    pub seed: u64,
    /// What turns features into labels.
    pub head: HeadKind,
    /// What is minimised.
    pub loss: LossKind,
    /// Whether the loss looks at the head's coarser logits too, where it has some.
    pub deep_supervision: bool,
    /// Depth of an encoder from scratch.
    pub depth: Depth,
    /// Channels of the first stage of an encoder from scratch.
    pub base_width: usize,
    /// By what the encoder normalises.
    pub encoder_norm: EncoderNorm,
    /// What is kept for the gradients of masks.
    pub checkpointing: Checkpointing,
}

impl Default for TrainingChoices {
    fn default() -> Self {
        let usual = FineTuneSettings::default();
        Self {
            task: Task::Segment,
            objects: None,
            weights: WeightsChoice::Starter,
            steps: 300,
            device: DeviceChoice::Auto,
            seed: 1,
            head: usual.head,
            loss: usual.loss,
            deep_supervision: usual.deep_supervision,
            depth: usual.depth,
            base_width: usual.base_width,
            encoder_norm: usual.encoder_norm,
            checkpointing: usual.checkpointing,
        }
    }
}

impl TrainingChoices {
    /// The settings of a fine-tuning by these choices.
    #[must_use]
    pub fn settings(&self) -> FineTuneSettings {
        let Self { head, loss, checkpointing, .. } = *self;
        let deep_supervision = self.deep_supervision && head.has_levels();
        FineTuneSettings { head, loss, deep_supervision, checkpointing, ..self.settings_of_any_task(FineTuneSettings::default()) }
    }

    /// What is chosen for masks, classes and boxes alike, in place of what is usual.
    #[must_use]
    pub fn settings_of_any_task(&self, usual: FineTuneSettings) -> FineTuneSettings {
        let Self { steps, seed, encoder_norm, .. } = *self;
        // Weights that are there bring depth and width with them.
        let (depth, base_width) = match self.weights {
            WeightsChoice::Scratch => (self.depth, self.base_width),
            _ => (usual.depth, usual.base_width),
        };
        FineTuneSettings { steps, seed, encoder_norm, depth, base_width, ..usual }
    }
}

/// How an encoder normalises, for people.
#[must_use]
pub fn norm_name(norm: EncoderNorm) -> &'static str {
    match norm {
        EncoderNorm::Auto => "Automatic",
        EncoderNorm::Batch => "Batch statistics",
        EncoderNorm::Frozen => "Frozen statistics",
        EncoderNorm::Group => "Groups of channels",
    }
}

/// What is kept for gradients, for people.
#[must_use]
pub fn memory_name(checkpointing: Checkpointing) -> &'static str {
    match checkpointing {
        Checkpointing::Off => "Fastest",
        Checkpointing::Blocks => "Less memory, slower",
        Checkpointing::HalfBlocks => "Least memory, slower",
    }
}

/// A depth, for people.
#[must_use]
pub fn depth_name(depth: Depth) -> &'static str {
    match depth {
        Depth::R10 => "ResNet-10",
        Depth::R18 => "ResNet-18",
        Depth::R34 => "ResNet-34",
        Depth::R50 => "ResNet-50",
        Depth::R101 => "ResNet-101",
        Depth::R152 => "ResNet-152",
        Depth::R200 => "ResNet-200",
    }
}

/// What a head is, for people.
#[must_use]
pub fn head_name(head: HeadKind) -> &'static str {
    match head {
        HeadKind::Skip => "Skip connections (finest)",
        HeadKind::Med3d => "Med3D reference",
        HeadKind::Branch => "Single layer (coarse)",
        HeadKind::DenseAspp => "DenseASPP (coarse, wide view)",
    }
}

/// What a loss is, for people.
#[must_use]
pub fn loss_name(loss: LossKind) -> &'static str {
    match loss {
        LossKind::DiceCe => "Dice + cross entropy",
        LossKind::CrossEntropy => "Cross entropy",
        LossKind::Dice => "Dice",
        LossKind::Focal => "Focal",
        LossKind::DiceFocal => "Dice + focal",
        LossKind::Tversky => "Tversky (fewer misses)",
        LossKind::FocalTversky => "Focal Tversky (fewer misses)",
        LossKind::Boundary => "Dice + cross entropy + boundary",
    }
}

/// Where the job stands.
#[derive(Debug, Clone, PartialEq)]
pub enum Phase {
    /// Sent, not begun.
    Waiting,
    /// Reading and preparing, or taking steps.
    Running,
    /// Held until it is told to go on.
    Paused,
    /// Told to stop.
    Stopping,
    /// Ended with a model.
    Finished,
    /// Ended before its time because it was told to.
    Stopped,
    /// Ended with an error.
    Failed(String),
}

/// A fine-tuning job and what it has said so far.
#[derive(Debug, Clone)]
pub struct TrainingRun {
    /// The id its model gets.
    pub model_id: String,
    /// Where it stands.
    pub phase: Phase,
    /// The device it runs on, once it said so.
    pub device: Option<String>,
    /// Step and loss.
    pub losses: Vec<[f64; 2]>,
    /// Step and mean validation Dice.
    pub dice: Vec<[f64; 2]>,
    /// Step and how good the network is at a task that draws no masks.
    pub scores: Vec<[f64; 2]>,
    /// What those scores are.
    pub measure: &'static str,
    /// Steps taken and steps to take.
    pub progress: (usize, usize),
    /// Estimated seconds left.
    pub seconds_left: Option<f64>,
    /// The result.
    pub outcome: Option<FineTuneOutcome>,
    started: Instant,
}

impl TrainingRun {
    /// A job that was just sent.
    #[must_use]
    pub fn new(model_id: String, steps: usize) -> Self {
        Self {
            model_id,
            phase: Phase::Waiting,
            device: None,
            losses: Vec::new(),
            dice: Vec::new(),
            scores: Vec::new(),
            measure: "",
            progress: (0, steps),
            seconds_left: None,
            outcome: None,
            started: Instant::now(),
        }
    }

    /// Whether the job has not ended yet.
    #[must_use]
    pub fn is_active(&self) -> bool {
        matches!(self.phase, Phase::Waiting | Phase::Running | Phase::Paused | Phase::Stopping)
    }

    /// Seconds since it was sent.
    #[must_use]
    pub fn elapsed_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// From 0 to 1.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        if self.progress.1 == 0 { 0.0 } else { self.progress.0 as f32 / self.progress.1 as f32 }
    }

    /// The first and the last validation Dice, once both are known.
    #[must_use]
    pub fn dice_change(&self) -> Option<(f64, f64)> {
        match self.dice.as_slice() {
            [first, .., last] => Some((first[1], last[1])),
            _ => None,
        }
    }

    /// Takes in what the job said.
    pub fn take(&mut self, event: &JobEvent) {
        match event {
            JobEvent::Started { device, .. } => {
                self.device = Some(device.clone());
                self.phase = Phase::Running;
            }
            JobEvent::Step { step, steps, loss, seconds_left, .. } => {
                self.progress = (*step, *steps);
                self.losses.push([*step as f64, *loss]);
                self.seconds_left = *seconds_left;
                if self.phase == Phase::Waiting {
                    self.phase = Phase::Running;
                }
            }
            JobEvent::Validated { step, mean_dice, .. } => self.dice.push([*step as f64, *mean_dice]),
            JobEvent::FineTuned(outcome) => {
                self.phase = if outcome.is_complete { Phase::Finished } else { Phase::Stopped };
                self.seconds_left = None;
                self.outcome = Some((**outcome).clone());
            }
            JobEvent::Scored { step, measure, score } => {
                self.measure = measure;
                self.scores.push([*step as f64, *score]);
            }
            JobEvent::TaskTrained(outcome) => {
                self.phase = if outcome.is_complete { Phase::Finished } else { Phase::Stopped };
                self.seconds_left = None;
            }
            JobEvent::Failed(sentence) => self.phase = Phase::Failed(sentence.clone()),
            JobEvent::Stopped => self.phase = Phase::Stopped,
            _ => {}
        }
    }
}

/// Seconds as a person reads them.
#[must_use]
pub fn duration_text(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s:02} s"),
        (h, m, _) => format!("{h} h {m:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_chosen_is_as_on_the_command_line() {
        let usual = TrainingChoices::default();
        assert_eq!(usual.settings(), FineTuneSettings { steps: 300, seed: 1, ..FineTuneSettings::default() });
        // A choice made for one head does not stop a training of another.
        let coarse = TrainingChoices { head: HeadKind::Branch, deep_supervision: true, ..usual };
        assert!(!coarse.settings().deep_supervision);
        // Weights that are there have their own size.
        let wide = TrainingChoices { base_width: 64, depth: Depth::R50, ..coarse };
        assert_eq!(wide.settings().base_width, FineTuneSettings::default().base_width);
        let scratch = TrainingChoices { weights: WeightsChoice::Scratch, ..wide };
        assert_eq!((scratch.settings().base_width, scratch.settings().depth), (64, Depth::R50));
    }

    #[test]
    fn durations_are_read_at_a_glance() {
        assert_eq!(duration_text(4.4), "4 s");
        assert_eq!(duration_text(65.0), "1 min 05 s");
        assert_eq!(duration_text(3725.0), "1 h 02 min");
        assert_eq!(duration_text(-1.0), "0 s");
    }
}
