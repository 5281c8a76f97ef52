//! Which way the reduced scan falls, and how steeply: what its shading needs.

use medley_volume::Grid;
use medley_volume::glam::{DMat3, DVec3};
use rayon::prelude::*;

use super::reduced::{Reduction, level};

/// Weights across the axis of a difference: neighbours count half, as in Zucker and Hummel's operator.
const ACROSS: [f64; 3] = [0.25, 0.5, 0.25];
/// A rise of all levels from one voxel to the next.
const STEEPEST: f64 = 1023.0;

/// For each reduced voxel the direction in RAS towards lower values and the root of the steepness (1 is all levels from a voxel to
/// the next), as signed bytes of 127. Central differences, smoothed across.
pub(crate) fn falls(mean: &[u16], grid: &Grid, reduction: &Reduction) -> Vec<[i8; 4]> {
    let shape = reduction.shape();
    let per_reduced = DVec3::from_array(std::array::from_fn(|axis| shape[axis] as f64 / grid.shape()[axis] as f64));
    // A gradient along axes becomes one in RAS by the transposed inverse of the axes.
    let ras_from_gradient = (DMat3::from_diagonal(per_reduced) * grid.voxel_from_ras().matrix3).transpose();
    let finest_mm = (0..3).map(|axis| grid.spacing()[axis] / per_reduced[axis]).fold(f64::INFINITY, f64::min);
    let rows = shape[1] * shape[2];
    (0..rows)
        .into_par_iter()
        .flat_map_iter(|row| {
            let (j, k) = (row % shape[1], row / shape[1]);
            let around = Around { mean, shape, j, k };
            (0..shape[0]).map(move |i| packed(ras_from_gradient * around.gradient(i), finest_mm))
        })
        .collect()
}

/// A row of the reduced scan and the eight rows next to it.
struct Around<'a> {
    mean: &'a [u16],
    shape: [usize; 3],
    j: usize,
    k: usize,
}

impl Around<'_> {
    /// Levels per voxel along each axis.
    fn gradient(&self, i: usize) -> DVec3 {
        let near = |at: usize, side: usize| [at.saturating_sub(1), at, (at + 1).min(side - 1)];
        let (is, js, ks) = (near(i, self.shape[0]), near(self.j, self.shape[1]), near(self.k, self.shape[2]));
        let mut gradient = DVec3::ZERO;
        for (c, &k) in ks.iter().enumerate() {
            for (b, &j) in js.iter().enumerate() {
                let row = (k * self.shape[1] + j) * self.shape[0];
                for (a, &i) in is.iter().enumerate() {
                    let found = f64::from(level(self.mean[row + i]));
                    let side = |n: usize| (n as f64 - 1.0) * 0.5;
                    gradient.x += side(a) * ACROSS[b] * ACROSS[c] * found;
                    gradient.y += side(b) * ACROSS[a] * ACROSS[c] * found;
                    gradient.z += side(c) * ACROSS[a] * ACROSS[b] * found;
                }
            }
        }
        gradient
    }
}

fn packed(gradient: DVec3, finest_mm: f64) -> [i8; 4] {
    let steepness = (gradient.length() * finest_mm / STEEPEST).min(1.0).sqrt();
    let normal = -gradient.normalize_or_zero();
    [normal.x, normal.y, normal.z, steepness].map(|part| (part * 127.0).round() as i8)
}

#[cfg(test)]
mod tests {
    use medley_volume::glam::DAffine3;

    use super::*;

    #[test]
    fn an_even_slope_falls_the_same_way_everywhere_within() {
        let turn = DAffine3::from_rotation_z(0.5) * DAffine3::from_scale(DVec3::new(1.0, 2.0, 4.0));
        let grid = Grid::new([9, 8, 7], turn).expect("a usable affine");
        let rise = DVec3::new(3.0, -2.0, 1.0);
        let mean: Vec<u16> = (0..grid.len())
            .map(|n| {
                let at = grid.ras_from_voxel().transform_vector3(DVec3::new((n % 9) as f64, (n / 9 % 8) as f64, (n / 72) as f64));
                0x3c00 + (300.0 + at.dot(rise) * 2.0).round() as u16
            })
            .collect();
        let falls = falls(&mean, &grid, &Reduction::of(grid.shape(), 160));
        let wanted = -rise.normalize();
        let steepness = (2.0 * rise.length() / 1023.0).sqrt();
        for (n, fall) in falls.iter().enumerate() {
            let within = [n % 9, n / 9 % 8, n / 72].iter().zip([9, 8, 7]).all(|(&at, side)| at > 0 && at + 1 < side);
            let [x, y, z, steep] = fall.map(|part| f64::from(part) / 127.0);
            if within {
                assert!((DVec3::new(x, y, z) - wanted).length() < 0.06, "{n}: {fall:?}");
                assert!((steep - steepness).abs() < 0.01, "{n}: {steep}, not {steepness}");
            }
        }
    }

    #[test]
    fn what_is_even_falls_nowhere() {
        let grid = Grid::axis_aligned([4, 1, 3], [1.0; 3]).expect("a grid");
        assert!(falls(&[0x3c00 + 77; 12], &grid, &Reduction::of(grid.shape(), 160)).iter().all(|fall| *fall == [0; 4]));
    }
}
