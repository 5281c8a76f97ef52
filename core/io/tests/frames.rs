//! One of several volumes, what is kept of a header, and stopping.
#![expect(clippy::expect_used, reason = "a fixture that cannot be read is a failed test")]

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Mutex;

use medley_io::{IoError, open_labels, open_volume, open_volume_frame, open_volume_watched, volume_from_bytes, write_labels, write_volume};
use medley_volume::{LabelMap, VoxelIndex};

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn answer(file: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(fixture("expected.json")).expect("the answers");
    let all: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    all["files"].as_array().expect("a list").iter().find(|answer| answer["file"] == file).expect("an answer").clone()
}

#[test]
fn every_volume_of_a_series_is_the_one_asked_for() {
    let path = fixture("four_d.nii.gz");
    let answer = answer("four_d.nii.gz");
    let mut sum = 0.0;
    let mut seen = 0;
    for frame in 0..4 {
        let opened = open_volume_frame(&path, frame).expect("opens");
        assert!(opened.notices.is_empty(), "the person chose: {:?}", opened.notices);
        sum += opened.volume.summary().sum;
        for voxel in answer["voxels"].as_array().expect("voxels") {
            let index: Vec<usize> = voxel["index"].as_array().expect("an index").iter().map(|n| n.as_u64().expect("n") as usize).collect();
            if index[3] == frame {
                seen += 1;
                let at = VoxelIndex([index[0], index[1], index[2]]);
                assert_eq!(opened.volume.value(at), voxel["value"].as_f64(), "{index:?}");
            }
        }
    }
    assert!(seen > 0);
    assert!((sum - answer["sum"].as_f64().expect("a sum")).abs() < 1e-6 * sum.abs());
    assert_eq!(open_volume(&path).expect("opens").volume, open_volume_frame(&path, 0).expect("opens").volume);
    let error = open_volume_frame(&path, 4).expect_err("there are four").to_string();
    assert!(error.contains("holds 4 volumes, so there is no number 5"), "{error}");
    assert!(open_volume_frame(&fixture("dtype_uint8.nii"), 1).expect_err("one").to_string().contains("single volume"));
}

/// A header with every field that is kept set, two extensions, and one byte as its only voxel.
fn full(is_nifti2: bool) -> Vec<u8> {
    let mut bytes = vec![0u8; if is_nifti2 { 540 } else { 348 }];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    let extensions = [&[1u8, 0, 0, 0], &32i32.to_ne_bytes()[..], &6i32.to_ne_bytes(), b"a comment of 24 bytes...", &16i32.to_ne_bytes()];
    let extensions = [&extensions.concat()[..], &4i32.to_ne_bytes(), b"<AFNI/>\0"].concat();
    if is_nifti2 {
        put(0, &540i32.to_ne_bytes());
        put(4, b"n+2\0\r\n\x1a\n");
        put(12, &2i16.to_ne_bytes());
        put(14, &8i16.to_ne_bytes());
        [3i64, 1, 1, 1, 1, 1, 1, 1].iter().enumerate().for_each(|(n, side)| put(16 + 8 * n, &side.to_ne_bytes()));
        [1f64, 1.0, 1.0, 1.0].iter().enumerate().for_each(|(n, size)| put(104 + 8 * n, &size.to_ne_bytes()));
        [1f64, 2.0, 3.0].iter().enumerate().for_each(|(n, p)| put(80 + 8 * n, &p.to_ne_bytes()));
        put(168, &592i64.to_ne_bytes());
        [9f64, -9.0, 0.5, 0.25].iter().enumerate().for_each(|(n, v)| put(192 + 8 * n, &v.to_ne_bytes()));
        put(224, &0i64.to_ne_bytes());
        put(232, &0i64.to_ne_bytes());
        put(240, b"a description");
        put(320, b"aux.txt");
        put(344, &1i32.to_ne_bytes());
        put(496, &2i32.to_ne_bytes());
        put(504, &5i32.to_ne_bytes());
        put(508, b"z score");
        put(524, &[0x39]);
    } else {
        put(0, &348i32.to_ne_bytes());
        put(38, b"r");
        put(39, &[0x39]);
        [3i16, 1, 1, 1, 1, 1, 1, 1].iter().enumerate().for_each(|(n, side)| put(40 + 2 * n, &side.to_ne_bytes()));
        [1f32, 2.0, 3.0].iter().enumerate().for_each(|(n, p)| put(56 + 4 * n, &p.to_ne_bytes()));
        put(68, &5i16.to_ne_bytes());
        put(70, &2i16.to_ne_bytes());
        put(72, &8i16.to_ne_bytes());
        [1f32, 1.0, 1.0, 1.0].iter().enumerate().for_each(|(n, size)| put(76 + 4 * n, &size.to_ne_bytes()));
        put(108, &400f32.to_ne_bytes());
        put(112, &1f32.to_ne_bytes());
        put(122, &[2]);
        [9f32, -9.0, 0.5, 0.25].iter().enumerate().for_each(|(n, v)| put(124 + 4 * n, &v.to_ne_bytes()));
        put(148, b"a description");
        put(228, b"aux.txt");
        put(252, &1i16.to_ne_bytes());
        put(328, b"z score");
        put(344, b"n+1\0");
    }
    bytes.extend(extensions);
    bytes.push(0);
    bytes.resize(if is_nifti2 { 592 } else { 400 }, 0);
    bytes.push(7);
    if is_nifti2 {
        bytes[176..184].copy_from_slice(&1f64.to_ne_bytes());
    }
    bytes
}

