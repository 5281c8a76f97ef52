use medley_volume::{Quantity, Volume, with_voxels};
use rayon::prelude::*;

/// Voxels looked at; evenly spread.
const SAMPLE: usize = 1 << 17;

/// Whether the values are CT numbers, for formats that do not say.
///
/// They are taken for such if they are whole numbers, at least one in a hundred is at most −800 and none is below −4096: a CT
/// shows the air around the patient (−1000), scanners fill what they did not measure with −1024 to −3024, and twelve bits reach no
/// lower. No other common scan has whole numbers so far below zero. Air and whole numbers are looked for in an even sample of the
/// voxels.
#[must_use]
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
pub fn guess_quantity(volume: &Volume) -> Quantity {
    let scaling = volume.scaling();
    let is_hounsfield = with_voxels!(volume.voxels(), values => {
        let step = (values.len() / SAMPLE).max(1);
        let (mut seen, mut air) = (0usize, 0usize);
        let mut sample = values.iter().step_by(step).map(|&stored| scaling.apply(stored as f64));
        let is_whole = sample.all(|value| {
            seen += 1;
            air += usize::from(value <= -800.0);
            value.fract() == 0.0
        });
        let lowest = || extremes_of_all(values).map(|stored| scaling.apply(stored as f64));
        is_whole && air * 100 >= seen && air > 0 && lowest().iter().all(|&value| value >= -4096.0)
    });
    if is_hounsfield { Quantity::Hounsfield } else { Quantity::Arbitrary }
}

/// The smallest and the largest number, found by all processors: one reads slower than memory gives.
fn extremes_of_all<T: Copy + PartialOrd + Default + Send + Sync>(values: &[T]) -> [T; 2] {
    let both = values
        .par_chunks(1 << 20)
        .map(extremes)
        .reduce_with(|[low, high], [lower, higher]| [if lower < low { lower } else { low }, if higher > high { higher } else { high }]);
    both.unwrap_or_default()
}

/// The smallest and the largest number, several side by side so that the compiler can use wide registers.
fn extremes<T: Copy + PartialOrd + Default>(values: &[T]) -> [T; 2] {
    const LANES: usize = 32;
    let first = values.first().copied().unwrap_or_default();
    let (mut low, mut high) = ([first; LANES], [first; LANES]);
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        for lane in 0..LANES {
            low[lane] = if block[lane] < low[lane] { block[lane] } else { low[lane] };
            high[lane] = if block[lane] > high[lane] { block[lane] } else { high[lane] };
        }
    }
    let low = low.iter().chain(rest).fold(first, |least, &value| if value < least { value } else { least });
    let high = high.iter().chain(rest).fold(first, |most, &value| if value > most { value } else { most });
    [low, high]
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Scaling, Voxels};

    use super::*;

    fn quantity(voxels: Voxels, scaling: Scaling) -> Quantity {
        let grid = Grid::axis_aligned([voxels.len(), 1, 1], [1.0; 3]).expect("a grid");
        guess_quantity(&Volume::new(grid, voxels, scaling, Quantity::Arbitrary).expect("fits"))
    }

    #[test]
    fn whole_numbers_with_air_are_ct() {
        let mut values = vec![40i16; 1000];
        assert_eq!(quantity(Voxels::I16(values.clone()), Scaling::IDENTITY), Quantity::Arbitrary, "no air");
        values[..20].fill(-1000);
        assert_eq!(quantity(Voxels::I16(values.clone()), Scaling::IDENTITY), Quantity::Hounsfield);
        assert_eq!(quantity(Voxels::F32(values.iter().map(|&v| f32::from(v)).collect()), Scaling::IDENTITY), Quantity::Hounsfield);
        values[500] = -5000;
        assert_eq!(quantity(Voxels::I16(values), Scaling::IDENTITY), Quantity::Arbitrary, "below what a CT can hold");
    }

    #[test]
    fn extremes_are_found_wherever_they_are() {
        for place in [0, 1, 31, 32, 63, 64, 69] {
            let mut values = vec![3i16; 70];
            values[place] = -9;
            values[69 - place] = 11;
            assert_eq!(extremes(&values), [-9, 11], "{place}");
        }
    }

    #[test]
    fn scaling_counts_and_fractions_are_not_ct() {
        let stored = Voxels::U16([vec![24; 30], vec![1064; 70]].concat());
        assert_eq!(quantity(stored.clone(), Scaling { slope: 1.0, intercept: -1024.0 }), Quantity::Hounsfield);
        assert_eq!(quantity(stored, Scaling { slope: 1.1, intercept: -1024.0 }), Quantity::Arbitrary);
        assert_eq!(quantity(Voxels::F32(vec![f32::NAN; 10]), Scaling::IDENTITY), Quantity::Arbitrary);
    }
}
