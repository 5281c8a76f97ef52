//! Figures: recorded by the panels, drawn off the screen, written as PNG.

use std::sync::Arc;

use egui::{Rect, pos2, vec2};
use medley_annotate::History;
use medley_io::StoredGeometry;
use medley_project::CaseId;
use medley_volume::glam::DVec2;
use medley_volume::{AnatomicalPlane, Grid, LabelMap, LabelTable, VoxelIndex};

use super::easel::{Easel, is_near, mask, volume};
use crate::dialogs::record_figure;
use crate::render::{Palette, draw_off_screen};
use crate::state::figure::{Dress, FigureChoices, FigureSubject, write_png};
use crate::state::measure::Shape;
use crate::state::open_case::OpenCase;
use crate::state::slice_geometry::{SliceCamera, SliceGeometry};
use crate::state::tools::ActiveTool;
use crate::state::view::ViewKind;
use crate::state::window_level::WindowLevel;
use crate::state::workbench::{OpenFirst, Workbench};

const BARE: Dress = Dress {
    shows_labels: false,
    shows_crosshair: false,
    shows_letters: false,
    shows_scale_bar: false,
    shows_color_bar: false,
    shows_measurements: false,
    shows_legend: false,
    is_on_white: false,
};

/// A scan whose value rises by 10 with each voxel towards the patient's left, a label in its middle.
fn workbench(easel: &Easel) -> Workbench {
    let grid = Grid::axis_aligned([24, 20, 6], [1.0, 1.0, 3.0]).expect("a grid");
    let volume = volume(grid, |[i, _, _]| i as i16 * 10);
    let mask = mask(grid, |[i, j, _]| if (10..14).contains(&i) && (8..12).contains(&j) { 2 } else { 0 });
    let textures = easel.upload(&volume);
    textures.write_mask(&easel.state.queue, &mask, medley_volume::IndexBox::whole(grid.shape()));
    let geometry = StoredGeometry::of_grid(&grid);
    let kept = medley_project::OpenCase { volume, geometry, mask, history: History::new(), restored: 0, notices: Vec::new() };
    let mut case = OpenCase::new(CaseId(1), "Doe^Jane".to_owned(), kept);
    case.textures = Some(textures);
    let gpu = (easel.state.device.clone(), easel.state.queue.clone());
    let mut workbench = Workbench::new(Some(gpu), &OpenFirst::Nothing, Arc::new(|| {})).expect("threads");
    workbench.views.crosshair = case.volume.grid().center();
    workbench.views.window = WindowLevel { width: 255.0, level: 127.5 };
    workbench.palette = Arc::new(Palette::of(&LabelTable::from_names([(2, "liver")])));
    workbench.case = Some(case);
    workbench
}

fn draw(easel: &Easel, workbench: &mut Workbench, choices: FigureChoices) -> image::RgbImage {
    workbench.figure.choices = choices;
    let picture = record_figure(workbench);
    let [width, height] = picture.size;
    let pixels = draw_off_screen(&easel.state.device, &easel.state.queue, picture).expect("draws");
    image::RgbImage::from_raw(width, height, pixels).expect("as many pixels as were asked for")
}

/// The pixel of a figure of one view in which a voxel's centre lies.
fn pixel_of(workbench: &Workbench, choices: &FigureChoices, plane: AnatomicalPlane, voxel: [usize; 3]) -> [u32; 2] {
    let case = workbench.case.as_ref().expect("a case");
    let rect = choices.rect();
    let (middle, size) = (rect.center(), rect.size());
    let of = |x: f32, y: f32| DVec2::new(x.into(), y.into());
    let (grid, views) = (case.volume.grid(), &workbench.views);
    let (middle, size) = (of(middle.x, middle.y), of(size.x, size.y));
    let geometry = SliceGeometry::new(grid, plane, views.convention, SliceCamera::default(), views.crosshair, middle, size);
    let point = geometry.point_of(grid.ras_of(VoxelIndex(voxel))) * f64::from(choices.pixels_per_point());
    [point.x as u32, point.y as u32]
}

