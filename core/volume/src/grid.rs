use glam::{DAffine3, DMat3, DVec3};
use serde::{Deserialize, Serialize};

use crate::{AxisMap, IndexBox, VolumeError};

/// A point in the patient: millimetres to the right, to the front (anterior) and up (superior).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ras(pub DVec3);

/// A voxel of a grid, `[i, j, k]` as in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VoxelIndex(pub [usize; 3]);

/// A regular lattice of voxels in patient space: a shape and an affine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Grid {
    shape: [usize; 3],
    ras_from_voxel: DAffine3,
    voxel_from_ras: DAffine3,
}

impl Grid {
    /// A grid of `shape` `[i, j, k]` voxels whose centres `ras_from_voxel` carries to RAS+ millimetres.
    ///
    /// # Errors
    /// If an axis is empty, the voxels cannot be counted in an `isize`, or the affine is not finite and invertible.
    pub fn new(shape: [usize; 3], ras_from_voxel: DAffine3) -> Result<Self, VolumeError> {
        let count = shape.iter().try_fold(1usize, |n, &s| n.checked_mul(s));
        match count {
            Some(n) if n > 0 && n <= isize::MAX as usize / 8 => {}
            _ => return Err(VolumeError::Shape(shape)),
        }
        let determinant = ras_from_voxel.matrix3.determinant();
        let inverse = ras_from_voxel.inverse();
        let is_usable = ras_from_voxel.is_finite() && inverse.is_finite() && determinant.abs() > 1e-12;
        if !is_usable {
            return Err(VolumeError::Affine);
        }
        Ok(Self { shape, ras_from_voxel, voxel_from_ras: inverse })
    }

    /// A grid whose axes are the patient's (RAS), with its first voxel at the origin.
    ///
    /// # Errors
    /// As [`Grid::new`].
    pub fn axis_aligned(shape: [usize; 3], spacing_mm: [f64; 3]) -> Result<Self, VolumeError> {
        Self::new(shape, DAffine3::from_scale(DVec3::from_array(spacing_mm)))
    }

    /// Voxels along `[i, j, k]`.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// How many voxels there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Never true: a grid has at least one voxel.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// The affine from (continuous) voxel index to millimetres.
    #[must_use]
    pub fn ras_from_voxel(&self) -> DAffine3 {
        self.ras_from_voxel
    }

    /// The affine from millimetres to (continuous) voxel index.
    #[must_use]
    pub fn voxel_from_ras(&self) -> DAffine3 {
        self.voxel_from_ras
    }

    /// The affine as four rows, as files and JSON write it.
    #[must_use]
    pub fn affine_rows(&self) -> [[f64; 4]; 4] {
        let m = self.ras_from_voxel.matrix3;
        let t = self.ras_from_voxel.translation;
        let row = |r: usize| [m.col(0)[r], m.col(1)[r], m.col(2)[r], t[r]];
        [row(0), row(1), row(2), [0.0, 0.0, 0.0, 1.0]]
    }

    /// An affine from its first three rows.
    #[must_use]
    pub fn affine_from_rows(rows: &[[f64; 4]; 3]) -> DAffine3 {
        let col = |c: usize| DVec3::new(rows[0][c], rows[1][c], rows[2][c]);
        DAffine3 { matrix3: DMat3::from_cols(col(0), col(1), col(2)), translation: col(3) }
    }

    /// Millimetres from one voxel centre to the next along `[i, j, k]`.
    #[must_use]
    pub fn spacing(&self) -> [f64; 3] {
        let m = self.ras_from_voxel.matrix3;
        [m.col(0).length(), m.col(1).length(), m.col(2).length()]
    }

    /// Volume of one voxel in millilitres.
    #[must_use]
    pub fn voxel_volume_ml(&self) -> f64 {
        self.ras_from_voxel.matrix3.determinant().abs() / 1000.0
    }

    /// How the voxel axes lie in the patient.
    #[must_use]
    pub fn axes(&self) -> AxisMap {
        AxisMap::of(self)
    }

