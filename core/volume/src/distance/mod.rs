//! Exact Euclidean distances in millimetres between voxel centres.
//!
//! One pass per axis, each the lower envelope of parabolas of all lines along it: Felzenszwalb and Huttenlocher, *Distance transforms
//! of sampled functions* (2012). Distances follow the grid's spacing; on a sheared grid they are those of the grid made upright.

mod envelope;
mod first_axis;

use rayon::prelude::*;

use crate::Grid;
use envelope::{Lines, along_lines};
pub(crate) use first_axis::RowTables;
use first_axis::first_axis;

/// For each voxel the squared distance in mm² from its centre to the nearest centre of the set; 0 in the set, infinite everywhere if
/// the set is empty.
///
/// Takes four bytes a voxel, which are the answer. The relative error is that of `f32` (10⁻⁷).
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn distance_mm_squared(grid: &Grid, inside: &[bool]) -> Vec<f32> {
    transformed(grid, inside, Kept::Outside)
}

/// For each voxel of the set the squared distance in mm² from its centre to the nearest centre outside the set; 0 outside, infinite in
/// all of a set that fills the grid: what lies beyond the grid does not count as outside.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn depth_mm_squared(grid: &Grid, inside: &[bool]) -> Vec<f32> {
    transformed(grid, inside, Kept::Inside)
}

/// For each voxel the distance in mm to the other side: outside, to the nearest centre of the set; in the set, to the nearest centre outside,
/// negative.
///
/// So the two sides of a flat border are one spacing above and one below zero, and zero itself, interpolated, lies halfway between
/// their centres. Infinite (negative in the set) where the other side is empty; what lies beyond the grid counts to no side.
///
/// # Panics
/// If `inside` does not fill the grid.
#[must_use]
pub fn signed_distance_mm(grid: &Grid, inside: &[bool]) -> Vec<f32> {
    let mut distances = transformed(grid, inside, Kept::Both);
    distances.par_chunks_mut(1 << 16).for_each(|part| part.iter_mut().for_each(|value| *value = value.abs().sqrt().copysign(*value)));
    distances
}

/// Which side's distances are wanted; the other's are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Inside,
    Outside,
    /// The inside's negative.
    Both,
}

fn transformed(grid: &Grid, inside: &[bool], kept: Kept) -> Vec<f32> {
    assert_eq!(inside.len(), grid.len(), "the set must fill the grid");
    let [wide, high, deep] = grid.shape();
    let spacing = grid.spacing();
    let mut values = first_axis(inside, wide, spacing[0], kept);
    if high > 1 {
        values.par_chunks_mut(wide * high).for_each_init(
            || Lines::new(high, spacing[1]),
            |lines, plane| along_lines(&mut plane.chunks_mut(wide).collect::<Vec<_>>(), lines),
        );
    }
    if deep > 1 {
        let mut sheets: Vec<Vec<&mut [f32]>> = (0..high).map(|_| Vec::with_capacity(deep)).collect();
        values.chunks_mut(wide).enumerate().for_each(|(row, values)| sheets[row % high].push(values));
        sheets.par_iter_mut().for_each_init(|| Lines::new(deep, spacing[2]), |lines, sheet| along_lines(sheet, lines));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::noise;

    fn by_trying_all(grid: &Grid, inside: &[bool], sought: bool) -> Vec<f64> {
        let (shape, spacing) = (grid.shape(), grid.spacing());
        let place = |offset: usize| [offset % shape[0], offset / shape[0] % shape[1], offset / (shape[0] * shape[1])];
        let squared = |a: usize, b: usize| -> f64 {
            let (a, b) = (place(a), place(b));
            (0..3).map(|axis| ((a[axis] as f64 - b[axis] as f64) * spacing[axis]).powi(2)).sum()
        };
        let found: Vec<usize> = (0..grid.len()).filter(|&offset| inside[offset] == sought).collect();
        (0..grid.len()).map(|at| found.iter().map(|&to| squared(at, to)).fold(f64::INFINITY, f64::min)).collect()
    }

    #[test]
    fn distances_are_those_of_trying_every_pair() {
        for seed in 0..40u64 {
            let shape = [1 + seed as usize % 13, 1 + seed as usize * 5 % 11, 1 + seed as usize * 7 % 9];
            let grid = Grid::axis_aligned(shape, [0.7, 1.3, 0.4 + seed as f64 * 0.1]).expect("a grid");
            let inside = noise(grid.len(), seed, [0, 1, 5, 50, 95, 99, 100][seed as usize % 7]);
            let (outer, inner) = (by_trying_all(&grid, &inside, true), by_trying_all(&grid, &inside, false));
            let is_near = |found: f32, wanted: f64| f64::from(found) == wanted || (f64::from(found) - wanted).abs() <= wanted * 3e-7;
            assert!(distance_mm_squared(&grid, &inside).iter().zip(&outer).all(|(&f, &w)| is_near(f, w)), "{seed}");
            assert!(depth_mm_squared(&grid, &inside).iter().zip(&inner).all(|(&f, &w)| is_near(f, w)), "{seed}");
            for (n, &found) in signed_distance_mm(&grid, &inside).iter().enumerate() {
                let wanted = if inside[n] { -inner[n].sqrt() } else { outer[n].sqrt() };
                assert_eq!(found < 0.0, inside[n]);
                assert!(is_near(found.abs(), wanted.abs()), "{seed}: {found} against {wanted}");
            }
        }
    }

    #[test]
    fn zero_lies_halfway_between_the_centres_of_a_flat_border() {
        let grid = Grid::axis_aligned([6, 1, 1], [2.0, 1.0, 1.0]).expect("a grid");
        assert_eq!(signed_distance_mm(&grid, &[true, true, true, false, false, false]), [-6.0, -4.0, -2.0, 2.0, 4.0, 6.0]);
    }
}
