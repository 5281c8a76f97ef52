use super::reduced::{LEVELS, level};
use super::texels::Texels;

/// How often the values of a scan occur, counted once when it is put on the device.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueHistogram {
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
        let ends = [0.0, f64::from(LEVELS)].map(|level| texels.value_of_level(level));
        if ends[0] > ends[1] {
            counts.reverse();
        }
        Self { counts, ends: [ends[0].min(ends[1]), ends[0].max(ends[1])] }
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
}
