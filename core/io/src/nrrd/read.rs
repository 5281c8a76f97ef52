use std::path::Path;

use medley_volume::{LabelTable, Scaling, Voxels, with_voxels};

use super::header::Header;
use super::place::Layout;
use super::segments::{self, Segment};
use crate::element::Element;
use crate::nifti::check_frame;
use crate::opened::{NiftiAbout, Stored};
use crate::progress::Wish;
use crate::source::Source;
use crate::text::{beside, decimal_voxels, hexadecimal_bytes, line};
use crate::{AffineSource, IoError, StoredGeometry};

/// `intent_code` of a mask, by NIfTI's numbers.
const INTENT_LABEL: i32 = 1002;

/// Reads a NRRD file; one of a header and a file of voxels by its header.
pub(crate) fn read(path: &Path, wish: Wish) -> Result<Stored, IoError> {
    read_segments(path, wish).map(|(stored, _)| stored)
}

/// Reads a NRRD file and the names and colours it gives to labels, which are empty if it is no segmentation of 3D Slicer.
pub(crate) fn read_segments(path: &Path, wish: Wish) -> Result<(Stored, LabelTable), IoError> {
    let mut source = Source::open(path)?;
    let header = Header::read(&mut source)?;
    let Some(file) = header.field("datafile") else { return header.voxels(source, wish) };
    if file.starts_with("LIST") || file.contains('%') {
        return Err(header.unsupported("has its voxels in several files"));
    }
    let Some(voxels) = beside(path, file) else {
        return Err(header.unsupported(format!("has its voxels outside its folder (“{file}”)")));
    };
    header.voxels(Source::open_raw(&voxels)?, wish)
}

/// Reads a single NRRD file from memory.
pub(crate) fn read_bytes(name: &str, bytes: &[u8], wish: Wish) -> Result<Stored, IoError> {
    let mut source = Source::of_bytes(name, bytes)?;
    let header = Header::read(&mut source)?;
    if header.field("datafile").is_some() {
        return Err(IoError::unsupported(name, "is only the header of a pair of files", "give a single .nrrd file"));
    }
    header.voxels(source, wish).map(|(stored, _)| stored)
}

impl Header {
    fn voxels(self, source: Source, wish: Wish) -> Result<(Stored, LabelTable), IoError> {
        let source = source.watched(wish.progress);
        let mut layout = self.layout()?;
        let segments = segments::of(&self.pairs, layout.frames);
        let is_layered = segments.is_some() && layout.frames > 1;
        if !is_layered {
            check_frame(&self.name, wish, layout.frames, &mut layout.notices)?;
        }
        let takes_all = is_layered || layout.is_interleaved;
        let range = if takes_all { (0, layout.frames) } else { (wish.frame, 1) };
        let voxels = self.stored_voxels(source, &layout, range)?;
        let (voxels, table) = match segments {
            Some(found) if is_layered => self.merged(&voxels, &layout, &found)?,
            Some(found) => (voxels, segments::table(&found)),
            None if layout.is_interleaved => (picked(&voxels, wish.frame, layout.frames), LabelTable::default()),
            None => (voxels, LabelTable::default()),
        };
        let geometry = StoredGeometry::of_grid(&layout.grid);
        let mut shape = layout.shape.to_vec();
        shape.extend((layout.frames > 1).then_some(layout.frames));
        let about = NiftiAbout {
            format: "NRRD".to_owned(),
            dtype: voxels.type_name().to_owned(),
            shape,
            length_unit: geometry.length_unit().to_owned(),
            sform_code: geometry.sform_code(),
            qform_code: geometry.qform_code(),
            intent_code: if table.labels().is_empty() { 0 } else { INTENT_LABEL },
            affine_from: AffineSource::Nrrd,
        };
        let Layout { grid, notices, .. } = layout;
        Ok((Stored { name: self.name, grid, voxels, scaling: Scaling::IDENTITY, geometry, about, notices }, table))
    }

