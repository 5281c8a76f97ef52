//! Reading NRRD (teem.sourceforge.net/nrrd/format.html, versions 1 to 5): three axes of voxels, raw or gzip, in the same file or
//! in one beside it.

use std::collections::HashMap;
use std::path::{Component, Path};

use medley_volume::glam::{DAffine3, DMat3, DVec3};
use medley_volume::{Grid, Scaling};

use crate::element::ElementType;
use crate::error::{CONVERT, COPY_AGAIN};
use crate::nifti::problem_with_dimensions;
use crate::opened::{NiftiAbout, Stored};
use crate::progress::Wish;
use crate::source::Source;
use crate::{AffineSource, IoError, StoredGeometry};

/// No sensible header is longer than this.
const LONGEST_HEADER: usize = 1 << 20;

/// Whether bytes begin as a NRRD file does.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(b"NRRD000")
}

/// Reads a NRRD file; one of a header and a file of voxels by its header.
pub(crate) fn read(path: &Path, wish: Wish) -> Result<Stored, IoError> {
    let mut source = Source::open(path)?;
    let header = Header::read(&mut source)?;
    let Some(voxel_file) = header.fields.get("data file").or_else(|| header.fields.get("datafile")) else {
        return header.voxels(source, wish);
    };
    let relative = Path::new(voxel_file);
    let stays_inside = relative.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if voxel_file.starts_with("LIST") || voxel_file.contains('%') || !stays_inside {
        let fault = format!("has its voxels in several files or outside its folder (“{voxel_file}”)");
        return Err(IoError::unsupported(&header.name, fault, CONVERT));
    }
    let voxels = Source::open(&path.parent().unwrap_or(Path::new("")).join(relative))?;
    header.voxels(voxels, wish)
}

/// Reads a single NRRD file from memory.
pub(crate) fn read_bytes(name: &str, bytes: &[u8], wish: Wish) -> Result<Stored, IoError> {
    let mut source = Source::of_bytes(name, bytes)?;
    let header = Header::read(&mut source)?;
    if header.fields.contains_key("data file") || header.fields.contains_key("datafile") {
        return Err(IoError::unsupported(name, "is only the header of a pair of files", "give a single .nrrd file"));
    }
    header.voxels(source, wish)
}

/// The `field: value` lines of a header, names in lower case.
struct Header {
    name: String,
    fields: HashMap<String, String>,
}

