use medley_volume::Scaling;

use super::rest::{Kept, Rest, extension_bytes};
use crate::StoredGeometry;
use crate::element::ElementType;

/// Bytes of a NIfTI-1 header.
pub(crate) const LEN_1: usize = 348;
/// Bytes of a NIfTI-2 header.
pub(crate) const LEN_2: usize = 540;
/// `intent_code` of a mask.
pub(crate) const INTENT_LABEL: i32 = 1002;
/// No sensible header extension is longer than this.
const LARGEST_OFFSET: u64 = 256 << 20;

/// The fields of a header that this program uses, checked.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Header {
    pub is_nifti2: bool,
    /// The file's byte order is not this machine's.
    pub is_swapped: bool,
    /// Voxels are in a second file.
    pub is_pair: bool,
    /// Voxels along each axis, as many axes as the file says (1 … 7).
    pub shape: Vec<usize>,
    pub element: ElementType,
    /// Where the voxels begin.
    pub offset: u64,
    pub scaling: Scaling,
    pub geometry: StoredGeometry,
    pub rest: Rest,
    pub notices: Vec<String>,
}

/// What is wrong with a header, as the end of a sentence that begins with the file's name.
#[derive(Debug, PartialEq)]
pub(crate) enum Fault {
    /// It breaks the format.
    Malformed(String),
    /// It is right and cannot be shown.
    Unsupported(String),
}

/// Whether bytes begin as a NIfTI header does; with which length and byte order.
pub(crate) fn is_header(bytes: &[u8]) -> Option<(usize, bool)> {
    let length = bytes.first_chunk::<4>()?;
    let (native, swapped) = (i32::from_ne_bytes(*length), i32::from_ne_bytes(*length).swap_bytes());
    for (length, magic_at, magics) in [(LEN_1, 344, [b"n+1\0", b"ni1\0"]), (LEN_2, 4, [b"n+2\0", b"ni2\0"])] {
        let magic = bytes.get(magic_at..magic_at + 4)?;
        let is_magic = magics.iter().any(|known| known.as_slice() == magic);
        if is_magic && (native == length as i32 || swapped == length as i32) {
            return Some((length, native != length as i32));
        }
    }
    None
}

/// Whether bytes are a header of NIfTI's predecessor, which has the same length and no magic number, and sensible axes.
fn is_analyze(bytes: &[u8]) -> bool {
    let Some(length) = bytes.first_chunk::<4>().map(|length| i32::from_ne_bytes(*length)) else { return false };
    let is_swapped = length.swap_bytes() == LEN_1 as i32;
    let at = Fields { bytes, is_swapped };
    let has_magic = at.text::<4>(344) != [0; 4];
    (length == LEN_1 as i32 || is_swapped) && !has_magic && bytes.len() >= LEN_1 && (1..=7).contains(&at.i16(40))
}

/// A look into a header's bytes; what lies beyond their end reads as zero.
pub(crate) struct Fields<'a> {
    pub bytes: &'a [u8],
    pub is_swapped: bool,
}

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut field = std::array::from_fn(|n| self.bytes.get(at + n).copied().unwrap_or(0));
        if self.is_swapped {
            field.reverse();
        }
        field
    }
    pub fn text<const N: usize>(&self, at: usize) -> [u8; N] {
        std::array::from_fn(|n| self.bytes.get(at + n).copied().unwrap_or(0))
    }
    pub fn u8(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(0)
    }
    pub fn i16(&self, at: usize) -> i16 {
        i16::from_ne_bytes(self.bytes(at))
    }
    pub fn i32(&self, at: usize) -> i32 {
        i32::from_ne_bytes(self.bytes(at))
    }
    pub fn i64(&self, at: usize) -> i64 {
        i64::from_ne_bytes(self.bytes(at))
    }
    pub fn f32(&self, at: usize) -> f64 {
        f64::from(f32::from_ne_bytes(self.bytes(at)))
    }
    pub fn f64(&self, at: usize) -> f64 {
        f64::from_ne_bytes(self.bytes(at))
    }
}

