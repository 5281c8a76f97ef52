//! Every DICOM file of the shared collection against the answers that other programs gave. Needs MEDLEY_SHARED.

#![allow(clippy::expect_used, reason = "helpers of tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use medley_io::dicom::{self, Series};
use medley_volume::{Quantity, with_voxels};

fn shared() -> PathBuf {
    PathBuf::from(std::env::var("MEDLEY_SHARED").expect("MEDLEY_SHARED names the folder with data/")).join("data")
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).expect("the answers")).expect("JSON")
}

/// Smallest, largest and sum of stored voxels.
#[expect(clippy::unnecessary_cast, reason = "one macro arm already holds f64")]
fn stored(volume: &medley_volume::Volume) -> [f64; 3] {
    with_voxels!(volume.voxels(), values => {
        values.iter().fold([f64::INFINITY, f64::NEG_INFINITY, 0.0], |[low, high, sum], &v| {
            let v = v as f64;
            [low.min(v), high.max(v), sum + v]
        })
    })
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn single_files_have_the_pixels_that_pydicom_finds() {
    let folder = shared().join("dicom_singles");
    for answer in json(&folder.join("expected.json"))["files"].as_array().expect("files") {
        let name = answer["file"].as_str().expect("a name");
        let scan = dicom::scan(&folder.join(name)).expect("the file is there");
        let is_colour = answer["samples_per_pixel"] == 3;
        if answer["status"] == "error" || is_colour {
            assert!(scan.series.is_empty(), "{name}");
            println!("{name}: refused: {}", scan.skipped[0].1);
            continue;
        }
        assert_eq!(scan.series.len(), 1, "{name}: {:?}", scan.skipped);
        let opened = dicom::open(&scan.series[0]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let number = |key: &str| answer[key].as_u64().expect("a number") as usize;
        let shape = [number("columns"), number("rows"), number("frames")];
        assert_eq!(opened.volume.grid().shape(), shape, "{name}");
        let found = stored(&opened.volume);
        let wanted = ["min", "max", "sum"].map(|key| answer["stored"][key].as_f64().expect("a number"));
        println!("{name}: {} {:?} wanted {wanted:?} {}; {:?}", opened.about.dtype, found, opened.volume.grid(), opened.notices);
        let slack = if answer["lossy"] == true { 0.01 * shape[0] as f64 * shape[1] as f64 } else { 0.0 };
        assert!((found[2] - wanted[2]).abs() <= slack, "{name}: {found:?} {wanted:?}");
        if slack == 0.0 {
            assert_eq!(found, wanted, "{name}");
        }
        if let Some(position) = answer["position"].as_array() {
            let at = opened.volume.grid().ras_from_voxel().translation;
            for (axis, sign) in [-1.0, -1.0, 1.0].into_iter().enumerate() {
                assert!((at[axis] - sign * position[axis].as_f64().expect("mm")).abs() < 1e-6, "{name}");
            }
        }
    }
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn series_have_the_values_and_places_of_their_references() {
    let clean = shared().join("dicom_ct_explicit_le");
    let scan = dicom::scan(&clean.join("dicom")).expect("there");
    assert_eq!((scan.series.len(), scan.skipped.len()), (1, 0));
    let opened = dicom::open(&scan.series[0]).expect("opens");
    let reference = medley_io::open_volume(&clean.join("reference_hu.nii.gz")).expect("opens");
    println!("explicit: {} {} {:?}", opened.about.dtype, opened.volume.grid(), opened.notices);
    opened.volume.grid().require_same(reference.volume.grid()).expect("the same grid");
    assert_eq!(opened.volume.to_f32(), reference.volume.to_f32());
    assert_eq!(opened.volume.quantity(), Quantity::Hounsfield);

    let packed = shared().join("dicom_ct_jpeg2000");
    let scan = dicom::scan(&packed.join("dicom")).expect("there");
    assert_eq!((scan.series.len(), scan.skipped.len()), (1, 0));
    let opened = dicom::open(&scan.series[0]).expect("opens");
    println!("jpeg 2000: {} {} {:?}", opened.about.dtype, opened.volume.grid(), opened.notices);
    let labels = medley_io::open_labels(&packed.join("labels_total117.nii.gz")).expect("opens");
    opened.volume.grid().require_same(labels.labels.grid()).expect("the grid of its labels");
    let values = opened.volume.to_f32();
    for (name, first) in [("pilot_train_ct.nii.gz", 0), ("pilot_val_ct.nii.gz", 14)] {
        let part = medley_io::open_volume(&packed.join(name)).expect("opens").volume;
        let from = first * 512 * 512;
        assert_eq!(values[from..from + part.grid().len()], part.to_f32()[..], "{name}");
    }
}

#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn a_mixed_folder_is_sorted_into_the_groups_of_its_manifest() {
    let folder = shared().join("dicom_mixed");
    let scan = dicom::scan(&folder.join("dicom")).expect("there");
    let mut found: BTreeMap<String, Vec<&Series>> = BTreeMap::new();
    let groups = json(&folder.join("manifest.json"));
    let groups = groups["groups"].as_array().expect("groups");
    let is_of = |series: &Series, group: &serde_json::Value| {
        group["series_uids"].as_array().is_some_and(|uids| uids.iter().any(|uid| series.key.split('/').next() == uid.as_str()))
    };
    for series in &scan.series {
        let group = groups.iter().find(|group| is_of(series, group)).expect("a group");
        found.entry(group["group"].as_str().expect("a name").to_owned()).or_default().push(series);
    }
    for (group, series) in &found {
        for series in series {
            let opened = dicom::open(series);
            let result = opened.as_ref().map_or_else(ToString::to_string, |o| format!("{} {}", o.about.dtype, o.volume.grid()));
            println!("{group}: {} | {result} | {:?}", series.title(), series.notices);
        }
        let wanted = groups.iter().find(|g| g["group"] == group.as_str()).expect("it");
        let images: usize = series.iter().map(|series| series.images).sum();
        assert_eq!(images, wanted["files"].as_array().expect("files").len(), "{group}");
        assert!(series.iter().all(|s| s.modality == wanted["modality"].as_str().expect("one")), "{group}");
    }
    for (path, reason) in &scan.skipped {
        println!("skipped {}: {reason}", path.file_name().expect("a name").to_string_lossy());
    }
    let counts: BTreeMap<&str, usize> = found.iter().map(|(group, series)| (group.as_str(), series.len())).collect();
    let wanted = [
        ("77654033_CR1", 1),
        ("77654033_CR2", 1),
        ("77654033_CR3", 1),
        ("77654033_CT2", 1),
        ("98892001_CT2N", 2),
        ("98892001_CT5N", 1),
        ("98892003_MR1", 3),
        ("98892003_MR2", 7),
        ("98892003_MR700", 7),
        ("ct_duplicate", 1),
        ("ct_gap", 1),
        ("ct_rescale_per_slice", 1),
        ("ct_tilt", 1),
        ("ct_uneven", 1),
        ("ct_with_localizer", 2),
        ("mr_two_slices", 1),
    ];
    assert_eq!(counts, wanted.into_iter().collect());
    assert_eq!(scan.skipped.len(), 6);
    let notice = |group: &str, text: &str| {
        let notices: Vec<&String> = found[group].iter().flat_map(|series| &series.notices).collect();
        assert!(notices.iter().any(|notice| notice.contains(text)), "{group}: {notices:?}");
    };
    notice("ct_gap", "gap of 4.00 mm among slices 2.00 mm apart: 1 slice is missing, at -796.5 mm");
    notice("ct_duplicate", "1 picture is left out");
    notice("ct_tilt", "gantry tilt of 15.0 degrees");
    notice("ct_uneven", "uneven, from 2.00 to 5.00 mm");
    notice("mr_two_slices", "mosaics of many slices");
    notice("77654033_CT2", "too uneven");
    // Values come out smooth from slice to slice though the intercept changes by 100 from one to the next.
    let rescaled = dicom::open(found["ct_rescale_per_slice"][0]).expect("opens").volume;
    let values = rescaled.to_f32();
    let means: Vec<f32> = values.chunks(128 * 128).map(|slice| slice.iter().sum::<f32>() / slice.len() as f32).collect();
    assert!(means.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 20.0), "{means:?}");
}
