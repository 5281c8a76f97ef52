use std::path::Path;

use medley_nn::weights::{Task, WeightsFile};
use medley_volume::Volume;
use serde::{Deserialize, Serialize};

use crate::card::Card;
use crate::classify::ClassPredictor;
use crate::detect::BoxPredictor;
use crate::{Control, DeviceChoice, LearnError, Predictor};

/// What a model that draws no masks says of a scan.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// How likely each class is, in the order of the model's classes.
    Classes(Vec<ClassProbability>),
    /// Objects, surest first.
    Boxes(Vec<FoundBox>),
}

/// How likely a class is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassProbability {
    /// The class.
    pub class: String,
    /// From 0 to 1; over classes that exclude each other the sum is 1.
    pub probability: f64,
}

/// An object that was found in a scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundBox {
    /// The label of its class in masks.
    pub label: u16,
    /// The label's name.
    pub class: String,
    /// How sure the model is, from 0 to 1.
    pub score: f64,
    /// The lower faces along i, j, k of the scan's voxels; voxel `v` reaches from `v` to `v + 1`.
    pub voxel_low: [f64; 3],
    /// The upper faces.
    pub voxel_high: [f64; 3],
    /// The smallest right, anterior, superior coordinates of the box's corners, mm.
    pub ras_low_mm: [f64; 3],
    /// The largest.
    pub ras_high_mm: [f64; 3],
}

/// A trained model for classes or boxes, ready for scans.
#[derive(Debug)]
pub enum TaskPredictor {
    /// Classifies.
    Classify(Box<ClassPredictor>),
    /// Finds boxes.
    Detect(Box<BoxPredictor>),
}

/// A model's file, read but not yet on a device.
#[derive(Debug)]
pub struct ModelFile {
    file: WeightsFile,
    name: String,
}

impl ModelFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or holds no weights. Whether it is a model of ours comes later.
    pub fn open(model: &Path) -> Result<Self, LearnError> {
        Ok(Self { file: WeightsFile::open(model)?, name: model.display().to_string() })
    }

    /// What it is for.
    #[must_use]
    pub fn task(&self) -> Task {
        self.file.task()
    }

    /// Makes it ready for scans.
    ///
    /// # Errors
    /// If it is no model of ours, or the device does not work.
    pub fn predictor(&self, device: DeviceChoice) -> Result<AnyPredictor, LearnError> {
        let Self { file, name } = self;
        Ok(match file.task() {
            Task::Segment => AnyPredictor::Masks(Box::new(Predictor::of_file(file, name, device)?)),
            Task::Classify => AnyPredictor::Task(TaskPredictor::Classify(Box::new(ClassPredictor::of_file(file, name, device)?))),
            Task::Detect => AnyPredictor::Task(TaskPredictor::Detect(Box::new(BoxPredictor::of_file(file, name, device)?))),
        })
    }
}

/// A trained model of any task.
#[derive(Debug)]
pub enum AnyPredictor {
    /// Draws masks.
    Masks(Box<Predictor>),
    /// Classifies or finds boxes.
    Task(TaskPredictor),
}

impl AnyPredictor {
    /// Opens a model that [`crate::finetune`], [`crate::classify`] or [`crate::detect`] wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is no model of ours, or the device does not work.
    pub fn open(model: &Path, device: DeviceChoice) -> Result<Self, LearnError> {
        ModelFile::open(model)?.predictor(device)
    }

    /// The device's name.
    #[must_use]
    pub fn device(&self) -> &str {
        match self {
            Self::Masks(predictor) => predictor.device(),
            Self::Task(predictor) => predictor.device(),
        }
    }
}

impl TaskPredictor {
    /// What is known about the model.
    #[must_use]
    pub fn card(&self) -> &Card {
        match self {
            Self::Classify(predictor) => predictor.card(),
            Self::Detect(predictor) => predictor.card(),
        }
    }

    /// SHA-256 of its file.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Classify(predictor) => predictor.id(),
            Self::Detect(predictor) => predictor.id(),
        }
    }

    /// The device's name.
    #[must_use]
    pub fn device(&self) -> &str {
        match self {
            Self::Classify(predictor) => predictor.device(),
            Self::Detect(predictor) => predictor.device(),
        }
    }

    /// What it says of a scan. `progress` is told windows done and in all.
    ///
    /// # Errors
    /// [`LearnError::Stopped`], or if the device fails.
    pub fn predict(&self, scan: &Volume, control: &Control, progress: &mut dyn FnMut(usize, usize)) -> Result<Finding, LearnError> {
        Ok(match self {
            Self::Classify(predictor) => Finding::Classes(predictor.predict(scan, control)?),
            Self::Detect(predictor) => Finding::Boxes(predictor.predict(scan, control, progress)?),
        })
    }
}
