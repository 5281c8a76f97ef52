use std::borrow::Cow;
use std::io::Read;

use flate2::read::DeflateDecoder;

use super::data_set::Fault;
use super::syntax::Syntax;

/// A deflated data set may become this large (PS3.5 A.5 packs all of it, pixels included).
const LARGEST_INFLATED: u64 = 2 << 30;
/// The least that a bomb has to reach to be refused, whatever it was packed into.
const INFLATED_FREELY: u64 = 64 << 20;
const BOMB_RATIO: u64 = 200;

/// A file cut into its parts (PS3.10 7): what comes before the data set is passed over.
pub(crate) struct Part10<'a> {
    pub syntax: Syntax,
    /// Bytes from the beginning of the file to the data set.
    pub offset: usize,
    /// The data set; inflated if it was deflated.
    pub data_set: Cow<'a, [u8]>,
}

/// Finds the data set of a file that begins with `bytes` and has `length` of them. A missing preamble and a missing meta header
/// are tolerated if what follows is an element that a data set may begin with.
///
/// # Errors
/// If it is no DICOM file.
pub(crate) fn open(bytes: &[u8], length: u64) -> Result<Part10<'_>, Fault> {
    let start = match (bytes.get(128..132), bytes.first_chunk::<4>()) {
        (Some(b"DICM"), _) => 132,
        (_, Some(b"DICM")) => 4,
        _ => 0,
    };
    let rest = bytes.get(start..).unwrap_or_default();
    let is_meta = rest.starts_with(&[2, 0]);
    if !is_meta {
        let syntax = guess(rest).ok_or_else(|| Fault::Malformed("is not a DICOM file".to_owned()))?;
        return Ok(Part10 { syntax, offset: start, data_set: Cow::Borrowed(rest) });
    }
    let (uid, end) = meta(rest)?;
    let offset = start + end;
    let rest = bytes.get(offset..).unwrap_or_default();
    // Without a transfer syntax, or with a wrong one, the first element tells.
    let mut syntax = if uid.is_empty() { guess(rest).unwrap_or(Syntax::IMPLICIT) } else { Syntax::of_uid(&uid) };
    if syntax == Syntax::EXPLICIT && guess(rest) == Some(Syntax::IMPLICIT) {
        syntax = Syntax::IMPLICIT;
    }
    let data_set = if syntax.is_deflated { Cow::Owned(inflate(rest, length)?) } else { Cow::Borrowed(rest) };
    Ok(Part10 { syntax, offset, data_set })
}

/// The transfer syntax UID of a meta header, and where the header ends: at the first element of another group, as its own length
/// may be wrong.
fn meta(bytes: &[u8]) -> Result<(String, usize), Fault> {
    let mut at = 0;
    let mut uid = String::new();
    while bytes.get(at..at + 2) == Some(&[2, 0]) {
        let is_long = matches!(bytes.get(at + 4..at + 6), Some(b"OB" | b"UN"));
        let (length, value) = if is_long {
            (bytes.get(at + 8..at + 12).and_then(|b| b.first_chunk()).map(|&b| u32::from_le_bytes(b) as usize), at + 12)
        } else {
            (bytes.get(at + 6..at + 8).and_then(|b| b.first_chunk()).map(|&b| usize::from(u16::from_le_bytes(b))), at + 8)
        };
        let end = value.checked_add(length.ok_or(Fault::Short)?).ok_or(Fault::Short)?;
        let content = bytes.get(value..end).ok_or(Fault::Short)?;
        if bytes.get(at + 2..at + 4) == Some(&[0x10, 0]) {
            uid = String::from_utf8_lossy(content).trim_matches(['\0', ' ']).to_owned();
        }
        at = end;
    }
    Ok((uid, at))
}

/// What a data set without a meta header is written in, told by its first element: a group up to 0008 (or 0002's neighbours) with
/// two letters or a short length after it.
fn guess(bytes: &[u8]) -> Option<Syntax> {
    let &[a, b, c, d, e, f, g, h] = bytes.first_chunk::<8>()?;
    let is_group = |group: u16| (4..=0x20).contains(&group) && group.is_multiple_of(2);
    let has_letters = e.is_ascii_uppercase() && f.is_ascii_uppercase();
    if is_group(u16::from_le_bytes([a, b])) {
        if has_letters {
            return Some(Syntax::EXPLICIT);
        }
        let is_short = u32::from_le_bytes([e, f, g, h]) <= 0xffff && d < 0x20;
        return is_short.then_some(Syntax::IMPLICIT);
    }
    (is_group(u16::from_be_bytes([a, b])) && has_letters && c < 0x20).then_some(Syntax::BIG)
}

fn inflate(bytes: &[u8], length: u64) -> Result<Vec<u8>, Fault> {
    let most = length.saturating_mul(BOMB_RATIO).clamp(INFLATED_FREELY, LARGEST_INFLATED);
    let mut inflated = Vec::new();
    let result = DeflateDecoder::new(bytes).take(most + 1).read_to_end(&mut inflated);
    if inflated.len() as u64 > most {
        return Err(Fault::Malformed("unpacks to more than a data set can be and may be made to fill the memory".to_owned()));
    }
    // A prefix of the file ends early, and what came out of it is of use all the same.
    match result {
        Err(_) if inflated.is_empty() => Err(Fault::Malformed("is deflated and damaged".to_owned())),
        Err(_) if bytes.len() as u64 >= length.saturating_sub(4096) => Err(Fault::Malformed("is deflated and damaged".to_owned())),
        _ => Ok(inflated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::data_set::Encoding;

    #[test]
    fn a_data_set_is_told_by_its_first_element() {
        assert_eq!(guess(b"\x08\0\x05\0CS\x0a\0"), Some(Syntax::EXPLICIT));
        assert_eq!(guess(b"\x08\0\0\0\x04\0\0\0"), Some(Syntax::IMPLICIT));
        assert_eq!(guess(b"\0\x08\0\x05CS\0\x0a"), Some(Syntax::BIG));
        assert_eq!(guess(b"\0\x08\0\x05\0CS\0"), None, "a stray byte");
        assert_eq!(guess(b"Dear rea"), None);
    }

    #[test]
    fn what_inflates_without_end_is_refused() {
        use std::io::Write;
        let mut packed = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(&vec![0; 80 << 20]).expect("packs");
        let packed = packed.finish().expect("packs");
        assert!(inflate(&packed, 1 << 20).is_ok());
        assert!(matches!(inflate(&packed, 100), Err(Fault::Malformed(sentence)) if sentence.contains("fill the memory")));
    }

    #[test]
    fn syntaxes_that_are_not_read_have_a_name() {
        assert_eq!(Syntax::of_uid("1.2.840.10008.1.2.4.110").codec, Err("JPEG XL"));
        assert_eq!(Syntax::of_uid("1.2.840.10008.1.2.4.102").codec, Err("MPEG video"));
        assert_eq!(Encoding::BIG, Syntax::of_uid("1.2.840.10008.1.2.2").encoding);
    }
}
