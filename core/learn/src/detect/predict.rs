use std::path::Path;

use burn::module::Module;
use medley_nn::DetectionNetwork;
use medley_nn::weights::{Task, WeightsFile};
use medley_volume::Volume;

use super::DetectSettings;
use super::objects::told;
use super::search::search;
use crate::card::{Card, CardSettings};
use crate::device::{DeviceChoice, OpenDevice, open};
use crate::predict::card_of;
use crate::prepare::prepare;
use crate::task::FoundBox;
use crate::{Control, LearnError, Recipe};

/// A trained model that finds boxes.
#[derive(Debug)]
pub struct BoxPredictor {
    network: DetectionNetwork,
    device: OpenDevice,
    card: Card,
    recipe: Recipe,
    settings: DetectSettings,
    id: String,
}

impl BoxPredictor {
    /// Opens a model that [`super::run`] wrote.
    ///
    /// # Errors
    /// If the file cannot be read, is no such model of ours, or the device does not work.
    pub fn open(model: &Path, device: DeviceChoice) -> Result<Self, LearnError> {
        Self::of_file(&WeightsFile::open(model)?, &model.display().to_string(), device)
    }

    pub(crate) fn of_file(file: &WeightsFile, name: &str, device: DeviceChoice) -> Result<Self, LearnError> {
        let refused = |reason: &str| LearnError::Card { file: name.to_owned(), reason: reason.to_owned() };
        let (card, recipe) = card_of(file, name, Task::Detect)?;
        let CardSettings::Detect(settings) = card.settings.clone() else { return Err(refused("its card tells of another task")) };
        let device = open(device)?;
        let network = file.detection_network(&device.device)?.valid();
        if network.config().classes + 1 != card.labels.len() {
            return Err(refused("its labels are not those of its head"));
        }
        Ok(Self { network, device, card, recipe, settings, id: file.sha256().to_owned() })
    }

    /// The same with another least score of the boxes it tells of.
    #[must_use]
    pub fn with_least_score(mut self, least_score: f64) -> Self {
        self.settings.least_score = least_score;
        self
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

    /// The objects of a scan, surest first. `progress` is told windows done and in all.
    ///
    /// # Errors
    /// [`LearnError::Stopped`], or if the device fails.
    pub fn predict(&self, scan: &Volume, control: &Control, progress: &mut dyn FnMut(usize, usize)) -> Result<Vec<FoundBox>, LearnError> {
        let prepared = prepare(scan, &self.recipe)?;
        let Self { network, recipe, settings, device, .. } = self;
        let found = search(network, &prepared, recipe.patch, settings, device, control, progress)?;
        Ok(found.iter().filter_map(|found| told(&prepared, found, &self.card.labels)).collect())
    }
}
