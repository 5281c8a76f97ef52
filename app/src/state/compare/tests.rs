use medley_volume::glam::DAffine3;
use medley_volume::{AnatomicalPlane, Ras};

use super::*;
use crate::state::slice_geometry::{SliceCamera, SliceGeometry};
use crate::state::window_level::WindowLevel;

const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Sagittal, AnatomicalPlane::Coronal];
const SIZES: [DVec2; 3] = [DVec2::new(420.0, 380.0), DVec2::new(420.0, 240.0), DVec2::new(210.0, 380.0)];

/// Grids that lie over each other and have nothing else in common; the last two stand askew.
fn grids() -> Vec<Grid> {
    let flipped = DAffine3::from_translation(DVec3::new(90.0, 110.0, -70.0)) * DAffine3::from_scale(DVec3::new(-2.0, -2.5, 3.0));
    let turned = |angle: f64| {
        DAffine3::from_translation(DVec3::new(-80.0, -95.0, -60.0))
            * DAffine3::from_rotation_x(angle)
            * DAffine3::from_rotation_z(angle / 2.0)
            * DAffine3::from_scale(DVec3::new(1.5, 1.25, 4.0))
    };
    let made = [([100, 90, 50], flipped), ([110, 150, 40], turned(0.0)), ([110, 150, 40], turned(0.3)), ([64, 70, 90], turned(-0.2))];
    made.into_iter().map(|(shape, affine)| Grid::new(shape, affine).expect("a usable affine")).collect()
}

fn views(crosshair: DVec3) -> Views {
    let cameras = [(1.0, [0.0, 0.0]), (2.5, [12.0, -7.0]), (0.6, [-30.0, 4.0])];
    let cameras = cameras.map(|(zoom, pan)| SliceCamera { zoom, pan_mm: DVec2::from_array(pan) });
    Views { cameras, crosshair: Ras(crosshair), ..Views::default() }
}

fn geometry(grid: &Grid, views: &Views, slot: usize) -> SliceGeometry {
    SliceGeometry::new(grid, PLANES[slot], views.convention, views.cameras[slot], views.crosshair, DVec2::new(300.0, 200.0), SIZES[slot])
}

#[test]
fn linked_views_show_the_same_place_as_large_on_grids_of_any_kind() {
    let offset = DVec3::new(14.0, -3.0, 8.0);
    for from_grid in grids() {
        for to_grid in grids() {
            let from = views(from_grid.center().0 + DVec3::new(6.0, -9.0, 4.0));
            let mut to = Views::default();
            carry((&from_grid, &from), (&to_grid, &mut to), offset, SIZES);
            assert!((to.crosshair.0 - from.crosshair.0 - offset).length() < 1e-9);
            for slot in 0..3 {
                let (a, b) = (geometry(&from_grid, &from, slot), geometry(&to_grid, &to, slot));
                assert!((a.points_per_mm() / b.points_per_mm() - 1.0).abs() < 1e-9);
                let middle = DVec2::new(300.0, 200.0);
                let drawn = b.point_of(Ras(a.ras_under(middle).0 + offset));
                assert!((drawn - middle).length() < 1e-6, "slot {slot}: {} points beside", (drawn - middle).length());
            }
        }
    }
}

#[test]
fn grids_that_stand_alike_agree_in_every_point_of_the_screen() {
    let grids = grids();
    let from = views(grids[0].center().0);
    let mut to = Views::default();
    carry((&grids[0], &from), (&grids[1], &mut to), DVec3::ZERO, SIZES);
    for slot in 0..3 {
        let (a, b) = (geometry(&grids[0], &from, slot), geometry(&grids[1], &to, slot));
        for point in [DVec2::new(100.0, 50.0), DVec2::new(480.0, 20.0), DVec2::new(333.0, 350.0)] {
            assert!((b.point_of(a.ras_under(point)) - point).length() < 1e-6);
        }
    }
}

