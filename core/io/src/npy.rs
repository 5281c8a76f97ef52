//! NumPy's `.npy` (numpy.lib.format): one array of numbers, the last axis fastest.

use std::path::Path;

use medley_volume::with_voxels;

use crate::element::ElementType;
use crate::error::COPY_AGAIN;
use crate::nifti::problem_with_dimensions;
use crate::source::Source;
use crate::{IoError, write_atomically};

/// An array: its sides and its numbers, the last axis fastest.
#[derive(Debug, Clone, PartialEq)]
pub struct NpyArray {
    /// How long each axis is.
    pub shape: Vec<usize>,
    /// The numbers, as 32-bit floats whatever they were stored as.
    pub values: Vec<f32>,
}

/// No sensible description of an array is longer than this.
const LONGEST_HEADER: usize = 1 << 16;

/// Reads an array of whole or floating-point numbers in C order.
///
/// # Errors
/// If there is no such file, it is not such an array, or it is cut short.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f32")]
pub fn read(path: &Path) -> Result<NpyArray, IoError> {
    let mut source = Source::open(path)?;
    let name = source.name().to_owned();
    let malformed = |fault: &str| IoError::malformed(&name, fault, COPY_AGAIN);
    let mut start = [0; 8];
    if source.read(&mut start)? < 8 || !start.starts_with(b"\x93NUMPY") {
        return Err(malformed("is not a NumPy array (.npy)"));
    }
    let mut length = [0; 4];
    let is_first_version = start[6] == 1;
    let width = if is_first_version { 2 } else { 4 };
    source.read(length.get_mut(..width).unwrap_or_default())?;
    let mut text = vec![0; (u32::from_le_bytes(length) as usize).min(LONGEST_HEADER)];
    let read = source.read(&mut text)?;
    let text = String::from_utf8_lossy(text.get(..read).unwrap_or_default()).into_owned();
    let value_of = |key: &str| text.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
    let is_fortran = value_of("fortran_order").is_none_or(|order| !order.starts_with("False"));
    let quoted = value_of("descr").and_then(|rest| rest.strip_prefix('\'')).and_then(|rest| rest.split_once('\''));
    let (Some((descr, _)), false) = (quoted, is_fortran) else {
        return Err(IoError::unsupported(&name, "is not a plain array in C order", "save it again with numpy.ascontiguousarray"));
    };
    let (is_big, element) = element(descr).ok_or_else(|| {
        IoError::unsupported(&name, format!("holds elements of a type (“{descr}”) that cannot be read"), "save it again as float32")
    })?;
    let sides = value_of("shape").and_then(|rest| rest.strip_prefix('(')).and_then(|rest| rest.split_once(')'));
    let shape: Option<Vec<usize>> = sides
        .and_then(|(sides, _)| sides.split(',').map(str::trim).filter(|side| !side.is_empty()).map(|side| side.parse().ok()).collect());
    let shape = shape.ok_or_else(|| malformed("does not say its shape"))?;
    if let Some(problem) = problem_with_dimensions(&shape) {
        return Err(malformed(&problem));
    }
    let count = shape.iter().product();
    let voxels = source.voxels(element, count, is_big != cfg!(target_endian = "big"), true)?;
    let values = match voxels {
        medley_volume::Voxels::F32(values) => values,
        other => with_voxels!(&other, values => values.iter().map(|&value| value as f32).collect()),
    };
    Ok(NpyArray { shape, values })
}

/// Writes an array of 32-bit floats.
///
/// # Errors
/// If the numbers do not fill the shape, or the system refuses.
pub fn write(path: &Path, shape: &[usize], values: &[f32]) -> Result<(), IoError> {
    if shape.iter().product::<usize>() != values.len() {
        let fault = format!("{} numbers do not fill an array of {shape:?}", values.len());
        return Err(IoError::Unfit { file: path.display().to_string(), fault, advice: "this is a fault of the program; please report it" });
    }
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let order = if cfg!(target_endian = "big") { '>' } else { '<' };
    let mut text = format!("{{'descr': '{order}f4', 'fortran_order': False, 'shape': ({}), }}", sides.trim_end());
    // The numbers begin at a multiple of 64 bytes, after a line's end.
    let length = (10 + text.len() + 1).next_multiple_of(64) - 10;
    text.push_str(&" ".repeat(length - text.len() - 1));
    text.push('\n');
    write_atomically(path, |out| {
        out.write_all(b"\x93NUMPY\x01\0")?;
        out.write_all(&(length as u16).to_le_bytes())?;
        out.write_all(text.as_bytes())?;
        out.write_all(bytemuck::cast_slice(values))
    })
}

/// Byte order and type of NumPy's type string, such as `<f4`.
fn element(descr: &str) -> Option<(bool, ElementType)> {
    let (order, name) = descr.split_at_checked(1)?;
    let element = match name {
        "u1" | "b1" => ElementType::U8,
        "i1" => ElementType::I8,
        "u2" => ElementType::U16,
        "i2" => ElementType::I16,
        "u4" => ElementType::U32,
        "i4" => ElementType::I32,
        "u8" => ElementType::U64,
        "i8" => ElementType::I64,
        "f4" => ElementType::F32,
        "f8" => ElementType::F64,
        _ => return None,
    };
    match order {
        "<" | "|" => Some((false, element)),
        ">" => Some((true, element)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(header: &str, numbers: &[u8]) -> Result<NpyArray, IoError> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut bytes = b"\x93NUMPY\x01\0".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(numbers);
        std::fs::write(file.path(), bytes).expect("writes");
        read(file.path())
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.npy");
        for shape in [vec![1, 1, 2, 3, 4], vec![24], vec![24, 1, 1, 1, 1, 1]] {
            let values: Vec<f32> = (0..24).map(|n| n as f32 / 7.0).collect();
            write(&path, &shape, &values).expect("writes");
            assert_eq!(read(&path).expect("reads"), NpyArray { shape, values });
            assert_eq!((std::fs::metadata(&path).expect("there").len() - 96) % 64, 0);
        }
        assert!(write(&path, &[5], &[0.0; 4]).is_err());
    }

    #[test]
    fn other_types_and_byte_orders_become_floats() {
        let array = with_header("{'descr': '>i2', 'fortran_order': False, 'shape': (2,), }\n", &[1, 0, 0xff, 0xfe]).expect("reads");
        assert_eq!(array.values, vec![256.0, -2.0]);
        let array = with_header("{'shape': (), 'fortran_order': False, 'descr': '<f8'}", &2.5f64.to_le_bytes()).expect("reads");
        assert_eq!(array, NpyArray { shape: vec![], values: vec![2.5] });
    }

    #[test]
    fn what_is_no_plain_array_is_refused() {
        for header in [
            "{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }",
            "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999, 99999999999), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
            "",
        ] {
            assert!(with_header(header, &[0; 4]).is_err(), "{header}");
        }
    }
}
