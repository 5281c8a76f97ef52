use std::sync::Arc;

use medley_volume::glam::{DAffine3, DQuat, DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, IndexBox, LabelTable, Quantity, Scaling, Volume};

use super::super::{Palette, SlabFrame, SliceFrame};
use super::easel::{Easel, View, is_near, mask, mixed, stored_as, volume};
use super::reference::{is_undecided, projected, samples, value_at};
use crate::state::slab::{Projection, Slab};
use crate::state::window_level::WindowLevel;

const WINDOW: WindowLevel = WindowLevel { width: 300.0, level: 100.0 };
const SIZE: [u32; 2] = [64, 56];

/// Voxels of three lengths, two axes backwards, the whole askew in the patient.
fn askew() -> Grid {
    let turned = DAffine3::from_rotation_z(0.4) * DAffine3::from_rotation_x(-0.3) * DAffine3::from_scale(DVec3::new(-1.0, 2.0, -3.1));
    Grid::new([18, 12, 9], turned).expect("a usable affine")
}

fn textured(grid: Grid) -> Volume {
    volume(grid, |[i, j, k]| ((i * 37 + j * 101 + k * 59 + i * j * 13) % 256) as i16)
}

fn view(grid: &Grid, plane: AnatomicalPlane, turn: DQuat) -> View {
    let mut view = View::new(grid, plane, [0.0, 0.0], SIZE.map(|side| side as f32));
    view.geometry = view.geometry.turned(turn);
    view
}

/// Compares each pixel that rounding does not decide with the reference; how many there were.
fn compare(easel: &Easel, volume: &Volume, view: &View, slab: Option<SlabFrame>, is_interpolated: bool) -> usize {
    let scan = easel.upload(volume);
    let palette = Arc::new(Palette::of(&LabelTable::default()));
    let frame = SliceFrame { slab, is_interpolated, ..view.frame(WINDOW, &palette) };
    let mut compared = 0;
    for ([x, y], color) in easel.paint(SIZE, 1.0, vec![view.shape(&scan, frame)]).pixels() {
        let at = samples(view, slab, DVec2::new(x as f64 + 0.5, y as f64 + 0.5));
        if at.iter().any(|voxel| is_undecided(volume.grid(), *voxel, is_interpolated)) {
            continue;
        }
        let values = at.iter().filter_map(|voxel| value_at(volume, *voxel, is_interpolated));
        let wanted = projected(values, slab).map_or(0.0, |value| ((value - WINDOW.low()) / WINDOW.width).clamp(0.0, 1.0) * 255.0);
        assert!((f64::from(color[0]) - wanted).abs() <= 1.01, "{slab:?} at {x}, {y}: {color:?}, not {wanted}");
        compared += 1;
    }
    compared
}

#[test]
fn slabs_and_oblique_cuts_are_what_the_reference_computes() {
    let easel = Easel::new();
    let oblique = DQuat::from_axis_angle(DVec3::new(0.3, 1.0, -0.4).normalize(), 0.6);
    for (n, grid) in [askew(), stored_as([2, 0, 1], [true, false, true])].into_iter().enumerate() {
        let volume = textured(grid);
        for (m, plane) in [AnatomicalPlane::Axial, AnatomicalPlane::Coronal, AnatomicalPlane::Sagittal].into_iter().enumerate() {
            for turn in [DQuat::IDENTITY, oblique] {
                let view = view(&grid, plane, turn);
                for (p, projection) in
                    [None, Some(Projection::Maximum), Some(Projection::Mean), Some(Projection::Minimum)].iter().enumerate()
                {
                    let slab = Slab { projection: *projection, thickness_mm: 11.0 }.frame(&view.geometry);
                    // Both ways of reading voxels take turns over the combinations.
                    let compared = compare(&easel, &volume, &view, slab, (n + m + p) % 2 == 0);
                    assert!(compared > 1000, "only {compared} pixels were compared");
                }
            }
        }
    }
}

#[test]
fn the_largest_value_is_found_where_the_scaling_turns_values_around() {
    let easel = Easel::new();
    let grid = stored_as([0, 1, 2], [false; 3]);
    let stored = textured(grid);
    let scaling = Scaling { slope: -0.5, intercept: 200.0 };
    let volume = Volume::new(grid, stored.voxels().clone(), scaling, Quantity::Arbitrary).expect("fits");
    let view = view(&grid, AnatomicalPlane::Axial, DQuat::IDENTITY);
    for projection in Projection::ALL {
        let slab = Slab { projection: Some(projection), thickness_mm: 9.0 }.frame(&view.geometry);
        assert_eq!(slab.map(|slab| slab.reach), Some(1));
        assert!(compare(&easel, &volume, &view, slab, true) > 1000);
    }
}

#[test]
fn labels_of_a_slab_are_those_of_the_slice_in_its_middle() {
    let easel = Easel::new();
    let grid = Grid::axis_aligned([16; 3], [1.0; 3]).expect("a grid");
    let scan = easel.upload(&volume(grid, |[_, _, k]| if k == 10 { 200 } else { 100 }));
    let table = LabelTable::from_names([(1, "spleen"), (2, "liver")]);
    let view = View::new(&grid, AnatomicalPlane::Axial, [0.0, 0.0], [160.0, 160.0]);
    let middle = 8;
    let mask = mask(grid, |[i, _, k]| u16::from(k == middle && i < 8) + 2 * u16::from(k == middle + 1 && i >= 8));
    scan.write_mask(&easel.state.queue, &mask, IndexBox::whole(grid.shape()));
    let slab = Slab { projection: Some(Projection::Maximum), thickness_mm: 6.0 }.frame(&view.geometry);
    let window = WindowLevel { width: 255.0, level: 127.5 };
    let palette = Arc::new(Palette::of(&table));
    let frame = SliceFrame { slab, shows_labels: true, opacity: 0.4, ..view.frame(window, &palette) };
    let image = easel.paint([160, 160], 1.0, vec![view.shape(&scan, frame)]);
    let spleen = table.get(1).expect("a label of the table").color;
    // Radiological: low `i` is on the right.
    assert!(is_near(image.at(125, 85), mixed(200, spleen, 0.4)), "{:?}", image.at(125, 85));
    assert_eq!(image.at(35, 85), [200; 3]);
}
