//! Unpacking gzip (RFC 1952, RFC 1951) at the speed that scans of hundreds of megabytes need: what a scan is packed into is mostly
//! literals, of which two are taken at a time, and nothing is kept but the last 32 KiB. Every member's checksum and length are checked.
//!
//! It stands here because no library both unpacks piece by piece, as files that are larger than half the memory demand, and is as fast.

mod fast;
mod table;
#[cfg(test)]
mod tests;

use std::io::{self, BufRead, Read};

use crc32fast::Hasher;
use fast::{Run, repeat};
use table::{COPY, DISTANCE_BITS, END, LITERAL, LITERAL_BITS, Table, invalid};

/// How far back a copy may reach.
const HISTORY: usize = 1 << 15;
/// What is unpacked at once; with the history it stays in the processor's cache.
const STEP: usize = 1 << 17;
/// A copy may begin just before the end of a step; whole words are written.
const SLACK: usize = 258 + 8 + 16;
const SIZE: usize = HISTORY + STEP + SLACK;

/// Where in the stream the next bit stands.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    /// Before a member's header.
    Member,
    /// Before a block's header.
    Block,
    /// In a block that is not packed, so many bytes from its end.
    Stored(usize),
    /// In a packed block.
    Packed,
    /// After the last member.
    End,
}

/// The bytes of gzip members one after the other. What follows the last is ignored, as `gunzip` does.
pub(crate) struct Gunzip<R> {
    reader: Patient<R>,
    /// Bits read and not used, the next one lowest.
    bits: u64,
    count: u32,
    at: At,
    is_first: bool,
    is_last_block: bool,
    literals: Table<{ 1 << LITERAL_BITS }>,
    distances: Table<{ 1 << DISTANCE_BITS }>,
    /// History, then what was unpacked: up to `end`, of which the caller has all before `given`.
    buffer: Box<[u8; SIZE]>,
    end: usize,
    given: usize,
    /// Of the member: from where on the checksum lacks bytes, the checksum, how many bytes there were, and how many bytes back a copy may reach.
    summed: usize,
    sum: Hasher,
    length: u32,
    reach: usize,
    /// What went wrong after bytes that are still to be given.
    error: Option<io::Error>,
}

/// A reader that goes on where the system interrupted it.
struct Patient<R>(R);

impl<R: BufRead> Patient<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        loop {
            match self.0.fill_buf() {
                Ok(_) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.0.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.0.consume(count);
    }
}

impl<R: BufRead> Gunzip<R> {
    pub fn new(reader: R) -> Self {
        let buffer = vec![0; SIZE].into_boxed_slice().try_into().unwrap_or_else(|_| Box::new([0; SIZE]));
        Self {
            reader: Patient(reader),
            bits: 0,
            count: 0,
            at: At::Member,
            is_first: true,
            is_last_block: false,
            literals: Table::new(table::literal_or_length),
            distances: Table::new(table::distance),
            buffer,
            end: 0,
            given: 0,
            summed: 0,
            sum: Hasher::new(),
            length: 0,
            reach: 0,
            error: None,
        }
    }

    /// Unpacks until the step is full or nothing more is there.
    fn fill(&mut self) -> io::Result<()> {
        let keep = self.end.saturating_sub(HISTORY);
        self.buffer.copy_within(keep..self.end, 0);
        self.end -= keep;
        (self.given, self.summed) = (self.end, self.end);
        let limit = self.end + STEP;
        while self.end < limit.min(SIZE - SLACK) {
            match self.at {
                At::Member => self.member()?,
                At::Block => self.block()?,
                At::Stored(left) => self.stored(left)?,
                At::Packed => self.packed()?,
                At::End => break,
            }
        }
        self.add_up();
        Ok(())
    }

    fn add_up(&mut self) {
        if let Some(new) = self.buffer.get(self.summed..self.end) {
            self.sum.update(new);
            self.length = self.length.wrapping_add(new.len() as u32);
        }
        self.reach = (self.reach + self.end - self.summed).min(HISTORY);
        self.summed = self.end;
    }

    /// Makes sure of `least` bits, at most 48.
    fn need(&mut self, least: u32) -> io::Result<()> {
        while self.count < least {
            let Some(&byte) = self.reader.fill_buf()?.first() else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            self.reader.consume(1);
            self.bits |= u64::from(byte) << self.count;
            self.count += 8;
        }
        Ok(())
    }

