//! From masks to boxes in prepared scans, into patches, and back onto scans.

use std::sync::Arc;

use medley_nn::detect::{Box3, Detection, Object};
use medley_volume::glam::DVec3;
use medley_volume::{Components, Grid, LabelMap, LabelVoxels, components};

use crate::card::{CardLabel, short};
use crate::prepare::{Prepared, PreparedCase, prepare_case};
use crate::sample::Place;
use crate::task::FoundBox;
use crate::{LearnError, Recipe, TrainingCase};

/// The objects of a mask: pieces of the labels (background first) that have enough voxels.
pub(super) fn objects_of(mask: &LabelMap, labels: &[CardLabel], least_voxels: usize) -> Components {
    let values: Vec<u16> = labels.iter().map(|label| label.value).filter(|value| *value != 0).collect();
    components(mask, &values, least_voxels)
}

/// A case whose classes are its objects, counted from 1, so that patches are centred on each object as often as on any other.
pub(super) fn prepare_objects(case: &TrainingCase, found: &Components, recipe: &Recipe) -> Result<PreparedCase, LearnError> {
    // A class is a number of 15 bits.
    if found.list.len() >= 1 << 15 {
        let (name, count) = (&case.name, found.list.len());
        return Err(LearnError::Setting(format!("the mask of the case “{name}” falls into {count} pieces, too many to be objects")));
    }
    let ids = found.ids.iter().map(|&id| id as u16).collect();
    let truth = Arc::new(LabelMap::new(*case.truth.grid(), LabelVoxels::U16(ids))?);
    let values: Vec<u16> = (0..=found.list.len() as u16).collect();
    prepare_case(&TrainingCase { truth, ..case.clone() }, recipe, &values)
}

/// The boxes of a mask's objects in the prepared scan, along S, A, R.
pub(super) fn boxes_in(prepared: &Prepared, found: &Components, labels: &[CardLabel]) -> Vec<Object> {
    let class = |value: u16| labels.iter().skip(1).position(|label| label.value == value);
    let objects = found.list.iter().filter_map(|component| {
        let low = component.bounds.low.map(|v| v as f64);
        let high = component.bounds.high.map(|v| v as f64);
        Some(Object { bounds: onto_prepared(prepared, low, high), class: class(component.label)? })
    });
    objects.collect()
}

/// How many voxels of the scan one of the prepared scan is, along R, A, S.
fn scale(prepared: &Prepared) -> [f64; 3] {
    let canonical = prepared.source.axes().canonical_shape(prepared.source.shape());
    std::array::from_fn(|axis| canonical[axis] as f64 / prepared.image.shape[axis] as f64)
}

/// From faces along the scan's i, j, k to a box along the prepared scan's S, A, R.
fn onto_prepared(prepared: &Prepared, low: [f64; 3], high: [f64; 3]) -> Box3 {
    let (axes, shape, scale) = (prepared.source.axes(), prepared.source.shape(), scale(prepared));
    let mut bounds = Box3 { low: [0.0; 3], high: [0.0; 3] };
    for patient in 0..3 {
        let axis = axes.voxel_axis[patient];
        let (mut first, mut last) = (low[axis], high[axis]);
        if axes.is_flipped[patient] {
            (first, last) = (shape[axis] as f64 - last, shape[axis] as f64 - first);
        }
        bounds.low[2 - patient] = first / scale[patient];
        bounds.high[2 - patient] = last / scale[patient];
    }
    bounds
}

/// From a box along the prepared scan's S, A, R to faces along the scan's i, j, k.
fn onto_source(prepared: &Prepared, bounds: &Box3) -> ([f64; 3], [f64; 3]) {
    let (axes, shape, scale) = (prepared.source.axes(), prepared.source.shape(), scale(prepared));
    let (mut low, mut high) = ([0.0; 3], [0.0; 3]);
    for patient in 0..3 {
        let axis = axes.voxel_axis[patient];
        let (mut first, mut last) = (bounds.low[2 - patient] * scale[patient], bounds.high[2 - patient] * scale[patient]);
        if axes.is_flipped[patient] {
            (first, last) = (shape[axis] as f64 - last, shape[axis] as f64 - first);
        }
        (low[axis], high[axis]) = (first, last);
    }
    (low, high)
}

/// What was found in a prepared scan, on the scan itself.
pub(super) fn told(prepared: &Prepared, found: &Detection, labels: &[CardLabel]) -> Option<FoundBox> {
    let label = labels.get(found.class + 1)?;
    let (voxel_low, voxel_high) = onto_source(prepared, &found.bounds);
    let [ras_low_mm, ras_high_mm] = ras_bounds(&prepared.source, voxel_low, voxel_high);
    Some(FoundBox {
        label: label.value,
        class: label.name.clone(),
        score: short(found.score),
        voxel_low: voxel_low.map(short),
        voxel_high: voxel_high.map(short),
        ras_low_mm: ras_low_mm.map(short),
        ras_high_mm: ras_high_mm.map(short),
    })
}

/// The box around a box's eight corners in the patient. Voxel `v` is centred at `v + ½` of its faces.
fn ras_bounds(grid: &Grid, low: [f64; 3], high: [f64; 3]) -> [[f64; 3]; 2] {
    let (mut least, mut most) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
    for corner in 0..8 {
        let face = |axis: usize| if corner >> axis & 1 == 0 { low[axis] } else { high[axis] };
        let point = grid.ras_from_voxel().transform_point3(DVec3::new(face(0), face(1), face(2)) - 0.5);
        (least, most) = (least.min(point), most.max(point));
    }
    [least.to_array(), most.to_array()]
}

