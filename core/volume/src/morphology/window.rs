//! The part of a grid around a set: operations cost what the set is large, not the scan.

use rayon::prelude::*;

use crate::index_box::bounds_of;
use crate::{Grid, IndexBox};

/// A box around a set, its voxels included.
pub(super) struct Window {
    /// The box's voxels; where they lie in the patient is the outer grid's only as long as the box does not reach beyond it.
    pub grid: Grid,
    /// The set in the box.
    pub inside: Vec<bool>,
    /// The box in the outer grid, from below it where it reaches beyond.
    low: [isize; 3],
}

impl Window {
    /// The box of the set with `margin` voxels around it, cut to the grid if `is_cut`. `None` if the set is empty.
    pub fn around(grid: &Grid, inside: &[bool], margin: [usize; 3], is_cut: bool) -> Option<Self> {
        let shape = grid.shape();
        let bounds = bounds_of(shape, inside, true)?;
        let low: [isize; 3] = std::array::from_fn(|axis| {
            let low = bounds.low[axis] as isize - margin[axis] as isize;
            if is_cut { low.max(0) } else { low }
        });
        let high: [isize; 3] = std::array::from_fn(|axis| {
            let high = (bounds.high[axis] + margin[axis]) as isize;
            if is_cut { high.min(shape[axis] as isize) } else { high }
        });
        let sides: [usize; 3] = std::array::from_fn(|axis| (high[axis] - low[axis]) as usize);
        let grid = Grid::new(sides, grid.ras_from_voxel()).ok()?;
        let mut window = Self { grid, inside: vec![false; sides.iter().product()], low };
        let (outer, own) = window.common(shape);
        let mut part = std::mem::take(&mut window.inside);
        part.par_chunks_mut(sides[0] * sides[1]).enumerate().for_each(|(k, plane)| {
            if (own.low[2]..own.high[2]).contains(&k) {
                let (own, outer) = (own.plane(0), outer.plane(k - own.low[2] + outer.low[2]));
                own.rows(sides).zip(outer.rows(shape)).for_each(|(to, from)| plane[to].copy_from_slice(&inside[from]));
            }
        });
        window.inside = part;
        Some(window)
    }

    /// A set of the box on the outer grid, nothing around it.
    pub fn put_back(&self, part: &[bool], grid: &Grid) -> Vec<bool> {
        let (shape, sides) = (grid.shape(), self.grid.shape());
        let (outer, own) = self.common(shape);
        let mut whole = vec![false; grid.len()];
        whole.par_chunks_mut(shape[0] * shape[1]).enumerate().for_each(|(k, plane)| {
            if (outer.low[2]..outer.high[2]).contains(&k) {
                let (own, outer) = (own.plane(k - outer.low[2] + own.low[2]), outer.plane(0));
                own.rows(sides).zip(outer.rows(shape)).for_each(|(from, to)| plane[to].copy_from_slice(&part[from]));
            }
        });
        whole
    }

    /// What the box and the outer grid of `shape` have in common: as the grid counts, and as the box does.
    fn common(&self, shape: [usize; 3]) -> (Planes, Planes) {
        let sides = self.grid.shape();
        let low: [usize; 3] = self.low.map(|low| low.max(0) as usize);
        let high: [usize; 3] = std::array::from_fn(|axis| ((self.low[axis] + sides[axis] as isize).max(0) as usize).min(shape[axis]));
        let shifted = |at: [usize; 3]| std::array::from_fn(|axis| (at[axis] as isize - self.low[axis]) as usize);
        (Planes(IndexBox { low, high }), Planes(IndexBox { low: shifted(low), high: shifted(high) }))
    }
}

/// A box taken plane by plane.
struct Planes(IndexBox);

impl Planes {
    fn plane(&self, k: usize) -> IndexBox {
        let ([i, j, _], [m, n, _]) = (self.0.low, self.0.high);
        IndexBox { low: [i, j, k], high: [m, n, k + 1] }
    }
}

impl std::ops::Deref for Planes {
    type Target = IndexBox;

    fn deref(&self) -> &IndexBox {
        &self.0
    }
}
