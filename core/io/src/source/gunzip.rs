//! Gzip files (RFC 1952): flate2 unpacks what is deflated; headers, checksums and what may stand between and after members are read here,
//! because flate2's own reader of gzip takes bytes after the last member for a fault, and its checksum costs a tenth of the unpacking.

use std::io::{self, BufRead, Read};

use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status};

/// Where in the file the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// Before a member, or after the last.
    Member,
    /// In what is deflated.
    Body,
    /// Before a member's checksum.
    Trailer,
    /// After everything, or after a fault.
    End,
}

/// The bytes of gzip members one after the other. What follows the last is ignored, as `gunzip` does.
pub(super) struct Gunzip<R> {
    reader: R,
    at: At,
    inflate: Decompress,
    /// Of what the member gave so far.
    sum: Hasher,
    length: u32,
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(reader: R) -> Self {
        Self { reader, at: At::Member, inflate: Decompress::new(false), sum: Hasher::new(), length: 0 }
    }

    /// The next bytes of the file, which must be there.
    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Whether a member begins here: its first two bytes.
    fn begins(&mut self) -> io::Result<bool> {
        match self.take() {
            Ok(bytes) => Ok(bytes == [0x1f, 0x8b]),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The rest of a member's header (RFC 1952, 2.3); nothing in it matters here.
    fn header(&mut self) -> io::Result<()> {
        let [method, flags, ..] = self.take::<8>()?;
        if method != 8 {
            return Err(invalid("packed in an unknown way"));
        }
        if flags & 0xe0 != 0 {
            return Err(invalid("a header from the future"));
        }
        if flags & 4 != 0 {
            let length = u16::from_le_bytes(self.take()?);
            for _ in 0..length {
                self.take::<1>()?;
            }
        }
        // A name and a comment, each up to a zero.
        for text in [8, 16] {
            while flags & text != 0 && self.take()? != [0] {}
        }
        if flags & 2 != 0 {
            self.take::<2>()?;
        }
        self.inflate.reset(false);
        (self.sum, self.length) = (Hasher::new(), 0);
        Ok(())
    }

    /// A member's checksum and length (RFC 1952, 2.3.1).
    fn trailer(&mut self) -> io::Result<()> {
        let (sum, length) = (u32::from_le_bytes(self.take()?), u32::from_le_bytes(self.take()?));
        if sum != self.sum.clone().finalize() || length != self.length {
            return Err(invalid("a checksum that does not fit"));
        }
        Ok(())
    }

    /// Unpacks into `out` from what is at hand; how much came, and whether it was all.
    fn body(&mut self, out: &mut [u8]) -> io::Result<(usize, bool)> {
        let input = self.reader.fill_buf()?;
        let (is_over, before) = (input.is_empty(), (self.inflate.total_in(), self.inflate.total_out()));
        let result = self.inflate.decompress(input, out, FlushDecompress::None);
        let used = (self.inflate.total_in() - before.0) as usize;
        let given = (self.inflate.total_out() - before.1) as usize;
        self.reader.consume(used);
        let new = out.get(..given).unwrap_or_default();
        self.sum.update(new);
        self.length = self.length.wrapping_add(new.len() as u32);
        match result {
            Ok(Status::StreamEnd) => Ok((given, true)),
            // What came before a fault is given first: the next call meets it again.
            _ if given > 0 => Ok((given, false)),
            Err(_) => Err(invalid("data that cannot be unpacked")),
            Ok(_) if used > 0 => Ok((0, false)),
            Ok(_) if is_over => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Err(invalid("data that does not go on")),
        }
    }

    fn next(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.at {
                At::Member => {
                    self.at = At::End;
                    if self.begins()? {
                        self.header()?;
                        self.at = At::Body;
                    }
                }
                At::Body => {
                    let (given, is_all) = self.body(out)?;
                    if is_all {
                        self.at = At::Trailer;
                    }
                    if given > 0 {
                        return Ok(given);
                    }
                }
                At::Trailer => {
                    self.trailer()?;
                    self.at = At::Member;
                }
                At::End => return Ok(0),
            }
        }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        let result = self.next(out);
        if result.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted) {
            self.at = At::End;
        }
        result
    }
}

