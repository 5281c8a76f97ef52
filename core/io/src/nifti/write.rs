use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use medley_volume::{LabelMap, Scaling, Volume, with_voxels};

use super::header::{self, INTENT_LABEL, Written};
use super::pair::has_end;
use super::rest::Rest;
use crate::element::ElementType;
use crate::write::{CHUNK, smallest};
use crate::{IoError, StoredGeometry, write_atomically};

/// A mask as `.nii` or, packed, as `.nii.gz`.
pub(crate) fn write_labels(path: &Path, labels: &LabelMap, geometry: &StoredGeometry) -> Result<(), IoError> {
    let (element, voxels) = smallest(labels);
    let rest = Rest::new(INTENT_LABEL);
    let written = Written { shape: labels.grid().shape(), element, scaling: Scaling::IDENTITY, geometry, rest: &rest };
    write(path, &written, &voxels)
}

/// A scan as `.nii` or, packed, as `.nii.gz`.
pub(crate) fn write_volume(path: &Path, volume: &Volume, geometry: &StoredGeometry) -> Result<(), IoError> {
    let element = ElementType::of(volume.voxels());
    let new = Rest::new(0);
    let rest = geometry.kept.0.as_deref().unwrap_or(&new);
    let written = Written { shape: volume.grid().shape(), element, scaling: volume.scaling(), geometry, rest };
    with_voxels!(volume.voxels(), values => write(path, &written, bytemuck::cast_slice(values)))
}

fn write(path: &Path, written: &Written, voxels: &[u8]) -> Result<(), IoError> {
    let is_packed = has_end(&path.to_string_lossy(), ".gz");
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
