use std::fmt::Write as _;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use medley_volume::glam::DVec3;
use medley_volume::{Grid, LabelMap, LabelTable, Volume, with_voxels};

use super::header::type_name;
use super::segments;
use crate::baked::values_of;
use crate::element::ElementType;
use crate::write::{CHUNK, smallest};
use crate::{IoError, write_atomically};

/// A mask as a single gzip-packed `.nrrd`.
pub(crate) fn write_labels(path: &Path, labels: &LabelMap) -> Result<(), IoError> {
    let (element, voxels) = smallest(labels);
    write(path, labels.grid(), element, &voxels, "")
}

/// A mask as a segmentation of 3D Slicer in one layer.
pub(crate) fn write_segments(path: &Path, labels: &LabelMap, table: &LabelTable) -> Result<(), IoError> {
    let (element, voxels) = smallest(labels);
    write(path, labels.grid(), element, &voxels, &segments::pairs(labels, table))
}

/// A scan as a single gzip-packed `.nrrd`, its scaling applied, for NRRD has none.
pub(crate) fn write_volume(path: &Path, volume: &Volume) -> Result<(), IoError> {
    let values = values_of(volume);
    let element = ElementType::of(&values);
    with_voxels!(&*values, values => write(path, volume.grid(), element, bytemuck::cast_slice(values), ""))
}

fn write(path: &Path, grid: &Grid, element: ElementType, voxels: &[u8], pairs: &str) -> Result<(), IoError> {
    let header = header(grid, element, pairs);
    write_atomically(path, |out| {
        out.write_all(header.as_bytes())?;
        let mut packed = GzEncoder::new(out, Compression::fast());
        voxels.chunks(CHUNK).try_for_each(|chunk| packed.write_all(chunk))?;
        packed.finish().map(|_| ())
    })
}

/// In the space that 3D Slicer and ITK use.
fn header(grid: &Grid, element: ElementType, pairs: &str) -> String {
    let [i, j, k] = grid.shape();
    let affine = grid.ras_from_voxel();
    let lps = |v: DVec3| format!("({},{},{})", 0.0 - v.x, 0.0 - v.y, v.z);
    let [x, y, z] = [0, 1, 2].map(|axis| lps(affine.matrix3.col(axis)));
    let mut text = format!(
        "NRRD0004\n# Complete NRRD file format specification at:\n# http://teem.sourceforge.net/nrrd/format.html\n\
         type: {}\ndimension: 3\nspace: left-posterior-superior\nsizes: {i} {j} {k}\nspace directions: {x} {y} {z}\n\
         kinds: domain domain domain\n",
        type_name(element)
    );
    if element.size() > 1 {
        text.push_str(if cfg!(target_endian = "big") { "endian: big\n" } else { "endian: little\n" });
    }
    let _ = write!(text, "encoding: gzip\nspace origin: {}\n{pairs}\n", lps(affine.translation));
    text
}
