use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use medley_volume::{LabelMap, LabelVoxels, Scaling, Volume, with_voxels};

use super::header::{self, INTENT_LABEL, Written};
use super::pair::has_end;
use crate::element::ElementType;
use crate::{IoError, StoredGeometry, write_atomically};

/// Bytes handed on at once.
const CHUNK: usize = 1 << 18;

/// Writes a mask as `.nii` or, packed, as `.nii.gz`: the smallest unsigned type that holds its labels, slope 1, intercept 0, intent
/// 1002 (label), and the geometry fields as they stand in the image it belongs to.
///
/// # Errors
/// If the name ends otherwise, the geometry puts the voxels elsewhere than the mask's grid, or the system refuses.
pub fn write_labels(path: &Path, labels: &LabelMap, geometry: &StoredGeometry) -> Result<(), IoError> {
    let narrow: Vec<u8>;
    let (element, voxels): (_, &[u8]) = match labels.voxels() {
        LabelVoxels::U8(values) => (ElementType::U8, values),
        LabelVoxels::U16(values) if values.iter().all(|&value| value <= 255) => {
            narrow = values.iter().map(|&value| value as u8).collect();
            (ElementType::U8, &narrow)
        }
        LabelVoxels::U16(values) => (ElementType::U16, bytemuck::cast_slice(values)),
    };
    let shape = labels.grid().shape();
    let written = Written { shape, element, scaling: Scaling::IDENTITY, geometry, intent_code: INTENT_LABEL };
    require_same_place(path, labels.grid(), geometry)?;
    write(path, &written, voxels)
}

/// Writes a scan as `.nii` or, packed, as `.nii.gz`: its voxels in their stored type with their scaling, and the geometry fields.
///
/// # Errors
/// As [`write_labels`].
pub fn write_volume(path: &Path, volume: &Volume, geometry: &StoredGeometry) -> Result<(), IoError> {
    let element = ElementType::of(volume.voxels());
    let written = Written { shape: volume.grid().shape(), element, scaling: volume.scaling(), geometry, intent_code: 0 };
    require_same_place(path, volume.grid(), geometry)?;
    with_voxels!(volume.voxels(), values => write(path, &written, bytemuck::cast_slice(values)))
}

fn require_same_place(path: &Path, grid: &medley_volume::Grid, geometry: &StoredGeometry) -> Result<(), IoError> {
    let unfit = |fault: String| IoError::Unfit {
        file: path.display().to_string(),
        fault,
        advice: "write it with the geometry of the image it was made on",
    };
    let placed = geometry.place(grid.shape()).map_err(|fault| unfit(format!("the geometry to be stored {fault}")))?;
    placed.grid.require_same(grid).map_err(|error| unfit(error.to_string()))
}

fn write(path: &Path, written: &Written, voxels: &[u8]) -> Result<(), IoError> {
    let name = path.to_string_lossy();
    let is_packed = has_end(&name, ".nii.gz");
    if !is_packed && !has_end(&name, ".nii") {
        let fault = "only NIfTI can be written".to_owned();
        return Err(IoError::Unfit { file: name.into_owned(), fault, advice: "give it a name that ends in .nii.gz or .nii" });
    }
    let header = header::bytes(written);
    let put = |out: &mut dyn Write| -> io::Result<()> {
        out.write_all(&header)?;
        voxels.chunks(CHUNK).try_for_each(|chunk| out.write_all(chunk))
    };
    write_atomically(path, |out| {
        if !is_packed {
            return put(out);
        }
        let mut packed = GzEncoder::new(out, Compression::fast());
        put(&mut packed)?;
        packed.finish().map(|_| ())
    })
}
