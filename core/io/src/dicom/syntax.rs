use super::data_set::Encoding;

/// What the pixels of a transfer syntax are packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Codec {
    /// Not at all.
    Native,
    Rle,
    /// JPEG of 8 bits, or lossless of up to 16.
    Jpeg,
    JpegLs,
    /// JPEG 2000, HTJ2K included.
    Jpeg2000,
}

/// A transfer syntax (PS3.5 A, PS3.6 A): how elements and pixels are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Syntax {
    pub encoding: Encoding,
    pub is_deflated: bool,
    /// The codec, or the name of one that is not read here.
    pub codec: Result<Codec, &'static str>,
}

impl Syntax {
    pub const IMPLICIT: Self = Self::native(Encoding::IMPLICIT);
    pub const EXPLICIT: Self = Self::native(Encoding::EXPLICIT);
    pub const BIG: Self = Self::native(Encoding::BIG);

    const fn native(encoding: Encoding) -> Self {
        Self { encoding, is_deflated: false, codec: Ok(Codec::Native) }
    }

    /// The syntax of a UID. One that is not known is taken to be written explicitly, as all but the oldest are.
    pub fn of_uid(uid: &str) -> Self {
        let packed = |codec| Self { codec, ..Self::EXPLICIT };
        let Some(rest) = uid.strip_prefix("1.2.840.10008.1.2") else {
            return packed(Err("a private transfer syntax"));
        };
        match rest {
            "" => Self::IMPLICIT,
            ".1" => Self::EXPLICIT,
            ".2" => Self::BIG,
            ".1.99" => Self { is_deflated: true, ..Self::EXPLICIT },
            ".5" => packed(Ok(Codec::Rle)),
            ".4.50" | ".4.51" | ".4.57" | ".4.70" => packed(Ok(Codec::Jpeg)),
            ".4.80" | ".4.81" => packed(Ok(Codec::JpegLs)),
            ".4.90" | ".4.91" | ".4.201" | ".4.202" | ".4.203" => packed(Ok(Codec::Jpeg2000)),
            ".1.98" => packed(Err("Encapsulated Uncompressed")),
            ".4.92" | ".4.93" => packed(Err("JPEG 2000 Part 2")),
            ".4.94" | ".4.95" | ".4.204" | ".4.205" => packed(Err("JPIP, whose pixels lie on a server")),
            ".4.110" | ".4.111" | ".4.112" => packed(Err("JPEG XL")),
            _ if rest.starts_with(".4.10") => packed(Err("MPEG video")),
            _ if rest.starts_with(".4.") => packed(Err("a retired form of JPEG")),
            _ => packed(Err("an unknown transfer syntax")),
        }
    }
}
