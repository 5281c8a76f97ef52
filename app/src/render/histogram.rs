use super::reduced::{LEVELS, level};
use super::texels::Texels;

/// How often the values of a scan occur, counted once when it is put on the device.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueHistogram {
    by_level: Vec<u32>,
    counts: Vec<u32>,
    ends: [f64; 2],
}

impl ValueHistogram {
    /// The histogram of a reduced scan.
    pub(crate) fn of(mean: &[u16], texels: &Texels) -> Self {
        let mut counts = vec![0u32; LEVELS as usize + 1];
        for &texel in mean {
            counts[usize::from(level(texel))] += 1;
        }
        let by_level = counts.clone();
        let ends = [0.0, f64::from(LEVELS)].map(|level| texels.value_of_level(level));
        if ends[0] > ends[1] {
            counts.reverse();
        }
        Self { by_level, counts, ends: [ends[0].min(ends[1]), ends[0].max(ends[1])] }
    }

    /// A histogram of as many voxels at every value.
    #[cfg(test)]
    pub(crate) fn even(ends: [f64; 2]) -> Self {
        let counts = vec![1; LEVELS as usize + 1];
        Self { by_level: counts.clone(), counts, ends }
    }

    /// Counts of the levels of the reduced scan.
    pub(crate) fn by_level(&self) -> &[u32] {
        &self.by_level
    }

    /// Counts of equal ranges of values, from the lowest to the highest.
    #[must_use]
    pub fn counts(&self) -> &[u32] {
        &self.counts
    }

    /// Lowest and highest value.
    #[must_use]
    pub fn ends(&self) -> [f64; 2] {
        self.ends
    }

    /// The values between which all but a ten-thousandth of the voxels lie on each side.
    #[must_use]
    pub fn bulk(&self) -> [f64; 2] {
        let few = self.counts.iter().map(|&count| u64::from(count)).sum::<u64>() / 10_000;
        let skipped = |counts: &mut dyn Iterator<Item = &u32>| {
            let mut seen = 0;
            counts
                .take_while(|count| {
                    seen += u64::from(**count);
                    seen <= few
                })
                .count()
        };
        let (low, high) = (skipped(&mut self.counts.iter()), skipped(&mut self.counts.iter().rev()));
        let [first, last] = self.ends;
        let step = (last - first) / (self.counts.len() - 1).max(1) as f64;
        let (low, high) = (first + step * low as f64, last - step * high as f64);
        if low < high { [low, high] } else { self.ends }
    }

    /// The most of the counts that fall into each of `columns` equal ranges between two values.
    #[must_use]
    pub fn columns(&self, [low, high]: [f64; 2], columns: usize) -> Vec<u32> {
        let [first, last] = self.ends;
        let steps = (self.counts.len() - 1) as f64;
        let bin = |column: usize| {
            let value = low + (high - low) * column as f64 / columns.max(1) as f64;
            ((value - first) / (last - first).max(f64::MIN_POSITIVE) * steps).round()
        };
        let most = |column: usize| {
            let (from, to) = (bin(column), bin(column + 1).max(bin(column) + 1.0));
            if to <= 0.0 || from > steps {
                return 0;
            }
            let range = from.max(0.0) as usize..(to as usize).min(self.counts.len());
            self.counts[range].iter().copied().max().unwrap_or(0)
        };
        (0..columns).map(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity, Scaling, Volume, Voxels};

    use super::*;

    #[test]
    fn low_values_come_first_whichever_way_they_are_stored() {
        let grid = Grid::axis_aligned([4, 1, 1], [1.0; 3]).expect("a grid");
        for (slope, wanted) in [(1.0, [0, 1023]), (-1.0, [1023, 0])] {
            let scaling = Scaling { slope, intercept: 0.0 };
            let volume = Volume::new(grid, Voxels::I16(vec![0, 0, 0, 500]), scaling, Quantity::Arbitrary).expect("fits");
            let histogram = ValueHistogram::of(&[0x3c00, 0x3c00, 0x3c00, 0x3c00 + 1023], &Texels::of(&volume));
            assert_eq!(histogram.counts()[wanted[0]], 3);
            assert_eq!(histogram.counts()[wanted[1]], 1);
            assert_eq!(histogram.ends(), if slope > 0.0 { [0.0, 500.0] } else { [-500.0, 0.0] });
        }
    }

    #[test]
    fn the_bulk_leaves_a_few_extremes_out_and_columns_keep_every_peak() {
        let grid = Grid::axis_aligned([2, 1, 1], [1.0; 3]).expect("a grid");
        let volume = Volume::new(grid, Voxels::I16(vec![0, 1023]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        let mut mean = vec![0x3c00 + 100; 30_000];
        mean.extend(vec![0x3c00 + 300; 9_000]);
        mean.extend([0x3c00, 0x3c00 + 1023, 0x3c00 + 1000]);
        let histogram = ValueHistogram::of(&mean, &Texels::of(&volume));
        let [low, high] = histogram.bulk();
        assert!((low - 100.0).abs() < 1e-9 && (high - 300.0).abs() < 1e-9, "{low} {high}");
        for columns in [7, 60, 400, 3000] {
            let shown = histogram.columns([-50.0, 1100.0], columns);
            assert_eq!((shown.len(), shown.iter().copied().max()), (columns, Some(30_000)));
            assert_eq!(shown[columns / 50], if columns < 50 { 30_000 } else { 0 }, "nothing lies below the lowest value");
        }
    }
}
