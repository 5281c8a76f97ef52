use medley_annotate::tools::{CarriedTo, CarrySlice, FromPrompts, Slice, carry, from_prompts, from_prompts_voxels};
use medley_annotate::{PaintRules, Refusal, Tool};
use medley_volume::prompt::Ending;
use medley_volume::{Grid, IndexBox, Ras};

use crate::common::{Scene, labels};

const SIDES: [usize; 3] = [26, 22, 18];

fn go_on() -> bool {
    false
}

fn params<'a>(object: &'a [Vec<Ras>], other: &'a [Vec<Ras>]) -> FromPrompts<'a> {
    FromPrompts { object, other, bounds: None, reach_mm: 40.0, replaces: false, is_cancelled: &go_on }
}

fn radius(voxel: [usize; 3]) -> f64 {
    voxel.iter().zip([12.0, 10.0, 8.0]).map(|(&v, middle)| (v as f64 - middle).powi(2)).sum::<f64>().sqrt()
}

/// A bright ball with a little noise.
fn scene() -> Scene {
    let mut scene = Scene::on(Grid::axis_aligned(SIDES, [1.0, 1.0, 1.0]).expect("a grid"));
    let noise = |[i, j, k]: [usize; 3]| (((i * 7 + j * 13 + k * 29) * 2_654_435) >> 5) as i16 & 15;
    scene.set_values(|voxel| noise(voxel) + if radius(voxel) <= 6.0 { 100 } else { 0 });
    scene
}

fn share_of_ball(found: impl Fn([usize; 3]) -> bool) -> f64 {
    let all = (0..SIDES.iter().product()).map(|n| crate::common::voxel_of(n, SIDES));
    let (mut ball, mut set, mut both) = (0, 0, 0);
    for voxel in all {
        let (is_ball, is_found) = (radius(voxel) <= 6.0, found(voxel));
        (ball, set, both) = (ball + usize::from(is_ball), set + usize::from(is_found), both + usize::from(is_ball && is_found));
    }
    2.0 * f64::from(both as u32) / f64::from((ball + set) as u32)
}

#[test]
fn a_click_a_scribble_and_a_box_all_find_the_ball() {
    let scene = scene();
    let (low, high) = (scene.at([5, 3, 1]), scene.at([19, 17, 15]));
    let click = [vec![scene.at([12, 10, 8])]];
    let scribble = [vec![scene.at([9, 10, 8]), scene.at([15, 11, 8])]];
    let bounds = Some([high, low]);
    for params in [params(&click, &[]), params(&scribble, &[]), FromPrompts { bounds, ..params(&[], &[]) }] {
        let edit = from_prompts(&scene.canvas(300), &params).expect("a body");
        assert_eq!(edit.tool, Tool::Prompts);
        let after = scene.after(&edit);
        let share = share_of_ball(|voxel| after.at(after.grid().offset(voxel)) == 300);
        assert!(share > 0.8, "{params:?}: {share}");
        if params.bounds.is_some() {
            let inside = IndexBox { low: [5, 3, 1], high: [20, 18, 16] };
            assert!(scene.changed(&edit).iter().all(|&voxel| inside.contains(voxel)));
        }
    }
    let found = from_prompts_voxels(&scene.canvas(1), &params(&scribble, &[])).expect("a body");
    assert!((9..=15).all(|i| found.contains([i, if i < 12 { 10 } else { 11 }, 8]) || found.contains([i, 10, 8])));
}

