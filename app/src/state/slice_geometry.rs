//! From a point on the screen to a voxel and to the patient, for one slice view. No widget in here.

use medley_volume::glam::{DQuat, DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, Ras};

use super::oblique::{PlaneFrame, direction_letters, is_plane_turned};
use crate::texts;

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
        texts::views::convention(self)
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

    /// Where it points, given what right, front and head are.
    pub(super) fn along(self, axes: [DVec3; 3]) -> DVec3 {
        if self.is_backwards { -axes[self.axis] } else { axes[self.axis] }
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

/// A slice view on the screen: the voxel axes that run right, down and through it, and the scale; or, once it is
/// [`turned`](Self::turned), the plane that it cuts out of the grid.
#[derive(Debug, Clone, Copy)]
pub struct SliceGeometry {
    grid: Grid,
    plane: AnatomicalPlane,
    convention: Convention,
    crosshair: Ras,
    axes: [usize; 3],
    signs: [f64; 3],
    middle: DVec2,
    size: DVec2,
    points_per_mm: f64,
    pan_mm: DVec2,
    slice: usize,
    oblique: Option<PlaneFrame>,
}

/// From one slice to the next, through a view.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SliceStep {
    /// In continuous voxel indices.
    pub voxels: DVec3,
    /// In millimetres.
    pub mm: f64,
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
        let points_per_mm = fit * camera.zoom;
        let (grid, pan_mm) = (*grid, camera.pan_mm);
        Self { grid, plane, convention, crosshair, axes, signs, middle, size, points_per_mm, pan_mm, slice, oblique: None }
    }

    /// The same view after all planes were turned about the crosshair; the same exactly where the turn leaves its plane alone.
    ///
    /// A turned view cuts the grid in the plane through the crosshair itself, not through the middles of the nearest voxels.
    #[must_use]
    pub fn turned(self, turn: DQuat) -> Self {
        let frame = || PlaneFrame::new(&self.grid, self.plane, self.convention, turn);
        Self { oblique: is_plane_turned(&self.grid, self.plane, turn).then(frame), ..self }
    }

    /// Whether the view cuts across the voxels.
    #[must_use]
    pub fn is_oblique(&self) -> bool {
        self.oblique.is_some()
    }

    /// The stored slice that is shown, as an index along the voxel axis through the view; `None` where the view cuts across the voxels.
    #[must_use]
    pub fn stored_slice(&self) -> Option<usize> {
        (!self.is_oblique()).then_some(self.slice)
    }

    /// The stored slice through the crosshair, as an index along the voxel axis through the view: the one shown unless the view
    /// is turned.
    #[must_use]
    pub fn slice(&self) -> usize {
        self.slice
    }

    /// How many slices there are.
    #[must_use]
    pub fn slice_count(&self) -> usize {
        match &self.oblique {
            None => self.grid.shape()[self.axes[2]],
            Some(frame) => {
                let [low, high] = self.range_along(frame.normal);
                ((high - low) / self.step().mm + 1e-9).floor() as usize + 1
            }
        }
    }

    /// The slice's number as a person counts: from 1 at the patient's left, back or feet.
    #[must_use]
    pub fn slice_number(&self) -> usize {
        match &self.oblique {
            None if self.signs[2] > 0.0 => self.slice + 1,
            None => self.slice_count() - self.slice,
            Some(frame) => {
                let from_first = (self.crosshair.0.dot(frame.normal) - self.range_along(frame.normal)[0]) / self.step().mm;
                (from_first.round().max(0.0) as usize + 1).min(self.slice_count())
            }
        }
    }

    /// From this slice to the next one towards the patient's right, front or head. Across the voxels, it is as far as takes the
    /// voxel index on by one in length, so that it goes over from one voxel axis's spacing to another's.
    #[must_use]
    pub fn step(&self) -> SliceStep {
        match &self.oblique {
            None => {
                let mut voxels = DVec3::ZERO;
                voxels[self.axes[2]] = self.signs[2];
                SliceStep { voxels, mm: self.grid.spacing()[self.axes[2]] }
            }
            Some(frame) => {
                let per_mm = self.grid.voxel_from_ras().matrix3 * frame.normal;
                let mm = 1.0 / per_mm.length();
                SliceStep { voxels: per_mm * mm, mm }
            }
        }
    }

    /// The letters of the patient's sides at the left, right, top and bottom edge.
    #[must_use]
    pub fn edge_letters(&self) -> [String; 4] {
        match &self.oblique {
            None => edge_letters(self.plane, self.convention).map(String::from),
            Some(PlaneFrame { right, down, .. }) => [-*right, *right, -*down, *down].map(direction_letters),
        }
    }

    /// A direction of the patient as it runs on the screen, in millimetres to the right and down for each of its own.
    #[must_use]
    pub fn on_screen(&self, direction: DVec3) -> DVec2 {
        let frame = self.frame();
        DVec2::new(direction.dot(frame.right), direction.dot(frame.down))
    }

    /// The axis in the patient about which the picture turns clockwise on the screen.
    #[must_use]
    pub fn clockwise_axis(&self) -> DVec3 {
        let frame = self.frame();
        frame.right.cross(frame.down)
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
        if let Some(PlaneFrame { right, down, normal }) = self.oblique {
            let center = self.grid.center().0;
            let depth_mm = (self.crosshair.0 - center).dot(normal);
            let at = center + right * offset_mm.x + down * offset_mm.y + normal * depth_mm;
            return self.grid.continuous_index_of(Ras(at));
        }
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
        if self.oblique.is_some() {
            let offset_mm = self.on_screen(ras.0 - self.grid.center().0);
            return (offset_mm - self.pan_mm) * self.points_per_mm + self.middle;
        }
        let voxel = self.grid.continuous_index_of(ras);
        let mm = |n: usize| {
            let axis = self.axes[n];
            (voxel[axis] - self.middle_of(axis)) * self.signs[n] * self.grid.spacing()[axis]
        };
        (DVec2::new(mm(0), mm(1)) - self.pan_mm) * self.points_per_mm + self.middle
    }

    /// A place `slices` farther towards the patient's right, front or head; its slice is kept inside the grid, and so is the
    /// place unless the view is turned.
    #[must_use]
    pub fn stepped(&self, crosshair: Ras, slices: i64) -> Ras {
        if let Some(frame) = &self.oblique {
            let [low, high] = self.range_along(frame.normal);
            let before = crosshair.0.dot(frame.normal);
            let after = (before + slices as f64 * self.step().mm).clamp(low, high);
            return Ras(crosshair.0 + frame.normal * (after - before));
        }
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

    /// The place nearest to `to` on the way there from the crosshair that is inside the grid, and in this slice where the view is
    /// turned; the crosshair itself if there is none.
    #[must_use]
    pub fn inside_towards(&self, to: Ras) -> Ras {
        let last = DVec3::from_array(self.grid.shape().map(|side| side as f64 - 1.0));
        let to_voxel = self.grid.continuous_index_of(to);
        if self.oblique.is_none() {
            return Ras(self.grid.ras_from_voxel().transform_point3(to_voxel.clamp(DVec3::ZERO, last)));
        }
        let from_voxel = self.grid.continuous_index_of(self.crosshair);
        let way = to_voxel - from_voxel;
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        for axis in (0..3).filter(|axis| way[*axis] != 0.0) {
            let ends = [(-from_voxel[axis]) / way[axis], (last[axis] - from_voxel[axis]) / way[axis]];
            enter = enter.max(ends[0].min(ends[1]));
            leave = leave.min(ends[0].max(ends[1]));
        }
        let is_beside = (0..3).any(|axis| way[axis] == 0.0 && !(0.0..=last[axis]).contains(&from_voxel[axis]));
        if enter > leave || is_beside { self.crosshair } else { Ras(self.crosshair.0.lerp(to.0, leave)) }
    }

    fn frame(&self) -> PlaneFrame {
        self.oblique.unwrap_or_else(|| PlaneFrame::new(&self.grid, self.plane, self.convention, DQuat::IDENTITY))
    }

    /// How far the grid's voxel centres reach along a direction, in millimetres from the origin of RAS.
    fn range_along(&self, direction: DVec3) -> [f64; 2] {
        let last = self.grid.shape().map(|side| side as f64 - 1.0);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for corner in 0..8 {
            let pick = |axis: usize| if corner >> axis & 1 == 1 { last[axis] } else { 0.0 };
            let at = self.grid.ras_from_voxel().transform_point3(DVec3::new(pick(0), pick(1), pick(2))).dot(direction);
            (low, high) = (low.min(at), high.max(at));
        }
        [low, high]
    }

    fn middle_of(&self, axis: usize) -> f64 {
        (self.grid.shape()[axis] as f64 - 1.0) / 2.0
    }
}

#[cfg(test)]
mod tests;
