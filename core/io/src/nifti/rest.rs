use std::sync::Arc;

use super::header::{Fields, Form};
use crate::IoError;
use crate::source::{Source, human};

/// Extensions longer than this are not kept.
const LONGEST: u64 = 4 << 20;

/// One header extension: its code (who may read it) and its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Extension {
    pub code: i32,
    pub data: Vec<u8>,
}

/// The fields of a header that say nothing of where voxels lie or how they are stored, and the extensions after it: kept as they
/// are when a scan is written again. Names are those of nifti1.h.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rest {
    pub descrip: [u8; 80],
    pub aux_file: [u8; 24],
    pub intent_name: [u8; 16],
    pub intent_p: [f64; 3],
    pub intent_code: i32,
    pub cal_max: f64,
    pub cal_min: f64,
    pub slice_duration: f64,
    pub toffset: f64,
    pub slice_start: i64,
    pub slice_end: i64,
    pub slice_code: i32,
    pub dim_info: u8,
    pub extensions: Vec<Extension>,
}

/// [`Rest`] beside geometry. It takes no part in comparisons: two geometries are equal if they put voxels in the same place with
/// the same fields.
#[derive(Clone, Default)]
pub(crate) struct Kept(pub Option<Arc<Rest>>);

impl PartialEq for Kept {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Says only that there is something: descriptions are for the file's owner.
impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "kept" } else { "nothing" })
    }
}

impl Rest {
    pub fn of_1(at: &Fields) -> Self {
        Self {
            descrip: at.text(148),
            aux_file: at.text(228),
            intent_name: at.text(328),
            intent_p: std::array::from_fn(|n| at.f32(56 + 4 * n)),
            intent_code: i32::from(at.i16(68)),
            cal_max: at.f32(124),
            cal_min: at.f32(128),
            slice_duration: at.f32(132),
            toffset: at.f32(136),
            slice_start: i64::from(at.i16(74)),
            slice_end: i64::from(at.i16(120)),
            slice_code: i32::from(at.u8(122)),
            dim_info: at.u8(39),
            extensions: Vec::new(),
        }
    }

    pub fn of_2(at: &Fields) -> Self {
        Self {
            descrip: at.text(240),
            aux_file: at.text(320),
            intent_name: at.text(508),
            intent_p: std::array::from_fn(|n| at.f64(80 + 8 * n)),
            intent_code: at.i32(504),
            cal_max: at.f64(192),
            cal_min: at.f64(200),
            slice_duration: at.f64(208),
            toffset: at.f64(216),
            slice_start: at.i64(224),
            slice_end: at.i64(232),
            slice_code: at.i32(496),
            dim_info: at.u8(524),
            extensions: Vec::new(),
        }
    }

    pub fn put_1(&self, form: &mut Form) {
        form.put(148, self.descrip);
        form.put(228, self.aux_file);
        form.put(328, self.intent_name);
        form.f32s(56, &self.intent_p);
        form.i16(68, self.intent_code);
        form.f32s(124, &[self.cal_max, self.cal_min, self.slice_duration, self.toffset]);
        form.i16(74, self.slice_start.clamp(0, i64::from(i16::MAX)) as i32);
        form.i16(120, self.slice_end.clamp(0, i64::from(i16::MAX)) as i32);
        form.put(122, [self.slice_code as u8]);
        form.put(39, [self.dim_info]);
    }

    pub fn put_2(&self, form: &mut Form) {
        form.put(240, self.descrip);
        form.put(320, self.aux_file);
        form.put(508, self.intent_name);
        form.f64s(80, &self.intent_p);
        form.i32(504, self.intent_code);
        form.f64s(192, &[self.cal_max, self.cal_min, self.slice_duration, self.toffset]);
        form.i64(224, self.slice_start);
        form.i64(232, self.slice_end);
        form.i32(496, self.slice_code);
        form.put(524, [self.dim_info]);
    }
}

/// Reads the extensions between a header and `end` (nifti1.h, "extended header": four bytes of which the first says whether any
/// follow; then size, code and bytes of each). Damaged or overlong ones are passed over with a notice.
pub(crate) fn read_extensions(
    source: &mut Source,
    end: Option<u64>,
    is_swapped: bool,
    notices: &mut Vec<String>,
) -> Result<Vec<Extension>, IoError> {
    let end = end.unwrap_or(u64::MAX);
    let mut found = Vec::new();
    let mut extender = [0; 4];
    if source.position().saturating_add(4) > end || source.read(&mut extender)? < 4 || extender[0] == 0 {
        return Ok(found);
    }
    let mut kept = 0;
    while end.saturating_sub(source.position()) >= 16 {
        let mut start = [0; 8];
        match source.read(&mut start)? {
            0 => break,
            8 => {}
            _ => {
                notices.push("A header extension is damaged and is not kept when the file is written again.".to_owned());
                break;
            }
        }
        let at = Fields { bytes: &start, is_swapped };
        let (size, code) = (u64::try_from(at.i32(0)).unwrap_or(0), at.i32(4));
        let length = size.saturating_sub(8);
        if size < 8 || length > end.saturating_sub(source.position()) {
            notices.push("A header extension is damaged and is not kept when the file is written again.".to_owned());
            break;
        }
        kept += length;
        if kept > LONGEST {
            notices.push(format!("Header extensions beyond {} are not kept when the file is written again.", human(LONGEST)));
            break;
        }
        let mut data = Vec::new();
        if !source.read_bytes(length as usize, &mut data)? {
            notices.push("A header extension is damaged and is not kept when the file is written again.".to_owned());
            break;
        }
        found.push(Extension { code, data });
    }
    Ok(found)
}

/// Extensions as they stand after a header, beginning with the four bytes that announce them; a multiple of 16 bytes each.
pub(crate) fn extension_bytes(extensions: &[Extension]) -> Vec<u8> {
    let mut bytes = vec![u8::from(!extensions.is_empty()), 0, 0, 0];
    for Extension { code, data } in extensions {
        let size = (data.len() + 8).next_multiple_of(16);
        bytes.extend((size as i32).to_ne_bytes());
        bytes.extend(code.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len() + size - 8 - data.len(), 0);
    }
    bytes
}
