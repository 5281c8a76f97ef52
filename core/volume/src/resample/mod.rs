//! From one grid to another: the axes put in patient order, then each axis stretched on its own.
//!
//! All resampling here is between a grid and its *canonical* form (axes in R, A, S order, obliqueness kept), so it splits
//! into one pass per axis.

mod labels;

use std::borrow::Cow;

use glam::{DAffine3, DMat3, DVec3};
use rayon::prelude::*;

use crate::{AxisMap, Grid, VolumeError};
pub use labels::labels_onto;

/// A dense array of `f32` in canonical axis order, `r` fastest (indexed `[s, a, r]`).
#[derive(Debug, Clone, PartialEq)]
pub struct CanonicalArray {
    /// Voxels along `[r, a, s]`.
    pub shape: [usize; 3],
    /// Values, `r` fastest.
    pub values: Vec<f32>,
}

/// The grid of the same voxels with its axes put in R, A, S order.
///
/// # Errors
/// As [`Grid::new`]; cannot happen for a grid that exists.
pub fn canonical_grid(grid: &Grid) -> Result<Grid, VolumeError> {
    let axes = grid.axes();
    let first = axes.voxel_of_canonical([0; 3], grid.shape());
    let m = grid.ras_from_voxel().matrix3;
    let column = |p: usize| m.col(axes.voxel_axis[p]) * if axes.is_flipped[p] { -1.0 } else { 1.0 };
    let origin = grid.ras_from_voxel().transform_point3(DVec3::from_array(first.map(|v| v as f64)));
    let affine = DAffine3 { matrix3: DMat3::from_cols(column(0), column(1), column(2)), translation: origin };
    Grid::new(axes.canonical_shape(grid.shape()), affine)
}

/// The grid that covers the same space as `grid` (already canonical or not, its axis order is kept) with `shape` voxels:
/// outer faces stay where they are.
///
/// # Errors
/// If `shape` has an empty axis.
pub fn regridded(grid: &Grid, shape: [usize; 3]) -> Result<Grid, VolumeError> {
    let factor: [f64; 3] = std::array::from_fn(|axis| grid.shape()[axis] as f64 / shape[axis].max(1) as f64);
    let scale = DVec3::from_array(factor);
    let shift = (scale - 1.0) / 2.0;
    let between = DAffine3 { matrix3: DMat3::from_diagonal(scale), translation: shift };
    Grid::new(shape, grid.ras_from_voxel() * between)
}

/// How many voxels of `spacing_mm` cover the canonical grid.
#[must_use]
pub fn shape_at_spacing(canonical: &Grid, spacing_mm: [f64; 3]) -> [usize; 3] {
    let spacing = canonical.spacing();
    std::array::from_fn(|axis| {
        let extent = canonical.shape()[axis] as f64 * spacing[axis];
        ((extent / spacing_mm[axis]).round() as usize).max(1)
    })
}

/// An array laid out as `grid` says, put into canonical order.
///
/// # Panics
/// If `values` does not fill the grid.
#[must_use]
pub fn to_canonical<T: Copy + Send + Sync>(values: &[T], grid: &Grid) -> Vec<T> {
    assert_eq!(values.len(), grid.len(), "values must fill the grid");
    let (axes, shape) = (grid.axes(), grid.shape());
    let [nr, na, ns] = axes.canonical_shape(shape);
    let (start, stride) = canonical_strides(&axes, grid);
    let mut canonical = values.to_vec();
    debug_assert_eq!(canonical.len(), nr * na * ns);
    canonical.par_chunks_mut(nr).enumerate().with_min_len(16).for_each(|(row, out)| {
        let (s, a) = ((row / na) as isize, (row % na) as isize);
        let first = start + s * stride[2] + a * stride[1];
        out.iter_mut().zip(0..).for_each(|(value, r)| *value = values[(first + r * stride[0]) as usize]);
    });
    canonical
}

/// The inverse of [`to_canonical`].
///
/// # Panics
/// If `values` does not fill the grid.
#[must_use]
pub fn from_canonical<T: Copy + Send + Sync>(values: &[T], grid: &Grid) -> Vec<T> {
    assert_eq!(values.len(), grid.len(), "values must fill the grid");
    let (axes, shape) = (grid.axes(), grid.shape());
    let canonical = axes.canonical_shape(shape);
    let [ni, nj, _] = shape;
    let mut stored = values.to_vec();
    stored.par_chunks_mut(ni).enumerate().with_min_len(16).for_each(|(row, out)| {
        let (k, j) = (row / nj, row % nj);
        out.iter_mut().enumerate().for_each(|(i, value)| {
            let [r, a, s] = axes.canonical_of_voxel([i, j, k], shape);
            *value = values[(s * canonical[1] + a) * canonical[0] + r];
        });
    });
    stored
}