    /// The voxels of `range` (first volume, how many) as they stand in the file.
    fn stored_voxels(&self, mut source: Source, layout: &Layout, range: (usize, usize)) -> Result<Voxels, IoError> {
        let element = self.element()?;
        let (first, frames) = range;
        let (count, all) = (layout.grid.len(), layout.grid.len() * layout.frames);
        let encoding = self.required("encoding")?.to_lowercase();
        let is_text = matches!(encoding.as_str(), "ascii" | "text" | "txt");
        let is_big = self.field("endian").is_some_and(|order| order.eq_ignore_ascii_case("big"));
        if self.field("endian").is_none() && element.size() > 1 && !is_text {
            return Err(self.malformed("does not say its “endian”"));
        }
        let is_swapped = is_big != cfg!(target_endian = "big");
        let lines =
            self.field("lineskip").map_or(Ok(0), str::parse::<u32>).map_err(|_| self.malformed("claims voxels where it has none"))?;
        for _ in 0..lines {
            line(&mut source, usize::MAX)?.ok_or_else(|| source.ends_early())?;
        }
        match encoding.as_str() {
            "raw" | "hex" | "ascii" | "text" | "txt" => {}
            "gzip" | "gz" => source = source.unpacked_from_here()?,
            "bzip2" | "bz2" => return Err(self.unsupported("is packed with bzip2, which cannot be read")),
            other => return Err(self.unsupported(format!("is packed in a way (“{other}”) that cannot be read"))),
        }
        let size = element.size();
        let skip = match self.field("byteskip") {
            None => Some(0),
            // Raw voxels up to the end of the file, whatever stands before them.
            Some("-1") => source.most_bytes().checked_sub((all * size) as u64).and_then(|at| at.checked_sub(source.position())),
            Some(bytes) => bytes.parse().ok(),
        };
        let begin = skip.and_then(|skip| source.position().checked_add(skip)).filter(|&at| at <= source.most_bytes());
        source.skip_to(begin.ok_or_else(|| self.malformed("claims voxels where it has none"))?)?;
        match encoding.as_str() {
            "hex" | "ascii" | "text" | "txt" if frames < layout.frames => Err(self.unsupported("holds several volumes as text")),
            "hex" => {
                let bytes = hexadecimal_bytes(&mut source, count * frames * size)?;
                Source::of_raw_bytes(&self.name, &bytes).voxels(element, count * frames, is_swapped, false)
            }
            "ascii" | "text" | "txt" => decimal_voxels(&mut source, element, count * frames),
            _ => {
                if source.position().saturating_add((all * size) as u64) > source.most_bytes() {
                    return Err(source.ends_early());
                }
                source.skip_to(source.position() + (first * count * size) as u64)?;
                source.voxels(element, count * frames, is_swapped, first + frames == layout.frames)
            }
        }
    }

    /// One label map of a segmentation in several layers.
    fn merged(&self, voxels: &Voxels, layout: &Layout, found: &[Segment]) -> Result<(Voxels, LabelTable), IoError> {
        let (count, frames) = (layout.grid.len(), layout.frames);
        let (step, layer_step) = if layout.is_interleaved { (frames, 1) } else { (1, count) };
        let [i, j, _] = layout.shape;
        segments::merged(voxels, count, frames, step, layer_step, found).map_err(|overlap| match overlap {
            Some(at) => self.unsupported(format!(
                "holds segments that overlap (at voxel [{}, {}, {}]), and a mask has one label for each voxel",
                at % i,
                at / i % j,
                at / (i * j)
            )),
            None => self.unsupported("holds more segments than a mask can tell apart"),
        })
    }
}

