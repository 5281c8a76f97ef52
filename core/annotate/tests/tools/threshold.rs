use medley_annotate::tools::{Threshold, threshold, threshold_voxels};
use medley_annotate::{PaintRules, Refusal, ValueRange};
use medley_volume::{IndexBox, Quantity, Scaling, Volume, VoxelIndex, Voxels};
use rand::RngExt;

use crate::common::{Scene, rng, voxel_of};

#[test]
fn takes_exactly_the_voxels_in_range_in_the_box_over_the_label() {
    for seed in 0..30 {
        let mut scene = Scene::random(seed);
        let rng = &mut rng(seed);
        scene.rules = PaintRules { locked: vec![3], only_over: rng.random_bool(0.5).then_some(0), values: None };
        let low = rng.random_range(-200.0..200.0f64).round();
        let range = ValueRange { low, high: low + 90.0 };
        let shape = scene.shape();
        let region = rng.random_bool(0.5).then_some(IndexBox { low: [1, 0, 2], high: [shape[0] - 1, shape[1], shape[2] - 1] });
        let found = threshold(&scene.canvas(700), &Threshold { range, region, seed: None });
        let wanted: Vec<[usize; 3]> = (0..scene.mask.len())
            .filter(|&n| {
                let voxel = voxel_of(n, shape);
                region.is_none_or(|region| region.contains(voxel))
                    && scene.scan.value(VoxelIndex(voxel)).is_some_and(|value| value >= low && value <= low + 90.0)
                    && scene.rules.allow(scene.mask.at(n))
            })
            .map(|n| voxel_of(n, shape))
            .collect();
        match found {
            Ok(edit) => assert_eq!(scene.changed(&edit), wanted),
            Err(refusal) => assert!(refusal == Refusal::NoChange && wanted.is_empty()),
        }
    }
}

#[test]
fn a_seed_takes_its_piece_only() {
    let mut scene = Scene::empty([8, 3, 2]);
    scene.set_values(|[i, _, _]| if i == 4 { 0 } else { 100 });
    let params = Threshold { range: ValueRange { low: 50.0, high: 150.0 }, region: None, seed: Some(scene.at([1, 1, 1])) };
    let edit = threshold(&scene.canvas(1), &params).expect("a piece");
    assert_eq!((edit.changed, edit.region), (24, IndexBox { low: [0; 3], high: [4, 3, 2] }));
    let beside = Threshold { seed: Some(scene.at([4, 1, 1])), ..params };
    assert_eq!(threshold(&scene.canvas(1), &beside), Err(Refusal::SeedOutOfRange));
    scene.same_in_all_orders(|scene| threshold(&scene.canvas(1), &params));
}

#[test]
fn values_are_scaled_and_what_is_no_number_is_in_no_range() {
    let mut scene = Scene::empty([4, 1, 1]);
    let voxels = Voxels::F32(vec![f32::NAN, 10.0, 20.0, f32::INFINITY]);
    let scaling = Scaling { slope: -2.0, intercept: 100.0 };
    scene.scan = Volume::new(*scene.mask.grid(), voxels, scaling, Quantity::Arbitrary).expect("fits");
    let all = Threshold { range: ValueRange { low: f64::NEG_INFINITY, high: f64::INFINITY }, region: None, seed: None };
    let inside = |range| threshold_voxels(&scene.canvas(1), &Threshold { range, ..all }).expect("a scan").inside().to_vec();
    assert_eq!(inside(all.range), [false, true, true, true]);
    assert_eq!(inside(ValueRange { low: 80.0, high: 80.0 }), [false, true, false, false]);
}

#[test]
fn without_a_scan_or_with_that_of_another_grid_it_is_refused() {
    let (scene, other) = (Scene::empty([3, 3, 3]), Scene::empty([3, 3, 4]));
    let params = Threshold { range: ValueRange { low: 0.0, high: 1.0 }, region: None, seed: None };
    let mut canvas = scene.canvas(1);
    canvas.scan = None;
    assert_eq!(threshold(&canvas, &params), Err(Refusal::NoScan));
    canvas.scan = Some(&other.scan);
    assert_eq!(threshold(&canvas, &params), Err(Refusal::OtherGrid));
}
