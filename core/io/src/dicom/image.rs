//! What one DICOM file says of the images in it: how pixels are stored, and where each frame lies.

use medley_volume::glam::DVec3;

use super::data_set::{DOUBLE_PIXEL_DATA, DataSet, FLOAT_PIXEL_DATA, Fault, PixelPlace};
use super::place::Place;
use super::suv::Radiotracer;
use super::syntax::{Codec, Syntax};
use super::{frames, part10, tags};
use crate::IoError;
use crate::error::COPY_AGAIN;

/// Bytes of a file that are read first in search of its pixels; most headers are shorter.
const FIRST: usize = 1 << 16;
/// A header may be this long.
const LONGEST_HEADER: usize = 1 << 28;
/// Frames one file may hold.
const MOST_FRAMES: usize = 1 << 20;

/// The type of a stored pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sample {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    F32,
    F64,
}

/// How pixels are stored (PS3.5 8.1, PS3.3 C.7.6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pixels {
    pub rows: usize,
    pub columns: usize,
    pub sample: Sample,
    pub bits_stored: u32,
    pub high_bit: u32,
}

impl Pixels {
    /// Bytes of an unpacked frame.
    pub fn frame_bytes(&self) -> usize {
        self.rows * self.columns * self.sample.size()
    }
}

impl Sample {
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// One frame: where it lies in the patient, in millimetres and LPS+, and what its pixels mean.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Frame {
    pub position: Option<DVec3>,
    /// Directions in which the column index and the row index rise (PS3.3 C.7.6.2.1.1).
    pub orientation: Option<[DVec3; 2]>,
    /// Millimetres from one row to the next and from one column to the next.
    pub spacing: Option<[f64; 2]>,
    pub thickness: Option<f64>,
    pub slope: f64,
    pub intercept: f64,
    /// What tells frames apart that lie at the same place; texts in the order in which they are tried.
    pub apart: Vec<String>,
    /// The stack it belongs to, where the file says so.
    pub stack: String,
}

/// What a file says of its images.
#[derive(Debug, Clone)]
pub(crate) struct ImageFile {
    pub place: Place,
    pub syntax: Syntax,
    pub codec: Codec,
    pub pixels: Pixels,
    /// Where the pixels are in the file; in the inflated data set of a deflated one.
    pub pixel_place: PixelPlace,
    pub is_monochrome1: bool,
    pub is_localizer: bool,
    /// Whether each picture is a sheet of many slices, as Siemens writes them.
    pub is_mosaic: bool,
    pub is_lossy: bool,
    pub has_lookup: bool,
    pub modality: String,
    pub description: String,
    pub study_uid: String,
    pub series_uid: String,
    pub series_number: String,
    pub frame_of_reference: String,
    pub sop_class: String,
    pub sop_instance: String,
    pub instance_number: i64,
    pub rescale_type: String,
    pub window: Option<[f64; 2]>,
    pub tracer: Option<Radiotracer>,
    pub frames: Vec<Frame>,
}

impl ImageFile {
    /// Reads what a file says, without its pixels.
    ///
    /// # Errors
    /// If it is no DICOM file, holds no pictures, or pictures that cannot be read here.
    pub fn read(place: &Place) -> Result<Self, IoError> {
        let mut count = FIRST;
        loop {
            let (bytes, length) = place.head(count)?;
            let is_whole = bytes.len() as u64 >= length;
            match Self::of_bytes(place, &bytes, length) {
                Err(Failure::Fault(Fault::Short)) if !is_whole && count < LONGEST_HEADER => count *= 16,
                result => return result.map_err(|failure| failure.named(place)),
            }
        }
    }

    /// What all the bytes of a file say.
    ///
    /// # Errors
    /// As [`ImageFile::read`].
    pub fn whole(place: &Place, bytes: &[u8]) -> Result<Self, IoError> {
        Self::of_bytes(place, bytes, bytes.len() as u64).map_err(|failure| failure.named(place))
    }

