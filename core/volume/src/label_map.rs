use crate::{Grid, IndexBox, VolumeError, VoxelIndex};

/// One label per voxel in the smallest type that holds them.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant is named by its element type")]
pub enum LabelVoxels {
    U8(Vec<u8>),
    U16(Vec<u16>),
}

/// Type and number only: a failed comparison of two masks must not print them.
impl std::fmt::Debug for LabelVoxels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bits = if matches!(self, Self::U8(_)) { 8 } else { 16 };
        write!(f, "{} × uint{bits}", self.len())
    }
}

impl LabelVoxels {
    /// How many voxels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(values) => values.len(),
            Self::U16(values) => values.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A segmentation mask: a label (0 is background) for each voxel of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelMap {
    grid: Grid,
    voxels: LabelVoxels,
}

impl LabelMap {
    /// A mask with nothing in it.
    #[must_use]
    pub fn empty(grid: Grid) -> Self {
        Self { grid, voxels: LabelVoxels::U8(vec![0; grid.len()]) }
    }

    /// A mask of `voxels` on `grid`.
    ///
    /// # Errors
    /// If the number of voxels is not the grid's.
    pub fn new(grid: Grid, voxels: LabelVoxels) -> Result<Self, VolumeError> {
        if voxels.len() != grid.len() {
            return Err(VolumeError::VoxelCount { shape: grid.shape(), expected: grid.len(), found: voxels.len() });
        }
        Ok(Self { grid, voxels })
    }

    /// Where the voxels lie.
    #[must_use]
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// The labels as stored.
    #[must_use]
    pub fn voxels(&self) -> &LabelVoxels {
        &self.voxels
    }

    /// How many voxels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.voxels.len()
    }

    /// Never true: a grid has at least one voxel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.voxels.is_empty()
    }

    /// The label at an offset (`i` fastest).
    ///
    /// # Panics
    /// If `offset` is not below [`LabelMap::len`].
    #[inline]
    #[must_use]
    pub fn at(&self, offset: usize) -> u16 {
        match &self.voxels {
            LabelVoxels::U8(values) => u16::from(values[offset]),
            LabelVoxels::U16(values) => values[offset],
        }
    }

    /// The label of a voxel, or `None` outside the grid.
    #[must_use]
    pub fn label(&self, voxel: VoxelIndex) -> Option<u16> {
        let inside = (0..3).all(|axis| voxel.0[axis] < self.grid.shape()[axis]);
        inside.then(|| self.at(self.grid.offset(voxel.0)))
    }

    /// Sets one label. Masks change by Edits only: this is for those who apply Edits, and for making new masks.
    ///
    /// # Panics
    /// If `offset` is not below [`LabelMap::len`].
    #[inline]
    pub fn set(&mut self, offset: usize, label: u16) {
        if let LabelVoxels::U8(values) = &mut self.voxels {
            if let Ok(label) = u8::try_from(label) {
                values[offset] = label;
                return;
            }
            self.voxels = LabelVoxels::U16(values.iter().map(|&v| u16::from(v)).collect());
        }
        if let LabelVoxels::U16(values) = &mut self.voxels {
            values[offset] = label;
        }
    }

    /// The labels of a box in storage order (`i` fastest).
    ///
    /// # Panics
    /// If the box does not fit the grid.
    #[must_use]
    pub fn region(&self, region: &IndexBox) -> Vec<u16> {
        let mut labels = Vec::with_capacity(region.len());
        for row in region.rows(self.grid.shape()) {
            match &self.voxels {
                LabelVoxels::U8(values) => labels.extend(values[row].iter().map(|&v| u16::from(v))),
                LabelVoxels::U16(values) => labels.extend_from_slice(&values[row]),
            }
        }
        labels
    }

    /// Puts labels back into a box, in storage order.
    ///
    /// # Panics
    /// If the box does not fit the grid or `labels` does not fill it.
    pub fn set_region(&mut self, region: &IndexBox, labels: &[u16]) {
        assert_eq!(labels.len(), region.len(), "labels must fill the region");
        let rows = region.rows(self.grid.shape());
        for (offset, &label) in rows.flatten().zip(labels) {
            self.set(offset, label);
        }
    }

    /// How many voxels each label has, background included, by label.
    #[must_use]
    pub fn counts(&self) -> std::collections::BTreeMap<u16, usize> {
        let mut counts = vec![0usize; usize::from(u16::MAX) + 1];
        match &self.voxels {
            LabelVoxels::U8(values) => values.iter().for_each(|&v| counts[usize::from(v)] += 1),
            LabelVoxels::U16(values) => values.iter().for_each(|&v| counts[usize::from(v)] += 1),
        }
        let present = counts.into_iter().enumerate().filter(|&(_, count)| count > 0);
        present.map(|(label, count)| (label as u16, count)).collect()
    }

    /// The same mask with each label replaced by `relabel` of it.
    #[must_use]
    pub fn relabelled(&self, relabel: impl Fn(u16) -> u16) -> Self {
        let mut mask = Self::empty(self.grid);
        for offset in 0..self.len() {
            let label = relabel(self.at(offset));
            if label != 0 {
                mask.set(offset, label);
            }
        }
        mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_above_255_widens_the_mask_and_loses_nothing() {
        let grid = Grid::axis_aligned([3, 2, 2], [1.0; 3]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        mask.set(5, 7);
        assert!(matches!(mask.voxels(), LabelVoxels::U8(_)));
        mask.set(6, 300);
        assert!(matches!(mask.voxels(), LabelVoxels::U16(_)));
        assert_eq!((mask.at(5), mask.at(6), mask.at(7)), (7, 300, 0));
        assert_eq!(mask.counts().into_iter().collect::<Vec<_>>(), vec![(0, 10), (7, 1), (300, 1)]);
    }

    #[test]
    fn a_region_read_and_put_back_changes_nothing() {
        let grid = Grid::axis_aligned([4, 3, 3], [1.0; 3]).expect("a grid");
        let mut mask = LabelMap::empty(grid);
        (0..mask.len()).for_each(|offset| mask.set(offset, (offset % 5) as u16));
        let before = mask.clone();
        let region = IndexBox { low: [1, 1, 0], high: [3, 3, 2] };
        let labels = mask.region(&region);
        mask.set_region(&region, &vec![9; labels.len()]);
        assert_ne!(mask, before);
        mask.set_region(&region, &labels);
        assert_eq!(mask, before);
    }
}
