//! Where labels are in a mask.

use medley_volume::{IndexBox, LabelMap, LabelVoxels};
use rayon::prelude::*;

/// The smallest box around all voxels of some labels.
pub(crate) fn bounds_of(mask: &LabelMap, labels: &[u16]) -> Option<IndexBox> {
    let shape = mask.grid().shape();
    match mask.voxels() {
        LabelVoxels::U8(values) => {
            let labels: Vec<u8> = labels.iter().filter_map(|&label| u8::try_from(label).ok()).collect();
            bounds(values, shape, |values| labels.iter().any(|&label| holds(values, |value| value == label)), |v| labels.contains(&v))
        }
        LabelVoxels::U16(values) => {
            bounds(values, shape, |values| labels.iter().any(|&label| holds(values, |value| value == label)), |v| labels.contains(&v))
        }
    }
}

/// The smallest box around all voxels that are not background.
pub(crate) fn bounds_of_all(mask: &LabelMap) -> Option<IndexBox> {
    let shape = mask.grid().shape();
    match mask.voxels() {
        LabelVoxels::U8(values) => bounds(values, shape, |values| holds(values, |value| value != 0), |value| value != 0),
        LabelVoxels::U16(values) => bounds(values, shape, |values| holds(values, |value| value != 0), |value| value != 0),
    }
}

/// A box around some voxels, `margin` wider on each side, cut to the grid.
pub(crate) fn padded(region: IndexBox, margin: [usize; 3], shape: [usize; 3]) -> IndexBox {
    IndexBox {
        low: std::array::from_fn(|axis| region.low[axis].saturating_sub(margin[axis])),
        high: std::array::from_fn(|axis| region.high[axis].saturating_add(margin[axis]).min(shape[axis])),
    }
}

/// Without a way out of the loop, which the compiler makes wide.
fn holds<T: Copy>(values: &[T], is_wanted: impl Fn(T) -> bool) -> bool {
    values.iter().fold(false, |found, &value| found | is_wanted(value))
}

fn bounds<T: Copy + Sync>(
    values: &[T],
    shape: [usize; 3],
    has_any: impl Fn(&[T]) -> bool + Sync,
    is_wanted: impl Fn(T) -> bool + Sync,
) -> Option<IndexBox> {
    let in_slice = |(k, slice): (usize, &[T])| {
        let mut found: Option<IndexBox> = None;
        for (j, row) in slice.chunks_exact(shape[0]).enumerate().filter(|(_, row)| has_any(row)) {
            let first = row.iter().position(|&value| is_wanted(value))?;
            let last = row.iter().rposition(|&value| is_wanted(value))?;
            let here = IndexBox { low: [first, j, k], high: [last + 1, j + 1, k + 1] };
            found = Some(found.map_or(here, |found| found.union(&here)));
        }
        found
    };
    let join = |a: Option<IndexBox>, b: Option<IndexBox>| a.zip(b).map(|(a, b)| a.union(&b)).or(a).or(b);
    values.par_chunks_exact(shape[0] * shape[1]).enumerate().map(in_slice).reduce(|| None, join)
}
