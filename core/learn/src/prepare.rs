//! A scan made ready for a network, and a result brought back onto the scan's grid.

use medley_volume::resample::{
    CanonicalArray, canonical_grid, from_canonical, resize_linear, resize_nearest, shape_at_spacing, to_canonical,
};
use medley_volume::{Grid, LabelMap, LabelVoxels, Volume};
use rayon::prelude::*;

use crate::recipe::{IntensityScheme, Recipe};
use crate::{LearnError, TrainingCase};

/// A scan in patient order, at the recipe's spacing and scale.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// Values, `[r, a, s]` with `r` fastest: as a tensor `[S, A, R]`.
    pub image: CanonicalArray,
    /// The scan's own grid, onto which results go back.
    pub source: Grid,
}

/// A prepared scan with a class per voxel.
#[derive(Debug, Clone)]
pub struct PreparedCase {
    /// The case's name.
    pub name: String,
    /// The scan.
    pub scan: Prepared,
    /// Class of each voxel of the prepared scan; [`IGNORE`] where the mask holds a label that is not learned.
    pub classes: Vec<i16>,
    /// Offsets of some of the voxels of each class above 0, spread evenly: where patches are centred.
    pub sites: Vec<Vec<usize>>,
}

/// The class of voxels that do not count.
pub const IGNORE: i16 = -1;

/// How many voxels of a class are remembered as centres of patches.
const SITES_PER_CLASS: usize = 4096;

/// Makes a scan ready: patient order, intensities, spacing.
///
/// # Errors
/// If the grid cannot be put in patient order; cannot happen for grids that exist.
pub fn prepare(volume: &Volume, recipe: &Recipe) -> Result<Prepared, LearnError> {
    let grid = canonical_grid(volume.grid())?;
    let mut values = to_canonical(&volume.to_f32(), volume.grid());
    match recipe.intensity {
        IntensityScheme::Hounsfield { low, high, mean, std } => {
            let (low, high, mean, std) = (low as f32, high as f32, mean as f32, std as f32);
            values.par_iter_mut().for_each(|v| *v = (v.clamp(low, high) - mean) / std);
        }
        IntensityScheme::PerScan => z_score(&mut values, volume),
    }
    let shape = shape_at_spacing(&grid, recipe.spacing_mm);
    let image = resize_linear(&CanonicalArray { shape: grid.shape(), values }, shape);
    Ok(Prepared { image, source: *volume.grid() })
}

fn z_score(values: &mut [f32], volume: &Volume) {
    let [low, high] = volume.quantiles([0.005, 0.995]).map(|q| q as f32);
    let (low, high) = if low < high { (low, high) } else { (low, low + 1.0) };
    values.par_iter_mut().for_each(|v| *v = v.clamp(low, high));
    let count = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
    let (mean, scale) = (mean as f32, 1.0 / variance.sqrt().max(1e-6) as f32);
    values.par_iter_mut().for_each(|v| *v = (*v - mean) * scale);
}

/// Makes a case ready. `label_values[c]` is the label of class `c`; `label_values[0]` is 0, background.
///
/// # Errors
/// If the mask lies on another grid than the image.
pub fn prepare_case(case: &TrainingCase, recipe: &Recipe, label_values: &[u16]) -> Result<PreparedCase, LearnError> {
    let same = case.image.grid().require_same(case.truth.grid());
    same.map_err(|source| LearnError::CaseGrid { case: case.name.clone(), source })?;
    let scan = prepare(&case.image, recipe)?;
    let mut class_of = vec![IGNORE; usize::from(u16::MAX) + 1];
    for (class, &label) in label_values.iter().enumerate() {
        class_of[usize::from(label)] = class as i16;
    }
    let classes: Vec<i16> = (0..case.truth.len()).map(|offset| class_of[usize::from(case.truth.at(offset))]).collect();
    let canonical = case.image.grid().axes().canonical_shape(case.image.grid().shape());
    let classes = resize_nearest(&to_canonical(&classes, case.image.grid()), canonical, scan.image.shape);
    Ok(PreparedCase::new(case.name.clone(), scan, classes, label_values.len()))
}

impl PreparedCase {
    /// A scan and the classes of its voxels, of which there are `count`.
    pub(crate) fn new(name: String, scan: Prepared, classes: Vec<i16>, count: usize) -> Self {
        let mut sites = vec![Vec::new(); count];
        for (offset, &class) in classes.iter().enumerate() {
            if let Some(sites) = usize::try_from(class).ok().filter(|&c| c > 0).and_then(|c| sites.get_mut(c)) {
                sites.push(offset);
            }
        }
        for sites in &mut sites {
            let step = sites.len().div_ceil(SITES_PER_CLASS).max(1);
            *sites = sites.iter().copied().step_by(step).collect();
        }
        Self { name, scan, classes, sites }
    }
}

