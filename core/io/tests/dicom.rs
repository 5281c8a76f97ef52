//! DICOM files of other programs: their pixels, places and faults. The sums are those that pydicom finds.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use medley_io::dicom::{self, scan};
use medley_io::{FileKind, kind_of, open_volume};
use medley_volume::{Quantity, Volume, VoxelIndex, with_voxels};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/dicom").join(name)
}

#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
fn sum(volume: &Volume) -> f64 {
    with_voxels!(volume.voxels(), values => values.iter().map(|&value| value as f64).sum())
}

#[test]
fn every_transfer_syntax_gives_the_same_pixels() {
    let wanted = [
        ("mr_implicit_le.dcm", "int16", [64, 64, 1], 2_125_338.0),
        ("mr_rle.dcm", "int16", [64, 64, 1], 2_125_338.0),
        ("mr_jpegls.dcm", "int16", [64, 64, 1], 2_125_338.0),
        ("ct_explicit_le.dcm", "int16", [128, 128, 1], 14_826_310.0),
        ("ot_deflated.dcm", "uint8", [512, 512, 1], 33_322_688.0),
        ("ct_jpeg2000_bits_mismatch.dcm", "int16", [512, 512, 1], -2_181_784.0),
        ("ct_jpeg_lossless_coronal.dcm", "int16", [512, 400, 1], 14_533_101.0),
        ("htj2k.dcm", "uint16", [100, 60, 1], 5_143_041.0),
        ("rtdose_multiframe_implicit.dcm", "uint32", [10, 10, 15], 1_519_910_000.0),
    ];
    for (name, dtype, shape, total) in wanted {
        let found = scan(&data(name)).expect(name);
        let opened = dicom::open(&found.series[0]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((opened.about.dtype.as_str(), opened.volume.grid().shape()), (dtype, shape), "{name}");
        assert_eq!(sum(&opened.volume), total, "{name}");
    }
}

#[test]
fn a_file_without_its_header_is_the_same_picture() {
    let [with, without] = ["ct_explicit_le.dcm", "ct_no_meta.dcm"].map(|name| {
        let found = scan(&data(name)).expect(name);
        dicom::open(&found.series[0]).expect(name).volume
    });
    assert_eq!(with, without);
    assert_eq!(with.quantity(), Quantity::Hounsfield);
    assert_eq!(with.value(VoxelIndex([0, 0, 0])), Some(with.voxels().stored(0).expect("one") - 1024.0));
    let at = with.grid().ras_from_voxel().translation;
    assert!((at.x - 158.135803).abs() < 1e-9 && (at.y - 179.035797).abs() < 1e-9 && (at.z + 75.699997).abs() < 1e-9);
}

#[test]
fn what_is_no_scan_is_a_sentence() {
    let faults = [
        ("bad_mr_truncated.dcm", "ends before all the pixels"),
        ("bad_no_meta_stray_byte.dcm", "not a DICOM file"),
        ("bad_structured_report.dcm", "structured report"),
        ("sc_rgb_jpeg_lossless.dcm", "colour picture (RGB)"),
        ("rtstruct.dcm", "holds contours"),
    ];
    for (name, fault) in faults {
        let found = scan(&data(name)).expect(name);
        assert!(found.series.is_empty(), "{name}");
        assert!(found.skipped[0].1.contains(fault) && found.skipped[0].1.contains(name), "{:?}", found.skipped);
    }
    let error = open_volume(&data("bad_structured_report.dcm")).expect_err("no pictures").to_string();
    assert!(error.contains("structured report without pictures; choose"), "{error}");
}

#[test]
fn a_series_is_opened_from_any_of_its_files_and_scouts_stand_apart() {
    let found = scan(&data("ct5n")).expect("there");
    let shapes: Vec<_> = found.series.iter().map(|series| series.shape).collect();
    assert_eq!(shapes.iter().filter(|shape| shape[2] == 5).count(), 1);
    assert_eq!(shapes.iter().filter(|shape| shape[2] == 1).count(), 2, "two scouts of different orientation");
    // The one volume is what is meant by the folder, and by a file of it.
    let whole = open_volume(&data("ct5n")).expect("opens");
    assert_eq!(whole.volume.grid().shape(), [16, 16, 5]);
    assert!((whole.volume.grid().spacing()[2] - 2.5).abs() < 1e-3);
    let one = open_volume(&data("ct5n/F087")).expect("opens");
    assert_eq!(one.volume, whole.volume);
    assert!(one.notices.iter().any(|notice| notice.contains("one of 5 pictures")), "{:?}", one.notices);
}

#[test]
fn slices_that_make_no_volume_are_refused_and_several_series_are_listed() {
    let error = open_volume(&data("ct2")).expect_err("uneven").to_string();
    assert!(error.contains("1.25 to 202.50 mm"), "{error}");
    let error = open_volume(&data("")).expect_err("many").to_string();
    assert!(
        error.contains("several series")
            && error.contains("5 images; ")
            && error.contains("SmartScore")
            && error.contains("more; choose one"),
        "{error}"
    );
}

#[test]
fn a_zip_file_is_read_where_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("scan.zip");
    let mut zip = zip::ZipWriter::new(fs::File::create(&path).expect("creates"));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (n, entry) in fs::read_dir(data("ct5n")).expect("there").flatten().enumerate() {
        // A name that would leave the folder is only a name here.
        zip.start_file(format!("../../{n}"), options).expect("starts");
        zip.write_all(&fs::read(entry.path()).expect("reads")).expect("writes");
    }
    zip.start_file("bomb", options).expect("starts");
    zip.write_all(&vec![0; 100 << 20]).expect("writes");
    zip.finish().expect("writes");
    assert_eq!(kind_of(&path).expect("reads"), FileKind::Dicom);
    let found = scan(&path).expect("reads");
    assert!(found.skipped.iter().any(|(_, reason)| reason.contains("would take 100.0 MiB")), "{:?}", found.skipped);
    let opened = open_volume(&path).expect("opens");
    assert_eq!(opened.volume, open_volume(&data("ct5n")).expect("opens").volume);
    assert_eq!(fs::read_dir(folder.path()).expect("there").count(), 1, "nothing is unpacked to the disk");
}

