use std::sync::Arc;

use eframe::wgpu::TextureFormat;
use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, LabelTable, Scaling, Volume, VoxelIndex, Voxels};

use super::super::{Palette, SliceFrame};
use super::easel::{Easel, View, is_near, stored_as, volume};
use crate::state::window_level::WindowLevel;

const PLANES: [AnatomicalPlane; 3] = [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal];

fn palette() -> Arc<Palette> {
    Arc::new(Palette::of(&LabelTable::default()))
}

fn gray(volume: &Volume, voxel: [usize; 3], window: WindowLevel) -> u8 {
    let value = volume.value(VoxelIndex(voxel)).expect("inside");
    (((value - window.low()) / window.width).clamp(0.0, 1.0) * 255.0).round() as u8
}

#[test]
fn every_pixel_shows_the_voxel_that_the_geometry_says_in_all_48_axis_orders() {
    let easel = Easel::new();
    let window = WindowLevel { width: 300.0, level: 100.0 };
    let palette = palette();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for flips in 0..8u8 {
            let grid = stored_as(order, std::array::from_fn(|n| flips >> n & 1 == 1));
            let volume = volume(grid, |[i, j, k]| ((i * 37 + j * 101 + k * 59) % 256) as i16);
            let scan = easel.upload(&volume);
            let views: Vec<View> =
                (0..).zip(PLANES).map(|(n, plane)| View::new(&grid, plane, [n as f32 * 50.0 + 3.0, 5.0], [47.0, 60.0])).collect();
            let shapes = views.iter().enumerate();
            let shapes = shapes.map(|(slot, view)| view.shape(&scan, SliceFrame { slot, ..view.frame(window, &palette) })).collect();
            let image = easel.paint([160, 70], 1.0, shapes);
            for ([x, y], color) in image.pixels() {
                let point = DVec2::new(x as f64 + 0.5, y as f64 + 0.5);
                let view = views.iter().find(|view| view.rect.contains([point.x as f32, point.y as f32].into()));
                let at = view.map(|view| view.geometry.voxel_under(point));
                // A pixel on the edge between two voxels may show either.
                if at.is_some_and(|at| (at.to_array().iter()).any(|c| (c + 0.5 - (c + 0.5).round()).abs() < 1e-4)) {
                    continue;
                }
                let voxel = at.and_then(|at| grid.voxel_at(medley_volume::Ras(grid.ras_from_voxel().transform_point3(at))));
                let wanted = voxel.map_or(0, |voxel| gray(&volume, voxel.0, window));
                assert!(is_near(color, [wanted; 3]), "{order:?} {flips:03b} at {x}, {y}: {color:?}, not {wanted}");
            }
        }
    }
}

#[test]
fn the_patients_left_is_on_the_right_and_the_front_on_top() {
    let easel = Easel::new();
    let window = WindowLevel { width: 100.0, level: 50.0 };
    for is_flipped in [[false; 3], [true, false, true], [true; 3]] {
        let grid = stored_as([2, 0, 1], is_flipped);
        // Bright where the patient's left front is; RAS x runs to the right.
        let middle = grid.center().0;
        let volume = volume(grid, |voxel| {
            let at = grid.ras_of(VoxelIndex(voxel)).0;
            if at.x < middle.x && at.y > middle.y { 100 } else { 0 }
        });
        let scan = easel.upload(&volume);
        let view = View::new(&grid, AnatomicalPlane::Axial, [0.0, 0.0], [60.0, 60.0]);
        let image = easel.paint([60, 60], 1.0, vec![view.shape(&scan, view.frame(window, &palette()))]);
        assert_eq!([image.at(45, 15), image.at(15, 15), image.at(45, 45), image.at(15, 45)].map(|c| c[0]), [255, 0, 0, 0]);
    }
}

#[test]
fn the_window_maps_its_ends_to_black_and_white_for_every_stored_type() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([5, 1, 1], [1.0; 3]).expect("a grid");
    let scaling = Scaling { slope: 2.0, intercept: -1000.0 };
    let window = WindowLevel { width: 400.0, level: 40.0 };
    // The values −160, −60, 40, 140 and 240 are the window's ends, quarters and middle.
    let stored = [420.0, 470.0, 520.0, 570.0, 620.0];
    let types = [
        Voxels::U16(stored.map(|v| v as u16).to_vec()),
        Voxels::I32(stored.map(|v| v as i32).to_vec()),
        Voxels::F32(stored.map(|v| v as f32).to_vec()),
        Voxels::F64(stored.to_vec()),
    ];
    for voxels in types {
        let name = voxels.type_name();
        let volume = Volume::new(grid, voxels, scaling, medley_volume::Quantity::Hounsfield).expect("fits");
        let view = View::new(&grid, AnatomicalPlane::Coronal, [0.0, 0.0], [50.0, 10.0]);
        let image = easel.paint([50, 10], 1.0, vec![view.shape(&easel.upload(&volume), view.frame(window, &palette()))]);
        // Radiological: the first voxel, the patient's leftmost, is on the right.
        let row: Vec<[u8; 3]> = (0..5).map(|n| image.at(45 - n * 10, 5)).collect();
        for (color, wanted) in row.iter().zip([0, 64, 128, 191, 255]) {
            assert!(is_near(*color, [wanted; 3]), "{name}: {row:?}");
        }
    }
}

