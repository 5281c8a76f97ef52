//! Whether a file of numbers is a scan or a mask, judged by what is in it.

use std::path::Path;

use medley_volume::{Scaling, Volume, with_voxels};

/// The intent code of a NIfTI file whose values are labels (`NIFTI_INTENT_LABEL`).
pub const INTENT_LABEL: i32 = 1002;

/// Masks have at most this many different values here; more are taken for a scan.
const MOST_LABELS: usize = 256;

/// Whether the voxels look like labels: whole numbers from 0 to 65535, few different ones, in pieces of one value.
///
/// A scan of 8 bits also has few different values, but its neighbours seldom agree outside the background.
#[must_use]
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
pub fn looks_like_mask(volume: &Volume) -> bool {
    let is_plain = volume.scaling() == Scaling::IDENTITY;
    is_plain && with_voxels!(volume.voxels(), stored => stored_like_mask(stored, volume.grid().shape()[0], |v| v as f64))
}

fn stored_like_mask<T: Copy>(stored: &[T], row: usize, value: impl Fn(T) -> f64) -> bool {
    let mut seen = vec![false; usize::from(u16::MAX) + 1];
    let mut distinct = 0usize;
    for &v in stored {
        let v = value(v);
        if !(v >= 0.0 && v <= f64::from(u16::MAX) && v.fract() == 0.0) {
            return false;
        }
        if !std::mem::replace(&mut seen[v as usize], true) {
            distinct += 1;
        }
        if distinct > MOST_LABELS {
            return false;
        }
    }
    let (mut pairs, mut alike) = (0usize, 0usize);
    for pair in stored.chunks(row.max(1)).flat_map(|line| line.windows(2)) {
        let (a, b) = (value(pair[0]), value(pair[1]));
        if a != 0.0 || b != 0.0 {
            pairs += 1;
            alike += usize::from(a == b);
        }
    }
    distinct > 1 && 2 * alike >= pairs
}

/// Whether a file names its labels and may hold them in several layers: 3D Slicer's segmentations, told by their names, and those of
/// DICOM.
#[must_use]
pub fn has_segments(path: &Path) -> bool {
    path.to_string_lossy().to_ascii_lowercase().ends_with(".seg.nrrd") || medley_io::dicom::is_segmentation(path)
}

/// The name of what the values are.
#[must_use]
pub fn value_unit(volume: &Volume, is_mask: bool) -> &'static str {
    match (is_mask, volume.quantity()) {
        (true, _) => "label",
        (false, medley_volume::Quantity::Hounsfield) => "HU",
        (false, medley_volume::Quantity::Arbitrary) => "arbitrary",
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Voxels};

    use super::*;

    fn volume(voxels: Voxels) -> Volume {
        let grid = Grid::axis_aligned([voxels.len() / 4, 2, 2], [1.0; 3]).expect("a grid");
        Volume::new(grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits")
    }

    #[test]
    fn pieces_of_one_value_are_a_mask_and_grey_values_are_not() {
        let pieces: Vec<u8> = (0..64).map(|o| if o % 16 > 8 { 3 } else { 0 }).collect();
        assert!(looks_like_mask(&volume(Voxels::U8(pieces.clone()))));
        assert!(looks_like_mask(&volume(Voxels::F32(pieces.iter().map(|&v| f32::from(v)).collect()))));
        let grey: Vec<u8> = (0..64u8).map(|o| o.wrapping_mul(37)).collect();
        assert!(!looks_like_mask(&volume(Voxels::U8(grey))));
    }

    #[test]
    fn what_cannot_be_a_label_is_a_scan() {
        assert!(!looks_like_mask(&volume(Voxels::I16(vec![-1, -1, 0, 0, 0, 0, 5, 5]))));
        assert!(!looks_like_mask(&volume(Voxels::F32(vec![0.5, 0.5, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]))));
        assert!(!looks_like_mask(&volume(Voxels::F64(vec![f64::NAN, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]))));
        assert!(!looks_like_mask(&volume(Voxels::I32(vec![70_000; 8]))));
    }
}