fn invalid(fault: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Write};

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn packed(bytes: &[u8], level: u32) -> Vec<u8> {
        let mut packed = GzEncoder::new(Vec::new(), Compression::new(level));
        packed.write_all(bytes).expect("packs");
        packed.finish().expect("packs")
    }

    /// Bytes that pack into literals, copies and, now and then, into nothing smaller.
    fn material(random: &mut ChaCha8Rng, length: usize) -> Vec<u8> {
        let most = [1, 3, 30, 255][random.random_range(0..4)];
        (0..length).map(|_| random.random_range(0..=most)).collect()
    }

    fn unpacked(bytes: &[u8], capacity: usize) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        Gunzip::new(BufReader::with_capacity(capacity, bytes)).read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn members_come_one_after_the_other_and_what_follows_is_ignored() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        for round in 0..60 {
            let length = [0, 1, 300, 5000, 70_000, 200_000][random.random_range(0..6)];
            let plain = material(&mut random, length);
            let capacity = [1, 7, 8, 100, 1 << 17][random.random_range(0..5)];
            let mut bytes = packed(&plain, round % 10);
            assert!(unpacked(&bytes, capacity).expect("unpacks") == plain, "{round}");
            bytes.extend(packed(b"", 6));
            bytes.extend(packed(&plain, 9));
            for after in [&b""[..], b"\0\0 and more", b"\x1f", b"\x1f\0\x08", b"\x8b\x1f\x8b\x08"] {
                let all = [&bytes, after].concat();
                assert!(unpacked(&all, capacity).expect("unpacks") == [plain.clone(), plain.clone()].concat(), "{round}");
            }
            // What begins like another member is one.
            assert!(unpacked(&[&bytes, &b"\x1f\x8b"[..]].concat(), capacity).is_err());
            assert!(unpacked(&[&bytes, &b"\x1f\x8b\x07\0\0\0\0\0\0\0"[..]].concat(), capacity).is_err());
        }
    }

    #[test]
    fn damage_is_found_wherever_flate2_finds_it() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        let mut agreed = 0;
        for round in 0..6000 {
            let length = random.random_range(0..3000);
            let plain = material(&mut random, length);
            let mut bytes = packed(&plain, [0, 1, 6, 9][round % 4]);
            for _ in 0..random.random_range(1..3) {
                let at = random.random_range(2..bytes.len());
                if random.random_range(0..5) == 0 { bytes.truncate(at.max(3)) } else { bytes[at] ^= 1 << random.random_range(0..8) }
            }
            let mut theirs = Vec::new();
            let is_theirs_good = flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut theirs).is_ok();
            match unpacked(&bytes, 64) {
                Ok(found) => assert!((is_theirs_good || bytes[3] & 2 != 0) && found == theirs, "{round}"),
                Err(_) => assert!(!is_theirs_good, "{round}"),
            }
            agreed += usize::from(is_theirs_good);
        }
        assert!(agreed > 10 && agreed < 3000, "{agreed}");
    }

    #[test]
    fn every_byte_of_a_trailer_is_checked() {
        let bytes = packed(b"voxels", 6);
        for at in bytes.len() - 8..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let error = unpacked(&changed, 64).expect_err("it is damaged");
            assert_eq!(error.to_string(), "a checksum that does not fit");
        }
    }

    #[test]
    fn a_fault_is_named_after_all_that_came_before_it() {
        let plain: Vec<u8> = (0..9000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let mut bytes = packed(&plain, 0);
        // Blocks that are not packed: another one after the first, of a length that contradicts itself.
        let at = 10 + 5 + plain.len();
        bytes[10] = 0;
        bytes.truncate(at);
        bytes.extend([1, 3, 0, 3, 0, 7, 7, 7]);
        let (mut found, mut reader) = (Vec::new(), Gunzip::new(bytes.as_slice()));
        let error = reader.read_to_end(&mut found).expect_err("it is damaged");
        assert_eq!(
            (found == plain, error.kind(), error.to_string().as_str()),
            (true, io::ErrorKind::InvalidData, "data that cannot be unpacked")
        );
    }

    #[test]
    fn a_file_cut_short_gives_what_it_has_and_then_an_error() {
        let plain: Vec<u8> = (0..200_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
        let bytes = packed(&plain, 6);
        for length in (2..bytes.len()).step_by(bytes.len() / 50).chain(bytes.len() - 9..bytes.len()) {
            let mut reader = Gunzip::new(&bytes[..length]);
            let mut found = Vec::new();
            let error = reader.read_to_end(&mut found).expect_err("it is cut");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert!(plain.starts_with(&found));
            assert!(found.len() * 2 > plain.len() || length < bytes.len() * 3 / 4);
        }
    }

    #[test]
    fn a_header_may_have_a_name_a_comment_and_more() {
        let plain = b"voxels";
        let bytes = packed(plain, 6);
        let mut long = bytes[..10].to_vec();
        long[3] = 4 | 8 | 16 | 2;
        long.extend(b"\x03\0abcname.nii\0a comment\0\x12\x34");
        long.extend(&bytes[10..]);
        assert_eq!(unpacked(&long, 5).expect("unpacks"), plain);
    }
}
