//! PNG files with their size on paper (PNG specification, third edition, 11.3.4.3: `pHYs`). They hold no text: no name, no date.

use std::path::Path;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::texts;

/// The signature and the chunk `IHDR`, after which `pHYs` may stand.
const BEFORE_PHYS: usize = 8 + 25;

/// Writes red, green and blue of `size` pixels as a PNG file of `dpi` dots per inch, whole or not at all.
///
/// # Errors
/// A sentence, if the pixels do not fill the size or the system refuses.
pub fn write_png(path: &Path, size: [u32; 2], pixels: Vec<u8>, dpi: f64) -> Result<(), String> {
    if pixels.len() as u64 != u64::from(size[0]) * u64::from(size[1]) * 3 {
        return Err(texts::figure::not_whole(path));
    }
    let mut png = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut png, CompressionType::Default, FilterType::Adaptive);
    encoder.write_image(&pixels, size[0], size[1], ExtendedColorType::Rgb8).map_err(|error| texts::study::about_file(path, &error))?;
    drop(pixels);
    let chunk = physical_size(dpi);
    let (before, after) = png.split_at(BEFORE_PHYS.min(png.len()));
    medley_io::write_atomically(path, |out| {
        out.write_all(before)?;
        out.write_all(&chunk)?;
        out.write_all(after)
    })
    .map_err(|error| error.to_string())
}

/// The chunk that says how many pixels a metre has.
fn physical_size(dpi: f64) -> Vec<u8> {
    let per_metre = (dpi / 0.0254).round() as u32;
    let mut body = b"pHYs".to_vec();
    body.extend(per_metre.to_be_bytes());
    body.extend(per_metre.to_be_bytes());
    body.push(1);
    let mut chunk = (body.len() as u32 - 4).to_be_bytes().to_vec();
    let sum = crc32fast::hash(&body);
    chunk.extend(body);
    chunk.extend(sum.to_be_bytes());
    chunk
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_its_pixels_its_size_on_paper_and_no_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.png");
        let pixels: Vec<u8> = (0..30 * 20 * 3).map(|n| (n * 7 % 251) as u8).collect();
        write_png(&path, [30, 20], pixels.clone(), 300.0).expect("writes");
        let read = image::open(&path).expect("a picture").to_rgb8();
        assert_eq!((read.dimensions(), read.into_raw()), ((30, 20), pixels));
        let bytes = std::fs::read(&path).expect("there");
        assert_eq!(
            &bytes[33..33 + 21],
            [&[0, 0, 0, 9][..], b"pHYs", &11_811u32.to_be_bytes(), &11_811u32.to_be_bytes(), &[1, 0x78, 0xA5, 0x3F, 0x76]].concat()
        );
        let has = |kind: &[u8]| bytes.windows(4).any(|four| four == kind);
        assert!(!has(b"tEXt") && !has(b"iTXt") && !has(b"zTXt") && !has(b"tIME") && !has(b"eXIf"));
        assert!(write_png(&path, [31, 20], vec![0; 5], 300.0).is_err());
    }
}
