//! Where the time goes: symbols of a packed block while there is plenty of input and room.

use super::table::{COPY, DISTANCE_BITS, END, LITERAL, LITERAL_BITS};
use super::{SIZE, SLACK};

const LITERAL_MASK: u64 = (1 << LITERAL_BITS) - 1;
const DISTANCE_MASK: u64 = (1 << DISTANCE_BITS) - 1;

/// Where the fast loop stands: bits at hand, end of the output, bytes used of the input, and whether the block ended.
pub(super) struct Run {
    pub bits: u64,
    pub count: u32,
    pub end: usize,
    pub from: usize,
    pub is_end: bool,
}

impl Run {
    /// Unpacks until the output is full, the input nearly empty, the block over, or something rare comes: that is left to the careful way,
    /// with nothing of it used. Apart from everything else, so that all it needs stays in registers.
    #[inline(never)]
    pub fn go(
        &mut self,
        input: &[u8],
        buffer: &mut [u8; SIZE],
        literals: &[u32; 1 << LITERAL_BITS],
        distances: &[u32; 1 << DISTANCE_BITS],
        back: usize,
    ) {
        // Only the lowest six bits of `count` are kept right: whole entries are taken from it.
        let Self { mut bits, mut count, mut end, mut from, mut is_end } = *self;
        while end < SIZE - SLACK {
            // At least 56 bits; those above `count` are the stream's too, and are read once more.
            let Some(word) = input.get(from..).and_then(|rest| rest.first_chunk::<8>()) else { break };
            bits |= u64::from_le_bytes(*word).wrapping_shl(count);
            from += 7 - (count >> 3 & 7) as usize;
            count |= 56;
            let mut entry = literals[(bits & LITERAL_MASK) as usize];
            if entry & LITERAL != 0 {
                // Three times eleven bits; up to six literals.
                for _ in 0..3 {
                    let Some(place) = buffer.get_mut(end..end + 2) else { break };
                    place.copy_from_slice(&((entry >> 16) as u16).to_le_bytes());
                    end += 1 + (entry >> 9 & 1) as usize;
                    bits = bits.wrapping_shr(entry);
                    count = count.wrapping_sub(entry);
                    entry = literals[(bits & LITERAL_MASK) as usize];
                    if entry & LITERAL == 0 {
                        break;
                    }
                }
                if entry & LITERAL != 0 {
                    continue;
                }
                let Some(word) = input.get(from..).and_then(|rest| rest.first_chunk::<8>()) else { break };
                bits |= u64::from_le_bytes(*word).wrapping_shl(count);
                from += 7 - (count >> 3 & 7) as usize;
                count |= 56;
            }
            let rest = bits.wrapping_shr(entry);
            if entry & COPY == 0 {
                if entry & END != 0 {
                    bits = rest;
                    count = count.wrapping_sub(entry);
                    is_end = true;
                }
                // A long code.
                break;
            }
            let further = distances[(rest & DISTANCE_MASK) as usize];
            let length = (entry >> 16) as usize + more(bits, entry);
            let distance = (further >> 16) as usize + more(rest, further);
            // A long code, or a fault.
            if distance.wrapping_sub(1) >= back.wrapping_add(end) {
                break;
            }
            bits = rest.wrapping_shr(further);
            count = count.wrapping_sub(entry).wrapping_sub(further);
            repeat(buffer, end, distance, length);
            end += length;
        }
        *self = Self { bits, count: count & 63, end, from, is_end };
    }
}

/// The number in the bits that an entry takes beyond its code.
#[inline(always)]
fn more(bits: u64, entry: u32) -> usize {
    ((bits & !u64::MAX.wrapping_shl(entry)).wrapping_shr(entry >> 12 & 15)) as usize
}

/// Repeats `length` bytes from `distance` before `end`. Words beyond the end are written over, too.
#[inline(always)]
pub(super) fn repeat(buffer: &mut [u8; SIZE], end: usize, distance: usize, length: usize) {
    // A span that holds all that is read and written: one check for all of them. There is room: see [`SLACK`].
    let Some(span) = buffer.get_mut(end.wrapping_sub(distance)..end + length + 16) else { return };
    if distance >= 16 {
        // Nearly all: 16 bytes from far enough.
        words::<16>(span, 0, distance);
        let mut done = 16;
        while done < length {
            words::<16>(span, done, distance + done);
            done += 16;
        }
    } else if distance >= 8 {
        let mut done = 0;
        while done < length {
            words::<8>(span, done, distance + done);
            done += 8;
        }
    } else if distance == 1 {
        let byte = span[0];
        span[1..=length].fill(byte);
    } else {
        for n in 0..length {
            span[distance + n] = span[n];
        }
    }
}

/// Copies a fixed number of bytes.
#[inline(always)]
fn words<const N: usize>(span: &mut [u8], from: usize, to: usize) {
    let Some(&word) = span.get(from..).and_then(|rest| rest.first_chunk::<N>()) else { return };
    if let Some(place) = span.get_mut(to..).and_then(|rest| rest.first_chunk_mut::<N>()) {
        *place = word;
    }
}