/// The objects of a case in the voxels of a patch that was cut there, along D, H, W.
pub(super) fn in_patch(objects: &[Object], place: &Place, patch: [usize; 3]) -> Vec<Object> {
    let inverse = place.warp.inverse();
    let middle = [patch[2], patch[1], patch[0]].map(|n| (n as f64 - 1.0) / 2.0);
    let moved = |object: &Object| {
        let (mut low, mut high) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
        for corner in [object.bounds.low, object.bounds.high] {
            // From faces along S, A, R to centres along R, A, S.
            let at = DVec3::new(corner[2], corner[1], corner[0]) - 0.5 - DVec3::from_array(place.center);
            let at = inverse * at + DVec3::from_array(middle) + 0.5;
            (low, high) = (low.min(at), high.max(at));
        }
        Object { bounds: Box3 { low: [low.z, low.y, low.x], high: [high.z, high.y, high.x] }, class: object.class }
    };
    objects.iter().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::Augmentation;
    use crate::recipe::IntensityScheme;
    use crate::sample::Sampler;
    use crate::synthetic::{ball, flipped_ball};

    fn labels() -> Vec<CardLabel> {
        [(0, "background"), (5, "upper half"), (1, "lower half")].map(|(value, name)| CardLabel { value, name: name.to_owned() }).to_vec()
    }

    fn recipe(spacing_mm: [f64; 3]) -> Recipe {
        Recipe { spacing_mm, intensity: IntensityScheme::PerScan, patch: [16; 3] }
    }

    /// On a grid with its axes in another order and flipped, there and back again, and where the voxels are in the patient.
    #[test]
    fn boxes_come_back_onto_their_scan_and_lie_around_their_voxels_in_the_patient() {
        let case = flipped_ball(3);
        let found = objects_of(&case.truth, &labels(), 5);
        assert_eq!(found.list.len(), 2);
        let prepared = prepare_objects(&case, &found, &recipe([1.5, 2.0, 2.5])).expect("prepared");
        let objects = boxes_in(&prepared.scan, &found, &labels());
        for (object, component) in objects.iter().zip(&found.list) {
            let detection = Detection { bounds: object.bounds, class: object.class, score: 0.5 };
            let told = told(&prepared.scan, &detection, &labels()).expect("a label");
            assert_eq!(told.label, component.label);
            for axis in 0..3 {
                assert!((told.voxel_low[axis] - component.bounds.low[axis] as f64).abs() < 1e-5);
                assert!((told.voxel_high[axis] - component.bounds.high[axis] as f64).abs() < 1e-5);
            }
            let grid = case.truth.grid();
            let (mut least, mut most) = (DVec3::INFINITY, DVec3::NEG_INFINITY);
            for offset in (0..case.truth.len()).filter(|&o| case.truth.at(o) == component.label) {
                let [ni, nj, _] = grid.shape();
                let at = grid.ras_of(medley_volume::VoxelIndex([offset % ni, offset / ni % nj, offset / (ni * nj)])).0;
                (least, most) = (least.min(at), most.max(at));
            }
            // Half a voxel of 2, 2 and 1 mm (R, A, S by the grid's columns) beyond the outermost centres.
            let half =
                [grid.axes().voxel_axis[0], grid.axes().voxel_axis[1], grid.axes().voxel_axis[2]].map(|axis| grid.spacing()[axis] / 2.0);
            for axis in 0..3 {
                assert!((told.ras_low_mm[axis] - (least[axis] - half[axis])).abs() < 1e-4);
                assert!((told.ras_high_mm[axis] - (most[axis] + half[axis])).abs() < 1e-4);
            }
        }
    }

    /// The box of what is seen of an object in a patch is its box in the patch, to a voxel.
    #[test]
    fn boxes_follow_their_objects_into_patches() {
        let case = ball(4);
        let found = objects_of(&case.truth, &labels(), 5);
        let recipe = Recipe { patch: [16, 24, 24], ..recipe([2.0; 3]) };
        let prepared = [prepare_objects(&case, &found, &recipe).expect("prepared")];
        let objects = boxes_in(&prepared[0].scan, &found, &labels());
        let augmentation = Augmentation { scale: 0.3, mirror: 0.5, ..Augmentation::none() };
        let sampler = Sampler::new(&prepared, &recipe, 0.0, augmentation, 9);
        let mut whole = 0;
        for number in 0..30 {
            let (batch, places) = sampler.batch_with_places(number, 1);
            for (at, object) in in_patch(&objects, &places[0], recipe.patch).iter().enumerate() {
                let [d, h, w] = recipe.patch;
                let seen = (0..d * h * w).filter(|&o| batch.classes[o] == at as i32 + 1).map(|o| [o / (h * w), o / w % h, o % w]);
                let seen: Vec<[usize; 3]> = seen.collect();
                let is_inside =
                    (0..3).all(|axis| object.bounds.low[axis] > 0.5 && object.bounds.high[axis] < recipe.patch[axis] as f64 - 0.5);
                if seen.is_empty() || !is_inside {
                    continue;
                }
                whole += 1;
                for axis in 0..3 {
                    let low = seen.iter().map(|v| v[axis]).min().expect("some") as f64;
                    let high = seen.iter().map(|v| v[axis] + 1).max().expect("some") as f64;
                    assert!((object.bounds.low[axis] - low).abs() <= 1.01 && (object.bounds.high[axis] - high).abs() <= 1.01);
                }
            }
        }
        assert!(whole > 10, "{whole}");
    }
}
