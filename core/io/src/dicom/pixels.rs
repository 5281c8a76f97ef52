//! Stored pixels of a series into one array, slice by slice, several at once.

use std::collections::HashMap;
use std::sync::Arc;

use bytemuck::Pod;
use medley_volume::Voxels;
use rayon::prelude::*;

use super::codec;
use super::data_set::DataSet;
use super::image::{ImageFile, Sample};
use super::part10;
use super::place::{Place, cut_short, open_archive};
use super::series::Plane;
use super::syntax::Codec;
use crate::IoError;
use crate::error::COPY_AGAIN;
use crate::source::require_memory;

/// A file of packed pixels that claims more than this and unpacks more than [`BOMB_RATIO`] times is not unpacked.
const BOMB_BYTES: u64 = 1 << 30;
const BOMB_RATIO: u64 = 200;

/// A type that pixels are stored in.
trait Stored: Pod + Send + Sync {
    const ZERO: Self;
    /// From the bits of a decoder.
    fn of_bits(bits: u32) -> Self;
    /// From the other order of bytes.
    fn swapped(self) -> Self;
    /// The `bits` bits that end with bit `high`, their sign extended.
    fn cut(self, bits: u32, high: u32) -> Self;
}

macro_rules! integer {
    ($($type:ty),+) => {$(
        impl Stored for $type {
            const ZERO: Self = 0;
            fn of_bits(bits: u32) -> Self {
                bits as Self
            }
            fn swapped(self) -> Self {
                self.swap_bytes()
            }
            fn cut(self, bits: u32, high: u32) -> Self {
                // Shifting up and down again extends the sign of signed types and clears the rest of unsigned ones.
                self.wrapping_shl(Self::BITS - 1 - high).wrapping_shr(Self::BITS - bits)
            }
        }
    )+};
}

integer!(u8, i8, u16, i16, u32, i32);

macro_rules! float {
    ($($type:ty),+) => {$(
        impl Stored for $type {
            const ZERO: Self = 0.0;
            fn of_bits(bits: u32) -> Self {
                bits as Self
            }
            fn swapped(self) -> Self {
                Self::from_bits(self.to_bits().swap_bytes())
            }
            fn cut(self, _: u32, _: u32) -> Self {
                self
            }
        }
    )+};
}

float!(f32, f64);

/// The stored pixels of `planes`, one after the other, of the one kind that a series has.
///
/// # Errors
/// If a file cannot be read any more, is damaged, or the memory does not suffice.
pub(crate) fn read(files: &[Arc<ImageFile>], planes: &[Plane]) -> Result<Voxels, IoError> {
    let Some(first) = planes.first().and_then(|plane| files.get(plane.file)) else { return Ok(Voxels::U8(Vec::new())) };
    check_claim(files, planes, first)?;
    let opened = Opened::of(files, planes)?;
    Ok(match first.pixels.sample {
        Sample::U8 => Voxels::U8(fill(files, planes, &opened)?),
        Sample::I8 => Voxels::I8(fill(files, planes, &opened)?),
        Sample::U16 => Voxels::U16(fill(files, planes, &opened)?),
        Sample::I16 => Voxels::I16(fill(files, planes, &opened)?),
        Sample::U32 => Voxels::U32(fill(files, planes, &opened)?),
        Sample::I32 => Voxels::I32(fill(files, planes, &opened)?),
        Sample::F32 => Voxels::F32(fill(files, planes, &opened)?),
        Sample::F64 => Voxels::F64(fill(files, planes, &opened)?),
    })
}

fn check_claim(files: &[Arc<ImageFile>], planes: &[Plane], first: &ImageFile) -> Result<(), IoError> {
    let name = first.place.name();
    let claimed = (planes.len() as u64).saturating_mul(first.pixels.frame_bytes() as u64);
    require_memory(&name, claimed)?;
    if claimed <= BOMB_BYTES || first.codec == Codec::Native {
        return Ok(());
    }
    let mut used: Vec<usize> = planes.iter().map(|plane| plane.file).collect();
    used.sort_unstable();
    used.dedup();
    let packed: u64 = used.iter().filter_map(|&file| files.get(file)).map(|file| file.place.head(0).map_or(0, |(_, length)| length)).sum();
    if claimed / BOMB_RATIO > packed {
        let fault = "would unpack to far more than it holds and may be made to fill the memory";
        return Err(IoError::too_large(&name, fault, "if you trust it, unpack it with another program first"));
    }
    Ok(())
}

