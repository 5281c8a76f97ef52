//! Grids whose axes run along each other's, in any order and direction: where a voxel of one lies in the other splits into three tables.

use std::ops::Range;

use crate::Grid;

/// Where the voxels along one axis of a target grid lie in a source array.
pub(crate) struct AlignedAxis {
    /// Those that lie in the source.
    pub inside: Range<usize>,
    /// For each voxel of the axis what the source voxel below it adds to an offset.
    pub low: Vec<usize>,
    /// How far beyond that source voxel it lies, below 1; 0 at the last.
    pub share: Vec<f64>,
    /// From that source voxel to the one above it.
    pub step: usize,
}

/// Whether places exactly half a voxel beyond the outermost centres lie in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    Included,
    Excluded,
}

/// The tables of the target's three axes, or `None` for grids that are turned against each other.
pub(crate) fn aligned(from: &Grid, target: &Grid, ends: Ends) -> Option<[AlignedAxis; 3]> {
    let between = from.voxel_from_ras() * target.ras_from_voxel();
    let (source, shape) = (from.shape(), target.shape());
    let strides = [1, source[0], source[0] * source[1]];
    let columns = between.matrix3.to_cols_array_2d();
    // For each target axis the one source axis it runs along: what it moves along the others must not be felt at its far end.
    let mut along = [usize::MAX; 3];
    for axis in 0..3 {
        let is_felt = |&other: &usize| (columns[axis][other] * shape[axis] as f64).abs() > 1e-9;
        let mut felt = (0..3).filter(is_felt);
        let only = felt.next()?;
        if felt.next().is_some() || along.contains(&only) {
            return None;
        }
        along[axis] = only;
    }
    Some(std::array::from_fn(|axis| {
        let to = along[axis];
        let last = source[to] - 1;
        let place = |n: usize| between.translation[to] + columns[axis][to] * n as f64;
        let is_inside = |&n: &usize| match ends {
            Ends::Included => (-0.5..=last as f64 + 0.5).contains(&place(n)),
            Ends::Excluded => place(n) > -0.5 && place(n) < last as f64 + 0.5,
        };
        let first = (0..shape[axis]).find(is_inside).unwrap_or(0);
        let end = (first..shape[axis]).rev().find(is_inside).map_or(first, |n| n + 1);
        let lows = (0..shape[axis]).map(|n| place(n).clamp(0.0, last as f64) as usize);
        let share = |(n, low): (usize, usize)| place(n).clamp(0.0, last as f64) - low as f64;
        AlignedAxis {
            inside: first..end,
            low: lows.clone().map(|low| low * strides[to]).collect(),
            share: lows.enumerate().map(share).collect(),
            step: strides[to],
        }
    }))
}

impl AlignedAxis {
    /// For each voxel of the axis what the nearest source voxel adds to an offset.
    pub fn nearest(&self) -> Vec<usize> {
        self.low.iter().zip(&self.share).map(|(low, &share)| if share >= 0.5 { low + self.step } else { *low }).collect()
    }
}
