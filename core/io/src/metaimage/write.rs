use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use medley_volume::{Grid, LabelMap, Volume, with_voxels};

use crate::baked::values_of;
use crate::element::ElementType;
use crate::nifti::has_end;
use crate::write::{CHUNK, smallest};
use crate::{IoError, write_atomically};

/// A mask as `.mha`, or as `.mhd` with a `.zraw` beside it.
pub(crate) fn write_labels(path: &Path, labels: &LabelMap) -> Result<(), IoError> {
    let (element, voxels) = smallest(labels);
    write(path, labels.grid(), element, &voxels)
}

/// A scan likewise, its scaling applied, for MetaImage has none that other programs obey.
pub(crate) fn write_volume(path: &Path, volume: &Volume) -> Result<(), IoError> {
    let values = values_of(volume);
    let element = ElementType::of(&values);
    with_voxels!(&*values, values => write(path, volume.grid(), element, bytemuck::cast_slice(values)))
}

fn write(path: &Path, grid: &Grid, element: ElementType, voxels: &[u8]) -> Result<(), IoError> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let packed = voxels.chunks(CHUNK).try_for_each(|chunk| packed.write_all(chunk)).and_then(|()| packed.finish());
    let packed = packed.map_err(|source| IoError::writing(path, source))?;
    if !has_end(&path.to_string_lossy(), ".mhd") {
        let header = header(grid, element, packed.len(), "LOCAL");
        return write_atomically(path, |out| {
            out.write_all(header.as_bytes())?;
            out.write_all(&packed)
        });
    }
    let beside = path.with_extension("zraw");
    let unfit = |fault: &str, advice| IoError::Unfit { file: path.display().to_string(), fault: fault.to_owned(), advice };
    let Some(name) = beside.file_name().and_then(|name| name.to_str()).filter(|name| !name.contains([':', '\\', '\n'])) else {
        return Err(unfit("its name cannot stand in a header", "choose a name of letters and digits"));
    };
    if beside.exists() && !path.exists() {
        return Err(unfit("its voxels would replace a file of another header (.zraw)", "choose another name"));
    }
    write_atomically(&beside, |out| out.write_all(&packed))?;
    let header = header(grid, element, packed.len(), name);
    write_atomically(path, |out| out.write_all(header.as_bytes()))
}

/// World is LPS; each run of three numbers in the matrix is the direction of one axis.
fn header(grid: &Grid, element: ElementType, packed: usize, file: &str) -> String {
    let (affine, spacing, [i, j, k]) = (grid.ras_from_voxel(), grid.spacing(), grid.shape());
    let lps = |v: medley_volume::glam::DVec3| format!("{} {} {}", 0.0 - v.x, 0.0 - v.y, v.z);
    let matrix: Vec<String> = (0..3).map(|axis| lps(affine.matrix3.col(axis) / spacing[axis])).collect();
    // MetaIO's letters say where an axis comes from, not where it goes.
    let from: String = grid.axes().codes().chars().map(opposite).collect();
    let is_big = if cfg!(target_endian = "big") { "True" } else { "False" };
    format!(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = {is_big}\nCompressedData = True\n\
         CompressedDataSize = {packed}\nTransformMatrix = {}\nOffset = {}\nCenterOfRotation = 0 0 0\nAnatomicalOrientation = {from}\n\
         ElementSpacing = {} {} {}\nDimSize = {i} {j} {k}\nElementType = {}\nElementDataFile = {file}\n",
        matrix.join(" "),
        lps(affine.translation),
        spacing[0],
        spacing[1],
        spacing[2],
        name(element),
    )
}

fn opposite(letter: char) -> char {
    match letter {
        'R' => 'L',
        'L' => 'R',
        'A' => 'P',
        'P' => 'A',
        'S' => 'I',
        'I' => 'S',
        other => other,
    }
}

fn name(element: ElementType) -> &'static str {
    match element {
        ElementType::U8 => "MET_UCHAR",
        ElementType::I8 => "MET_CHAR",
        ElementType::U16 => "MET_USHORT",
        ElementType::I16 => "MET_SHORT",
        ElementType::U32 => "MET_UINT",
        ElementType::I32 => "MET_INT",
        ElementType::U64 => "MET_ULONG_LONG",
        ElementType::I64 => "MET_LONG_LONG",
        ElementType::F32 => "MET_FLOAT",
        ElementType::F64 => "MET_DOUBLE",
    }
}
