use std::borrow::Cow;

use medley_volume::{Scaling, Volume, Voxels, with_voxels};

/// A scan's voxels for formats that store no scaling: as they are where there is none, else the values, in whole numbers where slope,
/// intercept and stored numbers are whole and fit 32 bits, else in 32-bit floats if the stored numbers have at most 16 bits, else in 64.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
pub(crate) fn values_of(volume: &Volume) -> Cow<'_, Voxels> {
    let scaling = volume.scaling();
    if scaling == Scaling::IDENTITY {
        return Cow::Borrowed(volume.voxels());
    }
    let voxels = volume.voxels();
    let is_whole = voxels.is_integer() && scaling.slope.fract() == 0.0 && scaling.intercept.fract() == 0.0;
    Cow::Owned(with_voxels!(voxels, stored => {
        let values = || stored.iter().map(|&stored| scaling.apply(stored as f64));
        let (low, high) = values().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (value.min(low), value.max(high)));
        let fits = |least: f64, most: f64| is_whole && low >= least && high <= most;
        if fits(f64::from(i16::MIN), f64::from(i16::MAX)) {
            Voxels::I16(values().map(|value| value as i16).collect())
        } else if fits(f64::from(i32::MIN), f64::from(i32::MAX)) {
            Voxels::I32(values().map(|value| value as i32).collect())
        } else if voxels.byte_len() / voxels.len().max(1) <= 2 || matches!(voxels, Voxels::F32(_)) {
            Voxels::F32(values().map(|value| value as f32).collect())
        } else {
            Voxels::F64(values().collect())
        }
    }))
}

#[cfg(test)]
mod tests {
    use medley_volume::{Grid, Quantity};

    use super::*;

    fn baked(voxels: Voxels, slope: f64, intercept: f64) -> Voxels {
        let grid = Grid::axis_aligned([voxels.len(), 1, 1], [1.0; 3]).expect("a grid");
        let volume = Volume::new(grid, voxels, Scaling { slope, intercept }, Quantity::Arbitrary).expect("fits");
        values_of(&volume).into_owned()
    }

    #[test]
    fn values_stay_whole_where_they_are() {
        assert_eq!(baked(Voxels::U16(vec![0, 4095]), 1.0, -1024.0), Voxels::I16(vec![-1024, 3071]));
        assert_eq!(baked(Voxels::U16(vec![0, 65535]), 1.0, -1024.0), Voxels::I32(vec![-1024, 64511]));
        assert_eq!(baked(Voxels::U8(vec![1, 3]), 0.5, 0.0), Voxels::F32(vec![0.5, 1.5]));
        assert_eq!(baked(Voxels::I32(vec![1, i32::MAX]), 2.0, 0.0), Voxels::F64(vec![2.0, f64::from(i32::MAX) * 2.0]));
        assert_eq!(baked(Voxels::F64(vec![0.1]), 1.0, 0.0), Voxels::F64(vec![0.1]));
    }
}
