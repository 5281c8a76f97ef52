//! The stored voxels within a region of a plane, and what they hold.

use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{Ras, Volume};

use super::shape::{Frame, Shape, SlicePlane, voxel_extent};

/// What the voxels of a region hold, in the volume's unit. Values that are no number are left out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegionStatistics {
    /// How many voxels have their centre in the region.
    pub voxels: usize,
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, of a sample (divided by one less than their number).
    pub sd: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl RegionStatistics {
    /// Of values; `None` where there is none.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        let finite = || values.iter().copied().filter(|value| value.is_finite());
        let count = finite().count();
        if count == 0 {
            return None;
        }
        let mean = finite().sum::<f64>() / count as f64;
        let squares: f64 = finite().map(|value| (value - mean).powi(2)).sum();
        let sd = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
        let (min, max) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), value| (min.min(value), max.max(value)));
        Some(Self { voxels: values.len(), mean, sd, min, max })
    }
}

/// The statistics of a region: of the voxels that its plane passes through and whose centres, seen along the plane's normal, lie in
/// it. For a slice along the voxels these are the voxels of that slice. `None` for what is no region or holds no voxel.
#[must_use]
pub fn region_statistics(volume: &Volume, shape: &Shape) -> Option<RegionStatistics> {
    let normal = shape.normal()?;
    let (places, _) = shape.line();
    let [right, down] = match shape {
        Shape::Ellipse(frame) | Shape::Rectangle(frame) => frame.halves,
        _ => [normal.any_orthonormal_vector(), normal.cross(normal.any_orthonormal_vector())],
    };
    let origin = match shape {
        Shape::Ellipse(Frame { middle, .. }) | Shape::Rectangle(Frame { middle, .. }) => *middle,
        _ => *places.first()?,
    };
    let plane =
        SlicePlane { origin, right: right.normalize(), down: down.normalize(), normal, thickness_mm: voxel_extent(volume.grid(), normal) };
    let flat = |place: &Ras| DVec2::new((place.0 - origin.0).dot(plane.right), (place.0 - origin.0).dot(plane.down));
    let outline: Vec<DVec2> = places.iter().map(flat).collect();
    let halves = DVec2::new(right.length(), down.length());
    let is_inside = |at: DVec2| match shape {
        Shape::Ellipse(_) => (at / halves).length_squared() <= 1.0 + 1e-12,
        Shape::Rectangle(_) => (at.abs() - halves).max_element() <= 1e-9,
        _ => is_within(&outline, at),
    };
    let low = outline.iter().copied().fold(DVec2::INFINITY, DVec2::min);
    let high = outline.iter().copied().fold(DVec2::NEG_INFINITY, DVec2::max);
    // An ellipse is drawn with corners that lie on it.
    let slack = if matches!(shape, Shape::Ellipse(_)) { halves * 0.01 } else { DVec2::splat(1e-6) };
    RegionStatistics::of(&values_on(volume, &plane, [low - slack, high + slack], is_inside))
}

/// All values of the voxels that a plane passes through.
#[must_use]
pub fn slice_values(volume: &Volume, plane: &SlicePlane) -> Vec<f64> {
    values_on(volume, plane, [DVec2::NEG_INFINITY, DVec2::INFINITY], |_| true)
}