#[test]
fn a_scan_written_again_keeps_what_is_not_understood_and_a_mask_beside_it_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    for is_nifti2 in [false, true] {
        let bytes = full(is_nifti2);
        let opened = volume_from_bytes("scan.nii", &bytes).expect("opens");
        assert_eq!(opened.about.intent_code, 5);
        let path = folder.path().join("again.nii");
        write_volume(&path, &opened.volume, &opened.geometry).expect("writes");
        assert!(std::fs::read(&path).expect("there") == bytes, "every byte is as it was");
        let mask = folder.path().join("mask.nii");
        write_labels(&mask, &LabelMap::empty(*opened.volume.grid()), &opened.geometry).expect("writes");
        let text = String::from_utf8_lossy(&std::fs::read(&mask).expect("there")).into_owned();
        assert!(!text.contains("a description") && !text.contains("comment") && text.contains("Medley"));
        write_volume(&path, &opened.volume, &opened.geometry.clone().alone()).expect("writes");
        assert!(!String::from_utf8_lossy(&std::fs::read(&path).expect("there")).contains("comment"));
    }
    let opened = open_volume(&fixture("extensions.nii")).expect("opens");
    let path = folder.path().join("again.nii.gz");
    write_volume(&path, &opened.volume, &opened.geometry).expect("writes");
    assert_eq!(open_volume(&path).expect("opens").volume, opened.volume);
}

#[test]
fn damaged_extensions_cost_a_notice_and_no_voxel() {
    for (at, size) in [(352, 1_000_000i32), (352, 3), (352, -1), (352, 0)] {
        let mut bytes = full(false);
        bytes[at..at + 4].copy_from_slice(&size.to_ne_bytes());
        let opened = volume_from_bytes("scan.nii", &bytes).expect("opens");
        assert_eq!(opened.volume.value(VoxelIndex([0; 3])), Some(7.0));
        assert!(opened.notices.iter().any(|notice| notice.contains("extension is damaged")), "{size}: {:?}", opened.notices);
    }
}

#[test]
fn an_analyze_header_is_named_as_one() {
    let mut bytes = full(false);
    bytes[344..348].fill(0);
    let error = volume_from_bytes("old.hdr", &bytes).expect_err("no NIfTI").to_string();
    assert!(error.contains("ANALYZE 7.5") && error.contains("left from right"), "{error}");
}

#[test]
fn reading_tells_how_far_it_is_and_stops_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.nii.gz");
    let grid = medley_volume::Grid::axis_aligned([200, 200, 200], [1.0; 3]).expect("a grid");
    write_labels(&path, &LabelMap::empty(grid), &medley_io::StoredGeometry::of_grid(&grid)).expect("writes");
    let told = Mutex::new(Vec::new());
    let listener = |fraction: f64| {
        told.lock().expect("one thread").push(fraction);
        ControlFlow::Continue(())
    };
    let whole = open_volume_watched(&path, &listener).expect("opens");
    assert_eq!(whole.volume, open_volume(&path).expect("opens").volume);
    let told = told.into_inner().expect("one thread");
    assert!(told.len() > 3 && told.is_sorted() && told.last() == Some(&1.0), "{told:?}");
    let stop = |fraction: f64| if fraction > 0.5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let error = open_volume_watched(&path, &stop).expect_err("stopped");
    assert!(matches!(error, IoError::Cancelled { .. }) && error.to_string().contains("mask.nii.gz"), "{error}");
    assert!(open_labels(&path).is_ok());
}

#[test]
fn several_threads_read_what_one_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let header = "NRRD0004\ntype: short\ndimension: 3\nsizes: 210 190 101\nspacings: 1 1 1\nendian: big\nencoding: raw\n\n";
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend((0..210u32 * 190 * 101).flat_map(|n| ((n.wrapping_mul(2_654_435_761) >> 20) as u16).to_be_bytes()));
    let wanted = volume_from_bytes("scan", &bytes).expect("opens").volume;
    let (plain, packed) = (folder.path().join("scan.nrrd"), folder.path().join("packed.nrrd"));
    std::fs::write(&plain, &bytes).expect("writes");
    assert!(open_volume(&plain).expect("opens").volume == wanted);
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, &bytes[header.len()..]).expect("packs");
    let in_file = [header.replace("raw", "gzip").into_bytes(), packer.finish().expect("packs")].concat();
    std::fs::write(&packed, &in_file).expect("writes");
    assert!(open_volume(&packed).expect("opens").volume == wanted);
    for path in [&plain, &packed] {
        let stop = |fraction: f64| if fraction > 0.3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        assert!(matches!(open_volume_watched(path, &stop), Err(IoError::Cancelled { .. })));
    }
    // Cut in the middle, where the second thread is when the first has begun.
    std::fs::write(&packed, &in_file[..in_file.len() / 2]).expect("writes");
    let error = open_volume(&packed).expect_err("cut").to_string();
    assert!(error.contains("packed.nrrd ends before"), "{error}");
}
