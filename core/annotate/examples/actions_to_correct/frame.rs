//! The axial slices of the box that the simulated person looks at, as flat arrays.

use medley_annotate::tools::Slice;
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Grid, IndexBox, Ras, VolumeError};

/// A box of a grid with its cells in the order of axial slices: `[u, v, n]`, `u` fastest, `n` the slice.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    grid: Grid,
    axes: [usize; 3],
    low: [usize; 3],
    /// Cells along `[u, v, n]`.
    pub size: [usize; 3],
    /// Millimetres from one cell to the next along `[u, v, n]`.
    pub mm: [f64; 3],
}

impl Frame {
    /// The frame of a box that is not empty.
    pub fn new(grid: &Grid, region: &IndexBox) -> Self {
        let normal = grid.axes().voxel_axis[AnatomicalPlane::Axial.normal_axis()];
        let [u, v] = Slice { axis: normal, index: 0 }.in_plane();
        let axes = [u, v, normal];
        let (shape, spacing) = (region.shape(), grid.spacing());
        Self { grid: *grid, axes, low: region.low, size: axes.map(|axis| shape[axis]), mm: axes.map(|axis| spacing[axis]) }
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.size.iter().product()
    }

    /// The place of a cell in a flat array.
    pub fn place(&self, [u, v, n]: [usize; 3]) -> usize {
        (n * self.size[1] + v) * self.size[0] + u
    }

    /// The cell at a place of a flat array.
    pub fn cell(&self, place: usize) -> [usize; 3] {
        [place % self.size[0], place / self.size[0] % self.size[1], place / self.size[0] / self.size[1]]
    }

    /// The places of a slice.
    pub fn slice_places(&self, n: usize) -> std::ops::Range<usize> {
        let len = self.size[0] * self.size[1];
        n * len..(n + 1) * len
    }

    /// The offset of a place in the whole grid.
    pub fn offset(&self, place: usize) -> usize {
        let (cell, mut voxel) = (self.cell(place), self.low);
        for (axis, cell) in self.axes.into_iter().zip(cell) {
            voxel[axis] += cell;
        }
        self.grid.offset(voxel)
    }

    /// Where a point in continuous cells lies in the patient.
    pub fn ras(&self, cell: [f64; 3]) -> Ras {
        let mut index = DVec3::from_array(self.low.map(|low| low as f64));
        for (axis, cell) in self.axes.into_iter().zip(cell) {
            index[axis] += cell;
        }
        Ras(self.grid.ras_from_voxel().transform_point3(index))
    }

    /// Slice `n` as the tools name it.
    pub fn slice(&self, n: usize) -> Slice {
        Slice { axis: self.axes[2], index: self.low[self.axes[2]] + n }
    }

    /// The slices (of this frame) that a box of the grid touches.
    pub fn slices_of(&self, region: &IndexBox) -> std::ops::Range<usize> {
        let (axis, low) = (self.axes[2], self.low[self.axes[2]]);
        let within = |index: usize| index.saturating_sub(low).min(self.size[2]);
        within(region.low[axis])..within(region.high[axis])
    }

    /// A way in the slice plane, in cells, as a direction in the patient.
    pub fn direction(&self, [u, v]: [f64; 2]) -> DVec3 {
        self.ras([u, v, 0.0]).0 - self.ras([0.0; 3]).0
    }

    /// A grid of cells of the same size, for distances and pieces; with one slice, or with all.
    pub fn distances_grid(&self, slices: usize) -> Result<Grid, VolumeError> {
        Grid::axis_aligned([self.size[0], self.size[1], slices], self.mm)
    }
}
