//! Tools that work on whole labels, with what is chosen for each.

use medley_annotate::ValueRange;
use medley_annotate::tools::Threshold;
use medley_volume::Ras;

use super::gesture::Gesture;

/// A tool that works on whole labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// All voxels within a range of values.
    Threshold,
}

impl Operation {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 1] = [Self::Threshold];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threshold => "Threshold",
        }
    }
}

/// What is chosen for each operation.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationOptions {
    /// Values that a threshold takes.
    pub range: ValueRange,
    /// Only the piece at the crosshair.
    pub is_at_crosshair: bool,
}

impl Default for OperationOptions {
    fn default() -> Self {
        Self { range: ValueRange { low: 100.0, high: 300.0 }, is_at_crosshair: false }
    }
}

impl OperationOptions {
    /// What an operation is to do, with the crosshair where it is.
    #[must_use]
    pub fn gesture(&self, operation: Operation, crosshair: Ras) -> Gesture {
        match operation {
            Operation::Threshold => {
                let seed = self.is_at_crosshair.then_some(crosshair);
                Gesture::Threshold(Threshold { range: self.range, region: None, seed })
            }
        }
    }
}
