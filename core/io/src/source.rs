use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use medley_volume::Voxels;

use crate::IoError;
use crate::element::{Element, ElementType};
use crate::error::COPY_AGAIN;

/// What a byte of deflate can become at most (RFC 1951: 258 bytes for two bits).
const MOST_PER_PACKED_BYTE: u64 = 1032;
/// A packed file that claims more than this and expands more than [`BOMB_RATIO`] times is not unpacked.
const BOMB_BYTES: u64 = 1 << 30;
const BOMB_RATIO: u64 = 200;
/// What is unpacked at once: small enough to stay in the processor's cache between clearing and filling.
const STEP_BYTES: usize = 1 << 18;

/// Opens a file for reading and tells its length. What is not a file is refused before it is opened: a pipe would wait for ever.
pub(crate) fn open_file(path: &Path) -> Result<(File, u64), IoError> {
    let failed = |error| IoError::reading(path, error);
    let about = std::fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        let name = path.display().to_string();
        return Err(IoError::unsupported(&name, "is not a file but a folder or a device", "choose a file"));
    }
    Ok((File::open(path).map_err(failed)?, about.len()))
}

/// Bytes of a file or of memory, unpacked on the way if they are gzip (told by their first two bytes, not by a name).
pub(crate) struct Source<'a> {
    name: String,
    reader: Reader<'a>,
    packed_len: u64,
    position: u64,
}

type Bytes<'a> = Box<dyn BufRead + 'a>;

enum Reader<'a> {
    Plain(Bytes<'a>),
    Gzip(Box<Gunzip<'a>>),
}

impl Source<'static> {
    /// A file on disk.
    pub fn open(path: &Path) -> Result<Self, IoError> {
        let (file, length) = open_file(path)?;
        Self::new(path.display().to_string(), Box::new(BufReader::with_capacity(1 << 17, file)), length)
    }
}

impl<'a> Source<'a> {
    /// Bytes in memory, called `name` in errors.
    pub fn of_bytes(name: &str, bytes: &'a [u8]) -> Result<Self, IoError> {
        Self::new(name.to_owned(), Box::new(bytes), bytes.len() as u64)
    }

