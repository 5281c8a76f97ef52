use medley_annotate::Refusal;
use medley_annotate::tools::{Smoothing, smooth_all};
use medley_volume::Grid;
use rand::RngExt;

use crate::common::{Scene, labels, rng};

/// Two slabs with a rough border between them and a rough surface towards background.
fn rough() -> Scene {
    let mut scene = Scene::on(Grid::axis_aligned([30, 24, 16], [1.0, 1.0, 2.0]).expect("a grid"));
    let rng = &mut rng(11);
    for k in 0..16 {
        for j in 0..24 {
            let (border, surface) = (10 + rng.random_range(0..3), 20 + rng.random_range(0..3));
            (0..surface).for_each(|i| scene.set([i, j, k], if i < border { 1 } else { 2 }));
        }
    }
    scene
}

/// How many pairs of face neighbours along `i` differ.
fn changes(scene: &Scene, labels: &[u16]) -> usize {
    let [_, height, depth] = scene.shape();
    // A rough border differs between neighbouring rows.
    (0..30)
        .flat_map(|i| (0..height - 1).flat_map(move |j| (0..depth).map(move |k| (i, j, k))))
        .filter(|&(i, j, k)| labels[(k * height + j) * 30 + i] != labels[(k * height + j + 1) * 30 + i])
        .count()
}

#[test]
fn borders_get_smoother_and_no_gap_appears_between_neighbours() {
    for method in [Smoothing::Median { radius_mm: 2.0 }, Smoothing::Gaussian { sigma_mm: 2.0 }] {
        let scene = rough();
        let after = labels(&scene.after(&smooth_all(&scene.canvas(1), method).expect("a change")));
        let before = labels(&scene.mask);
        assert!(changes(&scene, &after) * 3 < changes(&scene, &before), "{method:?}");
        for row in after.chunks(30) {
            let first_gap = row.iter().position(|label| *label == 0).expect("background at the end");
            assert!(row[first_gap..].iter().all(|label| *label == 0), "{method:?}: {row:?}");
        }
    }
}

#[test]
fn locked_labels_stay_and_it_is_the_same_in_all_orders_of_the_axes() {
    for seed in 50..53 {
        let mut scene = Scene::random(seed);
        scene.rules.locked = vec![2];
        scene.same_in_all_orders(|scene| smooth_all(&scene.canvas(1), Smoothing::Median { radius_mm: 1.4 }));
    }
}

#[test]
fn opening_and_closing_are_for_one_label() {
    let scene = rough();
    let refusal = |method| smooth_all(&scene.canvas(1), method).err();
    assert!(matches!(refusal(Smoothing::Opening { radius_mm: 1.0 }), Some(Refusal::Parameter(_))));
    assert!(matches!(refusal(Smoothing::Closing { radius_mm: 1.0 }), Some(Refusal::Parameter(_))));
    assert_eq!(smooth_all(&Scene::empty([4, 4, 4]).canvas(1), Smoothing::Median { radius_mm: 1.0 }), Err(Refusal::NoChange));
}
