use medley_volume::{Grid, LabelVoxels, Scaling, Voxels, with_voxels};

/// How far from a whole number a scaled value may be by rounding: slopes are stored in 32 bits.
const ROUNDING: f64 = 1e-3;

/// Stored voxels as labels in the smallest type that holds them.
///
/// # Errors
/// The first value that is not a whole number from 0 to 65535, and the voxel it is in.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
pub(crate) fn label_voxels(voxels: Voxels, scaling: Scaling, grid: &Grid) -> Result<LabelVoxels, String> {
    if scaling == Scaling::IDENTITY {
        match voxels {
            Voxels::U8(values) => return Ok(LabelVoxels::U8(values)),
            Voxels::U16(values) if values.iter().any(|&value| value > 255) => return Ok(LabelVoxels::U16(values)),
            Voxels::U16(values) => return Ok(LabelVoxels::U8(values.into_iter().map(|value| value as u8).collect())),
            _ => {}
        }
    }
    let slack = if scaling == Scaling::IDENTITY { 0.0 } else { ROUNDING };
    let label_of = |stored: f64| {
        let value = scaling.apply(stored);
        let label = value.round();
        ((value - label).abs() <= slack && (0.0..=65535.0).contains(&label)).then_some(label as u16)
    };
    with_voxels!(&voxels, values => {
        let mut small: Vec<u8> = Vec::with_capacity(values.len());
        for &stored in values {
            match label_of(stored as f64).map(u8::try_from) {
                Some(Ok(label)) => small.push(label),
                _ => break,
            }
        }
        if small.len() == values.len() {
            return Ok(LabelVoxels::U8(small));
        }
        let mut labels: Vec<u16> = Vec::with_capacity(values.len());
        labels.extend(small.iter().map(|&label| u16::from(label)));
        for (offset, &stored) in values.iter().enumerate().skip(small.len()) {
            match label_of(stored as f64) {
                Some(label) => labels.push(label),
                None => return Err(not_a_label(scaling.apply(stored as f64), offset, grid)),
            }
        }
        Ok(LabelVoxels::U16(labels))
    })
}

fn not_a_label(value: f64, offset: usize, grid: &Grid) -> String {
    let [i, j, _] = grid.shape();
    let voxel = [offset % i, offset / i % j, offset / (i * j)];
    format!("voxel {voxel:?} holds {value}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(voxels: Voxels, scaling: Scaling) -> Result<LabelVoxels, String> {
        let grid = Grid::axis_aligned([2, 1, voxels.len() / 2], [1.0; 3]).expect("a grid");
        label_voxels(voxels, scaling, &grid)
    }

    #[test]
    fn labels_come_in_the_smallest_type_whatever_they_were_stored_in() {
        let small = Ok(LabelVoxels::U8(vec![0, 255]));
        assert_eq!(labels(Voxels::F64(vec![-0.0, 255.0]), Scaling::IDENTITY), small);
        assert_eq!(labels(Voxels::I64(vec![0, 255]), Scaling::IDENTITY), small);
        assert_eq!(labels(Voxels::U16(vec![0, 255]), Scaling::IDENTITY), small);
        let large = Ok(LabelVoxels::U16(vec![7, 256, 65535, 0]));
        assert_eq!(labels(Voxels::I32(vec![7, 256, 65535, 0]), Scaling::IDENTITY), large);
        assert_eq!(labels(Voxels::U16(vec![7, 256, 65535, 0]), Scaling::IDENTITY), large);
    }

    #[test]
    fn scaled_labels_may_be_off_by_rounding_and_no_more() {
        let scaling = Scaling { slope: f64::from(0.1f32), intercept: 1.0 };
        assert_eq!(labels(Voxels::I16(vec![20, -10]), scaling), Ok(LabelVoxels::U8(vec![3, 0])));
        assert!(labels(Voxels::I16(vec![20, 5]), scaling).is_err());
    }

    #[test]
    fn what_is_no_label_is_named_with_its_place() {
        let error = labels(Voxels::F32(vec![1.0, 2.0, 300.0, 2.5]), Scaling::IDENTITY).expect_err("2.5");
        assert_eq!(error, "voxel [1, 0, 1] holds 2.5");
        for wrong in [-1.0, 65536.0, f64::NAN, f64::INFINITY, 1e-9] {
            assert!(labels(Voxels::F64(vec![0.0, wrong]), Scaling::IDENTITY).is_err(), "{wrong}");
        }
    }
}
