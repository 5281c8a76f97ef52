//! Tools that change a label's shape: in the box around it as on the whole grid, within the rules, in all orders of the axes.

use medley_annotate::tools::{
    Distances, FillHoles, Hollow, Interpolate, Margin, Shell, Smooth, Smoothing, fill_holes, hollow, interpolate, margin, smooth,
};
use medley_annotate::{Edit, PaintRules, Refusal};
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Grid, between_slices, morphology};

use crate::common::{Scene, labels, picture, voxel_of};

const AXIAL: AnatomicalPlane = AnatomicalPlane::Axial;

/// Label 1 becomes exactly what `operation` makes of it on the whole grid; other labels give way or not.
fn agrees(scene: &Scene, overwrites: bool, edit: Result<Edit, Refusal>, operation: impl Fn(&Grid, &[bool]) -> Vec<bool>) {
    let start = labels(&scene.mask);
    let inside: Vec<bool> = start.iter().map(|label| *label == 1).collect();
    if !inside.contains(&true) {
        assert_eq!(edit, Err(Refusal::NoVoxels(1)));
        return;
    }
    let after = operation(scene.mask.grid(), &inside);
    let rule = |(&was, is_in): (&u16, bool)| {
        let is = match (is_in, was) {
            (true, 0 | 1) => 1,
            (true, other) => {
                if overwrites {
                    1
                } else {
                    other
                }
            }
            (false, 1) => 0,
            (false, other) => other,
        };
        if scene.rules.allow_change(was, is) { is } else { was }
    };
    let wanted: Vec<u16> = start.iter().zip(after).map(rule).collect();
    match edit {
        Ok(edit) => assert_eq!(labels(&scene.after(&edit)), wanted),
        Err(refusal) => {
            assert!(matches!(refusal, Refusal::NoChange | Refusal::NoGap), "{refusal}");
            assert_eq!(wanted, start);
        }
    }
}

#[test]
fn the_box_around_a_label_is_enough() {
    for seed in 0..16 {
        let mut scene = Scene::random(seed);
        scene.rules = PaintRules { locked: vec![2], ..PaintRules::default() };
        let (canvas, mm) = (scene.canvas(1), 1.0 + seed as f64 / 4.0);
        for overwrites_others in [false, true] {
            let smoothed = |method| smooth(&canvas, &Smooth { method, overwrites_others });
            agrees(&scene, overwrites_others, smoothed(Smoothing::Median { radius_mm: mm }), |g, s| morphology::median_smoothed(g, s, mm));
            agrees(&scene, overwrites_others, smoothed(Smoothing::Opening { radius_mm: mm }), |g, s| morphology::opened(g, s, mm));
            agrees(&scene, overwrites_others, smoothed(Smoothing::Closing { radius_mm: mm }), |g, s| morphology::closed(g, s, mm));
            agrees(&scene, overwrites_others, smoothed(Smoothing::Gaussian { sigma_mm: mm }), |g, s| {
                morphology::gaussian_smoothed(g, s, mm)
            });
            let grown = |mm| margin(&canvas, &Margin { distances: Distances::Even(mm), overwrites_others });
            agrees(&scene, overwrites_others, grown(mm), |g, s| morphology::dilated(g, s, mm));
            agrees(&scene, overwrites_others, grown(-mm), |g, s| morphology::eroded(g, s, mm));
            for shell in [Shell::Inside, Shell::Outside, Shell::Centred] {
                let hollowed = hollow(&canvas, &Hollow { thickness_mm: mm, shell, overwrites_others });
                agrees(&scene, overwrites_others, hollowed, |g, s| morphology::hollowed(g, s, mm, shell));
            }
            let filled = |in_slices| fill_holes(&canvas, &FillHoles { in_slices, overwrites_others });
            agrees(&scene, overwrites_others, filled(None), morphology::holes_filled);
            agrees(&scene, overwrites_others, filled(Some(AXIAL)), |g, s| morphology::holes_filled_in_slices(g, s, 2));
            let completed = interpolate(&canvas, &Interpolate { plane: AXIAL, overwrites_others });
            agrees(&scene, overwrites_others, completed, |g, s| between_slices(g, s, 2));
        }
    }
}

