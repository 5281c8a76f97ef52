//! From a point on the screen to a voxel and to the patient, for one slice view. No widget in here.

use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, Ras};

/// Which side of the patient is drawn on the left of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Convention {
    /// The patient's right is on the left of the screen, as if one stood at the feet.
    Radiological,
    /// The patient's right is on the right of the screen.
    Neurological,
}

impl Convention {
    /// Its name as it is written on the screen.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Radiological => "Radiological",
            Self::Neurological => "Neurological",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Radiological => Self::Neurological,
            Self::Neurological => Self::Radiological,
        }
    }
}

/// A direction in the patient: an axis (0 = right, 1 = anterior, 2 = superior) and whether it is followed backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PatientDirection {
    axis: usize,
    is_backwards: bool,
}

impl PatientDirection {
    /// The letter of the side it points to.
    #[must_use]
    pub fn letter(self) -> char {
        [['R', 'L'], ['A', 'P'], ['S', 'I']][self.axis][usize::from(self.is_backwards)]
    }

    fn opposite(self) -> Self {
        Self { is_backwards: !self.is_backwards, ..self }
    }
}

/// Which patient directions run to the right and down the screen in a plane.
#[must_use]
pub fn screen_directions(plane: AnatomicalPlane, convention: Convention) -> [PatientDirection; 2] {
    let to_left_of_patient = PatientDirection { axis: 0, is_backwards: convention == Convention::Radiological };
    let to_back = PatientDirection { axis: 1, is_backwards: true };
    let to_feet = PatientDirection { axis: 2, is_backwards: true };
    match plane {
        AnatomicalPlane::Axial => [to_left_of_patient, to_back],
        AnatomicalPlane::Coronal => [to_left_of_patient, to_feet],
        AnatomicalPlane::Sagittal => [to_back, to_feet],
    }
}

/// The letters at the left, right, top and bottom edge of a plane's view.
#[must_use]
pub fn edge_letters(plane: AnatomicalPlane, convention: Convention) -> [char; 4] {
    let [right, down] = screen_directions(plane, convention);
    [right.opposite().letter(), right.letter(), down.opposite().letter(), down.letter()]
}

/// What a person changed about a slice view: how near, and where the middle of the screen is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceCamera {
    /// 1 shows the whole slice; 2 shows everything twice as large.
    pub zoom: f64,
    /// From the middle of the grid to the middle of the screen, to the right and down, in mm.
    pub pan_mm: DVec2,
}

impl Default for SliceCamera {
    fn default() -> Self {
        Self { zoom: 1.0, pan_mm: DVec2::ZERO }
    }
}

/// A slice view on the screen: the voxel axes that run right, down and through it, and the scale.
#[derive(Debug, Clone, Copy)]
pub struct SliceGeometry {
    grid: Grid,
    axes: [usize; 3],
    signs: [f64; 3],
    middle: DVec2,
    size: DVec2,
    points_per_mm: f64,
    pan_mm: DVec2,
    slice: usize,
}

impl SliceGeometry {
    /// The view of `plane` through `crosshair`, drawn in a rectangle with its `middle` and `size` in points.
    #[must_use]
    pub fn new(
        grid: &Grid,
        plane: AnatomicalPlane,
        convention: Convention,
        camera: SliceCamera,
        crosshair: Ras,
        middle: DVec2,
        size: DVec2,
    ) -> Self {
        let map = grid.axes();
        let [right, down] = screen_directions(plane, convention);
        let through = PatientDirection { axis: plane.normal_axis(), is_backwards: false };
        let directions = [right, down, through];
        let axes = directions.map(|direction| map.voxel_axis[direction.axis]);
        let signs = directions.map(|direction| if map.is_flipped[direction.axis] == direction.is_backwards { 1.0 } else { -1.0 });
        let extent = |n: usize| grid.shape()[axes[n]] as f64 * grid.spacing()[axes[n]];
        let fit = (size.x / extent(0)).min(size.y / extent(1)).max(1e-6);
        let last = grid.shape()[axes[2]] - 1;
        let slice = grid.continuous_index_of(crosshair)[axes[2]].round().clamp(0.0, last as f64) as usize;
        Self { grid: *grid, axes, signs, middle, size, points_per_mm: fit * camera.zoom, pan_mm: camera.pan_mm, slice }
    }

    /// The slice shown, as an index along the voxel axis through the view.
    #[must_use]
    pub fn slice(&self) -> usize {
        self.slice
    }

