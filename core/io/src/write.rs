use std::borrow::Cow;
use std::path::Path;

use medley_volume::{Grid, LabelMap, LabelTable, LabelVoxels, Volume};

use crate::element::ElementType;
use crate::nifti::has_end;
use crate::{IoError, StoredGeometry, metaimage, nifti, nrrd};

/// Bytes handed on at once.
pub(crate) const CHUNK: usize = 1 << 18;

/// What can be written, told by the end of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Nifti,
    Nrrd,
    SlicerSegments,
    MetaImage,
}

/// Endings of names; of two that fit the first counts.
const ENDINGS: [(&str, Format); 6] = [
    (".nii.gz", Format::Nifti),
    (".nii", Format::Nifti),
    (".seg.nrrd", Format::SlicerSegments),
    (".nrrd", Format::Nrrd),
    (".mha", Format::MetaImage),
    (".mhd", Format::MetaImage),
];

impl Format {
    fn of_name(path: &Path) -> Result<Self, IoError> {
        let name = path.to_string_lossy();
        ENDINGS.iter().find(|(end, _)| has_end(&name, end)).map(|&(_, format)| format).ok_or_else(|| IoError::Unfit {
            file: name.clone().into_owned(),
            fault: "its name does not say in which format".to_owned(),
            advice: "give it a name that ends in .nii.gz, .nii, .nrrd, .seg.nrrd (masks only), .mha or .mhd",
        })
    }
}

/// Writes a mask in the format its name stands for: `.nii.gz`, `.nii`, `.nrrd`, `.seg.nrrd` (3D Slicer's segmentations), `.mha` or
/// `.mhd`. Labels are stored in the smallest unsigned type that holds them; in NIfTI with slope 1, intercept 0, intent 1002 (label), and
/// the geometry fields as they stand in the image the mask belongs to. The other formats take the mask's own grid.
///
/// # Errors
/// If the name ends otherwise, the geometry puts the voxels elsewhere than the mask's grid, or the system refuses.
pub fn write_labels(path: &Path, labels: &LabelMap, geometry: &StoredGeometry) -> Result<(), IoError> {
    write_labels_with_table(path, labels, &LabelTable::default(), geometry)
}

/// As [`write_labels`], with names and colours where the format stores them: `.seg.nrrd` does. Labels that the table does not know are
/// written too, named by their numbers.
///
/// # Errors
/// As [`write_labels`].
pub fn write_labels_with_table(path: &Path, labels: &LabelMap, table: &LabelTable, geometry: &StoredGeometry) -> Result<(), IoError> {
    let format = Format::of_name(path)?;
    require_same_place(path, labels.grid(), geometry)?;
    match format {
        Format::Nifti => nifti::write_labels(path, labels, geometry),
        Format::Nrrd => nrrd::write_labels(path, labels),
        Format::SlicerSegments => nrrd::write_segments(path, labels, table),
        Format::MetaImage => metaimage::write_labels(path, labels),
    }
}

/// Writes a scan in the format its name stands for ([`write_labels`] lists them). In NIfTI its voxels stay in their stored type with
/// their scaling, and description, intent and extensions of the file that the geometry came from are kept; the other formats store no
/// scaling that everybody obeys, so that it is applied.
///
/// # Errors
/// As [`write_labels`].
pub fn write_volume(path: &Path, volume: &Volume, geometry: &StoredGeometry) -> Result<(), IoError> {
    let format = Format::of_name(path)?;
    require_same_place(path, volume.grid(), geometry)?;
    match format {
        Format::Nifti => nifti::write_volume(path, volume, geometry),
        Format::Nrrd => nrrd::write_volume(path, volume),
        Format::MetaImage => metaimage::write_volume(path, volume),
        Format::SlicerSegments => Err(IoError::Unfit {
            file: path.display().to_string(),
            fault: "a scan is no segmentation".to_owned(),
            advice: "give it a name that ends in .nrrd alone",
        }),
    }
}

fn require_same_place(path: &Path, grid: &Grid, geometry: &StoredGeometry) -> Result<(), IoError> {
    let unfit = |fault: String| IoError::Unfit {
        file: path.display().to_string(),
        fault,
        advice: "write it with the geometry of the image it was made on",
    };
    let placed = geometry.place(grid.shape()).map_err(|fault| unfit(format!("the geometry to be stored {fault}")))?;
    placed.grid.require_same(grid).map_err(|error| unfit(error.to_string()))
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
