//! Slices between drawn ones: a set drawn on some slices becomes a body.
//!
//! Shape-based interpolation (Raya and Udupa, *Shape-based interpolation of multidimensional objects*, 1990): between two drawn slices the signed
//! distances to their outlines are interpolated, and what is below zero is in. Pieces are first paired, so that shapes that have moved
//! between two slices, even so far that they do not overlap, move in between instead of vanishing (as Zukić et al., *ND morphological contour
//! interpolation*, 2016, do by other means).
//!
//! # Which pieces belong together
//! - Pieces (their voxels touch by edges or corners) that overlap, seen along the axis, belong together. One with one: their middles are
//!   laid on each other first, unless one holds the other. Several, where something branches: all are interpolated as one shape, so
//!   that a trunk divides where halfway between is no longer covered.
//! - Of those that overlap nothing, the nearest two (middle to middle) of either slice belong together, then the next; they are laid on
//!   each other.
//! - What is left has no partner: it tapers, and ends just before the other slice.

mod pieces;
mod shape;

use rayon::prelude::*;

use crate::Grid;
use pieces::groups;
use shape::Morph;

/// The set with the slices filled in that lie between drawn ones, across `axis` (0 = i, 1 = j, 2 = k). Drawn are those slices that have any voxel;
/// they stay as they are, and so do the slices before the first and after the last.
///
/// # Panics
/// If `inside` does not fill the grid or `axis` is above 2.
#[must_use]
pub fn between_slices(grid: &Grid, inside: &[bool], axis: usize) -> Vec<bool> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    let slices = Slices::of(grid, axis);
    let drawn: Vec<usize> = (0..slices.count).filter(|&n| slices.has_any(inside, n)).collect();
    let gaps: Vec<[usize; 2]> = drawn.windows(2).map(|pair| [pair[0], pair[1]]).filter(|[low, high]| high - low > 1).collect();
    let filled = gaps.par_iter().flat_map_iter(|&[low, high]| {
        let morphs: Vec<Morph> = groups(&slices.plane, &slices.read(inside, low), &slices.read(inside, high))
            .iter()
            .map(|group| Morph::new(&slices.plane, group))
            .collect();
        (low + 1..high).map(move |n| {
            let mut slice = vec![false; slices.plane.len()];
            let share = (n - low) as f64 / (high - low) as f64;
            morphs.iter().for_each(|morph| morph.draw(share, &mut slice));
            (n, slice)
        })
    });
    let mut whole = inside.to_vec();
    for (n, slice) in filled.collect::<Vec<_>>() {
        slices.offsets(n).zip(slice).for_each(|(offset, is_inside)| whole[offset] = is_inside);
    }
    whole
}

/// The slices of a grid across an axis.
#[derive(Clone, Copy)]
pub(crate) struct Slices {
    /// One slice: its two axes in storage order, and one voxel deep.
    pub plane: Grid,
    pub count: usize,
    /// From one voxel to the next along the slice's axes, and from one slice to the next.
    strides: [usize; 3],
}

impl Slices {
    pub fn of(grid: &Grid, axis: usize) -> Self {
        let shape = grid.shape();
        let strides = [1, shape[0], shape[0] * shape[1]];
        let (u, v) = [(1, 2), (0, 2), (0, 1)][axis];
        let plane = grid.turned([u, v, axis]).cropped(&crate::IndexBox { low: [0; 3], high: [shape[u], shape[v], 1] });
        Self { plane, count: shape[axis], strides: [strides[u], strides[v], strides[axis]] }
    }

    /// A slice's voxels in storage order of its two axes.
    pub fn offsets(self, n: usize) -> impl Iterator<Item = usize> {
        let [wide, high, _] = self.plane.shape();
        (0..high).flat_map(move |y| (0..wide).map(move |x| n * self.strides[2] + y * self.strides[1] + x * self.strides[0]))
    }

    fn read(self, inside: &[bool], n: usize) -> Vec<bool> {
        self.offsets(n).map(|offset| inside[offset]).collect()
    }

    fn has_any(self, inside: &[bool], n: usize) -> bool {
        self.offsets(n).any(|offset| inside[offset])
    }
}

#[cfg(test)]
mod tests;
