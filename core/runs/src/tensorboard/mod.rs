//! Event files for TensorBoard: a folder a training, in it one file of scalars.
//!
//! A file is a row of records as TensorFlow's `TFRecord` has them; each record is an `Event` message of protocol buffers.

mod event;
mod record;

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::{Point, Run, RunsError};

/// Writes the curves of a training into a folder of its own inside `folder`: `run-7-fine-tune`. What an earlier export wrote there is
/// replaced.
///
/// # Errors
/// If it cannot be written.
pub fn export(folder: &Path, run: &Run, points: &[Point]) -> Result<PathBuf, RunsError> {
    let folder = folder.join(format!("run-{}-{}", run.id, run.kind));
    // A fixed name: TensorBoard would show two files of one training as one jagged curve.
    let path = folder.join(format!("events.out.tfevents.{:010}.medley.{}", run.begun_ms.max(0) / 1000, run.id));
    let written = fs::create_dir_all(&folder).and_then(|()| File::create(&path)).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out, run.begun_ms, points)?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    });
    written.map_err(|source| RunsError::Write { file: path.clone(), source })?;
    Ok(path)
}

/// Writes an event file: the line of its version, then each point as an event, oldest first.
///
/// # Errors
/// What `out` says.
pub fn write(out: &mut impl Write, begun_ms: i64, points: &[Point]) -> io::Result<()> {
    record::write(out, &event::version(begun_ms))?;
    let mut order: Vec<&Point> = points.iter().collect();
    order.sort_by(|a, b| (a.step, &a.name).cmp(&(b.step, &b.name)));
    for point in order {
        record::write(out, &event::scalar(point))?;
    }
    Ok(())
}

/// A curve's name as TensorBoard groups them: by what stands before the first slash.
fn tag(name: &str) -> String {
    match name {
        "loss" => "training/loss".to_owned(),
        "rate" => "training/learning_rate".to_owned(),
        "steps per second" => "training/steps_per_second".to_owned(),
        measure => match measure.split_once('/') {
            Some((measure, label)) => format!("validation/{measure}/{label}"),
            None => format!("validation/{measure}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, step: i64, value: f64) -> Point {
        Point { name: name.to_owned(), step, ms: 1_700_000_000_500 + step, value }
    }

    /// A reader from the published formats: TensorFlow's `record_writer.h`, `event.proto`, `summary.proto`, and the encoding guide of
    /// protocol buffers.
    mod reader {
        pub fn records(mut bytes: &[u8]) -> Vec<Vec<u8>> {
            let mut records = Vec::new();
            while !bytes.is_empty() {
                let length = u64::from_le_bytes(bytes[..8].try_into().expect("eight")) as usize;
                let of_length = u32::from_le_bytes(bytes[8..12].try_into().expect("four"));
                assert_eq!(of_length, masked(&bytes[..8]), "sum of the length");
                let data = &bytes[12..12 + length];
                let of_data = u32::from_le_bytes(bytes[12 + length..16 + length].try_into().expect("four"));
                assert_eq!(of_data, masked(data), "sum of the data");
                records.push(data.to_vec());
                bytes = &bytes[16 + length..];
            }
            records
        }

        fn masked(bytes: &[u8]) -> u32 {
            let mut crc = !0u32;
            for byte in bytes {
                crc ^= u32::from(*byte);
                for _ in 0..8 {
                    crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
                }
            }
            let crc = !crc;
            crc.rotate_right(15).wrapping_add(0xa282_ead8)
        }

        #[derive(Debug, PartialEq)]
        pub enum Field {
            Whole(u64),
            Eight([u8; 8]),
            Bytes(Vec<u8>),
            Four([u8; 4]),
        }

        pub fn fields(mut bytes: &[u8]) -> Vec<(u64, Field)> {
            let mut fields = Vec::new();
            while !bytes.is_empty() {
                let key = varint(&mut bytes);
                let field = match key & 7 {
                    0 => Field::Whole(varint(&mut bytes)),
                    1 => Field::Eight(taken(&mut bytes, 8).try_into().expect("eight")),
                    2 => {
                        let length = varint(&mut bytes) as usize;
                        Field::Bytes(taken(&mut bytes, length).to_vec())
                    }
                    5 => Field::Four(taken(&mut bytes, 4).try_into().expect("four")),
                    other => panic!("no such type: {other}"),
                };
                fields.push((key >> 3, field));
            }
            fields
        }

        fn taken<'a>(bytes: &mut &'a [u8], count: usize) -> &'a [u8] {
            let (head, tail) = bytes.split_at(count);
            *bytes = tail;
            head
        }

        fn varint(bytes: &mut &[u8]) -> u64 {
            let mut value = 0;
            for shift in (0..).step_by(7) {
                let byte = taken(bytes, 1)[0];
                value |= u64::from(byte & 0x7f) << shift;
                if byte < 0x80 {
                    return value;
                }
            }
            unreachable!("a number ends")
        }
    }

    #[test]
    fn a_reader_made_from_the_published_formats_finds_every_point() {
        use reader::Field;

        let points = [point("loss", 300, 0.25), point("Dice/liver", 300, 0.5), point("loss", 1, 2.0)];
        let mut bytes = Vec::new();
        write(&mut bytes, 1_700_000_000_500, &points).expect("memory");
        let records = reader::records(&bytes);
        assert_eq!(records.len(), 4);
        let version = reader::fields(&records[0]);
        assert_eq!(version[0], (1, Field::Eight(1_700_000_000.5_f64.to_le_bytes())));
        assert_eq!(version[1], (3, Field::Bytes(b"brain.Event:2".to_vec())));
        let wanted = [("training/loss", 1, 2.0_f32), ("validation/Dice/liver", 300, 0.5), ("training/loss", 300, 0.25)];
        for (record, (tag, step, value)) in records[1..].iter().zip(wanted) {
            let event = reader::fields(record);
            assert_eq!(event[0], (1, Field::Eight((1_700_000_000.5 + step as f64 / 1000.0).to_le_bytes())));
            assert_eq!(event[1], (2, Field::Whole(step)));
            let (5, Field::Bytes(summary)) = &event[2] else { panic!("{event:?}") };
            let [(1, Field::Bytes(inner))] = &reader::fields(summary)[..] else { panic!("{summary:?}") };
            let inner = reader::fields(inner);
            assert_eq!(inner, [(1, Field::Bytes(tag.as_bytes().to_vec())), (2, Field::Four(value.to_le_bytes()))]);
        }
    }
}
