//! Correcting the mask by tools other than the brush: what is being drawn, what a tool would do, and the thread that works it out.
//!
//! # Map
//! - this file: [`Correction`], all of it; `workbench/correcting.rs` connects it with the open case
//! - [`gesture`]: what a tool is to do, ready to be worked out; [`operation`]: the tools that work on whole labels, with their options
//! - [`operand`]: the other label of two, of this mask or another
//! - [`draft`]: a contour that is not closed yet
//! - [`mod@bench`]: the thread on which tools work, so that the window never waits for one

pub mod bench;
pub mod draft;
pub mod gesture;
pub mod operand;
pub mod operation;

use std::sync::Arc;

use medley_annotate::{Edit, PaintRules, Refusal, ValueRange};
use medley_project::CaseId;

use bench::ToolBench;
use draft::Draft;
use gesture::Gesture;
use operand::MaskFile;
use operation::{Operation, OperationOptions};

/// Over what tools may paint, locked labels aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaintOver {
    /// Over everything.
    #[default]
    Everything,
    /// Over background only.
    Background,
    /// Over one label only.
    Label(u16),
}

/// How tools that start at a point work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeedOptions {
    /// Through all slices, not in the one that is shown.
    pub is_3d: bool,
    /// How far values may lie from the one at the seed.
    pub tolerance: f64,
    /// The range is learnt from the neighbourhood instead (confidence-connected).
    pub learns_range: bool,
    /// Standard deviations to each side of the mean, where the range is learnt.
    pub factor: f64,
    /// No voxel is farther from the seed, mm.
    pub radius_mm: f64,
    /// Whether holes are closed.
    pub fills_holes: bool,
}

impl Default for SeedOptions {
    fn default() -> Self {
        Self { is_3d: false, tolerance: 40.0, learns_range: false, factor: 2.5, radius_mm: 60.0, fills_holes: true }
    }
}

/// What a preview was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The case.
    pub case: CaseId,
    /// How often its mask had changed.
    pub mask_version: u64,
    /// The label.
    pub label: u16,
    /// What must stay.
    pub rules: PaintRules,
    /// What is to be done.
    pub gesture: Gesture,
}

/// What a tool would do.
#[derive(Debug, Clone)]
pub struct Preview {
    /// What was asked.
    pub wanted: Wanted,
    /// What would change, or why nothing would; `None` while it is worked out.
    pub outcome: Option<Result<Edit, Refusal>>,
    /// Whether it is to be done as soon as it is known.
    pub is_to_apply: bool,
    /// Voxels that would get a label, and that would lose one.
    pub counts: Option<[usize; 2]>,
}

impl Preview {
    /// How many voxels of the label it would add and take away, once it is known.
    #[must_use]
    pub fn change(&self) -> Option<[usize; 2]> {
        self.counts
    }

    /// The change, once it is known.
    #[must_use]
    pub fn edit(&self) -> Option<&Edit> {
        self.outcome.as_ref()?.as_ref().ok()
    }
}

/// Everything about correcting.
pub struct Correction {
    /// Over what tools may paint.
    pub over: PaintOver,
    /// Only voxels with values in this range change, where there is one.
    pub values: Option<ValueRange>,
    /// Fill and grow.
    pub seed: SeedOptions,
    /// The operation whose options are shown.
    pub operation: Option<Operation>,
    /// What is chosen for each operation.
    pub options: OperationOptions,
    /// A mask that was read from a file to work with.
    pub mask_file: Option<MaskFile>,
    /// A contour that is being drawn.
    pub draft: Option<Draft>,
    /// What a tool would do.
    pub preview: Option<Preview>,
    pub(super) bench: ToolBench,
}

impl Correction {
    /// Nothing drawn, no operation chosen; `wake` is called when a tool has done its work.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        Ok(Self {
            over: PaintOver::Everything,
            values: None,
            seed: SeedOptions::default(),
            operation: None,
            options: OperationOptions::default(),
            mask_file: None,
            draft: None,
            preview: None,
            bench: ToolBench::start(wake)?,
        })
    }

    /// The rules of painting, given the labels that are locked.
    #[must_use]
    pub fn rules(&self, locked: Vec<u16>) -> PaintRules {
        let only_over = match self.over {
            PaintOver::Everything => None,
            PaintOver::Background => Some(0),
            PaintOver::Label(label) => Some(label),
        };
        PaintRules { locked, only_over, values: self.values }
    }
}
