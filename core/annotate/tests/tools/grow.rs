use medley_annotate::tools::{Confidence, Extent, Grow, Growth, grow, grow_voxels};
use medley_annotate::{PaintRules, Refusal, ValueRange};
use medley_volume::glam::DVec3;
use medley_volume::{AnatomicalPlane, Grid, VoxelIndex};
use rand::RngExt;

use crate::common::{Scene, rng, voxel_of};

fn from(scene: &Scene, seed: [usize; 3], growth: Growth) -> Grow {
    Grow { seed: scene.at(seed), extent: Extent::Volume, growth, radius_mm: None, fills_holes: false }
}

#[test]
fn is_what_a_naive_flood_gives() {
    for seed in 0..40 {
        let mut scene = Scene::random(seed);
        scene.rules = PaintRules { locked: vec![2], ..PaintRules::default() };
        let rng = &mut rng(seed);
        let start = scene.shape().map(|side| rng.random_range(0..side));
        let mut params = from(&scene, start, Growth::Tolerance(rng.random_range(5.0..60.0)));
        params.radius_mm = rng.random_bool(0.6).then(|| rng.random_range(0.0..12.0));
        if seed % 3 == 0 {
            params.extent = Extent::Slice(AnatomicalPlane::Sagittal);
        }
        let grid = *scene.mask.grid();
        let Growth::Tolerance(tolerance) = params.growth else { unreachable!() };
        let value = |voxel| scene.scan.value(VoxelIndex(voxel)).expect("inside");
        let bounds = params.extent.region(&grid, params.seed).expect("inside");
        let is_open = |voxel: [usize; 3]| {
            let way = scene.at(voxel).0 - scene.at(start).0;
            bounds.contains(voxel)
                && (value(voxel) - value(start)).abs() <= tolerance
                && scene.mask.at(grid.offset(voxel)) != 2
                && params.radius_mm.is_none_or(|radius| way.length() <= radius * (1.0 + 1e-9))
        };
        if scene.mask.at(grid.offset(start)) == 2 {
            assert_eq!(grow(&scene.canvas(8), &params), Err(Refusal::Kept(2)));
            continue;
        }
        let (mut seen, mut waiting) = (std::collections::BTreeSet::from([grid.offset(start)]), vec![start]);
        while let Some(voxel) = waiting.pop() {
            for (axis, step) in [(0, -1), (0, 1), (1, -1), (1, 1), (2, -1), (2, 1)] {
                let mut other = voxel;
                let Some(at) = other[axis].checked_add_signed(step).filter(|at| *at < scene.shape()[axis]) else { continue };
                other[axis] = at;
                if is_open(other) && seen.insert(grid.offset(other)) {
                    waiting.push(other);
                }
            }
        }
        let edit = grow(&scene.canvas(8), &params).expect("at least the seed");
        assert_eq!(scene.changed(&edit), seen.into_iter().map(|n| voxel_of(n, grid.shape())).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn locked_labels_are_walls_and_the_own_label_is_a_way() {
    let mut scene = Scene::empty([9, 1, 1]);
    scene.set([2, 0, 0], 1);
    scene.set([3, 0, 0], 4);
    scene.set([6, 0, 0], 5);
    scene.rules = PaintRules { locked: vec![5], ..PaintRules::default() };
    let params = from(&scene, [0, 0, 0], Growth::Tolerance(0.0));
    let changed = |scene: &Scene| scene.changed(&grow(&scene.canvas(1), &params).expect("a change")).len();
    assert_eq!(changed(&scene), 5);
    scene.rules = PaintRules { only_over: Some(0), ..scene.rules };
    assert_eq!(changed(&scene), 2);
}

#[test]
fn holes_are_closed_in_the_slice_or_in_space() {
    let mut scene = Scene::empty([7, 7, 7]);
    // A shell of value 100 around a core of 0, and (below) a tunnel into it.
    scene.set_values(|voxel| if voxel.iter().all(|v| (2..5).contains(v)) { 0 } else { 100 });
    let params = Grow { fills_holes: true, ..from(&scene, [1, 1, 3], Growth::Tolerance(1.0)) };
    assert_eq!(grow(&scene.canvas(1), &params).expect("all").changed, 343);
    let flat = Grow { extent: Extent::Slice(AnatomicalPlane::Axial), ..params };
    assert_eq!(grow(&scene.canvas(1), &flat).expect("a slice").changed, 49);
    assert_eq!(grow(&scene.canvas(1), &Grow { fills_holes: false, ..flat }).expect("a slice").changed, 40);
    scene.set_values(|[i, j, k]| if (2..5).contains(&i) && j == 3 && k < 5 { 0 } else { 100 });
    assert_eq!(grow(&scene.canvas(1), &params).expect("open at one end").changed, 343 - 15, "what is open to the outside is no hole");
}

#[test]
fn a_radius_is_in_millimetres_on_uneven_voxels() {
    let scene = Scene::on(Grid::axis_aligned([21, 21, 21], [1.0, 2.0, 4.0]).expect("a grid"));
    let params = Grow { radius_mm: Some(8.0), ..from(&scene, [10, 10, 10], Growth::Tolerance(0.0)) };
    let edit = grow(&scene.canvas(1), &params).expect("a ball");
    assert_eq!(edit.region.shape(), [17, 9, 5]);
    let far = scene.changed(&edit).into_iter().map(|voxel| (scene.at(voxel).0 - params.seed.0).length()).fold(0.0, f64::max);
    assert!(far <= 8.0 + 1e-6);
    let none = Grow { radius_mm: Some(-1.0), ..params };
    assert_eq!(grow(&scene.canvas(1), &none).expect("the seed").changed, 1);
}

#[test]
fn confidence_learns_the_range_round_by_round() {
    let mut scene = Scene::empty([10, 1, 1]);
    let values = [100, 102, 104, 106, 108, 110, 130, 170, 171, 300];
    scene.set_values(|[i, _, _]| values[i]);
    let with = |factor, rounds| {
        let params = from(&scene, [1, 0, 0], Growth::Confidence(Confidence { factor, rounds, radius: 1 }));
        grow_voxels(&scene.canvas(1), &params).expect("a region").count()
    };
    // The seed and its neighbours, 100, 102, 104: mean 102, SD 2, so that 106 is reached.
    assert_eq!(with(2.0, 0), 4);
    // 100 … 106: 103 ± 5.2 reaches 108; 100 … 108: 104 ± 6.3 reaches 110; 100 … 110: 105 ± 7.5 reaches nothing new.
    assert_eq!(with(2.0, 1), 5);
    assert_eq!(with(2.0, 2), 6);
    assert_eq!(with(2.0, 50), 6);
    // The range always holds the seed.
    assert_eq!(with(0.0, 3), 1);
}

#[test]
fn both_ways_are_the_same_in_all_orders_of_the_axes() {
    for seed in 0..4 {
        let mut scene = Scene::random(seed);
        scene.rules.locked = vec![3];
        let start = scene.at(scene.shape().map(|side| rng(seed).random_range(0..side)));
        let growths = [Growth::Confidence(Confidence::default()), Growth::Tolerance(30.0)];
        for (growth, extent) in growths.into_iter().zip([Extent::Volume, Extent::Slice(AnatomicalPlane::Coronal)]) {
            let params = Grow { seed: start, extent, growth, radius_mm: Some(9.7), fills_holes: true };
            scene.same_in_all_orders(|scene| grow(&scene.canvas(8), &params));
        }
    }
}

#[test]
fn a_range_must_hold_the_seed() {
    let scene = Scene::empty([3, 3, 3]);
    let params = from(&scene, [0, 0, 0], Growth::Range(ValueRange { low: 1.0, high: 2.0 }));
    assert_eq!(grow(&scene.canvas(1), &params), Err(Refusal::SeedOutOfRange));
    let outside = Grow { seed: medley_volume::Ras(DVec3::splat(f64::NAN)), ..params };
    assert_eq!(grow(&scene.canvas(1), &outside), Err(Refusal::Outside));
}

/// Seed, factor, rounds, radius; how many voxels SimpleITK 2.5.7's ConfidenceConnected finds on the same values as 32-bit floats, and the sum of their
/// offsets. (On whole numbers ITK cuts the range to whole numbers too, towards zero.)
type OfItk = ([usize; 3], f64, usize, usize, usize, usize);

const OF_ITK: &[OfItk] = &[
    ([6, 5, 4], 1.0, 0, 1, 82, 61152),
    ([6, 5, 4], 1.0, 0, 2, 121, 91106),
    ([6, 5, 4], 1.0, 1, 1, 16, 11744),
    ([6, 5, 4], 1.0, 1, 2, 125, 93500),
    ([6, 5, 4], 1.0, 4, 1, 2, 1328),
    ([6, 5, 4], 1.0, 4, 2, 12, 8761),
    ([6, 5, 4], 1.5, 0, 1, 111, 83067),
    ([6, 5, 4], 1.5, 0, 2, 447, 334597),
    ([6, 5, 4], 1.5, 1, 1, 97, 72452),
    ([6, 5, 4], 1.5, 1, 2, 370, 277401),
    ([6, 5, 4], 1.5, 4, 1, 76, 56536),
    ([6, 5, 4], 2.5, 0, 2, 454, 339676),
    ([2, 5, 4], 1.0, 0, 1, 383, 287121),
    ([2, 5, 4], 1.5, 0, 1, 448, 335409),
    ([2, 5, 4], 1.5, 0, 2, 1522, 1280285),
    ([2, 5, 4], 1.5, 1, 2, 1611, 1359301),
    ([2, 5, 4], 2.5, 0, 1, 487, 363045),
    ([2, 5, 4], 2.5, 0, 2, 1680, 1410360),
    ([2, 5, 4], 2.5, 1, 1, 1612, 1350875),
    ([0, 0, 0], 1.0, 0, 1, 738, 637221),
    ([0, 0, 0], 1.0, 0, 2, 903, 789611),
    ([0, 0, 0], 1.0, 1, 1, 9, 1850),
    ([0, 0, 0], 1.0, 1, 2, 56, 59391),
    ([0, 0, 0], 1.0, 4, 1, 1, 0),
    ([0, 0, 0], 1.5, 0, 1, 932, 812284),
    ([0, 0, 0], 1.5, 0, 2, 1082, 946738),
    ([0, 0, 0], 1.5, 1, 1, 877, 764647),
    ([0, 0, 0], 1.5, 1, 2, 1020, 892542),
    ([0, 0, 0], 1.5, 4, 1, 54, 57623),
    ([0, 0, 0], 1.5, 4, 2, 841, 730753),
    ([0, 0, 0], 2.5, 0, 1, 1226, 1070684),
    ([10, 3, 5], 1.0, 0, 1, 327, 244680),
    ([10, 3, 5], 1.0, 0, 2, 1049, 865305),
    ([10, 3, 5], 1.0, 1, 1, 221, 165458),
    ([10, 3, 5], 1.0, 1, 2, 1338, 1128592),
    ([10, 3, 5], 1.0, 4, 1, 4, 3540),
    ([10, 3, 5], 1.0, 4, 2, 1522, 1292326),
    ([10, 3, 5], 1.5, 0, 1, 368, 274368),
    ([10, 3, 5], 1.5, 0, 2, 1555, 1316860),
    ([10, 3, 5], 1.5, 4, 1, 235, 176294),
    ([10, 3, 5], 2.5, 0, 1, 1680, 1410360),
    ([10, 3, 5], 2.5, 1, 1, 1562, 1322437),
];

#[test]
fn confidence_finds_what_itk_finds() {
    let mut scene = Scene::empty([14, 12, 10]);
    scene.set_values(|voxel| {
        let [i, j, k] = voxel.map(|v| v as i32);
        let squared = (i - 6).pow(2) + (j - 5).pow(2) + 4 * (k - 4).pow(2);
        let step = if squared <= 16 {
            300
        } else if squared <= 36 {
            150
        } else {
            0
        };
        (step + (i * 37 + j * 91 + k * 53) * 7919 % 41) as i16
    });
    for &(seed, factor, rounds, radius, count, sum) in OF_ITK {
        let params = from(&scene, seed, Growth::Confidence(Confidence { factor, rounds, radius }));
        let found = grow_voxels(&scene.canvas(1), &params).expect("a region");
        let offsets: Vec<usize> = (0..scene.mask.len()).filter(|&n| found.contains(voxel_of(n, scene.shape()))).collect();
        assert_eq!((offsets.len(), offsets.iter().sum()), (count, sum), "{seed:?} {factor} {rounds} {radius}");
    }
}
