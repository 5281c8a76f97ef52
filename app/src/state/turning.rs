//! Turning the three planes about the crosshair.

use medley_volume::glam::{DQuat, DVec2};
use medley_volume::{AnatomicalPlane, Grid};

use super::oblique::{PlaneFrame, is_plane_turned, turned_on};
use super::view::Views;

/// How far a key turns the planes, in radians: five degrees.
pub const KEY_TURN: f64 = std::f64::consts::PI / 36.0;

/// The planes in the order of [`Views::cameras`].
const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Sagittal, AnatomicalPlane::Coronal];

impl Views {
    /// Whether the planes are turned out of the scan's own.
    #[must_use]
    pub fn is_turned(&self) -> bool {
        self.turn != DQuat::IDENTITY
    }

    /// Whether the slices of a plane cut across the voxels, so that no stored slice is seen in its view.
    #[must_use]
    pub fn cuts_across(&self, grid: &Grid, plane: AnatomicalPlane) -> bool {
        is_plane_turned(grid, plane, self.turn)
    }

    /// Turns the other two planes about the crosshair as seen in the view of `plane`: by `angle` radians, clockwise on the
    /// screen. The picture in that view stands still, and the crosshair stays where it is in all of them.
    pub fn turn_in(&mut self, grid: &Grid, plane: AnatomicalPlane, angle: f64) {
        let frame = PlaneFrame::new(grid, plane, self.convention, self.turn);
        self.set_turn(grid, turned_on(self.turn, frame.right.cross(frame.down), angle));
    }

    /// Puts the planes back along the scan's own axes; the crosshair stays where it is.
    pub fn straighten(&mut self, grid: &Grid) {
        self.set_turn(grid, DQuat::IDENTITY);
    }

    fn set_turn(&mut self, grid: &Grid, turn: DQuat) {
        let from_middle = self.crosshair.0 - grid.center().0;
        for (camera, plane) in self.cameras.iter_mut().zip(PLANES) {
            let offset = |turn: DQuat| {
                let frame = PlaneFrame::new(grid, plane, self.convention, turn);
                DVec2::new(from_middle.dot(frame.right), from_middle.dot(frame.down))
            };
            camera.pan_mm += offset(turn) - offset(self.turn);
        }
        self.turn = turn;
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::Ras;
    use medley_volume::glam::{DAffine3, DVec3};

    use super::*;
    use crate::state::slice_geometry::SliceGeometry;

    #[test]
    fn the_crosshair_stays_where_it_is_and_the_picture_turned_in_stands_still() {
        let affine = DAffine3::from_rotation_z(0.2) * DAffine3::from_scale(DVec3::new(1.0, -1.5, 2.0));
        let grid = Grid::new([40, 30, 20], affine).expect("a usable affine");
        let mut views = Views { crosshair: Ras(grid.center().0 + DVec3::new(5.0, -3.0, 4.0)), ..Views::default() };
        let (middle, size) = (DVec2::new(200.0, 150.0), DVec2::new(300.0, 260.0));
        let geometry = |views: &Views, n: usize| {
            SliceGeometry::new(&grid, PLANES[n], views.convention, views.cameras[n], views.crosshair, middle, size).turned(views.turn)
        };
        let start = [0, 1, 2].map(|n| geometry(&views, n).point_of(views.crosshair));
        for step in 0..9 {
            let before = views.clone();
            let turned_in = step % 3;
            views.turn_in(&grid, PLANES[turned_in], 0.4);
            for (n, start) in start.into_iter().enumerate() {
                assert!((geometry(&views, n).point_of(views.crosshair) - start).length() < 1e-8, "step {step}, view {n}");
            }
            let point = DVec2::new(77.0, 210.0);
            let [was, is] = [&before, &views].map(|views| geometry(views, turned_in).ras_under(point).0);
            assert!((was - is).length() < 1e-8, "step {step}: {}", was - is);
        }
        assert!(views.is_turned());
        views.straighten(&grid);
        assert!(!views.is_turned());
        for camera in views.cameras {
            assert!(camera.pan_mm.length() < 1e-9, "{}", camera.pan_mm);
        }
    }
}