    /// What the first bytes of a file of `length` bytes say.
    pub fn of_bytes(place: &Place, bytes: &[u8], length: u64) -> Result<Self, Failure> {
        let part = part10::open(bytes, length)?;
        let syntax = part.syntax;
        let (set, pixels, is_short) = DataSet::read(&part.data_set, syntax.encoding)?;
        let Some(pixel_place) = pixels else {
            if is_short {
                return Err(Fault::Short.into());
            }
            return Err(no_pictures(&set));
        };
        if set.text(tags::MODALITY) == "SEG" {
            return Err(Failure::Other("holds a segmentation (SEG), not pictures".to_owned(), "open it as a mask"));
        }
        let codec = match syntax.codec {
            Ok(codec) if pixel_place.length.is_none() == (codec != Codec::Native) => codec,
            // Some programs unpack pixels and leave the name of the syntax.
            Ok(_) if pixel_place.length.is_some() => Codec::Native,
            Ok(_) => return Err(Fault::Malformed("is damaged: its pixels have no length".to_owned()).into()),
            Err(name) => {
                let fault = format!("is packed with {name}, which is not read here");
                return Err(Failure::Other(fault, "export it as uncompressed or as JPEG 2000"));
            }
        };
        let layout = layout(&set, pixel_place.tag)?;
        let count = set.text(tags::NUMBER_OF_FRAMES).parse::<usize>().unwrap_or(1).max(1);
        let claimed = (layout.frame_bytes() as u64).saturating_mul(count as u64);
        let there = if syntax.is_deflated { part.data_set.len() as u64 } else { length.saturating_sub(part.offset as u64) };
        let there = there.saturating_sub(pixel_place.offset as u64);
        let promised = pixel_place.length.map_or(there, u64::from);
        let is_cut = if codec == Codec::Native { claimed > there.min(promised) } else { promised == 0 };
        if is_cut {
            if syntax.is_deflated && (bytes.len() as u64) < length {
                return Err(Fault::Short.into());
            }
            return Err(Fault::Malformed("ends before all the pixels its header promises".to_owned()).into());
        }
        // A packed frame takes a fragment of eight bytes at least.
        if count > MOST_FRAMES || (codec != Codec::Native && count as u64 > there / 8) {
            return Err(Fault::Malformed(format!("claims {count} pictures, more than it can hold")).into());
        }
        let image_type = set.text(tags::IMAGE_TYPE);
        let offset = if syntax.is_deflated { 0 } else { part.offset };
        let pixel_place = PixelPlace { offset: pixel_place.offset + offset, ..pixel_place };
        let text = |tag| set.text(tag);
        let or = |text: String, other: &str| if text.is_empty() { other.to_owned() } else { text };
        let first = |tag| set.number(tag, b"DS").filter(|value: &f64| value.is_finite());
        Ok(Self {
            place: place.clone(),
            syntax,
            codec,
            pixels: layout,
            pixel_place,
            is_monochrome1: text(tags::PHOTOMETRIC_INTERPRETATION) == "MONOCHROME1",
            is_localizer: image_type.split('\\').any(|part| part.trim() == "LOCALIZER"),
            is_mosaic: image_type.split('\\').any(|part| part.trim() == "MOSAIC"),
            is_lossy: text(tags::LOSSY_IMAGE_COMPRESSION) == "01",
            has_lookup: set.get(tags::MODALITY_LUT_SEQUENCE).is_some(),
            modality: text(tags::MODALITY),
            description: text(tags::SERIES_DESCRIPTION).chars().filter(|c| !c.is_control()).take(64).collect(),
            study_uid: text(tags::STUDY_INSTANCE_UID),
            series_uid: text(tags::SERIES_INSTANCE_UID),
            series_number: text(tags::SERIES_NUMBER),
            frame_of_reference: text(tags::FRAME_OF_REFERENCE_UID),
            sop_class: or(text(tags::SOP_CLASS_UID), &part.meta.class),
            sop_instance: or(text(tags::SOP_INSTANCE_UID), &part.meta.instance),
            instance_number: text(tags::INSTANCE_NUMBER).parse().unwrap_or(0),
            rescale_type: text(tags::RESCALE_TYPE),
            window: first(tags::WINDOW_CENTER).zip(first(tags::WINDOW_WIDTH)).map(|(center, width)| [center, width]),
            tracer: Radiotracer::of(&set),
            frames: frames::read(&set, count),
        })
    }
}

