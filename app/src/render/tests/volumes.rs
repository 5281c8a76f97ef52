use std::sync::Arc;

use eframe::egui::{Pos2, Rect};
use medley_volume::glam::{DAffine3, DVec2, DVec3};
use medley_volume::{Grid, IndexBox, LabelTable, Ras, VoxelIndex};

use super::super::{Palette, ScanTextures, VolumeFrame, VolumeScreen, volume_shape};
use super::easel::{Easel, Image, is_near, mask, volume};
use crate::state::transfer::{TransferFunction, TransferPoint};
use crate::state::view::{VolumeCamera, VolumeMode};
use crate::state::window_level::WindowLevel;

const SIZE: [u32; 2] = [120, 90];
const WINDOW: WindowLevel = WindowLevel { width: 1000.0, level: 500.0 };
const BACKGROUND: [f32; 3] = [0.2, 0.4, 0.6];
const WHOLE: [DVec3; 2] = [DVec3::ZERO, DVec3::ONE];

/// A faint veil over all values above one.
fn solid_above(value: f64) -> TransferFunction {
    let point = |at, opacity| TransferPoint { at, opacity, color: [200, 180, 160] };
    TransferFunction::new(vec![point(value, 0.0), point(value + 50.0, 0.01)])
}

fn oblique() -> Grid {
    let turn = DAffine3::from_translation(DVec3::new(5.0, -40.0, 9.0)) * DAffine3::from_rotation_y(0.3);
    Grid::new([20, 30, 16], turn * DAffine3::from_scale(DVec3::new(-1.5, 1.0, 2.5))).expect("a usable affine")
}

fn frame(camera: VolumeCamera, mode: VolumeMode, table: &LabelTable) -> VolumeFrame {
    VolumeFrame {
        directions: camera.directions(),
        zoom: camera.zoom,
        window: WINDOW,
        mode,
        transfer: Arc::new(solid_above(100.0)),
        shading: 1.0,
        scan_bounds: WHOLE,
        label_bounds: WHOLE,
        opacity: 0.5,
        shows_labels: true,
        crosshair: Ras(DVec3::splat(1e4)),
        palette: Arc::new(Palette::of(table)),
        background: BACKGROUND,
    }
}

fn paint(easel: &Easel, scan: &Arc<ScanTextures>, frame: &VolumeFrame) -> Image {
    easel.paint_volume(SIZE, scan, frame)
}

fn screen(grid: &Grid, frame: &VolumeFrame) -> VolumeScreen {
    VolumeScreen::new(grid, frame.directions, frame.zoom, DVec2::new(f64::from(SIZE[0]), f64::from(SIZE[1])))
}

/// The middle of the pixels that `is_it`.
fn middle_of(image: &Image, is_it: impl Fn([u8; 3]) -> bool) -> Option<DVec2> {
    let found: Vec<DVec2> =
        image.pixels().filter(|(_, color)| is_it(*color)).map(|([x, y], _)| DVec2::new(x as f64 + 0.5, y as f64 + 0.5)).collect();
    (!found.is_empty()).then(|| found.iter().sum::<DVec2>() / found.len() as f64)
}

#[test]
fn the_brightest_voxel_appears_where_it_is_projected_from_every_side() {
    let easel = Easel::new();
    let grid = oblique();
    let bright = [4, 22, 11];
    let scan = easel.upload(&volume(grid, |voxel| if voxel == bright { 1000 } else { 0 }));
    for (yaw, pitch) in [(0.0, 0.0), (0.8, 0.3), (2.5, -0.6), (4.0, 1.2)] {
        let frame = frame(VolumeCamera { yaw, pitch, zoom: 1.2 }, VolumeMode::MaximumIntensity, &LabelTable::default());
        let image = paint(&easel, &scan, &frame);
        let found = middle_of(&image, |[r, ..]| r > 100).expect("the voxel is seen");
        let wanted = screen(&grid, &frame).point_of(grid.ras_of(VoxelIndex(bright)));
        assert!((found - wanted).length() < 1.5, "{yaw} {pitch}: {found}, not {wanted}");
        assert!(is_near(image.at(0, 0), [51, 102, 153]), "background: {:?}", image.at(0, 0));
    }
}

#[test]
fn reducing_a_long_scan_does_not_dim_its_brightest_voxel() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([400, 12, 12], [0.1, 1.0, 1.0]).expect("a grid");
    let scan = easel.upload(&volume(grid, |voxel| if voxel == [203, 6, 6] { 900 } else { 0 }));
    let front = frame(VolumeCamera { yaw: 0.0, pitch: 0.0, zoom: 6.0 }, VolumeMode::MaximumIntensity, &LabelTable::default());
    let image = paint(&easel, &scan, &front);
    // The mean of its block would be at most halfway from 51 to 235.
    let brightest = image.pixels().map(|(_, [r, ..])| r).max();
    assert!(brightest > Some(200), "{brightest:?}");
}

