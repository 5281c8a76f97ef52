//! How scans become numbers for a network: spacing, intensities, patch.

use medley_volume::resample::{canonical_grid, shape_at_spacing};
use medley_volume::{Grid, Quantity, Volume};
use serde::{Deserialize, Serialize};

use crate::card::short;
use crate::{LearnError, TrainingCase};

/// How intensities are brought to a common scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum IntensityScheme {
    /// CT: clipped to a window that was measured on the labelled voxels of all training cases and covers soft tissue, then
    /// shifted and scaled by their mean and standard deviation (as nnU-Net does for CT).
    Hounsfield {
        /// 0.5th percentile or −200 HU, the lower of them.
        low: f64,
        /// 99.5th percentile or 300 HU, the higher of them.
        high: f64,
        /// Mean after clipping, HU.
        mean: f64,
        /// Standard deviation after clipping, HU.
        std: f64,
    },
    /// Anything else: each scan clipped to its own 0.5–99.5 percentile and z-scored (Med3D, section 3.1).
    PerScan,
}

/// Everything that turns a scan into network input, fixed when a model is trained and kept in its card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Voxel spacing along R, A, S in millimetres.
    pub spacing_mm: [f64; 3],
    /// How intensities are scaled.
    pub intensity: IntensityScheme,
    /// Patch `[depth, height, width]` = `[S, A, R]` in voxels, multiples of 8.
    pub patch: [usize; 3],
}

/// Bounds for [`Recipe::plan`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PlanLimits {
    /// A case of median size gets at most this many voxels; finer axes are made coarser first.
    pub voxels_per_case: usize,
    /// A patch has at most about this many voxels.
    pub voxels_per_patch: usize,
}

impl Default for PlanLimits {
    fn default() -> Self {
        Self { voxels_per_case: 1_500_000, voxels_per_patch: 64 * 64 * 64 }
    }
}

impl Recipe {
    /// A recipe for training on `cases`; `others` are scans it will also be used on: they may make the patch thinner.
    ///
    /// Spacing is the median of the training cases (Med3D, nnU-Net), made coarser from the finest axis up until a case of
    /// that size fits `limits`. The patch is the largest block of about the allowed size that no known scan is thinner than.
    ///
    /// # Errors
    /// [`LearnError::NoCases`] if there is none.
    pub fn plan(cases: &[TrainingCase], others: &[TrainingCase], limits: PlanLimits) -> Result<Self, LearnError> {
        if cases.is_empty() {
            return Err(LearnError::NoCases);
        }
        let spacing_mm = common_spacing(cases.iter().map(|case| case.image.grid()), limits)?;
        let mut recipe = Self { spacing_mm, intensity: intensity_of(cases), patch: [8; 3] };
        recipe.patch = recipe.patch_for(cases.iter().chain(others).map(|case| &*case.image), limits)?;
        Ok(recipe)
    }

    /// A recipe for whole scans without masks, where nothing is trained: the spacing as in [`Recipe::plan`], each scan by its own
    /// intensities.
    ///
    /// # Errors
    /// [`LearnError::NoCases`] if there is none.
    pub fn for_scans(grids: &[Grid], limits: PlanLimits) -> Result<Self, LearnError> {
        if grids.is_empty() {
            return Err(LearnError::NoCases);
        }
        Ok(Self { spacing_mm: common_spacing(grids.iter(), limits)?, intensity: IntensityScheme::PerScan, patch: [8; 3] })
    }

    /// A recipe by which one patch holds a whole scan, as classification needs it.
    ///
    /// Spacing is the median of the scans, made coarser from the finest axis up until a scan of median size has at most
    /// `voxels_per_patch`; the patch is that size, rounded up. Larger scans lose their rims, smaller ones go on as at their edges.
    ///
    /// # Errors
    /// [`LearnError::NoCases`] if there is none.
    pub fn plan_whole(scans: &[&Volume], limits: PlanLimits) -> Result<Self, LearnError> {
        if scans.is_empty() {
            return Err(LearnError::NoCases);
        }
        let canonical = scans.iter().map(|scan| canonical_grid(scan.grid())).collect::<Result<Vec<_>, _>>()?;
        let spacings: Vec<[f64; 3]> = canonical.iter().map(medley_volume::Grid::spacing).collect();
        let extents: Vec<[f64; 3]> =
            canonical.iter().map(|grid| std::array::from_fn(|axis| grid.shape()[axis] as f64 * grid.spacing()[axis])).collect();
        let extent = median(&extents);
        let spacing_mm = coarsened(median(&spacings), extent, limits.voxels_per_patch).map(short);
        let patch = [2, 1, 0].map(|axis| ((extent[axis] / spacing_mm[axis]).round() as usize).max(1).next_multiple_of(8));
        Ok(Self { spacing_mm, intensity: intensity_of_bodies(scans), patch })
    }