#[test]
fn a_figure_has_the_size_asked_for_and_the_scans_own_greys_where_they_belong() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    for (width, height, dpi) in [(640, 480, 300.0), (1051, 1400, 150.0)] {
        let choices = FigureChoices { width, height, dpi, keeps_proportions: false, dress: BARE, ..FigureChoices::default() };
        let picture = draw(&easel, &mut workbench, choices.clone());
        assert_eq!(picture.dimensions(), (width, height));
        for voxel in [[3, 3, 2], [12, 10, 2], [20, 16, 2]] {
            let [x, y] = pixel_of(&workbench, &choices, AnatomicalPlane::Axial, voxel);
            let [found, wanted] = [picture.get_pixel(x, y).0, [(voxel[0] * 10) as u8; 3]];
            let differs = found.iter().zip(wanted).map(|(a, b)| a.abs_diff(b)).max().unwrap_or(0);
            // A pixel is not quite at the voxel's centre.
            assert!(differs <= 2, "voxel {voxel:?}: {found:?}, not {wanted:?}");
        }
    }
}

#[test]
fn labels_letters_and_measurements_are_in_it_only_if_they_are_asked_for() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    workbench.tool = ActiveTool::Distance;
    let grid = *workbench.case.as_ref().expect("a case").volume.grid();
    let place = |voxel| grid.ras_of(VoxelIndex(voxel));
    let middle = grid.continuous_index_of(workbench.views.crosshair).z.round() as usize;
    workbench.measure.add(Shape::Distance { ends: [place([2, 2, middle]), place([22, 2, middle])] });
    let bare = FigureChoices { width: 500, height: 500, keeps_proportions: false, dress: BARE, ..FigureChoices::default() };
    let plain = draw(&easel, &mut workbench, bare.clone());
    let differing = |dress: Dress, workbench: &mut Workbench| {
        let picture = draw(&easel, workbench, FigureChoices { dress, ..bare.clone() });
        picture.pixels().zip(plain.pixels()).filter(|(a, b)| a != b).count()
    };
    let counts = [
        differing(Dress { shows_labels: true, ..BARE }, &mut workbench),
        differing(Dress { shows_crosshair: true, ..BARE }, &mut workbench),
        differing(Dress { shows_letters: true, ..BARE }, &mut workbench),
        differing(Dress { shows_scale_bar: true, ..BARE }, &mut workbench),
        differing(Dress { shows_color_bar: true, ..BARE }, &mut workbench),
        differing(Dress { shows_measurements: true, ..BARE }, &mut workbench),
    ];
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
    assert_eq!(differing(BARE, &mut workbench), 0);
    let [x, y] = pixel_of(&workbench, &bare, AnatomicalPlane::Axial, [12, 10, 2]);
    let labelled = draw(&easel, &mut workbench, FigureChoices { dress: Dress { shows_labels: true, ..BARE }, ..bare.clone() });
    assert_ne!(labelled.get_pixel(x, y), plain.get_pixel(x, y));
}

#[test]
fn on_white_the_scan_stays_as_it_is_and_white_is_around_it() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    let dress = Dress { is_on_white: true, ..BARE };
    let choices = FigureChoices { width: 900, height: 400, keeps_proportions: false, dress, ..FigureChoices::default() };
    let picture = draw(&easel, &mut workbench, choices.clone());
    assert!(is_near(picture.get_pixel(3, 200).0, [255; 3]) && is_near(picture.get_pixel(896, 3).0, [255; 3]));
    let [x, y] = pixel_of(&workbench, &choices, AnatomicalPlane::Axial, [3, 3, 2]);
    assert!(picture.get_pixel(x, y).0.iter().all(|channel| channel.abs_diff(30) <= 2));
}

#[test]
fn on_white_the_corners_of_a_turned_cut_are_white_too() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    workbench.turn_planes(AnatomicalPlane::Coronal, 0.7);
    workbench.turn_planes(AnatomicalPlane::Axial, 0.4);
    let choices = |is_on_white| {
        let dress = Dress { is_on_white, ..BARE };
        FigureChoices { width: 500, height: 500, keeps_proportions: false, dress, ..FigureChoices::default() }
    };
    let [black, white] = [false, true].map(|is_on_white| draw(&easel, &mut workbench, choices(is_on_white)));
    let subject = FigureSubject::View(ViewKind::Sagittal);
    let [black_cut, white_cut] =
        [false, true].map(|is_on_white| draw(&easel, &mut workbench, FigureChoices { subject, ..choices(is_on_white) }));
    for (black, white) in [(&black, &white), (&black_cut, &white_cut)] {
        let mut turned = 0;
        for (on_black, on_white) in black.pixels().zip(white.pixels()) {
            let is_scan = on_black == on_white;
            assert!(is_scan || (is_near(on_black.0, [0; 3]) && is_near(on_white.0, [255; 3])), "{on_black:?} {on_white:?}");
            turned += usize::from(!is_scan);
        }
        assert!(turned > 1_000, "{turned} pixels lie beside the scan");
    }
}