    fn new(name: String, mut bytes: Bytes<'a>, packed_len: u64) -> Result<Self, IoError> {
        let is_gzip = match bytes.fill_buf() {
            Ok(head) => head.starts_with(&[0x1f, 0x8b]),
            Err(source) => return Err(IoError::Unreadable { file: name, source }),
        };
        let reader = if is_gzip { Reader::Gzip(Box::new(Gunzip { member: Some(GzDecoder::new(bytes)) })) } else { Reader::Plain(bytes) };
        Ok(Self { name, reader, packed_len, position: 0 })
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes it can give at most, from its very beginning; exact where it is not packed.
    pub fn most_bytes(&self) -> u64 {
        match self.reader {
            Reader::Plain(_) => self.packed_len,
            Reader::Gzip(_) => self.packed_len.saturating_mul(MOST_PER_PACKED_BYTE),
        }
    }

    /// Unpacks what follows in place of what the bytes are: NRRD packs its voxels and not its header.
    pub fn unpacked_from_here(self) -> Result<Self, IoError> {
        match self.reader {
            Reader::Plain(bytes) => {
                let inner = Self::new(self.name, bytes, self.packed_len.saturating_sub(self.position))?;
                match inner.reader {
                    Reader::Gzip(_) => Ok(inner),
                    Reader::Plain(_) => {
                        Err(IoError::malformed(&inner.name, "says that its voxels are packed, and they are not packed", COPY_AGAIN))
                    }
                }
            }
            Reader::Gzip(_) => Ok(self),
        }
    }

    /// Bytes given so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Fills as much of `buffer` as there are bytes left; the rest of it is untouched.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, IoError> {
        let mut filled = 0;
        while filled < buffer.len() {
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            let result = match &mut self.reader {
                Reader::Plain(bytes) => bytes.read(rest),
                Reader::Gzip(gunzip) => gunzip.read(rest),
            };
            match result {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.position += filled as u64;
        Ok(filled)
    }

    /// Passes over bytes until `offset` from the beginning.
    pub fn skip_to(&mut self, offset: u64) -> Result<(), IoError> {
        let mut ignored = [0; 1 << 13];
        while self.position < offset {
            let step = (offset - self.position).min(ignored.len() as u64) as usize;
            let read = self.read(ignored.get_mut(..step).unwrap_or_default())?;
            if read < step {
                return Err(self.ends_early());
            }
        }
        Ok(())
    }

    /// Reads `count` elements of a type; the last bytes read must be those of the file if `is_whole`, which for gzip checks the
    /// checksum. No more memory is taken than a small multiple of what is on disk or was unpacked.
    pub fn voxels(&mut self, element: ElementType, count: usize, is_swapped: bool, is_whole: bool) -> Result<Voxels, IoError> {
        self.check_claim(count as u64, element)?;
        let voxels = match element {
            ElementType::U8 => self.elements::<u8>(count, is_swapped),
            ElementType::I8 => self.elements::<i8>(count, is_swapped),
            ElementType::U16 => self.elements::<u16>(count, is_swapped),
            ElementType::I16 => self.elements::<i16>(count, is_swapped),
            ElementType::U32 => self.elements::<u32>(count, is_swapped),
            ElementType::I32 => self.elements::<i32>(count, is_swapped),
            ElementType::U64 => self.elements::<u64>(count, is_swapped),
            ElementType::I64 => self.elements::<i64>(count, is_swapped),
            ElementType::F32 => self.elements::<f32>(count, is_swapped),
            ElementType::F64 => self.elements::<f64>(count, is_swapped),
        }?;
        if is_whole {
            self.read(&mut [0])?;
        }
        Ok(voxels)
    }

    fn elements<T: Element>(&mut self, count: usize, is_swapped: bool) -> Result<Voxels, IoError> {
        let size = size_of::<T>();
        let step = STEP_BYTES / size;
        let first = match self.reader {
            Reader::Plain(_) => count,
            Reader::Gzip(_) => (self.packed_len as usize).saturating_mul(4).saturating_add(STEP_BYTES) / size,
        };
        let mut values: Vec<T> = Vec::new();
        while values.len() < count {
            if values.len() == values.capacity() {
                let wanted = values.len().max(first).min(count - values.len());
                values.try_reserve_exact(wanted).map_err(|_| self.out_of_memory(count as u64 * size as u64))?;
            }
            let start = values.len();
            let end = count.min(values.capacity()).min(start + step);
            values.resize(end, T::zeroed());
            let part = values.get_mut(start..).unwrap_or_default();
            if self.read(bytemuck::cast_slice_mut(part))? < std::mem::size_of_val(part) {
                return Err(self.ends_early());
            }
            if is_swapped {
                part.iter_mut().for_each(|value| *value = value.swapped());
            }
        }
        Ok(T::into_voxels(values))
    }

    /// Refuses what cannot be there, what looks like a decompression bomb and what the memory does not hold.
    fn check_claim(&self, count: u64, element: ElementType) -> Result<(), IoError> {
        let claimed = count.saturating_mul(element.size() as u64);
        if self.position.saturating_add(claimed) > self.most_bytes() {
            return Err(self.ends_early());
        }
        let is_gzip = matches!(self.reader, Reader::Gzip(_));
        if is_gzip && claimed > BOMB_BYTES && claimed / BOMB_RATIO > self.packed_len {
            let fault = format!("would unpack from {} to {} and may be made to fill the memory", human(self.packed_len), human(claimed));
            return Err(IoError::too_large(&self.name, fault, "if you trust it, unpack it first (gunzip) and open the .nii"));
        }
        match available_memory() {
            Some(available) if claimed > available => Err(self.out_of_memory(claimed)),
            _ => Ok(()),
        }
    }

    fn out_of_memory(&self, claimed: u64) -> IoError {
        let fault = format!("needs {} of memory, more than this machine has free", human(claimed));
        IoError::too_large(&self.name, fault, "close other programs, or crop or downsample the volume first")
    }

    /// What is wrong when bytes end too soon.
    pub fn ends_early(&self) -> IoError {
        IoError::malformed(&self.name, "ends before all the voxels its header promises", COPY_AGAIN)
    }

    fn failed(&self, error: io::Error) -> IoError {
        match (error.kind(), &self.reader) {
            (io::ErrorKind::UnexpectedEof, _) => self.ends_early(),
            (io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData, Reader::Gzip(_)) => {
                IoError::malformed(&self.name, format!("is a damaged gzip file ({error})"), COPY_AGAIN)
            }
            _ => IoError::Unreadable { file: self.name.clone(), source: error },
        }
    }
}

/// Unpacks gzip members one after the other (RFC 1952, 2.2) and ignores what follows the last, as `gunzip` does.
struct Gunzip<'a> {
    member: Option<GzDecoder<Bytes<'a>>>,
}

impl Read for Gunzip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(ended) = self.member.take() else { break };
            let mut rest = ended.into_inner();
            // One byte is enough: the second may not be in the buffer yet.
            if rest.fill_buf()?.first() == Some(&0x1f) {
                self.member = Some(GzDecoder::new(rest));
            }
        }
        Ok(0)
    }
}