    /// The largest patch `[S, A, R]` for these scans at this recipe's spacing.
    ///
    /// # Errors
    /// If a scan's grid is unusable; cannot happen for grids that exist.
    pub fn patch_for<'a>(&self, scans: impl Iterator<Item = &'a Volume>, limits: PlanLimits) -> Result<[usize; 3], LearnError> {
        let shapes = scans.map(|scan| Ok(shape_at_spacing(&canonical_grid(scan.grid())?, self.spacing_mm)));
        Ok(self.patch_within(shapes.collect::<Result<Vec<_>, LearnError>>()?.into_iter(), limits))
    }

    /// The same for scans of these shapes `[R, A, S]` at this recipe's spacing.
    pub(crate) fn patch_within(&self, shapes: impl Iterator<Item = [usize; 3]>, limits: PlanLimits) -> [usize; 3] {
        let smallest = shapes.fold([usize::MAX; 3], |smallest, shape| std::array::from_fn(|axis| smallest[axis].min(shape[axis])));
        let most = [2, 1, 0].map(|axis| smallest[axis].div_ceil(8) * 8);
        let mut patch = [8usize; 3];
        // Grow the axis that lags farthest behind in millimetres, so that the patch stays near a cube in the patient.
        loop {
            let spacing = [self.spacing_mm[2], self.spacing_mm[1], self.spacing_mm[0]];
            let open = (0..3).filter(|&axis| patch[axis] + 8 <= most[axis]);
            let next = open.min_by(|&a, &b| (patch[a] as f64 * spacing[a]).total_cmp(&(patch[b] as f64 * spacing[b])));
            let Some(axis) = next else { break };
            let mut grown = patch;
            grown[axis] += 8;
            if grown.iter().product::<usize>() > limits.voxels_per_patch {
                break;
            }
            patch = grown;
        }
        patch
    }
}

/// The median of the scans' spacings, coarsened until a scan of median size fits.
fn common_spacing<'a>(grids: impl Iterator<Item = &'a Grid>, limits: PlanLimits) -> Result<[f64; 3], LearnError> {
    let canonical = grids.map(canonical_grid).collect::<Result<Vec<_>, _>>()?;
    let spacings: Vec<[f64; 3]> = canonical.iter().map(Grid::spacing).collect();
    let extents: Vec<[f64; 3]> =
        canonical.iter().map(|grid| std::array::from_fn(|axis| grid.shape()[axis] as f64 * grid.spacing()[axis])).collect();
    Ok(coarsened(median(&spacings), median(&extents), limits.voxels_per_case).map(short))
}

fn median(values: &[[f64; 3]]) -> [f64; 3] {
    std::array::from_fn(|axis| {
        let mut sorted: Vec<f64> = values.iter().map(|v| v[axis]).collect();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    })
}

/// Raises the finest spacings to one common value, the smallest at which the extent has at most `most` voxels.
fn coarsened(spacing: [f64; 3], extent: [f64; 3], most: usize) -> [f64; 3] {
    let voxels = |floor: f64| -> f64 { (0..3).map(|axis| (extent[axis] / spacing[axis].max(floor)).max(1.0)).product() };
    let mut floor = 0.0;
    while voxels(floor) > most as f64 {
        floor = if floor == 0.0 { spacing.iter().copied().fold(f64::INFINITY, f64::min) } else { floor * 1.02 };
    }
    spacing.map(|s| s.max(floor))
}

/// HU that a CT's window always covers. Without contrast medium organs lie within 30 HU of each other and with it they are 50 to
/// 150 HU brighter: a window measured on the one would cut the other off.
const SOFT_TISSUE_HU: [f64; 2] = [-200.0, 300.0];

/// HU of noise that any CT has; a smaller spread of one organ's values is no scale for a scan.
const LEAST_SPREAD_HU: f64 = 20.0;

/// CT if every scan is; the window is measured on labelled voxels only, at most 200,000 of each case.
fn intensity_of(cases: &[TrainingCase]) -> IntensityScheme {
    if cases.iter().any(|case| case.image.quantity() != Quantity::Hounsfield) {
        return IntensityScheme::PerScan;
    }
    let mut values: Vec<f64> = Vec::new();
    for case in cases {
        let labelled: Vec<usize> = (0..case.truth.len().min(case.image.grid().len())).filter(|&o| case.truth.at(o) != 0).collect();
        let step = (labelled.len() / 200_000).max(1);
        let stored = labelled.iter().step_by(step).filter_map(|&offset| case.image.voxels().stored(offset));
        values.extend(stored.map(|stored| case.image.scaling().apply(stored)).filter(|value| value.is_finite()));
    }
    window_of(values)
}

