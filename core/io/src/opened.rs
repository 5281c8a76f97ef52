use std::io::Read;
use std::path::Path;

use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};
use serde::Serialize;

use crate::labels::label_voxels;
use crate::source::open_file;
use crate::{AffineSource, FileKind, IoError, StoredGeometry, dicom, guess_quantity, kind_of, nifti, nrrd};

/// A scan read from a file.
#[derive(Debug, Clone)]
pub struct OpenedVolume {
    /// The scan.
    pub volume: Volume,
    /// What a mask saved beside it copies.
    pub geometry: StoredGeometry,
    /// What the person should know, each a sentence.
    pub notices: Vec<String>,
    /// What the file said of itself.
    pub about: NiftiAbout,
}

/// A mask read from a file.
#[derive(Debug, Clone)]
pub struct OpenedLabels {
    /// The mask.
    pub labels: LabelMap,
    /// The geometry it was stored with.
    pub geometry: StoredGeometry,
    /// What the person should know, each a sentence.
    pub notices: Vec<String>,
}

/// What a file says of itself, beside voxels and geometry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NiftiAbout {
    /// `"NIfTI-1"`, `"NIfTI-2"`, `"NRRD"` or `"DICOM"`.
    pub format: String,
    /// The stored element type as NumPy names it.
    pub dtype: String,
    /// Voxels along each axis as in the file, a fourth and further ones included.
    pub shape: Vec<usize>,
    /// The unit its geometry is stored in: `"mm"`, `"m"`, `"um"` or `"unknown"`.
    pub length_unit: String,
    /// The sform's code.
    pub sform_code: i32,
    /// The qform's code.
    pub qform_code: i32,
    /// What the values are for; 1002 is a mask.
    pub intent_code: i32,
    /// Where the affine was taken from.
    pub affine_from: AffineSource,
}

/// What a reader found, before it is taken for a scan or for a mask.
pub(crate) struct Stored {
    pub name: String,
    pub grid: Grid,
    pub voxels: Voxels,
    pub scaling: Scaling,
    pub geometry: StoredGeometry,
    pub about: NiftiAbout,
    pub notices: Vec<String>,
}

/// Opens a scan. Of a file with several volumes the first is taken, with a notice. Of DICOM, a path is a folder or a zip file with one
/// volume in it, or any file of a series, which is opened whole.
///
/// # Errors
/// If there is no such file, it is damaged, of another format, or larger than this machine should take.
pub fn open_volume(path: &Path) -> Result<OpenedVolume, IoError> {
    if matches!(kind_of(path)?, FileKind::Dicom | FileKind::DicomFolder) {
        return dicom::open_path(path);
    }
    read(path)?.into_volume()
}

/// Opens a mask: whole numbers from 0 to 65535 in whatever type they are stored.
///
/// # Errors
/// As [`open_volume`], and if a value is not a label.
pub fn open_labels(path: &Path) -> Result<OpenedLabels, IoError> {
    if matches!(kind_of(path)?, FileKind::Dicom | FileKind::DicomFolder) {
        return dicom::labels_of_path(path);
    }
    read(path)?.into_labels()
}

/// A scan from the bytes of a file, packed or not. Errors call it `name`.
///
/// # Errors
/// As [`open_volume`].
pub fn volume_from_bytes(name: &str, bytes: &[u8]) -> Result<OpenedVolume, IoError> {
    read_bytes(name, bytes)?.into_volume()
}

/// A mask from the bytes of a file, packed or not. Errors call it `name`.
///
/// # Errors
/// As [`open_labels`].
pub fn labels_from_bytes(name: &str, bytes: &[u8]) -> Result<OpenedLabels, IoError> {
    read_bytes(name, bytes)?.into_labels()
}

fn read(path: &Path) -> Result<Stored, IoError> {
    let mut head = Vec::new();
    let (file, _) = open_file(path)?;
    let is_nrrd = file.take(8).read_to_end(&mut head).is_ok() && nrrd::is_header(&head);
    if is_nrrd { nrrd::read(path) } else { nifti::read(path) }
}

fn read_bytes(name: &str, bytes: &[u8]) -> Result<Stored, IoError> {
    if nrrd::is_header(bytes) { nrrd::read_bytes(name, bytes) } else { nifti::read_bytes(name, bytes) }
}

impl Stored {
    fn into_volume(self) -> Result<OpenedVolume, IoError> {
        let Self { name, grid, voxels, scaling, geometry, about, notices } = self;
        let volume = Volume::new(grid, voxels, scaling, Quantity::Arbitrary)
            .map_err(|error| IoError::malformed(&name, format!("cannot be used: {error}"), "export it again"))?;
        let quantity = guess_quantity(&volume);
        Ok(OpenedVolume { volume: volume.with_quantity(quantity), geometry, notices, about })
    }

    fn into_labels(self) -> Result<OpenedLabels, IoError> {
        let Self { name, grid, voxels, scaling, geometry, notices, .. } = self;
        let labels = label_voxels(voxels, scaling, &grid).map_err(|fault| IoError::NotLabels { file: name.clone(), fault })?;
        let labels = LabelMap::new(grid, labels)
            .map_err(|error| IoError::malformed(&name, format!("cannot be used: {error}"), "export it again"))?;
        Ok(OpenedLabels { labels, geometry, notices })
    }
}