#[test]
fn a_label_is_a_lit_ball_where_it_lies_and_gone_when_hidden_or_erased() {
    let easel = Easel::new();
    let grid = oblique();
    let scan = easel.upload(&volume(grid, |_| 0));
    let middle = grid.ras_of(VoxelIndex([12, 10, 8])).0;
    let ball = mask(grid, |voxel| if (grid.ras_of(VoxelIndex(voxel)).0 - middle).length() < 7.0 { 2 } else { 0 });
    let mut table = LabelTable::from_names([(2, "ball")]);
    table.labels_mut()[0].color = [220, 60, 40];
    let camera = VolumeCamera { yaw: 0.6, pitch: 0.4, zoom: 1.0 };
    let look = frame(camera, VolumeMode::Surfaces, &table);
    assert!(paint(&easel, &scan, &look).pixels().all(|(_, color)| is_near(color, [51, 102, 153])));
    let whole = IndexBox::whole(grid.shape());
    scan.write_mask(&easel.state.queue, &ball, whole);
    let image = paint(&easel, &scan, &look);
    let is_ball = |[r, _, b]: [u8; 3]| r > b;
    let found = middle_of(&image, is_ball).expect("the ball is seen");
    let place = screen(&grid, &look);
    let wanted = place.point_of(Ras(middle));
    assert!((found - wanted).length() < 1.5, "{found}, not {wanted}");
    let radius = (image.pixels().filter(|(_, c)| is_ball(*c)).count() as f64 / std::f64::consts::PI).sqrt();
    let per_mm = (place.point_of(Ras(middle + look.directions[0])) - wanted).length();
    assert!((radius / per_mm - 7.0).abs() < 0.7, "{} mm", radius / per_mm);
    // Light comes from the upper left.
    let side = DVec2::new(4.0, 4.0) * per_mm;
    let bright = |point: DVec2| image.at_point(point)[0];
    assert!(bright(wanted - side) > bright(wanted + side) + 40, "{} {}", bright(wanted - side), bright(wanted + side));

    table.labels_mut()[0].is_visible = false;
    let hidden = frame(camera, VolumeMode::Surfaces, &table);
    assert!(paint(&easel, &scan, &hidden).pixels().all(|(_, color)| is_near(color, [51, 102, 153])));
    scan.write_mask(&easel.state.queue, &mask(grid, |_| 0), whole);
    assert!(scan.volume_repaint_after().is_some(), "a changed mask asks for another picture");
    assert!(paint(&easel, &scan, &look).pixels().all(|(_, color)| is_near(color, [51, 102, 153])));
}

#[test]
fn labels_are_seen_within_the_scan_and_the_scan_alone_without_them() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([30, 30, 30], [2.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |voxel| if voxel.iter().all(|v| (6..24).contains(v)) { 500 } else { -200 }));
    let inner = mask(grid, |voxel| u16::from(voxel.iter().all(|v| (11..19).contains(v))));
    scan.write_mask(&easel.state.queue, &inner, IndexBox::whole(grid.shape()));
    let mut table = LabelTable::from_names([(1, "core")]);
    table.labels_mut()[0].color = [0, 200, 40];
    let with = frame(VolumeCamera { yaw: 0.3, pitch: 0.2, zoom: 1.0 }, VolumeMode::Rendering, &table);
    let middle = screen(&grid, &with).point_of(grid.center());
    let [r, g, b] = paint(&easel, &scan, &with).at_point(middle);
    assert!(g > r + 30 && g > b + 30, "{r} {g} {b}");
    let [r, g, _] = paint(&easel, &scan, &VolumeFrame { shows_labels: false, ..with }).at_point(middle);
    assert!(r > 51 && r.abs_diff(g) < 60, "the veil is seen: {r} {g}");
}

#[test]
fn the_crosshair_is_drawn_where_it_points() {
    let easel = Easel::new();
    let grid = oblique();
    let scan = easel.upload(&volume(grid, |_| 0));
    let crosshair = grid.ras_of(VoxelIndex([5, 20, 4]));
    let look = frame(VolumeCamera::default(), VolumeMode::Surfaces, &LabelTable::default());
    let look = VolumeFrame { crosshair, ..look };
    let image = paint(&easel, &scan, &look);
    let point = screen(&grid, &look).point_of(crosshair);
    let [r, _, b] = image.at_point(point);
    assert!(r > 150 && b < 140, "{:?}", image.at_point(point));
    let elsewhere = VolumeFrame { crosshair: grid.center(), ..look };
    let rect = Rect::from_min_size(Pos2::ZERO, [SIZE[0] as f32, SIZE[1] as f32].into());
    let moved = easel.paint(SIZE, 1.0, vec![volume_shape(rect, &scan, elsewhere.clone())]);
    assert_eq!(scan.volume_repaint_after(), None, "the picture beneath stays");
    let [r, _, b] = moved.at_point(screen(&grid, &elsewhere).point_of(grid.center()));
    assert!(r > 150 && b < 140, "{r} {b}");
}
