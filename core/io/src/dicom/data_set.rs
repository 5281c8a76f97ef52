//! Data elements in memory (PS3.5 7.1), read flat: a sequence is one element whose items are read when somebody asks.
//!
//! This is why hostile nesting costs nothing: passing over a sequence of undefined length counts levels in a loop, and no more than
//! [`DEEPEST`] of them; nothing calls itself for what a file nests.

/// Group and element as one number: `0x0020_0032`.
pub(crate) type Tag = u32;

/// How elements are written (PS3.5 A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Encoding {
    pub is_big_endian: bool,
    pub is_explicit: bool,
}

impl Encoding {
    pub const IMPLICIT: Self = Self { is_big_endian: false, is_explicit: false };
    pub const EXPLICIT: Self = Self { is_big_endian: false, is_explicit: true };
    pub const BIG: Self = Self { is_big_endian: true, is_explicit: true };

    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        if self.is_big_endian { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) }
    }

    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        if self.is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    }
}

/// Levels of sequences within sequences that are followed.
const DEEPEST: usize = 64;
/// Where the pixels of an image are: whole numbers, 32-bit and 64-bit floats.
pub(crate) const PIXEL_DATA: Tag = 0x7fe0_0010;
pub(crate) const FLOAT_PIXEL_DATA: Tag = 0x7fe0_0008;
pub(crate) const DOUBLE_PIXEL_DATA: Tag = 0x7fe0_0009;
const ITEM: Tag = 0xfffe_e000;
const ITEM_END: Tag = 0xfffe_e00d;
const SEQUENCE_END: Tag = 0xfffe_e0dd;
/// Value representations whose length takes four bytes (PS3.5 7.1.2).
const LONG: [&[u8; 2]; 13] = [b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"];

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The bytes end inside an element.
    Short,
    /// They are no elements; what is wrong, as the end of a sentence that begins with the file's name.
    Malformed(String),
}

/// One element; its value is where it lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub tag: Tag,
    /// Two letters, or two zeros where the encoding leaves them out.
    pub vr: [u8; 2],
    /// How items in the value are written.
    pub encoding: Encoding,
    pub value: &'a [u8],
}

/// Where an image's pixels begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PixelPlace {
    pub tag: Tag,
    /// Bytes from the beginning of the data set.
    pub offset: usize,
    /// Bytes, or `None` if they are encapsulated (PS3.5 A.4).
    pub length: Option<u32>,
}

/// Elements as they follow each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct DataSet<'a> {
    elements: Vec<Element<'a>>,
}

struct Head {
    tag: Tag,
    vr: [u8; 2],
    /// `None` is the undefined length, ffff ffff.
    length: Option<u32>,
    /// Where the value begins.
    at: usize,
}

fn chunk<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Fault> {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<N>()).copied().ok_or(Fault::Short)
}

fn tag_at(bytes: &[u8], at: usize, encoding: Encoding) -> Result<Tag, Fault> {
    let group = encoding.u16(chunk(bytes, at)?);
    let element = encoding.u16(chunk(bytes, at + 2)?);
    Ok(u32::from(group) << 16 | u32::from(element))
}

fn defined(length: u32) -> Option<u32> {
    (length != u32::MAX).then_some(length)
}

fn head_at(bytes: &[u8], at: usize, encoding: Encoding) -> Result<Head, Fault> {
    let tag = tag_at(bytes, at, encoding)?;
    if !encoding.is_explicit || tag >> 16 == 0xfffe {
        return Ok(Head { tag, vr: [0; 2], length: defined(encoding.u32(chunk(bytes, at + 4)?)), at: at + 8 });
    }
    let vr: [u8; 2] = chunk(bytes, at + 4)?;
    if !vr.iter().all(u8::is_ascii_uppercase) {
        return Err(Fault::Malformed(format!("is damaged: element ({:04x},{:04x}) has no value representation", tag >> 16, tag & 0xffff)));
    }
    if LONG.contains(&&vr) {
        return Ok(Head { tag, vr, length: defined(encoding.u32(chunk(bytes, at + 8)?)), at: at + 12 });
    }
    Ok(Head { tag, vr, length: Some(u32::from(encoding.u16(chunk(bytes, at + 6)?))), at: at + 8 })
}