/// CT if every scan is; the window is measured on the body (what is denser than lung), where there are no masks; at most 200,000
/// voxels of each scan.
fn intensity_of_bodies(scans: &[&Volume]) -> IntensityScheme {
    const DENSER_THAN_LUNG_HU: f64 = -500.0;
    if scans.iter().any(|scan| scan.quantity() != Quantity::Hounsfield) {
        return IntensityScheme::PerScan;
    }
    let values = scans.iter().flat_map(|scan| {
        let step = (scan.grid().len() / 200_000).max(1);
        let stored = (0..scan.grid().len()).step_by(step).filter_map(|offset| scan.voxels().stored(offset));
        stored.map(|stored| scan.scaling().apply(stored)).filter(|value| value.is_finite() && *value > DENSER_THAN_LUNG_HU)
    });
    window_of(values.collect())
}

fn window_of(mut values: Vec<f64>) -> IntensityScheme {
    if values.is_empty() {
        return IntensityScheme::PerScan;
    }
    values.sort_by(f64::total_cmp);
    let at = |fraction: f64| values[(fraction * (values.len() - 1) as f64).round() as usize];
    let (low, high) = (at(0.005).min(SOFT_TISSUE_HU[0]), at(0.995).max(SOFT_TISSUE_HU[1]));
    let clipped = || values.iter().map(|v| v.clamp(low, high));
    let mean = clipped().sum::<f64>() / values.len() as f64;
    let std = (clipped().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt().max(LEAST_SPREAD_HU);
    let [low, high, mean, std] = [low, high, mean, std].map(short);
    IntensityScheme::Hounsfield { low, high, mean, std }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use medley_volume::{LabelMap, Scaling, Voxels};

    use super::*;

    fn case(shape: [usize; 3], spacing: [f64; 3]) -> TrainingCase {
        let grid = Grid::axis_aligned(shape, spacing).expect("a grid");
        let values = (0..grid.len()).map(|o| (o % 400) as i16 - 200).collect();
        let image = Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        let mut truth = LabelMap::empty(grid);
        (0..grid.len()).step_by(2).for_each(|offset| truth.set(offset, 1));
        TrainingCase { name: "a".to_owned(), image: Arc::new(image), truth: Arc::new(truth), never_annotated: Vec::new() }
    }

    #[test]
    fn a_thin_slab_keeps_its_slices_and_gets_a_flat_patch() {
        let recipe = Recipe::plan(&[case([128, 128, 12], [1.0, 1.0, 2.0])], &[], PlanLimits::default()).expect("a plan");
        assert_eq!(recipe.spacing_mm, [1.0, 1.0, 2.0]);
        assert_eq!(recipe.patch[0], 16);
        assert!(recipe.patch.iter().all(|p| p % 8 == 0) && recipe.patch.iter().product::<usize>() <= 64 * 64 * 64);
        assert!(recipe.patch[1] >= 96, "{:?}", recipe.patch);
    }

    #[test]
    fn a_fine_scan_is_made_coarser_where_it_is_finest() {
        let limits = PlanLimits { voxels_per_case: 40_000, ..PlanLimits::default() };
        let recipe = Recipe::plan(&[case([128, 128, 10], [1.0, 1.0, 4.0])], &[], limits).expect("a plan");
        assert_eq!(recipe.spacing_mm[2], 4.0);
        assert!(recipe.spacing_mm[0] > 1.9 && recipe.spacing_mm[0] < 2.2, "{:?}", recipe.spacing_mm);
    }

    #[test]
    fn a_thinner_scan_elsewhere_makes_the_patch_thinner() {
        let (thick, thin) = (case([64, 64, 64], [2.0; 3]), case([64, 64, 14], [2.0; 3]));
        let alone = Recipe::plan(std::slice::from_ref(&thick), &[], PlanLimits::default()).expect("a plan");
        let both = Recipe::plan(&[thick], &[thin], PlanLimits::default()).expect("a plan");
        assert_eq!((alone.patch[0], both.patch[0]), (64, 16));
    }

    fn window(value: impl Fn(usize) -> i16) -> [f64; 4] {
        let mut case = case([40, 40, 40], [1.0; 3]);
        let voxels = Voxels::I16((0..64_000).map(value).collect());
        let image = Volume::new(*case.image.grid(), voxels, Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
        case.image = Arc::new(image);
        let IntensityScheme::Hounsfield { low, high, mean, std } = intensity_of(&[case]) else { panic!("a CT") };
        [low, high, mean, std]
    }

    #[test]
    fn the_window_is_measured_on_labelled_voxels() {
        // Every other voxel is labelled; the others are far away.
        let [low, high, mean, std] = window(|o| if o % 2 == 0 { (o % 1000) as i16 * 2 - 1000 } else { 9000 });
        assert!(low > -1000.5 && low < -980.0 && high > 970.0 && high < 999.0, "{low} {high}");
        assert!(mean.abs() < 5.0 && (std - 577.0).abs() < 10.0, "{mean} {std}");
    }

    #[test]
    fn a_window_always_covers_soft_tissue_with_and_without_contrast_medium() {
        let [low, high, mean, std] = window(|o| 30 + (o % 20) as i16);
        assert_eq!([low, high], SOFT_TISSUE_HU);
        assert!((mean - 39.0).abs() < 1.0 && std == LEAST_SPREAD_HU, "{mean} {std}");
    }
}
