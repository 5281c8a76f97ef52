//! What can be measured in a scan, in the patient's millimetres. Nothing in here knows of voxels or of a screen.

use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{Grid, Ras};
use serde::{Deserialize, Serialize};

use crate::state::slice_geometry::SliceGeometry;

/// The shorter half of a region's side is never less than this, in mm, so that its directions are always known.
const LEAST_HALF_MM: f64 = 1e-3;

/// A measured shape; all places are RAS millimetres.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Shape {
    /// A straight line.
    Distance {
        /// Its ends.
        ends: [Ras; 2],
    },
    /// The angle between two lines that meet.
    Angle {
        /// The end of one line, the place where both meet, the end of the other.
        points: [Ras; 3],
    },
    /// What lies within an ellipse of a plane.
    Ellipse(Frame),
    /// What lies within a rectangle of a plane.
    Rectangle(Frame),
    /// What lies within a closed line drawn by hand in a plane.
    Freehand {
        /// The line's points; the last is joined to the first.
        outline: Vec<Ras>,
    },
}

/// Where an ellipse or a rectangle lies: its middle, and the ways from there to the middles of two of its sides, square to each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The middle.
    pub middle: Ras,
    /// Half the way across and half the way down, in mm.
    pub halves: [DVec3; 2],
}

impl Frame {
    /// The frame with two opposite corners, its sides along `plane`'s directions; the corners are moved into the plane.
    #[must_use]
    pub fn between(plane: &SlicePlane, first: Ras, last: Ras) -> Self {
        let [first, last] = [first, last].map(|corner| plane.projected(corner).0);
        let half = (last - first) / 2.0;
        let way = |direction: DVec3| direction * half.dot(direction).abs().max(LEAST_HALF_MM);
        Self { middle: Ras((first + last) / 2.0), halves: [way(plane.right), way(plane.down)] }
    }

    /// The corners, in order around it.
    #[must_use]
    pub fn corners(&self) -> [Ras; 4] {
        let [across, down] = self.halves;
        [-across - down, across - down, across + down, down - across].map(|way| Ras(self.middle.0 + way))
    }

    /// The same frame with one corner moved and the opposite one where it was.
    fn with_corner(&self, index: usize, to: Ras) -> Self {
        let fixed = self.corners()[(index + 2) % 4].0;
        let directions = self.halves.map(DVec3::normalize);
        let half = (to.0 - fixed) / 2.0;
        let along = directions.map(|direction| half.dot(direction));
        let middle = fixed + directions[0] * along[0] + directions[1] * along[1];
        let halves = [0, 1].map(|n| directions[n] * along[n].abs().max(LEAST_HALF_MM));
        Self { middle: Ras(middle), halves }
    }
}

/// A plane of the patient as a view cuts it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlicePlane {
    /// A place in it.
    pub origin: Ras,
    /// Along the screen to the right; of length 1.
    pub right: DVec3,
    /// Down the screen, square to `right`; of length 1.
    pub down: DVec3,
    /// Square to both; of length 1.
    pub normal: DVec3,
    /// How far a voxel of the grid reaches along the normal, in mm. A slice along the voxels is as thick.
    pub thickness_mm: f64,
}

impl SlicePlane {
    /// The plane that a view shows.
    #[must_use]
    pub fn of_view(geometry: &SliceGeometry, grid: &Grid) -> Self {
        let [origin, right, below] = [DVec2::ZERO, DVec2::X, DVec2::Y].map(|point| geometry.ras_under(point).0);
        Self::spanned(Ras(origin), right - origin, below - origin, grid)
    }

    /// The plane through `origin` along two ways.
    #[must_use]
    pub fn spanned(origin: Ras, right: DVec3, down: DVec3, grid: &Grid) -> Self {
        let right = right.normalize_or(DVec3::X);
        let normal = right.cross(down).normalize_or(DVec3::Z);
        Self { origin, right, down: normal.cross(right), normal, thickness_mm: voxel_extent(grid, normal) }
    }

    /// How far a place lies before the plane (along its normal) or behind it, in mm.
    #[must_use]
    pub fn distance_to(&self, place: Ras) -> f64 {
        (place.0 - self.origin.0).dot(self.normal)
    }

