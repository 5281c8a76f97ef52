use super::FileArray;
use crate::LearnError;

/// Cuts off what equals the corner voxel all around, from the scan and its labels.
///
/// The reference's upper bounds are exclusive although it found the last voxel that differs: the last plane of each axis goes too.
///
/// # Errors
/// If nothing would be left, or the labels are of another shape.
pub fn drop_margin(scan: &FileArray, labels: &FileArray) -> Result<(FileArray, FileArray), LearnError> {
    require_same_shape(scan, labels)?;
    let corner = scan.values.first().copied().unwrap_or_default();
    let bounds = scan.bounds(|value| value != corner);
    match bounds.filter(|[low, high]| (0..3).all(|axis| low[axis] < high[axis])) {
        Some(bounds) => Ok((scan.cut(bounds), labels.cut(bounds))),
        None => Err(LearnError::Setting("the scan is the same nearly everywhere: nothing of it is left without its margin".to_owned())),
    }
}

/// The box `[low, high)` of a random crop around the labelled voxels from `first` to `last` (inclusive), given six numbers of
/// [0, 1): for the lower ends of depth, height and width, then for the upper ones.
///
/// The crop keeps half the labelled extent around it, unless the scan ends before.
#[must_use]
pub fn crop_box(shape: [usize; 3], first: [usize; 3], last: [usize; 3], uniforms: [f64; 6]) -> [[usize; 3]; 2] {
    let half = |axis: usize| (last[axis] - first[axis]) as f64 / 2.0;
    // Truncated towards zero as Python's `int` does, then kept within the scan.
    let low = std::array::from_fn(|axis| ((first[axis] as f64 - half(axis)) * uniforms[axis]) as usize);
    let high = std::array::from_fn(|axis| {
        let size = shape[axis] as f64;
        ((size - (size - (last[axis] as f64 + half(axis))) * uniforms[axis + 3]) as usize).min(shape[axis])
    });
    [low, high]
}

/// Crops the scan and its labels by [`crop_box`] around everything labelled.
///
/// # Errors
/// If nothing is labelled, or the labels are of another shape.
pub fn crop_around_label(scan: &FileArray, labels: &FileArray, uniforms: [f64; 6]) -> Result<(FileArray, FileArray), LearnError> {
    require_same_shape(scan, labels)?;
    let Some([first, last]) = labels.bounds(|label| label > 0.0) else {
        return Err(LearnError::Setting("nothing is labelled in the scan, so there is nothing to crop around".to_owned()));
    };
    let bounds = crop_box(scan.shape, first, last, uniforms);
    Ok((scan.cut(bounds), labels.cut(bounds)))
}

fn require_same_shape(scan: &FileArray, labels: &FileArray) -> Result<(), LearnError> {
    if scan.shape == labels.shape {
        return Ok(());
    }
    let (scan, labels) = (scan.shape, labels.shape);
    Err(LearnError::Setting(format!("the scan has {scan:?} voxels and its mask {labels:?}: they do not belong together")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_plane_that_differs_goes_with_the_margin() {
        let mut scan = FileArray { shape: [4, 4, 4], values: vec![-1.0; 64] };
        for (d, h, w) in [(1, 1, 0), (3, 2, 2)] {
            scan.values[(d * 4 + h) * 4 + w] = 5.0;
        }
        let (cut, labels) = drop_margin(&scan, &scan).expect("cut");
        assert_eq!((cut.shape, labels.shape), ([2, 1, 2], [2, 1, 2]));
        assert_eq!(cut.values, [5.0, -1.0, -1.0, -1.0]);
        let flat = FileArray { shape: [4, 4, 4], values: vec![0.0; 64] };
        assert!(drop_margin(&flat, &scan).is_err());
    }

    #[test]
    fn a_crop_keeps_half_the_labelled_extent_around_it() {
        // Uniforms of nearly one leave the least, zeros the whole scan.
        let tight = crop_box([60, 70, 66], [25, 30, 28], [33, 41, 35], [0.999_999; 6]);
        assert_eq!(tight, [[20, 24, 24], [37, 46, 38]]);
        assert_eq!(crop_box([60, 70, 66], [25, 30, 28], [33, 41, 35], [0.0; 6]), [[0; 3], [60, 70, 66]]);
        // A lower end below the scan is the scan's own.
        assert_eq!(crop_box([60, 70, 66], [2, 50, 20], [20, 68, 24], [0.9; 6])[0], [0, 36, 16]);
    }
}
