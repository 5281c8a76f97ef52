//! Masks written as DICOM segmentations and contours, and read back.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::path::{Path, PathBuf};

use medley_io::dicom::{self, Algorithm, SegmentationOptions, Series, open_segmentation, scan, write_segmentation};
use medley_io::{open_labels, write_labels};
use medley_volume::resample::labels_onto;
use medley_volume::{Label, LabelMap, LabelTable};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dicom").join(name)
}

fn series(folder: &Path) -> Series {
    let mut found = scan(folder).expect("reads").series;
    found.retain(Series::is_volume);
    found.into_iter().next().expect("a volume")
}

/// Two balls and a box that touch each other and the border.
fn mask(series: &Series) -> LabelMap {
    let grid = series.grid().expect("a grid");
    let [columns, rows, slices] = grid.shape();
    let mut labels = LabelMap::empty(grid);
    for k in 0..slices {
        for j in 0..rows {
            for i in 0..columns {
                let far = |a: f64, b: f64, c: f64| {
                    let part = |n: usize, of: usize, at: f64| (n as f64 / of as f64 - at).powi(2);
                    part(i, columns, a) + part(j, rows, b) + part(k, slices, c)
                };
                let label = match () {
                    () if far(0.3, 0.4, 0.5) < 0.04 => 7,
                    () if far(0.7, 0.5, 0.3) < 0.05 => 2,
                    () if i >= columns * 3 / 4 && k > 0 => 300,
                    () => 0,
                };
                labels.set(grid.offset([i, j, k]), label);
            }
        }
    }
    labels
}

fn table() -> LabelTable {
    let mut table = LabelTable::from_names([(2, "Milz – größer"), (7, "liver"), (300, "box")]);
    table.insert(Label { value: 7, name: "liver".to_owned(), color: [221, 130, 101], is_visible: true, is_locked: false });
    table
}

#[test]
fn a_mask_comes_back_from_a_segmentation_with_names_and_colours() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.dcm");
    let series = series(&data("ct5n"));
    let (labels, table) = (mask(&series), table());
    for source in [Some(&series), None] {
        write_segmentation(&path, &labels, &table, source, &SegmentationOptions::default()).expect("writes");
        let read = open_segmentation(&path).expect("reads");
        assert_eq!(labels_onto(&read.labels, *labels.grid()), labels);
        assert!(read.notices.is_empty(), "{:?}", read.notices);
        for label in table.labels() {
            let found = read.table.get(label.value).expect("there");
            assert_eq!(found.name, label.name);
            assert!(found.color.iter().zip(label.color).all(|(&a, b)| a.abs_diff(b) <= 1), "{found:?}");
        }
        let opened = open_labels(&path).expect("reads");
        assert_eq!(opened.labels, read.labels);
        let (_, names) = medley_io::open_labels_with_table(&path).expect("reads");
        assert_eq!(names, read.table);
    }
    let skipped = scan(&path).expect("reads").skipped;
    assert!(skipped[0].1.contains("holds a segmentation (SEG)"), "{skipped:?}");
}

#[test]
fn a_segmentation_belongs_to_the_study_of_its_series() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.dcm");
    let series = series(&data("ct5n"));
    let options = SegmentationOptions { description: "Test".to_owned(), algorithm: Algorithm::SemiAutomatic("starter".to_owned()) };
    write_segmentation(&path, &mask(&series), &table(), Some(&series), &options).expect("writes");
    let bytes = std::fs::read(&path).expect("reads");
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("1.3.6.1.4.1.5962.1.1.0.0.0.1194734704.16302.0.6"), "the series it was made on");
    assert!(holds("98890234"), "the patient's number, as the standard demands");
    assert!(holds("SEMIAUTOMATIC") && holds("starter") && holds("121322"));
    write_segmentation(&path, &mask(&series), &table(), None, &options).expect("writes");
    let bytes = std::fs::read(&path).expect("reads");
    assert!(!bytes.windows(8).any(|window| window == b"98890234"), "without a series it is nobody's");
}

#[test]
fn what_cannot_be_a_segmentation_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.dcm");
    let series = series(&data("ct5n"));
    let grid = series.grid().expect("a grid");
    let options = SegmentationOptions::default();
    let empty = write_segmentation(&path, &LabelMap::empty(grid), &table(), Some(&series), &options).expect_err("empty").to_string();
    assert!(empty.contains("mask is empty"), "{empty}");
    let other = medley_volume::Grid::axis_aligned(grid.shape(), [1.0; 3]).expect("a grid");
    let moved = LabelMap::new(other, mask(&series).voxels().clone()).expect("fits");
    let error = write_segmentation(&path, &moved, &table(), Some(&series), &options).expect_err("elsewhere").to_string();
    assert!(error.contains("another grid"), "{error}");
    assert!(!path.exists());
    let error = open_segmentation(&data("ct_explicit_le.dcm")).expect_err("a CT").to_string();
    assert!(error.contains("no DICOM segmentation"), "{error}");
}

