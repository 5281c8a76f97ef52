use medley_volume::glam::{DAffine3, DMat3, DVec2, DVec3};
use medley_volume::{Grid, Ras};

/// Empty space around the volume at zoom 1, as a factor.
const MARGIN: f64 = 1.15;

/// The screen of the 3D view: a camera without perspective that looks at the middle of a grid.
///
/// At zoom 1 the shorter side of the view is 1.15 times the grid's longest side, so that the scale does not depend on the
/// direction.
#[derive(Debug, Clone, Copy)]
pub struct VolumeScreen {
    middle: DVec3,
    directions: [DVec3; 3],
    points_per_mm: f64,
    size: DVec2,
    radius: f64,
}

impl VolumeScreen {
    /// The screen of `size` points for `directions` in RAS: to the right, down, and away from the eye.
    #[must_use]
    pub fn new(grid: &Grid, directions: [DVec3; 3], zoom: f64, size: DVec2) -> Self {
        let (shape, spacing) = (grid.shape(), grid.spacing());
        let sides = DVec3::from_array(std::array::from_fn(|axis| shape[axis] as f64 * spacing[axis]));
        let points_per_mm = (size.min_element() / (sides.max_element() * MARGIN) * zoom).max(1e-9);
        Self { middle: grid.center().0, directions, points_per_mm, size, radius: half_diagonal(grid) }
    }

    /// Where a place is drawn, in points from the view's top left corner.
    #[must_use]
    pub fn point_of(&self, ras: Ras) -> DVec2 {
        let [right, down, _] = self.directions;
        let from_middle = ras.0 - self.middle;
        DVec2::new(from_middle.dot(right), from_middle.dot(down)) * self.points_per_mm + self.size / 2.0
    }

    /// How deep a place lies: 0 is nearest to the eye, 1 farthest.
    #[must_use]
    pub fn depth_of(&self, ras: Ras) -> f64 {
        (ras.0 - self.middle).dot(self.directions[2]) / (2.0 * self.radius) + 0.5
    }

    /// Millimetres from depth 0 to depth 1.
    #[must_use]
    pub fn depth_mm(&self) -> f64 {
        2.0 * self.radius
    }

    /// The ray through a point of the view: where it is at depth 0, and the way of a millimetre away from the eye, in RAS.
    #[must_use]
    pub fn ray_through(&self, point: DVec2) -> [DVec3; 2] {
        let [right, down, away] = self.directions;
        let across = (point - self.size / 2.0) / self.points_per_mm;
        [self.middle + right * across.x + down * across.y - away * self.radius, away]
    }

    /// Points to a millimetre across the screen.
    #[must_use]
    pub fn points_per_mm(&self) -> f64 {
        self.points_per_mm
    }

    /// The rays of the screen: where the one through the top left corner is at depth 0, the ways of a point to the right and
    /// of a point down, and the way of a millimetre away from the eye; all carried by `map` (from RAS).
    pub(crate) fn rays(&self, map: &DAffine3) -> [DVec3; 4] {
        let [right, down, away] = self.directions;
        let corner = (right * self.size.x + down * self.size.y) / (-2.0 * self.points_per_mm);
        let origin = self.middle + corner - away * self.radius;
        let ways = [right / self.points_per_mm, down / self.points_per_mm, away].map(|way| map.transform_vector3(way));
        [map.transform_point3(origin), ways[0], ways[1], ways[2]]
    }
}

/// From RAS to texture coordinates, which run from 0 to 1 along each voxel axis of the grid.
pub(crate) fn texture_from_ras(grid: &Grid) -> DAffine3 {
    let per_voxel = DVec3::from_array(grid.shape().map(|voxels| 1.0 / voxels as f64));
    let texture_from_voxel = DAffine3 { matrix3: DMat3::from_diagonal(per_voxel), translation: per_voxel * 0.5 };
    texture_from_voxel * grid.voxel_from_ras()
}

/// From the middle of the grid to its outermost corner in mm.
fn half_diagonal(grid: &Grid) -> f64 {
    let half = DVec3::from_array(grid.shape().map(|voxels| voxels as f64 / 2.0));
    let signs = [DVec3::new(1.0, 1.0, 1.0), DVec3::new(-1.0, 1.0, 1.0), DVec3::new(1.0, -1.0, 1.0), DVec3::new(1.0, 1.0, -1.0)];
    let matrix = grid.ras_from_voxel().matrix3;
    signs.into_iter().map(|sign| (matrix * (half * sign)).length()).fold(1e-6, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::view::VolumeCamera;

    fn oblique() -> Grid {
        let turn = DAffine3::from_translation(DVec3::new(5.0, -40.0, 9.0)) * DAffine3::from_rotation_y(0.3);
        Grid::new([20, 30, 40], turn * DAffine3::from_scale(DVec3::new(-1.5, 2.0, 3.0))).expect("a usable affine")
    }

    #[test]
    fn a_ray_meets_the_place_it_is_drawn_at() {
        let grid = oblique();
        let camera = VolumeCamera { yaw: 0.7, pitch: -0.4, zoom: 1.3 };
        let screen = VolumeScreen::new(&grid, camera.directions(), camera.zoom, DVec2::new(400.0, 300.0));
        let map = texture_from_ras(&grid);
        let [origin, across, downward, away] = screen.rays(&map);
        for ras in [Ras(DVec3::new(1.0, 2.0, 3.0)), Ras(DVec3::new(-20.0, 31.0, 60.0)), grid.center()] {
            let point = screen.point_of(ras);
            let on_ray = origin + across * point.x + downward * point.y + away * screen.depth_of(ras) * screen.depth_mm();
            assert!((on_ray - map.transform_point3(ras.0)).length() < 1e-9);
            let [start, way] = screen.ray_through(point);
            assert!((start + way * screen.depth_of(ras) * screen.depth_mm() - ras.0).length() < 1e-9);
        }
    }

    #[test]
    fn from_the_front_the_whole_volume_is_in_view() {
        let grid = oblique();
        let camera = VolumeCamera { yaw: 0.0, pitch: 0.0, zoom: 1.0 };
        let size = DVec2::new(500.0, 300.0);
        let screen = VolumeScreen::new(&grid, camera.directions(), camera.zoom, size);
        for corner in [[0, 0, 0], [19, 29, 39], [0, 29, 39], [19, 0, 0]] {
            let ras = grid.ras_of(medley_volume::VoxelIndex(corner));
            let point = screen.point_of(ras);
            assert!(point.cmpge(DVec2::ZERO).all() && point.cmple(size).all(), "{point}");
            assert!((0.0..=1.0).contains(&screen.depth_of(ras)));
        }
    }

    #[test]
    fn texture_coordinates_run_from_face_to_face() {
        let grid = oblique();
        let face = |at: f64| Ras(grid.ras_from_voxel().transform_point3(DVec3::from_array(grid.shape().map(|n| n as f64 * at - 0.5))));
        let map = texture_from_ras(&grid);
        assert!(map.transform_point3(face(0.0).0).length() < 1e-9);
        assert!((map.transform_point3(face(1.0).0) - DVec3::ONE).length() < 1e-9);
    }
}
