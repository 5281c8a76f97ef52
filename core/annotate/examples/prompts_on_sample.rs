//! How good answers to clicks are without a network, and how far a drawn slice can be carried:
//! `cargo run -p medley-annotate --example prompts_on_sample [SCAN MASK LABEL…]`.
//!
//! Without arguments: the organs of the bundled sample. The clicks are those of somebody who knows the truth and always clicks the middle of the
//! largest error.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "an example that measures")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use medley_annotate::tools::{Canvas, CarrySlice, FromPrompts, Slice, carry, from_prompts_voxels};
use medley_annotate::{Author, PaintRules};
use medley_volume::guidance::{ClickHabits, next_click};
use medley_volume::{IndexBox, LabelMap, Ras, Volume, VoxelIndex};

const CLICKS: usize = 10;
const SHOWN: [usize; 4] = [1, 3, 5, 10];
/// Slices the carried drawing is measured at.
const CARRIED: [usize; 3] = [1, 5, 10];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [scan, mask, labels @ ..] = arguments.as_slice() {
        let labels: Vec<(u16, String)> = labels.iter().filter_map(|label| Some((label.parse().ok()?, label.clone()))).collect();
        return measured("scan", Path::new(scan), Path::new(mask), &labels);
    }
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/sample");
    let organs = [(1, "spleen"), (2, "liver"), (3, "stomach"), (4, "aorta")].map(|(label, name)| (label, name.to_owned()));
    for case in ["patient_a_upper", "patient_b"] {
        let file = |what: &str| -> PathBuf { sample.join(format!("{case}_{what}.nii.gz")) };
        measured(case, &file("ct"), &file("organs5"), &organs);
    }
}

fn measured(case: &str, scan: &Path, mask: &Path, labels: &[(u16, String)]) {
    let scan = medley_io::open_volume(scan).expect("a scan").volume;
    let truth = medley_io::open_labels(mask).expect("a mask").labels;
    for (label, name) in labels {
        for has_box in [false, true] {
            clicked(case, name, &scan, &truth, *label, has_box);
        }
        carried(case, name, &scan, &truth, *label);
    }
}

fn clicked(case: &str, name: &str, scan: &Volume, truth: &LabelMap, label: u16, has_box: bool) {
    let grid = *truth.grid();
    let truth: Vec<bool> = (0..truth.len()).map(|offset| truth.at(offset) == label).collect();
    let bounds = bounds_of(&truth, grid.shape());
    let corners = [bounds.low, bounds.high.map(|v| v - 1)].map(|voxel| grid.ras_of(VoxelIndex(voxel)));
    let (mask, rules) = (LabelMap::empty(grid), PaintRules::default());
    let canvas = Canvas { mask: &mask, scan: Some(scan), label: 1, rules: &rules, author: &Author::Person, at_ms: 0 };
    let (mut object, mut other): (Vec<Vec<Ras>>, Vec<Vec<Ras>>) = (Vec::new(), Vec::new());
    let mut found = vec![false; grid.len()];
    let (mut line, mut slowest, mut looked_at) = (String::new(), 0.0f64, 0);
    for n in 1..=CLICKS {
        if let Some(click) = next_click(&grid, &truth, &found, &ClickHabits::default(), 0) {
            let shape = grid.shape();
            let voxel = [click.offset % shape[0], click.offset / shape[0] % shape[1], click.offset / shape[0] / shape[1]];
            if click.is_object { &mut object } else { &mut other }.push(vec![grid.ras_of(VoxelIndex(voxel))]);
            let start = Instant::now();
            let params = FromPrompts {
                object: &object,
                other: &other,
                bounds: has_box.then_some(corners),
                reach_mm: FromPrompts::REACH_MM,
                replaces: true,
                is_cancelled: &|| false,
            };
            let answer = from_prompts_voxels(&canvas, &params).expect("an answer");
            slowest = slowest.max(start.elapsed().as_secs_f64());
            looked_at = looked_at.max(answer.region().len());
            found.fill(false);
            answer.region().rows(shape).flatten().zip(answer.inside()).for_each(|(offset, inside)| found[offset] = *inside);
        }
        if SHOWN.contains(&n) {
            line += &format!(" {:.3} |", dice(&found, &truth));
        }
    }
    let how = if has_box { "box + clicks" } else { "clicks" };
    println!("| {case} | {name} | {how} |{line} {:.2} M | {slowest:.2} s |", looked_at as f64 / 1e6);
}

/// From the slice in which the organ is largest, both ways, and beside it the plain copy.
fn carried(case: &str, name: &str, scan: &Volume, truth: &LabelMap, label: u16) {
    let grid = *truth.grid();
    let shape = grid.shape();
    let axis = grid.axes().voxel_axis[2];
    let slice =
        |index: usize| -> Vec<bool> { truth.region(&Slice { axis, index }.region(shape)).into_iter().map(|held| held == label).collect() };
    let area = |index: &usize| slice(*index).iter().filter(|is_inside| **is_inside).count();
    let from = (0..shape[axis]).max_by_key(area).unwrap_or(0);
    let mut mask = LabelMap::empty(grid);
    let drawn = Slice { axis, index: from }.region(shape);
    mask.set_region(&drawn, &slice(from).into_iter().map(u16::from).collect::<Vec<_>>());
    let rules = PaintRules::default();
    let canvas = Canvas { mask: &mask, scan: Some(scan), label: 1, rules: &rules, author: &Author::Person, at_ms: 0 };
    let start = Instant::now();
    let params = CarrySlice {
        from: Slice { axis, index: from },
        upwards: 10,
        downwards: 10,
        replaces: true,
        overwrites_others: false,
        is_cancelled: &|| false,
    };
    let Ok((edit, reached)) = carry(&canvas, &params) else { return println!("| {case} | {name} | nothing carried |") };
    let took = start.elapsed().as_secs_f64();
    let mut after = mask.clone();
    edit.apply(&mut after).expect("it was made on this mask");
    let mut line = String::new();
    for steps in CARRIED {
        let ends = [from.checked_sub(steps), Some(from + steps).filter(|index| *index < shape[axis])];
        for index in ends.into_iter().flatten() {
            let (wanted, copy) = (slice(index), slice(from));
            if !wanted.iter().any(|is_inside| *is_inside) {
                continue;
            }
            let found: Vec<bool> = after.region(&Slice { axis, index }.region(shape)).into_iter().map(|held| held == 1).collect();
            let which = if index > from { '+' } else { '−' };
            line += &format!(" {which}{steps}: {:.3} ({:.3})", dice(&found, &wanted), dice(&copy, &wanted));
        }
    }
    println!("| {case} | {name} | carried, in brackets copied |{line} | {:?} {:?} | {took:.2} s |", reached.downwards, reached.upwards);
}

fn bounds_of(set: &[bool], shape: [usize; 3]) -> IndexBox {
    let mut bounds: Option<IndexBox> = None;
    for offset in (0..set.len()).filter(|&offset| set[offset]) {
        let voxel = [offset % shape[0], offset / shape[0] % shape[1], offset / shape[0] / shape[1]];
        bounds = Some(bounds.map_or(IndexBox { low: voxel, high: voxel.map(|v| v + 1) }, |bounds| bounds.including(voxel)));
    }
    bounds.expect("the label is in the mask")
}

fn dice(a: &[bool], b: &[bool]) -> f64 {
    let count = |set: &[bool]| set.iter().filter(|is_inside| **is_inside).count();
    let both = a.iter().zip(b).filter(|(a, b)| **a && **b).count();
    2.0 * both as f64 / (count(a) + count(b)).max(1) as f64
}
