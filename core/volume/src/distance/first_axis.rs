//! The first pass, along rows: between two places of the other side distances rise and fall, as tables have them.

use rayon::prelude::*;

use super::Kept;
use crate::components::equal_at_start;

/// Squared distances along rows of `wide` voxels, `step` mm apart; infinite in rows of one side.
pub(super) fn first_axis(inside: &[bool], wide: usize, step: f64, kept: Kept) -> Vec<f32> {
    let tables = RowTables::new(wide, step);
    let mut values = vec![0.0f32; inside.len()];
    let rows = values.par_chunks_mut(wide).zip(inside.par_chunks(wide)).with_min_len(64);
    rows.for_each(|(out, row)| tables.fill(out, row, kept));
    values
}

/// Squared distances from the end of a stretch on.
pub(crate) struct RowTables {
    rising: Vec<f32>,
    falling: Vec<f32>,
}

impl RowTables {
    /// For rows of `wide` voxels, `step` mm apart.
    pub fn new(wide: usize, step: f64) -> Self {
        let rising: Vec<f32> = (1..=wide).map(|n| (n as f64 * step).powi(2) as f32).collect();
        Self { falling: rising.iter().rev().copied().collect(), rising }
    }

    /// One row. What is not kept stays as it is.
    pub fn fill(&self, out: &mut [f32], row: &[bool], kept: Kept) {
        let (wide, mut first) = (row.len(), 0);
        while let Some(&is_inside) = row.get(first) {
            let count = equal_at_start(&row[first..], is_inside);
            let stretch = &mut out[first..first + count];
            let has_before = first > 0;
            first += count;
            if kept == if is_inside { Kept::Outside } else { Kept::Inside } {
                continue;
            }
            match (has_before, first < wide) {
                (false, false) => stretch.fill(f32::INFINITY),
                (true, false) => stretch.copy_from_slice(&self.rising[..count]),
                (false, true) => stretch.copy_from_slice(&self.falling[wide - count..]),
                (true, true) => {
                    let (low, high) = stretch.split_at_mut(count / 2);
                    low.copy_from_slice(&self.rising[..count / 2]);
                    high.copy_from_slice(&self.falling[wide - (count - count / 2)..]);
                }
            }
            if kept == Kept::Both && is_inside {
                stretch.iter_mut().for_each(|value| *value = -*value);
            }
        }
    }
}
