//! The box that the 3D view is cut to.

use medley_volume::glam::DVec3;
use medley_volume::{Grid, Ras};

/// The thinnest slab that is left, as a part of the volume's side.
const THINNEST: f64 = 0.01;

/// Six planes along the voxel axes, as parts of the volume's sides: 0 is the face before the first voxel, 1 the one after the last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClipBox {
    /// Whether the box cuts.
    pub is_on: bool,
    /// Whether everything before the crosshair is cut away, seen from the eye.
    pub follows_crosshair: bool,
    /// Whether labels are cut too.
    pub cuts_labels: bool,
    low: DVec3,
    high: DVec3,
}

impl Default for ClipBox {
    fn default() -> Self {
        Self { is_on: false, follows_crosshair: false, cuts_labels: false, low: DVec3::ZERO, high: DVec3::ONE }
    }
}

impl ClipBox {
    /// Both ends along a voxel axis.
    #[must_use]
    pub fn range(&self, axis: usize) -> [f64; 2] {
        [self.low[axis], self.high[axis]]
    }

    /// Moves one face; a thin slab is always left.
    pub fn set_face(&mut self, axis: usize, is_high: bool, at: f64) {
        let at = if at.is_finite() { at } else { f64::from(u8::from(is_high)) };
        if is_high {
            self.high[axis] = at.clamp(self.low[axis] + THINNEST, 1.0);
        } else {
            self.low[axis] = at.clamp(0.0, self.high[axis] - THINNEST);
        }
    }

    /// The whole volume again; what is on stays on.
    pub fn reset(&mut self) {
        (self.low, self.high) = (DVec3::ZERO, DVec3::ONE);
    }

    /// Whether all planes lie at the volume's faces.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.low == DVec3::ZERO && self.high == DVec3::ONE
    }

    /// What is left of a volume, as parts of its sides, seen along `away` (RAS) with the crosshair where it is.
    #[must_use]
    pub fn bounds(&self, grid: &Grid, away: DVec3, Ras(crosshair): Ras) -> [DVec3; 2] {
        let [mut low, mut high] = if self.is_on { [self.low, self.high] } else { [DVec3::ZERO, DVec3::ONE] };
        if self.follows_crosshair {
            let axes = grid.ras_from_voxel().matrix3;
            let facing = DVec3::from_array([0, 1, 2].map(|axis| axes.col(axis).normalize_or_zero().dot(away)));
            let axis = (0..3).max_by(|&a, &b| facing[a].abs().total_cmp(&facing[b].abs())).unwrap_or(0);
            let side = grid.shape()[axis] as f64;
            let at = ((grid.voxel_from_ras().transform_point3(crosshair)[axis] + 0.5) / side).clamp(0.0, 1.0);
            if facing[axis] > 0.0 {
                low[axis] = low[axis].max(at.min(high[axis] - THINNEST));
            } else {
                high[axis] = high[axis].min(at.max(low[axis] + THINNEST));
            }
        }
        [low, high]
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::VoxelIndex;

    use super::*;

    #[test]
    fn faces_never_cross_and_stay_at_the_volume() {
        let mut clip = ClipBox::default();
        clip.set_face(0, false, 0.7);
        clip.set_face(0, true, 0.2);
        assert_eq!(clip.range(0), [0.7, 0.71]);
        clip.set_face(1, false, -3.0);
        clip.set_face(1, true, f64::NAN);
        assert_eq!(clip.range(1), [0.0, 1.0]);
        assert!(!clip.is_whole());
        clip.reset();
        assert!(clip.is_whole());
    }

    #[test]
    fn what_lies_before_the_crosshair_goes() {
        let grid = Grid::axis_aligned([10, 20, 40], [2.0, 1.0, 1.0]).expect("a grid");
        let crosshair = grid.ras_of(VoxelIndex([3, 5, 10]));
        let clip = ClipBox { follows_crosshair: true, ..ClipBox::default() };
        // From the front one looks along −y: the high half of j is before the crosshair.
        assert_eq!(clip.bounds(&grid, DVec3::NEG_Y, crosshair), [DVec3::ZERO, DVec3::new(1.0, 5.5 / 20.0, 1.0)]);
        assert_eq!(clip.bounds(&grid, DVec3::new(0.1, 0.2, 0.9), crosshair), [DVec3::new(0.0, 0.0, 10.5 / 40.0), DVec3::ONE]);
        let off = ClipBox::default();
        assert_eq!(off.bounds(&grid, DVec3::NEG_Y, crosshair), [DVec3::ZERO, DVec3::ONE]);
    }

    #[test]
    fn both_cuts_work_together() {
        let grid = Grid::axis_aligned([10, 10, 10], [1.0; 3]).expect("a grid");
        let mut clip = ClipBox { is_on: true, follows_crosshair: true, ..ClipBox::default() };
        clip.set_face(1, true, 0.3);
        let [low, high] = clip.bounds(&grid, DVec3::NEG_Y, grid.ras_of(VoxelIndex([5, 8, 5])));
        assert_eq!((low, high), (DVec3::ZERO, DVec3::new(1.0, 0.3, 1.0)), "the nearer plane wins");
    }
}
