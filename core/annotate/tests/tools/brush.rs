use medley_annotate::{Author, Brush, BrushShape, PaintRules, Stroke, ValueRange};
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, LabelMap, Ras, VoxelIndex};
use rand::RngExt;

use crate::common::{Scene, labels, picture, rng, voxel_of};

/// The mask after a stroke; panics unless the stroke comes and goes without a trace.
fn painted(scene: &Scene, brush: &Brush, way: &[Ras]) -> LabelMap {
    let mut mask = scene.mask.clone();
    let mut cancelled = Stroke::begin(brush.clone());
    for &to in way {
        cancelled.extend(&mut mask, Some(&scene.scan), to);
    }
    cancelled.cancel(&mut mask);
    assert_eq!(labels(&mask), labels(&scene.mask));
    let mut stroke = Stroke::begin(brush.clone());
    for &to in way {
        stroke.extend(&mut mask, Some(&scene.scan), to);
    }
    let after = mask.clone();
    match stroke.finish(&mask, Author::Person, 1) {
        Some(edit) => {
            edit.revert(&mut mask).expect("the Edit is in the mask");
            assert_eq!(labels(&mask), labels(&scene.mask));
            assert_eq!(labels(&Scene { rules: brush.rules.clone(), ..scene.clone() }.after(&edit)), labels(&after));
        }
        None => assert_eq!(labels(&after), labels(&scene.mask)),
    }
    after
}

fn brush(label: u16, radius_mm: f64, shape: BrushShape) -> Brush {
    Brush { label, radius_mm, shape, rules: PaintRules::default() }
}

#[test]
fn a_square_is_as_wide_as_twice_its_radius_and_drawn_without_gaps() {
    let scene = Scene::empty([12, 6, 3]);
    let square = brush(1, 1.0, BrushShape::Square(AnatomicalPlane::Axial));
    let mask = painted(&scene, &square, &[scene.at([2, 2, 1])]);
    assert_eq!(picture(&mask, 1)[..4], ["............", ".111........", ".111........", ".111........"]);
    assert_eq!(mask.counts()[&1], 9);
    let mask = painted(&scene, &square, &[scene.at([2, 2, 1]), scene.at([8, 4, 1])]);
    let wanted = ["............", ".111........", ".111111.....", ".111111111..", "....111111..", ".......111.."];
    assert_eq!(picture(&mask, 1), wanted, "along the way its corners draw the border");
    let cube = painted(&scene, &brush(2, 1.0, BrushShape::Cube), &[scene.at([11, 0, 2])]);
    assert_eq!(cube.counts()[&2], 8);
}

#[test]
fn the_voxels_of_a_square_or_cube_are_those_near_the_way() {
    for seed in 0..40 {
        let scene = Scene::random(seed);
        let rng = &mut rng(seed);
        let grid = *scene.mask.grid();
        let radius_mm = rng.random_range(2.0..5.0);
        let ends: [DVec3; 2] =
            std::array::from_fn(|_| DVec3::from_array(scene.shape().map(|side| rng.random_range(-2.0..side as f64 + 2.0))));
        let way = ends.map(|at| Ras(grid.ras_from_voxel().transform_point3(at)));
        let found = painted(&scene, &brush(900, radius_mm, BrushShape::Cube), &way);
        let half = DVec3::from_array(grid.spacing().map(|step| radius_mm / step));
        for offset in 0..found.len() {
            let voxel = DVec3::from_array(voxel_of(offset, scene.shape()).map(|v| v as f64));
            // The least of the largest distance, in half sides, along the way: a convex function, by thirds.
            let distance = |t: f64| ((ends[0].lerp(ends[1], t) - voxel) / half).abs().max_element();
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..200 {
                let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
                if distance(a) < distance(b) { high = b } else { low = a }
            }
            let nearest = distance(low);
            if (nearest - 1.0).abs() > 1e-6 {
                assert_eq!(found.at(offset) == 900, nearest < 1.0, "seed {seed}, voxel {voxel:?}, {nearest}");
            }
        }
    }
}

