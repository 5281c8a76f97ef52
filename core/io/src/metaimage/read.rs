use std::collections::HashMap;
use std::path::Path;

use medley_volume::glam::{DAffine3, DMat3, DVec3};
use medley_volume::{Grid, Scaling};

use crate::element::ElementType;
use crate::error::CONVERT;
use crate::nifti::{check_frame, problem_with_dimensions};
use crate::opened::{NiftiAbout, Stored};
use crate::progress::Wish;
use crate::source::Source;
use crate::text::{beside, decimal_voxels, line, numbers};
use crate::{AffineSource, IoError, StoredGeometry};

/// No sensible header is longer than this.
const LONGEST_HEADER: usize = 1 << 16;
/// RAS from LPS.
const TO_RAS: DVec3 = DVec3::new(-1.0, -1.0, 1.0);

/// Whether bytes begin as a MetaImage does: with one of its keys, and with a number of axes not far behind.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes.get(..bytes.len().min(1024)).unwrap_or_default());
    let key = text.split_once('=').map_or("", |(key, _)| key.trim());
    let is_key = ["ObjectType", "ObjectSubType", "Comment", "NDims", "Name", "TransformType"].contains(&key);
    is_key && text.lines().any(|line| line.split_once('=').is_some_and(|(key, _)| key.trim() == "NDims"))
}

/// Reads a MetaImage; one of a header and a file of voxels by its header.
pub(crate) fn read(path: &Path, wish: Wish) -> Result<Stored, IoError> {
    let mut source = Source::open(path)?;
    let header = Header::read(&mut source)?;
    let file = header.required("ElementDataFile")?;
    if file.eq_ignore_ascii_case("local") {
        return header.voxels(source, wish, true);
    }
    let is_list = file.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case("list")) || file.contains('%');
    if is_list {
        return Err(header.unsupported("has its voxels in several files, one for each slice"));
    }
    let Some(voxels) = beside(path, file) else {
        return Err(header.unsupported(format!("has its voxels outside its folder (“{file}”)")));
    };
    header.voxels(Source::open_raw(&voxels)?, wish, false)
}

/// Reads a single MetaImage from memory.
pub(crate) fn read_bytes(name: &str, bytes: &[u8], wish: Wish) -> Result<Stored, IoError> {
    let mut source = Source::of_bytes(name, bytes)?;
    let header = Header::read(&mut source)?;
    if !header.required("ElementDataFile")?.eq_ignore_ascii_case("local") {
        return Err(IoError::unsupported(name, "is only the header of a pair of files", "give a single .mha file"));
    }
    header.voxels(source, wish, true)
}

/// The `Key = value` lines of a header.
struct Header {
    name: String,
    fields: HashMap<String, String>,
}

impl Header {
    /// Reads up to `ElementDataFile`, which is the last key and after which the voxels begin.
    fn read(source: &mut Source) -> Result<Self, IoError> {
        let mut header = Self { name: source.name().to_owned(), fields: HashMap::new() };
        while let Some(line) = line(source, LONGEST_HEADER)? {
            if source.position() > LONGEST_HEADER as u64 {
                break;
            }
            let Some((key, value)) = line.split_once('=') else { continue };
            let (key, value) = (key.trim(), value.trim().trim_matches('\0').trim());
            header.fields.insert(key.to_owned(), value.to_owned());
            if key == "ElementDataFile" {
                return Ok(header);
            }
        }
        Err(header.malformed("does not say where its voxels are (ElementDataFile)"))
    }

    fn field(&self, keys: &[&str]) -> Option<&str> {
        keys.iter().find_map(|&key| self.fields.get(key)).map(String::as_str)
    }

    fn required(&self, key: &str) -> Result<&str, IoError> {
        self.field(&[key]).ok_or_else(|| self.malformed(format!("does not say its {key}")))
    }

    fn is_true(&self, keys: &[&str]) -> bool {
        self.field(keys).is_some_and(|value| value.starts_with(['T', 't', 'Y', 'y', '1']))
    }

    fn malformed(&self, fault: impl Into<String>) -> IoError {
        IoError::malformed(&self.name, fault, "choose another file, or export it again")
    }

    fn unsupported(&self, fault: impl Into<String>) -> IoError {
        IoError::unsupported(&self.name, fault, CONVERT)
    }

