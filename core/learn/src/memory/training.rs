//! All of a fine-tuning.

use super::step::{PROGRAM, TrainingStep};

/// Bytes of a prepared value.
const VALUE: u64 = 4;
/// Bytes of a prepared class.
const CLASS: u64 = 2;

/// What a case takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseMemory {
    /// Voxels of the scan.
    pub voxels: u64,
    /// Bytes of a voxel of the scan, as it is stored in memory.
    pub image_bytes: u64,
    /// Bytes of a voxel of the mask.
    pub label_bytes: u64,
    /// Voxels of the scan at the recipe's spacing.
    pub prepared: u64,
}

/// What a fine-tuning for masks computes, and on what.
#[derive(Debug, Clone, PartialEq)]
pub struct Training {
    /// A step.
    pub step: TrainingStep,
    /// The cases that are learned from.
    pub training: Vec<CaseMemory>,
    /// Those that are measured on.
    pub validation: Vec<CaseMemory>,
    /// Whether a mean of the last weights is kept.
    pub has_average: bool,
    /// Whether the best weights so far are kept while others learn: where the validation scans are measured on the way.
    pub has_best: bool,
    /// How many cases are hashed at a time: the processors' threads.
    pub threads: usize,
}

/// Bytes that a fine-tuning holds at most while it does what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TrainingMemory {
    /// While cases are read, hashed and prepared.
    pub preparing: u64,
    /// During a step.
    pub learning: u64,
    /// While a validation scan is segmented.
    pub measuring: u64,
    /// Prepared cases, counted in the last two: they stay.
    pub cases: u64,
}

impl TrainingMemory {
    /// The most of it.
    #[must_use]
    pub fn peak(&self) -> u64 {
        self.preparing.max(self.learning).max(self.measuring)
    }
}

impl CaseMemory {
    /// Scan and mask as they are read.
    pub(crate) fn read(&self) -> u64 {
        self.voxels * (self.image_bytes + self.label_bytes)
    }

    /// While it is prepared: its values as they are and in patient order, or these and two stages of stretching them.
    fn passing(&self) -> u64 {
        let larger = self.voxels.max(self.prepared);
        VALUE * (2 * self.voxels).max(self.voxels + larger + self.prepared)
    }

    /// Ready to be learned from.
    fn learned(&self) -> u64 {
        self.prepared * (VALUE + CLASS)
    }

    /// Ready to be measured on: the values, and the mask as it was read.
    fn measured(&self) -> u64 {
        self.prepared * VALUE + self.voxels * self.label_bytes
    }

    /// What the sliding window and the way back onto the scan hold beside it: a sum for each class, two classes on the scan's grid and
    /// their stretching, labels.
    fn segmented(&self, classes: u64) -> u64 {
        let sums = classes * VALUE * self.prepared;
        let stretched = if self.voxels == self.prepared { 2 } else { 3 };
        sums + self.voxels * (stretched * VALUE + 2)
    }
}

impl Training {
    /// Computes it.
    #[must_use]
    pub fn memory(&self) -> TrainingMemory {
        let step = self.step.memory();
        let (weights, remembered) = (step.weights, step.optimiser);
        let sum = |cases: &[CaseMemory], of: fn(&CaseMemory) -> u64| cases.iter().map(of).sum::<u64>();
        let every = || self.training.iter().chain(&self.validation);

        // All cases are read before the first is prepared; their hashes are made of values in full.
        let read: u64 = every().map(CaseMemory::read).sum();
        let largest = every().map(|case| case.voxels * VALUE).max().unwrap_or_default();
        let hashing = read + largest * self.threads.clamp(1, self.training.len().max(self.validation.len()).max(1)) as u64;
        let (mut held, mut preparing) = (read, hashing);
        for case in &self.training {
            preparing = preparing.max(held + case.passing());
            held = held - case.read() + case.learned();
        }
        for case in &self.validation {
            preparing = preparing.max(held + case.passing());
            held = held - case.read() + case.measured();
        }
        let cases = sum(&self.training, CaseMemory::learned) + sum(&self.validation, CaseMemory::measured);

        let copies = weights * (u64::from(self.has_average) + u64::from(self.has_best));
        let classes = self.step.network.classes as u64;
        let window = self.validation.iter().map(|case| case.segmented(classes)).max();
        let measuring = window.map_or(0, |case| cases + weights + remembered + copies + case + self.step.window());
        TrainingMemory {
            preparing: PROGRAM + weights + preparing,
            learning: cases + copies + step.peak(),
            measuring: PROGRAM + measuring,
            cases,
        }
    }
}

#[cfg(test)]
mod tests {
    use medley_nn::{Checkpointing, Depth, EncoderConfig, HeadKind, NetworkConfig, Shortcut};

    use super::*;
    use crate::optimise::Optimiser;

    fn training(cases: usize, voxels: u64, classes: usize) -> Training {
        let encoder = EncoderConfig::new(Depth::R10, Shortcut::B, 16);
        let network = NetworkConfig { encoder, head: HeadKind::Skip, classes };
        let step = TrainingStep { network, batch: 1, patch: [32, 64, 64], optimiser: Optimiser::AdamW, checkpointing: Checkpointing::Off };
        let case = CaseMemory { voxels, image_bytes: 2, label_bytes: 1, prepared: voxels.min(1_500_000) };
        Training { step, training: vec![case; cases], validation: vec![case], has_average: true, has_best: true, threads: 2 }
    }

    #[test]
    fn large_scans_are_dearest_while_they_are_read() {
        let memory = training(8, 512 * 512 * 400, 3).memory();
        assert_eq!(memory.peak(), memory.preparing);
        // Nine scans of 300 MiB are read before the first is prepared.
        assert!(memory.preparing > 9 * (300 << 20), "{memory:?}");
        assert!(memory.learning < memory.preparing / 4);
    }

    #[test]
    fn many_classes_are_dearest_in_the_sliding_window() {
        let [few, many] = [2, 60].map(|classes| training(1, 1_500_000, classes).memory());
        assert_eq!(many.peak(), many.measuring);
        assert!(many.measuring - few.measuring >= 58 * 4 * 1_500_000);
    }

    #[test]
    fn nothing_is_measured_without_validation_cases() {
        let mut without = training(1, 1_500_000, 60);
        without.validation.clear();
        assert_eq!(without.memory().peak(), without.memory().learning.max(without.memory().preparing));
    }
}