#[test]
fn a_margin_by_direction_is_an_ellipsoid_in_each_corner() {
    for seed in 0..12 {
        let scene = Scene::random(seed);
        let inside: Vec<bool> = labels(&scene.mask).iter().map(|label| *label == 1).collect();
        if !inside.contains(&true) {
            continue;
        }
        let sign = if seed % 2 == 0 { 1.0 } else { -1.0 };
        // Steps along the voxel axes, which run to the right, to the front and up.
        let spacing = scene.mask.grid().spacing();
        let (towards_low, towards_high) = ([1.3, 0.0, 5.0], [3.2, 2.7, 0.0]);
        let distances = Distances::Directions {
            left: sign * towards_low[0],
            right: sign * towards_high[0],
            posterior: sign * towards_low[1],
            anterior: sign * towards_high[1],
            inferior: sign * towards_low[2],
            superior: sign * towards_high[2],
        };
        let reaches = |from: [usize; 3], to: [usize; 3]| {
            let squared: f64 = (0..3)
                .map(|axis| {
                    let way = (to[axis] as f64 - from[axis] as f64) * spacing[axis];
                    let reach: f64 = if way > 0.0 { towards_high[axis] } else { towards_low[axis] };
                    if way == 0.0 { 0.0 } else { (way / reach).powi(2) }
                })
                .sum();
            squared <= 1.0 + 1e-6
        };
        let shape = scene.shape();
        let wanted: Vec<bool> = (0..inside.len())
            .map(|n| {
                let at = voxel_of(n, shape);
                let mut others = (0..inside.len()).map(|m| (voxel_of(m, shape), inside[m]));
                if sign > 0.0 {
                    others.any(|(from, is_in)| is_in && reaches(from, at))
                } else {
                    inside[n] && !others.any(|(to, is_in)| !is_in && reaches(at, to))
                }
            })
            .collect();
        agrees(&scene, true, margin(&scene.canvas(1), &Margin { distances, overwrites_others: true }), |_, _| wanted.clone());
    }
}

#[test]
fn all_are_the_same_in_all_orders_of_the_axes() {
    let directions = Distances::Directions { right: 2.0, left: 0.0, anterior: -1.5, posterior: 3.0, superior: 4.0, inferior: -2.6 };
    for seed in [1, 4] {
        let mut scene = Scene::random(seed);
        scene.rules.locked = vec![3];
        let overwrites_others = seed == 1;
        scene.same_in_all_orders(|s| margin(&s.canvas(1), &Margin { distances: directions, overwrites_others }));
        scene.same_in_all_orders(|s| margin(&s.canvas(1), &Margin { distances: Distances::Even(2.6), overwrites_others }));
        let method = Smoothing::Median { radius_mm: 1.6 };
        scene.same_in_all_orders(|s| smooth(&s.canvas(1), &Smooth { method, overwrites_others }));
        scene.same_in_all_orders(|s| hollow(&s.canvas(1), &Hollow { thickness_mm: 1.4, shell: Shell::Centred, overwrites_others }));
        scene.same_in_all_orders(|s| fill_holes(&s.canvas(1), &FillHoles { in_slices: Some(AXIAL), overwrites_others }));
    }
}

#[test]
fn a_cone_drawn_in_three_slices_is_completed() {
    let mut scene = Scene::empty([15, 15, 9]);
    for (k, radius) in [(0usize, 2.0), (4, 4.0), (8, 6.0)] {
        for offset in 0..15 * 15 {
            let voxel = voxel_of(offset, [15, 15, 1]);
            if (DVec3::new(voxel[0] as f64, voxel[1] as f64, 7.0) - 7.0).length() <= radius {
                scene.set([voxel[0], voxel[1], k], 300);
            }
        }
    }
    scene.set([7, 7, 2], 5);
    let params = Interpolate { plane: AXIAL, overwrites_others: false };
    let edit = interpolate(&scene.canvas(300), &params).expect("two gaps");
    let after = scene.after(&edit);
    let widths: Vec<usize> =
        (0..9).map(|k| picture(&after, k)[7].matches('0').count() + picture(&after, k)[7].matches('5').count()).collect();
    assert_eq!(widths, [5, 5, 7, 9, 9, 9, 11, 13, 13]);
    assert_eq!(after.counts()[&5], 1, "another label stays");
    scene.mask = after;
    assert_eq!(interpolate(&scene.canvas(300), &params), Err(Refusal::NoGap));
}

#[test]
fn what_cannot_be_done_is_said() {
    let mut scene = Scene::random(1);
    let smoothed = |scene: &Scene, label, radius_mm| {
        smooth(&scene.canvas(label), &Smooth { method: Smoothing::Median { radius_mm }, overwrites_others: false }).err()
    };
    assert_eq!(smoothed(&scene, 77, 1.0), Some(Refusal::NoVoxels(77)));
    assert_eq!(smoothed(&scene, 0, 1.0), Some(Refusal::NoVoxels(0)));
    for radius in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(smoothed(&scene, 1, radius), Some(Refusal::Parameter(_))), "{radius}");
    }
    let nowhere = Margin { distances: Distances::Even(f64::NAN), overwrites_others: false };
    assert!(matches!(margin(&scene.canvas(1), &nowhere), Err(Refusal::Parameter(_))));
    scene.rules.locked = vec![1];
    assert_eq!(smoothed(&scene, 1, 1.0), Some(Refusal::Locked(1)));
}