    /// How many slices there are.
    #[must_use]
    pub fn slice_count(&self) -> usize {
        self.grid.shape()[self.axes[2]]
    }

    /// The slice's number as a person counts: from 1 at the patient's left, back or feet.
    #[must_use]
    pub fn slice_number(&self) -> usize {
        if self.signs[2] > 0.0 { self.slice + 1 } else { self.slice_count() - self.slice }
    }

    /// Screen points to a millimetre.
    #[must_use]
    pub fn points_per_mm(&self) -> f64 {
        self.points_per_mm
    }

    /// The continuous voxel index under a point of the screen.
    #[must_use]
    pub fn voxel_under(&self, point: DVec2) -> DVec3 {
        let offset_mm = (point - self.middle) / self.points_per_mm + self.pan_mm;
        let mut voxel = DVec3::ZERO;
        for (n, along) in [offset_mm.x, offset_mm.y].into_iter().enumerate() {
            let axis = self.axes[n];
            voxel[axis] = self.middle_of(axis) + self.signs[n] * along / self.grid.spacing()[axis];
        }
        voxel[self.axes[2]] = self.slice as f64;
        voxel
    }

    /// The place in the patient under a point of the screen.
    #[must_use]
    pub fn ras_under(&self, point: DVec2) -> Ras {
        Ras(self.grid.ras_from_voxel().transform_point3(self.voxel_under(point)))
    }

    /// Where a place in the patient is drawn (its projection along the view's normal).
    #[must_use]
    pub fn point_of(&self, ras: Ras) -> DVec2 {
        let voxel = self.grid.continuous_index_of(ras);
        let mm = |n: usize| {
            let axis = self.axes[n];
            (voxel[axis] - self.middle_of(axis)) * self.signs[n] * self.grid.spacing()[axis]
        };
        (DVec2::new(mm(0), mm(1)) - self.pan_mm) * self.points_per_mm + self.middle
    }

    /// A place `slices` farther towards the patient's right, front or head, kept inside the grid.
    #[must_use]
    pub fn stepped(&self, crosshair: Ras, slices: i64) -> Ras {
        let mut voxel = self.grid.continuous_index_of(crosshair);
        let axis = self.axes[2];
        let last = (self.grid.shape()[axis] - 1) as f64;
        voxel[axis] = (voxel[axis].round() + slices as f64 * self.signs[2]).clamp(0.0, last);
        Ras(self.grid.ras_from_voxel().transform_point3(voxel))
    }

    /// The affine a shader draws by: continuous voxel index at the rectangle's top left corner, and the way across its
    /// width and down its height.
    #[must_use]
    pub fn texture_affine(&self) -> [DVec3; 3] {
        let corner = self.middle - self.size / 2.0;
        let origin = self.voxel_under(corner);
        let across = self.voxel_under(corner + DVec2::new(self.size.x, 0.0)) - origin;
        let downward = self.voxel_under(corner + DVec2::new(0.0, self.size.y)) - origin;
        [origin, across, downward]
    }

    /// The camera that shows everything `factor` times as large and keeps the place under `point` where it is.
    #[must_use]
    pub fn zoomed_at(&self, camera: SliceCamera, point: DVec2, factor: f64) -> SliceCamera {
        let zoom = (camera.zoom * factor).clamp(0.2, 60.0);
        let scale = self.points_per_mm * zoom / camera.zoom;
        let from_middle = point - self.middle;
        SliceCamera { zoom, pan_mm: camera.pan_mm + from_middle / self.points_per_mm - from_middle / scale }
    }

    fn middle_of(&self, axis: usize) -> f64 {
        (self.grid.shape()[axis] as f64 - 1.0) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::AxisMap;
    use medley_volume::glam::{DAffine3, DMat3};

    use super::*;

    const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal];

    /// The same patient of 40×50×30 mm stored with its axes in another order.
    fn stored_as(order: [usize; 3], is_flipped: [bool; 3]) -> Grid {
        let mm = [2.0, 1.0, 3.0];
        let extent = [40.0, 50.0, 30.0];
        let mut columns = [DVec3::ZERO; 3];
        let mut shape = [0; 3];
        let mut first = DVec3::ZERO;
        for patient in 0..3 {
            let axis = order[patient];
            shape[axis] = (extent[patient] / mm[patient]) as usize;
            columns[axis][patient] = if is_flipped[patient] { -mm[patient] } else { mm[patient] };
            first[patient] = if is_flipped[patient] { extent[patient] - mm[patient] } else { 0.0 };
        }
        let affine = DAffine3 { matrix3: DMat3::from_cols(columns[0], columns[1], columns[2]), translation: first };
        Grid::new(shape, affine).expect("a usable affine")
    }

