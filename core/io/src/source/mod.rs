mod gunzip;
mod threads;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::path::Path;

use flate2::bufread::ZlibDecoder;
use gunzip::Gunzip;
use medley_volume::Voxels;

use crate::element::{Element, ElementType, with_element};
use crate::error::COPY_AGAIN;
use crate::{IoError, Progress};

/// What a byte of deflate can become at most (RFC 1951: 258 bytes for two bits).
const MOST_PER_PACKED_BYTE: u64 = 1032;
/// A packed file that claims more than this and expands more than [`BOMB_RATIO`] times is not unpacked.
const BOMB_BYTES: u64 = 1 << 30;
const BOMB_RATIO: u64 = 200;
/// What is unpacked at once: small enough to stay in the processor's cache between clearing and filling.
const STEP_BYTES: usize = 1 << 18;
/// From here on a second thread is worth its while.
const ALONE_BYTES: usize = 4 << 20;

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
    progress: Option<&'a dyn Progress>,
    /// The file on disk, if there is one: several places of it can be read at once.
    file: Option<File>,
}

type Bytes<'a> = Box<dyn BufRead + Send + 'a>;

enum Reader<'a> {
    Plain(Bytes<'a>),
    Gzip(Box<Gunzip<Bytes<'a>>>),
    Zlib(Box<ZlibDecoder<Bytes<'a>>>),
}

impl Reader<'_> {
    /// Fills as much of `buffer` as there are bytes left.
    fn read_all(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            let result = match self {
                Reader::Plain(bytes) => bytes.read(rest),
                Reader::Gzip(gunzip) => gunzip.read(rest),
                Reader::Zlib(inflate) => inflate.read(rest),
            };
            match result {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

impl Source<'static> {
    /// A file on disk.
    pub fn open(path: &Path) -> Result<Self, IoError> {
        let (file, length) = open_file(path)?;
        let again = file.try_clone().ok();
        let source = Self::new(path.display().to_string(), Box::new(BufReader::with_capacity(1 << 17, file)), length)?;
        Ok(Self { file: again, ..source })
    }

    /// A file on disk whose bytes are voxels, whatever they look like.
    pub fn open_raw(path: &Path) -> Result<Self, IoError> {
        let (file, length) = open_file(path)?;
        let again = file.try_clone().ok();
        let reader = Reader::Plain(Box::new(BufReader::with_capacity(1 << 17, file)));
        Ok(Self { name: path.display().to_string(), reader, packed_len: length, position: 0, progress: None, file: again })
    }
}

impl<'a> Source<'a> {
    /// Bytes in memory, called `name` in errors.
    pub fn of_bytes(name: &str, bytes: &'a [u8]) -> Result<Self, IoError> {
        Self::new(name.to_owned(), Box::new(bytes), bytes.len() as u64)
    }

    /// Bytes in memory that are voxels, whatever they look like.
    pub fn of_raw_bytes(name: &str, bytes: &'a [u8]) -> Self {
        let reader = Reader::Plain(Box::new(bytes));
        Self { name: name.to_owned(), reader, packed_len: bytes.len() as u64, position: 0, progress: None, file: None }
    }

    fn new(name: String, mut bytes: Bytes<'a>, packed_len: u64) -> Result<Self, IoError> {
        let is_gzip = match bytes.fill_buf() {
            Ok(head) => head.starts_with(&[0x1f, 0x8b]),
            Err(source) => return Err(IoError::Unreadable { file: name, source }),
        };
        let reader = if is_gzip { Reader::Gzip(Box::new(Gunzip::new(bytes))) } else { Reader::Plain(bytes) };
        Ok(Self { name, reader, packed_len, position: 0, progress: None, file: None })
    }

    /// The same bytes, with somebody who is told while voxels are read.
    pub fn watched<'b>(self, progress: Option<&'b dyn Progress>) -> Source<'b>
    where
        'a: 'b,
    {
        Source { progress, ..self }
    }

    /// Whether whoever is told wants to go on.
    pub fn tell(&self, done: usize, all: usize) -> Result<(), IoError> {
        let fraction = done as f64 / all.max(1) as f64;
        match self.progress.map(|progress| progress.reached(fraction)) {
            Some(ControlFlow::Break(())) => Err(IoError::Cancelled { file: self.name.clone() }),
            _ => Ok(()),
        }
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes it can give at most, from its very beginning; exact where it is not packed.
    pub fn most_bytes(&self) -> u64 {
        match self.reader {
            Reader::Plain(_) => self.packed_len,
            _ => self.packed_len.saturating_mul(MOST_PER_PACKED_BYTE),
        }
    }

    /// Unpacks what follows in place of what the bytes are: NRRD and MetaImage pack their voxels and not their header. Either wrapping
    /// of deflate is taken, gzip (RFC 1952) or zlib (RFC 1950).
    pub fn unpacked_from_here(self) -> Result<Self, IoError> {
        let not_packed = |name: &str| Err(IoError::malformed(name, "says that its voxels are packed, and they are not packed", COPY_AGAIN));
        let Reader::Plain(mut bytes) = self.reader else {
            return Err(IoError::unsupported(&self.name, "is packed twice", "unpack it first (gunzip) and open it then"));
        };
        let left = self.packed_len.saturating_sub(self.position);
        let head = match bytes.fill_buf() {
            Ok(head) => head.first().copied().zip(head.get(1).copied()),
            Err(source) => return Err(IoError::Unreadable { file: self.name, source }),
        };
        let reader = match head {
            Some((0x1f, 0x8b)) => Reader::Gzip(Box::new(Gunzip::new(bytes))),
            Some((a, b)) if a & 0x0f == 8 && (u16::from(a) << 8 | u16::from(b)) % 31 == 0 => {
                Reader::Zlib(Box::new(ZlibDecoder::new(bytes)))
            }
            _ => return not_packed(&self.name),
        };
        Ok(Self { name: self.name, reader, packed_len: left, position: 0, progress: self.progress, file: None })
    }

    /// Bytes given so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Fills as much of `buffer` as there are bytes left; the rest of it is untouched.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, IoError> {
        match self.reader.read_all(buffer) {
            Ok(filled) => {
                self.position += filled as u64;
                Ok(filled)
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Appends `count` bytes; `false` if there are fewer. Memory is taken as they come.
    pub fn read_bytes(&mut self, count: usize, into: &mut Vec<u8>) -> Result<bool, IoError> {
        let end = into.len().saturating_add(count);
        while into.len() < end {
            let start = into.len();
            into.resize(end.min(start + (1 << 16)), 0);
            let part = into.get_mut(start..).unwrap_or_default();
            let (wanted, read) = (part.len(), self.read(part)?);
            if read < wanted {
                into.truncate(start + read);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Passes over bytes until `offset` from the beginning.
    pub fn skip_to(&mut self, offset: u64) -> Result<(), IoError> {
        let mut ignored = [0; 1 << 15];
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
        let voxels = with_element!(element, T => self.elements::<T>(count, is_swapped))?;
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
            _ => (self.packed_len as usize).saturating_mul(4).saturating_add(STEP_BYTES) / size,
        };
        let mut values: Vec<T> = Vec::new();
        if let (Reader::Plain(_), Some(file), true) = (&self.reader, &self.file, count * size >= ALONE_BYTES) {
            let values = self.read_in_pieces(file, count, is_swapped)?;
            // What comes after the voxels stays where it is: nobody reads it.
            self.position += (count * size) as u64;
            return Ok(T::into_voxels(values));
        }
        if !matches!(self.reader, Reader::Plain(_)) && count * size >= ALONE_BYTES {
            self.unpack_beside(&mut values, count, first, is_swapped)?;
        }
        while values.len() < count {
            self.grow(&mut values, first, count)?;
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
            self.tell(end, count)?;
        }
        Ok(T::into_voxels(values))
    }

    /// Makes room for more where there is none: as much as `first`, then twice as much, never more than is needed.
    fn grow<T>(&self, values: &mut Vec<T>, first: usize, count: usize) -> Result<(), IoError> {
        if values.len() == values.capacity() {
            let wanted = values.len().max(first).min(count - values.len());
            values.try_reserve_exact(wanted).map_err(|_| self.out_of_memory((count * size_of::<T>()) as u64))?;
        }
        Ok(())
    }

    /// Refuses what cannot be there, what looks like a decompression bomb and what the memory does not hold.
    fn check_claim(&self, count: u64, element: ElementType) -> Result<(), IoError> {
        let claimed = count.saturating_mul(element.size() as u64);
        if self.position.saturating_add(claimed) > self.most_bytes() {
            return Err(self.ends_early());
        }
        let is_packed = !matches!(self.reader, Reader::Plain(_));
        if is_packed && claimed > BOMB_BYTES && claimed / BOMB_RATIO > self.packed_len {
            let fault = format!("would unpack from {} to {} and may be made to fill the memory", human(self.packed_len), human(claimed));
            return Err(IoError::too_large(&self.name, fault, "if you trust it, unpack it first (gunzip) and open it then"));
        }
        require_memory(&self.name, claimed)
    }

    fn out_of_memory(&self, claimed: u64) -> IoError {
        out_of_memory(&self.name, claimed)
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
            (io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData, Reader::Zlib(_)) => {
                IoError::malformed(&self.name, format!("has damaged packed voxels ({error})"), COPY_AGAIN)
            }
            _ => IoError::Unreadable { file: self.name.clone(), source: error },
        }
    }
}

/// Refuses what the memory does not hold.
///
/// # Errors
/// [`IoError::TooLarge`] with what `name` needs.
pub(crate) fn require_memory(name: &str, bytes: u64) -> Result<(), IoError> {
    match available_memory() {
        Some(available) if bytes > available => Err(out_of_memory(name, bytes)),
        _ => Ok(()),
    }
}

fn out_of_memory(name: &str, bytes: u64) -> IoError {
    let fault = format!("needs {} of memory, more than this machine has free", human(bytes));
    IoError::too_large(name, fault, "close other programs, or crop or downsample the volume first")
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