/// The encoding of what an element nests: unknown elements of undefined length nest implicit ones (PS3.5 6.2.2).
fn nested(head: &Head, encoding: Encoding) -> Encoding {
    if head.vr == *b"UN" { Encoding::IMPLICIT } else { encoding }
}

fn end_of(head: &Head, length: u32, bytes: &[u8]) -> Result<usize, Fault> {
    let end = head.at.checked_add(length as usize).ok_or(Fault::Short)?;
    if end > bytes.len() { Err(Fault::Short) } else { Ok(end) }
}

/// Where a sequence of undefined length that begins at `at` ends: before and after its delimiter.
fn end_of_sequence(bytes: &[u8], mut at: usize, encoding: Encoding) -> Result<(usize, usize), Fault> {
    // A sequence awaits items, an item awaits elements; both are told apart by `is_item`.
    let mut levels = vec![(false, encoding)];
    while let Some(&(is_item, encoding)) = levels.last() {
        let head = head_at(bytes, at, encoding)?;
        let opened = match (is_item, head.tag) {
            (true, ITEM_END) | (false, SEQUENCE_END) => {
                levels.pop();
                if levels.is_empty() {
                    return Ok((at, head.at));
                }
                at = head.at;
                continue;
            }
            (false, ITEM) => (true, encoding),
            (true, tag) if tag >> 16 != 0xfffe => (false, nested(&head, encoding)),
            _ => return Err(Fault::Malformed("is damaged: a sequence in it does not end".to_owned())),
        };
        match head.length {
            Some(length) => at = end_of(&head, length, bytes)?,
            None => {
                if levels.len() == DEEPEST {
                    return Err(Fault::Malformed(format!("nests sequences more than {DEEPEST} deep, which no scanner does")));
                }
                levels.push(opened);
                at = head.at;
            }
        }
    }
    Err(Fault::Short)
}

impl<'a> DataSet<'a> {
    /// Reads elements until the pixels or the end of the bytes. The second is where the pixels are, if they were reached; the third
    /// is whether the bytes ended within an element.
    ///
    /// # Errors
    /// If the bytes are not elements.
    pub fn read(bytes: &'a [u8], encoding: Encoding) -> Result<(Self, Option<PixelPlace>, bool), Fault> {
        let mut set = Self::default();
        let mut at = 0;
        while at < bytes.len() {
            match set.next(bytes, at, encoding) {
                Ok(Step::Element(end)) => at = end,
                Ok(Step::Pixels(place)) => return Ok((set, Some(place), false)),
                Ok(Step::End(end)) => at = end,
                Err(Fault::Short) => return Ok((set, None, true)),
                Err(fault) => return Err(fault),
            }
        }
        Ok((set, None, false))
    }

    fn next(&mut self, bytes: &'a [u8], at: usize, encoding: Encoding) -> Result<Step, Fault> {
        let head = head_at(bytes, at, encoding)?;
        if matches!(head.tag, PIXEL_DATA | FLOAT_PIXEL_DATA | DOUBLE_PIXEL_DATA) {
            return Ok(Step::Pixels(PixelPlace { tag: head.tag, offset: head.at, length: head.length }));
        }
        if head.tag >> 16 == 0xfffe {
            return Ok(Step::End(head.at));
        }
        let (end, after, inner) = match head.length {
            Some(length) => {
                let end = end_of(&head, length, bytes)?;
                (end, end, encoding)
            }
            None => {
                let inner = nested(&head, encoding);
                let (end, after) = end_of_sequence(bytes, head.at, inner)?;
                (end, after, inner)
            }
        };
        let value = bytes.get(head.at..end).ok_or(Fault::Short)?;
        self.elements.push(Element { tag: head.tag, vr: head.vr, encoding: inner, value });
        Ok(Step::Element(after))
    }

