use medley_volume::Voxels;
use rayon::prelude::*;

use super::stack::Resampling;

/// A number that can be interpolated.
trait Mixed: Copy + PartialOrd + Send + Sync + Default {
    fn of(value: f64) -> Self;
    fn value(self) -> f64;
}

macro_rules! mixed {
    ($($type:ty: $value:ident => $of:expr),+) => {$(
        impl Mixed for $type {
            fn of($value: f64) -> Self {
                $of as Self
            }
            fn value(self) -> f64 {
                self as f64
            }
        }
    )+};
}

mixed!(u8: v => v.round(), i8: v => v.round(), u16: v => v.round(), i16: v => v.round(), u32: v => v.round(), i32: v => v.round());
mixed!(u64: v => v.round(), i64: v => v.round(), f32: v => v, f64: v => v);

/// Slices of `shapes[0]` voxels, put onto a grid of `shapes[1]`: linear between pixels where slices are shifted, and between slices
/// where some are missing. Outside the slices lies the smallest value.
pub(crate) fn straightened(voxels: &Voxels, (from, to): ([usize; 2], [usize; 3]), plan: &Resampling) -> Voxels {
    macro_rules! each {
        ($($variant:ident),+) => {
            match voxels {
                $(Voxels::$variant(values) => Voxels::$variant(resampled(values, from, to, plan)),)+
            }
        };
    }
    each!(U8, I8, U16, I16, U32, I32, U64, I64, F32, F64)
}

fn resampled<T: Mixed>(values: &[T], from: [usize; 2], to: [usize; 3], plan: &Resampling) -> Vec<T> {
    let first = values.first().copied().unwrap_or_default();
    let outside = values.iter().fold(first, |least, &value| if value < least { value } else { least });
    let mut out = vec![outside; to.iter().product()];
    let slice = from[0] * from[1];
    out.par_chunks_mut((to[0] * to[1]).max(1)).zip(&plan.along).for_each(|(out, &(below, part))| {
        let layer = |n: usize| Some((values.get(n * slice..(n + 1) * slice)?, *plan.shifts.get(n)?));
        let (low, high) = (layer(below), layer(below + 1));
        for j in 0..to[1] {
            for i in 0..to[0] {
                let at = |layer: Option<(&[T], [f64; 2])>| {
                    layer
                        .map_or(outside.value(), |(pixels, shift)| pixel(pixels, from, [i as f64 - shift[0], j as f64 - shift[1]], outside))
                };
                let value = match part {
                    0.0 => at(low),
                    1.0 => at(high),
                    _ => at(low) * (1.0 - part) + at(high) * part,
                };
                if let Some(out) = out.get_mut(j * to[0] + i) {
                    *out = T::of(value);
                }
            }
        }
    });
    out
}

/// The value between pixels; within half a pixel of the border it is the border's.
fn pixel<T: Mixed>(pixels: &[T], size: [usize; 2], at: [f64; 2], outside: T) -> f64 {
    let is_inside = (0..2).all(|axis| at[axis] >= -0.5 && at[axis] <= size[axis] as f64 - 0.5);
    if !is_inside {
        return outside.value();
    }
    let clamped = [0, 1].map(|axis| at[axis].clamp(0.0, size[axis] as f64 - 1.0));
    let low = clamped.map(|at| at.floor() as usize);
    let part = [clamped[0] - low[0] as f64, clamped[1] - low[1] as f64];
    let value = |i: usize, j: usize| pixels.get(j.min(size[1] - 1) * size[0] + i.min(size[0] - 1)).map_or(0.0, |value| value.value());
    let mix = |a: f64, b: f64, part: f64| if part == 0.0 { a } else { a * (1.0 - part) + b * part };
    let row = |j: usize| mix(value(low[0], j), if part[0] == 0.0 { 0.0 } else { value(low[0] + 1, j) }, part[0]);
    mix(row(low[1]), if part[1] == 0.0 { 0.0 } else { row(low[1] + 1) }, part[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheared_ramp_is_straight_again_and_a_missing_slice_lies_between_its_neighbours() {
        // Two slices of a ramp along j, the second shifted down by one and a half rows, with one missing between them.
        let ramp = |shift: f64| (0..8).map(move |n| (f64::from(n / 2) + shift) as f32);
        let values: Vec<f32> = ramp(0.0).chain(ramp(1.5)).collect();
        let plan = Resampling { shifts: vec![[0.0, 0.0], [0.0, 1.5]], along: vec![(0, 0.0), (0, 0.5), (0, 1.0)] };
        let Voxels::F32(out) = straightened(&Voxels::F32(values), ([2, 4], [2, 6, 3]), &plan) else { panic!("the same type") };
        // Row 2 is inside all of them and holds 2 wherever it is.
        for k in 0..3 {
            assert_eq!(out[k * 12 + 4], 2.0, "{k}");
        }
        assert_eq!(out[24], 0.0, "outside lies the smallest value");
    }
}