    fn take(&mut self, width: u32) -> io::Result<u32> {
        self.need(width)?;
        let value = self.bits & ((1 << width) - 1);
        self.drop_bits(width);
        Ok(value as u32)
    }

    fn drop_bits(&mut self, width: u32) {
        self.bits >>= width;
        self.count -= width;
    }

    /// The next byte, or none at the end.
    fn byte_or_end(&mut self) -> io::Result<Option<u8>> {
        if self.count < 8 && self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        Ok(Some(self.take(8)? as u8))
    }

    /// A member's header (RFC 1952, 2.3), or the end.
    fn member(&mut self) -> io::Result<()> {
        let is_first = std::mem::take(&mut self.is_first);
        match self.byte_or_end()? {
            Some(0x1f) => {}
            Some(_) if is_first => return Err(invalid("no gzip")),
            None if is_first => return Err(io::ErrorKind::UnexpectedEof.into()),
            _ => {
                self.at = At::End;
                return Ok(());
            }
        }
        if self.take(8)? != 0x8b || self.take(8)? != 8 {
            return Err(invalid("a header of another kind"));
        }
        let flags = self.take(8)?;
        if flags & 0xe0 != 0 {
            return Err(invalid("a header from the future"));
        }
        for _ in 0..6 {
            self.take(8)?;
        }
        if flags & 4 != 0 {
            for _ in 0..self.take(16)? {
                self.take(8)?;
            }
        }
        for text in [8, 16] {
            while flags & text != 0 && self.take(8)? != 0 {}
        }
        if flags & 2 != 0 {
            self.take(16)?;
        }
        self.summed = self.end;
        self.reach = 0;
        self.sum = Hasher::new();
        self.length = 0;
        self.at = At::Block;
        Ok(())
    }

    /// A member's checksum and length (RFC 1952, 2.3.1).
    fn finish_member(&mut self) -> io::Result<()> {
        self.add_up();
        self.drop_bits(self.count % 8);
        let (sum, length) = (self.take(32)?, self.take(32)?);
        if sum != self.sum.clone().finalize() || length != self.length {
            return Err(invalid("a checksum that does not fit"));
        }
        self.at = At::Member;
        Ok(())
    }

    fn end_block(&mut self) -> io::Result<()> {
        self.at = At::Block;
        if self.is_last_block { self.finish_member() } else { Ok(()) }
    }

    fn block(&mut self) -> io::Result<()> {
        self.is_last_block = self.take(1)? == 1;
        match self.take(2)? {
            0 => {
                self.drop_bits(self.count % 8);
                let (length, inverse) = (self.take(16)?, self.take(16)?);
                if length != !inverse & 0xffff {
                    return Err(invalid("a block of a contradictory length"));
                }
                self.at = At::Stored(length as usize);
            }
            1 => {
                let lengths: [u8; 288] = std::array::from_fn(|n| match n {
                    0..144 => 8,
                    144..256 => 9,
                    256..280 => 7,
                    _ => 8,
                });
                self.literals.build(&lengths, false)?;
                self.literals.pair_literals();
                self.distances.build(&[5; 32], false)?;
                self.at = At::Packed;
            }
            2 => {
                self.dynamic()?;
                self.at = At::Packed;
            }
            _ => return Err(invalid("a block of no known kind")),
        }
        Ok(())
    }

    /// The codes of a block that brings its own (RFC 1951, 3.2.7).
    fn dynamic(&mut self) -> io::Result<()> {
        const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
        let (literals, distances, codes) = (self.take(5)? as usize + 257, self.take(5)? as usize + 1, self.take(4)? as usize + 4);
        if literals > 286 || distances > 30 {
            return Err(invalid("more codes than there can be"));
        }
        let mut lengths = [0u8; 19];
        for &place in ORDER.iter().take(codes) {
            lengths[place] = self.take(3)? as u8;
        }
        // The codes of lengths use the table of distances for a moment; their symbols mean themselves.
        let mut own: Table<128> = Table::new(|symbol| COPY | (symbol as u32) << 16);
        own.build(&lengths, false)?;
        let mut all = [0u8; 320];
        let mut at = 0;
        while at < literals + distances {
            while self.count < 7 && !self.reader.fill_buf()?.is_empty() {
                self.need((self.count + 1).min(7))?;
            }
            let entry = own.entries[self.bits as usize & 127];
            if entry == 0 || entry & 31 > self.count {
                return Err(if entry == 0 { invalid("a code that is none") } else { io::ErrorKind::UnexpectedEof.into() });
            }
            self.drop_bits(entry & 31);
            let (value, times) = match entry >> 16 {
                16 if at == 0 => return Err(invalid("a repetition of nothing")),
                16 => (all[at - 1], 3 + self.take(2)?),
                17 => (0, 3 + self.take(3)?),
                18 => (0, 11 + self.take(7)?),
                length => (length as u8, 1),
            };
            let end = at + times as usize;
            if end > literals + distances {
                return Err(invalid("more codes than there can be"));
            }
            all[at..end].fill(value);
            at = end;
        }
        if all[256] == 0 {
            return Err(invalid("a block without an end"));
        }
        self.literals.build(&all[..literals], true)?;
        self.literals.pair_literals();
        self.distances.build(&all[literals..literals + distances], true)
    }

