use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::JobEvent;
use crate::card::{Card, CurvePoint, short};
use crate::lesson::{Finished, Measured, Trained};

/// What a fine-tuning for another task than segmentation leaves behind.
#[derive(Debug, Clone)]
pub struct TaskOutcome {
    /// The model's file.
    pub model: PathBuf,
    /// SHA-256 of the model's file.
    pub model_id: String,
    /// The card's file.
    pub card_file: PathBuf,
    /// The card; [`Card::scores`] has everything that was measured.
    pub card: Card,
    /// How good the kept weights are, where there are validation scans: see [`TaskScores::score`].
    pub score: Option<f64>,
    /// Loss and score over the steps.
    pub curve: Vec<CurvePoint>,
    /// After how many steps the kept weights were taken.
    pub best_step: usize,
    /// Whether all steps were done; if not, somebody stopped it.
    pub is_complete: bool,
    /// Seconds of work.
    pub seconds: f64,
}

impl TaskOutcome {
    pub(crate) fn new<N>(trained: Trained<N, Measurement>, finished: Finished) -> Self {
        let Finished { model, model_id, card_file, card, seconds, is_complete } = finished;
        Self {
            model,
            model_id,
            card_file,
            card,
            score: trained.measured.map(|measured| measured.scores.score()),
            curve: trained.curve,
            best_step: trained.step,
            is_complete,
            seconds,
        }
    }
}

/// What was measured on validation scans, and by what weights are chosen.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Measurement {
    pub(crate) scores: TaskScores,
    /// See [`Measured::rank`].
    pub(crate) rank: (f64, f64),
    pub(crate) ranked_by: Cow<'static, str>,
}

impl Measured for Measurement {
    fn rank(&self) -> (f64, f64) {
        self.rank
    }

    fn ranked_by(&self) -> &str {
        &self.ranked_by
    }

    fn event(&self, step: usize) -> JobEvent {
        JobEvent::Scored { step, measure: self.scores.measure(), score: self.scores.score() }
    }

    fn mark(&self, point: &mut CurvePoint) {
        point.score = Some(short(self.scores.score()));
    }

    fn note(&self, card: &mut Card) {
        card.scores = Some(self.scores.clone());
    }
}

/// What was measured on validation scans.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "for", rename_all = "kebab-case")]
pub enum TaskScores {
    /// Of a classification.
    Classify(ClassScores),
    /// Of a detection.
    Detect(BoxScores),
}

impl TaskScores {
    /// The one number to tell models apart by: the mean area under the ROC curve (accuracy where no class has both kinds of
    /// scans), or the mean over IoU thresholds of the mean average precision.
    #[must_use]
    pub fn score(&self) -> f64 {
        match self {
            Self::Classify(scores) => scores.mean_auc.unwrap_or(scores.accuracy),
            Self::Detect(scores) => scores.mean,
        }
    }

    /// What [`TaskScores::score`] is called.
    #[must_use]
    pub fn measure(&self) -> &'static str {
        match self {
            Self::Classify(ClassScores { mean_auc: Some(_), .. }) => "AUC",
            Self::Classify(_) => "accuracy",
            Self::Detect(_) => "mAP",
        }
    }
}

/// How well scans are classified.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// Share of scans whose most likely class is right; where several labels apply, share of known answers that are right at 0.5.
    pub accuracy: f64,
    /// Mean of the areas under the ROC curves that exist.
    pub mean_auc: Option<f64>,
    /// Each class on its own.
    pub per_class: Vec<ClassScore>,
    /// `confusion[t][p]`: scans of class `t` taken for class `p`; empty where several labels apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<usize>>,
}

/// How well one class is told from the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClassScore {
    /// The class.
    pub name: String,
    /// Area under the ROC curve, one class against the rest; `None` unless there are scans with and without it.
    pub auc: Option<f64>,
    /// Scans that have it.
    pub positives: usize,
    /// Scans of which it is known that they do not.
    pub negatives: usize,
}

/// How well objects are found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BoxScores {
    /// Mean over the thresholds.
    pub mean: f64,
    /// Mean average precision at each IoU threshold.
    pub at: Vec<PrecisionAt>,
    /// Share of objects found at IoU 0.1 with at most one wrong box a scan on average.
    pub sensitivity_at_one_false: Option<f64>,
    /// Objects in the validation scans.
    pub objects: usize,
}

/// Mean average precision at one threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrecisionAt {
    /// A box must overlap an object by at least this intersection over union.
    pub iou: f64,
    /// Mean over classes of the average precision.
    pub precision: f64,
}
