use std::io;

/// Bits looked at at once for literals and lengths. Most pairs of literals of a scan fit.
pub(super) const LITERAL_BITS: u32 = 11;
/// Bits looked at at once for distances.
pub(super) const DISTANCE_BITS: u32 = 9;
/// No code is longer (RFC 1951, 3.2.7).
const LONGEST: usize = 15;

/// What an entry says, beside the bits it takes in all (lowest byte, below 32; so it can be a shift as it is) and of those the bits of the
/// code (12 … 15): a literal in bits 16 … 23, and a second one in bits 24 … 31 if [`TWO`] is set too;
pub(super) const LITERAL: u32 = 1 << 8;
/// see [`LITERAL`];
pub(super) const TWO: u32 = 1 << 9;
/// a length or distance: its least value in bits 16 …; the bits beyond the code are added to it;
pub(super) const COPY: u32 = 1 << 10;
/// the end of the block. None of these: the code is longer than the table's bits, or there is none.
pub(super) const END: u32 = 1 << 11;

const LENGTH_BASE: [u16; 29] =
    [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_MORE: [u8; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
    24577,
];

/// What a symbol of the first alphabet means; 0 for the two that mean nothing.
pub(super) fn literal_or_length(symbol: usize) -> u32 {
    match symbol {
        0..=255 => LITERAL | (symbol as u32) << 16,
        256 => END,
        _ => match (LENGTH_BASE.get(symbol - 257), LENGTH_MORE.get(symbol - 257)) {
            (Some(&base), Some(&more)) => COPY | u32::from(more) << 12 | u32::from(base) << 16,
            _ => 0,
        },
    }
}

/// What a symbol of the alphabet of distances means; 0 for the two that mean nothing.
pub(super) fn distance(symbol: usize) -> u32 {
    let more = (symbol as u32 / 2).saturating_sub(1);
    DISTANCE_BASE.get(symbol).map_or(0, |&base| COPY | more << 12 | u32::from(base) << 16)
}

/// An entry for a meaning, whose further bits stand in 12 … 15 as yet, and the length of its code.
fn entry(meaning: u32, length: usize) -> u32 {
    let (length, more) = (length as u32, meaning >> 12 & 15);
    meaning & !0xf000 | length << 12 | (length + more)
}

/// Codes of one alphabet: short ones by a table of all the bits that may follow, longer ones by their order.
pub(super) struct Table<const SIZE: usize> {
    pub entries: Box<[u32; SIZE]>,
    /// How many codes there are of each length, and their symbols by rising code.
    counts: [u16; LONGEST + 1],
    symbols: Box<[u16; 320]>,
    meaning: fn(usize) -> u32,
}

impl<const SIZE: usize> Table<SIZE> {
    const BITS: usize = SIZE.trailing_zeros() as usize;

    pub fn new(meaning: fn(usize) -> u32) -> Self {
        Self { entries: Box::new([0; SIZE]), counts: [0; LONGEST + 1], symbols: Box::new([0; 320]), meaning }
    }

    /// Takes in the lengths of all codes (RFC 1951, 3.2.2). As in zlib, a code may be missing only if there is a single one, of one bit,
    /// and `may_lack` is set; no code at all is an error where one is used.
    pub fn build(&mut self, lengths: &[u8], may_lack: bool) -> io::Result<()> {
        self.counts = [0; LONGEST + 1];
        lengths.iter().for_each(|&length| self.counts[usize::from(length) & LONGEST] += 1);
        self.counts[0] = 0;
        let mut left = 1i32;
        let mut starts = [0u16; LONGEST + 2];
        for length in 1..=LONGEST {
            left = left * 2 - i32::from(self.counts[length]);
            if left < 0 {
                return Err(invalid("more codes than there can be"));
            }
            starts[length + 1] = starts[length] + self.counts[length];
        }
        let longest = (1..=LONGEST).rev().find(|&length| self.counts[length] > 0).unwrap_or(0);
        if left > 0 && longest > 0 && !(may_lack && longest == 1) {
            return Err(invalid("fewer codes than there must be"));
        }
        self.entries.fill(0);
        let mut next = starts;
        for (symbol, &length) in lengths.iter().enumerate().filter(|(_, length)| **length > 0) {
            let place = &mut next[usize::from(length)];
            if let Some(slot) = self.symbols.get_mut(usize::from(*place)) {
                *slot = symbol as u16;
            }
            *place += 1;
        }
        let (mut code, mut at) = (0usize, 0usize);
        for length in 1..=longest.min(Self::BITS) {
            for _ in 0..self.counts[length] {
                let symbol = usize::from(self.symbols.get(at).copied().unwrap_or(0));
                let meaning = (self.meaning)(symbol);
                let entry = if meaning == 0 { 0 } else { entry(meaning, length) };
                // Codes stand in the stream with their first bit lowest.
                let reversed = code.reverse_bits() >> (usize::BITS as usize - length);
                self.entries.iter_mut().skip(reversed).step_by(1 << length).for_each(|slot| *slot = entry);
                code += 1;
                at += 1;
            }
            code <<= 1;
        }
        Ok(())
    }

    /// Where the bits of an entry leave room for a second literal, puts that into it.
    pub fn pair_literals(&mut self) {
        // What follows stands at a lower place, and has not been paired yet.
        for at in (0..SIZE).rev() {
            let entry = self.entries[at];
            let second = self.entries[at >> (entry & 31) & (SIZE - 1)];
            let bits = (entry & 31) + (second & 31);
            // Without branches: which entries fit is as good as random.
            let is_pair =
                u32::from(entry & second & LITERAL != 0) & u32::from((entry | second) & TWO == 0) & u32::from(bits <= Self::BITS as u32);
            let pair = LITERAL | TWO | bits | entry & 0x00ff_0000 | (second & 0x00ff_0000) << 8;
            self.entries[at] = entry ^ (entry ^ pair) & is_pair.wrapping_neg();
        }
    }

    /// The entry of a code of any length at the low end of `bits`; `None` if there is no such code.
    pub fn long(&self, bits: u64) -> Option<u32> {
        let (mut code, mut first, mut index) = (0i32, 0i32, 0i32);
        for length in 1..=LONGEST {
            code |= (bits >> (length - 1) & 1) as i32;
            let count = i32::from(self.counts[length]);
            if code - count < first {
                let symbol = self.symbols.get(usize::try_from(index + code - first).ok()?)?;
                let meaning = (self.meaning)(usize::from(*symbol));
                return (meaning != 0).then(|| entry(meaning, length));
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

pub(super) fn invalid(fault: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, fault)
}
