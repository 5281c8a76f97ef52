//! Networks for other tasks than segmentation, in and out of files.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::save::{save, with_strides};
use super::{Coverage, WeightsError, WeightsFile};
use crate::{ClassificationConfig, ClassificationNetwork, DetectionConfig, DetectionNetwork, Encoder, SegmentationNetwork};

/// What a network is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// A label for each voxel.
    #[default]
    Segment,
    /// Classes for a whole scan.
    Classify,
    /// Boxes around objects.
    Detect,
}

impl Task {
    /// Every task.
    pub const ALL: [Self; 3] = [Self::Segment, Self::Classify, Self::Detect];

    /// Whether it is what networks were for before there were others, and what files leave unsaid.
    #[must_use]
    pub fn is_segment(&self) -> bool {
        *self == Self::Segment
    }

    /// What such a model does, as a part of a sentence that begins with “the model”.
    #[must_use]
    pub fn does(self) -> &'static str {
        match self {
            Self::Segment => "draws masks",
            Self::Classify => "classifies whole scans",
            Self::Detect => "finds boxes",
        }
    }
}

impl std::str::FromStr for Task {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|task| task.to_string() == text);
        found.ok_or_else(|| format!("“{text}” is not a task: use segment, classify or detect"))
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Segment => "segment",
            Self::Classify => "classify",
            Self::Detect => "detect",
        })
    }
}

const CLASSIFIER: &str = "classifier.weight";
const DETECTOR: &str = "detector.heat.conv.weight";

impl WeightsFile {
    /// What the network inside is for, read off its names; an encoder alone counts as made for segmentation.
    #[must_use]
    pub fn task(&self) -> Task {
        let tensors = &self.contents.tensors;
        if tensors.contains_key(CLASSIFIER) {
            Task::Classify
        } else if tensors.contains_key(DETECTOR) {
            Task::Detect
        } else {
            Task::Segment
        }
    }

    /// What of its network the file fills: of encoder and head if it has a head, else of the encoder.
    pub(super) fn task_coverage(&self, device: &Device) -> Result<Coverage, WeightsError> {
        Ok(match (self.task(), self.architecture()?.network_config()) {
            (Task::Classify, _) => self.coverage(&ClassificationNetwork::blank(self.classification_config()?, device)),
            (Task::Detect, _) => self.coverage(&DetectionNetwork::blank(self.detection_config()?, device)),
            (Task::Segment, Some(config)) => self.coverage(&SegmentationNetwork::blank(config, device)),
            (Task::Segment, None) => self.coverage(&Encoder::blank(self.architecture()?.encoder_config(), device)),
        })
    }

    fn classification_config(&self) -> Result<ClassificationConfig, WeightsError> {
        let classes = self.classes_of(CLASSIFIER, Task::Classify)?;
        Ok(ClassificationConfig { encoder: self.architecture()?.encoder_config(), classes })
    }

    fn detection_config(&self) -> Result<DetectionConfig, WeightsError> {
        let classes = self.classes_of(DETECTOR, Task::Detect)?;
        Ok(DetectionConfig { encoder: self.architecture()?.encoder_config(), classes })
    }

    /// The classification network inside, whole.
    ///
    /// # Errors
    /// As [`WeightsFile::encoder`]; [`WeightsError::NoNetwork`] also for any other network.
    pub fn classification_network(&self, device: &Device) -> Result<ClassificationNetwork, WeightsError> {
        let blank = ClassificationNetwork::blank(self.classification_config()?, device);
        self.require_whole(&self.coverage(&blank))?;
        self.fill(blank)
    }

    /// The detection network inside, whole.
    ///
    /// # Errors
    /// As [`WeightsFile::encoder`]; [`WeightsError::NoNetwork`] also for any other network.
    pub fn detection_network(&self, device: &Device) -> Result<DetectionNetwork, WeightsError> {
        let blank = DetectionNetwork::blank(self.detection_config()?, device);
        self.require_whole(&self.coverage(&blank))?;
        self.fill(blank)
    }

    fn classes_of(&self, tensor: &str, wanted: Task) -> Result<usize, WeightsError> {
        let classes = self.contents.tensors.get(tensor).and_then(|tensor| tensor.shape.first().copied());
        classes.filter(|classes| (1..=usize::from(u16::MAX)).contains(classes)).ok_or_else(|| {
            let reason = format!("none that {}; fine-tune a model for that first", wanted.does());
            WeightsError::NoNetwork { file: self.name().to_owned(), reason }
        })
    }
}

/// Writes a classification network as [`super::save_network`] writes one for segmentation.
///
/// # Errors
/// As [`super::save_network`].
pub fn save_classification(path: &Path, network: &ClassificationNetwork, metadata: &BTreeMap<String, String>) -> Result<(), WeightsError> {
    save(path, network, &with_strides(metadata, network.config().encoder), false)
}

/// Writes a detection network as [`super::save_network`] writes one for segmentation.
///
/// # Errors
/// As [`super::save_network`].
pub fn save_detection(path: &Path, network: &DetectionNetwork, metadata: &BTreeMap<String, String>) -> Result<(), WeightsError> {
    save(path, network, &with_strides(metadata, network.config().encoder), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::values;
    use crate::{Depth, EncoderConfig, NormKind, Shortcut, Strides};

    #[test]
    fn networks_of_each_task_come_back_as_they_were_and_not_as_another() {
        let usual = EncoderConfig::new(Depth::R10, Shortcut::A, 2);
        come_back(usual);
        come_back(EncoderConfig { strides: Strides::Ordinary, norm: NormKind::Group, ..usual });
    }

    fn come_back(encoder: EncoderConfig) {
        let (device, folder) = (Device::flex(), tempfile::tempdir().expect("a folder"));
        let (classes, boxes) = (folder.path().join("classes.safetensors"), folder.path().join("boxes.safetensors"));
        let classifier = ClassificationConfig { encoder, classes: 3 }.init(&device, 4);
        save_classification(&classes, &classifier, &BTreeMap::new()).expect("written");
        let detector = DetectionConfig { encoder, classes: 2 }.init(&device, 4);
        save_detection(&boxes, &detector, &BTreeMap::new()).expect("written");

        let file = WeightsFile::open(&classes).expect("a file");
        assert_eq!(file.task(), Task::Classify);
        let back = file.classification_network(&device).expect("whole");
        assert_eq!((values(&back), back.config()), (values(&classifier), classifier.config()));
        assert!(file.detection_network(&device).expect_err("none").to_string().contains("finds boxes"));
        assert!(file.encoder(&device).is_ok_and(|(_, coverage)| coverage.is_whole()));

        let file = WeightsFile::open(&boxes).expect("a file");
        assert_eq!(file.task(), Task::Detect);
        let back = file.detection_network(&device).expect("whole");
        assert_eq!((values(&back), back.config()), (values(&detector), detector.config()));
        assert!(file.network(&device).is_err() && file.classification_network(&device).is_err());
    }

    #[test]
    fn tasks_are_read_as_they_are_written() {
        assert!(Task::ALL.into_iter().all(|task| task.to_string().parse() == Ok(task)));
        assert!("register".parse::<Task>().is_err());
    }
}
