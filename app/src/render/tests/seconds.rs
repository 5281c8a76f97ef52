use std::sync::Arc;

use medley_volume::glam::{DAffine3, DQuat, DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, IndexBox, LabelTable, Volume};

use super::super::{ColorMap, Palette, RenderError, SecondFrame, SecondTexture, SlabFrame, SliceFrame};
use super::easel::{Easel, View, is_near, mask, mixed, volume};
use super::reference::{is_undecided, onto, projected, samples, value_at};
use crate::state::second_scan::Blend;
use crate::state::slab::{Projection, Slab};
use crate::state::window_level::WindowLevel;

const WINDOW: WindowLevel = WindowLevel { width: 300.0, level: 120.0 };
const SECOND_WINDOW: WindowLevel = WindowLevel { width: 600.0, level: 260.0 };
const SIZE: [u32; 2] = [72, 60];

fn first() -> Volume {
    let grid = Grid::axis_aligned([24, 20, 10], [1.0, 1.0, 2.5]).expect("a grid");
    volume(grid, |[i, j, k]| ((i * 11 + j * 23 + k * 41) % 256) as i16)
}

/// Coarser voxels, backwards, askew, and reaching out of the first scan on one side.
fn second() -> Volume {
    let affine = DAffine3::from_translation(DVec3::new(16.0, 14.0, -3.0))
        * DAffine3::from_rotation_z(0.5)
        * DAffine3::from_rotation_y(-0.2)
        * DAffine3::from_scale(DVec3::new(-2.1, -1.7, 3.3));
    let grid = Grid::new([9, 8, 10], affine).expect("a usable affine");
    volume(grid, |[i, j, k]| ((i * 71 + j * 37 + k * 53) % 600) as i16)
}

fn upload(easel: &Easel, volume: &Volume) -> Arc<SecondTexture> {
    Arc::new(SecondTexture::upload(&easel.state.device, &easel.state.queue, volume).expect("room for a small scan"))
}

fn over(scan: &Arc<SecondTexture>, map: ColorMap, blend: Blend) -> Option<SecondFrame> {
    Some(SecondFrame { scan: Arc::clone(scan), map, window: SECOND_WINDOW, opacity: 0.7, blend })
}

/// The colour of a pixel as both scans' values, by the reference, make it; `None` where rounding decides.
fn wanted(scans: [&Volume; 2], view: &View, frame: &SliceFrame, pixel: [usize; 2]) -> Option<[f64; 3]> {
    let (slab, is_interpolated): (Option<SlabFrame>, bool) = (frame.slab, frame.is_interpolated);
    let at = samples(view, slab, DVec2::new(pixel[0] as f64 + 0.5, pixel[1] as f64 + 0.5));
    let there: Vec<DVec3> = at.iter().map(|voxel| onto(scans[0].grid(), scans[1].grid(), *voxel)).collect();
    let is_open = |volume: &Volume, at: &[DVec3]| at.iter().any(|voxel| is_undecided(volume.grid(), *voxel, is_interpolated));
    if is_open(scans[0], &at) || is_open(scans[1], &there) {
        return None;
    }
    let value = |volume: &Volume, at: &[DVec3]| projected(at.iter().filter_map(|voxel| value_at(volume, *voxel, is_interpolated)), slab);
    let level = |value: f64, window: WindowLevel| ((value - window.low()) / window.width).clamp(0.0, 1.0);
    let gray = value(scans[0], &at).map_or(0.0, |value| level(value, WINDOW));
    let second = frame.second.as_ref()?;
    let Some(level) = value(scans[1], &there).map(|value| level(value, SECOND_WINDOW)) else { return Some([gray * 255.0; 3]) };
    let color = second.map.color(level).map(|channel| f64::from(channel) / 255.0);
    let opacity = f64::from(second.opacity);
    let mix = |cover: f64| color.map(|channel| gray + (channel - gray) * cover);
    let is_second_square = (pixel[0] / 36 + pixel[1] / 36) % 2 == 1;
    let mixed = match second.blend {
        Blend::Mix => mix(opacity),
        Blend::Fade => mix(opacity * level),
        Blend::Add => color.map(|channel| (gray + channel * opacity).min(1.0)),
        Blend::Checkerboard => mix(if is_second_square { opacity } else { 0.0 }),
    };
    Some(mixed.map(|channel| channel * 255.0))
}

