use std::borrow::Cow;
use std::path::Path;

use medley_volume::{LabelMap, LabelVoxels, Volume};

use crate::element::ElementType;
use crate::nifti::has_end;
use crate::{IoError, StoredGeometry, nifti};

/// What can be written, told by the end of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Nifti,
}

impl Format {
    fn of_name(path: &Path) -> Result<Self, IoError> {
        let name = path.to_string_lossy();
        let ends = [(".nii", Self::Nifti), (".nii.gz", Self::Nifti)];
        ends.iter().find(|(end, _)| has_end(&name, end)).map(|&(_, format)| format).ok_or_else(|| IoError::Unfit {
            file: name.clone().into_owned(),
            fault: "its name does not say in which format".to_owned(),
            advice: "give it a name that ends in .nii.gz or .nii",
        })
    }
}

/// Writes a mask in the format its name stands for: the smallest unsigned type that holds its labels. In NIfTI slope 1, intercept 0,
/// intent 1002 (label), and the geometry fields as they stand in the image it belongs to.
///
/// # Errors
/// If the name ends otherwise, the geometry puts the voxels elsewhere than the mask's grid, or the system refuses.
pub fn write_labels(path: &Path, labels: &LabelMap, geometry: &StoredGeometry) -> Result<(), IoError> {
    match Format::of_name(path)? {
        Format::Nifti => nifti::write_labels(path, labels, geometry),
    }
}

/// Writes a scan in the format its name stands for: its voxels in their stored type. In NIfTI with their scaling, the geometry fields,
/// and the description, intent and extensions of the file that the geometry came from.
///
/// # Errors
/// As [`write_labels`].
pub fn write_volume(path: &Path, volume: &Volume, geometry: &StoredGeometry) -> Result<(), IoError> {
    match Format::of_name(path)? {
        Format::Nifti => nifti::write_volume(path, volume, geometry),
    }
}

/// A mask's bytes in the smallest type that holds its labels.
pub(crate) fn smallest(labels: &LabelMap) -> (ElementType, Cow<'_, [u8]>) {
    match labels.voxels() {
        LabelVoxels::U8(values) => (ElementType::U8, Cow::Borrowed(values)),
        LabelVoxels::U16(values) if values.iter().all(|&value| value <= 255) => {
            (ElementType::U8, Cow::Owned(values.iter().map(|&value| value as u8).collect()))
        }
        LabelVoxels::U16(values) => (ElementType::U16, Cow::Borrowed(bytemuck::cast_slice(values))),
    }
}