#[test]
fn the_side_that_is_moved_leads_and_nothing_wanders_on_askew_grids() {
    let grids = grids();
    let (a, b) = (&grids[2], &grids[3]);
    let (mut open, mut other) = (views(a.center().0), Views::default());
    let mut comparison = Comparison::with(Other::Case(CaseId(2)), Views::default(), usual_offset(a, b), true);
    assert!(!comparison.follow((a, &mut open), (b, &mut other), SIZES), "the open case leads at first");
    // A hundred frames with nothing moved, then a hundred in which only the other side's slice changes.
    let (still_open, still_other) = (open.cameras, other.cameras);
    for _ in 0..100 {
        comparison.follow((a, &mut open), (b, &mut other), SIZES);
    }
    assert_eq!((open.cameras, other.cameras), (still_open, still_other));
    for step in 0..100 {
        other.crosshair.0.z += if step % 2 == 0 { 3.0 } else { -3.0 };
        assert!(comparison.follow((a, &mut open), (b, &mut other), SIZES));
        assert!((open.crosshair.0 - other.crosshair.0).length() < 1e-9);
        assert_eq!(other.cameras, still_other, "the side that leads is left alone");
    }
    let apart = (open.cameras[0].pan_mm - still_open[0].pan_mm).length();
    assert!(apart < 5.0, "the led side wandered by {apart} mm");
    open.window = WindowLevel { width: 80.0, level: 40.0 };
    comparison.follow((a, &mut open), (b, &mut other), SIZES);
    assert_eq!(other.window, open.window);
    // Each in its own, and in one again.
    comparison.toggle_window_link();
    other.window = WindowLevel { width: 9.0, level: 1.0 };
    comparison.follow((a, &mut open), (b, &mut other), SIZES);
    assert_eq!((open.window.width, other.window.width), (80.0, 9.0));
    comparison.toggle_window_link();
    comparison.follow((a, &mut open), (b, &mut other), SIZES);
    assert_eq!(other.window, open.window);
}

#[test]
fn unlinked_sides_stay_and_link_here_takes_both_crosshairs_as_one_place() {
    let grids = grids();
    let (a, b) = (&grids[0], &grids[1]);
    let (mut open, mut other) = (views(DVec3::new(1.0, 2.0, 3.0)), views(DVec3::new(40.0, -20.0, 10.0)));
    let mut comparison = Comparison::with(Other::Case(CaseId(2)), Views::default(), DVec3::ZERO, false);
    comparison.toggle_link();
    comparison.follow((a, &mut open), (b, &mut other), SIZES);
    assert_eq!(other.crosshair, Ras(DVec3::new(40.0, -20.0, 10.0)));
    comparison.link_here(&open, &other);
    open.crosshair.0 += DVec3::new(5.0, 5.0, 5.0);
    comparison.follow((a, &mut open), (b, &mut other), SIZES);
    assert!((other.crosshair.0 - DVec3::new(45.0, -15.0, 15.0)).length() < 1e-9);
    // Seen from the other side it is the same link.
    comparison.turn_round(CaseId(1));
    assert_eq!((comparison.other, comparison.is_open_first), (Other::Case(CaseId(1)), false));
    other.crosshair.0.x += 2.0;
    comparison.follow((b, &mut other), (a, &mut open), SIZES);
    assert!((open.crosshair.0 - DVec3::new(8.0, 7.0, 8.0)).length() < 1e-9);
}

#[test]
fn scans_that_lie_apart_are_linked_by_their_middles() {
    let near = Grid::axis_aligned([10, 10, 10], [2.0; 3]).expect("a grid");
    let far = Grid::new([20, 20, 20], DAffine3::from_translation(DVec3::new(500.0, 0.0, 0.0))).expect("a grid");
    assert_eq!(usual_offset(&near, &near), DVec3::ZERO);
    assert_eq!(near.center().0 + usual_offset(&near, &far), far.center().0);
    // Two stations of one sitting.
    let next = Grid::new([20, 20, 20], DAffine3::from_translation(DVec3::new(0.0, 0.0, 21.0))).expect("a grid");
    assert_eq!((usual_offset(&near, &next), usual_offset(&next, &near)), (DVec3::ZERO, DVec3::ZERO));
}

/// The crosshair is a place in the patient: what is pointed at in one view of an oblique scan is met by the slices of the others.
#[test]
fn the_crosshair_is_one_place_in_all_views_of_an_oblique_scan() {
    for grid in grids() {
        for (slot, point) in [(0, DVec2::new(290.0, 206.0)), (1, DVec2::new(315.0, 190.0)), (2, DVec2::new(308.0, 180.0))] {
            let mut views = views(grid.center().0);
            views.cameras = [SliceCamera::default(); 3];
            views.crosshair = geometry(&grid, &views, slot).ras_under(point);
            for other in 0..3 {
                let view = geometry(&grid, &views, other);
                let drawn = view.ras_under(view.point_of(views.crosshair));
                let apart = grid.continuous_index_of(drawn) - grid.continuous_index_of(views.crosshair);
                assert!(apart.abs().max_element() <= 0.5 + 1e-9, "{apart} voxels beside the slice");
            }
        }
    }
}