    /// The place of the plane nearest to another.
    #[must_use]
    pub fn projected(&self, place: Ras) -> Ras {
        Ras(place.0 - self.normal * self.distance_to(place))
    }

    /// How a shape lies to the plane.
    #[must_use]
    pub fn passes(&self, shape: &Shape) -> Passing {
        let half = self.thickness_mm / 2.0 * (1.0 + 1e-6);
        let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
        for place in shape.places() {
            let distance = self.distance_to(place);
            (lowest, highest) = (lowest.min(distance), highest.max(distance));
        }
        if lowest >= -half && highest <= half {
            Passing::Within
        } else if lowest <= half && highest >= -half {
            Passing::Through
        } else {
            Passing::Beside
        }
    }
}

/// How far a voxel reaches along a direction of length 1, in mm.
pub(super) fn voxel_extent(grid: &Grid, direction: DVec3) -> f64 {
    let sides = grid.ras_from_voxel().matrix3;
    (0..3).map(|axis| sides.col(axis).dot(direction).abs()).sum()
}

/// How a shape lies to a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// All of it lies in the slice.
    Within,
    /// It passes through the slice.
    Through,
    /// It does not reach the slice.
    Beside,
}

impl Shape {
    /// What the shape says: mm, degrees or mm².
    #[must_use]
    pub fn size(&self) -> f64 {
        match self {
            Self::Distance { ends: [from, to] } => from.0.distance(to.0),
            Self::Angle { points: [first, middle, last] } => {
                // The arc tangent stays exact for lines that are nearly the same.
                let [one, other] = [first.0 - middle.0, last.0 - middle.0];
                one.cross(other).length().atan2(one.dot(other)).to_degrees()
            }
            Self::Ellipse(Frame { halves: [across, down], .. }) => across.cross(*down).length() * std::f64::consts::PI,
            Self::Rectangle(Frame { halves: [across, down], .. }) => across.cross(*down).length() * 4.0,
            Self::Freehand { outline } => area_vector(outline).length(),
        }
    }

    /// Whether it has an inside, with voxels of its own.
    #[must_use]
    pub fn is_region(&self) -> bool {
        matches!(self, Self::Ellipse(_) | Self::Rectangle(_) | Self::Freehand { .. })
    }