/// The values of the voxels that a plane passes through and whose centres lie inside; `bounds` are the corners of a rectangle of
/// the plane (along its `right` and `down`, from its origin, in mm) outside of which nothing is inside.
fn values_on(volume: &Volume, plane: &SlicePlane, bounds: [DVec2; 2], is_inside: impl Fn(DVec2) -> bool) -> Vec<f64> {
    let grid = volume.grid();
    let [ni, nj, nk] = grid.shape();
    let to_plane = |way: DVec3| DVec3::new(way.dot(plane.right), way.dot(plane.down), way.dot(plane.normal));
    let matrix = grid.ras_from_voxel().matrix3;
    let [along_i, along_j, along_k] = [0, 1, 2].map(|axis| to_plane(matrix.col(axis)));
    let first = to_plane(grid.ras_from_voxel().translation - plane.origin.0);
    // Of two slices that a plane lies between, it passes through one.
    let half = plane.thickness_mm / 2.0;
    let (behind, before) = (-half * (1.0 + 1e-9), half * (1.0 - 1e-9));
    let low = DVec3::new(bounds[0].x, bounds[0].y, -half);
    let high = DVec3::new(bounds[1].x, bounds[1].y, half);
    let mut values = Vec::new();
    for k in 0..nk {
        for j in 0..nj {
            let row = first + along_j * j as f64 + along_k * k as f64;
            let Some((from, to)) = steps_within(row, along_i, low, high, ni) else { continue };
            for i in from..to {
                let at = row + along_i * i as f64;
                if at.z >= behind && at.z < before && is_inside(at.truncate()) {
                    let stored = volume.voxels().stored(grid.offset([i, j, k]));
                    values.extend(stored.map(|stored| volume.scaling().apply(stored)));
                }
            }
        }
    }
    values
}

/// Which of `count` steps of a walk from `start` by `step` may lie in a box; a step more at either end than can.
fn steps_within(start: DVec3, step: DVec3, low: DVec3, high: DVec3, count: usize) -> Option<(usize, usize)> {
    let (mut from, mut to) = (0.0f64, count as f64);
    for axis in 0..3 {
        if step[axis].abs() < 1e-9 {
            if start[axis] < low[axis] - 1e-6 || start[axis] > high[axis] + 1e-6 {
                return None;
            }
            continue;
        }
        let ends = [low, high].map(|end| (end[axis] - start[axis]) / step[axis]);
        from = from.max(ends[0].min(ends[1]).floor());
        to = to.min(ends[0].max(ends[1]).ceil() + 1.0);
    }
    (from < to).then_some((from as usize, (to as usize).min(count)))
}

/// Whether a point lies within a closed line: a ray from it crosses the line an odd number of times.
fn is_within(outline: &[DVec2], at: DVec2) -> bool {
    let mut is_inside = false;
    let mut previous = outline.last().copied().unwrap_or_default();
    for &corner in outline {
        if (corner.y > at.y) != (previous.y > at.y)
            && at.x < (previous.x - corner.x) * (at.y - corner.y) / (previous.y - corner.y) + corner.x
        {
            is_inside = !is_inside;
        }
        previous = corner;
    }
    is_inside
}

#[cfg(test)]
mod tests {
    use medley_volume::glam::DAffine3;
    use medley_volume::{Grid, Quantity, Scaling, VoxelIndex, Voxels};

    use super::*;

    fn volume() -> Volume {
        let turn = DAffine3::from_rotation_x(0.4) * DAffine3::from_rotation_z(-0.7);
        let grid = Grid::new([17, 13, 7], turn * DAffine3::from_scale(DVec3::new(0.8, -1.1, 3.5))).expect("a usable affine");
        let stored = (0..grid.len()).map(|n| (n * 7919 % 2003) as i16).collect();
        Volume::new(grid, Voxels::I16(stored), Scaling { slope: 2.0, intercept: -1000.0 }, Quantity::Hounsfield).expect("fits")
    }

    /// Every voxel of slice `k` whose index, less the middle, is inside.
    fn brute_force(volume: &Volume, k: usize, is_inside: impl Fn(f64, f64) -> bool) -> Vec<f64> {
        let [ni, nj, _] = volume.grid().shape();
        let all = (0..nj).flat_map(|j| (0..ni).map(move |i| [i, j, k]));
        let inside = all.filter(|&[i, j, _]| is_inside((i as f64 - 8.2) * 0.8, (j as f64 - 6.1) * 1.1));
        inside.filter_map(|voxel| volume.value(VoxelIndex(voxel))).collect()
    }

