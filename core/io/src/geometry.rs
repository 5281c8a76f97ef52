use medley_volume::Grid;
use medley_volume::glam::{DAffine3, DMat3, DQuat, DVec3};
use serde::{Deserialize, Serialize};

use crate::nifti::Kept;

/// Which of a file's fields the affine was taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AffineSource {
    /// The affine matrix (method 3).
    Sform,
    /// The quaternion (method 2).
    Qform,
    /// Voxel sizes only (method 1): orientation and position are not known.
    Pixdim,
    /// The space directions of a NRRD file.
    Nrrd,
    /// The directions, sizes and offset of a MetaImage.
    MetaImage,
    /// Positions and orientations of DICOM pictures.
    Dicom,
}

/// The geometry fields of a NIfTI header as they stand in the file: what a mask saved beside an image copies. Field names and
/// meanings are those of nifti1.h; lengths are in the file's own unit. The rest of the header it came from goes with it, for
/// [`crate::write_volume`]; masks do not get it, and comparisons leave it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredGeometry {
    pub(crate) qform_code: i32,
    pub(crate) sform_code: i32,
    /// b, c, d of the unit quaternion.
    pub(crate) quatern: [f64; 3],
    pub(crate) qoffset: [f64; 3],
    pub(crate) srow: [[f64; 4]; 3],
    /// `[0]` is qfac, `[1..4]` the voxel sizes, the rest those of further axes.
    pub(crate) pixdim: [f64; 8],
    pub(crate) xyzt_units: u8,
    /// Whether the numbers came from a NIfTI-2 file and may need 64 bits.
    pub(crate) is_nifti2: bool,
    /// The rest of the header it came from, for writing the scan itself again; masks do not get it.
    #[serde(skip)]
    pub(crate) kept: Kept,
}

/// A grid made from stored geometry, with what the person should know about it.
pub(crate) struct Placed {
    pub grid: Grid,
    pub source: AffineSource,
    pub notices: Vec<String>,
}

/// Twins in the two affines of a file may be this far apart, in voxels, before the person is told.
const AGREEMENT_VOXELS: f64 = 1e-3;

impl StoredGeometry {
    /// Fields that put voxels where `grid` has them, in millimetres: an sform, and a qform where a quaternion can say the same.
    #[must_use]
    pub fn of_grid(grid: &Grid) -> Self {
        let rows = grid.affine_rows();
        let spacing = grid.spacing();
        let matrix = grid.ras_from_voxel().matrix3;
        let mut axes = DMat3::from_cols(matrix.col(0) / spacing[0], matrix.col(1) / spacing[1], matrix.col(2) / spacing[2]);
        let qfac = if axes.determinant() < 0.0 { -1.0 } else { 1.0 };
        axes.z_axis *= qfac;
        let turn = DQuat::from_mat3(&axes).normalize();
        let turn = if turn.w < 0.0 { -turn } else { turn };
        let mut geometry = Self {
            qform_code: 1,
            sform_code: 1,
            quatern: [turn.x, turn.y, turn.z].map(|v| f64::from(v as f32)),
            qoffset: [rows[0][3], rows[1][3], rows[2][3]],
            srow: [rows[0], rows[1], rows[2]],
            pixdim: [qfac, spacing[0], spacing[1], spacing[2], 0.0, 0.0, 0.0, 0.0],
            xyzt_units: 2,
            is_nifti2: false,
            kept: Kept::default(),
        };
        // A sheared grid has no quaternion, and near half a turn 32 bits are too few for one.
        let agrees = geometry.from_qform(grid.shape()).ok().and_then(|affine| Grid::new(grid.shape(), affine).ok());
        if !agrees.is_some_and(|quaternion| quaternion.is_same_as(grid, AGREEMENT_VOXELS / 2.0)) {
            geometry.qform_code = 0;
        }
        geometry
    }

