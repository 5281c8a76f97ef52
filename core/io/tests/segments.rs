//! 3D Slicer's segmentations, in one layer and in several.

use medley_io::{FileKind, StoredGeometry, kind_of, open_labels_with_table, open_volume, write_labels_with_table, write_volume};
use medley_volume::{Grid, Label, LabelMap, LabelTable, VoxelIndex};

fn label(value: u16, name: &str, color: [u8; 3]) -> Label {
    Label { value, name: name.to_owned(), color, is_visible: true, is_locked: false }
}

#[test]
fn names_colours_and_values_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.seg.nrrd");
    let grid = Grid::axis_aligned([5, 4, 3], [1.0, 2.0, 3.0]).expect("a grid");
    let mut mask = LabelMap::empty(grid);
    for (at, value) in [(1, 7), (2, 7), (33, 7), (20, 300), (59, 12)] {
        mask.set(at, value);
    }
    let mut table = LabelTable::default();
    let odd = "left: \"kidney\"\\n:= häm\nsecond line";
    [label(7, odd, [1, 128, 255]), label(300, "b", [0, 0, 0]), label(9, "not there", [9, 9, 9])].into_iter().for_each(|l| table.insert(l));
    write_labels_with_table(&path, &mask, &table, &StoredGeometry::of_grid(&grid)).expect("writes");
    assert_eq!(kind_of(&path).expect("reads"), FileKind::Nrrd);
    let (back, names) = open_labels_with_table(&path).expect("opens");
    assert_eq!(back.labels, mask);
    assert!(back.notices.is_empty(), "{:?}", back.notices);
    table.add_unknown([12]);
    assert_eq!(names, table, "what the table did not know is named by its number");
    assert_eq!(open_volume(&path).expect("opens").about.intent_code, 1002);
    let text = std::fs::read(&path).expect("there");
    let text = String::from_utf8_lossy(&text).into_owned();
    // Voxels 1, 2 and 33 of 5 × 4 × 3.
    assert!(text.contains("_Extent:=1 3 0 2 0 1\n"), "the box of label 7, ends inside");
    let scan = open_volume(&path).expect("opens").volume;
    let error = write_volume(&path, &scan, &StoredGeometry::of_grid(&grid)).expect_err("a scan").to_string();
    assert!(error.contains("no segmentation"), "{error}");
}

/// A file of 2 layers over 3 voxels.
fn layered(pairs: &str, voxels: [u8; 6]) -> Vec<u8> {
    let header = "NRRD0004\ntype: unsigned char\ndimension: 4\nspace: left-posterior-superior\nsizes: 2 3 1 1\n\
                  space directions: none (1,0,0) (0,1,0) (0,0,1)\nkinds: list domain domain domain\nencoding: raw\nspace origin: (0,0,0)\n";
    [header.as_bytes(), pairs.as_bytes(), b"\n", &voxels].concat()
}

#[test]
fn layers_without_overlap_become_one_mask_and_with_overlap_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("layers.seg.nrrd");
    let segment = |n: usize, layer: usize, value: usize| {
        format!("Segment{n}_ID:=S{n}\nSegment{n}_Name:=segment {n}\nSegment{n}_Layer:={layer}\nSegment{n}_LabelValue:={value}\n")
    };
    let open = |pairs: &str, voxels| {
        std::fs::write(&path, layered(pairs, voxels)).expect("writes");
        open_labels_with_table(&path).map(|(opened, table)| {
            let labels: Vec<u16> = (0..3).map(|i| opened.labels.label(VoxelIndex([i, 0, 0])).expect("inside")).collect();
            let names: Vec<(u16, String)> = table.labels().iter().map(|label| (label.value, label.name.clone())).collect();
            (labels, names)
        })
    };
    // Values that differ are kept.
    let pairs = [segment(0, 0, 4), segment(1, 1, 9)].concat();
    let (labels, names) = open(&pairs, [4, 0, 0, 9, 0, 0]).expect("opens");
    assert_eq!((labels, names.iter().map(|(value, _)| *value).collect::<Vec<_>>()), (vec![4, 9, 0], vec![4, 9]));
    // The same value in two layers: numbered in order.
    let pairs = [segment(0, 0, 1), segment(1, 1, 1), segment(2, 1, 2)].concat();
    let (labels, names) = open(&pairs, [1, 0, 0, 1, 0, 2]).expect("opens");
    assert_eq!(labels, [1, 2, 3]);
    assert_eq!(names[2], (3, "segment 2".to_owned()));
    // Before Slicer 5: a layer for each.
    let old = "Segment0_ID:=a\nSegment0_Name:=first\nSegment1_ID:=b\nSegment1_Name:=second\n";
    assert_eq!(open(old, [0, 1, 1, 0, 0, 0]).expect("opens").0, [2, 1, 0]);
    let error = open(old, [0, 1, 1, 1, 0, 0]).expect_err("voxel 1 is in both").to_string();
    assert!(error.contains("overlap (at voxel [1, 0, 0])") && error.contains("one label for each voxel"), "{error}");
}