    /// All elements in the order of the file.
    pub fn elements(&self) -> &[Element<'a>] {
        &self.elements
    }

    /// The first element of a tag.
    pub fn get(&self, tag: Tag) -> Option<&Element<'a>> {
        self.elements.iter().find(|element| element.tag == tag)
    }

    /// The items of a sequence; empty if it is not there or is damaged.
    pub fn items(&self, tag: Tag) -> Vec<DataSet<'a>> {
        self.get(tag).map(Element::items).unwrap_or_default()
    }

    /// The first item of a sequence.
    pub fn item(&self, tag: Tag) -> Option<DataSet<'a>> {
        self.get(tag)?.items_up_to(1).into_iter().next()
    }

    /// The text of an element without padding; empty if it is not there.
    pub fn text(&self, tag: Tag) -> String {
        self.get(tag).map(Element::text).unwrap_or_default()
    }

    /// The numbers of an element. `vr` is what the dictionary says of it, for encodings that leave it out.
    pub fn numbers(&self, tag: Tag, vr: &[u8; 2]) -> Vec<f64> {
        self.get(tag).map(|element| element.numbers(vr)).unwrap_or_default()
    }

    /// The first number of an element.
    pub fn number(&self, tag: Tag, vr: &[u8; 2]) -> Option<f64> {
        self.numbers(tag, vr).first().copied()
    }

    /// The first number of an element with value representation US.
    pub fn u16(&self, tag: Tag) -> Option<u16> {
        self.number(tag, b"US").map(|value| value as u16)
    }

    /// All of `N` decimal numbers, if they are there and finite.
    pub fn decimals<const N: usize>(&self, tag: Tag) -> Option<[f64; N]> {
        let numbers = self.numbers(tag, b"DS");
        let numbers: [f64; N] = numbers.get(..N)?.try_into().ok()?;
        numbers.iter().all(|value| value.is_finite()).then_some(numbers)
    }
}

enum Step {
    /// An element was kept; where the next begins.
    Element(usize),
    Pixels(PixelPlace),
    /// The end of an item of undefined length, or a stray delimiter; where it ends.
    End(usize),
}

