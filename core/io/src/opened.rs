use std::io::Read;
use std::path::Path;

use medley_volume::{Grid, LabelMap, LabelTable, Quantity, Scaling, Volume, Voxels};
use serde::Serialize;

use crate::labels::label_voxels;
use crate::progress::{Progress, Wish};
use crate::source::{Source, open_file};
use crate::{AffineSource, FileKind, IoError, Part, StoredGeometry, dicom, guess_quantity, kind_of, metaimage, nifti, npy, nrrd};

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
    /// `"NIfTI-1"`, `"NIfTI-2"`, `"NRRD"`, `"MetaImage"`, `"NumPy"` or `"DICOM"`.
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
    open_volume_part(path, &Part::First, None)
}

/// Opens one of several volumes in a file, counted from 0 as they lie in it.
///
/// # Errors
/// As [`open_volume`], and if there are not so many.
pub fn open_volume_frame(path: &Path, frame: usize) -> Result<OpenedVolume, IoError> {
    open_volume_part(path, &Part::Frame(frame), None)
}

/// Opens one of several volumes in a file or folder, with somebody who is told how far it has come and may end it.
///
/// # Errors
/// As [`open_volume`], if there is no such volume, and [`IoError::Cancelled`] if it was ended.
pub fn open_volume_part(path: &Path, part: &Part, progress: Option<&dyn Progress>) -> Result<OpenedVolume, IoError> {
    let wish = Wish { progress, ..Wish::default() };
    match part {
        Part::First if matches!(kind_of(path)?, FileKind::Dicom | FileKind::DicomFolder) => dicom::open_path(path),
        Part::First => read(path, wish)?.into_volume(),
        Part::Frame(frame) => read(path, Wish { frame: *frame, is_chosen: true, ..wish })?.into_volume(),
        Part::Series(key) => dicom::open_key(path, key),
    }
}

/// As [`open_volume`], with somebody who is told how far it has come and may end it.
///
/// # Errors
/// As [`open_volume`], and [`IoError::Cancelled`] if it was ended.
pub fn open_volume_watched(path: &Path, progress: &dyn Progress) -> Result<OpenedVolume, IoError> {
    open_volume_part(path, &Part::First, Some(progress))
}

/// Opens a mask: whole numbers from 0 to 65535 in whatever type they are stored.
///
/// # Errors
/// As [`open_volume`], and if a value is not a label.
pub fn open_labels(path: &Path) -> Result<OpenedLabels, IoError> {
    read(path, Wish::default())?.into_labels()
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

/// As [`open_labels`], with the names and colours that the file gives to its labels: 3D Slicer's segmentations do; the table is empty
/// where there are none. A segmentation in several layers becomes one mask if no segments overlap, and is refused if they do.
///
/// # Errors
/// As [`open_labels`], and if segments overlap.
pub fn open_labels_with_table(path: &Path) -> Result<(OpenedLabels, LabelTable), IoError> {
    match format_of(&head_of(path)?) {
        Format::Nrrd => {
            let (stored, table) = nrrd::read_segments(path, Wish::default())?;
            Ok((stored.into_labels()?, table))
        }
        _ => Ok((open_labels(path)?, LabelTable::default())),
    }
}

/// Formats that are told apart by their first bytes; what is none of the others is NIfTI or refused as such.
enum Format {
    Nrrd,
    MetaImage,
    Npy,
    Nifti,
}

fn format_of(head: &[u8]) -> Format {
    match () {
        () if nrrd::is_header(head) => Format::Nrrd,
        () if metaimage::is_header(head) => Format::MetaImage,
        () if npy::is_header(head) => Format::Npy,
        () => Format::Nifti,
    }
}

fn head_of(path: &Path) -> Result<Vec<u8>, IoError> {
    let mut head = Vec::new();
    let (file, _) = open_file(path)?;
    file.take(1024).read_to_end(&mut head).map_err(|error| IoError::reading(path, error))?;
    Ok(head)
}

fn read(path: &Path, wish: Wish) -> Result<Stored, IoError> {
    match format_of(&head_of(path)?) {
        Format::Nrrd => nrrd::read(path, wish),
        Format::MetaImage => metaimage::read(path, wish),
        Format::Npy => npy::volume(Source::open(path)?, wish),
        Format::Nifti => nifti::read(path, wish),
    }
}

fn read_bytes(name: &str, bytes: &[u8]) -> Result<Stored, IoError> {
    let wish = Wish::default();
    match format_of(bytes) {
        Format::Nrrd => nrrd::read_bytes(name, bytes, wish),
        Format::MetaImage => metaimage::read_bytes(name, bytes, wish),
        Format::Npy => npy::volume(Source::of_bytes(name, bytes)?, wish),
        Format::Nifti => nifti::read_bytes(name, bytes, wish),
    }
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
