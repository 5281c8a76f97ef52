//! NumPy's `.npy` (numpy.lib.format): one array of numbers, the last axis fastest.

use std::path::Path;

use medley_volume::{Grid, Scaling, Voxels, with_voxels};

use crate::element::{Element, ElementType};
use crate::error::COPY_AGAIN;
use crate::nifti::{check_frame, problem_with_dimensions};
use crate::opened::{NiftiAbout, Stored};
use crate::progress::Wish;
use crate::source::Source;
use crate::{AffineSource, IoError, StoredGeometry, write_atomically};

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

/// What a file says of its array.
struct Header {
    name: String,
    shape: Vec<usize>,
    element: ElementType,
    is_swapped: bool,
    is_fortran: bool,
}

impl Header {
    fn read(source: &mut Source) -> Result<Self, IoError> {
        let name = source.name().to_owned();
        let malformed = |fault: &str| IoError::malformed(&name, fault, COPY_AGAIN);
        let mut start = [0; 8];
        if source.read(&mut start)? < 8 || !start.starts_with(b"\x93NUMPY") {
            return Err(malformed("is not a NumPy array (.npy)"));
        }
        let mut length = [0; 4];
        let width = if start[6] == 1 { 2 } else { 4 };
        source.read(length.get_mut(..width).unwrap_or_default())?;
        let length = u32::from_le_bytes(length) as usize;
        let mut text = Vec::new();
        if length > LONGEST_HEADER || !source.read_bytes(length, &mut text)? {
            return Err(malformed("ends inside its header"));
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        let value_of = |key: &str| text.split_once(&format!("'{key}':")).map(|(_, rest)| rest.trim_start());
        let is_fortran = value_of("fortran_order").is_none_or(|order| !order.starts_with("False"));
        let quoted = value_of("descr").and_then(|rest| rest.strip_prefix('\'')).and_then(|rest| rest.split_once('\''));
        let Some((descr, _)) = quoted else {
            return Err(IoError::unsupported(&name, "holds records of several fields", "save one field as a plain array"));
        };
        if descr.ends_with('O') {
            let fault = "holds Python objects (a pickle), which could do anything when they are opened";
            return Err(IoError::unsupported(&name, fault, "save a plain array of numbers"));
        }
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
        Ok(Self { name, shape, element, is_swapped: is_big != cfg!(target_endian = "big"), is_fortran })
    }
}

/// Reads an array of whole or floating-point numbers in C order.
///
/// # Errors
/// If there is no such file, it is not such an array, or it is cut short.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f32")]
pub fn read(path: &Path) -> Result<NpyArray, IoError> {
    let mut source = Source::open(path)?;
    let Header { name, shape, element, is_swapped, is_fortran } = Header::read(&mut source)?;
    if is_fortran {
        return Err(IoError::unsupported(&name, "is not a plain array in C order", "save it again with numpy.ascontiguousarray"));
    }
    let count = shape.iter().product();
    let voxels = source.voxels(element, count, is_swapped, true)?;
    let values = match voxels {
        medley_volume::Voxels::F32(values) => values,
        other => with_voxels!(&other, values => values.iter().map(|&value| value as f32).collect()),
    };
    Ok(NpyArray { shape, values })
}

/// Whether bytes begin as an array does.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(b"\x93NUMPY")
}

