//! What the cases are like.

use medley_volume::resample::{canonical_grid, shape_at_spacing};
use medley_volume::{LabelVoxels, Quantity, Voxels, with_voxels};
use serde::{Deserialize, Serialize};

use crate::memory::CaseMemory;
use crate::recipe::Recipe;
use crate::{LearnError, TrainingCase};

/// What a plan is made from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// Cases to learn from.
    pub training: usize,
    /// Cases to measure on.
    pub validation: usize,
    /// Whether all scans to learn from are CT.
    pub is_ct: bool,
    /// The finest spacing along R, A, S of the scans to learn from, millimetres.
    pub finest_mm: [f64; 3],
    /// The coarsest.
    pub coarsest_mm: [f64; 3],
    /// Scans whose voxels are not stored in the order R, A, S.
    pub turned: usize,
    /// Voxels of the largest scan.
    pub largest: usize,
    /// Shape `[R, A, S]` of each scan at the plan's spacing, those to learn from first.
    pub prepared: Vec<[usize; 3]>,
}

impl Facts {
    /// Of cases, brought to the spacing of `recipe`.
    ///
    /// # Errors
    /// If a grid cannot be put in patient order; cannot happen for grids that exist.
    pub fn of(training: &[TrainingCase], validation: &[TrainingCase], recipe: &Recipe) -> Result<Self, LearnError> {
        let every = || training.iter().chain(validation);
        let canonical = every().map(|case| canonical_grid(case.image.grid())).collect::<Result<Vec<_>, _>>()?;
        let spacings = || canonical.iter().take(training.len()).map(medley_volume::Grid::spacing);
        let ends = |start: f64, pick: fn(f64, f64) -> f64| -> [f64; 3] {
            std::array::from_fn(|axis| spacings().map(|spacing| spacing[axis]).fold(start, pick))
        };
        let is_turned = |case: &&TrainingCase| {
            let axes = case.image.grid().axes();
            axes.voxel_axis != [0, 1, 2] || axes.is_flipped != [false; 3]
        };
        Ok(Self {
            training: training.len(),
            validation: validation.len(),
            is_ct: training.iter().all(|case| case.image.quantity() == Quantity::Hounsfield),
            finest_mm: ends(f64::INFINITY, f64::min),
            coarsest_mm: ends(0.0, f64::max),
            turned: every().filter(is_turned).count(),
            largest: every().map(|case| case.image.grid().len()).max().unwrap_or(0),
            prepared: canonical.iter().map(|grid| shape_at_spacing(grid, recipe.spacing_mm)).collect(),
        })
    }

    /// What the cases take in memory, those to learn from and those to measure on.
    pub(super) fn memory(&self, training: &[TrainingCase], validation: &[TrainingCase]) -> [Vec<CaseMemory>; 2] {
        let of = |(case, shape): (&TrainingCase, &[usize; 3])| CaseMemory {
            voxels: case.image.grid().len() as u64,
            image_bytes: bytes_of(case.image.voxels()),
            label_bytes: match case.truth.voxels() {
                LabelVoxels::U8(_) => 1,
                LabelVoxels::U16(_) => 2,
            },
            prepared: shape.iter().product::<usize>() as u64,
        };
        let (first, second) = self.prepared.split_at(training.len().min(self.prepared.len()));
        [training.iter().zip(first).map(of).collect(), validation.iter().zip(second).map(of).collect()]
    }
}

fn bytes_of(voxels: &Voxels) -> u64 {
    fn of<T>(_: &[T]) -> u64 {
        std::mem::size_of::<T>() as u64
    }
    with_voxels!(voxels, values => of(values))
}