/// Reads and checks a header of [`LEN_1`] or [`LEN_2`] bytes.
pub(crate) fn parse(bytes: &[u8]) -> Result<Header, Fault> {
    let Some((length, is_swapped)) = is_header(bytes) else {
        if is_analyze(bytes) {
            let what = "is an ANALYZE 7.5 header, which does not say left from right".to_owned();
            return Err(Fault::Unsupported(what));
        }
        return Err(Fault::Malformed("is not a NIfTI file (no NIfTI header at its beginning)".to_owned()));
    };
    let at = Fields { bytes, is_swapped };
    if length == LEN_1 { parse_1(&at) } else { parse_2(&at) }
}

fn parse_1(at: &Fields) -> Result<Header, Fault> {
    let is_pair = at.bytes.get(345) == Some(&b'i');
    let geometry = StoredGeometry {
        qform_code: i32::from(at.i16(252)),
        sform_code: i32::from(at.i16(254)),
        quatern: std::array::from_fn(|n| at.f32(256 + 4 * n)),
        qoffset: std::array::from_fn(|n| at.f32(268 + 4 * n)),
        srow: std::array::from_fn(|row| std::array::from_fn(|column| at.f32(280 + 16 * row + 4 * column))),
        pixdim: std::array::from_fn(|n| at.f32(76 + 4 * n)),
        xyzt_units: at.u8(123),
        is_nifti2: false,
        kept: Kept::default(),
    };
    let mut notices = Vec::new();
    Ok(Header {
        is_nifti2: false,
        is_swapped: at.is_swapped,
        is_pair,
        shape: shape(std::array::from_fn(|n| i64::from(at.i16(40 + 2 * n))))?,
        element: element(at.i16(70), at.i16(72))?,
        offset: offset(at.f32(108), is_pair, 352)?,
        scaling: scaling(at.f32(112), at.f32(116), &mut notices),
        geometry,
        rest: Rest::of_1(at),
        notices,
    })
}

fn parse_2(at: &Fields) -> Result<Header, Fault> {
    if at.bytes.get(8..12) != Some(b"\r\n\x1a\n") {
        return Err(Fault::Malformed("was changed on its way by a program that took it for text".to_owned()));
    }
    let is_pair = at.bytes.get(5) == Some(&b'i');
    let geometry = StoredGeometry {
        qform_code: at.i32(344),
        sform_code: at.i32(348),
        quatern: std::array::from_fn(|n| at.f64(352 + 8 * n)),
        qoffset: std::array::from_fn(|n| at.f64(376 + 8 * n)),
        srow: std::array::from_fn(|row| std::array::from_fn(|column| at.f64(400 + 32 * row + 8 * column))),
        pixdim: std::array::from_fn(|n| at.f64(104 + 8 * n)),
        xyzt_units: at.i32(500) as u8,
        is_nifti2: true,
        kept: Kept::default(),
    };
    let mut notices = Vec::new();
    Ok(Header {
        is_nifti2: true,
        is_swapped: at.is_swapped,
        is_pair,
        shape: shape(std::array::from_fn(|n| at.i64(16 + 8 * n)))?,
        element: element(at.i16(12), at.i16(14))?,
        offset: offset(at.i64(168) as f64, is_pair, 544)?,
        scaling: scaling(at.f64(176), at.f64(184), &mut notices),
        geometry,
        rest: Rest::of_2(at),
        notices,
    })
}

/// `dim[0]` axes, each of at least one voxel.
fn shape(dim: [i64; 8]) -> Result<Vec<usize>, Fault> {
    let [axes, sides @ ..] = dim;
    if !(1..=7).contains(&axes) {
        return Err(Fault::Malformed(format!("claims to have {axes} axes, where 1 to 7 are possible")));
    }
    let mut shape = Vec::new();
    for &side in sides.iter().take(axes as usize) {
        match usize::try_from(side) {
            Ok(side) if side > 0 => shape.push(side),
            _ => return Err(Fault::Malformed(format!("claims a side of {side} voxels"))),
        }
    }
    match problem_with_dimensions(&shape) {
        Some(problem) => Err(Fault::Malformed(problem)),
        None => Ok(shape),
    }
}

/// What is wrong with the sides of a volume, if they cannot be counted in bytes.
pub(crate) fn problem_with_dimensions(shape: &[usize]) -> Option<String> {
    let bytes = shape.iter().try_fold(8usize, |n, &side| n.checked_mul(side));
    let is_countable = bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok());
    (!is_countable).then(|| format!("claims {shape:?} voxels, more than can be counted"))
}