fn fill<T: Stored>(files: &[Arc<ImageFile>], planes: &[Plane], opened: &Opened) -> Result<Vec<T>, IoError> {
    let Some(pixels) = planes.first().and_then(|plane| files.get(plane.file)).map(|file| file.pixels) else { return Ok(Vec::new()) };
    let length = pixels.rows * pixels.columns;
    let mut values = vec![T::ZERO; length * planes.len()];
    values.par_chunks_mut(length).zip(planes).try_for_each(|(into, plane)| match files.get(plane.file) {
        Some(file) => one(file, plane, opened.get(plane.file), into),
        None => Ok(()),
    })?;
    Ok(values)
}

/// Fills `into` with one frame.
fn one<T: Stored>(file: &ImageFile, plane: &Plane, opened: Option<&Contents>, into: &mut [T]) -> Result<(), IoError> {
    let name = file.place.name();
    let is_swapped = file.syntax.encoding.is_big_endian != cfg!(target_endian = "big");
    let at = file.pixel_place.offset + plane.frame * file.pixels.frame_bytes();
    match (file.codec, opened) {
        (Codec::Native, None) => file.place.read_at(at as u64, bytemuck::cast_slice_mut(into))?,
        (Codec::Native, Some(contents)) => {
            let bytes: &mut [u8] = bytemuck::cast_slice_mut(into);
            let from = contents.bytes.get(at..).and_then(|rest| rest.get(..bytes.len())).ok_or_else(|| cut_short(&name))?;
            bytes.copy_from_slice(from);
        }
        (codec, contents) => {
            let own;
            let contents = match contents {
                Some(contents) => contents,
                None => {
                    own = Contents::of(file, file.place.bytes()?)?;
                    &own
                }
            };
            let packed = contents.packed(plane.frame).ok_or_else(|| cut_short(&name))?;
            let bits = codec::unpack(codec, &packed, &file.pixels).map_err(|fault| IoError::malformed(&name, fault, COPY_AGAIN))?;
            into.iter_mut().zip(bits).for_each(|(value, bits)| *value = T::of_bits(bits));
        }
    }
    let is_raw = file.codec == Codec::Native;
    if is_raw && is_swapped && size_of::<T>() > 1 {
        into.iter_mut().for_each(|value| *value = value.swapped());
    }
    let (bits, high) = (file.pixels.bits_stored, file.pixels.high_bit);
    if bits < size_of::<T>() as u32 * 8 {
        into.iter_mut().for_each(|value| *value = value.cut(bits, high));
    }
    Ok(())
}

/// Files whose bytes are kept while their frames are read: those with several packed frames, those that are deflated, and those in
/// zip files.
struct Opened(HashMap<usize, Contents>);

struct Contents {
    bytes: Vec<u8>,
    /// For packed pixels: the fragments of each frame.
    frames: Vec<Vec<(usize, usize)>>,
}

impl Opened {
    fn of(files: &[Arc<ImageFile>], planes: &[Plane]) -> Result<Self, IoError> {
        let mut uses: HashMap<usize, usize> = HashMap::new();
        planes.iter().for_each(|plane| *uses.entry(plane.file).or_default() += 1);
        let mut kept = HashMap::new();
        let mut archive = None;
        let mut order: Vec<(usize, usize)> = uses.into_iter().collect();
        order.sort_unstable();
        for (index, uses) in order {
            let Some(file) = files.get(index) else { continue };
            let bytes = match &file.place {
                Place::Entry { archive: path, index, .. } => {
                    let reader = match &mut archive {
                        Some(reader) => reader,
                        None => archive.insert(open_archive(path)?),
                    };
                    file.place.entry_bytes(reader, *index)?
                }
                Place::File(_) if file.syntax.is_deflated || (uses > 1 && file.codec != Codec::Native) => file.place.bytes()?,
                Place::File(_) => continue,
            };
            kept.insert(index, Contents::of(file, bytes)?);
        }
        Ok(Self(kept))
    }