impl<'a> Element<'a> {
    /// The items of a sequence; what is damaged ends the list.
    pub fn items(&self) -> Vec<DataSet<'a>> {
        self.items_up_to(usize::MAX)
    }

    fn items_up_to(&self, most: usize) -> Vec<DataSet<'a>> {
        let mut items = Vec::new();
        let mut at = 0;
        while items.len() < most {
            let Ok(head) = head_at(self.value, at, self.encoding) else { break };
            if head.tag != ITEM {
                break;
            }
            let Ok((item, end)) = self.item_at(&head) else { break };
            items.push(item);
            at = end;
        }
        items
    }

    fn item_at(&self, head: &Head) -> Result<(DataSet<'a>, usize), Fault> {
        let bytes = self.value;
        if let Some(length) = head.length {
            let end = end_of(head, length, bytes)?;
            let inner = bytes.get(head.at..end).ok_or(Fault::Short)?;
            return Ok((DataSet::read(inner, self.encoding)?.0, end));
        }
        let mut set = DataSet::default();
        let mut at = head.at;
        loop {
            match set.next(bytes, at, self.encoding)? {
                Step::Element(end) => at = end,
                Step::End(end) => return Ok((set, end)),
                // An icon's pixels are of no use here; what follows them is not read.
                Step::Pixels(_) => return Err(Fault::Short),
            }
        }
    }

    /// Text without padding. What is not UTF-8 is taken as Latin-1, which most scanners write.
    pub fn text(&self) -> String {
        let text = match std::str::from_utf8(self.value) {
            Ok(text) => text.to_owned(),
            Err(_) => self.value.iter().map(|&byte| char::from(byte)).collect(),
        };
        text.trim_matches(['\0', ' ']).to_owned()
    }

    fn numbers(&self, vr: &[u8; 2]) -> Vec<f64> {
        let vr = if self.vr == [0; 2] || self.vr == *b"UN" { vr } else { &self.vr };
        let encoding = self.encoding;
        let big = encoding.is_big_endian;
        macro_rules! each {
            ($type:ty) => {
                self.value
                    .as_chunks()
                    .0
                    .iter()
                    .map(|&bytes| if big { <$type>::from_be_bytes(bytes) } else { <$type>::from_le_bytes(bytes) } as f64)
                    .collect()
            };
        }
        match vr {
            b"US" | b"OW" => each!(u16),
            b"SS" => each!(i16),
            b"UL" => each!(u32),
            b"SL" => each!(i32),
            b"FL" | b"OF" => each!(f32),
            b"FD" | b"OD" => each!(f64),
            _ => self.text().split('\\').map(|part| part.trim_matches(['\0', ' ']).parse().unwrap_or(f64::NAN)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn implicit(tag: Tag, value: &[u8]) -> Vec<u8> {
        let mut bytes = [(tag >> 16) as u16, tag as u16].map(u16::to_le_bytes).concat();
        bytes.extend((value.len() as u32).to_le_bytes());
        bytes.extend(value);
        bytes
    }

    fn open(tag: Tag) -> Vec<u8> {
        let mut bytes = [(tag >> 16) as u16, tag as u16].map(u16::to_le_bytes).concat();
        bytes.extend([0xff; 4]);
        bytes
    }

    #[test]
    fn sequences_of_either_length_hold_the_same() {
        let inner = implicit(0x0028_0010, &[3, 0]);
        let mut undefined = open(0x5200_9229);
        undefined.extend(open(ITEM));
        undefined.extend(&inner);
        undefined.extend(implicit(ITEM_END, &[]));
        undefined.extend(implicit(ITEM, &inner));
        undefined.extend(implicit(SEQUENCE_END, &[]));
        undefined.extend(implicit(0x5200_9230, &implicit(ITEM, &inner)));
        let (set, pixels, is_short) = DataSet::read(&undefined, Encoding::IMPLICIT).expect("elements");
        assert!(pixels.is_none() && !is_short);
        let rows = |tag| set.items(tag).iter().map(|item| item.u16(0x0028_0010)).collect::<Vec<_>>();
        assert_eq!(rows(0x5200_9229), vec![Some(3), Some(3)]);
        assert_eq!(rows(0x5200_9230), vec![Some(3)]);
    }

    #[test]
    fn hostile_nesting_is_a_fault_and_no_overflow() {
        let mut bytes = Vec::new();
        for _ in 0..1_000_000 {
            bytes.extend(open(0x0008_1140));
            bytes.extend(open(ITEM));
        }
        let fault = DataSet::read(&bytes, Encoding::IMPLICIT).expect_err("too deep");
        assert!(matches!(fault, Fault::Malformed(sentence) if sentence.contains("64 deep")));
    }

    #[test]
    fn numbers_are_read_as_they_are_written() {
        let bytes = [implicit(0x0028_0030, b"0.5\\ 1e1 "), implicit(0x0018_9087, &1.5f64.to_le_bytes()), implicit(0x0028_0106, &[0xff; 2])]
            .concat();
        let (set, ..) = DataSet::read(&bytes, Encoding::IMPLICIT).expect("elements");
        assert_eq!(set.decimals::<2>(0x0028_0030), Some([0.5, 10.0]));
        assert_eq!(set.decimals::<3>(0x0028_0030), None);
        assert_eq!(set.number(0x0018_9087, b"FD"), Some(1.5));
        assert_eq!(set.number(0x0028_0106, b"SS"), Some(-1.0));
    }

    #[test]
    fn what_ends_early_says_so() {
        let mut bytes = implicit(0x0028_0010, &[3, 0]);
        bytes.extend(implicit(0x0028_0011, &[4, 0]));
        bytes.pop();
        let (set, _, is_short) = DataSet::read(&bytes, Encoding::IMPLICIT).expect("elements");
        assert!(is_short);
        assert_eq!((set.u16(0x0028_0010), set.u16(0x0028_0011)), (Some(3), None));
    }
}
