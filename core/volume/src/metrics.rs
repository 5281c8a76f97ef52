//! How alike two label maps are: Dice, Hausdorff-95, surface Dice and volumes.
//!
//! Definitions as in Maier-Hein et al., *Metrics reloaded* (2024). Surfaces are the voxels of a label that touch (by a face)
//! another label or the edge of the grid; distances are between voxel centres in millimetres, exact (Felzenszwalb and
//! Huttenlocher, 2012).

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use crate::{LabelMap, VolumeError};

/// How well one label of a prediction fits the truth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LabelScore {
    /// 2·|P∩T| / (|P|+|T|); `None` where the label is in neither.
    pub dice: Option<f64>,
    /// 95th percentile of the distances between both surfaces, mm; `None` unless the label is in both.
    pub hausdorff_95_mm: Option<f64>,
    /// Share of both surfaces within the tolerance of the other; `None` where the label is in neither.
    pub surface_dice: Option<f64>,
    /// Volume in the prediction, millilitres.
    pub predicted_ml: f64,
    /// Volume in the truth, millilitres.
    pub truth_ml: f64,
}

/// Dice of every label that is in either map, background left out.
///
/// # Errors
/// If the maps lie on different grids.
pub fn dice_per_label(predicted: &LabelMap, truth: &LabelMap) -> Result<BTreeMap<u16, f64>, VolumeError> {
    predicted.grid().require_same(truth.grid())?;
    let mut counts: BTreeMap<u16, [usize; 3]> = BTreeMap::new();
    for offset in 0..truth.len() {
        let (p, t) = (predicted.at(offset), truth.at(offset));
        if p != 0 {
            counts.entry(p).or_default()[0] += 1;
        }
        if t != 0 {
            counts.entry(t).or_default()[1] += 1;
            if p == t {
                counts.entry(t).or_default()[2] += 1;
            }
        }
    }
    Ok(counts.into_iter().map(|(label, [p, t, both])| (label, 2.0 * both as f64 / (p + t) as f64)).collect())
}

/// Every score of every label that is in either map, background left out.
///
/// `tolerance_mm` is how far apart surfaces may lie and still agree (surface Dice).
///
/// # Errors
/// If the maps lie on different grids.
pub fn evaluate(predicted: &LabelMap, truth: &LabelMap, tolerance_mm: f64) -> Result<BTreeMap<u16, LabelScore>, VolumeError> {
    let dice = dice_per_label(predicted, truth)?;
    let ml = truth.grid().voxel_volume_ml();
    let (predicted_counts, truth_counts) = (predicted.counts(), truth.counts());
    let volume = |counts: &BTreeMap<u16, usize>, label: u16| counts.get(&label).map_or(0.0, |&n| n as f64 * ml);
    let scores = dice.into_par_iter().map(|(label, dice)| {
        let [p, t] = [predicted, truth].map(|mask| surface_of(mask, label));
        let (hausdorff_95_mm, surface_dice) = match (p.is_empty(), t.is_empty()) {
            (false, false) => {
                let to_truth = distances(&p, &t, truth);
                let to_predicted = distances(&t, &p, truth);
                let close = |all: &[f64]| all.iter().filter(|&&d| d <= tolerance_mm).count();
                let agreeing = close(&to_truth) + close(&to_predicted);
                let share = agreeing as f64 / (to_truth.len() + to_predicted.len()) as f64;
                (Some(percentile_95(to_truth).max(percentile_95(to_predicted))), Some(share))
            }
            (true, true) => (None, None),
            _ => (None, Some(0.0)),
        };
        let score = LabelScore {
            dice: Some(dice),
            hausdorff_95_mm,
            surface_dice,
            predicted_ml: volume(&predicted_counts, label),
            truth_ml: volume(&truth_counts, label),
        };
        (label, score)
    });
    Ok(scores.collect())
}