#[test]
fn the_legend_names_only_labels_that_are_seen() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    let dress = |shows_legend| Dress { shows_labels: true, shows_legend, ..BARE };
    let choices = |shows_legend| FigureChoices {
        width: 600,
        height: 400,
        keeps_proportions: false,
        dress: dress(shows_legend),
        ..FigureChoices::default()
    };
    let differing = |workbench: &mut Workbench| {
        let [without, with] = [false, true].map(|shows_legend| draw(&easel, workbench, choices(shows_legend)));
        let color = workbench.palette.color(2);
        let marks =
            with.enumerate_pixels().filter(|(x, y, pixel)| *x < 150 && *y < 100 && is_near(pixel.0, [color[0], color[1], color[2]]));
        (with.pixels().zip(without.pixels()).filter(|(a, b)| a != b).count(), marks.count())
    };
    let (changed, marks) = differing(&mut workbench);
    assert!(changed > 500 && marks > 50, "{changed} {marks}");
    // A hidden one, and one that this slice does not cut.
    let mut hidden = LabelTable::from_names([(2, "liver")]);
    hidden.labels_mut()[0].is_visible = false;
    let shown = std::mem::replace(&mut workbench.palette, Arc::new(Palette::of(&hidden)));
    assert_eq!(differing(&mut workbench), (0, 0));
    workbench.palette = shown;
    let case = workbench.case.as_mut().expect("a case");
    let emptied = LabelMap::empty(*case.mask.grid());
    case.mask = Arc::new(emptied);
    assert_eq!(differing(&mut workbench).0, 0);
}

#[test]
fn all_views_lie_as_on_the_screen_and_the_volume_is_drawn_to_the_end() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    let rect = |x: f32| Rect::from_min_size(pos2(x, 10.0), vec2(200.0, 200.0));
    for (kind, x) in [(ViewKind::Axial, 100.0), (ViewKind::Volume, 300.0)] {
        workbench.figure.saw(kind, rect(x));
    }
    workbench.figure.begin_frame();
    let subject = FigureSubject::Screen;
    let choices = FigureChoices {
        subject,
        width: 800,
        height: 400,
        keeps_proportions: false,
        dress: Dress { shows_labels: true, ..BARE },
        ..FigureChoices::default()
    };
    let picture = draw(&easel, &mut workbench, choices);
    let lit = |columns: std::ops::Range<u32>| {
        columns
            .flat_map(|x| (0..400).map(move |y| (x, y)))
            .filter(|&(x, y)| picture.get_pixel(x, y).0.iter().any(|channel| *channel > 20))
            .count()
    };
    assert!(lit(0..400) > 10_000, "the slice is on the left: {}", lit(0..400));
    assert!(lit(400..800) > 2_000, "the volume is on the right: {}", lit(400..800));
    let on_screen = workbench.case.as_ref().and_then(|case| case.textures.clone()).expect("textures");
    assert_eq!(on_screen.volume_repaint_after(), None, "the picture on the screen was not touched");
}

#[test]
fn the_file_names_nobody() {
    let easel = Easel::new();
    let mut workbench = workbench(&easel);
    let choices = FigureChoices { width: 200, height: 100, keeps_proportions: false, ..FigureChoices::default() };
    let picture = draw(&easel, &mut workbench, choices);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(crate::texts::figure::file_name(FigureSubject::View(ViewKind::Axial)));
    write_png(&path, [200, 100], picture.into_raw(), 300.0).expect("writes");
    let bytes = std::fs::read(&path).expect("there");
    assert!(!String::from_utf8_lossy(&bytes).contains("Doe"));
    assert_eq!(path.file_name().and_then(|name| name.to_str()), Some("axial.png"));
}
