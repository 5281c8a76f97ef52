//! A walk through all tools: whatever is done, undoing all of it gives the very voxels back.

use std::collections::HashMap;

use medley_annotate::tools::{
    Boolean, CarrySlice, Confidence, CopySlice, Crop, Distances, Extent, Fill, FillHoles, FromPrompts, Grow, Growth, Hollow, Interpolate,
    Islands, Keep, LiveWire, Margin, MaskBy, Operand, Operation, Shell, Slice, Smooth, Smoothing, Threshold, boolean, carry, copy_slice,
    crop, fill, fill_holes, from_prompts, grow, hollow, interpolate, islands, margin, mask_by, polygon, smooth, smooth_all, threshold,
};
use medley_annotate::{Author, Brush, BrushShape, Edit, History, PaintRules, Refusal, Stroke, Tool, ValueRange};
use medley_volume::{AnatomicalPlane, Connectivity, Grid, IndexBox, Ras};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::common::{Scene, labels, rng};

const STEPS: usize = 600;
const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal];

fn one_of<T: Copy>(rng: &mut ChaCha8Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())]
}

fn point(scene: &Scene, rng: &mut ChaCha8Rng) -> Ras {
    scene.at(scene.shape().map(|side| rng.random_range(0..side)))
}

/// A stroke; it is in the mask at the end.
fn stroke(scene: &mut Scene, label: u16, rng: &mut ChaCha8Rng) -> Option<Edit> {
    let plane = one_of(rng, &PLANES);
    let shape = one_of(rng, &[BrushShape::Ball, BrushShape::Cube, BrushShape::Disc(plane), BrushShape::Square(plane)]);
    let mut stroke = Stroke::begin(Brush { label, radius_mm: rng.random_range(0.0..4.0), shape, rules: scene.rules.clone() });
    for _ in 0..rng.random_range(1..4) {
        let to = point(scene, rng);
        stroke.extend(&mut scene.mask, Some(&scene.scan), to);
    }
    stroke.finish(&scene.mask, Author::Person, 1)
}

/// Any other tool; not applied.
fn edit(scene: &Scene, label: u16, rng: &mut ChaCha8Rng) -> Result<Edit, Refusal> {
    let canvas = &scene.canvas(label);
    let (grid, shape) = (*scene.mask.grid(), scene.shape());
    let (plane, seed, mm, flag) = (one_of(rng, &PLANES), point(scene, rng), rng.random_range(0.5..5.0), rng.random_bool(0.5));
    let slice = Slice::nearest(&grid, plane, seed)?;
    let extent = if flag { Extent::Volume } else { Extent::Slice(plane) };
    let low = rng.random_range(-200.0..300.0);
    let range = ValueRange { low, high: low + rng.random_range(0.0..200.0) };
    let other = one_of(rng, &[1, 2, 3, 300]);
    let corner = shape.map(|side| rng.random_range(0..side));
    let region = IndexBox { low: corner.map(|v| v.saturating_sub(4)), high: corner.map(|v| v + 5) };
    match rng.random_range(0..20) {
        0 => polygon(canvas, slice, &(0..5).map(|_| point(scene, rng)).collect::<Vec<_>>()),
        1 => fill(canvas, &Fill { seed, extent, may_reach_edge: rng.random_bool(0.3) }),
        2 => threshold(canvas, &Threshold { range, region: Some(region), seed: None }),
        3 => threshold(canvas, &Threshold { range, region: None, seed: Some(seed) }),
        4 => grow(canvas, &Grow { seed, extent, growth: Growth::Tolerance(mm * 10.0), radius_mm: Some(mm * 2.0), fills_holes: flag }),
        5 => {
            let growth = Growth::Confidence(Confidence::default());
            grow(canvas, &Grow { seed, extent, growth, radius_mm: Some(6.0), fills_holes: true })
        }
        6 => {
            let mut wire = LiveWire::new(&scene.scan, slice, None)?;
            wire.anchor(seed)?;
            wire.anchor(point(scene, rng))?;
            wire.anchor(point(scene, rng))?;
            wire.finish(canvas)
        }
        7 => {
            let free: Vec<u16> = (400..410).collect();
            let ways = [
                Islands::KeepLargest,
                Islands::RemoveSmaller { voxels: 5 },
                Islands::KeepAt(seed),
                Islands::RemoveAt(seed),
                Islands::Split { free: &free },
            ];
            islands(canvas, &one_of(rng, &ways), if flag { Connectivity::Faces } else { Connectivity::Corners })
        }
        8 => {
            let operation = one_of(rng, &[Operation::Union, Operation::Intersection, Operation::Subtraction, Operation::ExclusiveOr]);
            let operand = |labels| Operand { mask: &scene.mask, labels };
            boolean(canvas, &Boolean { first: operand(&[1]), second: operand(&[2, 300]), operation })
        }
        9 => crop(canvas, &Crop { region, keep: Keep::Outside, labels: flag.then_some(&[1, 3]) }),
        10 => {
            let by = Operand { mask: &scene.mask, labels: &[other] };
            mask_by(canvas, &MaskBy { by, keep: Keep::Outside, labels: Some(&[other]) })
        }
        11 => {
            let to = slice.stepped(&grid, if flag { 1 } else { -1 }).ok_or(Refusal::Outside)?;
            copy_slice(canvas, &CopySlice { from: slice, to, labels: None, replaces: rng.random_bool(0.5) })
        }
        12 => interpolate(canvas, &Interpolate { plane, overwrites_others: flag }),
        13 => {
            let ways = [
                Smoothing::Median { radius_mm: mm / 2.0 },
                Smoothing::Opening { radius_mm: mm / 2.0 },
                Smoothing::Closing { radius_mm: mm / 2.0 },
                Smoothing::Gaussian { sigma_mm: mm / 2.0 },
            ];
            smooth(canvas, &Smooth { method: one_of(rng, &ways), overwrites_others: flag })
        }
        14 => smooth_all(canvas, Smoothing::Median { radius_mm: mm / 3.0 }),
        15 => {
            let directions =
                Distances::Directions { right: mm, left: -mm / 2.0, anterior: 0.0, posterior: mm / 2.0, superior: -mm, inferior: 1.0 };
            let distances = one_of(rng, &[Distances::Even(mm), Distances::Even(-mm / 2.0), directions]);
            margin(canvas, &Margin { distances, overwrites_others: flag })
        }
        16 => {
            let shell = one_of(rng, &[Shell::Inside, Shell::Outside, Shell::Centred]);
            hollow(canvas, &Hollow { thickness_mm: mm / 2.0, shell, overwrites_others: flag })
        }
        17 => {
            let (object, other) = ([vec![seed, point(scene, rng)]], [vec![point(scene, rng)]]);
            let bounds = flag.then(|| [point(scene, rng), point(scene, rng)]);
            let reach_mm = 2.0 * mm;
            from_prompts(canvas, &FromPrompts { object: &object, other: &other, bounds, reach_mm, replaces: flag, is_cancelled: &|| false })
        }
        18 => {
            let params =
                CarrySlice { from: slice, upwards: 3, downwards: 2, replaces: flag, overwrites_others: !flag, is_cancelled: &|| false };
            carry(canvas, &params).map(|(edit, _)| edit)
        }
        _ => fill_holes(canvas, &FillHoles { in_slices: flag.then_some(plane), overwrites_others: true }),
    }
}