impl Header {
    /// Reads up to the empty line after which the voxels begin, or to the end of a header that stands alone.
    fn read(source: &mut Source) -> Result<Self, IoError> {
        let name = source.name().to_owned();
        let mut fields = HashMap::new();
        let (mut line, mut length) = (Vec::new(), 0);
        loop {
            let mut byte = [0];
            let is_end = source.read(&mut byte)? == 0;
            length += 1;
            if length > LONGEST_HEADER {
                return Err(IoError::malformed(&name, "has a header without an end", COPY_AGAIN));
            }
            if !is_end && byte != *b"\n" {
                line.push(byte[0]);
                continue;
            }
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if is_end || text.is_empty() {
                return Ok(Self { name, fields });
            }
            if let Some((field, value)) = text.split_once(": ").filter(|_| !text.starts_with('#')) {
                fields.insert(field.trim().to_lowercase(), value.trim().to_owned());
            }
            line.clear();
        }
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    fn required(&self, name: &str) -> Result<&str, IoError> {
        self.field(name).ok_or_else(|| self.malformed(format!("does not say its “{name}”")))
    }

    fn malformed(&self, fault: impl Into<String>) -> IoError {
        IoError::malformed(&self.name, fault, "choose another file, or export it again")
    }

    fn unsupported(&self, fault: impl Into<String>) -> IoError {
        IoError::unsupported(&self.name, fault, CONVERT)
    }

    fn voxels(self, source: Source, wish: Wish) -> Result<Stored, IoError> {
        let mut source = source.watched(wish.progress);
        let shape = self.shape()?;
        let (grid, notices) = self.grid(shape)?;
        let element = self.element()?;
        let is_big = self.field("endian").is_some_and(|order| order.eq_ignore_ascii_case("big"));
        if self.field("endian").is_none() && element.size() > 1 {
            return Err(self.malformed("does not say its “endian”"));
        }
        match self.required("encoding")?.to_lowercase().as_str() {
            "raw" => {}
            "gzip" | "gz" => source = source.unpacked_from_here()?,
            other => return Err(self.unsupported(format!("is packed in a way (“{other}”) that cannot be read"))),
        }
        if self.field("line skip").or(self.field("lineskip")).is_some_and(|lines| lines != "0") {
            return Err(self.unsupported("begins its voxels after lines of text"));
        }
        let skip = match self.field("byte skip").or(self.field("byteskip")) {
            None => Some(0),
            // Raw voxels up to the end of the file, whatever stands before them.
            Some("-1") => {
                source.most_bytes().checked_sub((grid.len() * element.size()) as u64).map(|at| at.saturating_sub(source.position()))
            }
            Some(bytes) => bytes.parse().ok(),
        };
        let begin = skip.and_then(|skip| source.position().checked_add(skip)).filter(|&at| at <= source.most_bytes());
        source.skip_to(begin.ok_or_else(|| self.malformed("claims voxels where it has none"))?)?;
        let voxels = source.voxels(element, grid.len(), is_big != cfg!(target_endian = "big"), true)?;
        let geometry = StoredGeometry::of_grid(&grid);
        let about = NiftiAbout {
            format: "NRRD".to_owned(),
            dtype: voxels.type_name().to_owned(),
            shape: shape.to_vec(),
            length_unit: geometry.length_unit().to_owned(),
            sform_code: geometry.sform_code(),
            qform_code: geometry.qform_code(),
            intent_code: 0,
            affine_from: AffineSource::Nrrd,
        };
        Ok(Stored { name: self.name, grid, voxels, scaling: Scaling::IDENTITY, geometry, about, notices })
    }

    fn shape(&self) -> Result<[usize; 3], IoError> {
        let sizes = self.required("sizes")?;
        let sides: Option<Vec<usize>> = sizes.split_whitespace().map(|side| side.parse().ok().filter(|&side| side > 0)).collect();
        let sides = sides.ok_or_else(|| self.malformed(format!("claims sides of “{sizes}” voxels")))?;
        if let Some(problem) = problem_with_dimensions(&sides) {
            return Err(self.malformed(problem));
        }
        let three = <[usize; 3]>::try_from(sides.as_slice());
        three.map_err(|_| self.unsupported(format!("has {} axes, and only volumes of 3 can be read", sides.len())))
    }

    fn element(&self) -> Result<ElementType, IoError> {
        let name = self.required("type")?;
        match name {
            "uchar" | "unsigned char" | "uint8" | "uint8_t" => Ok(ElementType::U8),
            "signed char" | "int8" | "int8_t" => Ok(ElementType::I8),
            "ushort" | "unsigned short" | "unsigned short int" | "uint16" | "uint16_t" => Ok(ElementType::U16),
            "short" | "short int" | "signed short" | "signed short int" | "int16" | "int16_t" => Ok(ElementType::I16),
            "uint" | "unsigned int" | "uint32" | "uint32_t" => Ok(ElementType::U32),
            "int" | "signed int" | "int32" | "int32_t" => Ok(ElementType::I32),
            "ulonglong" | "unsigned long long" | "unsigned long long int" | "uint64" | "uint64_t" => Ok(ElementType::U64),
            "longlong" | "long long" | "long long int" | "signed long long" | "signed long long int" | "int64" | "int64_t" => {
                Ok(ElementType::I64)
            }
            "float" => Ok(ElementType::F32),
            "double" => Ok(ElementType::F64),
            other => Err(self.unsupported(format!("holds voxels of a type (“{other}”) that cannot be read"))),
        }
    }

    /// The grid in RAS+ millimetres, and what had to be assumed.
    fn grid(&self, shape: [usize; 3]) -> Result<(Grid, Vec<String>), IoError> {
        let mut notices = Vec::new();
        let space = self.field("space").unwrap_or_default().to_lowercase();
        let to_ras = match space.as_str() {
            "right-anterior-superior" | "ras" => DVec3::ONE,
            "left-anterior-superior" | "las" => DVec3::new(-1.0, 1.0, 1.0),
            "left-posterior-superior" | "lps" => DVec3::new(-1.0, -1.0, 1.0),
            _ => {
                notices.push("The file does not say how it lies in the patient: left may be right.".to_owned());
                DVec3::ONE
            }
        };
        let matrix = match self.field("space directions") {
            Some(text) => {
                let columns = vectors(text).and_then(|vectors| <[DVec3; 3]>::try_from(vectors).ok());
                let columns =
                    columns.ok_or_else(|| self.malformed(format!("has space directions (“{text}”) that are not three vectors")))?;
                DMat3::from_cols(columns[0], columns[1], columns[2])
            }
            None => DMat3::from_diagonal(self.spacings(&mut notices)),
        };
        let origin = match self.field("space origin") {
            Some(text) => vectors(text).and_then(|found| found.first().copied()),
            None => Some(DVec3::ZERO),
        };
        let translation = origin.ok_or_else(|| self.malformed("has a space origin that is not a point"))?;
        let unit = self.field("space units").unwrap_or_default();
        let millimetres = match unit.split('"').nth(1) {
            Some("m") => 1e3,
            Some("um" | "µm") => 1e-3,
            _ => 1.0,
        };
        let affine = DAffine3::from_scale(to_ras * millimetres) * DAffine3 { matrix3: matrix, translation };
        let grid = Grid::new(shape, affine).map_err(|error| self.malformed(format!("cannot be placed: {error}")))?;
        Ok((grid, notices))
    }

    fn spacings(&self, notices: &mut Vec<String>) -> DVec3 {
        let numbers = self.field("spacings").map(|text| text.split_whitespace().filter_map(|n| n.parse().ok()).collect::<Vec<f64>>());
        match numbers.as_deref() {
            Some(&[x, y, z]) => DVec3::new(x, y, z).abs(),
            _ => {
                notices.push("The file stores no voxel sizes: 1 mm is used.".to_owned());
                DVec3::ONE
            }
        }
    }
}

/// `(x,y,z) (x,y,z) …`, spaces allowed anywhere.
fn vectors(text: &str) -> Option<Vec<DVec3>> {
    let inside = |part: &str| -> Option<DVec3> {
        let numbers: Vec<f64> = part.trim().strip_prefix('(')?.split(',').map(|n| n.trim().parse().ok()).collect::<Option<_>>()?;
        <[f64; 3]>::try_from(numbers).ok().map(DVec3::from_array)
    };
    text.trim().strip_suffix(')')?.split(')').map(inside).collect()
}

#[cfg(test)]
mod tests {
    use crate::volume_from_bytes;

