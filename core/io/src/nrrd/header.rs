use std::collections::HashMap;

use crate::IoError;
use crate::element::ElementType;
use crate::error::{CONVERT, COPY_AGAIN};
use crate::source::Source;
use crate::text::line;

/// No sensible header is longer than this.
const LONGEST: usize = 1 << 20;

/// Whether bytes begin as a NRRD file does.
pub(crate) fn is_header(bytes: &[u8]) -> bool {
    bytes.starts_with(b"NRRD000")
}

/// A header: its `field: value` lines, names in lower case without spaces, and its `key:=value` lines as they are.
pub(super) struct Header {
    pub name: String,
    fields: HashMap<String, String>,
    pub pairs: HashMap<String, String>,
}

impl Header {
    /// Reads up to the empty line after which the voxels begin, or to the end of a header that stands alone.
    pub fn read(source: &mut Source) -> Result<Self, IoError> {
        let mut header = Self { name: source.name().to_owned(), fields: HashMap::new(), pairs: HashMap::new() };
        while let Some(text) = line(source, LONGEST)?.filter(|text| !text.is_empty()) {
            if source.position() > LONGEST as u64 {
                return Err(IoError::malformed(&header.name, "has a header without an end", COPY_AGAIN));
            }
            if text.starts_with('#') {
                continue;
            }
            match (text.split_once(": "), text.split_once(":=")) {
                (field, Some((key, value))) if field.is_none_or(|(name, _)| name.len() > key.len()) => {
                    header.pairs.insert(key.to_owned(), unescaped(value));
                }
                (Some((field, value)), _) => {
                    header.fields.insert(field.to_lowercase().replace(' ', ""), value.trim().to_owned());
                }
                _ => {}
            }
        }
        Ok(header)
    }

    /// A field by its name in lower case without spaces.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    pub fn required(&self, name: &str) -> Result<&str, IoError> {
        self.field(name).ok_or_else(|| self.malformed(format!("does not say its “{name}”")))
    }

    pub fn malformed(&self, fault: impl Into<String>) -> IoError {
        IoError::malformed(&self.name, fault, "choose another file, or export it again")
    }

    pub fn unsupported(&self, fault: impl Into<String>) -> IoError {
        IoError::unsupported(&self.name, fault, CONVERT)
    }

    pub fn element(&self) -> Result<ElementType, IoError> {
        match self.required("type")?.to_lowercase().as_str() {
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
}

/// A value of a pair: `\\n` is a line's end there, two backslashes are one.
fn unescaped(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain
}

/// NRRD's name of a type.
pub(super) fn type_name(element: ElementType) -> &'static str {
    match element {
        ElementType::U8 => "unsigned char",
        ElementType::I8 => "signed char",
        ElementType::U16 => "unsigned short",
        ElementType::I16 => "short",
        ElementType::U32 => "unsigned int",
        ElementType::I32 => "int",
        ElementType::U64 => "unsigned long long",
        ElementType::I64 => "long long",
        ElementType::F32 => "float",
        ElementType::F64 => "double",
    }
}