    fn voxels(self, source: Source, wish: Wish, is_local: bool) -> Result<Stored, IoError> {
        let mut source = source.watched(wish.progress);
        let shape = self.shape()?;
        let channels = self.field(&["ElementNumberOfChannels"]).unwrap_or("1");
        if channels != "1" {
            return Err(self.unsupported(format!("holds {channels} numbers for each voxel")));
        }
        let element = self.element()?;
        let sides: [usize; 3] = std::array::from_fn(|axis| shape.get(axis).copied().unwrap_or(1));
        let (grid, mut notices) = self.grid(sides, shape.len())?;
        let (count, all) = (grid.len(), shape.iter().product::<usize>());
        let (frames, size) = (all / count, element.size());
        check_frame(&self.name, wish, frames, &mut notices)?;
        let scaling = self.scaling(&mut notices);
        let is_packed = self.is_true(&["CompressedData"]);
        let skip = match self.field(&["HeaderSize"]).map(str::parse::<i64>) {
            None | Some(Ok(0)) => 0,
            // The voxels are the end of the file, whatever stands before them.
            Some(Ok(-1)) if !is_packed => source.most_bytes().checked_sub((all * size) as u64).ok_or_else(|| source.ends_early())?,
            Some(Ok(bytes)) if bytes > 0 && !is_local => bytes as u64,
            _ => return Err(self.malformed("claims voxels where it has none (HeaderSize)")),
        };
        let before = source.position();
        source.skip_to(skip.max(before))?;
        if is_packed {
            source = source.unpacked_from_here()?;
        }
        let voxels = if self.field(&["BinaryData"]).is_none() || self.is_true(&["BinaryData"]) {
            let is_big = self.is_true(&["BinaryDataByteOrderMSB", "ElementByteOrderMSB"]);
            let begin = source.position().saturating_add((wish.frame * count * size) as u64);
            if source.position().saturating_add((all * size) as u64) > source.most_bytes() {
                return Err(source.ends_early());
            }
            source.skip_to(begin)?;
            source.voxels(element, count, is_big != cfg!(target_endian = "big"), wish.frame + 1 == frames)?
        } else if frames == 1 {
            decimal_voxels(&mut source, element, count)?
        } else {
            return Err(self.unsupported("holds several volumes as text"));
        };
        let geometry = StoredGeometry::of_grid(&grid);
        let about = NiftiAbout {
            format: "MetaImage".to_owned(),
            dtype: voxels.type_name().to_owned(),
            shape,
            length_unit: geometry.length_unit().to_owned(),
            sform_code: geometry.sform_code(),
            qform_code: geometry.qform_code(),
            intent_code: 0,
            affine_from: AffineSource::MetaImage,
        };
        Ok(Stored { name: self.name, grid, voxels, scaling, geometry, about, notices })
    }

    fn shape(&self) -> Result<Vec<usize>, IoError> {
        if let Some(other) = self.field(&["ObjectType"]).filter(|kind| !kind.eq_ignore_ascii_case("image")) {
            return Err(self.unsupported(format!("is a MetaIO file of another kind (“{other}”) than an image")));
        }
        let sizes = self.required("DimSize")?;
        let sides = numbers::<usize>(sizes).filter(|sides| !sides.is_empty() && !sides.contains(&0));
        let sides = sides.ok_or_else(|| self.malformed(format!("claims sides of “{sizes}” voxels")))?;
        if let Some(problem) = problem_with_dimensions(&sides) {
            return Err(self.malformed(problem));
        }
        if self.required("NDims")?.parse() != Ok(sides.len()) {
            return Err(self.malformed(format!("contradicts itself: it claims other than {} axes (NDims)", sides.len())));
        }
        match sides.len() {
            1..=4 => Ok(sides),
            axes => Err(self.unsupported(format!("has {axes} axes, and only volumes of 3 can be read"))),
        }
    }

    fn element(&self) -> Result<ElementType, IoError> {
        match self.required("ElementType")? {
            "MET_UCHAR" => Ok(ElementType::U8),
            "MET_CHAR" => Ok(ElementType::I8),
            "MET_USHORT" => Ok(ElementType::U16),
            "MET_SHORT" => Ok(ElementType::I16),
            "MET_UINT" | "MET_ULONG" => Ok(ElementType::U32),
            "MET_INT" | "MET_LONG" => Ok(ElementType::I32),
            "MET_ULONG_LONG" => Ok(ElementType::U64),
            "MET_LONG_LONG" => Ok(ElementType::I64),
            "MET_FLOAT" => Ok(ElementType::F32),
            "MET_DOUBLE" => Ok(ElementType::F64),
            other => Err(self.unsupported(format!("holds voxels of a type (“{other}”) that cannot be read"))),
        }
    }

