use glam::DVec3;
use serde::{Deserialize, Serialize};

use crate::Grid;

/// The three planes a scan is read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AnatomicalPlane {
    /// Across the body; its normal runs from the feet to the head.
    Axial,
    /// From ear to ear; its normal runs from back to front.
    Coronal,
    /// From front to back; its normal runs from left to right.
    Sagittal,
}

impl AnatomicalPlane {
    /// The patient axis (0 = right, 1 = anterior, 2 = superior) that the plane's normal follows.
    #[must_use]
    pub fn normal_axis(self) -> usize {
        match self {
            Self::Sagittal => 0,
            Self::Coronal => 1,
            Self::Axial => 2,
        }
    }

    /// Its name as a person reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Axial => "Axial",
            Self::Coronal => "Coronal",
            Self::Sagittal => "Sagittal",
        }
    }
}

/// How a grid's voxel axes lie in the patient: for each of right, anterior and superior, the voxel axis nearest to it and
/// whether it runs the other way. Exact for the 48 axis orders, nearest for oblique grids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AxisMap {
    /// `voxel_axis[p]` is the voxel axis (0 = i, 1 = j, 2 = k) that runs along patient axis `p` (R, A, S).
    pub voxel_axis: [usize; 3],
    /// `is_flipped[p]`: that voxel axis runs towards left, posterior or inferior.
    pub is_flipped: [bool; 3],
}

impl AxisMap {
    /// The map of a grid: of all pairings of voxel and patient axes the one whose cosines are largest in sum.
    #[must_use]
    pub fn of(grid: &Grid) -> Self {
        let m = grid.ras_from_voxel().matrix3;
        let columns = [m.col(0), m.col(1), m.col(2)].map(DVec3::normalize);
        let pairings = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut best = (pairings[0], f64::MIN);
        for pairing in pairings {
            let sum: f64 = (0..3).map(|p| columns[pairing[p]][p].abs()).sum();
            if sum > best.1 + 1e-9 {
                best = (pairing, sum);
            }
        }
        let voxel_axis = best.0;
        Self { voxel_axis, is_flipped: std::array::from_fn(|p| columns[voxel_axis[p]][p] < 0.0) }
    }

    /// Where each voxel axis points, as nibabel's `aff2axcodes` writes it: `"RAS"`, `"LPS"`, ….
    #[must_use]
    pub fn codes(&self) -> String {
        let mut codes = ['?'; 3];
        for patient in 0..3 {
            let letters = [['R', 'L'], ['A', 'P'], ['S', 'I']][patient];
            codes[self.voxel_axis[patient]] = letters[usize::from(self.is_flipped[patient])];
        }
        codes.iter().collect()
    }

    /// The shape a grid's array has once its axes are put in R, A, S order.
    #[must_use]
    pub fn canonical_shape(&self, shape: [usize; 3]) -> [usize; 3] {
        self.voxel_axis.map(|axis| shape[axis])
    }

    /// The voxel at canonical position `[r, a, s]` of a grid of `shape`.
    #[inline]
    #[must_use]
    pub fn voxel_of_canonical(&self, canonical: [usize; 3], shape: [usize; 3]) -> [usize; 3] {
        let mut voxel = [0; 3];
        for patient in 0..3 {
            let axis = self.voxel_axis[patient];
            voxel[axis] = if self.is_flipped[patient] { shape[axis] - 1 - canonical[patient] } else { canonical[patient] };
        }
        voxel
    }

    /// The canonical position `[r, a, s]` of a voxel of a grid of `shape`.
    #[inline]
    #[must_use]
    pub fn canonical_of_voxel(&self, voxel: [usize; 3], shape: [usize; 3]) -> [usize; 3] {
        std::array::from_fn(|patient| {
            let axis = self.voxel_axis[patient];
            if self.is_flipped[patient] { shape[axis] - 1 - voxel[axis] } else { voxel[axis] }
        })
    }
}

#[cfg(test)]
mod tests {
    use glam::{DAffine3, DMat3};

    use super::*;

    #[test]
    fn all_48_orders_are_named_and_invert() {
        let pairings = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut seen = std::collections::HashSet::new();
        for pairing in pairings {
            for signs in 0..8u8 {
                let mut columns = [DVec3::ZERO; 3];
                for patient in 0..3 {
                    let sign = if signs >> patient & 1 == 1 { -1.0 } else { 1.0 };
                    columns[pairing[patient]][patient] = sign * (1.0 + patient as f64);
                }
                let affine = DAffine3 { matrix3: DMat3::from_cols(columns[0], columns[1], columns[2]), translation: DVec3::ONE };
                let grid = Grid::new([3, 4, 5], affine).expect("a usable affine");
                let axes = grid.axes();
                assert_eq!(axes.voxel_axis, pairing);
                assert!(seen.insert(axes.codes()));
                let voxel = [2, 1, 4];
                let canonical = axes.canonical_of_voxel(voxel, grid.shape());
                assert_eq!(axes.voxel_of_canonical(canonical, grid.shape()), voxel);
            }
        }
        assert_eq!(seen.len(), 48);
        assert!(seen.contains("RAS") && seen.contains("LPS") && seen.contains("SAR"));
    }

    #[test]
    fn an_oblique_grid_takes_the_nearest_axes() {
        let turn = DAffine3::from_rotation_x(0.4);
        let grid = Grid::new([3, 4, 5], turn).expect("a usable affine");
        assert_eq!(grid.axes().codes(), "RAS");
    }
}