    /// Where a voxel's centre lies in the patient.
    #[must_use]
    pub fn ras_of(&self, voxel: VoxelIndex) -> Ras {
        let [i, j, k] = voxel.0;
        Ras(self.ras_from_voxel.transform_point3(DVec3::new(i as f64, j as f64, k as f64)))
    }

    /// The continuous voxel index of a point; may lie outside the grid.
    #[must_use]
    pub fn continuous_index_of(&self, ras: Ras) -> DVec3 {
        self.voxel_from_ras.transform_point3(ras.0)
    }

    /// The voxel that contains a point, if the grid does.
    #[must_use]
    pub fn voxel_at(&self, ras: Ras) -> Option<VoxelIndex> {
        let at = self.continuous_index_of(ras).round();
        let mut index = [0; 3];
        for axis in 0..3 {
            if !(at[axis] >= 0.0 && at[axis] < self.shape[axis] as f64) {
                return None;
            }
            index[axis] = at[axis] as usize;
        }
        Some(VoxelIndex(index))
    }

    /// The middle of the grid.
    #[must_use]
    pub fn center(&self) -> Ras {
        let middle = DVec3::from_array(self.shape.map(|s| (s as f64 - 1.0) / 2.0));
        Ras(self.ras_from_voxel.transform_point3(middle))
    }

    /// The part of this grid inside a box, each voxel where it was. A box that is empty or reaches beyond the grid is first cut to it, to one
    /// voxel at least.
    #[must_use]
    pub fn cropped(&self, region: &IndexBox) -> Self {
        let low: [usize; 3] = std::array::from_fn(|axis| region.low[axis].min(self.shape[axis] - 1));
        let shape = std::array::from_fn(|axis| region.high[axis].clamp(low[axis] + 1, self.shape[axis]) - low[axis]);
        let shift = DAffine3::from_translation(DVec3::from_array(low.map(|n| n as f64)));
        let back = DAffine3::from_translation(-shift.translation);
        Self { shape, ras_from_voxel: self.ras_from_voxel * shift, voxel_from_ras: back * self.voxel_from_ras }
    }

    /// The same voxels with the axes in another order: axis `n` is this one's `order[n]`.
    pub(crate) fn turned(&self, order: [usize; 3]) -> Self {
        let exchange = DMat3::from_cols_array_2d(&order.map(|axis| std::array::from_fn(|row| if row == axis { 1.0 } else { 0.0 })));
        let shape = order.map(|axis| self.shape[axis]);
        let back = DAffine3::from_mat3(exchange.transpose());
        Self { shape, ras_from_voxel: self.ras_from_voxel * DAffine3::from_mat3(exchange), voxel_from_ras: back * self.voxel_from_ras }
    }

    /// Position in an array laid out with `i` fastest.
    #[inline]
    #[must_use]
    pub fn offset(&self, [i, j, k]: [usize; 3]) -> usize {
        (k * self.shape[1] + j) * self.shape[0] + i
    }

    /// Whether both grids have the same shape and no voxel of one is farther than `tolerance` voxels from its twin.
    #[must_use]
    pub fn is_same_as(&self, other: &Self, tolerance: f64) -> bool {
        if self.shape != other.shape {
            return false;
        }
        let between = self.voxel_from_ras * other.ras_from_voxel;
        corners(self.shape).iter().all(|&corner| (between.transform_point3(corner) - corner).abs().max_element() <= tolerance)
    }

    /// Fails unless `other` is the same grid to a thousandth of a voxel.
    ///
    /// # Errors
    /// [`VolumeError::GridMismatch`] with both grids described.
    pub fn require_same(&self, other: &Self) -> Result<(), VolumeError> {
        if self.is_same_as(other, 1e-3) {
            return Ok(());
        }
        Err(VolumeError::GridMismatch { left: self.to_string(), right: other.to_string() })
    }
}

impl std::fmt::Display for Grid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [i, j, k] = self.shape;
        let [x, y, z] = self.spacing();
        let at = self.ras_from_voxel.translation;
        write!(
            f,
            "{i}×{j}×{k} voxels of {x:.3}×{y:.3}×{z:.3} mm, {}, first voxel at ({:.2}, {:.2}, {:.2})",
            self.axes().codes(),
            at.x,
            at.y,
            at.z
        )
    }
}