fn element(datatype: i16, bits: i16) -> Result<ElementType, Fault> {
    let element = match datatype {
        2 => ElementType::U8,
        4 => ElementType::I16,
        8 => ElementType::I32,
        16 => ElementType::F32,
        64 => ElementType::F64,
        256 => ElementType::I8,
        512 => ElementType::U16,
        768 => ElementType::U32,
        1024 => ElementType::I64,
        1280 => ElementType::U64,
        1 => return Err(Fault::Unsupported("holds single bits as voxels, which cannot be shown".to_owned())),
        128 | 2304 => return Err(Fault::Unsupported("holds colours as voxels, which cannot be shown".to_owned())),
        32 | 1792 | 2048 => return Err(Fault::Unsupported("holds complex numbers as voxels, which cannot be shown".to_owned())),
        1536 => return Err(Fault::Unsupported("holds 128-bit numbers as voxels, which cannot be shown".to_owned())),
        other => return Err(Fault::Malformed(format!("claims a voxel type (number {other}) that NIfTI does not know"))),
    };
    let expected = element.size() * 8;
    if usize::try_from(bits) != Ok(expected) {
        let problem = format!("contradicts itself: its voxel type takes {expected} bits, but it claims {bits} bits per voxel");
        return Err(Fault::Malformed(problem));
    }
    Ok(element)
}

/// Where the voxels begin; 0 in a single file means right after the header.
fn offset(claimed: f64, is_pair: bool, least: u64) -> Result<u64, Fault> {
    let is_sensible = claimed >= 0.0 && claimed <= LARGEST_OFFSET as f64 && claimed.fract() == 0.0;
    if !is_sensible {
        return Err(Fault::Malformed(format!("claims that its voxels begin at byte {claimed}, which cannot be")));
    }
    match claimed as u64 {
        offset if is_pair => Ok(offset),
        0 => Ok(least),
        offset if offset < least => Err(Fault::Malformed(format!("claims that its voxels begin at byte {offset}, inside the header"))),
        offset => Ok(offset),
    }
}

/// A slope of 0 or one that is no number means no scaling at all (nifti1.h).
fn scaling(slope: f64, intercept: f64, notices: &mut Vec<String>) -> Scaling {
    if slope == 0.0 || !slope.is_finite() {
        return Scaling::IDENTITY;
    }
    if !intercept.is_finite() {
        notices.push("The file's intercept is not a number: 0 is used.".to_owned());
        return Scaling { slope, intercept: 0.0 };
    }
    Scaling { slope, intercept }
}

/// Fields into the bytes of a header, in this machine's byte order, which the format allows.
pub(crate) struct Form {
    bytes: Vec<u8>,
}

impl Form {
    pub fn put<const N: usize>(&mut self, at: usize, field: [u8; N]) {
        if let Some(place) = self.bytes.get_mut(at..at + N) {
            place.copy_from_slice(&field);
        }
    }
    pub fn i16(&mut self, at: usize, value: i32) {
        self.put(at, (value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16).to_ne_bytes());
    }
    pub fn i32(&mut self, at: usize, value: i32) {
        self.put(at, value.to_ne_bytes());
    }
    pub fn i64(&mut self, at: usize, value: i64) {
        self.put(at, value.to_ne_bytes());
    }
    pub fn f32s(&mut self, at: usize, values: &[f64]) {
        values.iter().enumerate().for_each(|(n, &value)| self.put(at + 4 * n, (value as f32).to_ne_bytes()));
    }
    pub fn f64s(&mut self, at: usize, values: &[f64]) {
        values.iter().enumerate().for_each(|(n, &value)| self.put(at + 8 * n, value.to_ne_bytes()));
    }
}

/// What is written of a volume: everything before its voxels.
pub(crate) struct Written<'a> {
    pub shape: [usize; 3],
    pub element: ElementType,
    pub scaling: Scaling,
    pub geometry: &'a StoredGeometry,
    pub rest: &'a Rest,
}

impl Rest {
    /// What is said of a file that is new: who wrote it, and what its values are for.
    pub fn new(intent_code: i32) -> Self {
        let nothing = Fields { bytes: &[], is_swapped: false };
        let mut rest = Self { intent_code, ..Self::of_1(&nothing) };
        rest.descrip[..6].copy_from_slice(b"Medley");
        rest
    }
}