    fn get(&self, file: usize) -> Option<&Contents> {
        self.0.get(&file)
    }
}

impl Contents {
    fn of(file: &ImageFile, bytes: Vec<u8>) -> Result<Self, IoError> {
        let damaged = || IoError::malformed(&file.place.name(), "has changed since its header was read", "open it again");
        if file.syntax.is_deflated {
            let part = part10::open(&bytes, bytes.len() as u64).map_err(|_| damaged())?;
            return Ok(Self { bytes: part.data_set.into_owned(), frames: Vec::new() });
        }
        let frames = if file.codec == Codec::Native { Vec::new() } else { fragments(&bytes, file) };
        Ok(Self { bytes, frames })
    }

    fn packed(&self, frame: usize) -> Option<Vec<u8>> {
        let mut packed = Vec::new();
        for &(start, end) in self.frames.get(frame)? {
            packed.extend_from_slice(self.bytes.get(start..end)?);
        }
        Some(packed)
    }
}

/// Where the fragments of each frame are (PS3.5 A.4): one fragment is a frame, or the offset table tells, or the marker that every
/// picture begins with.
fn fragments(bytes: &[u8], file: &ImageFile) -> Vec<Vec<(usize, usize)>> {
    let count = file.frames.len();
    let mut items = Vec::new();
    let mut at = file.pixel_place.offset;
    while let Some(head) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let &[0xfe, 0xff, 0x00, 0xe0, a, b, c, d] = head else { break };
        let start = at + 8;
        let end = start.saturating_add(u32::from_le_bytes([a, b, c, d]) as usize).min(bytes.len());
        items.push((start, end));
        at = end;
    }
    if items.is_empty() {
        return Vec::new();
    }
    let (table_start, table_end) = items.remove(0);
    if count == 1 {
        return vec![items];
    }
    if items.len() == count {
        return items.into_iter().map(|item| vec![item]).collect();
    }
    let table = bytes.get(table_start..table_end).unwrap_or_default();
    let offsets: Vec<usize> = table.as_chunks().0.iter().map(|&offset| u32::from_le_bytes(offset) as usize).collect();
    let begins_frame = |start: usize| match offsets.len() == count {
        true => offsets.contains(&start.saturating_sub(8 + table_end)),
        false => matches!(bytes.get(start..start + 2), Some([0xff, 0xd8 | 0x4f])),
    };
    let mut frames: Vec<Vec<(usize, usize)>> = Vec::new();
    for item in items {
        match frames.last_mut() {
            Some(frame) if !begins_frame(item.0) => frame.push(item),
            _ => frames.push(vec![item]),
        }
    }
    frames
}

/// The header of a file, again, for what is not kept of every file.
pub(crate) fn with_header<R>(file: &ImageFile, read: impl FnOnce(&DataSet<'_>) -> R) -> Result<R, IoError> {
    let bytes = file.place.bytes()?;
    let damaged = || IoError::malformed(&file.place.name(), "has changed since its header was read", "open it again");
    let part = part10::open(&bytes, bytes.len() as u64).map_err(|_| damaged())?;
    let (set, ..) = DataSet::read(&part.data_set, part.syntax.encoding).map_err(|_| damaged())?;
    Ok(read(&set))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_cut_where_they_are() {
        assert_eq!(0xf123u16.cut(12, 11), 0x123);
        assert_eq!(0x1230u16.cut(12, 15), 0x123);
        assert_eq!(0x0fffi16.cut(12, 11), -1);
        assert_eq!(0x07ffi16.cut(12, 11), 0x7ff);
        assert_eq!(0x3fffi16.cut(14, 13), -1);
        assert_eq!(u8::of_bits(0x1ff), 0xff);
        assert_eq!(i16::of_bits(5u32.wrapping_sub(8)), -3);
    }
}