#[test]
fn a_directory_file_stands_for_its_folder_and_loops_of_links_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("A/B");
    fs::create_dir_all(&below).expect("makes");
    for entry in fs::read_dir(data("ct5n")).expect("there").flatten() {
        fs::copy(entry.path(), below.join(entry.file_name())).expect("copies");
    }
    fs::write(folder.path().join("DICOMDIR"), "anything").expect("writes");
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), below.join("up")).expect("links");
    let found = scan(&folder.path().join("DICOMDIR")).expect("reads");
    assert_eq!(found.series.iter().map(|series| series.images).sum::<usize>(), 7);
    assert!(found.skipped.iter().any(|(path, _)| path.ends_with("DICOMDIR")));
}

#[test]
fn nothing_says_who_the_patient_is() {
    let found = scan(&data("mr_rle.dcm")).expect("there");
    let opened = dicom::open(&found.series[0]).expect("opens");
    let shown = format!("{} {:?} {:?}", found.series[0].title(), found.series[0].notices, opened.notices);
    assert!(!shown.contains("CompressedSamples") && !found.series[0].key.contains("CompressedSamples"), "{shown}");
}

#[test]
fn a_thumbnail_is_small_and_shows_something() {
    let found = scan(&data("ct_explicit_le.dcm")).expect("there");
    let small = dicom::thumbnail(&found.series[0]).expect("reads");
    assert_eq!((small.width, small.height, small.pixels.len()), (96, 96, 96 * 96));
    let shades: std::collections::BTreeSet<u8> = small.pixels.iter().copied().collect();
    assert!(shades.len() > 20 && shades.contains(&0), "{} shades", shades.len());
}

#[test]
fn whoever_watches_is_told_and_may_end_it() {
    use std::ops::ControlFlow;
    use std::sync::Mutex;
    let told = Mutex::new(Vec::new());
    let watch = |part: f64| {
        told.lock().expect("nobody panicked").push(part);
        ControlFlow::Continue(())
    };
    let opened = medley_io::open_volume_watched(&data("ct5n"), &watch).expect("opens");
    assert_eq!(opened.volume.grid().shape()[2], 5);
    let told = told.into_inner().expect("nobody panicked");
    assert!(told.len() == 5 && told.contains(&1.0) && told.iter().all(|part| (0.0..=1.0).contains(part)), "{told:?}");
    let error = medley_io::open_volume_watched(&data("ct5n"), &|_| ControlFlow::Break(())).expect_err("ended");
    assert!(matches!(error, medley_io::IoError::Cancelled { .. }), "{error}");
}

#[test]
fn files_made_to_harm_are_sentences() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("x.dcm");
    // Sequences in sequences, a hundred thousand deep, each of undefined length.
    let mut nested = fs::read(data("mr_rle.dcm")).expect("reads");
    let at = nested.windows(4).position(|tag| tag == [0x10, 0x00, 0x10, 0x00]).expect("the patient's name");
    let level = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff";
    nested.splice(at..at, level.repeat(100_000));
    fs::write(&path, &nested).expect("writes");
    let found = scan(&path).expect("there");
    assert!(found.skipped[0].1.contains("nests sequences more than 64 deep"), "{:?}", found.skipped);
    // A picture of 8 GB in a file of 8 kB.
    let mut huge = fs::read(data("mr_rle.dcm")).expect("reads");
    for tag in [b"\x28\x00\x10\x00US\x02\x00", b"\x28\x00\x11\x00US\x02\x00"] {
        let at = huge.windows(8).position(|window| window == tag).expect("there") + 8;
        huge[at..at + 2].fill(0xff);
    }
    fs::write(&path, &huge).expect("writes");
    let error = open_volume(&path).expect_err("too large").to_string();
    assert!(error.contains("fill the memory") || error.contains("of memory, more than"), "{error}");
}