/// Every `frames`-th number beginning with `frame`.
fn picked(voxels: &Voxels, frame: usize, frames: usize) -> Voxels {
    fn every<T: Element>(values: &[T], frame: usize, frames: usize) -> Voxels {
        T::into_voxels(values.iter().skip(frame).step_by(frames).copied().collect())
    }
    with_voxels!(voxels, values => every(values, frame, frames))
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
            (PLAIN.replace("2 1 1", "2 1 1 1"), "contradicts itself"),
            (PLAIN.replace("2 1 1", "2 1 1 1 1").replace("dimension: 3", "dimension: 5"), "5 axes"),
            (PLAIN.replace("uchar", "block"), "type"),
            (PLAIN.replace("uchar", "short"), "endian"),
            (PLAIN.replace("raw", "bzip2"), "bzip2"),
            (PLAIN.replace("raw", "gzip"), "not packed"),
            (format!("{PLAIN}\ndata file: ../x.raw"), "only the header"),
            (format!("{PLAIN}\nspace directions: (1,0,0) none (0,0,1)"), "between two that are"),
            (format!("{PLAIN}\nspace directions: (1,0,0) (0,0,1)"), "not 3 vectors"),
            (format!("{PLAIN}\nspace directions: (1,0,0) (0,1,0) (0,0,1"), "not 3 vectors"),
            (format!("{PLAIN}\nkinds: RGB-color domain domain"), "several numbers for each voxel"),
            (format!("{PLAIN}\nspace directions: (1,0,0) (1,0,0) (0,0,nan)"), "cannot be placed"),
            (format!("{PLAIN}\nbyte skip: 18446744073709551615"), "where it has none"),
        ];
        for (header, fault) in wrong {
            let error = volume_from_bytes("a.nrrd", &file(&header, &[7, 9])).expect_err(&header).to_string();
            assert!(error.starts_with("a.nrrd ") && error.contains(fault), "{error}");
        }
    }

    #[test]
    fn numbers_may_be_text_and_lines_may_be_skipped() {
        let sum = |header: &str, voxels: &[u8]| volume_from_bytes("a.nrrd", &file(header, voxels)).expect("opens").volume.summary().sum;
        for encoding in ["ascii", "text", "txt"] {
            assert_eq!(sum(&PLAIN.replace("raw", encoding).replace("uchar", "float"), b"7.5\n 9"), 16.5);
        }
        let hex = PLAIN.replace("raw", "hex").replace("uchar", "short");
        assert_eq!(sum(&format!("{hex}\nendian: big"), b"0101\n 00fF"), 512.0);
        assert_eq!(sum(&format!("{PLAIN}\nline skip: 2"), b"one\ntwo\n\x07\x09"), 16.0);
        assert_eq!(sum(&format!("{PLAIN}\nbyte skip: 3"), b"one\x07\x09"), 16.0);
        assert_eq!(sum(&PLAIN.replace(" 1 1", " 1").replace("dimension: 3", "dimension: 2"), b"\x07\x09"), 16.0);
    }

    #[test]
    fn a_series_is_taken_apart_wherever_its_axis_stands() {
        let with = |sizes: &str, kinds: &str, directions: &str| {
            let header = PLAIN.replace("dimension: 3", "dimension: 4").replace("2 1 1", sizes);
            file(&format!("{header}\nkinds: {kinds}\nspace: RAS\nspace directions: {directions}"), &[1, 10, 2, 20, 3, 30])
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("series.nrrd");
        let sums = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("writes");
            let frames = (0..).map_while(|frame| crate::open_volume_frame(&path, frame).ok());
            frames.map(|opened| (opened.volume.grid().shape(), opened.volume.summary().sum)).collect::<Vec<_>>()
        };
        let first = with("2 3 1 1", "list domain domain domain", "none (1,0,0) (0,1,0) (0,0,1)");
        assert_eq!(sums(&first), [([3, 1, 1], 6.0), ([3, 1, 1], 60.0)]);
        let last = with("2 1 1 3", "domain domain domain time", "(1,0,0) (0,1,0) (0,0,1) none");
        assert_eq!(sums(&last), [([2, 1, 1], 11.0), ([2, 1, 1], 22.0), ([2, 1, 1], 33.0)]);
        let time = with("2 1 1 3", "space space space time", "(1,0,0,0) (0,1,0,0) (0,0,1,0) (0,0,0,5)");
        assert_eq!(sums(&time).len(), 3);
        let notices = volume_from_bytes("a.nrrd", &last).expect("opens").notices;
        assert!(notices.len() == 1 && notices[0].contains("3 volumes"), "{notices:?}");
    }

    #[test]
    fn a_slice_stands_straight_up_from_itself() {
        let header = PLAIN.replace(" 1 1", " 1").replace("dimension: 3", "dimension: 2");
        let placed = "space: LPS\nspace directions: (0,2,0) (0,0,3)\nspace origin: (1,2,3)";
        let opened = volume_from_bytes("a.nrrd", &file(&format!("{header}\n{placed}"), &[7, 9])).expect("opens");
        assert_eq!(opened.volume.grid().spacing(), [2.0, 3.0, 1.0]);
        assert_eq!(opened.notices.len(), 1);
    }

    #[test]
    fn voxels_lie_beside_the_header_and_nowhere_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.nhdr");
        // Raw bytes that look like gzip are raw.
        std::fs::write(folder.path().join("a.raw"), [0x1f, 0x8b]).expect("writes");
        let open = |line: &str| {
            std::fs::write(&path, format!("NRRD0004\n{PLAIN}\n{line}\n")).expect("writes");
            crate::open_volume(&path)
        };
        for (line, fault) in [
            ("data file: ../a.raw", "outside its folder"),
            ("datafile: /a.raw", "outside its folder"),
            ("data file: LIST\na.raw", "several files"),
            ("data file: a%d.raw 1 9 1", "several files"),
            ("data file: none.raw", "does not exist"),
        ] {
            let error = open(line).expect_err(line).to_string();
            assert!(error.contains(fault), "{error}");
        }
        for line in ["data file: a.raw", "datafile: ./a.raw"] {
            assert_eq!(open(line).expect("opens").volume.summary().sum, 170.0, "{line}");
        }
    }
}