    fn file(header: &str, voxels: &[u8]) -> Vec<u8> {
        [b"NRRD0004\n# comment\n", header.as_bytes(), b"\n\n", voxels].concat()
    }

    const PLAIN: &str = "type: uchar\ndimension: 3\nsizes: 2 1 1\nencoding: raw";

    #[test]
    fn left_and_posterior_become_right_and_anterior() {
        let placed = "space: left-posterior-superior\nspace directions: (2, 0,0) (0,3,0) (0,0,4)\nspace origin: (1,2,3)\n";
        let opened = volume_from_bytes("a.nrrd", &file(&format!("{placed}{PLAIN}"), &[7, 9])).expect("opens");
        let wanted = [[-2.0, 0.0, 0.0, -1.0], [0.0, -3.0, 0.0, -2.0], [0.0, 0.0, 4.0, 3.0], [0.0, 0.0, 0.0, 1.0]];
        assert_eq!(opened.volume.grid().affine_rows(), wanted);
        assert!(opened.notices.is_empty());
        assert_eq!(opened.about.format, "NRRD");
    }

    #[test]
    fn what_is_assumed_is_told() {
        let opened = volume_from_bytes("a.nrrd", &file(PLAIN, &[7, 9])).expect("opens");
        assert_eq!(opened.notices.len(), 2);
        let opened = volume_from_bytes("a.nrrd", &file(&format!("{PLAIN}\nspacings: 1 2 3\nbyte skip: -1"), &[0, 0, 7, 9])).expect("opens");
        assert_eq!(opened.volume.grid().spacing(), [1.0, 2.0, 3.0]);
        assert_eq!(opened.volume.summary().sum, 16.0);
    }

    #[test]
    fn what_cannot_be_read_is_a_sentence() {
        let wrong = [
            (PLAIN.replace("2 1 1", "2 0 1"), "claims sides"),
            (PLAIN.replace("2 1 1", "9999999 9999999 9999999"), "more than can be counted"),
            (PLAIN.replace("2 1 1", "2 3000 3000"), "ends before"),
            (PLAIN.replace("2 1 1", "2 1 1 1"), "4 axes"),
            (PLAIN.replace("uchar", "block"), "type"),
            (PLAIN.replace("uchar", "short"), "endian"),
            (PLAIN.replace("raw", "bzip2"), "bzip2"),
            (PLAIN.replace("raw", "gzip"), "not packed"),
            (format!("{PLAIN}\ndata file: ../x.raw"), "only the header"),
            (format!("{PLAIN}\nspace directions: (1,0,0) none (0,0,1)"), "three vectors"),
            (format!("{PLAIN}\nspace directions: (1,0,0) (1,0,0) (0,0,nan)"), "cannot be placed"),
            (format!("{PLAIN}\nbyte skip: 18446744073709551615"), "where it has none"),
        ];
        for (header, fault) in wrong {
            let error = volume_from_bytes("a.nrrd", &file(&header, &[7, 9])).expect_err(&header).to_string();
            assert!(error.starts_with("a.nrrd ") && error.contains(fault), "{error}");
        }
    }
}
