use medley_volume::{AnatomicalPlane, Grid, IndexBox, Ras};

use crate::Refusal;

/// One stored slice of a grid, across a voxel axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Slice {
    /// The voxel axis (0 = i, 1 = j, 2 = k) across which it lies.
    pub axis: usize,
    /// Its index along that axis.
    pub index: usize,
}

impl Slice {
    /// The stored slice nearest to a point, across the voxel axis that runs most along the normal of `plane`: the slice a
    /// brush would paint in there.
    ///
    /// # Errors
    /// [`Refusal::Outside`] if the point lies beyond the first or the last slice.
    pub fn nearest(grid: &Grid, plane: AnatomicalPlane, point: Ras) -> Result<Self, Refusal> {
        let axis = grid.axes().voxel_axis[plane.normal_axis()];
        let index = grid.continuous_index_of(point)[axis].round();
        if index >= 0.0 && index < grid.shape()[axis] as f64 { Ok(Self { axis, index: index as usize }) } else { Err(Refusal::Outside) }
    }

    /// The slice `steps` farther along the normal of `plane` (right, front or up): `None` beyond the ends.
    #[must_use]
    pub fn stepped(self, grid: &Grid, steps: isize) -> Option<Self> {
        let axes = grid.axes();
        let patient = (0..3).find(|&patient| axes.voxel_axis[patient] == self.axis)?;
        let steps = if axes.is_flipped[patient] { steps.checked_neg()? } else { steps };
        let index = self.index.checked_add_signed(steps).filter(|index| *index < grid.shape()[self.axis])?;
        Some(Self { index, ..self })
    }

    /// Its two own axes, the lower first.
    #[must_use]
    pub fn in_plane(self) -> [usize; 2] {
        match self.axis {
            0 => [1, 2],
            1 => [0, 2],
            _ => [0, 1],
        }
    }

    /// Its voxels as a box.
    #[must_use]
    pub fn region(self, shape: [usize; 3]) -> IndexBox {
        let mut region = IndexBox::whole(shape);
        region.low[self.axis] = self.index;
        region.high[self.axis] = self.index + 1;
        region
    }
}

/// How far a tool that starts at a point reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extent {
    /// Within the stored slice nearest to the point in a plane.
    Slice(AnatomicalPlane),
    /// Through all slices.
    Volume,
}

impl Extent {
    /// The voxels reachable from a point.
    ///
    /// # Errors
    /// As [`Slice::nearest`].
    pub fn region(self, grid: &Grid, point: Ras) -> Result<IndexBox, Refusal> {
        match self {
            Self::Slice(plane) => Ok(Slice::nearest(grid, plane, point)?.region(grid.shape())),
            Self::Volume => Ok(IndexBox::whole(grid.shape())),
        }
    }
}
