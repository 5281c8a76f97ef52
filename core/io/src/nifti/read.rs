use std::path::Path;
use std::sync::Arc;

use super::header::{self, Fault, Header, LEN_1, LEN_2};
use super::pair::{has_end, partner};
use super::rest::{Kept, read_extensions};
use crate::IoError;
use crate::error::{CONVERT, COPY_AGAIN};
use crate::opened::{NiftiAbout, Stored};
use crate::progress::Wish;
use crate::source::Source;

/// Reads a NIfTI file, or the pair that `path` is either half of.
pub(crate) fn read(path: &Path, wish: Wish) -> Result<Stored, IoError> {
    let name = path.to_string_lossy();
    let is_image = has_end(&name, ".img") || has_end(&name, ".img.gz");
    let header_path = if is_image { partner(path) } else { None };
    let is_alone = is_image && header_path.is_none();
    let header_path = header_path.as_deref().unwrap_or(path);
    let mut source = Source::open(header_path)?;
    let mut header = match read_header(&mut source) {
        Err(IoError::Malformed { file, .. }) if is_alone => {
            return Err(IoError::malformed(&file, "holds voxels whose header is in a second file (.hdr), which is not there", COPY_AGAIN));
        }
        other => other?,
    };
    header.rest.extensions = read_extensions(&mut source, header.end_of_extensions(), header.is_swapped, &mut header.notices)?;
    if !header.is_pair {
        return read_voxels(header, source, wish);
    }
    let Some(image) = partner(header_path) else {
        return Err(IoError::malformed(
            source.name(),
            "is a header whose voxels are in a second file (.img), which is not there",
            COPY_AGAIN,
        ));
    };
    read_voxels(header, Source::open(&image)?, wish)
}

/// Reads a single NIfTI file from memory.
pub(crate) fn read_bytes(name: &str, bytes: &[u8], wish: Wish) -> Result<Stored, IoError> {
    let mut source = Source::of_bytes(name, bytes)?;
    let mut header = read_header(&mut source)?;
    if header.is_pair {
        return Err(IoError::unsupported(name, "is only the header of a pair of files", "give a single .nii file"));
    }
    header.rest.extensions = read_extensions(&mut source, header.end_of_extensions(), header.is_swapped, &mut header.notices)?;
    read_voxels(header, source, wish)
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

impl Header {
    /// Where extensions end: at the voxels, or in a pair at the end of the header's file.
    fn end_of_extensions(&self) -> Option<u64> {
        (!self.is_pair).then_some(self.offset)
    }
}

fn read_voxels(header: Header, source: Source, wish: Wish) -> Result<Stored, IoError> {
    let mut source = source.watched(wish.progress);
    let Header { shape, element, scaling, mut geometry, mut rest, mut notices, .. } = header;
    let sides: [usize; 3] = std::array::from_fn(|axis| shape.get(axis).copied().unwrap_or(1));
    let placed =
        geometry.place(sides).map_err(|fault| IoError::malformed(source.name(), fault, "correct its header or export it again"))?;
    let all: usize = shape.iter().product();
    let count: usize = sides.iter().product();
    if header.offset.saturating_add((all * element.size()) as u64) > source.most_bytes() {
        return Err(source.ends_early());
    }
    let frames = all / count;
    check_frame(source.name(), wish, frames, &mut notices)?;
    source.skip_to(header.offset + (wish.frame * count * element.size()) as u64)?;
    let voxels = source.voxels(element, count, header.is_swapped, wish.frame + 1 == frames)?;
    notices.extend(placed.notices);
    let about = NiftiAbout {
        format: if header.is_nifti2 { "NIfTI-2" } else { "NIfTI-1" }.to_owned(),
        dtype: voxels.type_name().to_owned(),
        length_unit: geometry.length_unit().to_owned(),
        sform_code: geometry.sform_code(),
        qform_code: geometry.qform_code(),
        intent_code: rest.intent_code,
        affine_from: placed.source,
        shape,
    };
    if frames > 1 {
        // What the values of several volumes mean together, one of them does not mean alone.
        (rest.intent_code, rest.intent_p, rest.intent_name) = (0, [0.0; 3], [0; 16]);
    }
    geometry.kept = Kept(Some(Arc::new(rest)));
    Ok(Stored { name: source.name().to_owned(), grid: placed.grid, voxels, scaling, geometry, about, notices })
}

/// Refuses a volume that is not there, and tells that there are others where none was chosen.
pub(crate) fn check_frame(name: &str, wish: Wish, frames: usize, notices: &mut Vec<String>) -> Result<(), IoError> {
    if wish.frame >= frames {
        let fault = match frames {
            1 => format!("holds a single volume, so there is no number {}", wish.frame + 1),
            _ => format!("holds {frames} volumes, so there is no number {}", wish.frame + 1),
        };
        return Err(IoError::unsupported(name, fault, "choose one that is there"));
    }
    if frames > 1 && !wish.is_chosen {
        notices.push(format!("The file holds {frames} volumes, one after the other: only the first is opened."));
    }
    Ok(())
}
