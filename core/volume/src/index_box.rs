use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// A half-open box of voxel indices `[i, j, k]`: `low` is inside, `high` is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct IndexBox {
    /// First voxel inside.
    pub low: [usize; 3],
    /// One past the last voxel inside.
    pub high: [usize; 3],
}

impl IndexBox {
    /// The box of a whole grid.
    #[must_use]
    pub fn whole(shape: [usize; 3]) -> Self {
        Self { low: [0; 3], high: shape }
    }

    /// Voxels along `[i, j, k]`; zero where `high` is not above `low`.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        std::array::from_fn(|axis| self.high[axis].saturating_sub(self.low[axis]))
    }

    /// How many voxels are inside.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape().iter().product()
    }

    /// Whether no voxel is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a voxel is inside.
    #[must_use]
    pub fn contains(&self, voxel: [usize; 3]) -> bool {
        (0..3).all(|axis| (self.low[axis]..self.high[axis]).contains(&voxel[axis]))
    }

    /// Whether the box lies inside a grid of `shape`.
    #[must_use]
    pub fn fits(&self, shape: [usize; 3]) -> bool {
        (0..3).all(|axis| self.low[axis] <= self.high[axis] && self.high[axis] <= shape[axis])
    }

    /// The smallest box around this one and one more voxel.
    #[must_use]
    pub fn including(mut self, voxel: [usize; 3]) -> Self {
        for axis in 0..3 {
            self.low[axis] = self.low[axis].min(voxel[axis]);
            self.high[axis] = self.high[axis].max(voxel[axis] + 1);
        }
        self
    }

    /// The smallest box around both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            low: std::array::from_fn(|axis| self.low[axis].min(other.low[axis])),
            high: std::array::from_fn(|axis| self.high[axis].max(other.high[axis])),
        }
    }

    /// What both have in common, or `None`.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Option<Self> {
        let common = Self {
            low: std::array::from_fn(|axis| self.low[axis].max(other.low[axis])),
            high: std::array::from_fn(|axis| self.high[axis].min(other.high[axis])),
        };
        (!common.is_empty()).then_some(common)
    }

    /// The rows of the box inside an array of `shape`, as ranges of offsets, in storage order.
    pub fn rows(self, shape: [usize; 3]) -> impl Iterator<Item = std::ops::Range<usize>> {
        let width = self.shape()[0];
        (self.low[2]..self.high[2]).flat_map(move |k| {
            (self.low[1]..self.high[1]).map(move |j| {
                let start = (k * shape[1] + j) * shape[0] + self.low[0];
                start..start + width
            })
        })
    }
}

/// The smallest box around all voxels of a value in an array of `shape`, or `None` if there are none.
pub(crate) fn bounds_of<T: Copy + PartialEq + Sync>(shape: [usize; 3], voxels: &[T], value: T) -> Option<IndexBox> {
    let nowhere = || IndexBox { low: shape, high: [0; 3] };
    let of_row = |(row, voxels): (usize, &[T])| {
        // Without leaving early: most rows have none, and so the search becomes vector instructions.
        if !voxels.iter().fold(false, |any, &voxel| any | (voxel == value)) {
            return nowhere();
        }
        let first = voxels.iter().position(|&voxel| voxel == value).unwrap_or(0);
        let last = voxels.iter().rposition(|&voxel| voxel == value).unwrap_or(first);
        let (j, k) = (row % shape[1], row / shape[1]);
        IndexBox { low: [first, j, k], high: [last + 1, j + 1, k + 1] }
    };
    let rows = voxels.par_chunks(shape[0]).enumerate().with_min_len(64);
    let bounds = rows.map(of_row).reduce(nowhere, |a, b| a.union(&b));
    (!bounds.is_empty()).then_some(bounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_visit_each_voxel_of_the_box_once_in_order() {
        let inside = IndexBox { low: [1, 0, 2], high: [3, 2, 4] };
        let offsets: Vec<usize> = inside.rows([4, 3, 5]).flatten().collect();
        let mut wanted = Vec::new();
        for k in 2..4 {
            for j in 0..2 {
                for i in 1..3 {
                    wanted.push((k * 3 + j) * 4 + i);
                }
            }
        }
        assert_eq!(offsets, wanted);
        assert_eq!(inside.len(), wanted.len());
    }

    #[test]
    fn union_and_intersection() {
        let a = IndexBox { low: [0, 0, 0], high: [4, 4, 4] };
        let b = IndexBox { low: [2, 3, 1], high: [6, 5, 2] };
        assert_eq!(a.union(&b), IndexBox { low: [0, 0, 0], high: [6, 5, 4] });
        assert_eq!(a.intersection(&b), Some(IndexBox { low: [2, 3, 1], high: [4, 4, 2] }));
        assert_eq!(a.intersection(&IndexBox { low: [4, 0, 0], high: [5, 1, 1] }), None);
    }
}
