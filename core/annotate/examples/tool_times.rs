//! How long each tool takes on a mask of 512 × 512 × 500 voxels: `cargo run --release -p medley-annotate --example tool_times`.

#![expect(clippy::print_stdout, clippy::expect_used, reason = "an example that measures")]

use std::time::Instant;

use medley_annotate::tools::{
    Boolean, Canvas, Confidence, CopySlice, Crop, Distances, Extent, Fill, FillHoles, Grow, Growth, Hollow, Interpolate, Islands, Keep,
    LiveWire, Margin, MaskBy, Operand, Operation, Shell, Slice, Smooth, Smoothing, Threshold, boolean, copy_slice, crop, fill, fill_holes,
    grow, grow_voxels, hollow, interpolate, islands, margin, mask_by, polygon, smooth, smooth_all, threshold, threshold_voxels,
};
use medley_annotate::{Author, Brush, BrushShape, Edit, PaintRules, Refusal, Stroke, ValueRange};
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Connectivity, Grid, LabelMap, Quantity, Ras, Scaling, Volume, VoxelIndex, Voxels};

const SHAPE: [usize; 3] = [512, 512, 500];
/// A kidney, a liver, and the liver with every fifth slice drawn; half axes in voxels.
const BODIES: [(u16, [f64; 3], [f64; 3]); 3] = [
    (1, [150.0, 256.0, 250.0], [40.0, 35.0, 60.0]),
    (2, [330.0, 250.0, 250.0], [110.0, 90.0, 100.0]),
    (3, [256.0, 90.0, 250.0], [80.0, 60.0, 90.0]),
];

fn scene() -> (LabelMap, Volume) {
    let grid = Grid::axis_aligned(SHAPE, [0.8, 0.8, 1.0]).expect("a grid");
    let mut mask = LabelMap::empty(grid);
    let mut values: Vec<i16> = (0..grid.len()).map(|n| (n.wrapping_mul(2_654_435_761) >> 7 & 31) as i16 - 16).collect();
    for (label, middle, half) in BODIES {
        let (low, high): (Vec<usize>, Vec<usize>) =
            (0..3).map(|a| ((middle[a] - half[a]) as usize, (middle[a] + half[a]) as usize + 1)).unzip();
        for k in low[2]..high[2] {
            for j in low[1]..high[1] {
                for i in low[0]..high[0] {
                    let at = (DVec3::new(i as f64, j as f64, k as f64) - DVec3::from_array(middle)) / DVec3::from_array(half);
                    let offset = grid.offset([i, j, k]);
                    if at.length_squared() <= 1.0 {
                        values[offset] += 100;
                        if label != 3 || k % 5 == 0 {
                            mask.set(offset, label);
                        }
                    }
                }
            }
        }
    }
    (mask, Volume::new(grid, Voxels::I16(values), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits"))
}

/// Milliseconds all threads of this process have spent on processors, on Linux: what counts when others work on the machine too.
fn cpu_ms() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let spent = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok());
    spent.filter_map(|line| line.split_whitespace().next()?.parse::<f64>().ok()).sum::<f64>() / 1e6
}

fn timed<T>(name: &str, mut run: impl FnMut() -> T, describe: impl Fn(&T) -> String) {
    let (mut best, mut least_cpu) = (f64::INFINITY, f64::INFINITY);
    let mut result = run();
    for _ in 0..4 {
        let (start, cpu) = (Instant::now(), cpu_ms());
        result = run();
        best = best.min(start.elapsed().as_secs_f64() * 1e3);
        least_cpu = least_cpu.min(cpu_ms() - cpu);
    }
    println!("{name:<44} {best:9.2} ms   {least_cpu:9.2} ms of processors   {}", describe(&result));
}

fn edit(name: &str, run: impl FnMut() -> Result<Edit, Refusal>) {
    timed(name, run, |result| match result {
        Ok(edit) => format!("{} voxels, {} bytes", edit.changed, edit.byte_len()),
        Err(refusal) => refusal.to_string(),
    });
}

