//! Smooth random deformation: control points are moved, the tissue between them follows a cubic B-spline.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::either_way;

/// How patches are deformed. Off unless `chance` is above 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Elastic {
    /// Chance that a patch is deformed.
    pub chance: f64,
    /// Largest displacement of a control point along each axis, millimetres. Tissue moves by about a fifth of it on average.
    pub most_mm: f64,
    /// Distance between control points, millimetres.
    pub grid_mm: f64,
}

impl Default for Elastic {
    fn default() -> Self {
        Self { chance: 0.0, most_mm: 16.0, grid_mm: 48.0 }
    }
}

/// As a share of the grid's distance, the displacement of control points below which a cubic B-spline never folds in three
/// dimensions (Choi and Lee, Injectivity conditions of 2D and 3D uniform cubic B-spline functions, 2000).
const INJECTIVE: f64 = 0.4;

impl Elastic {
    /// # Errors
    /// A sentence if tissue could fold over itself, or a number is none.
    pub(crate) fn check(self) -> Result<(), String> {
        if self.chance <= 0.0 {
            return Ok(());
        }
        if !(self.grid_mm.is_finite() && self.grid_mm > 0.0 && self.most_mm >= 0.0) {
            return Err("the elastic deformation needs a grid of some millimetres and a displacement of 0 or more".to_owned());
        }
        if self.most_mm > INJECTIVE * self.grid_mm {
            let most = INJECTIVE * self.grid_mm;
            return Err(format!(
                "an elastic displacement of {} mm on a grid of {} mm could fold tissue over itself: at most {most:.1} mm",
                self.most_mm, self.grid_mm
            ));
        }
        Ok(())
    }

    /// Draws the displacement of a patch `[S, A, R]`, or none.
    pub(super) fn draw(self, rng: &mut ChaCha8Rng, patch: [usize; 3], spacing_mm: [f64; 3]) -> Option<Displacement> {
        if self.chance <= 0.0 || !rng.random_bool(self.chance.min(1.0)) {
            return None;
        }
        let taps: [Vec<Taps>; 3] = std::array::from_fn(|axis| {
            let voxels_per_point = (self.grid_mm / spacing_mm[axis]).max(1.0);
            (0..patch[2 - axis]).map(|at| Taps::at(at as f64 / voxels_per_point)).collect()
        });
        let points: [usize; 3] = std::array::from_fn(|axis| taps[axis].last().map_or(0, |taps| taps.first + 4));
        let vector = |rng: &mut ChaCha8Rng| spacing_mm.map(|spacing| (either_way(rng, self.most_mm) / spacing) as f32);
        let vectors = (0..points.iter().product()).map(|_| vector(rng)).collect();
        Some(Displacement { points, taps, vectors })
    }
}

/// The four control points that count at a place, and how much.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Taps {
    first: usize,
    weights: [f32; 4],
}

impl Taps {
    /// At `at` distances of control points from the edge of the patch.
    fn at(at: f64) -> Self {
        let t = at.fract();
        let weights = [(1.0 - t).powi(3), 3.0 * t.powi(3) - 6.0 * t * t + 4.0, -3.0 * t.powi(3) + 3.0 * t * t + 3.0 * t + 1.0, t.powi(3)];
        Self { first: at as usize, weights: weights.map(|weight| (weight / 6.0) as f32) }
    }
}

/// How far each voxel of a patch is moved, in voxels `[r, a, s]` of the case.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Displacement {
    /// Control points along r, a, s.
    points: [usize; 3],
    /// For each voxel along r, a, s.
    taps: [Vec<Taps>; 3],
    /// Of the control points, r fastest.
    vectors: Vec<[f32; 3]>,
}

