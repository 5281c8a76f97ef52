//! What formats with text in front of their voxels share: lines, numbers, voxels as digits, and files beside the header.

use std::path::{Path, PathBuf};

use medley_volume::Voxels;

use crate::IoError;
use crate::element::{Element, ElementType, with_element};
use crate::source::Source;

/// No number in any of these formats is longer than this.
const LONGEST_NUMBER: usize = 64;

/// The file that a header names beside itself; `None` if the name could lead elsewhere.
pub(crate) fn beside(header: &Path, name: &str) -> Option<PathBuf> {
    let name = name.trim().strip_prefix("./").unwrap_or(name.trim());
    let is_plain = !name.is_empty() && name != ".." && name != "." && !name.contains(['/', '\\', ':', '\0']);
    is_plain.then(|| header.with_file_name(name))
}

/// The next line without its end; `None` after the last. What is not UTF-8 becomes question marks.
pub(crate) fn line(source: &mut Source, longest: usize) -> Result<Option<String>, IoError> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        if source.read(&mut byte)? == 0 {
            return Ok((!line.is_empty()).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()));
        }
        if byte == *b"\n" {
            return Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()));
        }
        line.push(byte[0]);
        if line.len() > longest {
            return Err(IoError::malformed(source.name(), "has a header without an end", crate::error::COPY_AGAIN));
        }
    }
}

/// Numbers between spaces; `None` if one is none.
pub(crate) fn numbers<T: std::str::FromStr>(text: &str) -> Option<Vec<T>> {
    text.split_whitespace().map(|number| number.parse().ok()).collect()
}

/// Voxels written as decimal numbers between spaces or commas.
pub(crate) fn decimal_voxels(source: &mut Source, element: ElementType, count: usize) -> Result<Voxels, IoError> {
    if (count as u64).saturating_mul(2) > source.most_bytes().saturating_add(1) {
        return Err(source.ends_early());
    }
    with_element!(element, T => decimals::<T>(source, count))
}

fn decimals<T: Element>(source: &mut Source, count: usize) -> Result<Voxels, IoError> {
    let mut values: Vec<T> = Vec::new();
    let mut token = Vec::with_capacity(LONGEST_NUMBER);
    let mut bytes = [0; 1 << 12];
    while values.len() < count {
        let read = source.read(&mut bytes)?;
        let is_end = read == 0;
        let ended: &[u8] = if is_end { b" " } else { bytes.get(..read).unwrap_or_default() };
        for &byte in ended {
            if byte != b',' && !byte.is_ascii_whitespace() && token.len() < LONGEST_NUMBER {
                token.push(byte);
            } else if !token.is_empty() && values.len() < count {
                let value = std::str::from_utf8(&token).ok().and_then(T::from_text);
                values.push(value.ok_or_else(|| {
                    let fault = format!("holds something that is no number of its type where voxel {} should be", values.len());
                    IoError::malformed(source.name(), fault, "export it again")
                })?);
                token.clear();
            }
        }
        if is_end {
            break;
        }
        source.tell(values.len(), count)?;
    }
    if values.len() < count { Err(source.ends_early()) } else { Ok(T::into_voxels(values)) }
}

/// Bytes written as pairs of hexadecimal digits, white space anywhere.
pub(crate) fn hexadecimal_bytes(source: &mut Source, count: usize) -> Result<Vec<u8>, IoError> {
    if (count as u64).saturating_mul(2) > source.most_bytes() {
        return Err(source.ends_early());
    }
    let mut found = Vec::new();
    let mut half = None;
    let mut bytes = [0; 1 << 12];
    while found.len() < count {
        let read = source.read(&mut bytes)?;
        if read == 0 {
            return Err(source.ends_early());
        }
        for &byte in bytes.get(..read).unwrap_or_default().iter().filter(|byte| !byte.is_ascii_whitespace()) {
            let Some(digit) = char::from(byte).to_digit(16) else {
                return Err(IoError::malformed(source.name(), "holds a voxel that is no hexadecimal number", "export it again"));
            };
            match half.take() {
                None => half = Some(digit as u8),
                Some(high) if found.len() < count => found.push(high << 4 | digit as u8),
                Some(_) => break,
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_lie_beside_a_header() {
        let header = Path::new("/a/b.mhd");
        assert_eq!(beside(header, " ./x y.raw "), Some(PathBuf::from("/a/x y.raw")));
        for wrong in ["", ".", "..", "../x.raw", "/etc/passwd", "c:x", "..\\x", "sub/x.raw", "x\0y"] {
            assert_eq!(beside(header, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn digits_become_voxels_or_a_sentence() {
        let read =
            |text: &str, element| Source::of_bytes("x", text.as_bytes()).and_then(|mut source| decimal_voxels(&mut source, element, 3));
        assert_eq!(read("1 -2\n\t3", ElementType::I8).expect("three"), Voxels::I8(vec![1, -2, 3]));
        assert_eq!(read("1.5,nan,1e3 7", ElementType::F32).map(|v| v.stored(2)).expect("three"), Some(1000.0));
        for (text, fault) in [("1 2", "ends before"), ("1 2 300", "no number of its type"), ("1 2 x", "voxel 2"), ("", "ends before")] {
            let error = read(text, ElementType::U8).expect_err(text).to_string();
            assert!(error.starts_with("x ") && error.contains(fault), "{error}");
        }
        let mut source = Source::of_bytes("x", b"0aF f\n10").expect("opens");
        assert_eq!(hexadecimal_bytes(&mut source, 3).expect("three"), [10, 255, 16]);
        let mut source = Source::of_bytes("x", b"0g00").expect("opens");
        assert!(hexadecimal_bytes(&mut source, 2).is_err());
    }
}
