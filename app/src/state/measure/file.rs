//! The file that keeps a case's measurements: JSON, `{"format": "medley measurements", "version": 1, "measurements": […]}`, all places
//! in RAS millimetres. It names no patient.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Measurement;
use crate::texts::measure as texts;

const FORMAT: &str = "medley measurements";
const VERSION: u32 = 1;
/// No list that a hand has made is longer.
const MOST_BYTES: u64 = 32 << 20;

#[derive(Serialize)]
struct Written<'a> {
    format: &'static str,
    version: u32,
    space: &'static str,
    measurements: &'a [Measurement],
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Deserialize)]
struct Body {
    measurements: Vec<Measurement>,
}

/// Reads what [`write()`] wrote; nothing where there is no file.
///
/// # Errors
/// A sentence, if the file cannot be read, is damaged or was written by a later version.
pub fn read(path: &Path) -> Result<Vec<Measurement>, String> {
    let damaged = |why: &str| texts::unreadable(path, why);
    let mut text = Vec::new();
    match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(damaged(&texts::system_says(&error))),
        Ok(file) => file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|error| damaged(&texts::system_says(&error)))?,
    };
    if text.len() as u64 > MOST_BYTES {
        return Err(damaged(texts::TOO_LARGE));
    }
    let head: Head = serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
    if head.format != FORMAT {
        return Err(damaged(texts::NO_LIST));
    }
    if head.version > VERSION {
        return Err(damaged(texts::LATER_VERSION));
    }
    let body: Body = serde_json::from_slice(&text).map_err(|error| damaged(&error.to_string()))?;
    if body.measurements.iter().any(|measurement| !measurement.shape.is_finite()) {
        return Err(damaged(texts::NO_PLACE));
    }
    Ok(body.measurements)
}

/// Writes measurements in place of those that were there. A file that cannot be read is not replaced.
///
/// # Errors
/// A sentence, if there is such a file, or the system refuses.
pub fn write(path: &Path, measurements: &[Measurement]) -> Result<(), String> {
    read(path)?;
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|error| texts::no_folder(folder, &error))?;
    }
    let written = Written { format: FORMAT, version: VERSION, space: "RAS millimetres", measurements };
    medley_io::write_atomically(path, |out| {
        serde_json::to_writer_pretty(&mut *out, &written)?;
        out.write_all(b"\n")
    })
    .map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use medley_volume::Ras;
    use medley_volume::glam::DVec3;

    use super::super::shape::{Frame, Shape};
    use super::*;

    fn all_kinds() -> Vec<Measurement> {
        let at = |x: f64, y: f64, z: f64| Ras(DVec3::new(x, y, z));
        let frame = Frame { middle: at(1.0, 2.5, -3.0), halves: [DVec3::new(4.0, 0.0, 0.1), DVec3::new(0.0, 7.0, 0.0)] };
        let shapes = [
            Shape::Distance { ends: [at(0.1, 0.2, 0.3), at(1.0 / 3.0, -5.0, 1e-9)] },
            Shape::Angle { points: [at(0.0, 0.0, 0.0), at(1.0, 0.0, 0.0), at(1.0, 1.0, 0.0)] },
            Shape::Ellipse(frame),
            Shape::Rectangle(frame),
            Shape::Freehand { outline: vec![at(0.0, 0.0, 0.0), at(1.0, 0.0, 0.0), at(0.0, 1.0, 0.0)] },
        ];
        shapes.into_iter().enumerate().map(|(n, shape)| Measurement { name: format!("“{n}”\n, Leber"), shape }).collect()
    }

    #[test]
    fn what_was_written_is_read_back_to_the_last_bit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("measurements/case-1.json");
        assert_eq!(read(&path), Ok(Vec::new()));
        write(&path, &all_kinds()).expect("writes");
        assert_eq!(read(&path).expect("reads"), all_kinds());
        write(&path, &all_kinds()[..1]).expect("writes over it");
        assert_eq!(read(&path).expect("reads").len(), 1);
    }

    #[test]
    fn a_damaged_file_is_a_sentence_and_stays_as_it_was() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("case-1.json");
        write(&path, &all_kinds()).expect("writes");
        let good = fs::read_to_string(&path).expect("there");
        let cases = [
            good[..good.len() / 2].to_owned(),
            good.replace("\"version\": 1", "\"version\": 2"),
            good.replace(FORMAT, "recipes"),
            good.replace("\"distance\"", "\"difference\""),
            good.replace("2.5", "1e999"),
            "[".repeat(100_000),
            String::new(),
        ];
        for text in cases {
            fs::write(&path, &text).expect("writes");
            for error in [read(&path).expect_err("damage"), write(&path, &[]).expect_err("damage")] {
                assert!(error.contains("case-1.json") && error.contains("move it away"), "{error}");
            }
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
    }
}