    /// Whether nothing was measured: a line without a length, a region without a voxel's worth of room.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Distance { .. } => self.size() < 1e-6,
            Self::Angle { points: [first, middle, last] } => first.0.distance(middle.0).min(last.0.distance(middle.0)) < 1e-6,
            Self::Ellipse(frame) | Self::Rectangle(frame) => frame.halves.iter().any(|half| half.length() < 0.05),
            Self::Freehand { outline } => outline.len() < 3 || self.size() < 1e-3,
        }
    }

    /// Whether every number in it is one.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        let halves = match self {
            Self::Ellipse(frame) | Self::Rectangle(frame) => frame.halves.iter().all(|half| half.is_finite()),
            _ => true,
        };
        halves && self.places().iter().all(|place| place.0.is_finite())
    }

    /// Its outermost places.
    #[must_use]
    pub fn places(&self) -> Vec<Ras> {
        match self {
            Self::Distance { ends } => ends.to_vec(),
            Self::Angle { points } => points.to_vec(),
            Self::Ellipse(frame) | Self::Rectangle(frame) => frame.corners().to_vec(),
            Self::Freehand { outline } => outline.clone(),
        }
    }

    /// The line it is drawn as, and whether its end is joined to its beginning.
    #[must_use]
    pub fn line(&self) -> (Vec<Ras>, bool) {
        match self {
            Self::Ellipse(Frame { middle, halves: [across, down] }) => {
                let point = |n: u32| {
                    let (sin, cos) = (f64::from(n) / 64.0 * std::f64::consts::TAU).sin_cos();
                    Ras(middle.0 + *across * cos + *down * sin)
                };
                ((0..64).map(point).collect(), true)
            }
            _ => (self.places(), self.is_region()),
        }
    }

    /// The middle of what is measured.
    #[must_use]
    pub fn middle(&self) -> Ras {
        let places = self.places();
        let sum: DVec3 = places.iter().map(|place| place.0).sum();
        Ras(sum / places.len().max(1) as f64)
    }

    /// The places by which it can be taken: its ends, its corners; last, for a region, its middle.
    #[must_use]
    pub fn handles(&self) -> Vec<Ras> {
        match self {
            Self::Distance { .. } | Self::Angle { .. } => self.places(),
            Self::Ellipse(frame) | Self::Rectangle(frame) => frame.corners().into_iter().chain([frame.middle]).collect(),
            Self::Freehand { .. } => vec![self.middle()],
        }
    }

    /// The same shape with one of its [`Shape::handles`] at another place. A region stays in its plane.
    #[must_use]
    pub fn with_handle(&self, index: usize, to: Ras) -> Self {
        let mut changed = self.clone();
        match &mut changed {
            Self::Distance { ends } if index < 2 => ends[index] = to,
            Self::Angle { points } if index < 3 => points[index] = to,
            Self::Ellipse(frame) | Self::Rectangle(frame) if index < 4 => *frame = frame.with_corner(index, to),
            _ => return self.moved(to.0 - self.middle().0),
        }
        changed
    }

    /// The same shape elsewhere, `way` in mm; a region stays in its plane.
    #[must_use]
    pub fn moved(&self, way: DVec3) -> Self {
        let mut changed = self.clone();
        let way = self.normal().map_or(way, |normal| way - normal * way.dot(normal));
        let shift = |place: &mut Ras| place.0 += way;
        match &mut changed {
            Self::Distance { ends } => ends.iter_mut().for_each(shift),
            Self::Angle { points } => points.iter_mut().for_each(shift),
            Self::Ellipse(frame) | Self::Rectangle(frame) => shift(&mut frame.middle),
            Self::Freehand { outline } => outline.iter_mut().for_each(shift),
        }
        changed
    }

    /// Square to a region's plane, of length 1; `None` where there is no plane.
    #[must_use]
    pub fn normal(&self) -> Option<DVec3> {
        match self {
            Self::Distance { .. } | Self::Angle { .. } => None,
            Self::Ellipse(frame) | Self::Rectangle(frame) => frame.halves[0].cross(frame.halves[1]).try_normalize(),
            Self::Freehand { outline } => area_vector(outline).try_normalize(),
        }
    }
}

/// Square to a closed line's plane, as long as its area (Newell).
fn area_vector(outline: &[Ras]) -> DVec3 {
    let Some(first) = outline.first() else { return DVec3::ZERO };
    let from_first = |n: usize| outline[n % outline.len()].0 - first.0;
    (0..outline.len()).map(|n| from_first(n).cross(from_first(n + 1))).sum::<DVec3>() / 2.0
}

#[cfg(test)]
mod tests {
    use medley_volume::VoxelIndex;
    use medley_volume::glam::DAffine3;

    use super::*;

    pub(crate) fn oblique() -> Grid {
        let turn =
            DAffine3::from_translation(DVec3::new(12.0, -7.0, 3.0)) * DAffine3::from_rotation_y(0.3) * DAffine3::from_rotation_z(0.2);
        Grid::new([20, 30, 12], turn * DAffine3::from_scale(DVec3::new(0.7, -0.9, 4.0))).expect("a usable affine")
    }

    #[test]
    fn a_distance_is_true_on_an_oblique_grid_with_long_voxels() {
        let grid = oblique();
        let place = |voxel| grid.ras_of(VoxelIndex(voxel));
        let shape = Shape::Distance { ends: [place([1, 2, 3]), place([11, 22, 8])] };
        let wanted = (7.0f64.powi(2) + 18.0f64.powi(2) + 20.0f64.powi(2)).sqrt();
        assert!((shape.size() - wanted).abs() < 1e-9, "{} is not {wanted}", shape.size());
    }

