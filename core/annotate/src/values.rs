use medley_volume::{Scaling, Volume, Voxels, with_voxels};

use crate::ValueRange;

/// A scan's values by offset.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Values<'a> {
    voxels: &'a Voxels,
    scaling: Scaling,
}

/// Tells which voxels of a scan lie in a range, many at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marker<'a> {
    values: Values<'a>,
    range: ValueRange,
    /// The stored numbers in range, both included, if they are whole and of 16 bits at most: compared as they are.
    stored: [i32; 2],
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

    pub fn marker(self, range: ValueRange) -> Marker<'a> {
        let value = |stored: i32| self.scaling.apply(f64::from(stored));
        let stored = if self.scaling.slope >= 0.0 {
            [first(|stored| value(stored) >= range.low), first(|stored| !(value(stored) <= range.high)) - 1]
        } else {
            [first(|stored| value(stored) <= range.high), first(|stored| !(value(stored) >= range.low)) - 1]
        };
        Marker { values: self, range, stored }
    }
}

impl Marker<'_> {
    /// Marks the voxels at `offset`, `offset + stride`, … as in range or not.
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn mark(&self, offset: usize, stride: usize, marks: &mut [bool]) {
        let ([low, high], range, scaling) = (self.stored, self.range, self.values.scaling);
        let is_whole = |stored: i32| (low <= stored) & (stored <= high);
        match self.values.voxels {
            Voxels::U8(stored) => each(&stored[offset..], stride, marks, |&v| is_whole(i32::from(v))),
            Voxels::I8(stored) => each(&stored[offset..], stride, marks, |&v| is_whole(i32::from(v))),
            Voxels::U16(stored) => each(&stored[offset..], stride, marks, |&v| is_whole(i32::from(v))),
            Voxels::I16(stored) => each(&stored[offset..], stride, marks, |&v| is_whole(i32::from(v))),
            other => with_voxels!(other, stored => each(&stored[offset..], stride, marks, |&v| {
                let value = scaling.apply(v as f64);
                (range.low <= value) & (value <= range.high)
            })),
        }
    }
}

fn each<T>(stored: &[T], stride: usize, marks: &mut [bool], is_in: impl Fn(&T) -> bool) {
    if stride == 1 {
        marks.iter_mut().zip(stored).for_each(|(mark, stored)| *mark = is_in(stored));
    } else {
        marks.iter_mut().zip(stored.iter().step_by(stride)).for_each(|(mark, stored)| *mark = is_in(stored));
    }
}

/// The first number of 16 bits, with or without sign, for which `holds` is true, as it is for all after it; one past the last if for none.
fn first(holds: impl Fn(i32) -> bool) -> i32 {
    let (mut low, mut high) = (i32::from(i16::MIN), i32::from(u16::MAX) + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
