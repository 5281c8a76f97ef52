//! Every fixture against the answers of nibabel and pynrrd.
#![expect(clippy::expect_used, reason = "a fixture that cannot be read is a failed test")]

use std::path::PathBuf;

use medley_io::{FileKind, OpenedVolume, kind_of, labels_from_bytes, open_labels, open_volume, volume_from_bytes};
use medley_volume::{Grid, VoxelIndex};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn answers(status: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).expect("the answers");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let files = all["files"].as_array().expect("a list").iter();
    files.filter(|file| file["status"] == status).cloned().collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|v| v.as_f64().expect("a number")).collect()
}

fn open(file: &str) -> OpenedVolume {
    open_volume(&folder().join(file)).unwrap_or_else(|error| panic!("{error}"))
}

fn largest_difference(grid: &Grid, rows: &Value) -> f64 {
    let found = grid.affine_rows();
    let rows: Vec<Vec<f64>> = rows.as_array().expect("rows").iter().map(numbers).collect();
    (0..16).map(|n| (found[n / 4][n % 4] - rows[n / 4][n % 4]).abs()).fold(0.0, f64::max)
}

#[test]
fn values_types_and_affines_are_those_of_other_readers() {
    let files = answers("ok");
    assert_eq!(files.len(), 36);
    for answer in files {
        let file = answer["file"].as_str().expect("a name");
        let opened = open(file);
        let (volume, grid) = (&opened.volume, opened.volume.grid());
        let shape: Vec<f64> = opened.about.shape.iter().map(|&side| side as f64).collect();
        assert_eq!(shape, numbers(&answer["shape"]), "{file}");
        assert_eq!(opened.about.dtype, answer["dtype"].as_str().expect("a type"), "{file}");
        if answer["affine_check"] == "spacing_only" {
            let rows: Vec<Vec<f64>> = answer["affine"].as_array().expect("rows").iter().map(numbers).collect();
            for (axis, found) in grid.spacing().iter().enumerate() {
                let wanted = rows.iter().map(|row| row[axis].powi(2)).sum::<f64>().sqrt();
                assert!((found - wanted).abs() < 1e-5, "{file}");
            }
        } else {
            let difference = largest_difference(grid, &answer["affine"]);
            assert!(difference < 1e-5, "{file}: {difference}");
            assert_eq!(grid.axes().codes(), answer["axis_codes"].as_str().expect("codes"), "{file}");
        }
        if let Some(source) = answer["affine_from"].as_str() {
            assert_eq!(serde_json::to_value(opened.about.affine_from).expect("JSON"), source, "{file}");
        }
        let is_whole = opened.about.shape.iter().skip(3).all(|&side| side == 1);
        if is_whole {
            let summary = volume.summary();
            let close = |found: f64, wanted: &Value| {
                let wanted = wanted.as_f64().expect("a number");
                assert!((found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0), "{file}: {found} against {wanted}");
            };
            close(summary.min, &answer["min"]);
            close(summary.max, &answer["max"]);
            close(summary.sum, &answer["sum"]);
            assert_eq!((grid.len() - summary.finite) as u64, answer["nonfinite_voxels"], "{file}");
        }
        for voxel in answer["voxels"].as_array().expect("a list") {
            let index = numbers(&voxel["index"]);
            if index.iter().skip(3).all(|&further| further == 0.0) {
                let at = std::array::from_fn(|axis| index.get(axis).map_or(0, |&n| n as usize));
                let (found, wanted) = (volume.value(VoxelIndex(at)).expect("inside"), voxel["value"].as_f64().expect("a number"));
                assert!((found - wanted).abs() <= 1e-14 * wanted.abs(), "{file} {index:?}: {found} against {wanted}");
            }
        }
    }
}

#[test]
fn the_person_is_told_what_was_chosen_for_them_and_nothing_else() {
    let told = [
        ("sform_qform_disagree.nii", "two affines that disagree"),
        ("no_form.nii", "no position or orientation"),
        ("four_d.nii.gz", "holds 4 volumes"),
    ];
    for answer in answers("ok") {
        let file = answer["file"].as_str().expect("a name");
        let notices = open(file).notices;
        match told.iter().find(|(name, _)| *name == file) {
            Some((_, words)) => assert!(notices.len() == 1 && notices[0].contains(words), "{file}: {notices:?}"),
            None => assert!(notices.is_empty(), "{file}: {notices:?}"),
        }
    }
}

