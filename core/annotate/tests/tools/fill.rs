use medley_annotate::tools::{Extent, Fill, Slice, fill, polygon};
use medley_annotate::{PaintRules, Refusal};
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Ras};
use rand::RngExt;

use crate::common::{Scene, labels, picture, rng, voxel_of};

const AXIAL: Extent = Extent::Slice(AnatomicalPlane::Axial);

fn at(scene: &Scene, voxel: [usize; 3], extent: Extent) -> Fill {
    Fill { seed: scene.at(voxel), extent, may_reach_edge: false }
}

/// A ring of label 1 in slice 1 of three.
fn ring() -> Scene {
    let mut scene = Scene::empty([7, 6, 3]);
    for i in 1..6 {
        for j in 1..5 {
            if i == 1 || i == 5 || j == 1 || j == 4 {
                scene.set([i, j, 1], 1);
            }
        }
    }
    scene
}

#[test]
fn background_is_filled_inside_a_closed_contour_and_not_where_it_is_open() {
    let mut scene = ring();
    let edit = fill(&scene.canvas(2), &at(&scene, [3, 2, 1], AXIAL)).expect("closed");
    assert_eq!(picture(&scene.after(&edit), 1), [".......", ".11111.", ".12221.", ".12221.", ".11111.", "......."]);
    assert_eq!(fill(&scene.canvas(2), &at(&scene, [3, 2, 1], Extent::Volume)), Err(Refusal::Leaks), "open above and below");
    assert_eq!(fill(&scene.canvas(2), &at(&scene, [0, 0, 1], AXIAL)), Err(Refusal::Leaks));
    scene.set([1, 2, 1], 0);
    assert_eq!(fill(&scene.canvas(2), &at(&scene, [3, 2, 1], AXIAL)), Err(Refusal::Leaks), "open at one voxel");
    let all = Fill { may_reach_edge: true, ..at(&scene, [3, 2, 1], AXIAL) };
    assert_eq!(fill(&scene.canvas(2), &all).expect("on purpose").changed, 7 * 6 - 13);
}

#[test]
fn one_piece_of_a_label_becomes_another_in_a_slice_or_through_all() {
    let mut scene = ring();
    for k in 0..3 {
        scene.set([5, 5, k], 1);
    }
    scene.set([0, 0, 2], 1);
    let flat = fill(&scene.canvas(300), &at(&scene, [1, 1, 1], AXIAL)).expect("a piece");
    assert_eq!(flat.changed, 15);
    let deep = fill(&scene.canvas(300), &at(&scene, [1, 1, 1], Extent::Volume)).expect("a piece");
    assert_eq!(deep.changed, 17, "the column through the slice hangs on the ring; the voxel in the corner does not");
    let erased = fill(&scene.canvas(0), &at(&scene, [0, 0, 2], Extent::Volume)).expect("a piece");
    assert_eq!(scene.changed(&erased), [[0, 0, 2]]);
}

#[test]
fn is_what_a_naive_flood_gives_in_all_orders_of_the_axes() {
    for seed in 0..40 {
        let scene = Scene::random(100 + seed);
        let seed_voxel = scene.shape().map(|side| rng(seed).random_range(0..side));
        let extent = [Extent::Volume, AXIAL, Extent::Slice(AnatomicalPlane::Coronal)][seed as usize % 3];
        let params = Fill { may_reach_edge: seed % 2 == 0, ..at(&scene, seed_voxel, extent) };
        let found = fill(&scene.canvas(9), &params);
        assert_eq!(found.as_ref().err().copied(), naive(&scene, &params, seed_voxel).err());
        if let Ok(edit) = found {
            assert_eq!(labels(&scene.after(&edit)), naive(&scene, &params, seed_voxel).expect("a piece"));
        }
        if seed < 5 {
            scene.same_in_all_orders(|scene| fill(&scene.canvas(9), &params));
        }
    }
}

/// By spreading the seed to neighbours until nothing changes.
fn naive(scene: &Scene, params: &Fill, seed: [usize; 3]) -> Result<Vec<u16>, Refusal> {
    let grid = *scene.mask.grid();
    let bounds = params.extent.region(&grid, params.seed)?;
    let mut labels = labels(&scene.mask);
    let held = labels[grid.offset(seed)];
    labels[grid.offset(seed)] = 9;
    loop {
        let spread: Vec<usize> = (0..labels.len())
            .filter(|&n| labels[n] == held && bounds.contains(voxel_of(n, grid.shape())))
            .filter(|&n| {
                let at = voxel_of(n, grid.shape());
                (0..labels.len()).any(|m| {
                    let other = voxel_of(m, grid.shape());
                    labels[m] == 9 && (0..3).map(|a| at[a].abs_diff(other[a])).sum::<usize>() == 1
                })
            })
            .collect();
        if spread.is_empty() {
            break;
        }
        spread.into_iter().for_each(|n| labels[n] = 9);
    }
    let size = bounds.shape();
    let at_edge = (0..labels.len())
        .filter(|&n| labels[n] == 9)
        .map(|n| voxel_of(n, grid.shape()))
        .any(|voxel| (0..3).any(|axis| size[axis] > 1 && (voxel[axis] == bounds.low[axis] || voxel[axis] + 1 == bounds.high[axis])));
    if held == 0 && at_edge && !params.may_reach_edge { Err(Refusal::Leaks) } else { Ok(labels) }
}

#[test]
fn a_drawn_ring_is_closed_for_the_fill() {
    let scene = Scene::empty([30, 30, 1]);
    let slice = Slice { axis: 2, index: 0 };
    let circle = |radius: f64| -> Vec<Ras> {
        (0..40)
            .map(|n| f64::from(n) * std::f64::consts::TAU / 40.0)
            .map(|a| Ras(DVec3::new(15.0 + radius * a.cos(), 15.0 + radius * a.sin(), 0.0)))
            .collect()
    };
    let disc = polygon(&scene.canvas(1), slice, &circle(10.0)).expect("a disc");
    let mut scene = Scene { mask: scene.after(&disc), ..scene };
    let hole = polygon(&scene.canvas(0), slice, &circle(8.0)).expect("a hole");
    let hole_voxels = scene.changed(&hole);
    scene.mask = scene.after(&hole);
    let edit = fill(&scene.canvas(1), &at(&scene, [15, 15, 0], AXIAL)).expect("closed");
    assert_eq!(scene.changed(&edit), hole_voxels);
}

#[test]
fn what_must_stay_is_said() {
    let mut scene = ring();
    scene.rules = PaintRules { locked: vec![1], ..PaintRules::default() };
    assert_eq!(fill(&scene.canvas(2), &at(&scene, [1, 1, 1], AXIAL)), Err(Refusal::Kept(1)));
    assert_eq!(fill(&scene.canvas(1), &at(&scene, [3, 2, 1], AXIAL)), Err(Refusal::Locked(1)));
    assert_eq!(fill(&scene.canvas(0), &at(&scene, [3, 2, 1], AXIAL)), Err(Refusal::NoChange));
    let outside = Fill { seed: Ras(DVec3::splat(-9.0)), extent: AXIAL, may_reach_edge: false };
    assert_eq!(fill(&scene.canvas(2), &outside), Err(Refusal::Outside));
}