/// From class probabilities on the prepared grid to labels on the scan's own grid: each class is stretched linearly and the
/// largest wins. `probability(c)` gives class `c`'s array in the prepared shape; it is asked for each class once, in order.
///
/// # Errors
/// What `probability` returns.
pub fn labels_on_source(
    prepared: &Prepared,
    label_values: &[u16],
    mut probability: impl FnMut(usize) -> Result<CanonicalArray, LearnError>,
) -> Result<LabelMap, LearnError> {
    let grid = prepared.source;
    let shape = grid.axes().canonical_shape(grid.shape());
    let mut best = resize_linear(&probability(0)?, shape).values;
    let mut labels = vec![label_values.first().copied().unwrap_or(0); best.len()];
    for (class, &value) in label_values.iter().enumerate().skip(1) {
        let next = resize_linear(&probability(class)?, shape).values;
        best.par_iter_mut().zip(labels.par_iter_mut()).zip(next).for_each(|((best, label), p)| {
            if p > *best {
                *best = p;
                *label = value;
            }
        });
    }
    let labels = from_canonical(&labels, &grid);
    let voxels = if labels.iter().all(|&l| l <= u16::from(u8::MAX)) {
        LabelVoxels::U8(labels.iter().map(|&l| l as u8).collect())
    } else {
        LabelVoxels::U16(labels)
    };
    Ok(LabelMap::new(grid, voxels)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use medley_volume::glam::{DAffine3, DMat3, DVec3};
    use medley_volume::{Quantity, Scaling, Voxels, metrics};

    use super::*;

    fn lps_case() -> TrainingCase {
        let affine = DAffine3 { matrix3: DMat3::from_diagonal(DVec3::new(-1.0, -1.0, 2.0)), translation: DVec3::ZERO };
        let grid = Grid::new([40, 32, 12], affine).expect("a grid");
        let mut truth = LabelMap::empty(grid);
        for offset in (medley_volume::IndexBox { low: [5, 6, 2], high: [20, 22, 9] }).rows(grid.shape()).flatten() {
            truth.set(offset, 7);
        }
        truth.set(0, 99);
        let voxels = (0..grid.len()).map(|o| if truth.at(o) == 7 { 100 } else { 0 }).collect();
        let image = Volume::new(grid, Voxels::I16(voxels), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        TrainingCase { name: "box".to_owned(), image: Arc::new(image), truth: Arc::new(truth), never_annotated: Vec::new() }
    }

    fn recipe(spacing_mm: [f64; 3]) -> Recipe {
        Recipe { spacing_mm, intensity: IntensityScheme::PerScan, patch: [16; 3] }
    }

    #[test]
    fn image_and_classes_stay_together() {
        let case = prepare_case(&lps_case(), &recipe([1.0, 1.0, 2.0]), &[0, 7]).expect("prepared");
        for (value, &class) in case.scan.image.values.iter().zip(&case.classes) {
            assert_eq!(class == 1, *value > 0.5, "{value} {class}");
        }
        assert_eq!(case.classes.iter().filter(|&&c| c == IGNORE).count(), 1);
        assert_eq!(case.sites[1].len(), 15 * 16 * 7);
    }

    #[test]
    fn a_perfect_prediction_comes_back_onto_the_scan() {
        let case = lps_case();
        let prepared = prepare_case(&case, &recipe([1.5, 1.5, 2.0]), &[0, 7]).expect("prepared");
        let one_hot = |class: usize| {
            let values = prepared.classes.iter().map(|&c| f32::from(u8::from(c.max(0) as usize == class))).collect();
            Ok(CanonicalArray { shape: prepared.scan.image.shape, values })
        };
        let labels = labels_on_source(&prepared.scan, &[0, 7], one_hot).expect("labels");
        assert!(labels.grid().is_same_as(case.image.grid(), 1e-9));
        let dice = metrics::dice_per_label(&labels, &case.truth).expect("same grid")[&7];
        assert!(dice > 0.9, "{dice}");
    }

    #[test]
    fn per_scan_values_have_no_mean_and_unit_spread() {
        let prepared = prepare(&lps_case().image, &recipe([1.0, 1.0, 2.0])).expect("prepared");
        let n = prepared.image.values.len() as f32;
        let mean = prepared.image.values.iter().sum::<f32>() / n;
        let variance = prepared.image.values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n;
        assert!(mean.abs() < 1e-3 && (variance - 1.0).abs() < 1e-3, "{mean} {variance}");
    }
}
