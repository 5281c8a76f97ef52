//! The 3D view by its transfer function, checked against what can be computed by hand.

use std::sync::Arc;

use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{Grid, IndexBox, LabelTable, Quantity, Ras};

use super::super::{Palette, ScanTextures, VolumeFrame, VolumeScreen};
use super::easel::{Easel, Image, is_near, mask, volume};
use crate::state::transfer::{TransferFunction, TransferPoint, opacity_unit_mm, presets};
use crate::state::view::{VolumeCamera, VolumeMode};
use crate::state::window_level::WindowLevel;

const SIZE: [u32; 2] = [96, 96];
const BACKGROUND: [f32; 3] = [0.2, 0.4, 0.6];
const BEHIND: [u8; 3] = [51, 102, 153];
const WHOLE: [DVec3; 2] = [DVec3::ZERO, DVec3::ONE];
const FRONT: VolumeCamera = VolumeCamera { yaw: 0.0, pitch: 0.0, zoom: 1.0 };

fn curve(points: &[(f64, f32, [u8; 3])]) -> TransferFunction {
    TransferFunction::new(points.iter().map(|&(at, opacity, color)| TransferPoint { at, opacity, color }).collect())
}

fn frame(camera: VolumeCamera, mode: VolumeMode, transfer: TransferFunction) -> VolumeFrame {
    VolumeFrame {
        directions: camera.directions(),
        zoom: camera.zoom,
        window: WindowLevel { width: 1000.0, level: 500.0 },
        mode,
        transfer: Arc::new(transfer),
        shading: 0.0,
        scan_bounds: WHOLE,
        label_bounds: WHOLE,
        opacity: 1.0,
        shows_labels: false,
        crosshair: Ras(DVec3::splat(1e4)),
        palette: Arc::new(Palette::of(&LabelTable::default())),
        background: BACKGROUND,
    }
}

fn paint(easel: &Easel, scan: &Arc<ScanTextures>, frame: &VolumeFrame) -> Image {
    easel.paint_volume(SIZE, scan, frame)
}

fn screen(grid: &Grid, frame: &VolumeFrame) -> VolumeScreen {
    VolumeScreen::new(grid, frame.directions, frame.zoom, DVec2::new(f64::from(SIZE[0]), f64::from(SIZE[1])))
}

/// A colour through which `passes` of the background is seen.
fn over_background(color: [u8; 3], passes: f64) -> [u8; 3] {
    std::array::from_fn(|n| (f64::from(color[n]) * (1.0 - passes) + f64::from(BEHIND[n]) * passes).round() as u8)
}

fn is_about(found: [u8; 3], wanted: [u8; 3], tolerance: u8) -> bool {
    found.iter().zip(wanted).all(|(a, b)| a.abs_diff(b) <= tolerance)
}

#[test]
fn an_even_medium_takes_light_as_lambert_and_beer_say() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([24, 40, 30], [2.0, 1.5, 1.0]).expect("a grid");
    let scan = easel.upload(&volume(grid, |[i, j, k]| if [i, j, k] == [0, 0, 0] { 0 } else { 500 }));
    let color = [250, 30, 90];
    for opacity in [0.002_f32, 0.01, 0.04] {
        let medium = curve(&[(400.0, opacity, color), (600.0, opacity, color)]);
        for (yaw, pitch) in [(0.0, 0.0), (0.5, 0.0), (0.9, 0.3)] {
            let frame = frame(VolumeCamera { yaw, pitch, zoom: 1.0 }, VolumeMode::Rendering, medium.clone());
            let image = paint(&easel, &scan, &frame);
            // Through the middle: as far as the nearest pair of faces allows.
            let away = frame.directions[2];
            let half = [24.0, 30.0, 15.0];
            let long = 2.0 * (0..3).map(|axis| half[axis] / away[axis].abs().max(1e-12)).fold(f64::INFINITY, f64::min);
            let tau = -(1.0 - f64::from(opacity)).ln() * long / opacity_unit_mm(&grid);
            let wanted = over_background(color, (-tau).exp());
            let found = image.at_point(screen(&grid, &frame).point_of(grid.center()));
            assert!(is_about(found, wanted, 3), "opacity {opacity}, {yaw} {pitch}: {found:?}, not {wanted:?}");
        }
    }
}