/// Linear between the two nearest ranks, as NumPy's default.
fn percentile_95(mut distances: Vec<f64>) -> f64 {
    distances.sort_by(f64::total_cmp);
    let at = 0.95 * (distances.len() - 1) as f64;
    let (low, high) = (distances[at.floor() as usize], distances[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

/// Voxels of `label` that have a face neighbour of another label or lie at the edge.
fn surface_of(mask: &LabelMap, label: u16) -> Vec<[usize; 3]> {
    let shape = mask.grid().shape();
    let is_label = |voxel: [usize; 3]| mask.at(mask.grid().offset(voxel)) == label;
    let mut surface = Vec::new();
    for k in 0..shape[2] {
        for j in 0..shape[1] {
            for i in 0..shape[0] {
                let voxel = [i, j, k];
                if !is_label(voxel) {
                    continue;
                }
                let is_open = (0..3).any(|axis| {
                    let (mut before, mut after) = (voxel, voxel);
                    after[axis] += 1;
                    if voxel[axis] == 0 || after[axis] == shape[axis] {
                        return true;
                    }
                    before[axis] -= 1;
                    !is_label(before) || !is_label(after)
                });
                if is_open {
                    surface.push(voxel);
                }
            }
        }
    }
    surface
}

/// For each voxel of `from`, how far the nearest voxel of `to` is, in millimetres.
fn distances(from: &[[usize; 3]], to: &[[usize; 3]], on: &LabelMap) -> Vec<f64> {
    // Only the box around both surfaces can matter: the nearest voxel of `to` lies in it.
    let (mut low, mut high) = ([usize::MAX; 3], [0usize; 3]);
    for voxel in from.iter().chain(to) {
        for axis in 0..3 {
            low[axis] = low[axis].min(voxel[axis]);
            high[axis] = high[axis].max(voxel[axis] + 1);
        }
    }
    let shape: [usize; 3] = std::array::from_fn(|axis| high[axis] - low[axis]);
    let spacing = on.grid().spacing();
    let offset = |voxel: &[usize; 3]| ((voxel[2] - low[2]) * shape[1] + voxel[1] - low[1]) * shape[0] + voxel[0] - low[0];
    let mut squared = vec![f64::INFINITY; shape.iter().product()];
    to.iter().for_each(|voxel| squared[offset(voxel)] = 0.0);
    let strides = [1, shape[0], shape[0] * shape[1]];
    for axis in 0..3 {
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        let (mut line, mut out) = (vec![0.0; shape[axis]], vec![0.0; shape[axis]]);
        for at_v in 0..shape[v] {
            for at_u in 0..shape[u] {
                let start = at_u * strides[u] + at_v * strides[v];
                (0..shape[axis]).for_each(|n| line[n] = squared[start + n * strides[axis]]);
                lower_envelope(&line, spacing[axis], &mut out);
                (0..shape[axis]).for_each(|n| squared[start + n * strides[axis]] = out[n]);
            }
        }
    }
    from.iter().map(|voxel| squared[offset(voxel)].sqrt()).collect()
}

/// One pass of the squared distance transform: `out[q] = min_p (step·(q−p))² + line[p]`.
fn lower_envelope(line: &[f64], step: f64, out: &mut [f64]) {
    let mut parabolas: Vec<(usize, f64)> = Vec::with_capacity(line.len());
    for (q, &height) in line.iter().enumerate() {
        if height.is_infinite() {
            continue;
        }
        let mut from = f64::NEG_INFINITY;
        while let Some(&(p, start)) = parabolas.last() {
            let (pf, qf) = (p as f64 * step, q as f64 * step);
            from = ((height + qf * qf) - (line[p] + pf * pf)) / (2.0 * (qf - pf));
            if from > start {
                break;
            }
            parabolas.pop();
            from = f64::NEG_INFINITY;
        }
        parabolas.push((q, from));
    }
    let mut current = 0;
    for (q, value) in out.iter_mut().enumerate() {
        let at = q as f64 * step;
        while current + 1 < parabolas.len() && parabolas[current + 1].1 <= at {
            current += 1;
        }
        *value = match parabolas.get(current) {
            Some(&(p, _)) => (at - p as f64 * step).powi(2) + line[p],
            None => f64::INFINITY,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Grid;

    fn block(low: [usize; 3], high: [usize; 3]) -> LabelMap {
        let grid = Grid::axis_aligned([12, 10, 8], [1.0, 2.0, 3.0]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        for offset in (crate::IndexBox { low, high }).rows(grid.shape()).flatten() {
            mask.set(offset, 1);
        }
        mask
    }

    #[test]
    fn a_mask_agrees_with_itself() {
        let mask = block([2, 2, 2], [6, 6, 6]);
        let score = evaluate(&mask, &mask, 1.0).expect("same grid")[&1];
        assert_eq!((score.dice, score.hausdorff_95_mm, score.surface_dice), (Some(1.0), Some(0.0), Some(1.0)));
        assert!((score.truth_ml - 64.0 * 6.0 / 1000.0).abs() < 1e-12);
    }

    #[test]
    fn a_shift_by_one_slice_is_one_slice_away() {
        let (a, b) = (block([2, 2, 2], [6, 6, 5]), block([2, 2, 3], [6, 6, 6]));
        let score = evaluate(&a, &b, 1.0).expect("same grid")[&1];
        assert_eq!(score.hausdorff_95_mm, Some(3.0));
        assert!((score.dice.expect("present") - 2.0 / 3.0).abs() < 1e-12);
    }

    #[test]
    fn distances_match_trying_every_pair() {
        let (a, b) = (block([0, 1, 2], [4, 5, 4]), block([5, 3, 1], [9, 9, 7]));
        let (pa, pb) = (surface_of(&a, 1), surface_of(&b, 1));
        let spacing = a.grid().spacing();
        for (found, p) in distances(&pa, &pb, &a).iter().zip(&pa) {
            let wanted = pb.iter().map(|q| (0..3).map(|x| ((p[x] as f64 - q[x] as f64) * spacing[x]).powi(2)).sum::<f64>().sqrt());
            let wanted = wanted.fold(f64::INFINITY, f64::min);
            assert!((found - wanted).abs() < 1e-9, "{found} against {wanted}");
        }
    }

    #[test]
    fn a_label_in_only_one_map_scores_zero() {
        let (a, b) = (block([2, 2, 2], [3, 3, 3]), block([0, 0, 0], [0, 0, 0]));
        let score = evaluate(&a, &b, 1.0).expect("same grid")[&1];
        assert_eq!((score.dice, score.hausdorff_95_mm, score.surface_dice), (Some(0.0), None, Some(0.0)));
    }
}
