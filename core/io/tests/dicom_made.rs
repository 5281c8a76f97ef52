//! What scanners write and few example files show: byte orders, bits, gaps, tilts, time points, stacks, uptake.
//!
//! `tests/data/dicom/made/make.py` made the files: a voxel holds 100 · slice + 10 · row + column, in 4 columns and 3 rows.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use medley_io::OpenedVolume;
use medley_io::dicom::{self, OpenOptions, Series, scan};
use medley_volume::{VoxelIndex, Voxels};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dicom/made").join(name)
}

/// The series in the files that begin with `name`.
fn series(name: &str) -> Vec<Series> {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(data("")).expect("there").flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        if file.starts_with(name) {
            // Names that would sort the slices wrongly.
            let reversed: String = file.chars().rev().collect();
            fs::copy(entry.path(), folder.path().join(reversed)).expect("copies");
        }
    }
    let found = scan(folder.path()).expect("reads");
    assert!(found.skipped.is_empty(), "{:?}", found.skipped);
    // The files are read when a series is opened; the folder is left to the system's cleaner.
    let _ = folder.keep();
    found.series
}

fn open(name: &str) -> OpenedVolume {
    let found = series(name);
    assert_eq!(found.len(), 1, "{name}");
    dicom::open(&found[0]).expect(name)
}

fn value(opened: &OpenedVolume, voxel: [usize; 3]) -> f64 {
    opened.volume.value(VoxelIndex(voxel)).expect("inside")
}

#[test]
fn byte_orders_and_bits_do_not_matter() {
    for name in ["big_endian", "implicit", "deflated"] {
        let opened = open(name);
        assert_eq!((value(&opened, [3, 0, 0]), value(&opened, [1, 2, 0])), (3.0, 21.0), "{name}");
        assert_eq!(opened.about.dtype, "int16");
    }
    let opened = open("high_bits");
    assert_eq!((value(&opened, [3, 0, 0]), value(&opened, [0, 0, 0])), (-2.0, -5.0), "twelve bits in the upper ones of sixteen");
}

#[test]
fn spacing_comes_from_positions_and_a_gap_is_filled_with_a_notice() {
    let opened = open("gap");
    let grid = opened.volume.grid();
    assert_eq!(grid.shape(), [4, 3, 5]);
    let spacing = grid.spacing();
    assert!(spacing.iter().zip([1.5, 2.0, 2.0]).all(|(a, b)| (a - b).abs() < 1e-9), "not the thickness of 9 mm: {spacing:?}");
    let at = grid.ras_of(VoxelIndex([1, 1, 4])).0;
    assert!((at - medley_volume::glam::DVec3::new(-11.5, -22.0, 8.0)).length() < 1e-9, "{at}");
    assert_eq!([0, 1, 2, 3, 4].map(|k| value(&opened, [0, 0, k])), [0.0, 100.0, 150.0, 200.0, 300.0]);
    assert!(opened.notices[0].contains("1 slice is missing, at 4.0 mm"), "{:?}", opened.notices);
}

#[test]
fn time_points_stand_apart_by_their_number_or_by_their_order() {
    let found = series("four_d");
    let first: Vec<f64> = found.iter().map(|series| value(&dicom::open(series).expect("opens"), [0, 0, 0])).collect();
    assert_eq!(first, vec![0.0, 400.0, 200.0], "1, 9, 10: as numbers, not as text");
    assert!(found.iter().all(|series| series.shape == [4, 3, 2]));
    let found = series("by_rank");
    let first: Vec<f64> = found.iter().map(|series| value(&dicom::open(series).expect("opens"), [0, 0, 2])).collect();
    assert_eq!(first, vec![200.0, 500.0]);
    assert!(found[1].description.contains("part 2 of 2") && found[1].key.ends_with("/2"), "{}", found[1].title());
}

#[test]
fn a_tilted_gantry_is_straightened() {
    let opened = open("tilted");
    let grid = opened.volume.grid();
    assert_eq!(grid.shape(), [4, 5, 3], "two more rows for slices that are shifted by one row each");
    assert!(opened.notices[0].contains("tilt of 26.6 degrees"), "{:?}", opened.notices);
    // The value is where the row lies in the patient: the same in every slice that has the row.
    for (k, rows) in [(0, 0..3), (1, 1..4), (2, 2..5)] {
        for j in rows {
            assert_eq!(value(&opened, [2, j, k]), 10.0 * j as f64 + 2.0, "row {j} of slice {k}");
        }
    }
    assert!(grid.ras_from_voxel().matrix3.col(2).y.abs() < 1e-9, "the slices lie straight above each other");
}

#[test]
fn stacks_and_times_of_an_enhanced_file_are_series() {
    let found = series("enhanced");
    assert_eq!(found.len(), 4);
    for series in &found {
        assert_eq!(series.shape, [4, 3, 2]);
        let opened = dicom::open(series).expect("opens");
        let stored = opened.volume.voxels().stored(0).expect("one");
        // The normal of the second stack points to the right, against its positions.
        assert!(stored == 0.0 || stored == 1100.0, "the first along the normal: {stored}");
        let scaling = opened.volume.scaling();
        assert!(scaling.slope == 2.0 && [-1000.0, -2000.0].contains(&scaling.intercept), "{scaling:?}");
        let step = opened.volume.grid().spacing()[2];
        assert!((step - if stored == 0.0 { 5.0 } else { 7.0 }).abs() < 1e-9, "{step}");
    }
    let codes: Vec<String> = found.iter().map(|series| series.grid().expect("a grid").axes().codes()).collect();
    assert_eq!(codes.iter().filter(|code| *code == "LPS").count(), 2, "{codes:?}");
}

#[test]
fn packed_frames_of_one_file_are_a_volume() {
    let opened = open("rle_frames");
    assert_eq!(opened.volume.grid().shape(), [4, 3, 3]);
    assert_eq!([0, 1, 2].map(|k| value(&opened, [1, 1, k])), [11.0, 111.0, 211.0]);
    assert!((opened.volume.grid().spacing()[2] - 4.0).abs() < 1e-9);
}

#[test]
fn rescale_is_that_of_each_slice_and_uptake_is_given_when_asked_for() {
    let found = series("pet");
    let plain = dicom::open(&found[0]).expect("opens");
    assert!(matches!(plain.volume.voxels(), Voxels::F32(_)));
    assert_eq!([0, 1].map(|k| value(&plain, [2, 1, k])), [12.0 * 0.5, 112.0 * 0.75]);
    let uptake = dicom::open_with(&found[0], OpenOptions { suv: true }).expect("opens");
    // An hour after injection, a half-life of an hour: half of 350 MBq is left for 70 kg.
    let wanted = 112.0 * 0.75 * 70_000.0 / 175e6;
    assert!((value(&uptake, [2, 1, 1]) - wanted).abs() < 1e-6 * wanted);
    assert!(uptake.notices.iter().any(|notice| notice.contains("SUVbw")), "{:?}", uptake.notices);
    let other = series("gap");
    let asked = dicom::open_with(&other[0], OpenOptions { suv: true }).expect("opens");
    assert!(asked.notices.iter().any(|notice| notice.contains("cannot be computed")), "{:?}", asked.notices);
}

#[test]
fn a_syntax_that_is_not_read_is_named() {
    let found = scan(&data("mpeg.dcm")).expect("there");
    assert!(found.skipped[0].1.contains("packed with MPEG video, which is not read here; export"), "{:?}", found.skipped);
}