#[test]
fn projections_show_the_greatest_the_mean_and_the_least_value() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([20, 32, 20], [1.0; 3]).expect("a grid");
    // From the front: 200, then 800 for a quarter of the way, then 400 for a half.
    let layers = |j: usize| [400, 400, 800, 200][j / 8];
    let scan = easel.upload(&volume(grid, |[i, j, k]| if [i, j, k] == [0, 0, 0] { 0 } else { layers(j) }));
    let gray = |value: f64| over_background([255; 3], 1.0 - value / 1000.0);
    let modes = [(VolumeMode::MaximumIntensity, 800.0, 1), (VolumeMode::MeanIntensity, 450.0, 2), (VolumeMode::MinimumIntensity, 200.0, 1)];
    for (mode, value, tolerance) in modes {
        let frame = frame(FRONT, mode, curve(&[]));
        let image = paint(&easel, &scan, &frame);
        let found = image.at_point(screen(&grid, &frame).point_of(grid.center()));
        assert!(is_about(found, gray(value), tolerance), "{mode:?}: {found:?}, not {:?}", gray(value));
        assert!(is_near(image.at(0, 0), BEHIND));
    }
}

#[test]
fn what_is_skipped_would_not_have_been_seen() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([60, 50, 40], [1.0, 1.0, 1.5]).expect("a grid");
    let shell = |[i, j, k]: [usize; 3]| {
        let at = DVec3::new(i as f64 - 22.0, j as f64 - 30.0, (k as f64 - 14.0) * 1.5).length();
        if (11.0..14.0).contains(&at) { 700 } else { (at as i16) * 4 }
    };
    let scan = easel.upload(&volume(grid, shell));
    let seen = curve(&[(-1e4, 0.0, [220, 60, 60]), (500.0, 0.0, [220, 60, 60]), (700.0, 0.4, [250, 240, 200])]);
    // Nothing more is seen of this one, but no brick is known to be empty.
    let everywhere = curve(&[(-1e4, 1e-7, [220, 60, 60]), (500.0, 1e-7, [220, 60, 60]), (700.0, 0.4, [250, 240, 200])]);
    for (yaw, pitch) in [(0.3, 0.2), (2.0, -0.7)] {
        let camera = VolumeCamera { yaw, pitch, zoom: 1.1 };
        let images = [&seen, &everywhere].map(|transfer| {
            let frame = VolumeFrame { shading: 1.0, ..frame(camera, VolumeMode::Rendering, transfer.clone()) };
            paint(&easel, &scan, &frame)
        });
        let mut seen_pixels = 0;
        for ((at, skipped), (_, marched)) in images[0].pixels().zip(images[1].pixels()) {
            assert!(is_about(skipped, marched, 6), "{at:?}: {skipped:?}, not {marched:?}");
            seen_pixels += usize::from(!is_about(skipped, BEHIND, 8));
        }
        assert!(seen_pixels > 500, "{seen_pixels}");
    }
}

#[test]
fn the_box_cuts_where_its_planes_lie() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([40, 20, 30], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |[i, j, k]| if [i, j, k] == [0, 0, 0] { 0 } else { 500 }));
    let label = mask(grid, |_| 3);
    scan.write_mask(&easel.state.queue, &label, IndexBox::whole(grid.shape()));
    let solid = curve(&[(300.0, 0.0, [255, 0, 0]), (400.0, 0.9, [255, 0, 0])]);
    let bounds = [DVec3::new(0.25, 0.0, 0.4), DVec3::new(0.75, 1.0, 0.9)];
    let cut = VolumeFrame { scan_bounds: bounds, ..frame(FRONT, VolumeMode::Rendering, solid) };
    let place = screen(&grid, &cut);
    let is_within = |[x, y]: [usize; 2], margin: f64| {
        // From the front, patient's left (low i) is on the right and the head (high k) on top.
        let part = |part: DVec3| place.point_of(Ras(part * DVec3::new(40.0, 20.0, 30.0) - 0.5));
        let (a, b) = (part(bounds[0]), part(bounds[1]));
        let at = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
        at.cmpge(a.min(b) - margin).all() && at.cmple(a.max(b) + margin).all()
    };
    let image = paint(&easel, &scan, &cut);
    for (at, color) in image.pixels() {
        if is_within(at, -1.0) {
            assert!(color[0] > 230 && color[2] < 20, "{at:?} is within the box: {color:?}");
        } else if !is_within(at, 1.0) {
            assert!(is_near(color, BEHIND), "{at:?} is cut away: {color:?}");
        }
    }
    // Labels are cut only where that is asked for.
    let labels = VolumeFrame { shows_labels: true, mode: VolumeMode::Surfaces, ..cut.clone() };
    let outside = place.point_of(Ras(DVec3::new(3.0, 10.0, 4.0)));
    assert!(!is_near(paint(&easel, &scan, &labels).at_point(outside), BEHIND));
    let labels = VolumeFrame { label_bounds: bounds, ..labels };
    let image = paint(&easel, &scan, &labels);
    assert!(is_near(image.at_point(outside), BEHIND));
    // Seen from the front the cut is a flat face, lit evenly.
    let inside: Vec<[u8; 3]> = image.pixels().filter(|(at, _)| is_within(*at, -2.0)).map(|(_, color)| color).collect();
    assert!(inside.len() > 100 && inside.iter().all(|color| is_near(*color, inside[0])));
}