/// Files for `tests/peers/read_dicom_seg.py`, which reads them with highdicom and pydicom.
#[test]
#[ignore = "needs MEDLEY_SHARED and MEDLEY_PEERS_FOLDER, where it leaves files"]
fn files_for_other_programs() {
    let out = PathBuf::from(std::env::var("MEDLEY_PEERS_FOLDER").expect("MEDLEY_PEERS_FOLDER"));
    let shared = PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED")).join("data");
    for (name, scan, labels) in [
        ("clean", "dicom_ct_explicit_le/dicom", "dicom_ct_explicit_le/labels_total117.nii.gz"),
        ("without_uids", "dicom_ct_jpeg2000/dicom", "dicom_ct_jpeg2000/labels_total117.nii.gz"),
    ] {
        let series = series(&shared.join(scan));
        let labels = open_labels(&shared.join(labels)).expect("reads").labels;
        let mut table = table();
        table.add_unknown(labels.counts().into_keys());
        let options = SegmentationOptions { algorithm: Algorithm::SemiAutomatic("starter".to_owned()), ..Default::default() };
        write_segmentation(&out.join(format!("{name}.seg.dcm")), &labels, &table, Some(&series), &options).expect("writes");
        write_segmentation(&out.join(format!("{name}.alone.seg.dcm")), &labels, &table, None, &options).expect("writes");
        let about = medley_io::StoredGeometry::of_grid(labels.grid());
        write_labels(&out.join(format!("{name}.nii.gz")), &labels, &about).expect("writes");
    }
    let series = series(&data("ct5n"));
    write_segmentation(&out.join("small.seg.dcm"), &mask(&series), &table(), Some(&series), &SegmentationOptions::default())
        .expect("writes");
    let about = medley_io::StoredGeometry::of_grid(&series.grid().expect("a grid"));
    write_labels(&out.join("small.nii.gz"), &mask(&series), &about).expect("writes");
    dicom::write_contours(&out.join("small.rt.dcm"), &mask(&series), &table(), Some(&series), &SegmentationOptions::default())
        .expect("writes");
}

#[test]
fn a_mask_comes_back_from_contours_voxel_by_voxel() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contours.dcm");
    let series = series(&data("ct5n"));
    let (labels, table) = (mask(&series), table());
    for source in [Some(&series), None] {
        dicom::write_contours(&path, &labels, &table, source, &SegmentationOptions::default()).expect("writes");
        let read = dicom::open_contours(&path, labels.grid()).expect("reads");
        assert_eq!(read.labels, labels);
        assert_eq!(read.table, table);
        assert!(read.notices.is_empty(), "{:?}", read.notices);
    }
    // The scan of somebody else.
    let far = medley_volume::Grid::axis_aligned([4, 4, 4], [1.0; 3]).expect("a grid");
    let error = dicom::open_contours(&path, &far).expect_err("elsewhere").to_string();
    assert!(error.contains("no contour with a voxel of the scan in it"), "{error}");
    let error = open_labels(&path).expect_err("contours need a scan").to_string();
    assert!(error.contains("holds contours (RTSTRUCT)"), "{error}");
}

#[test]
fn contours_of_other_programs_are_read_as_far_as_they_are_closed_polygons() {
    // pydicom's example: regions of points and lines around the origin of a phantom.
    let grid = medley_volume::Grid::axis_aligned([8, 8, 8], [1.0; 3]).expect("a grid");
    let error = dicom::open_contours(&data("rtstruct.dcm"), &grid).expect_err("no polygon there").to_string();
    assert!(error.contains("rtstruct.dcm holds no contour"), "{error}");
}

#[test]
fn segmentations_of_other_programs_are_read() {
    let read = |name: &str| open_segmentation(&data("made").join(name)).unwrap_or_else(|error| panic!("{error}"));
    let counts = |read: &dicom::Segmentation| [1, 2].map(|value| read.labels.counts().get(&value).copied().unwrap_or(0));
    let grid = series(&data("ct5n")).grid().expect("a grid");
    let labels = read("seg_labelmap.dcm");
    assert_eq!(counts(&labels), [72, 24]);
    let moved = labels_onto(&labels.labels, grid);
    assert_eq!((moved.at(grid.offset([3, 2, 1])), moved.at(grid.offset([4, 11, 4]))), (1, 2), "column, row, slice");
    assert_eq!(labels.table.get(2).map(|label| label.name.as_str()), Some("vessel"));
    let fractional = read("seg_fractional.dcm");
    assert_eq!(counts(&fractional), [48, 16], "three tenths are less than half");
    assert!(fractional.notices[0].contains("fractional"));
    let overlap = read("seg_overlap.dcm");
    assert_eq!(counts(&overlap), [1, 71]);
    assert!(overlap.notices[0].contains("overlap in 71 voxels"), "{:?}", overlap.notices);
}
