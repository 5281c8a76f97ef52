use medley_volume::IndexBox;

/// Voxels a tool means: a box, and which of its voxels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoxelSet {
    region: IndexBox,
    inside: Vec<bool>,
}

impl VoxelSet {
    /// Those voxels of `region` for which `inside` (`i` fastest) says so. The box must hold as many voxels as `inside`.
    pub(crate) fn new(region: IndexBox, inside: Vec<bool>) -> Self {
        debug_assert_eq!(region.len(), inside.len());
        Self { region, inside }
    }

    /// A box of which no voxel is meant.
    pub(crate) fn none_of(region: IndexBox) -> Self {
        Self { region, inside: vec![false; region.len()] }
    }

    /// Means one more voxel of the box.
    pub(crate) fn insert(&mut self, voxel: [usize; 3]) {
        let place = self.place(voxel);
        self.inside[place] = true;
    }

    /// The box; not always the smallest.
    #[must_use]
    pub fn region(&self) -> IndexBox {
        self.region
    }

    /// For each voxel of the box whether it is meant, `i` fastest.
    #[must_use]
    pub fn inside(&self) -> &[bool] {
        &self.inside
    }

    /// Whether a voxel is meant.
    #[must_use]
    pub fn contains(&self, voxel: [usize; 3]) -> bool {
        self.region.contains(voxel) && self.inside[self.place(voxel)]
    }

    /// How many voxels are meant.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inside.iter().filter(|is_inside| **is_inside).count()
    }

    /// Part of a row of the box, from `first` on.
    pub(crate) fn row(&self, first: [usize; 3], width: usize) -> &[bool] {
        let start = self.place(first);
        &self.inside[start..start + width]
    }

    /// The same voxels in a box given: those beyond it are left out.
    pub(crate) fn within(&self, region: IndexBox) -> Self {
        let Some(common) = self.region.intersection(&region) else { return Self::new(region, vec![false; region.len()]) };
        if common == self.region && common == region {
            return self.clone();
        }
        let mut inside = vec![false; region.len()];
        let (size, width) = (region.shape(), common.shape()[0]);
        for k in common.low[2]..common.high[2] {
            for j in common.low[1]..common.high[1] {
                let first = [common.low[0], j, k];
                let to = ((k - region.low[2]) * size[1] + j - region.low[1]) * size[0] + common.low[0] - region.low[0];
                inside[to..to + width].copy_from_slice(self.row(first, width));
            }
        }
        Self::new(region, inside)
    }

    fn place(&self, [i, j, k]: [usize; 3]) -> usize {
        let [width, height, _] = self.region.shape();
        ((k - self.region.low[2]) * height + j - self.region.low[1]) * width + i - self.region.low[0]
    }
}
