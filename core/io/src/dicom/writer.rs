use std::hash::{BuildHasher, RandomState};

use super::data_set::Tag;

/// Writes elements in explicit little endian (PS3.5 A.2), sequences and items with their lengths.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

/// Implementation Class UID of files written here: a UUID under the root that PS3.5 B.2 gives to them.
const IMPLEMENTATION: &str = "2.25.110372645081930871146280413937820461";
const IMPLEMENTATION_NAME: &str = "MEDLEY_1";
const EXPLICIT_LITTLE_ENDIAN: &str = "1.2.840.10008.1.2.1";

impl Writer {
    fn head(&mut self, tag: Tag, vr: &[u8; 2], length: usize) {
        self.bytes.extend(((tag >> 16) as u16).to_le_bytes());
        self.bytes.extend((tag as u16).to_le_bytes());
        self.bytes.extend(vr);
        if matches!(vr, b"OB" | b"OW" | b"SQ" | b"UN" | b"UT") {
            self.bytes.extend([0; 2]);
            self.bytes.extend((length as u32).to_le_bytes());
        } else {
            self.bytes.extend((length as u16).to_le_bytes());
        }
    }

    /// An element from its bytes, made even.
    pub fn bytes(&mut self, tag: Tag, vr: &[u8; 2], value: &[u8]) -> &mut Self {
        self.head(tag, vr, value.len() + value.len() % 2);
        self.bytes.extend(value);
        if value.len() % 2 == 1 {
            self.bytes.push(if matches!(vr, b"UI" | b"OB" | b"UN") { 0 } else { b' ' });
        }
        self
    }

    /// An element of text.
    pub fn text(&mut self, tag: Tag, vr: &[u8; 2], value: &str) -> &mut Self {
        self.bytes(tag, vr, value.as_bytes())
    }

    /// An element of unsigned 16-bit numbers.
    pub fn u16(&mut self, tag: Tag, values: &[u16]) -> &mut Self {
        self.bytes(tag, b"US", &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// An element of unsigned 32-bit numbers.
    pub fn u32(&mut self, tag: Tag, values: &[u32]) -> &mut Self {
        self.bytes(tag, b"UL", &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
    }

    /// An element that names another element.
    pub fn tag(&mut self, tag: Tag, value: Tag) -> &mut Self {
        let halves = [(value >> 16) as u16, value as u16].map(u16::to_le_bytes).concat();
        self.bytes(tag, b"AT", &halves)
    }

    /// An element of decimal numbers.
    pub fn decimals(&mut self, tag: Tag, values: &[f64]) -> &mut Self {
        let texts: Vec<String> = values.iter().map(|&value| decimal(value)).collect();
        self.text(tag, b"DS", &texts.join("\\"))
    }

    /// A sequence.
    pub fn sequence(&mut self, tag: Tag, items: impl IntoIterator<Item = Writer>) -> &mut Self {
        let mut inner = Vec::new();
        for item in items {
            inner.extend([0xfe, 0xff, 0x00, 0xe0]);
            inner.extend((item.bytes.len() as u32).to_le_bytes());
            inner.extend(item.bytes);
        }
        self.head(tag, b"SQ", inner.len());
        self.bytes.extend(inner);
        self
    }

    /// A sequence of one item that `fill` writes.
    pub fn item(&mut self, tag: Tag, fill: impl FnOnce(&mut Writer)) -> &mut Self {
        self.sequence(tag, [Self::of(fill)])
    }

    /// What `fill` writes, as an item.
    pub fn of(fill: impl FnOnce(&mut Writer)) -> Self {
        let mut item = Self::default();
        fill(&mut item);
        item
    }

    /// Bytes written so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The file: preamble, meta header, data set (PS3.10 7.1).
    pub fn file(&self, class: &str, instance: &str) -> Vec<u8> {
        let meta = Self::of(|meta| {
            meta.bytes(0x0002_0001, b"OB", &[0, 1]);
            meta.text(0x0002_0002, b"UI", class).text(0x0002_0003, b"UI", instance);
            meta.text(0x0002_0010, b"UI", EXPLICIT_LITTLE_ENDIAN);
            meta.text(0x0002_0012, b"UI", IMPLEMENTATION).text(0x0002_0013, b"SH", IMPLEMENTATION_NAME);
        });
        let mut file = vec![0; 128];
        file.extend(b"DICM");
        file.extend(
            Self::of(|head| {
                head.u32(0x0002_0000, &[meta.bytes.len() as u32]);
            })
            .bytes,
        );
        file.extend(&meta.bytes);
        file.extend(&self.bytes);
        file
    }
}

/// A decimal string of sixteen characters at most (PS3.5 6.2), as exact as they allow.
fn decimal(value: f64) -> String {
    let plain = value.to_string();
    if plain.len() <= 16 {
        return plain;
    }
    (0..=15)
        .rev()
        .flat_map(|digits| [format!("{value:.digits$}"), format!("{value:.digits$e}")])
        .find(|text| text.len() <= 16 && !(value != 0.0 && text.parse() == Ok(0.0)))
        .unwrap_or_else(|| "0".to_owned())
}

/// A new unique identifier: a random UUID as a number (PS3.5 B.2).
pub(crate) fn new_uid() -> String {
    // The standard library keys its hash maps with random numbers of the system; hashed with the time they make 128 bits of their own.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let [high, low] = [0u8, 1].map(|half| RandomState::new().hash_one((now, half, std::process::id())));
    let random = u128::from(high) << 64 | u128::from(low);
    let uuid = (random & !(0xf << 76) & !(0x3 << 62)) | (4 << 76) | (2 << 62);
    format!("2.25.{uuid}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::data_set::{DataSet, Encoding};

    #[test]
    fn what_is_written_is_read() {
        let mut writer = Writer::default();
        writer.u16(0x0028_0010, &[7]).item(0x0008_1115, |item| {
            item.text(0x0020_000e, b"UI", "1.2.3");
        });
        writer.decimals(0x0020_0032, &[-249.511719, 1.0 / 3.0, 1e-20]);
        let (set, _, is_short) = DataSet::read(&writer.bytes, Encoding::EXPLICIT).expect("elements");
        assert!(!is_short);
        assert_eq!(set.u16(0x0028_0010), Some(7));
        assert_eq!(set.item(0x0008_1115).map(|item| item.text(0x0020_000e)), Some("1.2.3".to_owned()));
        let [x, y, z] = set.decimals::<3>(0x0020_0032).expect("three");
        assert_eq!(x, -249.511719);
        assert!((y - 1.0 / 3.0).abs() < 1e-13 && (z - 1e-20).abs() < 1e-30);
    }

    #[test]
    fn decimals_fit_and_identifiers_differ() {
        for value in [0.1 + 0.2, -1234567.890123456, 1e300 / 3.0, -1e-300 / 3.0, f64::from(u32::MAX)] {
            let text = decimal(value);
            let read: f64 = text.parse().expect("a number");
            assert!(text.len() <= 16 && ((read - value) / value).abs() < 1e-7, "{value} {text}");
        }
        let uid = new_uid();
        assert!(uid.len() <= 64 && uid != new_uid() && uid.starts_with("2.25."));
    }
}