/// The header of a single file with its extensions. NIfTI-2 where the geometry came from such
/// a file or a side is too long for NIfTI-1.
pub(crate) fn bytes(written: &Written) -> Vec<u8> {
    let is_too_long = written.shape.iter().any(|&side| side > i16::MAX as usize);
    let extensions = extension_bytes(&written.rest.extensions);
    let offset = |header: usize| (header + extensions.len()).next_multiple_of(16);
    // A 32-bit float says where voxels begin exactly up to here.
    let is_far = offset(LEN_1) > 1 << 24;
    let (mut bytes, offset) = if written.geometry.is_nifti2 || is_too_long || is_far || !is_right_in_32_bits(written) {
        (bytes_2(written, offset(LEN_2)), offset(LEN_2))
    } else {
        (bytes_1(written, offset(LEN_1)), offset(LEN_1))
    };
    bytes.extend(extensions);
    bytes.resize(offset, 0);
    bytes
}

/// Whether the 32-bit numbers of NIfTI-1 put voxels where they belong.
fn is_right_in_32_bits(written: &Written) -> bool {
    let place = |geometry: &StoredGeometry| geometry.place(written.shape).ok().map(|placed| placed.grid);
    let Some(wanted) = place(written.geometry) else { return false };
    let back = parse(&bytes_1(written, LEN_1 + 4)).ok().and_then(|header| place(&header.geometry));
    back.is_some_and(|back| back.is_same_as(&wanted, 1e-3))
}

fn bytes_1(written: &Written, offset: usize) -> Vec<u8> {
    let Written { shape, element, scaling, geometry, rest } = written;
    let mut form = Form { bytes: vec![0; LEN_1] };
    rest.put_1(&mut form);
    form.i32(0, LEN_1 as i32);
    form.put(38, *b"r");
    form.i16(40, 3);
    (0..7).for_each(|axis| form.i16(42 + 2 * axis, shape.get(axis).map_or(1, |&side| side as i32)));
    form.i16(70, code(*element));
    form.i16(72, (element.size() * 8) as i32);
    form.f32s(76, &geometry.pixdim);
    form.f32s(108, &[offset as f64, scaling.slope, scaling.intercept]);
    form.put(123, [geometry.xyzt_units]);
    form.i16(252, geometry.qform_code);
    form.i16(254, geometry.sform_code);
    form.f32s(256, &geometry.quatern);
    form.f32s(268, &geometry.qoffset);
    form.f32s(280, geometry.srow.as_flattened());
    form.put(344, *b"n+1\0");
    form.bytes
}

fn bytes_2(written: &Written, offset: usize) -> Vec<u8> {
    let Written { shape, element, scaling, geometry, rest } = written;
    let mut form = Form { bytes: vec![0; LEN_2] };
    rest.put_2(&mut form);
    form.i32(0, LEN_2 as i32);
    form.put(4, *b"n+2\0\r\n\x1a\n");
    form.i16(12, code(*element));
    form.i16(14, (element.size() * 8) as i32);
    form.i64(16, 3);
    (0..7).for_each(|axis| form.i64(24 + 8 * axis, shape.get(axis).map_or(1, |&side| side as i64)));
    form.f64s(104, &geometry.pixdim);
    form.i64(168, offset as i64);
    form.f64s(176, &[scaling.slope, scaling.intercept]);
    form.i32(344, geometry.qform_code);
    form.i32(348, geometry.sform_code);
    form.f64s(352, &geometry.quatern);
    form.f64s(376, &geometry.qoffset);
    form.f64s(400, geometry.srow.as_flattened());
    form.i32(500, i32::from(geometry.xyzt_units));
    form.bytes
}

fn code(element: ElementType) -> i32 {
    match element {
        ElementType::U8 => 2,
        ElementType::I16 => 4,
        ElementType::I32 => 8,
        ElementType::F32 => 16,
        ElementType::F64 => 64,
        ElementType::I8 => 256,
        ElementType::U16 => 512,
        ElementType::U32 => 768,
        ElementType::I64 => 1024,
        ElementType::U64 => 1280,
    }
}
