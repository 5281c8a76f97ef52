use std::collections::BTreeSet;
use std::sync::Arc;

use medley_volume::{AnatomicalPlane, Grid, IndexBox, LabelTable};

use super::super::{Palette, ScanTextures, SliceFrame};
use super::easel::{Easel, Image, View, is_near, mask, mixed, volume};
use crate::state::window_level::WindowLevel;

const WINDOW: WindowLevel = WindowLevel { width: 255.0, level: 127.5 };
const GRAY: u8 = 100;
const SIDE: usize = 16;

/// A grey volume of 16³ voxels, drawn 10 pixels to a voxel.
struct Scene {
    easel: Easel,
    grid: Grid,
    scan: Arc<ScanTextures>,
    view: View,
    table: LabelTable,
}

impl Scene {
    fn new() -> Self {
        let easel = Easel::new();
        let grid = Grid::axis_aligned([SIDE; 3], [1.0; 3]).expect("a grid");
        let scan = easel.upload(&volume(grid, |_| i16::from(GRAY)));
        let view = View::new(&grid, AnatomicalPlane::Axial, [0.0, 0.0], [160.0, 160.0]);
        let table = LabelTable::from_names([(1, "spleen"), (2, "liver"), (300, "stent")]);
        Self { easel, grid, scan, view, table }
    }

    fn frame(&self) -> SliceFrame {
        let palette = Arc::new(Palette::of(&self.table));
        SliceFrame { shows_labels: true, ..self.view.frame(WINDOW, &palette) }
    }

    fn write(&self, label: impl Fn([usize; 3]) -> u16) {
        let mask = mask(self.grid, label);
        self.scan.write_mask(&self.easel.state.queue, &mask, IndexBox::whole(self.grid.shape()));
        assert_eq!(self.scan.take_failure(), None);
    }

    fn paint(&self, frame: SliceFrame) -> Image {
        self.easel.paint([160, 160], 1.0, vec![self.view.shape(&self.scan, frame)])
    }

    fn color(&self, label: u16) -> [u8; 3] {
        self.table.get(label).map(|label| label.color).expect("a label of the table")
    }
}

/// The middle of the voxel `[i, j]` on the screen: radiological, so `i` runs left and `j` up.
fn middle_of(i: usize, j: usize) -> [usize; 2] {
    [(SIDE - 1 - i) * 10 + 5, (SIDE - 1 - j) * 10 + 5]
}

fn at(image: &Image, i: usize, j: usize) -> [u8; 3] {
    let [x, y] = middle_of(i, j);
    image.at(x, y)
}

fn is_inside([i, j, _]: [usize; 3]) -> bool {
    (4..10).contains(&i) && (3..12).contains(&j)
}

#[test]
fn labels_are_mixed_into_the_scan_and_hidden_ones_are_not() {
    let mut scene = Scene::new();
    scene.write(|voxel| if is_inside(voxel) { if voxel[1] < 6 { 1 } else { 2 } } else { 0 });
    let image = scene.paint(SliceFrame { opacity: 0.4, ..scene.frame() });
    assert!(is_near(at(&image, 6, 4), mixed(GRAY, scene.color(1), 0.4)), "{:?}", at(&image, 6, 4));
    assert!(is_near(at(&image, 6, 8), mixed(GRAY, scene.color(2), 0.4)));
    assert_eq!(at(&image, 12, 8), [GRAY; 3]);
    // A pixel inside the rim: voxel 4 begins where voxel 3 ends.
    let [x, y] = middle_of(4, 8);
    assert!(is_near(image.at(x + 4, y), mixed(GRAY, scene.color(2), 0.8)));
    scene.table.labels_mut()[1].is_visible = false;
    let image = scene.paint(SliceFrame { opacity: 0.4, ..scene.frame() });
    assert_eq!(at(&image, 6, 8), [GRAY; 3]);
    assert!(is_near(at(&image, 6, 4), mixed(GRAY, scene.color(1), 0.4)));
    let image = scene.paint(SliceFrame { shows_labels: false, ..scene.frame() });
    assert!(image.pixels().all(|(_, color)| color == [GRAY; 3]));
}

#[test]
fn an_outline_leaves_the_inside_as_it_is() {
    let scene = Scene::new();
    scene.write(|voxel| if is_inside(voxel) { 2 } else { 0 });
    let image = scene.paint(SliceFrame { is_outline: true, opacity: 0.5, ..scene.frame() });
    assert_eq!(at(&image, 6, 8), [GRAY; 3]);
    // Across the left edge of the label: 1.5 pixels of it are inside.
    let [x, y] = middle_of(9, 8);
    let across: Vec<bool> = (x - 8..x + 3).map(|x| is_near(image.at(x, y), scene.color(2))).collect();
    assert_eq!(across.iter().filter(|is_rim| **is_rim).count(), 2, "{across:?}");
    assert!(across[3] && across[4]);
}

#[test]
fn only_the_box_given_is_written() {
    let scene = Scene::new();
    scene.write(|_| 1);
    let other = mask(scene.grid, |_| 2);
    let region = IndexBox { low: [2, 3, 0], high: [7, 9, 99] };
    scene.scan.write_mask(&scene.easel.state.queue, &other, region);
    let image = scene.paint(SliceFrame { opacity: 0.4, ..scene.frame() });
    for i in 0..SIDE {
        for j in 0..SIDE {
            let label = if (2..7).contains(&i) && (3..9).contains(&j) { 2 } else { 1 };
            assert!(is_near(at(&image, i, j), mixed(GRAY, scene.color(label), 0.4)), "{i}, {j}");
        }
    }
    let outside = IndexBox { low: [20, 0, 0], high: [30, 5, 5] };
    scene.scan.write_mask(&scene.easel.state.queue, &other, outside);
    assert_eq!(scene.scan.take_failure(), None);
}