#[test]
fn between_voxels_values_are_linear_or_the_nearest_ones() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([2, 2, 2], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |[i, _, k]| if i == 0 { 0 } else { 100 + 50 * k as i16 }));
    let window = WindowLevel { width: 200.0, level: 100.0 };
    let view = View::new(&grid, AnatomicalPlane::Coronal, [0.0, 0.0], [80.0, 80.0]);
    let linear = SliceFrame { is_interpolated: true, ..view.frame(window, &palette()) };
    let image = easel.paint([80, 80], 1.0, vec![view.shape(&scan, linear.clone())]);
    for ([x, y], color) in image.pixels() {
        let at = view.geometry.voxel_under(DVec2::new(x as f64 + 0.5, y as f64 + 0.5)).clamp([0.0; 3].into(), [1.0; 3].into());
        let wanted = at.x * (100.0 + 50.0 * at.z) / 200.0 * 255.0;
        assert!((f64::from(color[0]) - wanted).abs() <= 1.01, "{x}, {y}: {color:?}, not {wanted}");
    }
    let nearest = SliceFrame { is_interpolated: false, ..linear };
    let image = easel.paint([80, 80], 1.0, vec![view.shape(&scan, nearest)]);
    let seen: std::collections::BTreeSet<u8> = image.pixels().map(|(_, color)| color[0]).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), vec![0, 128, 191]);
}

#[test]
fn an_oblique_cut_is_linear_in_all_three_directions() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([12, 12, 12], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |[i, j, k]| (i * 5 + j * 7 + k * 9) as i16));
    let window = WindowLevel { width: 255.0, level: 127.5 };
    let view = View::new(&grid, AnatomicalPlane::Axial, [0.0, 0.0], [60.0, 60.0]);
    let affine = [DVec3::new(1.0, 2.0, 3.0), DVec3::new(8.0, 1.0, 2.0), DVec3::new(-0.5, 7.0, 4.0)];
    let frame = SliceFrame { texture_affine: affine, is_interpolated: true, ..view.frame(window, &palette()) };
    for ([x, y], color) in easel.paint([60, 60], 1.0, vec![view.shape(&scan, frame)]).pixels() {
        let at = affine[0] + affine[1] * (x as f64 + 0.5) / 60.0 + affine[2] * (y as f64 + 0.5) / 60.0;
        assert!((f64::from(color[0]) - at.dot(DVec3::new(5.0, 7.0, 9.0))).abs() <= 1.0, "{x}, {y}: {color:?} at {at}");
    }
}

#[test]
fn a_screen_with_fine_pixels_shows_the_same_in_more_of_them() {
    let easel = Easel::new();
    let grid = stored_as([0, 1, 2], [false; 3]);
    let scan = easel.upload(&volume(grid, |[i, j, _]| ((i * 37 + j * 11) % 256) as i16));
    let window = WindowLevel { width: 256.0, level: 128.0 };
    let view = View::new(&grid, AnatomicalPlane::Axial, [4.0, 2.0], [48.0, 40.0]);
    let coarse = easel.paint([60, 50], 1.0, vec![view.shape(&scan, view.frame(window, &palette()))]);
    let fine = easel.paint([120, 100], 2.0, vec![view.shape(&scan, view.frame(window, &palette()))]);
    for point in [[10, 10], [20, 33], [45, 7], [51, 41], [1, 1]] {
        assert_eq!(coarse.at(point[0], point[1]), fine.at(point[0] * 2, point[1] * 2), "{point:?}");
    }
}

#[test]
fn a_target_that_encodes_gamma_itself_shows_the_same_bytes() {
    let grid = stored_as([0, 1, 2], [false; 3]);
    let scan = volume(grid, |[i, j, _]| ((i * 37 + j * 11) % 256) as i16);
    let window = WindowLevel { width: 256.0, level: 128.0 };
    let view = View::new(&grid, AnatomicalPlane::Axial, [0.0, 0.0], [48.0, 40.0]);
    let images = [TextureFormat::Rgba8Unorm, TextureFormat::Rgba8UnormSrgb].map(|format| {
        let easel = Easel::with_format(format);
        easel.paint([48, 40], 1.0, vec![view.shape(&easel.upload(&scan), view.frame(window, &palette()))])
    });
    assert!(images[0].pixels().zip(images[1].pixels()).all(|((_, a), (_, b))| is_near(a, b)));
}
