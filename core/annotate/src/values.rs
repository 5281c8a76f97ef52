use medley_volume::{Scaling, Volume, Voxels, with_voxels};

use crate::ValueRange;

/// A scan's values by offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    voxels: &'a Voxels,
    scaling: Scaling,
}

impl<'a> Values<'a> {
    pub fn of(scan: &'a Volume) -> Self {
        Self { voxels: scan.voxels(), scaling: scan.scaling() }
    }

    /// The value at an offset; not a number beyond the end.
    #[inline]
    pub fn at(&self, offset: usize) -> f64 {
        self.voxels.stored(offset).map_or(f64::NAN, |stored| self.scaling.apply(stored))
    }

    /// For each voxel from `offset` on whether its value lies in the range.
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn mark(&self, offset: usize, range: ValueRange, marks: &mut [bool]) {
        let scaling = self.scaling;
        with_voxels!(self.voxels, stored => {
            for (mark, &stored) in marks.iter_mut().zip(&stored[offset..]) {
                let value = scaling.apply(stored as f64);
                *mark = (range.low <= value) & (value <= range.high);
            }
        });
    }
}