#[test]
fn a_label_above_255_keeps_its_colour_and_its_neighbours() {
    let scene = Scene::new();
    scene.write(|voxel| u16::from(is_inside(voxel)));
    let wide = mask(scene.grid, |voxel| if voxel[0] == 13 { 300 } else { u16::from(is_inside(voxel)) });
    let stroke = IndexBox { low: [13, 0, 0], high: [14, SIDE, SIDE] };
    scene.scan.write_mask(&scene.easel.state.queue, &wide, stroke);
    let image = scene.paint(SliceFrame { opacity: 0.4, ..scene.frame() });
    assert!(is_near(at(&image, 13, 8), mixed(GRAY, scene.color(300), 0.4)));
    assert!(is_near(at(&image, 6, 8), mixed(GRAY, scene.color(1), 0.4)));
    let narrow = mask(scene.grid, |_| 2);
    scene.scan.write_mask(&scene.easel.state.queue, &narrow, IndexBox::whole(scene.grid.shape()));
    assert!(is_near(at(&scene.paint(SliceFrame { opacity: 0.4, ..scene.frame() }), 13, 8), mixed(GRAY, scene.color(2), 0.4)));
}

#[test]
fn a_proposal_shows_what_it_adds_takes_and_leaves_each_in_its_own_pattern() {
    let scene = Scene::new();
    // Columns of the mask and the proposal: 1–4 only mask, 5–8 both, 9–12 only proposal.
    scene.write(|[i, _, _]| u16::from((1..9).contains(&i)));
    let proposal = mask(scene.grid, |[i, _, _]| u16::from((5..13).contains(&i)));
    scene.scan.write_proposal(&scene.easel.state.queue, Some(&proposal));
    let frame = SliceFrame { shows_proposal: true, opacity: 0.5, ..scene.frame() };
    let image = scene.paint(frame.clone());
    let color = scene.color(1);
    let colors = |columns: std::ops::Range<usize>| -> Vec<[u8; 3]> {
        let (left, right) = (middle_of(columns.end - 1, 0)[0] - 2, middle_of(columns.start, 0)[0] + 2);
        image.pixels().filter(|([x, y], _)| (left..right).contains(x) && (20..140).contains(y)).map(|(_, color)| color).collect()
    };
    let kept: BTreeSet<[u8; 3]> = colors(5..9).into_iter().collect();
    assert_eq!(kept.len(), 1);
    assert!(is_near(at(&image, 6, 8), mixed(GRAY, color, 0.5 * 0.35)));
    // Added: stripes of the label's colour. Removed: dark lines, and nothing as strong as the label's colour.
    let share = |of: &[[u8; 3]], is_it: &dyn Fn([u8; 3]) -> bool| of.iter().filter(|c| is_it(**c)).count() as f64 / of.len() as f64;
    let is_strong = |c: [u8; 3]| c.iter().zip(mixed(GRAY, color, 0.9)).all(|(a, b)| a.abs_diff(b) < 12);
    let is_dark = |c: [u8; 3]| c.iter().all(|&channel| channel < 60);
    let (added, removed) = (colors(9..13), colors(1..5));
    assert!((0.25..0.6).contains(&share(&added, &is_strong)), "{}", share(&added, &is_strong));
    assert_eq!(share(&added, &is_dark), 0.0);
    assert!((0.2..0.7).contains(&share(&removed, &is_dark)), "{}", share(&removed, &is_dark));
    assert_eq!(share(&removed, &is_strong), 0.0);
    // Rims: bright and whole around what is added, dashed around what is removed.
    let rim = |i: usize| -> Vec<[u8; 3]> { (20..140).map(|y| image.at(middle_of(i, 0)[0] - 5, y)).collect() };
    let brighter = |c: [u8; 3]| c.iter().zip(color).all(|(a, b)| *a >= b);
    assert!(rim(12).into_iter().all(brighter));
    let dashes = rim(4);
    assert!((0.4..0.6).contains(&share(&dashes, &is_dark)));

    scene.scan.write_proposal(&scene.easel.state.queue, None);
    assert!(is_near(at(&scene.paint(frame), 6, 8), mixed(GRAY, color, 0.5)));
}

#[test]
fn where_a_proposal_changes_one_label_into_another_both_colours_are_seen() {
    let scene = Scene::new();
    scene.write(|voxel| u16::from(is_inside(voxel)));
    let proposal = mask(scene.grid, |voxel| if is_inside(voxel) { 2 } else { 0 });
    scene.scan.write_proposal(&scene.easel.state.queue, Some(&proposal));
    let image = scene.paint(SliceFrame { shows_proposal: true, ..scene.frame() });
    let distance = |c: [u8; 3], label: u16| c.iter().zip(scene.color(label)).map(|(a, b)| a.abs_diff(b)).max();
    let inside: Vec<[u8; 3]> =
        image.pixels().filter(|([x, y], _)| (70..110).contains(x) && (50..120).contains(y)).map(|(_, c)| c).collect();
    assert!(inside.iter().any(|&c| distance(c, 2) < Some(15)));
    assert!(inside.iter().any(|&c| distance(c, 1) < distance(c, 2)));
}