/// Offset of the canonical origin and steps along R, A, S in the stored array.
fn canonical_strides(axes: &AxisMap, grid: &Grid) -> (isize, [isize; 3]) {
    let [ni, nj, _] = grid.shape();
    let storage = [1, ni as isize, (ni * nj) as isize];
    let start = grid.offset(axes.voxel_of_canonical([0; 3], grid.shape())) as isize;
    let stride = std::array::from_fn(|p| storage[axes.voxel_axis[p]] * if axes.is_flipped[p] { -1 } else { 1 });
    (start, stride)
}

/// For each target position the source positions it reads and their weights, which sum to one.
///
/// Positions are voxel centres of the same extent. The kernel is a triangle as wide as the larger of both spacings: plain
/// linear interpolation when the grid gets finer, an anti-aliased average when it gets coarser.
struct AxisKernel {
    first: Vec<usize>,
    weights: Vec<Vec<f32>>,
}

impl AxisKernel {
    fn linear(from: usize, to: usize) -> Self {
        let ratio = from as f64 / to as f64;
        let support = ratio.max(1.0);
        let (mut first, mut weights) = (Vec::with_capacity(to), Vec::with_capacity(to));
        for target in 0..to {
            let center = ((target as f64 + 0.5) * ratio - 0.5).clamp(0.0, from as f64 - 1.0);
            let low = (center - support).ceil().max(0.0) as usize;
            let high = ((center + support).floor() as usize).min(from - 1);
            let raw: Vec<f64> = (low..=high).map(|at| (1.0 - (at as f64 - center).abs() / support).max(0.0)).collect();
            let sum: f64 = raw.iter().sum();
            first.push(low);
            weights.push(raw.iter().map(|w| (w / sum) as f32).collect());
        }
        Self { first, weights }
    }
}

/// Stretches a canonical array to `shape`: linear, anti-aliased where it gets coarser.
#[must_use]
pub fn resize_linear(array: &CanonicalArray, shape: [usize; 3]) -> CanonicalArray {
    // Shrinking axes first keeps the arrays between small.
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| (shape[a] * array.shape[b]).cmp(&(shape[b] * array.shape[a])));
    let mut current = Cow::Borrowed(array);
    for axis in order {
        if current.shape[axis] != shape[axis] {
            current = Cow::Owned(resize_axis(&current, axis, shape[axis]));
        }
    }
    current.into_owned()
}

fn resize_axis(array: &CanonicalArray, axis: usize, to: usize) -> CanonicalArray {
    let kernel = AxisKernel::linear(array.shape[axis], to);
    let mut shape = array.shape;
    shape[axis] = to;
    let mut values = vec![0.0f32; shape.iter().product()];
    let [nr, na, _] = array.shape;
    let source = &array.values;
    values.par_chunks_mut(shape[0]).enumerate().for_each(|(row, out)| {
        let (s, a) = (row / shape[1], row % shape[1]);
        if axis == 0 {
            let line = &source[(s * na + a) * nr..][..nr];
            for (target, value) in out.iter_mut().enumerate() {
                let taps = &line[kernel.first[target]..];
                *value = kernel.weights[target].iter().zip(taps).map(|(w, v)| w * v).sum();
            }
            return;
        }
        let target = if axis == 1 { a } else { s };
        for (tap, &weight) in kernel.weights[target].iter().enumerate() {
            let at = kernel.first[target] + tap;
            let (s, a) = if axis == 1 { (s, at) } else { (at, a) };
            let line = &source[(s * na + a) * nr..][..nr];
            out.iter_mut().zip(line).for_each(|(value, v)| *value += weight * v);
        }
    });
    CanonicalArray { shape, values }
}

