//! The three planes turned out of the scan's own: square to each other, through the crosshair.
//!
//! A turn is one rotation of all three normals. What a view shows of its plane is turned no more than the normal asks for, so
//! that the view in which a person turns the other two planes stands still.

use medley_volume::glam::{DMat3, DQuat, DVec3};
use medley_volume::{AnatomicalPlane, Grid};

use super::slice_geometry::{Convention, screen_directions};

/// Rotations smaller than this, in radians, are none: what turning there and back leaves of rounding.
const NO_TURN: f64 = 1e-9;

/// Components of a direction below this are not worth a letter: the sine of 22.5°.
const WORTH_A_LETTER: f64 = 0.382_683_432_365_089_8;

/// How a turned plane lies on the screen: orthonormal directions in RAS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlaneFrame {
    /// To the right on the screen.
    pub right: DVec3,
    /// Down the screen.
    pub down: DVec3,
    /// Through the screen, towards the patient's right, front or head before the turn.
    pub normal: DVec3,
}

impl PlaneFrame {
    /// The frame of `plane` after all planes were turned by `turn` out of those of `grid`.
    #[must_use]
    pub fn new(grid: &Grid, plane: AnatomicalPlane, convention: Convention, turn: DQuat) -> Self {
        let axes = square_axes(grid);
        let [right, down] = screen_directions(plane, convention).map(|direction| direction.along(axes));
        let normal = axes[plane.normal_axis()];
        let turned = turn.mul_vec3(normal);
        let swing = least_turn(normal, turned, down);
        Self { right: swing.mul_vec3(right), down: swing.mul_vec3(down), normal: turned }
    }
}

/// Whether a turn takes `plane` out of the scan's own: not where the other two were turned about its normal.
#[must_use]
pub fn is_plane_turned(grid: &Grid, plane: AnatomicalPlane, turn: DQuat) -> bool {
    if turn == DQuat::IDENTITY {
        return false;
    }
    let normal = square_axes(grid)[plane.normal_axis()];
    (turn.mul_vec3(normal) - normal).length() > NO_TURN
}

/// The normals of the sagittal, coronal and axial plane (the patient's right, front and head) after a turn.
#[must_use]
pub fn turned_normals(grid: &Grid, turn: DQuat) -> [DVec3; 3] {
    square_axes(grid).map(|axis| turn.mul_vec3(axis))
}

/// A turn followed by another one by `angle` radians about `axis`; exactly none where they cancel.
#[must_use]
pub fn turned_on(turn: DQuat, axis: DVec3, angle: f64) -> DQuat {
    let Some(axis) = axis.try_normalize().filter(|_| angle.is_finite()) else { return turn };
    let next = (DQuat::from_axis_angle(axis, angle) * turn).normalize();
    if next.angle_between(DQuat::IDENTITY) < NO_TURN { DQuat::IDENTITY } else { next }
}

/// The letters of the sides a direction points to, the nearest first: `"R"`, `"RA"`, `"SPL"`.
#[must_use]
pub fn direction_letters(direction: DVec3) -> String {
    let letters = [['R', 'L'], ['A', 'P'], ['S', 'I']];
    let mut axes = [0, 1, 2];
    axes.sort_by(|a, b| direction[*b].abs().total_cmp(&direction[*a].abs()));
    let worth = axes.into_iter().enumerate().filter(|(n, axis)| *n == 0 || direction[*axis].abs() > WORTH_A_LETTER);
    worth.map(|(_, axis)| letters[axis][usize::from(direction[axis] < 0.0)]).collect()
}

/// The directions of the grid's axes nearest to right, front and head, made square to each other: the orthonormal matrix
/// nearest to them (Higham's iteration for the polar decomposition).
fn square_axes(grid: &Grid) -> [DVec3; 3] {
    let (map, matrix) = (grid.axes(), grid.ras_from_voxel().matrix3);
    let column = |patient: usize| {
        let along = matrix.col(map.voxel_axis[patient]).normalize();
        if map.is_flipped[patient] { -along } else { along }
    };
    let mut nearest = DMat3::from_cols(column(0), column(1), column(2));
    for _ in 0..32 {
        let next = (nearest + nearest.inverse().transpose()) * 0.5;
        let is_done = next.abs_diff_eq(nearest, 1e-15);
        nearest = next;
        if is_done {
            break;
        }
    }
    [nearest.col(0), nearest.col(1), nearest.col(2)]
}

