use medley_annotate::tools::{LiveWire, Slice};
use medley_annotate::{Edit, Refusal, Tool, ValueRange};
use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, Ras};
use rand::RngExt;

use crate::common::{Scene, rng};

/// A bright disc of radius 18 mm in noise, on uneven voxels, and the point at an angle on its edge.
fn disc() -> (Scene, impl Fn(f64) -> Ras) {
    let mut scene = Scene::on(Grid::axis_aligned([64, 44, 3], [1.0, 1.5, 4.0]).expect("a grid"));
    let middle = DVec2::new(31.0, 32.0);
    let noise: Vec<i16> = {
        let rng = &mut rng(5);
        (0..scene.mask.len()).map(|_| rng.random_range(-12..13)).collect()
    };
    let grid = *scene.mask.grid();
    scene.set_values(|voxel| {
        let at = DVec2::new(voxel[0] as f64, voxel[1] as f64 * 1.5);
        noise[grid.offset(voxel)] + if at.distance(middle) <= 18.0 { 150 } else { 0 }
    });
    let on_edge = move |turn: f64| Ras((middle + DVec2::from_angle(turn * std::f64::consts::TAU) * 18.0).extend(4.0));
    (scene, on_edge)
}

fn traced(scene: &Scene, on_edge: &impl Fn(f64) -> Ras) -> Result<Edit, Refusal> {
    let slice = Slice::nearest(scene.mask.grid(), AnatomicalPlane::Axial, on_edge(0.0))?;
    let mut wire = LiveWire::new(&scene.scan, slice, Some(ValueRange { low: -50.0, high: 200.0 }))?;
    for turn in [0.0, 0.25, 0.5, 0.75] {
        let at = wire.snapped(on_edge(turn), 3.0)?;
        wire.anchor(at)?;
    }
    wire.finish(&scene.canvas(1))
}

#[test]
fn four_clicks_outline_a_disc_in_noise_in_all_orders_of_the_axes() {
    let (scene, on_edge) = disc();
    for (order, flips) in [([0, 1, 2], [false; 3]), ([1, 0, 2], [true, false, false]), ([2, 0, 1], [false, true, true])] {
        let scene = scene.reordered(order, flips);
        let edit = traced(&scene, &on_edge).expect("a contour");
        assert_eq!(edit.tool, Tool::LiveWire);
        let found = scene.changed(&edit);
        let is_in = |voxel: [usize; 3]| scene.scan.value(medley_volume::VoxelIndex(voxel)).is_some_and(|value| value > 75.0);
        let common = found.iter().filter(|voxel| is_in(**voxel)).count();
        let disc = (0..scene.mask.len()).filter(|&n| is_in(crate::common::voxel_of(n, scene.shape()))).count() / 3;
        let dice = 2.0 * common as f64 / (found.len() + disc) as f64;
        assert!(dice > 0.95, "{order:?}: {dice}");
    }
}

#[test]
fn the_way_follows_the_edge_and_can_be_taken_back() {
    let (scene, on_edge) = disc();
    let slice = Slice { axis: 2, index: 1 };
    let mut wire = LiveWire::new(&scene.scan, slice, None).expect("a slice");
    assert_eq!(wire.path_to(on_edge(0.0)), Ok(Vec::new()));
    wire.anchor(on_edge(0.0)).expect("finite");
    let way = wire.path_to(on_edge(0.3)).expect("finite");
    let middle = DVec3::new(31.0, 32.0, 4.0);
    assert!(way.iter().all(|at| ((at.0 - middle).length() - 18.0).abs() < 2.5), "never far from the edge");
    let mut afresh = LiveWire::new(&scene.scan, slice, None).expect("a slice");
    afresh.anchor(on_edge(0.0)).expect("finite");
    assert_eq!(wire.path_to(on_edge(0.1)), afresh.path_to(on_edge(0.1)), "wherever the pointer was before");
    wire.anchor(on_edge(0.3)).expect("finite");
    assert_eq!(wire.contour(), way);
    assert_eq!((wire.anchors(), wire.take_back(), wire.anchors()), (2, true, 1));
    assert_eq!(wire.path_to(on_edge(0.3)), Ok(way), "as before");
    let far = wire.path_to(Ras(DVec3::new(-1e9, 1e9, 0.0))).expect("drawn to the edge");
    assert_eq!(far.last().map(|at| at.0.truncate()), Some(DVec2::new(0.0, 43.0 * 1.5)));
    assert_eq!(wire.anchor(Ras(DVec3::NAN)), Err(Refusal::Outside));
}

#[test]
fn where_there_is_no_edge_it_goes_straight() {
    let scene = Scene::empty([20, 20, 1]);
    let mut wire = LiveWire::new(&scene.scan, Slice { axis: 2, index: 0 }, None).expect("a slice");
    wire.anchor(scene.at([2, 3, 0])).expect("inside");
    let way = wire.path_to(scene.at([12, 13, 0])).expect("inside");
    assert_eq!(way, (0..11).map(|n| scene.at([2 + n, 3 + n, 0])).collect::<Vec<_>>());
    assert_eq!(wire.finish(&scene.canvas(1)).map(|edit| edit.changed), Err(Refusal::NoContour), "one click is no contour");
    assert!(LiveWire::new(&scene.scan, Slice { axis: 2, index: 1 }, None).is_err());
}