    fn stored(&mut self, left: usize) -> io::Result<()> {
        let room = (SIZE - SLACK).saturating_sub(self.end).min(left);
        let mut done = 0;
        while done < room && self.count >= 8 {
            self.buffer[self.end + done] = self.take(8)? as u8;
            done += 1;
        }
        while done < room {
            let bytes = self.reader.fill_buf()?;
            let step = bytes.len().min(room - done);
            if step == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer[self.end + done..self.end + done + step].copy_from_slice(&bytes[..step]);
            self.reader.consume(step);
            done += step;
        }
        self.end += done;
        self.at = At::Stored(left - done);
        if left == done { self.end_block() } else { Ok(()) }
    }

    /// Part of a packed block: fast where enough bytes are at hand, then one symbol with care.
    fn packed(&mut self) -> io::Result<()> {
        self.fast()?;
        if self.end >= SIZE - SLACK || self.at != At::Packed {
            return Ok(());
        }
        // At the very end of a file fewer bits than the longest code may be left.
        while self.count < 15 && !self.reader.fill_buf()?.is_empty() {
            self.need((self.count + 1).min(15))?;
        }
        let entry = self.literals.long(self.bits).ok_or_else(|| invalid("a code that is none"))?;
        let width = entry >> 12 & 15;
        if width > self.count {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.drop_bits(width);
        if entry & LITERAL != 0 {
            self.buffer[self.end] = (entry >> 16) as u8;
            self.end += 1;
            return Ok(());
        }
        if entry & END != 0 {
            return self.end_block();
        }
        let length = (entry >> 16) + self.take((entry & 31) - width)?;
        while self.count < 15 && !self.reader.fill_buf()?.is_empty() {
            self.need((self.count + 1).min(15))?;
        }
        let entry = self.distances.long(self.bits).ok_or_else(|| invalid("a distance that is none"))?;
        let width = entry >> 12 & 15;
        if width > self.count {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.drop_bits(width);
        let distance = (entry >> 16) + self.take((entry & 31) - width)?;
        if distance == 0 || distance as usize > self.reach + self.end - self.summed {
            return Err(invalid("a copy from before its beginning"));
        }
        repeat(&mut self.buffer, self.end, distance as usize, length as usize);
        self.end += length as usize;
        Ok(())
    }

    /// As much of a packed block as can be had without looking twice: see [`Run::go`].
    fn fast(&mut self) -> io::Result<()> {
        let input = self.reader.fill_buf()?;
        let mut run = Run { bits: self.bits, count: self.count, end: self.end, from: 0, is_end: false };
        let back = self.reach.wrapping_sub(self.summed);
        run.go(input, &mut self.buffer, &self.literals.entries, &self.distances.entries, back);
        self.reader.consume(run.from);
        (self.bits, self.count, self.end) = (run.bits & ((1u64 << run.count) - 1), run.count, run.end);
        if run.is_end { self.end_block() } else { Ok(()) }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        if self.given == self.end {
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            if let Err(error) = self.fill() {
                self.at = At::End;
                if self.given == self.end {
                    return Err(error);
                }
                self.error = Some(error);
            }
        }
        let step = out.len().min(self.end - self.given);
        if let (Some(to), Some(from)) = (out.get_mut(..step), self.buffer.get(self.given..self.given + step)) {
            to.copy_from_slice(from);
        }
        self.given += step;
        Ok(step)
    }
}