    #[test]
    fn an_angle_is_true_on_an_oblique_grid_with_long_voxels() {
        let grid = oblique();
        let place = |voxel| grid.ras_of(VoxelIndex(voxel));
        let square = Shape::Angle { points: [place([9, 2, 3]), place([1, 2, 3]), place([1, 2, 9])] };
        assert!((square.size() - 90.0).abs() < 1e-9);
        // 9 mm along j and 4 mm along k.
        let slanted = Shape::Angle { points: [place([1, 12, 3]), place([1, 2, 3]), place([1, 12, 4])] };
        assert!((slanted.size() - (4.0f64 / 9.0).atan().to_degrees()).abs() < 1e-9);
        let flat = Shape::Angle { points: [place([0, 0, 0]), place([1, 0, 0]), place([2, 0, 0])] };
        assert!((flat.size() - 180.0).abs() < 1e-6);
    }

    #[test]
    fn areas_are_those_of_the_textbook() {
        let plane = SlicePlane::spanned(Ras(DVec3::ZERO), DVec3::new(1.0, 2.0, 0.5), DVec3::new(-2.0, 1.0, 3.0), &oblique());
        let at = |x: f64, y: f64| Ras(plane.right * x + plane.down * y);
        let frame = Frame::between(&plane, at(-1.0, 5.0), at(5.0, 1.0));
        assert!((Shape::Rectangle(frame).size() - 24.0).abs() < 1e-9);
        assert!((Shape::Ellipse(frame).size() - std::f64::consts::PI * 6.0).abs() < 1e-9);
        let corner = Shape::Freehand { outline: vec![at(0.0, 0.0), at(4.0, 0.0), at(4.0, 1.0), at(1.0, 1.0), at(1.0, 3.0), at(0.0, 3.0)] };
        assert!((corner.size() - 6.0).abs() < 1e-9);
    }

    #[test]
    fn a_corner_is_moved_and_the_opposite_one_stays() {
        let plane = SlicePlane::spanned(Ras(DVec3::new(3.0, 1.0, 2.0)), DVec3::X, DVec3::new(0.0, 0.6, -0.8), &oblique());
        let at = |x: f64, y: f64| Ras(plane.origin.0 + plane.right * x + plane.down * y);
        let shape = Shape::Rectangle(Frame::between(&plane, at(0.0, 0.0), at(4.0, 2.0)));
        for index in 0..4 {
            let fixed = shape.handles()[(index + 2) % 4];
            let wanted = Ras(at(9.0, -7.0).0 + plane.normal * 3.0);
            let changed = shape.with_handle(index, wanted);
            let corners = changed.handles();
            let is_there = |place: Ras| corners.iter().any(|corner| corner.0.distance(place.0) < 1e-9);
            assert!(is_there(fixed) && is_there(at(9.0, -7.0)), "{changed:?}");
        }
        let moved = shape.with_handle(4, Ras(at(10.0, 0.0).0 + plane.normal));
        assert!((moved.size() - shape.size()).abs() < 1e-9);
        assert!(moved.middle().0.distance(at(10.0, 0.0).0) < 1e-9, "it stays in its plane");
    }

    #[test]
    fn a_line_lies_in_its_slice_passes_through_those_between_and_no_other() {
        let grid = oblique();
        let ways = grid.ras_from_voxel().matrix3;
        let plane = |k: usize| SlicePlane::spanned(grid.ras_of(VoxelIndex([0, 0, k])), ways.col(0), ways.col(1), &grid);
        let place = |voxel| grid.ras_of(VoxelIndex(voxel));
        assert!((plane(0).thickness_mm - 4.0).abs() < 1e-9);
        let flat = Shape::Distance { ends: [place([0, 0, 5]), place([9, 9, 5])] };
        let steep = Shape::Distance { ends: [place([0, 0, 3]), place([9, 9, 6])] };
        let seen: Vec<_> = (0..9).map(|k| [plane(k).passes(&flat), plane(k).passes(&steep)]).collect();
        for (k, found) in seen.into_iter().enumerate() {
            assert_eq!(found[0], if k == 5 { Passing::Within } else { Passing::Beside });
            assert_eq!(found[1], if (3..=6).contains(&k) { Passing::Through } else { Passing::Beside });
        }
    }
}