    /// Only the geometry, without description, intent and extensions of the file it came from: for voxels that are not that file's.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.kept = Kept::default();
        self
    }

    /// The sform's code: 0 if it does not count.
    #[must_use]
    pub fn sform_code(&self) -> i32 {
        self.sform_code
    }

    /// The qform's code: 0 if it does not count.
    #[must_use]
    pub fn qform_code(&self) -> i32 {
        self.qform_code
    }

    /// The unit of length: `"mm"`, `"m"`, `"um"` or `"unknown"` (then millimetres are meant).
    #[must_use]
    pub fn length_unit(&self) -> &'static str {
        match self.xyzt_units & 7 {
            1 => "m",
            2 => "mm",
            3 => "um",
            _ => "unknown",
        }
    }

    /// The grid of `shape` voxels `[i, j, k]`; what is wrong, as the end of a sentence, where there is none.
    pub(crate) fn place(&self, shape: [usize; 3]) -> Result<Placed, String> {
        let mut notices = Vec::new();
        let (source, affine) = if self.sform_code > 0 {
            (AffineSource::Sform, Ok(Grid::affine_from_rows(&self.srow)))
        } else if self.qform_code > 0 {
            (AffineSource::Qform, self.from_qform(shape))
        } else {
            notices.push("The file stores no position or orientation: only voxel sizes are used, and left may be right.".to_owned());
            (AffineSource::Pixdim, self.voxel_sizes(shape).map(DAffine3::from_scale))
        };
        let affine = affine?;
        if source != AffineSource::Sform && self.lacks_thickness(shape) {
            notices.push("The slice stores no thickness: volumes are measured as if it were 1.".to_owned());
        }
        if !affine.is_finite() {
            return Err(format!("has an affine ({}) with a value that is not a number", source.name()));
        }
        let grid = Grid::new(shape, self.in_millimetres() * affine)
            .map_err(|error| format!("has an affine ({}) that cannot be used: {error}", source.name()))?;
        if source == AffineSource::Sform && self.qform_code > 0 {
            let other = self.from_qform(shape).and_then(|q| Grid::new(shape, self.in_millimetres() * q).map_err(|e| e.to_string()));
            let agrees = other.is_ok_and(|other| grid.is_same_as(&other, AGREEMENT_VOXELS));
            if !agrees {
                notices.push("The file stores two affines that disagree: the sform is used, not the qform.".to_owned());
            }
        }
        Ok(Placed { grid, source, notices })
    }

    fn in_millimetres(&self) -> DAffine3 {
        let factor = match self.xyzt_units & 7 {
            1 => 1e3,
            3 => 1e-3,
            _ => 1.0,
        };
        DAffine3::from_scale(DVec3::splat(factor))
    }

    /// Whether the file is a single slice that stores no thickness, as pictures do.
    fn lacks_thickness(&self, shape: [usize; 3]) -> bool {
        shape[2] == 1 && self.pixdim[3] == 0.0
    }

    fn voxel_sizes(&self, shape: [usize; 3]) -> Result<DVec3, String> {
        let thickness = if self.lacks_thickness(shape) { 1.0 } else { self.pixdim[3] };
        let sizes = DVec3::new(self.pixdim[1], self.pixdim[2], thickness).abs();
        if sizes.is_finite() && sizes.min_element() > 0.0 {
            return Ok(sizes);
        }
        Err(format!("has voxel sizes of {} × {} × {}, which no voxel can have", sizes.x, sizes.y, sizes.z))
    }

    /// Method 2 of nifti1.h: a turn by the quaternion after scaling, the third axis turned round if qfac is negative.
    #[expect(clippy::wrong_self_convention, reason = "from names the field")]
    fn from_qform(&self, shape: [usize; 3]) -> Result<DAffine3, String> {
        let sizes = self.voxel_sizes(shape)?;
        let vector = DVec3::from_array(self.quatern);
        let offset = DVec3::from_array(self.qoffset);
        if !vector.is_finite() || !offset.is_finite() {
            return Err("has an affine (qform) with a value that is not a number".to_owned());
        }
        let rest = 1.0 - vector.length_squared();
        let turn = DQuat::from_xyzw(vector.x, vector.y, vector.z, if rest < 1e-7 { 0.0 } else { rest.sqrt() });
        let qfac = if self.pixdim[0] < 0.0 { -1.0 } else { 1.0 };
        let scale = DMat3::from_diagonal(DVec3::new(sizes.x, sizes.y, sizes.z * qfac));
        Ok(DAffine3 { matrix3: DMat3::from_quat(turn.normalize()) * scale, translation: offset })
    }
}

