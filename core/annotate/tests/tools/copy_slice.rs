use medley_annotate::Refusal;
use medley_annotate::tools::{CopySlice, Slice, copy_slice};
use medley_volume::AnatomicalPlane;

use crate::common::{Scene, picture};

fn scene() -> Scene {
    let mut scene = Scene::empty([5, 3, 4]);
    for (i, label) in [(0, 1), (1, 1), (2, 2), (3, 300)] {
        scene.set([i, 1, 1], label);
    }
    scene.set([4, 0, 2], 1);
    scene.set([2, 2, 2], 3);
    scene.set([1, 1, 2], 3);
    scene
}

#[test]
fn the_next_slice_gets_the_labels() {
    let scene = scene();
    let from = Slice { axis: 2, index: 1 };
    let to = from.stepped(scene.mask.grid(), 1).expect("there is one");
    let after = |labels, replaces| {
        let edit = copy_slice(&scene.canvas(1), &CopySlice { from, to, labels, replaces }).expect("a change");
        picture(&scene.after(&edit), 2)
    };
    assert_eq!(after(None, false), ["....1", "1120.", "..3.."]);
    assert_eq!(after(Some(&[1]), false), ["....1", "11...", "..3.."]);
    assert_eq!(after(Some(&[1]), true), [".....", "11...", "..3.."]);
    assert_eq!(after(None, true), [".....", "1120.", "....."]);
}

#[test]
fn what_cannot_be_copied_is_said() {
    let scene = scene();
    let (first, last) = (Slice { axis: 2, index: 0 }, Slice { axis: 2, index: 3 });
    let refusal = |from, to, labels| copy_slice(&scene.canvas(1), &CopySlice { from, to, labels, replaces: true }).err();
    assert_eq!(refusal(first, last, None), Some(Refusal::EmptySlice));
    assert_eq!(refusal(Slice { axis: 2, index: 1 }, last, Some(&[9])), Some(Refusal::EmptySlice));
    assert_eq!(refusal(Slice { axis: 1, index: 1 }, last, None), Some(Refusal::Outside));
    assert_eq!(refusal(first, Slice { axis: 2, index: 4 }, None), Some(Refusal::Outside));
    assert_eq!(last.stepped(scene.mask.grid(), 1), None);
    assert_eq!(first.stepped(scene.mask.grid(), -1), None);
}

#[test]
fn the_next_slice_is_the_same_in_all_orders_of_the_axes() {
    for (seed, plane) in [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal].into_iter().enumerate() {
        let mut scene = Scene::random(seed as u64 + 20);
        scene.rules.locked = vec![2];
        let middle = scene.at(scene.shape().map(|side| side / 2));
        scene.same_in_all_orders(|scene| {
            let from = Slice::nearest(scene.mask.grid(), plane, middle)?;
            let to = from.stepped(scene.mask.grid(), -1).ok_or(Refusal::Outside)?;
            copy_slice(&scene.canvas(1), &CopySlice { from, to, labels: None, replaces: true })
        });
    }
}