/// The eight outermost voxel centres of a shape.
pub(crate) fn corners(shape: [usize; 3]) -> [DVec3; 8] {
    let last = shape.map(|s| s as f64 - 1.0);
    std::array::from_fn(|n| {
        let pick = |axis: usize| if n >> axis & 1 == 1 { last[axis] } else { 0.0 };
        DVec3::new(pick(0), pick(1), pick(2))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oblique() -> Grid {
        let turn = DAffine3::from_rotation_y(0.3) * DAffine3::from_rotation_z(0.2);
        let grid = Grid::new([5, 7, 9], turn * DAffine3::from_scale(DVec3::new(1.5, -2.0, 3.0)));
        grid.expect("a usable affine")
    }

    #[test]
    fn a_point_goes_to_the_patient_and_back() {
        let grid = oblique();
        for voxel in [[0, 0, 0], [4, 6, 8], [1, 2, 3]] {
            assert_eq!(grid.voxel_at(grid.ras_of(VoxelIndex(voxel))), Some(VoxelIndex(voxel)));
        }
        assert_eq!(grid.voxel_at(Ras(DVec3::splat(1e6))), None);
        assert_eq!(grid.voxel_at(Ras(DVec3::splat(f64::NAN))), None);
    }

    #[test]
    fn spacing_is_the_length_of_the_columns() {
        let spacing = oblique().spacing();
        for (found, wanted) in spacing.iter().zip([1.5, 2.0, 3.0]) {
            assert!((found - wanted).abs() < 1e-12);
        }
        assert!((oblique().voxel_volume_ml() - 0.009).abs() < 1e-12);
    }

    #[test]
    fn rows_and_affine_are_inverse() {
        let rows = oblique().affine_rows();
        let back = Grid::affine_from_rows(&[rows[0], rows[1], rows[2]]);
        assert_eq!(back, oblique().ras_from_voxel());
    }

    #[test]
    fn refuses_what_cannot_be_a_grid() {
        assert_eq!(Grid::axis_aligned([0, 1, 1], [1.0; 3]), Err(VolumeError::Shape([0, 1, 1])));
        assert_eq!(Grid::axis_aligned([usize::MAX, 2, 1], [1.0; 3]), Err(VolumeError::Shape([usize::MAX, 2, 1])));
        assert_eq!(Grid::axis_aligned([2, 2, 2], [1.0, 0.0, 1.0]), Err(VolumeError::Affine));
        assert_eq!(Grid::axis_aligned([2, 2, 2], [1.0, f64::NAN, 1.0]), Err(VolumeError::Affine));
    }

    #[test]
    fn a_cropped_grid_leaves_each_voxel_where_it_was() {
        let grid = oblique();
        let part = grid.cropped(&IndexBox { low: [1, 2, 3], high: [4, 6, 9] });
        assert_eq!(part.shape(), [3, 4, 6]);
        for voxel in [[0, 0, 0], [2, 3, 5], [1, 0, 4]] {
            let whole = std::array::from_fn(|axis| voxel[axis] + [1, 2, 3][axis]);
            assert!((part.ras_of(VoxelIndex(voxel)).0 - grid.ras_of(VoxelIndex(whole)).0).length() < 1e-12);
            assert_eq!(part.voxel_at(grid.ras_of(VoxelIndex(whole))), Some(VoxelIndex(voxel)));
        }
        assert_eq!(grid.cropped(&IndexBox::whole([9; 3])).shape(), grid.shape());
        assert_eq!(grid.cropped(&IndexBox { low: [7, 0, 0], high: [3, 2, 0] }).shape(), [1, 2, 1]);
    }

    #[test]
    fn a_shift_of_half_a_voxel_is_another_grid() {
        let grid = oblique();
        let shifted = Grid::new(grid.shape(), grid.ras_from_voxel() * DAffine3::from_translation(DVec3::new(0.5, 0.0, 0.0)));
        let shifted = shifted.expect("a usable affine");
        assert!(grid.is_same_as(&grid, 1e-9));
        assert!(!grid.is_same_as(&shifted, 1e-3));
        assert!(grid.require_same(&shifted).is_err());
    }
}