#[test]
fn either_half_of_a_pair_opens_it() {
    assert_eq!(open("pair.hdr").volume, open("pair.img").volume);
    let temporary = tempfile::tempdir().expect("a folder");
    for (from, to) in [("pair.hdr", "PAIR.HDR"), ("pair.img", "PAIR.IMG.gz")] {
        let bytes = std::fs::read(folder().join(from)).expect("a fixture");
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, &bytes).expect("packs");
        let bytes = if to.ends_with("gz") { packed.finish().expect("packs") } else { bytes };
        std::fs::write(temporary.path().join(to), bytes).expect("writes");
    }
    for name in ["PAIR.HDR", "PAIR.IMG.gz"] {
        assert_eq!(kind_of(&temporary.path().join(name)).expect("reads"), FileKind::Nifti, "{name}");
    }
    assert_eq!(open_volume(&temporary.path().join("PAIR.HDR")).expect("opens").volume, open("pair.hdr").volume);
    std::fs::remove_file(temporary.path().join("PAIR.IMG.gz")).expect("removes");
    let error = open_volume(&temporary.path().join("PAIR.HDR")).expect_err("half is missing").to_string();
    assert!(error.contains("PAIR.HDR") && error.contains(".img"), "{error}");
    std::fs::copy(folder().join("pair.img"), temporary.path().join("alone.img")).expect("copies");
    let error = open_volume(&temporary.path().join("alone.img")).expect_err("half is missing").to_string();
    assert!(error.contains("alone.img") && error.contains(".hdr"), "{error}");
}

#[test]
fn memory_and_disk_give_the_same_and_names_do_not_matter() {
    for answer in answers("ok").iter().filter(|answer| answer["other_file"].is_null()) {
        let file = answer["file"].as_str().expect("a name");
        let bytes = std::fs::read(folder().join(file)).expect("a fixture");
        let from_memory = volume_from_bytes("scan", &bytes).expect("opens");
        let from_disk = open(file);
        assert_eq!(from_memory.about, from_disk.about, "{file}");
        assert_eq!(from_memory.geometry, from_disk.geometry, "{file}");
        if file != "nan_inf.nii.gz" {
            assert_eq!(from_memory.volume, from_disk.volume, "{file}");
        }
    }
    let temporary = tempfile::tempdir().expect("a folder");
    let path = temporary.path().join("packed_without_saying_so.nii");
    std::fs::copy(folder().join("perm_pil.nii.gz"), &path).expect("copies");
    assert_eq!(open_volume(&path).expect("opens").volume, open("perm_pil.nii.gz").volume);
}

#[test]
fn masks_are_whole_numbers_whatever_they_are_stored_in() {
    let labels = open_labels(&folder().join("perm_pil.nii.gz")).expect("16 bits unsigned").labels;
    assert_eq!(f64::from(*labels.counts().last_key_value().expect("a label").0), 60000.0);
    let bytes = std::fs::read(folder().join("slope_zero.nii")).expect("a fixture");
    assert_eq!(labels_from_bytes("mask", &bytes).expect("8 bits").labels.counts().last_key_value().map(|(&l, _)| l), Some(255));
    for file in ["dtype_int8.nii", "dtype_float32.nii", "scaled_slope_inter.nii.gz"] {
        let error = open_labels(&folder().join(file)).expect_err(file).to_string();
        assert!(error.contains(file) && error.contains("is not a mask") && error.contains("voxel ["), "{error}");
    }
}

#[test]
fn broken_files_are_sentences() {
    let files = answers("error");
    assert_eq!(files.len(), 10);
    for answer in files {
        let file = answer["file"].as_str().expect("a name");
        let error = open_volume(&folder().join(file)).expect_err(file).to_string();
        assert!(error.contains(file) && error.contains("; "), "{error}");
        assert_eq!(error, open_labels(&folder().join(file)).expect_err(file).to_string());
    }
    let error = open_volume(&folder().join("..")).expect_err("a folder").to_string();
    assert!(error.contains("is not a file"), "{error}");
    let error = open_volume(&folder().join("none.nii")).expect_err("missing").to_string();
    assert!(error.contains("does not exist"), "{error}");
}

#[test]
fn fixtures_are_told_apart_by_their_contents() {
    for answer in answers("ok") {
        let file = answer["file"].as_str().expect("a name");
        let wanted = if file.starts_with("nrrd") { FileKind::Nrrd } else { FileKind::Nifti };
        assert_eq!(kind_of(&folder().join(file)).expect("reads"), wanted, "{file}");
    }
    for file in ["bad_random.nii", "bad_empty.nii", "bad_text.nii", "bad_wrong_magic.nii"] {
        assert!(matches!(kind_of(&folder().join(file)).expect("reads"), FileKind::Unknown(_)), "{file}");
    }
}
