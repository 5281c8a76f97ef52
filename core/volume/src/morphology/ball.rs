//! Which voxels lie within a radius of a set.
//!
//! As the distance transform, one axis after the other; but where the radius is some voxels only, all places that can matter are tried: that is
//! vector instructions, and a few planes at a time need no array of distances for the whole grid.

use rayon::prelude::*;

use crate::Grid;
use crate::distance::{Kept, RowTables, depth_mm_squared, distance_mm_squared};

/// Radii equal to a distance up to rounding include it.
pub(super) const TOLERANCE: f64 = 1e-6;
/// The farthest reach in voxels for which trying all places is quicker than lower envelopes.
const MOST_TRIED: usize = 16;

/// The voxels within the radius of the set.
pub(super) fn near(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    within(grid, inside, radius_mm, Kept::Outside)
}

/// The voxels of the set that have none outside within the radius.
pub(super) fn deep(grid: &Grid, inside: &[bool], radius_mm: f64) -> Vec<bool> {
    let mut around = within(grid, inside, radius_mm, Kept::Inside);
    around.par_iter_mut().with_min_len(1 << 14).for_each(|is_around| *is_around = !*is_around);
    around
}

/// The voxels within the radius of the side that is not `kept`: of the set where the outside's distances are.
fn within(grid: &Grid, inside: &[bool], radius_mm: f64, kept: Kept) -> Vec<bool> {
    let limit = (radius_mm * radius_mm * (1.0 + TOLERANCE)) as f32;
    let (shape, spacing) = (grid.shape(), grid.spacing());
    let reach: [usize; 3] = std::array::from_fn(|axis| ((radius_mm / spacing[axis] * (1.0 + TOLERANCE)) as usize).min(shape[axis] - 1));
    if reach[1].max(reach[2]) > MOST_TRIED {
        let squares = if kept == Kept::Inside { depth_mm_squared(grid, inside) } else { distance_mm_squared(grid, inside) };
        return squares.par_iter().with_min_len(1 << 14).map(|&squared| squared <= limit).collect();
    }
    let [wide, high, deep] = shape;
    let area = wide * high;
    let tables = RowTables::new(wide, spacing[0]);
    let [across, above] = [1, 2].map(|axis| (0..=reach[axis]).map(|n| (n as f64 * spacing[axis]).powi(2) as f32).collect::<Vec<_>>());
    // Planes at a slab's ends are made twice: enough in between.
    let thick = (8 * reach[2]).max(16).min(deep.div_ceil(rayon::current_num_threads()));
    let mut found = vec![false; inside.len()];
    found.par_chunks_mut(area * thick).enumerate().for_each(|(slab, out)| {
        let (low, count) = (slab * thick, out.len() / area);
        let first = low.saturating_sub(reach[2]);
        let last = (low + count + reach[2]).min(deep);
        let mut work = Squares::new(wide, high);
        let planes: Vec<Squares> =
            (first..last).map(|k| Squares::of_plane(&inside[k * area..][..area], kept, &tables, &across, &mut work)).collect();
        let mut least = vec![0.0f32; wide];
        for (n, out) in out.chunks_mut(wide).enumerate() {
            let (j, k) = (n % high, low + n / high - first);
            match least_around(&mut least, k, planes.len(), &above, |at| planes[at].row(j)) {
                Place::Zero => out.fill(true),
                Place::Far => {}
                Place::Near => out.iter_mut().zip(&least).for_each(|(is_near, &squared)| *is_near = squared <= limit),
            }
        }
    });
    found
}

/// What is known of a row of squared distances without looking at each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// All are zero.
    Zero,
    /// All are infinite.
    Far,
    Near,
}

/// A plane of squared distances.
struct Squares {
    wide: usize,
    values: Vec<f32>,
    places: Vec<Place>,
}

impl Squares {
    fn new(wide: usize, high: usize) -> Self {
        Self { wide, values: vec![0.0; wide * high], places: vec![Place::Far; high] }
    }

    fn row(&self, j: usize) -> (Place, &[f32]) {
        (self.places[j], &self.values[j * self.wide..][..self.wide])
    }

    /// Distances within a plane; `work` is for those along rows only.
    fn of_plane(inside: &[bool], kept: Kept, tables: &RowTables, across: &[f32], work: &mut Self) -> Self {
        let (wide, high) = (work.wide, work.places.len());
        for (j, row) in inside.chunks(wide).enumerate() {
            // The side that distances are to: the set itself where the outside's are kept.
            let sought = kept == Kept::Outside;
            let (any, all) =
                row.iter().fold((false, true), |(any, all), &is_inside| (any | (is_inside == sought), all & (is_inside == sought)));
            work.places[j] = if all {
                Place::Zero
            } else if any {
                Place::Near
            } else {
                Place::Far
            };
            if work.places[j] == Place::Near {
                let out = &mut work.values[j * wide..][..wide];
                out.fill(0.0);
                tables.fill(out, row, kept);
            }
        }
        let mut plane = Self::new(wide, high);
        for j in 0..high {
            let least = &mut plane.values[j * wide..][..wide];
            plane.places[j] = least_around(least, j, high, across, |at| work.row(at));
        }
        plane
    }
}

/// The least of row plus squared step over the rows around row `n` of `count`; rows that are zero or infinite all along are not read.
fn least_around<'a>(least: &mut [f32], n: usize, count: usize, squares: &[f32], row: impl Fn(usize) -> (Place, &'a [f32])) -> Place {
    if row(n).0 == Place::Zero {
        return Place::Zero;
    }
    let reach = squares.len() - 1;
    let mut place = Place::Far;
    for at in n.saturating_sub(reach)..(n + reach + 1).min(count) {
        let square = squares[at.abs_diff(n)];
        let (of_row, values) = row(at);
        if of_row == Place::Far {
            continue;
        }
        if place == Place::Far {
            least.fill(f32::INFINITY);
        }
        place = Place::Near;
        if of_row == Place::Zero {
            least.iter_mut().for_each(|least| *least = if square < *least { square } else { *least });
        } else {
            least.iter_mut().zip(values).for_each(|(least, &value)| *least = if value + square < *least { value + square } else { *least });
        }
    }
    place
}
