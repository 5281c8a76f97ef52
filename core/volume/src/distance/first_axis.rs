//! The first pass, along rows: between two places of the other side distances rise and fall, as tables have them.

use rayon::prelude::*;

use super::Kept;

/// Squared distances along rows of `wide` voxels, `step` mm apart; infinite in rows of one side.
pub(super) fn first_axis(inside: &[bool], wide: usize, step: f64, kept: Kept) -> Vec<f32> {
    let sign = |is_inside: bool| if kept == Kept::Both && is_inside { -1.0 } else { 1.0f32 };
    let rising: Vec<f32> = (1..=wide).map(|n| (n as f64 * step).powi(2) as f32).collect();
    let falling: Vec<f32> = rising.iter().rev().copied().collect();
    let mut values = vec![0.0f32; inside.len()];
    values.par_chunks_mut(wide).zip(inside.par_chunks(wide)).with_min_len(64).for_each(|(out, row)| {
        let mut first = 0;
        while let Some(&is_inside) = row.get(first) {
            let count = row[first..].iter().take_while(|&&other| other == is_inside).count();
            let stretch = &mut out[first..first + count];
            let has_before = first > 0;
            first += count;
            if kept == if is_inside { Kept::Outside } else { Kept::Inside } {
                continue;
            }
            match (has_before, first < wide) {
                (false, false) => stretch.fill(f32::INFINITY),
                (true, false) => stretch.copy_from_slice(&rising[..count]),
                (false, true) => stretch.copy_from_slice(&falling[wide - count..]),
                (true, true) => {
                    let (low, high) = stretch.split_at_mut(count / 2);
                    low.copy_from_slice(&rising[..count / 2]);
                    high.copy_from_slice(&falling[wide - (count - count / 2)..]);
                }
            }
            if sign(is_inside) < 0.0 {
                stretch.iter_mut().for_each(|value| *value = -*value);
            }
        }
    });
    values
}