#[test]
fn only_values_in_range_are_painted() {
    for (seed, shape) in (0..).zip([BrushShape::Ball, BrushShape::Cube, BrushShape::Disc(AnatomicalPlane::Coronal)].repeat(5)) {
        let scene = Scene::random(seed);
        let mut plain = brush(3, 4.0, shape);
        plain.rules.locked = vec![1];
        let mut ranged = plain.clone();
        let range = ValueRange { low: -8.0, high: 60.0 };
        ranged.rules.values = Some(range);
        let rng = &mut rng(seed);
        let way: Vec<Ras> = (0..4).map(|_| scene.at(scene.shape().map(|side| rng.random_range(0..side)))).collect();
        let (all, some) = (painted(&scene, &plain, &way), painted(&scene, &ranged, &way));
        for n in 0..all.len() {
            let is_in = range.contains(scene.scan.value(VoxelIndex(voxel_of(n, scene.shape()))).expect("inside"));
            assert_eq!(some.at(n), if is_in { all.at(n) } else { scene.mask.at(n) });
        }
    }
    let scene = Scene::empty([3, 3, 3]);
    let mut ranged = brush(3, 4.0, BrushShape::Ball);
    ranged.rules.values = Some(ValueRange { low: 0.0, high: 1.0 });
    let mut mask = scene.mask.clone();
    assert_eq!(Stroke::begin(ranged).extend(&mut mask, None, scene.at([1, 1, 1])), None, "no scan, no paint");
}

#[test]
fn a_locked_label_gains_nothing_by_painting() {
    let scene = Scene::empty([3, 3, 3]);
    let mut locked = brush(3, 4.0, BrushShape::Ball);
    locked.rules.locked = vec![3];
    assert_eq!(labels(&painted(&scene, &locked, &[scene.at([1, 1, 1])])), labels(&scene.mask));
}

#[test]
fn the_tip_shown_is_what_a_press_paints() {
    for seed in 0..40 {
        let scene = Scene::random(seed);
        let rng = &mut rng(seed);
        let plane = AnatomicalPlane::Sagittal;
        let shape = [BrushShape::Ball, BrushShape::Cube, BrushShape::Disc(plane), BrushShape::Square(plane)][seed as usize % 4];
        let brush = brush(900, rng.random_range(0.0..5.0), shape);
        let index = DVec3::from_array(scene.shape().map(|side| rng.random_range(-2.0..side as f64 + 2.0)));
        let at = Ras(scene.mask.grid().ras_from_voxel().transform_point3(index));
        let (tip, after) = (brush.tip(scene.mask.grid(), at), painted(&scene, &brush, &[at]));
        for n in 0..after.len() {
            let is_shown = tip.as_ref().is_some_and(|tip| tip.contains(voxel_of(n, scene.shape())));
            assert_eq!(after.at(n) == 900, is_shown, "{shape:?}");
        }
        assert!(tip.is_none_or(|tip| tip.count() > 0));
    }
    assert_eq!(brush(1, 2.0, BrushShape::Ball).tip(Scene::empty([3, 3, 3]).mask.grid(), Ras(DVec3::NAN)), None);
}

#[test]
fn a_stroke_that_widens_lies_between_its_narrowest_and_its_widest_and_comes_and_goes_without_a_trace() {
    for seed in 0..40 {
        let scene = Scene::random(seed);
        let rng = &mut rng(seed + 500);
        let grid = *scene.mask.grid();
        let way: [Ras; 2] = std::array::from_fn(|_| {
            let at = DVec3::from_array(scene.shape().map(|side| rng.random_range(0.0..side as f64)));
            Ras(grid.ras_from_voxel().transform_point3(at))
        });
        let radii = [rng.random_range(1.0..2.0), rng.random_range(3.0..5.0)];
        let shape = if seed % 2 == 0 { BrushShape::Ball } else { BrushShape::Disc(AnatomicalPlane::Coronal) };
        let [narrow, wide] = radii.map(|radius| painted(&scene, &brush(9, radius, shape), &way));
        let mut mask = scene.mask.clone();
        let mut stroke = Stroke::begin(brush(9, radii[0], shape));
        stroke.extend(&mut mask, None, way[0]);
        let changed = stroke.extend_widening(&mut mask, None, way[1], radii[1]);
        let after = mask.clone();
        let held = |mask: &LabelMap, offset: usize| mask.at(offset) == 9;
        assert!((0..mask.len()).all(|n| (!held(&narrow, n) || held(&after, n)) && (!held(&after, n) || held(&wide, n))));
        let tip = brush(9, radii[1], shape).tip(&grid, way[1]);
        if let (Some(tip), Some(changed)) = (tip, changed) {
            let is_in = |n: usize| tip.contains(voxel_of(n, scene.shape()));
            assert!((0..mask.len()).all(|n| !is_in(n) || held(&after, n)), "at its end it is as wide as it became");
            assert!((0..mask.len()).all(|n| after.at(n) == scene.mask.at(n) || held(&after, n)) && changed.fits(scene.shape()));
        }
        if let Some(edit) = stroke.finish(&mask, Author::Person, 1) {
            edit.revert(&mut mask).expect("the Edit is in the mask");
        }
        assert_eq!(labels(&mask), labels(&scene.mask));
    }
}