    fn frame(volume: &Volume, k: f64) -> Frame {
        let map = volume.grid().ras_from_voxel();
        let halves = [map.matrix3.col(0).normalize() * 4.3, map.matrix3.col(1).normalize() * 3.9];
        Frame { middle: Ras(map.transform_point3(DVec3::new(8.2, 6.1, k))), halves }
    }

    #[test]
    fn a_regions_numbers_are_those_of_its_voxels_one_by_one() {
        let volume = volume();
        for k in [0, 3, 6] {
            let frame = frame(&volume, k as f64);
            let ellipse = brute_force(&volume, k, |x, y| (x / 4.3).powi(2) + (y / 3.9).powi(2) <= 1.0);
            let rectangle = brute_force(&volume, k, |x, y| x.abs() <= 4.3 && y.abs() <= 3.9);
            for (shape, values) in [(Shape::Ellipse(frame), ellipse), (Shape::Rectangle(frame), rectangle)] {
                let found = region_statistics(&volume, &shape).expect("voxels");
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt();
                assert_eq!(found.voxels, values.len());
                assert!((found.mean - mean).abs() < 1e-9 && (found.sd - sd).abs() < 1e-9, "{found:?}");
                assert_eq!(Some(found.min), values.iter().copied().reduce(f64::min));
                assert_eq!(Some(found.max), values.iter().copied().reduce(f64::max));
            }
        }
    }

    #[test]
    fn a_line_drawn_by_hand_holds_what_the_same_rectangle_holds() {
        let volume = volume();
        let frame = frame(&volume, 2.0);
        let outline = frame.corners().to_vec();
        let [freehand, rectangle] = [Shape::Freehand { outline }, Shape::Rectangle(frame)].map(|shape| region_statistics(&volume, &shape));
        assert!(freehand.is_some());
        assert_eq!(freehand.map(|found| found.voxels), rectangle.map(|found| found.voxels));
    }

    #[test]
    fn a_slanted_plane_holds_the_voxels_it_passes_through() {
        let volume = volume();
        let normal = DVec3::new(0.3, -0.5, 0.8).normalize();
        let right = normal.any_orthonormal_vector();
        let plane = SlicePlane::spanned(volume.grid().center(), right, normal.cross(right), volume.grid());
        let reach = |voxel: [usize; 3]| {
            let corner =
                |n: usize| DVec3::from_array(std::array::from_fn(|axis| voxel[axis] as f64 + if n >> axis & 1 == 1 { 0.5 } else { -0.5 }));
            let distances = (0..8).map(|n| plane.distance_to(Ras(volume.grid().ras_from_voxel().transform_point3(corner(n)))));
            distances.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), d| (low.min(d), high.max(d)))
        };
        let [ni, nj, nk] = volume.grid().shape();
        let all = (0..nk).flat_map(|k| (0..nj).flat_map(move |j| (0..ni).map(move |i| [i, j, k])));
        let wanted: Vec<f64> = all
            .filter(|&voxel| {
                let (low, high) = reach(voxel);
                low < 0.0 && high > 0.0
            })
            .filter_map(|voxel| volume.value(VoxelIndex(voxel)))
            .collect();
        assert!(wanted.len() > 100);
        assert_eq!(slice_values(&volume, &plane), wanted);
    }

    #[test]
    fn a_region_between_two_slices_holds_those_of_one() {
        let volume = volume();
        let within = |k: f64| region_statistics(&volume, &Shape::Rectangle(frame(&volume, k)));
        let between = within(2.5).expect("voxels");
        assert!(Some(between) == within(2.0) || Some(between) == within(3.0), "{between:?}");
    }

    #[test]
    fn a_region_beside_the_scan_holds_nothing() {
        let volume = volume();
        let mut frame = frame(&volume, 2.0);
        frame.middle.0 += DVec3::splat(500.0);
        assert_eq!(region_statistics(&volume, &Shape::Ellipse(frame)), None);
    }
}
