use medley_annotate::tools::{Boolean, Operand, Operation, boolean};
use medley_annotate::{PaintRules, Refusal};

use crate::common::{Scene, labels};

const OPERATIONS: [Operation; 4] = [Operation::Union, Operation::Intersection, Operation::Subtraction, Operation::ExclusiveOr];

#[test]
fn the_result_is_exactly_the_set_asked_for() {
    for seed in 0..20 {
        let (scene, other) = (Scene::random(seed), Scene::random(seed + 1000));
        let mut mask = medley_volume::LabelMap::empty(*scene.mask.grid());
        (0..mask.len()).for_each(|n| mask.set(n, other.mask.at(n % other.mask.len())));
        for operation in OPERATIONS {
            let (first, second) = (Operand { mask: &scene.mask, labels: &[1, 300] }, Operand { mask: &mask, labels: &[1, 2] });
            let wanted: Vec<u16> = (0..mask.len())
                .map(|n| {
                    let (a, b) = ([1, 300].contains(&scene.mask.at(n)), [1, 2].contains(&mask.at(n)));
                    let is_in = match operation {
                        Operation::Union => a | b,
                        Operation::Intersection => a & b,
                        Operation::Subtraction => a & !b,
                        Operation::ExclusiveOr => a ^ b,
                    };
                    if is_in { 1 } else { Some(scene.mask.at(n)).filter(|&label| label != 1).unwrap_or(0) }
                })
                .collect();
            let found = boolean(&scene.canvas(1), &Boolean { first, second, operation });
            assert_eq!(labels(&found.map_or(scene.mask.clone(), |edit| scene.after(&edit))), wanted);
        }
    }
}

#[test]
fn a_locked_label_stays_and_is_no_target() {
    let mut scene = Scene::random(3);
    scene.rules = PaintRules { locked: vec![2], ..PaintRules::default() };
    let params = |scene: &Scene, label: u16| {
        let (first, second) = (Operand { mask: &scene.mask, labels: &[1] }, Operand { mask: &scene.mask, labels: &[2, 3] });
        boolean(&scene.canvas(label), &Boolean { first, second, operation: Operation::Union })
    };
    let after = scene.after(&params(&scene, 1).expect("label 3 is there"));
    assert_eq!((after.counts().get(&2), after.counts().get(&3)), (scene.mask.counts().get(&2), None));
    assert_eq!(params(&scene, 2), Err(Refusal::Locked(2)));
    assert!(matches!(params(&scene, 0), Err(Refusal::Parameter(_))));
    scene.same_in_all_orders(|scene| params(scene, 7));
}

#[test]
fn another_grid_is_refused() {
    let (scene, other) = (Scene::empty([3, 3, 3]), Scene::empty([4, 3, 3]));
    let (first, second) = (Operand { mask: &scene.mask, labels: &[1] }, Operand { mask: &other.mask, labels: &[1] });
    let found = boolean(&scene.canvas(1), &Boolean { first, second, operation: Operation::Union });
    assert_eq!(found, Err(Refusal::OtherGrid));
}