fn main() {
    let (mask, scan) = scene();
    let rules = PaintRules { locked: vec![9], ..PaintRules::default() };
    let canvas = |label: u16| Canvas { mask: &mask, scan: Some(&scan), label, rules: &rules, author: &Author::Person, at_ms: 0 };
    let grid = *mask.grid();
    let at = |voxel: [usize; 3]| grid.ras_of(VoxelIndex(voxel));
    let planes = [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal];
    let middle = at([150, 256, 250]);
    for plane in planes {
        let name = |tool: &str| format!("{tool}, {}", plane.name().to_lowercase());
        let slice = Slice::nearest(&grid, plane, middle).expect("inside");
        let [u, v] = slice.in_plane();
        let contour: Vec<Ras> = (0..2000)
            .map(|n| f64::from(n) / 2000.0 * std::f64::consts::TAU)
            .map(|turn| {
                let mut index = DVec3::splat(250.0);
                (index[u], index[v]) = (250.0 + 200.0 * turn.cos(), 250.0 + 200.0 * (3.0 * turn).sin());
                Ras(grid.ras_from_voxel().transform_point3(index))
            })
            .collect();
        edit(&name("contour of 2000 points"), || polygon(&canvas(7), slice, &contour));
        let extent = Extent::Slice(plane);
        edit(&name("fill a label"), || fill(&canvas(7), &Fill { seed: middle, extent, may_reach_edge: false }));
        let outside = at([5, 5, 5]);
        edit(&name("fill all background"), || fill(&canvas(7), &Fill { seed: outside, extent, may_reach_edge: true }));
        let growth = Growth::Tolerance(40.0);
        edit(&name("grow"), || grow(&canvas(7), &Grow { seed: middle, extent, growth, radius_mm: None, fills_holes: true }));
        let range = ValueRange { low: 60.0, high: 200.0 };
        let params = Threshold { range, region: Some(slice.region(SHAPE)), seed: None };
        timed(&name("threshold, hover"), || threshold_voxels(&canvas(7), &params), |_| String::new());
        let to = slice.stepped(&grid, 1).expect("inside");
        edit(&name("copy slice"), || copy_slice(&canvas(1), &CopySlice { from: slice, to, labels: None, replaces: true }));
        timed(&name("live wire, begin a slice"), || LiveWire::new(&scan, slice, None), |_| String::new());
        let mut wire = LiveWire::new(&scan, slice, None).expect("a slice");
        wire.anchor(middle).expect("inside");
        let far = at([511, 511, 499]);
        timed(&name("live wire, first way to the corner"), || wire.clone().path_to(far).map(|way| way.len()), |n| format!("{n:?} points"));
        wire.path_to(far).expect("inside");
        timed(&name("live wire, way once searched"), || wire.path_to(far).map(|way| way.len()), |n| format!("{n:?} points"));
    }
    edit("fill a label, 3D (kidney)", || fill(&canvas(7), &Fill { seed: middle, extent: Extent::Volume, may_reach_edge: false }));
    edit("fill background that leaks, 3D", || {
        fill(&canvas(7), &Fill { seed: at([5, 5, 5]), extent: Extent::Volume, may_reach_edge: false })
    });
    let range = ValueRange { low: 60.0, high: 200.0 };
    edit("threshold, whole scan", || threshold(&canvas(7), &Threshold { range, region: None, seed: None }));
    edit("threshold at a point, 3D (kidney)", || threshold(&canvas(7), &Threshold { range, region: None, seed: Some(middle) }));
    let params = |growth, radius_mm| Grow { seed: middle, extent: Extent::Volume, growth, radius_mm, fills_holes: false };
    let confidence = Growth::Confidence(Confidence::default());
    timed("grow 3D within 10 mm, hover", || grow_voxels(&canvas(7), &params(confidence, Some(10.0))), |_| String::new());
    edit("grow 3D (kidney)", || grow(&canvas(7), &params(Growth::Tolerance(40.0), None)));
    edit("grow 3D by confidence (kidney)", || grow(&canvas(7), &params(confidence, None)));
    for (name, label) in [("kidney", 1), ("liver", 2)] {
        let name = |tool: &str| format!("{tool} ({name})");
        let c = &canvas(label);
        edit(&name("islands: keep at a point"), || {
            islands(c, &Islands::RemoveAt(at(if label == 1 { [150, 256, 250] } else { [330, 250, 250] })), Connectivity::Corners)
        });
        for method in [
            Smoothing::Median { radius_mm: 2.0 },
            Smoothing::Opening { radius_mm: 3.0 },
            Smoothing::Closing { radius_mm: 3.0 },
            Smoothing::Gaussian { sigma_mm: 2.0 },
        ] {
            edit(&name(&format!("smooth {method:?}")), || smooth(c, &Smooth { method, overwrites_others: false }));
        }
        edit(&name("margin 5 mm"), || margin(c, &Margin { distances: Distances::Even(5.0), overwrites_others: false }));
        edit(&name("margin −5 mm"), || margin(c, &Margin { distances: Distances::Even(-5.0), overwrites_others: false }));
        let distances = Distances::Directions { right: 10.0, left: 5.0, anterior: 7.0, posterior: 5.0, superior: 10.0, inferior: 8.0 };
        edit(&name("margin by direction"), || margin(c, &Margin { distances, overwrites_others: false }));
        edit(&name("hollow 3 mm"), || hollow(c, &Hollow { thickness_mm: 3.0, shell: Shell::Inside, overwrites_others: false }));
        edit(&name("fill holes"), || fill_holes(c, &FillHoles { in_slices: None, overwrites_others: false }));
    }
    edit("interpolate 36 gaps of 4 slices", || {
        interpolate(&canvas(3), &Interpolate { plane: AnatomicalPlane::Axial, overwrites_others: false })
    });
    edit("smooth all, median 2 mm", || smooth_all(&canvas(1), Smoothing::Median { radius_mm: 2.0 }));
    let (first, second) = (Operand { mask: &mask, labels: &[1] }, Operand { mask: &mask, labels: &[2] });
    edit("boolean: union", || boolean(&canvas(1), &Boolean { first, second, operation: Operation::Union }));
    let region = medley_volume::IndexBox { low: [100; 3], high: [300; 3] };
    edit("crop all", || crop(&canvas(1), &Crop { region, keep: Keep::Inside, labels: None }));
    edit("mask by a label", || mask_by(&canvas(1), &MaskBy { by: first, keep: Keep::Inside, labels: Some(&[2]) }));
    let mut painted = mask.clone();
    for shape in [BrushShape::Ball, BrushShape::Cube, BrushShape::Disc(planes[0]), BrushShape::Square(planes[0])] {
        for values in [None, Some(range)] {
            let rules = PaintRules { values, ..rules.clone() };
            let brush = Brush { label: 8, radius_mm: 15.0, shape, rules };
            let name = format!("brush {shape:?} of 15 mm, one step{}", if values.is_some() { ", range" } else { "" });
            timed(
                &name,
                || {
                    let mut stroke = Stroke::begin(brush.clone());
                    stroke.extend(&mut painted, Some(&scan), middle);
                    stroke.cancel(&mut painted)
                },
                |_| String::new(),
            );
        }
    }
}