impl AffineSource {
    fn name(self) -> &'static str {
        match self {
            Self::Sform => "sform",
            Self::Qform => "qform",
            Self::Pixdim => "pixdim",
            Self::Nrrd => "space directions",
            Self::MetaImage => "transform matrix",
            Self::Dicom => "positions of the pictures",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> StoredGeometry {
        StoredGeometry::of_grid(&Grid::axis_aligned([4, 5, 6], [1.0, 2.0, 3.0]).expect("a grid"))
    }

    #[test]
    fn lengths_become_millimetres() {
        for (units, unit, factor) in [(1, "m", 1e3), (2 | 8, "mm", 1.0), (3, "um", 1e-3), (0, "unknown", 1.0)] {
            let geometry = StoredGeometry { xyzt_units: units, ..stored() };
            let spacing = geometry.place([4, 5, 6]).map(|placed| placed.grid.spacing()).expect("a grid");
            assert!((spacing[2] - 3.0 * factor).abs() < 1e-9 * factor);
            assert_eq!(geometry.length_unit(), unit);
        }
    }

    #[test]
    fn a_slice_without_thickness_is_measured_with_a_notice_and_a_volume_is_refused() {
        let mut geometry = StoredGeometry { sform_code: 0, ..stored() };
        geometry.pixdim[3] = 0.0;
        let placed = geometry.place([4, 5, 1]).map_err(|e| e.to_string()).map(|p| (p.grid.spacing(), p.notices));
        let (spacing, notices) = placed.expect("a slice");
        assert_eq!(spacing, [1.0, 2.0, 1.0]);
        assert!(notices.len() == 1 && notices[0].contains("thickness"), "{notices:?}");
        assert!(geometry.place([4, 5, 2]).is_err_and(|fault| fault.contains("which no voxel can have")));
    }

    #[test]
    fn a_quaternion_that_cannot_be_used_matters_only_where_it_counts() {
        let mut geometry = stored();
        geometry.quatern = [f64::NAN; 3];
        let notices = geometry.place([4, 5, 6]).map(|placed| placed.notices).expect("the sform counts");
        assert!(notices.len() == 1 && notices[0].contains("disagree"), "{notices:?}");
        geometry.sform_code = 0;
        assert!(geometry.place([4, 5, 6]).is_err_and(|fault| fault.contains("not a number")));
        geometry.quatern = [3.0, 0.0, 4.0];
        let grid = geometry.place([4, 5, 6]).map(|placed| placed.grid).expect("taken as a half turn");
        assert!((grid.spacing()[1] - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_quaternion_is_kept_only_where_32_bits_say_the_same() {
        for step in 0..200 {
            let turn = DQuat::from_axis_angle(DVec3::new(1.0, 2.0, 3.0).normalize(), std::f64::consts::PI - f64::from(step) * 1e-5);
            let affine = DAffine3::from_scale_rotation_translation(DVec3::splat(0.7), turn, DVec3::splat(-100.0));
            let grid = Grid::new([512, 512, 500], affine).expect("a grid");
            let notices = StoredGeometry::of_grid(&grid).place(grid.shape()).map(|placed| placed.notices).expect("a grid");
            assert!(notices.is_empty(), "{step}");
        }
    }
}
