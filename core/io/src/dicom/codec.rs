//! Packed frames to pixels. What is packed may be made to harm: sizes in the stream are compared with those of the header before a
//! decoder sees it, and a decoder that panics is a damaged file.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::image::Pixels;
use super::syntax::Codec;

/// A frame may have this many pixels whatever it is packed into.
const FREE_PIXELS: usize = 1 << 24;
/// A larger one must bring a byte for this many pixels at least.
const PIXELS_PER_BYTE: usize = 10_000;

/// Pixels of a frame as the bits that are stored, row by row.
pub(crate) type Bits = Vec<u32>;

/// Unpacks one frame. What is wrong is the end of a sentence that begins with the file's name.
pub(crate) fn unpack(codec: Codec, packed: &[u8], pixels: &Pixels) -> Result<Bits, String> {
    let count = pixels.rows * pixels.columns;
    if count > FREE_PIXELS && count / PIXELS_PER_BYTE > packed.len() {
        return Err("would unpack to far more than it holds and may be made to fill the memory".to_owned());
    }
    // Decoders of other people, given hostile bytes: a panic in them must end with a sentence, and they share no state.
    let unpacked = catch_unwind(AssertUnwindSafe(|| match codec {
        Codec::Native => Err("is not packed".to_owned()),
        Codec::Rle => rle(packed, pixels),
        Codec::Jpeg => jpeg(packed, pixels),
        Codec::JpegLs => jpeg_ls(packed, pixels),
        Codec::Jpeg2000 => jpeg_2000(packed, pixels),
    }));
    let bits = unpacked.unwrap_or_else(|_| Err("has a damaged picture (its decoder gave up)".to_owned()))?;
    if bits.len() == count { Ok(bits) } else { Err(other_size()) }
}

fn other_size() -> String {
    "has a picture of another size than its header says".to_owned()
}

fn damaged(error: impl std::fmt::Display) -> String {
    format!("has a damaged picture ({error})")
}

/// PS3.5 G: a segment per byte of a pixel, the highest first, each packed by PackBits.
fn rle(packed: &[u8], pixels: &Pixels) -> Result<Bits, String> {
    let (count, size) = (pixels.rows * pixels.columns, pixels.sample.size());
    let number = |at: usize| packed.get(at * 4..).and_then(|rest| rest.first_chunk()).map(|&bytes| u32::from_le_bytes(bytes) as usize);
    if number(0) != Some(size) {
        return Err(damaged("a wrong number of RLE segments"));
    }
    let mut bits = vec![0u32; count];
    for segment in 0..size {
        let start = number(segment + 1).unwrap_or(0);
        let end = if segment + 1 == size { packed.len() } else { number(segment + 2).unwrap_or(0) };
        let mut bytes = packed.get(start..end).ok_or_else(|| damaged("an RLE segment outside it"))?.iter().copied();
        let mut filled = bits.iter_mut();
        let mut missing = count;
        while missing > 0 {
            let run = bytes.next().ok_or_else(|| damaged("an RLE segment that ends early"))?;
            let (length, is_literal) = match run {
                0..=127 => (usize::from(run) + 1, true),
                128 => continue,
                _ => (257 - usize::from(run), false),
            };
            let repeated = if is_literal { 0 } else { bytes.next().ok_or_else(|| damaged("an RLE segment that ends early"))? };
            for _ in 0..length.min(missing) {
                let byte = if is_literal { bytes.next().ok_or_else(|| damaged("an RLE segment that ends early"))? } else { repeated };
                if let Some(value) = filled.next() {
                    *value = *value << 8 | u32::from(byte);
                }
            }
            missing -= length.min(missing);
        }
    }
    Ok(bits)
}

/// ISO 10918: 8 bits, and lossless up to 16.
fn jpeg(packed: &[u8], pixels: &Pixels) -> Result<Bits, String> {
    use jpeg_decoder::{Decoder, PixelFormat};
    let mut decoder = Decoder::new(packed);
    decoder.set_max_decoding_buffer_size(pixels.rows * pixels.columns * 4 + 64);
    decoder.read_info().map_err(damaged)?;
    let info = decoder.info().ok_or_else(|| damaged("no size"))?;
    if (usize::from(info.width), usize::from(info.height)) != (pixels.columns, pixels.rows) {
        return Err(other_size());
    }
    let bytes = decoder.decode().map_err(damaged)?;
    match info.pixel_format {
        PixelFormat::L8 => Ok(bytes.into_iter().map(u32::from).collect()),
        PixelFormat::L16 => Ok(bytes.as_chunks().0.iter().map(|&two| u32::from(u16::from_ne_bytes(two))).collect()),
        _ => Err("holds a colour picture, not a scan".to_owned()),
    }
}

