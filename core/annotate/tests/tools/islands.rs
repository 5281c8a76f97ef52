use medley_annotate::Refusal;
use medley_annotate::tools::{Islands, islands, pieces};
use medley_volume::Connectivity::{Corners, Faces};
use medley_volume::glam::DVec3;
use medley_volume::{IndexBox, Ras};

use crate::common::{Scene, labels};

/// A line with pieces of label 1 of 3, 1, 2 and 2 voxels, and label 2 beside them.
fn line() -> Scene {
    let mut scene = Scene::empty([13, 1, 1]);
    [1, 1, 1, 0, 1, 0, 1, 1, 2, 1, 1, 0, 0].iter().enumerate().for_each(|(i, &label)| scene.set([i, 0, 0], label));
    scene
}

fn after(scene: &Scene, params: &Islands) -> Vec<u16> {
    labels(&scene.after(&islands(&scene.canvas(1), params, Faces).expect("a change")))
}

#[test]
fn pieces_are_kept_removed_and_told_apart() {
    let scene = line();
    assert_eq!(after(&scene, &Islands::KeepLargest), [1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(after(&scene, &Islands::RemoveSmaller { voxels: 2 }), [1, 1, 1, 0, 0, 0, 1, 1, 2, 1, 1, 0, 0]);
    assert_eq!(after(&scene, &Islands::smaller_than_ml(&scene.canvas(1), 0.003)), [1, 1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(after(&scene, &Islands::KeepAt(scene.at([7, 0, 0]))), [0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 0, 0, 0]);
    assert_eq!(after(&scene, &Islands::RemoveAt(scene.at([0, 0, 0]))), [0, 0, 0, 0, 1, 0, 1, 1, 2, 1, 1, 0, 0]);
    assert_eq!(after(&scene, &Islands::Split { free: &[5, 300, 7, 8] }), [1, 1, 1, 0, 7, 0, 5, 5, 2, 300, 300, 0, 0]);
    assert_eq!(after(&scene, &Islands::Split { free: &[5] }), [1, 1, 1, 0, 1, 0, 5, 5, 2, 1, 1, 0, 0]);
    let found = pieces(&scene.canvas(1), Faces).expect("four");
    assert_eq!(found.iter().map(|piece| piece.voxels).collect::<Vec<_>>(), [3, 2, 2, 1]);
    assert_eq!((found[3].bounds, found[0].ml), (IndexBox { low: [4, 0, 0], high: [5, 1, 1] }, 0.003));
}

#[test]
fn what_cannot_be_done_is_said() {
    let mut scene = line();
    let refusal = |scene: &Scene, label, params: &Islands| islands(&scene.canvas(label), params, Faces).err();
    assert_eq!(refusal(&scene, 9, &Islands::KeepLargest), Some(Refusal::NoVoxels(9)));
    assert_eq!(refusal(&scene, 0, &Islands::KeepLargest), Some(Refusal::NoVoxels(0)));
    assert_eq!(refusal(&scene, 2, &Islands::KeepLargest), Some(Refusal::NoChange));
    assert_eq!(refusal(&scene, 1, &Islands::KeepAt(scene.at([8, 0, 0]))), Some(Refusal::NotIn(1)));
    assert_eq!(refusal(&scene, 1, &Islands::KeepAt(scene.at([12, 0, 0]))), Some(Refusal::NotIn(1)));
    assert_eq!(refusal(&scene, 1, &Islands::RemoveAt(Ras(DVec3::splat(50.0)))), Some(Refusal::Outside));
    scene.rules.only_over = Some(2);
    assert_eq!(refusal(&scene, 1, &Islands::KeepLargest), Some(Refusal::Kept(1)));
    scene.rules.locked = vec![1];
    assert_eq!(refusal(&scene, 1, &Islands::KeepLargest), Some(Refusal::Locked(1)));
}

#[test]
fn is_the_same_in_all_orders_of_the_axes() {
    for seed in 30..34 {
        let scene = Scene::random(seed);
        for params in [Islands::KeepLargest, Islands::RemoveSmaller { voxels: 9 }, Islands::Split { free: &[6, 7, 8, 9, 10] }] {
            scene.same_in_all_orders(|scene| islands(&scene.canvas(1), &params, Corners));
        }
    }
}
