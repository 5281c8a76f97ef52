//! What is written is what was given, and where it was.
#![expect(clippy::expect_used, reason = "a fixture that cannot be read is a failed test")]

use std::io::Read;
use std::path::{Path, PathBuf};

use medley_io::{IoError, StoredGeometry, open_labels, open_volume, write_labels, write_volume};
use medley_volume::glam::{DAffine3, DMat3, DQuat, DVec3};
use medley_volume::{Grid, LabelMap, Quantity, Scaling, Volume, Voxels};

fn fixtures() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| !name(path).starts_with("bad_") && (name(path).ends_with(".nii") || name(path).ends_with(".nii.gz"))).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn header(path: &Path) -> Vec<u8> {
    let file = std::fs::File::open(path).expect("there");
    let mut bytes = Vec::new();
    let reader: Box<dyn Read> = if name(path).ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    reader.take(540).read_to_end(&mut bytes).expect("a header");
    bytes
}

#[test]
fn a_mask_beside_an_image_has_its_geometry_to_the_last_bit() {
    let folder = tempfile::tempdir().expect("a folder");
    for fixture in fixtures() {
        let image = open_volume(&fixture).expect("opens");
        let mut mask = LabelMap::empty(*image.volume.grid());
        (0..mask.len()).step_by(3).for_each(|offset| mask.set(offset, (offset % 200) as u16));
        for end in ["nii", "nii.gz"] {
            let path = folder.path().join(format!("mask.{end}"));
            write_labels(&path, &mask, &image.geometry).expect("writes");
            let back = open_labels(&path).expect("opens");
            assert_eq!(back.labels, mask, "{fixture:?}");
            assert_eq!(back.geometry, image.geometry, "{fixture:?}");
            let bytes = header(&path);
            let is_nifti2 = bytes[0] == 28;
            assert_eq!(is_nifti2, name(&fixture).starts_with("nifti2"));
            if !is_nifti2 && !name(&fixture).starts_with("big_endian") {
                let from = header(&fixture);
                // pixdim, xyzt_units, and from qform_code to the end of srow_z.
                for range in [76..108, 123..124, 252..328] {
                    assert_eq!(bytes[range.clone()], from[range], "{fixture:?}");
                }
                assert_eq!(bytes[68..70], 1002i16.to_ne_bytes());
                assert_eq!(bytes[112..120], [1f32.to_ne_bytes(), 0f32.to_ne_bytes()].concat());
            }
        }
    }
}

#[test]
fn a_scan_is_written_in_its_stored_type_with_its_scaling() {
    let folder = tempfile::tempdir().expect("a folder");
    for fixture in fixtures().iter().filter(|path| !name(path).starts_with("nan_inf")) {
        let image = open_volume(fixture).expect("opens");
        let path = folder.path().join("copy.v2.nii.gz");
        write_volume(&path, &image.volume, &image.geometry).expect("writes");
        let back = open_volume(&path).expect("opens");
        assert_eq!(back.volume, image.volume, "{fixture:?}");
        assert_eq!(back.about.dtype, image.about.dtype);
    }
    let names: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(names.len(), 1, "nothing is left beside the file, and its name is as given");
}

#[test]
fn labels_take_the_smallest_type_that_holds_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.nii");
    let grid = Grid::axis_aligned([3, 4, 5], [1.0, 2.0, 3.0]).expect("a grid");
    let mut mask = LabelMap::empty(grid);
    let about = |mask: &LabelMap| {
        write_labels(&path, mask, &StoredGeometry::of_grid(&grid)).expect("writes");
        open_volume(&path).expect("opens").about
    };
    mask.set(7, 65535);
    assert_eq!((about(&mask).dtype.as_str(), about(&mask).intent_code), ("uint16", 1002));
    mask.set(7, 255);
    assert_eq!(about(&mask).dtype, "uint8");
}

#[test]
fn every_axis_order_and_oblique_grids_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.nii");
    let mut affines = Vec::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        for signs in 0..8 {
            let column = |axis: usize| {
                let mut column = DVec3::ZERO;
                column[order[axis]] = (0.7 + axis as f64) * if signs >> axis & 1 == 1 { -1.0 } else { 1.0 };
                column
            };
            let matrix3 = DMat3::from_cols(column(0), column(1), column(2));
            affines.push((DAffine3 { matrix3, translation: DVec3::new(-91.3, 12.7, 1033.1) }, true));
        }
    }
    let turn = DQuat::from_euler(medley_volume::glam::EulerRot::XYZ, 0.3, -0.2, 0.9);
    affines.push((DAffine3::from_scale_rotation_translation(DVec3::new(0.5, 0.7, 5.0), turn, DVec3::splat(-200.0)), true));
    let mut sheared = affines[0].0;
    sheared.matrix3.y_axis.x = 0.4;
    affines.push((sheared, false));
    for (affine, has_quaternion) in affines {
        let grid = Grid::new([512, 5, 4], affine).expect("a grid");
        let geometry = StoredGeometry::of_grid(&grid);
        assert_eq!(geometry.qform_code() > 0, has_quaternion, "{affine:?}");
        write_labels(&path, &LabelMap::empty(grid), &geometry).expect("writes");
        let back = open_labels(&path).expect("opens");
        assert!(back.labels.grid().is_same_as(&grid, 1e-3), "{affine:?}");
        assert!(back.notices.is_empty(), "{:?}", back.notices);
    }
}