/// ISO 14495-1.
fn jpeg_ls(packed: &[u8], pixels: &Pixels) -> Result<Bits, String> {
    // SOF55 (C.1.2): precision, lines, samples per line, components.
    let at = packed.windows(2).position(|marker| marker == [0xff, 0xf7]).ok_or_else(|| damaged("no frame header"))?;
    let header = packed.get(at + 4..).and_then(|rest| rest.first_chunk::<6>()).ok_or_else(|| damaged("a short frame header"))?;
    let &[_, a, b, c, d, components] = header;
    let size = (usize::from(u16::from_be_bytes([c, d])), usize::from(u16::from_be_bytes([a, b])));
    if size != (pixels.columns, pixels.rows) || components != 1 {
        return Err(other_size());
    }
    let (values, ..) = jpegls::decode(packed, pixels.columns as u32, pixels.rows as u32).map_err(damaged)?;
    Ok(values.into_iter().map(u32::from).collect())
}

/// ISO 15444-1 and, for streams that say so in their capabilities (HTJ2K), -15; codestream or JP2.
fn jpeg_2000(packed: &[u8], pixels: &Pixels) -> Result<Bits, String> {
    // SIZ (A.5.1): some scanners wrap the codestream in a JP2 file, so it is looked for.
    let at = packed.windows(4).position(|marker| marker == [0xff, 0x4f, 0xff, 0x51]).ok_or_else(|| damaged("no codestream"))?;
    let stream = packed.get(at..).unwrap_or_default();
    let number = |at: usize| stream.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |&bytes| u32::from_be_bytes(bytes) as usize);
    let size = (number(8).saturating_sub(number(16)), number(12).saturating_sub(number(20)));
    let components = stream.get(40..42);
    let depth = stream.get(42).copied().unwrap_or(0);
    if size != (pixels.columns, pixels.rows) || components != Some(&[0, 1]) {
        return Err(other_size());
    }
    let is_high_throughput = stream.get(6).is_some_and(|capabilities| capabilities & 0x40 != 0);
    if is_high_throughput {
        let image = jpeg2k::Image::from_bytes(stream).map_err(damaged)?;
        let component = image.components().first().ok_or_else(|| damaged("no component"))?;
        return Ok(component.data().iter().map(|&sample| sample as u32).collect());
    }
    let image = hayro_jpeg2000::Image::new(stream, &Default::default()).map_err(damaged)?;
    let mut context = hayro_jpeg2000::DecoderContext::default();
    let decoded = image.decode(&mut context).map_err(damaged)?;
    let samples = decoded.components().first().ok_or_else(|| damaged("no component"))?.samples();
    // This decoder shifts signed values up by half their range, as unsigned ones are shifted (G.1.2); here that is taken back.
    let shift = if depth & 0x80 != 0 { 1u32 << u32::from(depth & 0x7f).min(31) } else { 0 };
    let most = (1u64 << u32::from((depth & 0x7f) + 1).min(32)) as f32 - 1.0;
    Ok(samples.iter().map(|&sample| (sample.round().clamp(0.0, most) as u32).wrapping_sub(shift)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dicom::image::Sample;

    const PIXELS: Pixels = Pixels { rows: 2, columns: 2, sample: Sample::U16, bits_stored: 16, high_bit: 15 };

    fn packed(segments: &[&[u8]]) -> Vec<u8> {
        let mut header = [0u32; 16];
        header[0] = segments.len() as u32;
        let mut at = 64;
        for (n, segment) in segments.iter().enumerate() {
            header[n + 1] = at;
            at += segment.len() as u32;
        }
        let mut bytes = header.map(u32::to_le_bytes).concat();
        bytes.extend(segments.concat());
        bytes
    }

    #[test]
    fn runs_and_literals_become_pixels() {
        let bytes = packed(&[&[0xfd, 1], &[3, 10, 11, 12, 13]]);
        assert_eq!(unpack(Codec::Rle, &bytes, &PIXELS), Ok(vec![0x10a, 0x10b, 0x10c, 0x10d]));
        let short = packed(&[&[0xfd, 1], &[2, 10, 11, 12]]);
        assert!(unpack(Codec::Rle, &short, &PIXELS).is_err_and(|fault| fault.contains("ends early")));
        assert!(unpack(Codec::Rle, &packed(&[&[0xfd, 1]]), &PIXELS).is_err());
    }

    #[test]
    fn a_stream_of_another_size_is_refused_before_it_is_unpacked() {
        let mut stream = vec![0xff, 0x4f, 0xff, 0x51, 0, 41, 0, 0];
        stream.extend([[0x7f, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0; 4], [0; 4]].concat());
        stream.extend([0; 40]);
        assert_eq!(unpack(Codec::Jpeg2000, &stream, &PIXELS), Err(other_size()));
        let huge = Pixels { rows: 65535, columns: 65535, ..PIXELS };
        assert!(unpack(Codec::JpegLs, &[0; 100], &huge).is_err_and(|fault| fault.contains("fill the memory")));
    }
}