#[test]
fn undoing_a_walk_through_all_tools_gives_the_very_voxels_back() {
    let rng = &mut rng(2024);
    let mut scene = Scene::blobs(Grid::axis_aligned([18, 15, 13], [0.8, 1.0, 2.0]).expect("a grid"), rng);
    let start = labels(&scene.mask);
    let mut history = History::new();
    let mut used: HashMap<Tool, usize> = HashMap::new();
    let mut step = 0;
    while step < STEPS {
        scene.rules = PaintRules {
            locked: if rng.random_bool(0.3) { vec![one_of(rng, &[1, 2, 3])] } else { Vec::new() },
            only_over: rng.random_bool(0.15).then(|| one_of(rng, &[0, 1, 2])),
            values: rng.random_bool(0.1).then_some(ValueRange { low: -150.0, high: 200.0 }),
        };
        let label = one_of(rng, &[0, 1, 1, 2, 3, 300]);
        let done = match rng.random_range(0..10) {
            0 => stroke(&mut scene, label, rng),
            1 => {
                for _ in 0..rng.random_range(1..4) {
                    history.undo(&mut scene.mask).expect("it is there");
                }
                None
            }
            2 => {
                history.redo(&mut scene.mask).expect("it was there");
                None
            }
            _ => edit(&scene, label, rng).ok().inspect(|edit| {
                scene.after(edit);
                edit.apply(&mut scene.mask).expect("it was made on this mask");
            }),
        };
        if let Some(edit) = done {
            assert_eq!(Edit::from_bytes(&edit.to_bytes()).as_ref(), Ok(&edit));
            *used.entry(edit.tool).or_default() += 1;
            history.push(edit);
            step += 1;
        }
    }
    let by_hand = [Tool::Proposal, Tool::Import, Tool::Script, Tool::TakeBack];
    let missing: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| !by_hand.contains(tool) && !used.contains_key(tool)).collect();
    assert!(missing.is_empty(), "the walk never came to {missing:?}: {used:?}");
    while history.undo(&mut scene.mask).expect("it is there").is_some() {}
    assert_eq!(labels(&scene.mask), start);
    while history.redo(&mut scene.mask).expect("it was there").is_some() {}
    while history.undo(&mut scene.mask).expect("it is there").is_some() {}
    assert_eq!(labels(&scene.mask), start);
}