/// An array as a volume: `[slice, row, column]` in either memory order, axes of one element before them left out, further axes in front
/// being several volumes. It has no place in a patient: voxels are 1 mm.
pub(crate) fn volume(mut source: Source, wish: Wish) -> Result<Stored, IoError> {
    let Header { name, shape, element, is_swapped, is_fortran } = Header::read(&mut source)?;
    let mut source = source.watched(wish.progress);
    if shape.is_empty() || shape.contains(&0) {
        return Err(IoError::unsupported(&name, "is an array without voxels", "save an array of two or three axes"));
    }
    let (in_front, rest) = shape.split_at(shape.len().saturating_sub(3));
    let frames: usize = in_front.iter().product();
    let side = |from_end: usize| rest.len().checked_sub(from_end).and_then(|at| rest.get(at)).copied().unwrap_or(1);
    let sides = [side(1), side(2), side(3)];
    let grid = Grid::axis_aligned(sides, [1.0; 3]).map_err(|error| IoError::malformed(&name, error.to_string(), COPY_AGAIN))?;
    let mut notices =
        vec!["An array has no place in a patient: its last axis is taken as columns, 1 mm apart, and left may be right.".to_owned()];
    check_frame(&name, wish, frames, &mut notices)?;
    if is_fortran && frames > 1 {
        return Err(IoError::unsupported(&name, "holds several volumes in Fortran order", "save it again with numpy.ascontiguousarray"));
    }
    let bytes = (grid.len() * element.size()) as u64;
    if source.position().saturating_add(bytes.saturating_mul(frames as u64)) > source.most_bytes() {
        return Err(source.ends_early());
    }
    source.skip_to(source.position() + bytes * wish.frame as u64)?;
    let mut voxels = source.voxels(element, grid.len(), is_swapped, wish.frame + 1 == frames)?;
    if is_fortran {
        voxels = turned(&voxels, sides);
    }
    let geometry = StoredGeometry::of_grid(&grid);
    let mut in_file = sides.to_vec();
    in_file.extend((frames > 1).then_some(frames));
    let about = NiftiAbout {
        format: "NumPy".to_owned(),
        dtype: voxels.type_name().to_owned(),
        shape: in_file,
        length_unit: "unknown".to_owned(),
        sform_code: 0,
        qform_code: 0,
        intent_code: 0,
        affine_from: AffineSource::Pixdim,
    };
    Ok(Stored { name, grid, voxels, scaling: Scaling::IDENTITY, geometry, about, notices })
}

/// Voxels with the slices fastest, laid out with the columns fastest.
fn turned(voxels: &Voxels, [i, j, k]: [usize; 3]) -> Voxels {
    fn turn<T: Element>(values: &[T], [i, j, k]: [usize; 3]) -> Voxels {
        let places = (0..k).flat_map(|z| (0..j).flat_map(move |y| (0..i).map(move |x| (x * j + y) * k + z)));
        T::into_voxels(places.filter_map(|at| values.get(at).copied()).collect())
    }
    with_voxels!(voxels, values => turn(values, [i, j, k]))
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

    #[test]
    fn an_array_opens_as_the_same_volume_in_either_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.npy");
        let open = |order: &str, shape: &str, numbers: &[u8]| {
            let header = format!("{{'descr': '|u1', 'fortran_order': {order}, 'shape': {shape}, }}\n");
            let bytes = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), numbers].concat();
            std::fs::write(&path, bytes).expect("writes");
            crate::open_volume(&path)
        };
        // numpy.arange(6).reshape(1, 2, 3), and the same numbers as numpy.asfortranarray stores them.
        let c = open("False", "(1, 2, 3)", &[0, 1, 2, 3, 4, 5]).expect("opens");
        let fortran = open("True", "(1, 2, 3)", &[0, 3, 1, 4, 2, 5]).expect("opens");
        assert_eq!(c.volume, fortran.volume);
        assert_eq!(c.volume.grid().shape(), [3, 2, 1]);
        assert!(c.notices.len() == 1 && c.notices[0].contains("no place in a patient"));
        let series = open("False", "(1, 2, 1, 1, 3)", &[0, 1, 2, 3, 4, 5]).expect("opens");
        assert_eq!((series.volume.grid().shape(), series.volume.summary().sum, series.notices.len()), ([3, 1, 1], 3.0, 2));
        assert_eq!(crate::open_volume_frame(&path, 1).expect("opens").volume.summary().sum, 12.0);
        assert!(open("True", "(2, 1, 1, 3)", &[0; 6]).expect_err("refused").to_string().contains("Fortran"));
        assert!(open("False", "(3, 3)", &[0; 6]).expect_err("short").to_string().contains("ends before"));
        assert!(open("False", "(0, 3)", &[0; 6]).expect_err("empty").to_string().contains("without voxels"));
        let header = b"\x93NUMPY\x01\0\x3a\0{'descr': '|O', 'fortran_order': False, 'shape': (1,), } \n";
        std::fs::write(&path, header).expect("writes");
        assert!(crate::open_volume(&path).expect_err("a pickle").to_string().contains("Python objects"));
    }
}