    /// `axes` numbers, or `axes` squared, behind one of `keys`.
    fn list(&self, keys: &[&str], count: usize) -> Result<Option<Vec<f64>>, IoError> {
        let Some(text) = self.field(keys) else { return Ok(None) };
        match numbers::<f64>(text).filter(|found| found.len() == count) {
            Some(found) => Ok(Some(found)),
            None => Err(self.malformed(format!("has a {} (“{text}”) that is not {count} numbers", keys[0]))),
        }
    }

    /// The grid in RAS+ millimetres, and what had to be assumed. Each run of numbers in the matrix is the direction of one axis.
    fn grid(&self, sides: [usize; 3], axes: usize) -> Result<(Grid, Vec<String>), IoError> {
        let mut notices = Vec::new();
        let spacing = match self.list(&["ElementSpacing", "ElementSize"], axes)? {
            Some(sizes) => DVec3::from_array(std::array::from_fn(|axis| sizes.get(axis).copied().unwrap_or(1.0))),
            None => {
                notices.push("The file stores no voxel sizes: 1 mm is used.".to_owned());
                DVec3::ONE
            }
        };
        let matrix = match self.list(&["TransformMatrix", "Rotation", "Orientation"], axes * axes)? {
            Some(all) => {
                let part = |axis: usize, row: usize| match axis < axes && row < axes {
                    true => all.get(axis * axes + row).copied().unwrap_or(0.0),
                    false => f64::from(u8::from(axis == row)),
                };
                let column = |axis| DVec3::new(part(axis, 0), part(axis, 1), part(axis, 2));
                DMat3::from_cols(column(0), column(1), column(2))
            }
            None => {
                notices.push("The file stores no orientation: left may be right.".to_owned());
                DMat3::IDENTITY
            }
        };
        let offset = self.list(&["Offset", "Position", "Origin"], axes)?.unwrap_or_default();
        let translation = DVec3::from_array(std::array::from_fn(|axis| offset.get(axis).copied().unwrap_or(0.0)));
        let lps = DAffine3 { matrix3: matrix * DMat3::from_diagonal(spacing), translation };
        let grid = Grid::new(sides, DAffine3::from_scale(TO_RAS) * lps);
        Ok((grid.map_err(|error| self.malformed(format!("cannot be placed: {error}")))?, notices))
    }

    /// MetaIO's rarely used scaling. ITK does not apply it, so the person is told.
    fn scaling(&self, notices: &mut Vec<String>) -> Scaling {
        let number = |key: &str| self.field(&[key]).and_then(|text| text.parse::<f64>().ok()).filter(|number| number.is_finite());
        let slope = number("ElementToIntensityFunctionSlope").filter(|&slope| slope != 0.0).unwrap_or(1.0);
        let scaling = Scaling { slope, intercept: number("ElementToIntensityFunctionOffset").unwrap_or(0.0) };
        if scaling != Scaling::IDENTITY {
            notices.push("The file scales its numbers, which other programs may not do.".to_owned());
        }
        scaling
    }
}

#[cfg(test)]
mod tests {
    use crate::volume_from_bytes;

    fn file(header: &str, voxels: &[u8]) -> Vec<u8> {
        [header.as_bytes(), b"\nElementDataFile = LOCAL\n", voxels].concat()
    }

    const PLAIN: &str = "ObjectType = Image\nNDims = 3\nDimSize = 2 1 1\nElementType = MET_UCHAR";

    #[test]
    fn directions_are_columns_and_lps_becomes_ras() {
        let placed = "TransformMatrix = 0 1 0 1 0 0 0 0 1\nOffset = 10 20 30\nElementSpacing = 2 3 4";
        let opened = volume_from_bytes("a.mha", &file(&format!("{PLAIN}\n{placed}"), &[7, 9])).expect("opens");
        // The first axis runs along +y of LPS (to the back), the second along +x (to the left).
        let wanted = [[0.0, -3.0, 0.0, -10.0], [-2.0, 0.0, 0.0, -20.0], [0.0, 0.0, 4.0, 30.0], [0.0, 0.0, 0.0, 1.0]];
        assert_eq!(opened.volume.grid().affine_rows(), wanted);
        assert_eq!(opened.about.format, "MetaImage");
        assert!(opened.notices.is_empty());
    }

