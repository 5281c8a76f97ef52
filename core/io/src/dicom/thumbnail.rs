use medley_volume::with_voxels;

use super::pixels;
use super::series::Series;
use crate::IoError;

/// A small picture: brightness from 0 to 255, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width · height` of them.
    pub pixels: Vec<u8>,
}

/// Pixels along the longer side at most.
const LARGEST: usize = 96;

/// The middle slice of a series, in the window that the file asks for (PS3.3 C.11.2.1.2), or from the 1st to the 99th percentile. Only
/// that slice is read.
///
/// # Errors
/// If its file cannot be read or is damaged.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
pub fn thumbnail(series: &Series) -> Result<Thumbnail, IoError> {
    let planes = series.stack.as_ref().map(|stack| stack.planes.as_slice()).unwrap_or_default();
    let fallback = [super::series::Plane { file: 0, frame: 0 }];
    let plane = planes.get(planes.len() / 2).or(fallback.first()).copied();
    let Some((plane, file)) = plane.and_then(|plane| Some((plane, series.files.get(plane.file)?))) else {
        return Err(IoError::unsupported(&series.name(), "holds no pictures", "choose another series"));
    };
    let stored = pixels::read(&series.files, &[plane])?;
    let (slope, intercept) = file.frames.get(plane.frame).map_or((1.0, 0.0), |frame| (frame.slope, frame.intercept));
    let (columns, rows) = (file.pixels.columns, file.pixels.rows);
    let [tall, wide] = file.frames.get(plane.frame).and_then(|frame| frame.spacing).unwrap_or([1.0; 2]);
    // Square pixels, whatever the scan's are; a shape beyond reason keeps its pixels.
    let ratio = (tall / wide).clamp(0.05, 20.0);
    let (across, down) = (columns as f64, rows as f64 * ratio);
    let scale = (LARGEST as f64 / across.max(down)).min(1.0);
    let size = |length: f64| ((length * scale).round() as usize).clamp(1, LARGEST);
    let (width, height) = (size(across), size(down));
    let value = |i: usize, j: usize| {
        let at = |n: usize, of: usize, from: usize| ((n * 2 + 1) * from / (of * 2)).min(from - 1);
        let offset = at(j, height, rows) * columns + at(i, width, columns);
        with_voxels!(&stored, values => values.get(offset).map_or(0.0, |&value| value as f64 * slope + intercept))
    };
    let values: Vec<f64> = (0..height).flat_map(|j| (0..width).map(move |i| (i, j))).map(|(i, j)| value(i, j)).collect();
    let [low, high] = match file.window {
        Some([center, width]) if width > 1.0 => [center - 0.5 - (width - 1.0) / 2.0, center - 0.5 + (width - 1.0) / 2.0],
        _ => percentiles(&values),
    };
    let shade = |value: f64| ((value - low) / (high - low).max(1e-12) * 255.0).round().clamp(0.0, 255.0) as u8;
    let pixels = values.into_iter().map(|value| if file.is_monochrome1 { 255 - shade(value) } else { shade(value) }).collect();
    Ok(Thumbnail { width, height, pixels })
}

fn percentiles(values: &[f64]) -> [f64; 2] {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |part: f64| sorted.get((sorted.len().saturating_sub(1) as f64 * part) as usize).copied().unwrap_or(0.0);
    [at(0.01), at(0.99)]
}
