use std::path::Path;

use burn::module::Module;
use medley_nn::ClassificationNetwork;
use medley_nn::weights::{Task, WeightsFile};
use medley_volume::Volume;

use super::Answers;
use super::lesson::{middle, probabilities};
use crate::card::{Card, CardSettings};
use crate::device::{DeviceChoice, OpenDevice, open};
use crate::predict::card_of;
use crate::prepare::prepare;
use crate::task::ClassProbability;
use crate::{Control, LearnError, Recipe};

/// A trained model that classifies scans.
#[derive(Debug)]
pub struct ClassPredictor {
    network: ClassificationNetwork,
    device: OpenDevice,
    card: Card,
    recipe: Recipe,
    answers: Answers,
    id: String,
}

impl ClassPredictor {
    /// Opens a model that [`super::run`] wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is no such model of ours, or the device does not work.
    pub fn open(model: &Path, device: DeviceChoice) -> Result<Self, LearnError> {
        Self::of_file(&WeightsFile::open(model)?, &model.display().to_string(), device)
    }

    pub(crate) fn of_file(file: &WeightsFile, name: &str, device: DeviceChoice) -> Result<Self, LearnError> {
        let refused = |reason: &str| LearnError::Card { file: name.to_owned(), reason: reason.to_owned() };
        let (card, recipe) = card_of(file, name, Task::Classify)?;
        let CardSettings::Classify(settings) = &card.settings else { return Err(refused("its card tells of another task")) };
        let answers = settings.answers;
        let device = open(device)?;
        let network = file.classification_network(&device.device)?.valid();
        if network.config().classes != card.labels.len() {
            return Err(refused("its classes are not those of its head"));
        }
        Ok(Self { network, device, card, recipe, answers, id: file.sha256().to_owned() })
    }

    /// What is known about the model.
    #[must_use]
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// SHA-256 of its file.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The device's name.
    #[must_use]
    pub fn device(&self) -> &str {
        &self.device.name
    }

    /// How likely each class is.
    ///
    /// # Errors
    /// [`LearnError::Stopped`], or if the device fails.
    pub fn predict(&self, scan: &Volume, control: &Control) -> Result<Vec<ClassProbability>, LearnError> {
        control.check()?;
        let prepared = prepare(scan, &self.recipe)?;
        let input = middle(&prepared.image, self.recipe.patch);
        let probabilities = probabilities(&self.network, input, self.recipe.patch, self.answers, &self.device)?;
        let named = self.card.labels.iter().zip(probabilities);
        Ok(named.map(|(label, probability)| ClassProbability { class: label.name.clone(), probability }).collect())
    }
}