    #[test]
    fn slices_and_series_and_scaling_are_told() {
        let slice = PLAIN.replace("NDims = 3", "NDims = 2").replace("2 1 1", "2 1");
        let opened = volume_from_bytes("a.mha", &file(&format!("{slice}\nTransformMatrix = 0 1 1 0"), &[7, 9])).expect("opens");
        assert_eq!((opened.volume.grid().shape(), opened.notices.len()), ([2, 1, 1], 1));
        let series = PLAIN.replace("NDims = 3", "NDims = 4").replace("2 1 1", "1 1 1 2");
        let opened = volume_from_bytes("a.mha", &file(&series, &[7, 9])).expect("opens");
        assert_eq!((opened.volume.summary().sum, opened.notices.len()), (7.0, 3));
        let scaled = format!("{PLAIN}\nElementToIntensityFunctionSlope = 2\nElementToIntensityFunctionOffset = -1");
        assert_eq!(volume_from_bytes("a.mha", &file(&scaled, &[7, 9])).expect("opens").volume.summary().sum, 30.0);
    }

    #[test]
    fn numbers_as_text_and_the_end_of_a_file_are_found() {
        let text = format!("{PLAIN}\nBinaryData = False");
        assert_eq!(volume_from_bytes("a.mha", &file(&text, b"7 9")).expect("opens").volume.summary().sum, 16.0);
        let tail = format!("{PLAIN}\nHeaderSize = -1");
        assert_eq!(volume_from_bytes("a.mha", &file(&tail, &[1, 2, 3, 7, 9])).expect("opens").volume.summary().sum, 16.0);
        let big = format!("{}\nElementByteOrderMSB = True", PLAIN.replace("UCHAR", "SHORT"));
        assert_eq!(volume_from_bytes("a.mha", &file(&big, &[0, 1, 1, 0])).expect("opens").volume.summary().sum, 257.0);
    }

    #[test]
    fn what_cannot_be_read_is_a_sentence() {
        let wrong = [
            (PLAIN.replace("2 1 1", "2 0 1"), "claims sides"),
            (PLAIN.replace("2 1 1", "9999999 9999999 9999999"), "more than can be counted"),
            (PLAIN.replace("2 1 1", "2 3000 3000"), "ends before"),
            (PLAIN.replace("2 1 1", "2 1"), "contradicts itself"),
            (PLAIN.replace("MET_UCHAR", "MET_STRING"), "type"),
            (PLAIN.replace("= Image", "= Tube"), "another kind"),
            (format!("{PLAIN}\nElementNumberOfChannels = 3"), "3 numbers for each voxel"),
            (format!("{PLAIN}\nCompressedData = True"), "not packed"),
            (format!("{PLAIN}\nHeaderSize = -7"), "where it has none"),
            (format!("{PLAIN}\nHeaderSize = 7"), "where it has none"),
            (format!("{PLAIN}\nElementSpacing = 1 1"), "not 3 numbers"),
            (format!("{PLAIN}\nTransformMatrix = 1 0 0 1 0 0 0 0 1"), "cannot be placed"),
            (format!("{PLAIN}\nElementSpacing = 1 0 1"), "cannot be placed"),
            (format!("{PLAIN}\nElementDataFile = x.raw"), "only the header"),
        ];
        for (header, fault) in wrong {
            let error = volume_from_bytes("a.mha", &file(&header, &[7, 9])).expect_err(&header).to_string();
            assert!(error.starts_with("a.mha ") && error.contains(fault), "{error}");
        }
        let endless = [b"NDims = 3\n".to_vec(), vec![b'x'; 1 << 17]].concat();
        assert!(volume_from_bytes("a.mha", &endless).expect_err("no end").to_string().contains("without an end"));
    }

    #[test]
    fn voxels_lie_beside_the_header_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.mhd");
        std::fs::write(folder.path().join("a.raw"), [0x1f, 0x8b, 7, 9]).expect("writes");
        for (file, fault) in [
            ("../a.raw", "outside its folder"),
            ("/a.raw", "outside its folder"),
            ("LIST", "several files"),
            ("LIST 2", "several files"),
            ("slice%03d.raw 1 9 1", "several files"),
            ("none.raw", "does not exist"),
        ] {
            std::fs::write(&path, format!("{PLAIN}\nHeaderSize = 2\nElementDataFile = {file}\n")).expect("writes");
            let error = crate::open_volume(&path).expect_err(file).to_string();
            assert!(error.contains(fault), "{error}");
        }
        std::fs::write(&path, format!("{PLAIN}\nHeaderSize = 2\nElementDataFile = a.raw\n")).expect("writes");
        assert_eq!(crate::open_volume(&path).expect("opens").volume.summary().sum, 16.0, "raw bytes that look like gzip are raw");
    }
}