/// Why a file is of no use as pictures.
#[derive(Debug)]
pub(crate) enum Failure {
    Fault(Fault),
    /// What it holds, and what to do.
    Other(String, &'static str),
}

impl Failure {
    fn named(self, place: &Place) -> IoError {
        let name = place.name();
        match self {
            Self::Fault(Fault::Short) => IoError::malformed(&name, "ends within its header", COPY_AGAIN),
            Self::Fault(Fault::Malformed(fault)) => IoError::malformed(&name, fault, COPY_AGAIN),
            Self::Other(fault, advice) => IoError::unsupported(&name, fault, advice),
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

fn no_pictures(set: &DataSet<'_>) -> Failure {
    let what = match set.text(tags::MODALITY).as_str() {
        _ if set.elements().is_empty() => return Fault::Malformed("is not a DICOM file".to_owned()).into(),
        _ if set.get(0x0004_1220).is_some() => "is a DICOMDIR, a list of other files",
        "RTSTRUCT" => return Failure::Other("holds contours (RTSTRUCT), not pictures".to_owned(), "open it as a mask of its image"),
        "SR" => "is a structured report without pictures",
        _ => "holds no pictures",
    };
    Failure::Other(what.to_owned(), "choose the files of a scan")
}

/// How the pixels are stored, checked against what this program can take.
fn layout(set: &DataSet<'_>, tag: u32) -> Result<Pixels, Failure> {
    let refused = |fault: String| Failure::Other(fault, crate::error::CONVERT);
    let samples = set.u16(tags::SAMPLES_PER_PIXEL).unwrap_or(1);
    let photometric = set.text(tags::PHOTOMETRIC_INTERPRETATION);
    if samples != 1 || !(photometric.is_empty() || photometric.starts_with("MONOCHROME")) {
        let kind: String = photometric.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        return Err(refused(format!("is a colour picture ({kind}), not a scan")));
    }
    let rows = usize::from(set.u16(tags::ROWS).unwrap_or(0));
    let columns = usize::from(set.u16(tags::COLUMNS).unwrap_or(0));
    if rows == 0 || columns == 0 {
        return Err(Fault::Malformed("is damaged: it has pictures without rows or columns".to_owned()).into());
    }
    if tag == FLOAT_PIXEL_DATA || tag == DOUBLE_PIXEL_DATA {
        let (sample, bits) = if tag == FLOAT_PIXEL_DATA { (Sample::F32, 32) } else { (Sample::F64, 64) };
        return Ok(Pixels { rows, columns, sample, bits_stored: bits, high_bit: bits - 1 });
    }
    let allocated = u32::from(set.u16(tags::BITS_ALLOCATED).unwrap_or(0));
    let is_signed = set.u16(tags::PIXEL_REPRESENTATION) == Some(1);
    let sample = match (allocated, is_signed) {
        (8, false) => Sample::U8,
        (8, true) => Sample::I8,
        (16, false) => Sample::U16,
        (16, true) => Sample::I16,
        (32, false) => Sample::U32,
        (32, true) => Sample::I32,
        _ => return Err(refused(format!("stores its pixels in {allocated} bits, where 8, 16 and 32 are read"))),
    };
    let bits_stored = set.u16(tags::BITS_STORED).map_or(allocated, u32::from);
    let high_bit = set.u16(tags::HIGH_BIT).map_or(bits_stored.saturating_sub(1), u32::from);
    if bits_stored == 0 || bits_stored > allocated || high_bit >= allocated || high_bit + 1 < bits_stored {
        let fault = format!("is damaged: {bits_stored} bits up to bit {high_bit} do not fit into {allocated}");
        return Err(Fault::Malformed(fault).into());
    }
    Ok(Pixels { rows, columns, sample, bits_stored, high_bit })
}