#[test]
fn presets_show_bone_and_never_air() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([30, 30, 30], [5.0; 3]).expect("a grid");
    let is_bone = |[i, j, k]: [usize; 3]| [i, j, k].iter().all(|at| (10..20).contains(at));
    let scan = volume(grid, |voxel| if is_bone(voxel) { 900 } else { -1000 }).with_quantity(Quantity::Hounsfield);
    let scan = easel.upload(&scan);
    for preset in presets(Quantity::Hounsfield) {
        let frame = frame(FRONT, VolumeMode::Rendering, preset.function());
        let image = paint(&easel, &scan, &frame);
        let at = |voxel: f64| image.at_point(screen(&grid, &frame).point_of(Ras(DVec3::splat(voxel) * 5.0)));
        assert_eq!(at(3.0), BEHIND, "{}: air", preset.name);
        let shows_bone = preset.function().at(900.0)[3] > 0.5;
        assert_eq!(is_about(at(14.5), BEHIND, 60), !shows_bone, "{}: bone is {:?}", preset.name, at(14.5));
    }
}

#[test]
fn a_label_is_as_solid_as_its_palette_says() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([30, 30, 30], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |_| 0));
    let ball = mask(grid, |voxel| u16::from(voxel.iter().all(|at| (8..22).contains(at))) * 2);
    scan.write_mask(&easel.state.queue, &ball, IndexBox::whole(grid.shape()));
    let palette = Palette::of(&LabelTable::from_names([(2, "box")]));
    let look = |opacity: f32| {
        let palette = Arc::new(palette.with_opacities(&[(2, opacity)].into()));
        let frame = VolumeFrame { palette, shows_labels: true, ..frame(FRONT, VolumeMode::Surfaces, curve(&[])) };
        paint(&easel, &scan, &frame).at_point(screen(&grid, &frame).point_of(grid.center()))
    };
    let (solid, half) = (look(1.0), look(0.5));
    let between: [u8; 3] = std::array::from_fn(|n| ((u16::from(solid[n]) + u16::from(BEHIND[n])) / 2) as u8);
    assert!(!is_about(solid, BEHIND, 30) && is_about(half, between, 5), "{solid:?} {half:?}");
    assert!(is_near(look(0.0), BEHIND));
}

#[test]
fn a_slanted_surface_of_voxels_is_lit_evenly() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([48, 48, 48], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |_| 0));
    let normal = DVec3::new(0.25, 1.0, 0.4).normalize();
    let slanted = mask(grid, |[i, j, k]| u16::from((DVec3::new(i as f64, j as f64, k as f64) - 23.5).dot(normal) < 0.0));
    scan.write_mask(&easel.state.queue, &slanted, IndexBox::whole(grid.shape()));
    let frame = VolumeFrame { shows_labels: true, ..frame(FRONT, VolumeMode::Surfaces, curve(&[])) };
    let image = paint(&easel, &scan, &frame);
    let middle = screen(&grid, &frame).point_of(grid.center());
    let bright: Vec<f64> = image
        .pixels()
        .filter(|([x, y], _)| (DVec2::new(*x as f64, *y as f64) - middle).abs().max_element() < 20.0)
        .map(|(_, [r, g, b])| f64::from(r) + f64::from(g) + f64::from(b))
        .collect();
    let mean = bright.iter().sum::<f64>() / bright.len() as f64;
    let deviation = (bright.iter().map(|b| (b - mean) * (b - mean)).sum::<f64>() / bright.len() as f64).sqrt();
    assert!(bright.len() > 1000 && mean > 200.0);
    assert!(deviation < 0.05 * mean, "{deviation:.1} of {mean:.0}");
}