/// Stretches canonical labels to `shape` by nearest neighbour.
///
/// # Panics
/// If `labels` does not fill `from`.
#[must_use]
pub fn resize_nearest<T: Copy + Send + Sync>(labels: &[T], from: [usize; 3], shape: [usize; 3]) -> Vec<T> {
    assert_eq!(labels.len(), from.iter().product::<usize>(), "labels must fill their shape");
    let index = |axis: usize| -> Vec<usize> {
        let ratio = from[axis] as f64 / shape[axis] as f64;
        (0..shape[axis]).map(|t| (((t as f64 + 0.5) * ratio) as usize).min(from[axis] - 1)).collect()
    };
    let (r_of, a_of, s_of) = (index(0), index(1), index(2));
    let Some(&any) = labels.first() else { return Vec::new() };
    let mut out = vec![any; shape.iter().product()];
    out.par_chunks_mut(shape[0].max(1)).enumerate().with_min_len(16).for_each(|(row, out)| {
        let (s, a) = (s_of[row / shape[1]], a_of[row % shape[1]]);
        let line = &labels[(s * from[1] + a) * from[0]..][..from[0]];
        out.iter_mut().zip(&r_of).for_each(|(label, &r)| *label = line[r]);
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LabelMap, VoxelIndex};

    fn lps() -> Grid {
        let affine = DAffine3 {
            matrix3: DMat3::from_cols(DVec3::new(0.0, -2.0, 0.0), DVec3::new(0.0, 0.0, 3.0), DVec3::new(-1.0, 0.0, 0.0)),
            translation: DVec3::new(10.0, 20.0, 30.0),
        };
        Grid::new([3, 4, 5], affine).expect("a usable affine")
    }

    #[test]
    fn canonical_order_and_back_is_the_identity_and_keeps_world_positions() {
        let grid = lps();
        let values: Vec<u32> = (0..grid.len() as u32).collect();
        let canonical = to_canonical(&values, &grid);
        assert_ne!(canonical, values);
        assert_eq!(from_canonical(&canonical, &grid), values);
        let turned = canonical_grid(&grid).expect("a grid");
        assert_eq!(turned.axes().codes(), "RAS");
        for voxel in [[0, 0, 0], [2, 3, 4], [1, 2, 3]] {
            let at = turned.voxel_at(grid.ras_of(VoxelIndex(voxel))).expect("inside").0;
            assert_eq!(canonical[turned.offset(at)], values[grid.offset(voxel)]);
        }
    }

    #[test]
    fn a_constant_stays_and_a_ramp_stays_a_ramp() {
        let shape = [8, 3, 4];
        let constant = CanonicalArray { shape, values: vec![5.0; 96] };
        assert!(resize_linear(&constant, [5, 7, 2]).values.iter().all(|v| (v - 5.0).abs() < 1e-5));
        let ramp = CanonicalArray { shape, values: (0..96).map(|o| (o % 8) as f32).collect() };
        let finer = resize_linear(&ramp, [16, 3, 4]);
        for (r, value) in finer.values[..16].iter().enumerate() {
            let wanted = ((r as f32 + 0.5) / 2.0 - 0.5).clamp(0.0, 7.0);
            assert!((value - wanted).abs() < 1e-5, "{r}: {value} against {wanted}");
        }
    }

    #[test]
    fn getting_coarser_averages() {
        let array = CanonicalArray { shape: [8, 1, 1], values: vec![0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0] };
        let coarse = resize_linear(&array, [2, 1, 1]);
        assert!(coarse.values.iter().all(|v| (v - 0.5).abs() < 0.06), "{coarse:?}");
    }

    #[test]
    fn a_regridded_grid_covers_the_same_space() {
        let grid = canonical_grid(&lps()).expect("a grid");
        let coarse = regridded(&grid, [5, 6, 2]).expect("a grid");
        let face = |g: &Grid, at: f64| {
            g.ras_from_voxel().transform_point3(DVec3::from_array(g.shape().map(|s| if at > 0.0 { s as f64 - 0.5 } else { -0.5 })))
        };
        assert!((face(&grid, 0.0) - face(&coarse, 0.0)).length() < 1e-9);
        assert!((face(&grid, 1.0) - face(&coarse, 1.0)).length() < 1e-9);
    }

    #[test]
    fn labels_go_to_another_grid_through_the_patient() {
        let grid = lps();
        let mut mask = LabelMap::empty(grid);
        mask.set(grid.offset([1, 2, 3]), 4);
        let turned = canonical_grid(&grid).expect("a grid");
        let moved = labels_onto(&mask, turned);
        assert_eq!(moved.counts().get(&4), Some(&1));
        assert_eq!(labels_onto(&moved, grid), mask);
    }

    #[test]
    fn nearest_keeps_labels_whole() {
        let labels = vec![1u16, 2, 3, 4];
        assert_eq!(resize_nearest(&labels, [4, 1, 1], [8, 1, 1]), vec![1, 1, 2, 2, 3, 3, 4, 4]);
        assert_eq!(resize_nearest(&labels, [4, 1, 1], [2, 1, 1]), vec![2, 4]);
    }
}
