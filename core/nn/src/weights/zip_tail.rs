//! A way round a misreading of some zip files.
//!
//! PyTorch ends its zips with 76 bytes of 64-bit records that they do not need. The zip reader (9.8) takes no notice of them
//! where no field says it must, but then looks for the directory that many bytes too late, and believes what it finds if a
//! directory entry happens to start there: so it does whenever the first entry has 76 bytes, that is, whenever the checkpoint
//! was saved under a name of 21 characters. Such a file is copied without those records.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Bytes of the end record (without a comment), and of the two 64-bit records before it.
const END: u64 = 22;
const RECORDS_64: u64 = 56 + 20;

/// A copy that is read right, if `path` is a zip that would not be.
pub(super) fn readable_copy(path: &Path) -> io::Result<Option<NamedTempFile>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let Some(end_at) = length.checked_sub(END) else { return Ok(None) };
    let Some(records_at) = end_at.checked_sub(RECORDS_64) else { return Ok(None) };
    let mut tail = [0; (RECORDS_64 + END) as usize];
    file.seek(SeekFrom::Start(records_at))?;
    file.read_exact(&mut tail)?;
    let (records, end) = tail.split_at(RECORDS_64 as usize);
    let is_as_pytorch_writes =
        records.starts_with(b"PK\x06\x06") && records[56..].starts_with(b"PK\x06\x07") && end.starts_with(b"PK\x05\x06");
    let number = |at: usize| end[at..].first_chunk::<4>().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
    let (size, start) = (number(12), number(16));
    if !is_as_pytorch_writes || start + size != records_at {
        return Ok(None);
    }
    let mut signature = [0; 4];
    file.seek(SeekFrom::Start(start + RECORDS_64))?;
    file.read_exact(&mut signature)?;
    if &signature != b"PK\x01\x02" {
        return Ok(None);
    }
    let mut copy = NamedTempFile::new()?;
    file.seek(SeekFrom::Start(0))?;
    io::copy(&mut file.take(records_at), &mut copy)?;
    copy.write_all(end)?;
    copy.flush()?;
    Ok(Some(copy))
}

#[cfg(test)]
mod tests {
    use crate::weights::{WeightsError, WeightsFile};

    /// A zip as PyTorch lays it out, holding an empty dictionary.
    fn checkpoint(root: &str) -> Vec<u8> {
        let entries: [(String, &[u8]); 2] = [(format!("{root}/data.pkl"), b"\x80\x02}."), (format!("{root}/byteorder"), b"little")];
        let (mut bytes, mut directory) = (Vec::new(), Vec::new());
        for (name, data) in &entries {
            let sizes = [0u32.to_le_bytes(), (data.len() as u32).to_le_bytes(), (data.len() as u32).to_le_bytes()].concat();
            let names = [(name.len() as u16).to_le_bytes(), 0u16.to_le_bytes()].concat();
            directory.extend(
                [b"PK\x01\x02".as_slice(), &[0; 12], &sizes, &names, &[0; 10], &(bytes.len() as u32).to_le_bytes(), name.as_bytes()]
                    .concat(),
            );
            bytes.extend([b"PK\x03\x04".as_slice(), &[0; 10], &sizes, &names, name.as_bytes(), data].concat());
        }
        let (start, size) = (bytes.len() as u64, directory.len() as u64);
        bytes.extend(directory);
        let records_at = bytes.len() as u64;
        let counts = [2u64.to_le_bytes(), 2u64.to_le_bytes(), size.to_le_bytes(), start.to_le_bytes()].concat();
        bytes.extend([b"PK\x06\x06".as_slice(), &44u64.to_le_bytes(), &[45, 0, 45, 0], &[0; 8], &counts].concat());
        bytes.extend([b"PK\x06\x07".as_slice(), &[0; 4], &records_at.to_le_bytes(), &1u32.to_le_bytes()].concat());
        let counts = [[0, 0, 0, 0], [2, 0, 2, 0], (size as u32).to_le_bytes(), (start as u32).to_le_bytes()].concat();
        bytes.extend([b"PK\x05\x06".as_slice(), &counts, &[0; 2]].concat());
        bytes
    }

    #[test]
    fn a_zip_is_read_whatever_the_length_of_its_name() {
        for length in 18..24 {
            let found = WeightsFile::from_bytes("named.pth", &checkpoint(&"x".repeat(length))).map(|_| ());
            assert!(matches!(found, Err(WeightsError::NoNetwork { .. })), "{length}: {found:?}");
        }
    }
}