#[test]
fn a_second_scan_on_another_grid_is_what_the_reference_computes() {
    let easel = Easel::new();
    let (first, second) = (first(), second());
    let (scan, texture) = (easel.upload(&first), upload(&easel, &second));
    let palette = Arc::new(Palette::of(&LabelTable::default()));
    let oblique = DQuat::from_axis_angle(DVec3::new(1.0, 0.4, 0.2).normalize(), 0.5);
    let maps = [ColorMap::Hot, ColorMap::Viridis, ColorMap::InverseGray, ColorMap::BlueRed];
    for (n, blend) in Blend::ALL.into_iter().enumerate() {
        for turn in [DQuat::IDENTITY, oblique] {
            for projection in [None, Some(Projection::Maximum), Some(Projection::Mean)] {
                let mut view = View::new(first.grid(), AnatomicalPlane::Coronal, [0.0, 0.0], SIZE.map(|side| side as f32));
                view.geometry = view.geometry.turned(turn);
                let slab = Slab { projection, thickness_mm: 7.0 }.frame(&view.geometry);
                let is_interpolated = n % 2 == 0;
                let frame = SliceFrame { slab, is_interpolated, second: over(&texture, maps[n], blend), ..view.frame(WINDOW, &palette) };
                let image = easel.paint(SIZE, 1.0, vec![view.shape(&scan, frame.clone())]);
                let (mut compared, mut colored) = (0, 0);
                for ([x, y], color) in image.pixels() {
                    let Some(wanted) = wanted([&first, &second], &view, &frame, [x, y]) else { continue };
                    // The colour map has 256 steps, of which rounding takes the next: a few shades where it is steep.
                    let apart = color.iter().zip(wanted).map(|(found, wanted)| (f64::from(*found) - wanted).abs()).fold(0.0, f64::max);
                    assert!(apart <= 6.0, "{blend:?} {projection:?} at {x}, {y}: {color:?}, not {wanted:?}");
                    compared += 1;
                    colored += usize::from(color[0].abs_diff(color[2]) > 30);
                }
                assert!(compared > 1500, "only {compared} pixels were compared");
                assert!(maps[n] == ColorMap::InverseGray || colored > 50, "{blend:?}: {colored} pixels have a colour");
            }
        }
    }
}

#[test]
fn where_only_the_second_scan_reaches_it_lies_over_black() {
    let easel = Easel::new();
    let small = volume(Grid::axis_aligned([4; 3], [1.0; 3]).expect("a grid"), |_| 200);
    let large = Grid::new([40; 3], DAffine3::from_translation(DVec3::splat(-18.0))).expect("a usable affine");
    let (scan, texture) = (easel.upload(&small), upload(&easel, &volume(large, |_| 560)));
    let palette = Arc::new(Palette::of(&LabelTable::default()));
    let view = View::new(small.grid(), AnatomicalPlane::Axial, [0.0, 0.0], [60.0, 20.0]);
    let frame = SliceFrame { second: over(&texture, ColorMap::Gray, Blend::Mix), ..view.frame(WINDOW, &palette) };
    let image = easel.paint([60, 20], 1.0, vec![view.shape(&scan, frame)]);
    assert!(is_near(image.at(30, 10), mixed(196, [255; 3], 0.7)), "{:?}", image.at(30, 10));
    assert!(is_near(image.at(3, 10), mixed(0, [255; 3], 0.7)), "{:?}", image.at(3, 10));
}

#[test]
fn another_second_scan_or_none_and_a_changed_mask_are_seen_at_once() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([8; 3], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |_| 120));
    let [low, high] = [-40, 560].map(|value| upload(&easel, &volume(grid, |_| value)));
    let table = LabelTable::from_names([(1, "spleen")]);
    let palette = Arc::new(Palette::of(&table));
    let view = View::new(&grid, AnatomicalPlane::Axial, [0.0, 0.0], [80.0, 80.0]);
    let shown = |second: Option<SecondFrame>| {
        let frame = SliceFrame { second, shows_labels: true, opacity: 0.4, ..view.frame(WINDOW, &palette) };
        easel.paint([80, 80], 1.0, vec![view.shape(&scan, frame)]).at(45, 45)
    };
    assert!(is_near(shown(over(&low, ColorMap::Gray, Blend::Mix)), mixed(128, [0; 3], 0.7)));
    assert!(is_near(shown(over(&high, ColorMap::Gray, Blend::Mix)), mixed(128, [255; 3], 0.7)));
    assert!(is_near(shown(None), [128; 3]));
    let region = IndexBox { low: [3, 3, 3], high: [5, 5, 5] };
    scan.write_mask(&easel.state.queue, &mask(grid, |_| 1), region);
    let under = mixed(128, [255; 3], 0.7)[0];
    let spleen = table.get(1).expect("a label of the table").color;
    let color = shown(over(&high, ColorMap::Gray, Blend::Mix));
    let apart = color.iter().zip(mixed(under, spleen, 0.4)).map(|(a, b)| a.abs_diff(b)).max();
    assert!(apart <= Some(2), "{color:?}");
}

#[test]
fn a_second_scan_that_does_not_fit_is_refused() {
    let easel = Easel::new();
    let limit = easel.state.device.limits().max_texture_dimension_3d as usize;
    let grid = Grid::axis_aligned([1, 1, limit + 1], [1.0; 3]).expect("a grid");
    let refused = SecondTexture::upload(&easel.state.device, &easel.state.queue, &volume(grid, |_| 0)).err();
    assert_eq!(refused, Some(RenderError::TooLong { axis: 'k', voxels: limit + 1, limit }));
}
