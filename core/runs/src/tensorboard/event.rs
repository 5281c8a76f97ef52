//! `Event` and `Summary` as protocol buffers; only the fields that scalars need.

use crate::Point;

// Types on the wire.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const LENGTH: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// The event that begins a file: `wall_time` = 1, `file_version` = 3.
pub(super) fn version(ms: i64) -> Vec<u8> {
    let mut event = wall_time(ms);
    bytes(&mut event, 3, b"brain.Event:2");
    event
}

/// A point: `wall_time` = 1, `step` = 2, `summary` = 5 with one `value` = 1, which has a `tag` = 1 and a `simple_value` = 2.
pub(super) fn scalar(point: &Point) -> Vec<u8> {
    let mut value = Vec::new();
    bytes(&mut value, 1, super::tag(&point.name).as_bytes());
    key(&mut value, 2, FOUR_BYTES);
    value.extend((point.value as f32).to_le_bytes());
    let mut summary = Vec::new();
    bytes(&mut summary, 1, &value);
    let mut event = wall_time(point.ms);
    key(&mut event, 2, VARINT);
    varint(&mut event, u64::try_from(point.step).unwrap_or(0));
    bytes(&mut event, 5, &summary);
    event
}

/// Seconds since 1970.
fn wall_time(ms: i64) -> Vec<u8> {
    let mut event = Vec::new();
    key(&mut event, 1, EIGHT_BYTES);
    event.extend((ms as f64 / 1000.0).to_le_bytes());
    event
}

fn bytes(out: &mut Vec<u8>, field: u64, data: &[u8]) {
    key(out, field, LENGTH);
    varint(out, data.len() as u64);
    out.extend_from_slice(data);
}

fn key(out: &mut Vec<u8>, field: u64, kind: u64) {
    varint(out, field << 3 | kind);
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
fn varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
