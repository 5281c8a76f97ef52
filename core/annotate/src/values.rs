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

    /// The values at `offset`, `offset + stride`, …, as many as there are places.
    #[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
    pub fn read(&self, offset: usize, stride: usize, into: &mut [f64]) {
        with_voxels!(self.voxels, stored => {
            into.iter_mut().zip(stored[offset..].iter().step_by(stride)).for_each(|(value, &stored)| *value = self.scaling.apply(stored as f64));
        });
    }

    pub fn marker(self, range: ValueRange) -> Marker<'a> {
        let value = |stored: i32| self.scaling.apply(f64::from(stored));
        let stored = if range.low.is_nan() || range.high.is_nan() || value(1).is_nan() {
            [1, 0]
        } else if self.scaling.slope >= 0.0 {
            [first(|stored| value(stored) >= range.low), first(|stored| value(stored) > range.high) - 1]
        } else {
            [first(|stored| value(stored) <= range.high), first(|stored| value(stored) < range.low) - 1]
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

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity};

    use super::*;

    #[test]
    fn many_at_a_time_are_told_as_one_by_one() {
        let numbers = [-32_768.0, -1025.0, -3.0, -1.0, 0.0, 1.0, 2.0, 7.0, 100.0, 127.0, 255.0, 3071.0, 32_767.0, 65_535.0];
        let volumes = [
            Voxels::U8(numbers.map(|v| v as u8).to_vec()),
            Voxels::I8(numbers.map(|v| v as i8).to_vec()),
            Voxels::U16(numbers.map(|v| v as u16).to_vec()),
            Voxels::I16(numbers.map(|v| v as i16).to_vec()),
            Voxels::I32(numbers.map(|v| v as i32).to_vec()),
            Voxels::F32(numbers.map(|v| v as f32).to_vec()),
        ];
        let grid = Grid::axis_aligned([14, 1, 1], [1.0; 3]).expect("a grid");
        for (slope, intercept) in [(1.0, 0.0), (0.1, -1024.0), (-2.5, 3.0), (1e-12, 0.0), (f64::NAN, 0.0)] {
            for voxels in &volumes {
                let scan = Volume::new(grid, voxels.clone(), Scaling { slope, intercept }, Quantity::Arbitrary).expect("fits");
                let values = Values::of(&scan);
                let ends = numbers.map(|v| v * slope + intercept).into_iter().chain([f64::NEG_INFINITY, f64::INFINITY, f64::NAN, 0.5]);
                let ends: Vec<f64> = ends.collect();
                for range in ends.iter().flat_map(|&low| ends.iter().map(move |&high| ValueRange { low, high })) {
                    let wanted: Vec<bool> = (0..14).map(|n| range.contains(values.at(n))).collect();
                    let mut marks = [false; 14];
                    values.marker(range).mark(0, 1, &mut marks);
                    assert_eq!(marks.to_vec(), wanted, "{voxels:?} {range:?} {slope}");
                    let mut every_third = [false; 4];
                    values.marker(range).mark(2, 3, &mut every_third);
                    assert_eq!(every_third, [2, 5, 8, 11].map(|n| wanted[n]));
                }
            }
        }
    }
}