    fn view(grid: &Grid, plane: AnatomicalPlane, convention: Convention) -> SliceGeometry {
        let camera = SliceCamera { zoom: 1.7, pan_mm: DVec2::new(3.0, -2.0) };
        let crosshair = Ras(DVec3::new(12.0, 31.0, 9.0));
        SliceGeometry::new(grid, plane, convention, camera, crosshair, DVec2::new(400.0, 300.0), DVec2::new(500.0, 360.0))
    }

    #[test]
    fn every_axis_order_looks_the_same_on_the_screen() {
        let reference = stored_as([0, 1, 2], [false; 3]);
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for order in orders {
            for flips in 0..8u8 {
                let grid = stored_as(order, std::array::from_fn(|n| flips >> n & 1 == 1));
                assert_eq!(AxisMap::of(&grid).voxel_axis, order);
                for plane in PLANES {
                    for convention in [Convention::Radiological, Convention::Neurological] {
                        let (a, b) = (view(&reference, plane, convention), view(&grid, plane, convention));
                        assert_eq!(a.slice_number(), b.slice_number());
                        for point in [DVec2::new(400.0, 300.0), DVec2::new(170.0, 420.0), DVec2::new(600.0, 130.0)] {
                            let apart = (a.ras_under(point).0 - b.ras_under(point).0).length();
                            assert!(apart < 1e-9, "{plane:?} {order:?} {flips:03b}: {apart} mm apart");
                            assert!((b.point_of(b.ras_under(point)) - point).length() < 1e-9);
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn letters_say_where_the_pixels_really_are() {
        let grid = stored_as([1, 2, 0], [true, false, true]);
        for plane in PLANES {
            for convention in [Convention::Radiological, Convention::Neurological] {
                let geometry = view(&grid, plane, convention);
                let middle = geometry.ras_under(DVec2::new(400.0, 300.0)).0;
                let edges = [DVec2::new(300.0, 300.0), DVec2::new(500.0, 300.0), DVec2::new(400.0, 200.0), DVec2::new(400.0, 400.0)];
                for (letter, point) in edge_letters(plane, convention).into_iter().zip(edges) {
                    let way = geometry.ras_under(point).0 - middle;
                    let along = match letter {
                        'R' => way.x,
                        'L' => -way.x,
                        'A' => way.y,
                        'P' => -way.y,
                        'S' => way.z,
                        _ => -way.z,
                    };
                    assert!(along > 1.0, "{plane:?} {convention:?} {letter}: {way}");
                }
            }
        }
        assert_eq!(edge_letters(AnatomicalPlane::Axial, Convention::Radiological), ['R', 'L', 'A', 'P']);
        assert_eq!(edge_letters(AnatomicalPlane::Sagittal, Convention::Radiological), ['A', 'P', 'S', 'I']);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let grid = stored_as([0, 1, 2], [true, true, false]);
        let camera = SliceCamera::default();
        let (middle, size, crosshair) = (DVec2::new(200.0, 200.0), DVec2::new(300.0, 300.0), grid.center());
        let at = |camera| SliceGeometry::new(&grid, PLANES[0], Convention::Radiological, camera, crosshair, middle, size);
        let pointer = DVec2::new(260.0, 130.0);
        let before = at(camera).ras_under(pointer).0;
        let nearer = at(camera).zoomed_at(camera, pointer, 2.5);
        assert!((at(nearer).ras_under(pointer).0 - before).length() < 1e-9);
        assert!(at(nearer).points_per_mm() > 2.0 * at(camera).points_per_mm());
    }

    #[test]
    fn stepping_goes_to_the_head_and_stops_at_the_last_slice() {
        let grid = stored_as([0, 1, 2], [false, false, true]);
        let geometry = view(&grid, AnatomicalPlane::Axial, Convention::Radiological);
        let start = Ras(DVec3::new(12.0, 31.0, 9.0));
        assert!((geometry.stepped(start, 2).0.z - 15.0).abs() < 1e-9);
        assert!((geometry.stepped(start, 99).0.z - 27.0).abs() < 1e-9);
        assert!((geometry.stepped(start, -99).0.z).abs() < 1e-9);
    }
}
