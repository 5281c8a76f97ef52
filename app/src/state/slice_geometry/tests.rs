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

/// A grid that lies askew in the patient around the crosshair, its voxels of three lengths and one axis backwards.
fn askew() -> Grid {
    let turned = DAffine3::from_rotation_z(0.3) * DAffine3::from_rotation_x(-0.2) * DAffine3::from_scale(DVec3::new(0.8, -1.1, 2.5));
    let middle = turned.transform_point3(DVec3::new(19.5, 17.5, 8.0));
    let around = DAffine3::from_translation(DVec3::new(12.3, 31.4, 9.9) - middle) * turned;
    Grid::new([40, 36, 17], around).expect("a usable affine")
}

/// Some turns, the first of them none.
fn turns() -> Vec<DQuat> {
    let about = [DVec3::X, DVec3::new(0.3, 1.0, -0.4), DVec3::new(-1.0, 0.2, 0.6)];
    let turned = (1..12).map(|n| DQuat::from_axis_angle(about[n % 3].normalize(), n as f64 * 0.47));
    std::iter::once(DQuat::IDENTITY).chain(turned).collect()
}

#[test]
fn a_point_goes_to_the_patient_and_back_in_turned_planes() {
    for grid in [askew(), stored_as([2, 0, 1], [true, false, true])] {
        for turn in turns() {
            for plane in PLANES {
                let geometry = view(&grid, plane, Convention::Radiological).turned(turn);
                for point in [DVec2::new(400.0, 300.0), DVec2::new(170.0, 420.0), DVec2::new(633.0, 131.0)] {
                    let there = geometry.ras_under(point);
                    assert!((geometry.point_of(there) - point).length() < 1e-8, "{plane:?} {turn}");
                }
                let apart = (geometry.ras_under(DVec2::ZERO).0 - geometry.ras_under(DVec2::new(3.0, 4.0)).0).length();
                // The grid's own planes are drawn by its spacings; these are square, so that lengths hold.
                assert!((apart * geometry.points_per_mm() - 5.0).abs() < 1e-8, "{plane:?} {turn}: {apart} mm");
            }
        }
    }
}

#[test]
fn no_turn_is_the_grids_own_plane_and_a_small_one_lies_beside_it() {
    for grid in [askew(), stored_as([1, 2, 0], [true, true, false])] {
        for plane in PLANES {
            for convention in [Convention::Radiological, Convention::Neurological] {
                let straight = view(&grid, plane, convention);
                let same = straight.turned(DQuat::IDENTITY);
                assert!(!same.is_oblique());
                assert_eq!(same.texture_affine(), straight.texture_affine());
                assert_eq!((same.slice_number(), same.slice_count()), (straight.slice_number(), straight.slice_count()));
                let slight = straight.turned(DQuat::from_axis_angle(DVec3::new(1.0, 1.0, 1.0).normalize(), 1e-6));
                assert!(slight.is_oblique());
                for point in [DVec2::new(400.0, 300.0), DVec2::new(170.0, 420.0)] {
                    let apart = slight.ras_under(point).0 - straight.ras_under(point).0;
                    // A straight plane goes through the middles of voxels: at most half a step away.
                    assert!(apart.length() < straight.step().mm / 2.0 + 1e-3, "{plane:?} {convention:?}: {apart}");
                }
                assert!((slight.step().mm - straight.step().mm).abs() < 1e-5);
                assert!((slight.step().voxels - straight.step().voxels).length() < 1e-5);
                assert!(slight.slice_number().abs_diff(straight.slice_number()) <= 1);
                assert!(slight.slice_count().abs_diff(straight.slice_count()) <= 1);
                assert_eq!(slight.edge_letters(), straight.edge_letters());
            }
        }
    }
}

#[test]
fn letters_of_turned_planes_say_where_the_pixels_really_are() {
    let grid = askew();
    for turn in turns() {
        for plane in PLANES {
            let geometry = view(&grid, plane, Convention::Radiological).turned(turn);
            if !geometry.is_oblique() {
                continue;
            }
            let middle = geometry.ras_under(DVec2::new(400.0, 300.0)).0;
            let edges = [DVec2::new(300.0, 300.0), DVec2::new(500.0, 300.0), DVec2::new(400.0, 200.0), DVec2::new(400.0, 400.0)];
            for (letters, point) in geometry.edge_letters().iter().zip(edges) {
                let way = (geometry.ras_under(point).0 - middle).normalize();
                for letter in letters.chars() {
                    let along = match letter {
                        'R' => way.x,
                        'L' => -way.x,
                        'A' => way.y,
                        'P' => -way.y,
                        'S' => way.z,
                        _ => -way.z,
                    };
                    assert!(along > 0.38, "{plane:?} {letters}: {way}");
                }
            }
        }
    }
}

#[test]
fn stepping_in_a_turned_plane_goes_along_its_normal_and_stops_where_the_grid_ends() {
    let grid = stored_as([0, 1, 2], [false, false, true]);
    let turn = DQuat::from_axis_angle(DVec3::X, 0.6);
    let at = |crosshair| {
        let camera = SliceCamera::default();
        SliceGeometry::new(&grid, PLANES[0], Convention::Radiological, camera, crosshair, DVec2::ZERO, DVec2::splat(100.0)).turned(turn)
    };
    let start = grid.center();
    let (normal, step) = (turn.mul_vec3(DVec3::Z), at(start).step().mm);
    // Between the 1 mm of one axis and the 3 mm of the other.
    assert!((step - 1.0 / (0.6f64.sin().powi(2) + (0.6f64.cos() / 3.0).powi(2)).sqrt()).abs() < 1e-12, "{step}");
    let next = at(start).stepped(start, 2);
    assert!((next.0 - start.0 - normal * 2.0 * step).length() < 1e-9);
    assert_eq!(at(next).slice_number(), at(start).slice_number() + 2);
    let (first, last) = (at(start).stepped(start, -999), at(start).stepped(start, 999));
    assert_eq!(at(first).slice_number(), 1);
    assert!(at(last).slice_number() == at(last).slice_count() && at(last).slice_count() > 10);
}

#[test]
fn the_crosshair_stays_in_the_grid_and_in_the_slice() {
    let grid = askew();
    for turn in turns().into_iter().skip(1) {
        let geometry = view(&grid, PLANES[1], Convention::Radiological).turned(turn);
        let normal = geometry.clockwise_axis();
        for point in [DVec2::new(-4000.0, 300.0), DVec2::new(400.0, 9000.0), DVec2::new(400.0, 300.0)] {
            let to = geometry.ras_under(point);
            let kept = geometry.inside_towards(to);
            assert!((kept.0 - to.0).dot(normal).abs() < 1e-6, "not in the slice");
            let voxel = grid.continuous_index_of(kept);
            let is_crosshair = kept == Ras(DVec3::new(12.0, 31.0, 9.0));
            let is_inside = (0..3).all(|axis| voxel[axis] > -1e-6 && voxel[axis] < grid.shape()[axis] as f64 - 1.0 + 1e-6);
            assert!(is_inside || is_crosshair, "{voxel}");
        }
    }
}