/// Refuses what the memory does not hold.
///
/// # Errors
/// [`IoError::TooLarge`] with what `name` needs.
pub(crate) fn require_memory(name: &str, bytes: u64) -> Result<(), IoError> {
    match available_memory() {
        Some(available) if bytes > available => {
            let fault = format!("needs {} of memory, more than this machine has free", human(bytes));
            Err(IoError::too_large(name, fault, "close other programs, or crop or downsample the volume first"))
        }
        _ => Ok(()),
    }
}

/// Bytes the system can still give without swapping, where it tells (Linux).
fn available_memory() -> Option<u64> {
    let about = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = about.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.saturating_mul(1024))
}

/// A number of bytes as a person reads it.
pub(crate) fn human(bytes: u64) -> String {
    let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match units.iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => format!("{:.1} {unit}", bytes as f64 / (1u64 << shift) as f64),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(bytes).expect("packs");
        packed.finish().expect("packs")
    }

    #[test]
    fn members_follow_each_other_wherever_the_buffer_ends() {
        let numbers: Vec<u8> = (0..=255).collect();
        let mut members: Vec<u8> = numbers.chunks(5).flat_map(packed).collect();
        members.extend([0; 40]);
        for capacity in 2..64 {
            let reader = BufReader::with_capacity(capacity, members.as_slice());
            let mut source = Source::new("x".to_owned(), Box::new(reader), members.len() as u64).expect("opens");
            let voxels = source.voxels(ElementType::U8, 256, false, true).expect("all of them");
            assert_eq!(voxels, Voxels::U8(numbers.clone()), "{capacity}");
        }
    }

    #[test]
    fn bytes_are_turned_and_passed_over() {
        let bytes = packed(&[9, 9, 9, 1, 2, 0xff, 0xfe]);
        let mut source = Source::of_bytes("x", &bytes).expect("opens");
        source.skip_to(3).expect("there");
        let is_big_endian = cfg!(target_endian = "big");
        let voxels = source.voxels(ElementType::I16, 2, !is_big_endian, true).expect("there");
        assert_eq!(voxels, Voxels::I16(vec![258, -2]));
        assert!(source.skip_to(100).expect_err("the end").to_string().starts_with("x ends"));
    }

    #[test]
    fn sizes_are_written_for_people() {
        assert_eq!(human(348), "348 bytes");
        assert_eq!(human(1536), "1.5 KiB");
        assert_eq!(human(2_197_000_000), "2.0 GiB");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_system_tells_how_much_memory_there_is() {
        assert!(available_memory().is_some_and(|bytes| bytes > 1 << 20));
    }
}
