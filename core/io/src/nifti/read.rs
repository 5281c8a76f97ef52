use std::path::Path;

use super::header::{self, Fault, Header, LEN_1, LEN_2};
use super::pair::{has_end, partner};
use crate::IoError;
use crate::error::{CONVERT, COPY_AGAIN};
use crate::opened::{NiftiAbout, Stored};
use crate::source::Source;

/// Reads a NIfTI file, or the pair that `path` is either half of.
pub(crate) fn read(path: &Path) -> Result<Stored, IoError> {
    let name = path.to_string_lossy();
    let is_image = has_end(&name, ".img") || has_end(&name, ".img.gz");
    let header_path = if is_image { partner(path) } else { None };
    let is_alone = is_image && header_path.is_none();
    let header_path = header_path.as_deref().unwrap_or(path);
    let mut source = Source::open(header_path)?;
    let header = match read_header(&mut source) {
        Err(IoError::Malformed { file, .. }) if is_alone => {
            return Err(IoError::malformed(&file, "holds voxels whose header is in a second file (.hdr), which is not there", COPY_AGAIN));
        }
        other => other?,
    };
    if !header.is_pair {
        return read_voxels(header, source);
    }
    let Some(image) = partner(header_path) else {
        return Err(IoError::malformed(
            source.name(),
            "is a header whose voxels are in a second file (.img), which is not there",
            COPY_AGAIN,
        ));
    };
    read_voxels(header, Source::open(&image)?)
}

/// Reads a single NIfTI file from memory.
pub(crate) fn read_bytes(name: &str, bytes: &[u8]) -> Result<Stored, IoError> {
    let mut source = Source::of_bytes(name, bytes)?;
    let header = read_header(&mut source)?;
    if header.is_pair {
        return Err(IoError::unsupported(name, "is only the header of a pair of files", "give a single .nii file"));
    }
    read_voxels(header, source)
}

fn read_header(source: &mut Source) -> Result<Header, IoError> {
    let mut bytes = [0; LEN_2];
    let (first, more) = bytes.split_at_mut(LEN_1);
    let mut length = source.read(first)?;
    if length == 0 {
        return Err(IoError::malformed(source.name(), "is empty", COPY_AGAIN));
    }
    if header::is_header(first).is_some_and(|(needed, _)| needed == LEN_2) {
        length += source.read(more)?;
        if length < LEN_2 {
            return Err(IoError::malformed(source.name(), "ends inside its header", COPY_AGAIN));
        }
    }
    header::parse(bytes.get(..length).unwrap_or_default()).map_err(|fault| match fault {
        Fault::Malformed(what) => IoError::malformed(source.name(), what, "choose another file, or export it again"),
        Fault::Unsupported(what) => IoError::unsupported(source.name(), what, CONVERT),
    })
}

fn read_voxels(header: Header, mut source: Source) -> Result<Stored, IoError> {
    let Header { shape, element, scaling, geometry, mut notices, .. } = header;
    let sides: [usize; 3] = std::array::from_fn(|axis| shape.get(axis).copied().unwrap_or(1));
    let placed =
        geometry.place(sides).map_err(|fault| IoError::malformed(source.name(), fault, "correct its header or export it again"))?;
    let all: usize = shape.iter().product();
    let count: usize = sides.iter().product();
    if header.offset.saturating_add((all * element.size()) as u64) > source.most_bytes() {
        return Err(source.ends_early());
    }
    source.skip_to(header.offset)?;
    let voxels = source.voxels(element, count, header.is_swapped, all == count)?;
    if all > count {
        let volumes = all / count;
        notices.push(format!("The file holds {volumes} volumes, one after the other: only the first is opened."));
    }
    notices.extend(placed.notices);
    let about = NiftiAbout {
        format: if header.is_nifti2 { "NIfTI-2" } else { "NIfTI-1" }.to_owned(),
        dtype: voxels.type_name().to_owned(),
        shape,
        length_unit: geometry.length_unit().to_owned(),
        sform_code: geometry.sform_code(),
        qform_code: geometry.qform_code(),
        intent_code: header.intent_code,
        affine_from: placed.source,
    };
    Ok(Stored { name: source.name().to_owned(), grid: placed.grid, voxels, scaling, geometry, about, notices })
}
