use medley_annotate::tools::{Slice, polygon};
use medley_annotate::{PaintRules, Refusal};
use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Ras};
use rand::RngExt;

use crate::common::{Scene, picture, rng};

const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal];

fn contour(points: &[[f64; 2]], z: f64) -> Vec<Ras> {
    points.iter().map(|&[x, y]| Ras(DVec3::new(x, y, z))).collect()
}

#[test]
fn centres_on_the_line_are_inside() {
    let scene = Scene::empty([9, 7, 3]);
    let slice = Slice { axis: 2, index: 1 };
    let diamond = contour(&[[4.0, 0.0], [7.0, 3.0], [4.0, 6.0], [1.0, 3.0]], 1.0);
    let edit = polygon(&scene.canvas(1), slice, &diamond).expect("a change");
    let wanted = ["....1....", "...111...", "..11111..", ".1111111.", "..11111..", "...111...", "....1...."];
    assert_eq!(picture(&scene.after(&edit), 1), wanted);
    assert_eq!(edit.region.shape()[2], 1);
}

#[test]
fn a_contour_across_itself_leaves_out_what_it_goes_around_twice() {
    let scene = Scene::empty([9, 5, 1]);
    let slice = Slice { axis: 2, index: 0 };
    // Around [0.5, 7.5] × [0.5, 3.5], and once more around a part of it.
    let twice = [[0.5, 0.5], [7.5, 0.5], [7.5, 3.5], [0.5, 3.5], [0.5, 0.5], [4.5, 0.5], [4.5, 3.5], [0.5, 3.5]];
    let edit = polygon(&scene.canvas(2), slice, &contour(&twice, 0.0)).expect("a change");
    assert_eq!(picture(&scene.after(&edit), 0), [".........", ".....222.", ".....222.", ".....222.", "........."]);
}

#[test]
fn agrees_with_a_point_in_polygon_test_for_each_voxel() {
    for seed in 0..60 {
        let mut scene = Scene::random(seed);
        scene.rules = PaintRules { locked: vec![2], ..PaintRules::default() };
        let rng = &mut rng(seed);
        let plane = PLANES[seed as usize % 3];
        let grid = *scene.mask.grid();
        let slice = Slice::nearest(&grid, plane, scene.at(scene.shape().map(|side| rng.random_range(0..side)))).expect("inside");
        let [u, v] = slice.in_plane();
        let sides = scene.shape();
        // Vertices on voxel centres half of the time, so that centres lie on the line.
        let on_centres = rng.random_bool(0.5);
        let points: Vec<DVec2> = (0..rng.random_range(3..12))
            .map(|_| {
                let at = DVec2::new(rng.random_range(-3.0..sides[u] as f64 + 3.0), rng.random_range(-3.0..sides[v] as f64 + 3.0));
                if on_centres { at.round() } else { at }
            })
            .collect();
        let to_ras = |at: &DVec2| {
            let mut voxel = DVec3::ZERO;
            (voxel[u], voxel[v], voxel[slice.axis]) = (at.x, at.y, slice.index as f64);
            Ras(grid.ras_from_voxel().transform_point3(voxel))
        };
        let contour: Vec<Ras> = points.iter().map(to_ras).collect();
        let label = [0, 1, 300, 999][seed as usize % 4];
        let mut wanted = scene.mask.clone();
        for a in 0..sides[u] {
            for b in 0..sides[v] {
                let mut voxel = [0; 3];
                (voxel[u], voxel[v], voxel[slice.axis]) = (a, b, slice.index);
                let offset = grid.offset(voxel);
                if is_inside(DVec2::new(a as f64, b as f64), &points) && wanted.at(offset) != 2 {
                    wanted.set(offset, label);
                }
            }
        }
        let found = polygon(&scene.canvas(label), slice, &contour).map_or_else(|_| scene.mask.clone(), |edit| scene.after(&edit));
        assert_eq!(crate::common::labels(&found), crate::common::labels(&wanted), "seed {seed}");
    }
}

/// By the distance to each edge, and else by the sum of the angles under which the edges are seen, halved turns told by parity.
fn is_inside(at: DVec2, points: &[DVec2]) -> bool {
    let edges = || points.iter().zip(points.iter().cycle().skip(1));
    let is_on = edges().any(|(&a, &b)| {
        let way = b - a;
        let t = if way == DVec2::ZERO { 0.0 } else { ((at - a).dot(way) / way.length_squared()).clamp(0.0, 1.0) };
        (a + way * t - at).length() < 1e-9
    });
    // A ray in a direction that meets no vertex.
    let ray = DVec2::new(0.754_877, 0.655_865_33);
    let crossings = edges()
        .filter(|&(&a, &b)| {
            let (sa, sb) = (ray.perp_dot(a - at), ray.perp_dot(b - at));
            let meets = (sa > 0.0) != (sb > 0.0);
            let crossing = a + (b - a) * (sa / (sa - sb));
            meets && (crossing - at).dot(ray) > 0.0
        })
        .count();
    is_on || crossings % 2 == 1
}

#[test]
fn is_the_same_in_all_orders_of_the_axes() {
    for seed in 0..6 {
        let scene = Scene::random(seed);
        let rng = &mut rng(seed);
        let plane = PLANES[seed as usize % 3];
        let points: Vec<Ras> = (0..7).map(|_| scene.at(scene.shape().map(|side| rng.random_range(0..side)))).collect();
        let pivot = scene.at(scene.shape().map(|side| side / 2));
        scene.same_in_all_orders(|scene| {
            let slice = Slice::nearest(scene.mask.grid(), plane, pivot).expect("inside");
            polygon(&scene.canvas(5), slice, &points)
        });
    }
}

#[test]
fn what_is_no_contour_is_refused_with_its_reason() {
    let mut scene = Scene::empty([5, 5, 2]);
    let slice = Slice { axis: 2, index: 0 };
    let refusal = |scene: &Scene, label, points: &[[f64; 2]]| polygon(&scene.canvas(label), slice, &contour(points, 0.0)).err();
    assert_eq!(refusal(&scene, 1, &[[0.0, 0.0], [3.0, 3.0]]), Some(Refusal::NoContour));
    assert_eq!(refusal(&scene, 1, &[[0.0, 0.0], [3.0, f64::NAN], [1.0, 2.0]]), Some(Refusal::NoContour));
    assert_eq!(refusal(&scene, 1, &[[0.2, 0.2], [0.8, 0.2], [0.5, 0.8]]), Some(Refusal::Empty));
    assert_eq!(refusal(&scene, 1, &[[9.0, 9.0], [12.0, 9.0], [10.0, 12.0]]), Some(Refusal::Empty));
    assert_eq!(refusal(&scene, 0, &[[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]), Some(Refusal::NoChange));
    let far = [[-1e300, -1e300], [1e300, -1e300], [0.0, 1e300]];
    assert_eq!(scene.changed(&polygon(&scene.canvas(1), slice, &contour(&far, 0.0)).expect("all of it")).len(), 25);
    scene.rules.locked = vec![1];
    assert_eq!(refusal(&scene, 1, &[[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]), Some(Refusal::Locked(1)));
}