#[test]
fn marks_beside_the_object_and_what_rules_keep_are_left_out() {
    let mut scene = scene();
    let click = [vec![scene.at([12, 10, 8])]];
    let beside = [vec![scene.at([15, 10, 8])]];
    let voxels = scene.changed(&from_prompts(&scene.canvas(1), &params(&click, &beside)).expect("a body"));
    assert!(voxels.contains(&[12, 10, 8]) && !voxels.contains(&[15, 10, 8]));
    scene.set([12, 10, 9], 2);
    scene.set([12, 11, 8], 3);
    scene.rules = PaintRules { locked: vec![2], ..PaintRules::default() };
    let after = scene.after(&from_prompts(&scene.canvas(1), &params(&click, &[])).expect("a body"));
    let at = |voxel| after.at(after.grid().offset(voxel));
    assert_eq!((at([12, 10, 9]), at([12, 11, 8]), at([12, 10, 8])), (2, 1, 1));
    let on_locked = [vec![scene.at([12, 10, 9])]];
    assert_eq!(from_prompts(&scene.canvas(1), &params(&on_locked, &[])).err(), Some(Refusal::Kept(2)));
    assert_eq!(from_prompts(&scene.canvas(2), &params(&click, &[])).err(), Some(Refusal::Locked(2)));
    assert_eq!(from_prompts(&scene.canvas(1), &params(&[], &beside)).err(), Some(Refusal::Empty));
    let stop = || true;
    assert_eq!(from_prompts(&scene.canvas(1), &FromPrompts { is_cancelled: &stop, ..params(&click, &[]) }).err(), Some(Refusal::Cancelled));
}

#[test]
fn replacing_takes_the_label_away_where_it_is_not() {
    let mut scene = scene();
    let far = [1, 1, 1];
    scene.set(far, 1);
    let click = [vec![scene.at([12, 10, 8])]];
    let gained = scene.after(&from_prompts(&scene.canvas(1), &params(&click, &[])).expect("a body"));
    let replaced = scene.after(&from_prompts(&scene.canvas(1), &FromPrompts { replaces: true, ..params(&click, &[]) }).expect("a body"));
    let offset = gained.grid().offset(far);
    assert_eq!((gained.at(offset), replaced.at(offset)), (1, 0));
    assert_eq!(labels(&gained).iter().filter(|v| **v == 1).count(), labels(&replaced).iter().filter(|v| **v == 1).count() + 1);
}

#[test]
fn the_same_in_all_orders_of_the_axes() {
    let scene = scene();
    let (click, beside) = ([vec![scene.at([12, 10, 8])]], [vec![scene.at([15, 12, 8])]]);
    scene.same_in_all_orders(|scene| from_prompts(&scene.canvas(1), &params(&click, &beside)));
}

#[test]
fn a_slice_is_carried_up_and_down_until_the_ball_ends() {
    let mut scene = scene();
    let slice = Slice { axis: 2, index: 8 };
    (0..SIDES[0]).for_each(|i| (0..SIDES[1]).filter(|&j| radius([i, j, 8]) <= 6.0).for_each(|j| scene.set([i, j, 8], 1)));
    scene.set([2, 2, 9], 1);
    let all = CarrySlice { from: slice, upwards: 9, downwards: 2, replaces: true, overwrites_others: false, is_cancelled: &go_on };
    let (edit, reached) = carry(&scene.canvas(1), &all).expect("evidence");
    assert!(matches!(reached, CarriedTo { upwards: (3..=6, Ending::Evidence), downwards: (2, Ending::Complete) }), "{reached:?}");
    let after = scene.after(&edit);
    let at = |voxel| after.at(after.grid().offset(voxel));
    assert_eq!((at([2, 2, 9]), at([12, 10, 10]), at([12, 10, 6]), at([12, 10, 5])), (0, 1, 1, 0));
    let drawn = IndexBox { low: [0, 0, 8], high: [SIDES[0], SIDES[1], 9] };
    assert_eq!(after.region(&drawn), scene.mask.region(&drawn));
    let refusal = |label, params: &CarrySlice| carry(&scene.canvas(label), params).err();
    assert_eq!(refusal(5, &all), Some(Refusal::EmptySlice));
    assert_eq!(refusal(1, &CarrySlice { from: Slice { axis: 2, index: 40 }, ..all }), Some(Refusal::Outside));
}