impl Displacement {
    /// Of the voxels in row `[d, h]` of the patch.
    pub(crate) fn row(&self, d: usize, h: usize) -> Vec<[f64; 3]> {
        let [nr, na, _] = self.points;
        let mut along = vec![[0.0f32; 3]; nr];
        let (s, a) = (self.taps[2][d], self.taps[1][h]);
        for (at_s, weight_s) in s.weights.iter().enumerate() {
            for (at_a, weight_a) in a.weights.iter().enumerate() {
                let line = &self.vectors[((s.first + at_s) * na + a.first + at_a) * nr..][..nr];
                let weight = weight_s * weight_a;
                for (sum, vector) in along.iter_mut().zip(line) {
                    (0..3).for_each(|axis| sum[axis] += weight * vector[axis]);
                }
            }
        }
        let voxel = |taps: &Taps| -> [f64; 3] {
            let points = &along[taps.first..][..4];
            std::array::from_fn(|axis| f64::from(taps.weights.iter().zip(points).map(|(weight, point)| weight * point[axis]).sum::<f32>()))
        };
        self.taps[0].iter().map(voxel).collect()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const PATCH: [usize; 3] = [16, 40, 48];

    fn drawn(elastic: Elastic, seed: u64) -> Displacement {
        elastic.draw(&mut ChaCha8Rng::seed_from_u64(seed), PATCH, [1.5, 1.5, 3.0]).expect("always")
    }

    fn all(displacement: &Displacement) -> Vec<[f64; 3]> {
        (0..PATCH[0]).flat_map(|d| (0..PATCH[1]).flat_map(move |h| displacement.row(d, h))).collect()
    }

    #[test]
    fn tissue_never_folds_and_moves_no_farther_than_its_control_points() {
        let elastic = Elastic { chance: 1.0, most_mm: 9.6, grid_mm: 24.0 };
        assert!(elastic.check().is_ok());
        for seed in 0..5 {
            let moved = all(&drawn(elastic, seed));
            let at = |d: usize, h: usize, w: usize| moved[(d * PATCH[1] + h) * PATCH[2] + w];
            for voxel in &moved {
                let mm = [voxel[0] * 1.5, voxel[1] * 1.5, voxel[2] * 3.0];
                assert!(mm.iter().all(|mm| mm.abs() <= 9.6));
            }
            for d in 0..PATCH[0] - 1 {
                for h in 0..PATCH[1] - 1 {
                    for w in 0..PATCH[2] - 1 {
                        let here = at(d, h, w);
                        let steps = [at(d, h, w + 1), at(d, h + 1, w), at(d + 1, h, w)];
                        let columns: [[f64; 3]; 3] = std::array::from_fn(|axis| {
                            std::array::from_fn(|row| steps[axis][row] - here[row] + f64::from(u8::from(axis == row)))
                        });
                        let volume = medley_volume::glam::DMat3::from_cols_array_2d(&columns).determinant();
                        assert!(volume > 0.0, "folded at {d} {h} {w}: {volume}");
                    }
                }
            }
        }
    }

    #[test]
    fn equal_control_points_move_everything_alike() {
        let mut displacement = drawn(Elastic { chance: 1.0, ..Elastic::default() }, 1);
        displacement.vectors.iter_mut().for_each(|vector| *vector = [1.0, -2.0, 0.5]);
        for voxel in all(&displacement) {
            assert!((0..3).all(|axis| (voxel[axis] - [1.0, -2.0, 0.5][axis]).abs() < 1e-5), "{voxel:?}");
        }
    }

    #[test]
    fn what_could_fold_is_refused_and_what_is_off_draws_nothing() {
        assert!(Elastic { chance: 1.0, most_mm: 30.0, grid_mm: 48.0 }.check().expect_err("folds").contains("at most 19.2 mm"));
        assert!(Elastic { chance: 1.0, most_mm: 1.0, grid_mm: 0.0 }.check().is_err());
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let before: u64 = rng.clone().random();
        assert_eq!(Elastic::default().draw(&mut rng, PATCH, [1.0; 3]), None);
        assert_eq!(rng.random::<u64>(), before, "the numbers after it must stay as they were");
    }
}