/// The smallest rotation that takes one unit vector to another; about `otherwise` where they are opposite.
fn least_turn(from: DVec3, to: DVec3, otherwise: DVec3) -> DQuat {
    if from.dot(to) < -1.0 + 1e-12 { DQuat::from_axis_angle(otherwise, std::f64::consts::PI) } else { DQuat::from_rotation_arc(from, to) }
}

#[cfg(test)]
mod tests {
    use medley_volume::glam::DAffine3;

    use super::*;

    const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal];

    fn sheared() -> Grid {
        let columns = DMat3::from_cols(DVec3::new(-0.9, 0.1, 0.0), DVec3::new(0.05, -0.8, 0.2), DVec3::new(0.0, 0.4, 2.5));
        Grid::new([20, 30, 10], DAffine3 { matrix3: columns, translation: DVec3::new(3.0, -7.0, 40.0) }).expect("a usable affine")
    }

    #[test]
    fn frames_are_orthonormal_and_planes_stay_square() {
        let grid = sheared();
        let mut turn = DQuat::IDENTITY;
        for n in 0..40 {
            let angle = f64::from(n) * 0.37;
            turn = turned_on(turn, DVec3::new(angle.sin(), angle.cos(), 0.3), 0.5);
            let normals = turned_normals(&grid, turn);
            for plane in PLANES {
                for convention in [Convention::Radiological, Convention::Neurological] {
                    let PlaneFrame { right, down, normal } = PlaneFrame::new(&grid, plane, convention, turn);
                    let matrix = DMat3::from_cols(right, down, normal);
                    assert!((matrix.transpose() * matrix).abs_diff_eq(DMat3::IDENTITY, 1e-12));
                    assert_eq!(normal, normals[plane.normal_axis()]);
                }
            }
            assert!(normals[0].dot(normals[1]).abs() < 1e-12 && normals[1].dot(normals[2]).abs() < 1e-12);
        }
    }

    #[test]
    fn the_view_in_which_the_others_are_turned_stands_still() {
        let grid = sheared();
        for plane in PLANES {
            let before = PlaneFrame::new(&grid, plane, Convention::Radiological, DQuat::IDENTITY);
            let turn = turned_on(DQuat::IDENTITY, before.right.cross(before.down), 0.7);
            let after = PlaneFrame::new(&grid, plane, Convention::Radiological, turn);
            assert!((after.right - before.right).length() < 1e-12 && (after.down - before.down).length() < 1e-12);
            assert_eq!(PLANES.map(|other| is_plane_turned(&grid, other, turn)), PLANES.map(|other| other != plane));
            let other = PLANES.into_iter().find(|other| *other != plane).expect("another plane");
            let moved = PlaneFrame::new(&grid, other, Convention::Radiological, turn).normal
                - PlaneFrame::new(&grid, other, Convention::Radiological, DQuat::IDENTITY).normal;
            assert!(moved.length() > 0.5);
        }
    }

    #[test]
    fn turning_there_and_back_is_exactly_no_turn() {
        let (axis, other) = (DVec3::new(0.2, -0.5, 1.0), DVec3::X);
        let there = turned_on(turned_on(DQuat::IDENTITY, axis, 0.3), other, -1.1);
        assert_ne!(there, DQuat::IDENTITY);
        assert_eq!(turned_on(turned_on(there, other, 1.1), axis, -0.3), DQuat::IDENTITY);
        assert_eq!(turned_on(there, DVec3::ZERO, 1.0), there);
        assert_eq!(turned_on(there, axis, f64::NAN), there);
    }

    #[test]
    fn a_plane_seen_from_behind_still_has_a_frame() {
        let grid = sheared();
        let down = PlaneFrame::new(&grid, AnatomicalPlane::Coronal, Convention::Radiological, DQuat::IDENTITY).down;
        let half = DQuat::from_axis_angle(down, std::f64::consts::PI);
        let frame = PlaneFrame::new(&grid, AnatomicalPlane::Coronal, Convention::Radiological, half);
        assert!((frame.down - down).length() < 1e-9 && frame.right.is_finite());
    }

    #[test]
    fn letters_name_the_nearest_sides() {
        let named = |x: f64, y: f64, z: f64| direction_letters(DVec3::new(x, y, z).normalize());
        assert_eq!(named(1.0, 0.2, 0.0), "R");
        assert_eq!(named(1.0, 0.9, 0.1), "RA");
        assert_eq!(named(-0.9, 0.1, -1.0), "IL");
        assert_eq!(named(0.8, -0.9, 1.0), "SPR");
    }
}