#[test]
fn a_side_too_long_for_nifti_1_makes_nifti_2() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long.nii.gz");
    let grid = Grid::axis_aligned([40_000, 1, 1], [1.0; 3]).expect("a grid");
    let scaling = Scaling { slope: 0.1, intercept: -1.0 };
    let volume = Volume::new(grid, Voxels::U8(vec![3; 40_000]), scaling, Quantity::Arbitrary).expect("fits");
    write_volume(&path, &volume, &StoredGeometry::of_grid(&grid)).expect("writes");
    let back = open_volume(&path).expect("opens");
    assert_eq!((back.about.format.as_str(), back.volume), ("NIfTI-2", volume));
}

#[test]
fn what_does_not_fit_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let grid = Grid::axis_aligned([3, 4, 5], [1.0; 3]).expect("a grid");
    let elsewhere = StoredGeometry::of_grid(&Grid::axis_aligned([3, 4, 5], [1.0, 1.0, 1.1]).expect("a grid"));
    let mask = LabelMap::empty(grid);
    let path = folder.path().join("mask.nii.gz");
    assert!(matches!(write_labels(&path, &mask, &elsewhere), Err(IoError::Unfit { .. })));
    let odd = write_labels(&folder.path().join("mask.png"), &mask, &StoredGeometry::of_grid(&grid));
    assert!(odd.expect_err("no NIfTI name").to_string().contains(".nii.gz"));
    let missing = write_labels(&folder.path().join("none/mask.nii"), &mask, &StoredGeometry::of_grid(&grid));
    assert!(missing.expect_err("no folder").to_string().contains("folder does not exist"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn the_name_chooses_the_format_and_nothing_is_lost_in_any() {
    let folder = tempfile::tempdir().expect("a folder");
    let endings = ["nii", "nii.gz", "nrrd", "mha", "MHD"];
    for fixture in fixtures().iter().filter(|path| !name(path).starts_with("nan_inf")) {
        let image = open_volume(fixture).expect("opens");
        for end in endings {
            let path = folder.path().join(format!("copy.{end}"));
            write_volume(&path, &image.volume, &image.geometry).expect("writes");
            let back = open_volume(&path).expect("opens");
            assert!(back.volume.grid().is_same_as(image.volume.grid(), 1e-6), "{fixture:?} {end}");
            let is_plain = image.volume.scaling() == Scaling::IDENTITY;
            assert!(!is_plain || back.volume.voxels() == image.volume.voxels(), "{fixture:?} {end}");
            let (found, wanted) = (back.volume.summary(), image.volume.summary());
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
            assert!(close(found.sum, wanted.sum) && close(found.min, wanted.min) && close(found.max, wanted.max), "{fixture:?} {end}");
            let mask = LabelMap::empty(*image.volume.grid());
            let path = folder.path().join(format!("mask.{end}"));
            write_labels(&path, &mask, &image.geometry).expect("writes");
            assert_eq!(open_labels(&path).expect("opens").labels.voxels(), mask.voxels(), "{fixture:?} {end}");
        }
    }
}

#[test]
fn positions_are_right_in_every_format_on_oblique_left_handed_and_sheared_grids() {
    let folder = tempfile::tempdir().expect("a folder");
    let turn = DQuat::from_euler(medley_volume::glam::EulerRot::XYZ, 0.3, -0.2, 0.9);
    let oblique = DAffine3::from_scale_rotation_translation(DVec3::new(0.5, 0.7, 5.0), turn, DVec3::new(-200.0, 31.5, 7.25));
    let left_handed = oblique * DAffine3::from_scale(DVec3::new(1.0, -1.0, 1.0));
    let mut sheared = oblique;
    sheared.matrix3.y_axis.x += 0.2;
    for affine in [oblique, left_handed, sheared] {
        let grid = Grid::new([200, 5, 4], affine).expect("a grid");
        for end in ["nrrd", "seg.nrrd", "mha", "mhd"] {
            let path = folder.path().join(format!("mask.{end}"));
            let mut mask = LabelMap::empty(grid);
            mask.set(777, 3);
            write_labels(&path, &mask, &StoredGeometry::of_grid(&grid)).expect("writes");
            let back = open_labels(&path).expect("opens");
            assert!(back.labels.grid().is_same_as(&grid, 1e-9), "{end} {affine:?}");
            assert_eq!(back.labels.voxels(), mask.voxels(), "{end}");
            assert!(back.notices.is_empty(), "{:?}", back.notices);
        }
    }
}

#[test]
fn voxels_of_another_header_are_not_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let grid = Grid::axis_aligned([3, 4, 5], [1.0; 3]).expect("a grid");
    std::fs::write(folder.path().join("a.zraw"), b"precious").expect("writes");
    let error =
        write_labels(&folder.path().join("a.mhd"), &LabelMap::empty(grid), &StoredGeometry::of_grid(&grid)).expect_err("in the way");
    assert!(error.to_string().contains(".zraw"), "{error}");
    assert_eq!(std::fs::read(folder.path().join("a.zraw")).expect("there"), b"precious");
}

#[test]
fn places_too_far_for_32_bits_are_written_in_64() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("far.nii");
    for (size, offset) in [(1e-3, 1e6), (1e60, 0.0), (0.5, 3e8)] {
        let affine = DAffine3 { matrix3: DMat3::from_diagonal(DVec3::splat(size)), translation: DVec3::splat(offset) };
        let grid = Grid::new([3, 4, 5], affine).expect("a grid");
        write_labels(&path, &LabelMap::empty(grid), &StoredGeometry::of_grid(&grid)).expect("writes");
        assert!(open_labels(&path).expect("opens").labels.grid().is_same_as(&grid, 1e-6), "{size} {offset}");
    }
}
