use std::path::Path;

use medley_io::StoredGeometry;
use medley_volume::{Grid, Quantity, Scaling, Volume, Voxels};
use serde_json::json;

use crate::support::{affine, answer, lps_grid, medley, phantom, write_case, write_line};

#[test]
fn info_says_what_a_scan_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let grid = lps_grid([6, 5, 4]);
    let values: Vec<i16> = (0..grid.len() as i16).map(|v| 10 * v - 1000).collect();
    let sum: f64 = values.iter().map(|&v| f64::from(v) * 0.5 + 3.0).sum();
    let scan = Volume::new(grid, Voxels::I16(values), Scaling { slope: 0.5, intercept: 3.0 }, Quantity::Arbitrary).expect("fits");
    let path = folder.path().join("scan.nii.gz");
    medley_io::write_volume(&path, &scan, &StoredGeometry::of_grid(&grid)).expect("written");
    let info = answer(["info".as_ref(), path.as_os_str()]);
    assert_eq!(info["kind"], "scan");
    assert_eq!(info["shape"], json!([6, 5, 4]));
    assert_eq!(info["axes"], "LPS");
    assert_eq!(info["dtype"], "int16");
    assert_eq!((info["min"].as_f64(), info["max"].as_f64(), info["sum"].as_f64()), (Some(-497.0), Some(98.0), Some(sum)));
    let spacing: Vec<f64> = info["spacing"].as_array().expect("three").iter().filter_map(serde_json::Value::as_f64).collect();
    assert_eq!(spacing, [1.5, 2.0, 2.5]);
    assert_eq!(affine(&info), grid.affine_rows().concat());
    assert_eq!(info["warnings"], json!([]));
    let text = medley(["info".as_ref(), path.as_os_str()]);
    assert!(text.code == Some(0) && text.out.contains("LPS") && text.out.contains("6×5×4"), "{text:?}");
}

#[test]
fn info_counts_the_labels_of_a_mask_in_millilitres() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mask.nii");
    write_line(&path, &[0, 2, 2, 2, 300, 0]);
    let info = answer(["info".as_ref(), path.as_os_str()]);
    assert_eq!((info["kind"].as_str(), info["unit"].as_str()), (Some("mask"), Some("label")));
    assert_eq!(info["labels"], json!([{"value": 2, "voxels": 3, "ml": 0.003}, {"value": 300, "voxels": 1, "ml": 0.001}]));
}

#[test]
fn a_ct_is_in_hounsfield_units_and_its_mask_in_labels() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, mask] = write_case(folder.path(), "a", &phantom(lps_grid([16, 16, 16]), 0));
    assert_eq!(answer(["info".as_ref(), image.as_os_str()])["unit"], "HU");
    assert_eq!(answer(["info".as_ref(), mask.as_os_str()])["unit"], "label");
}

#[test]
fn converting_there_and_back_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = phantom(lps_grid([12, 10, 8]), 0);
    for (path, kind) in write_case(folder.path(), "a", &case).iter().zip(["scan", "mask"]) {
        let (plain, packed) = (folder.path().join(format!("{kind}.nii")), folder.path().join(format!("{kind}_again.nii.gz")));
        let there = answer(["convert".as_ref(), path.as_os_str(), plain.as_os_str()]);
        assert_eq!((there["kind"].as_str(), &there["shape"]), (Some(kind), &json!([12, 10, 8])));
        assert_eq!(affine(&there), case.0.grid().affine_rows().concat());
        answer(["convert".as_ref(), plain.as_os_str(), packed.as_os_str()]);
        let (before, after) = (medley_io::open_volume(path).expect("opens"), medley_io::open_volume(&packed).expect("opens"));
        assert_eq!(before.volume, after.volume);
        assert_eq!(before.geometry, after.geometry);
    }
}

#[test]
fn a_mask_is_put_onto_another_grid_by_choice_and_keeps_its_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let coarse = phantom(lps_grid([16, 16, 8]), 0);
    let [image, mask] = write_case(folder.path(), "coarse", &coarse);
    let fine = Grid::new(
        [32, 32, 16],
        coarse.0.grid().ras_from_voxel() * medley_volume::glam::DAffine3::from_scale(medley_volume::glam::DVec3::splat(0.5)),
    )
    .expect("a grid");
    let [like, _] = write_case(folder.path(), "fine", &phantom(fine, 0));
    let out = folder.path().join("on_fine.nii.gz");
    let converted = answer(["convert".as_ref(), mask.as_os_str(), out.as_os_str(), "--like".as_ref(), like.as_os_str()]);
    assert_eq!(converted["shape"], json!([32, 32, 16]));
    let (moved, target) = (medley_io::open_labels(&out).expect("a mask"), medley_io::open_volume(&like).expect("a scan"));
    assert_eq!((moved.labels.grid(), moved.geometry), (target.volume.grid(), target.geometry));
    let counts = moved.labels.counts();
    assert_eq!(counts.keys().copied().collect::<Vec<_>>(), [0, 1, 3]);
    assert_eq!(counts[&3], 8 * coarse.1.counts()[&3]);
    let back = folder.path().join("scan_on_fine.nii.gz");
    let scan = answer(["convert".as_ref(), image.as_os_str(), back.as_os_str(), "--like".as_ref(), like.as_os_str()]);
    assert_eq!((scan["kind"].as_str(), &scan["shape"]), (Some("scan"), &json!([32, 32, 16])));
}

#[test]
fn convert_overwrites_nothing_it_was_not_told_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, mask] = write_case(folder.path(), "a", &phantom(lps_grid([8, 8, 8]), 0));
    let before = std::fs::read(&image).expect("read");
    medley(["convert".as_ref(), image.as_os_str(), image.as_os_str(), "--force".as_ref()]).assert_refused("a.nii.gz");
    medley(["convert".as_ref(), mask.as_os_str(), image.as_os_str()]).assert_refused("a.nii.gz");
    assert_eq!(std::fs::read(&image).expect("read"), before);
    let forced = medley(["convert".as_ref(), mask.as_os_str(), image.as_os_str(), "--force".as_ref()]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    medley(["convert".as_ref(), mask.as_os_str(), folder.path().join("a.png").as_os_str()]).assert_refused("a.png");
}

#[test]
fn devices_names_the_cpu_first() {
    let devices = answer(["devices"]);
    assert_eq!(devices["devices"][0]["choice"], "cpu");
}

#[test]
fn a_mask_goes_through_every_format_with_its_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let case = phantom(lps_grid([16, 14, 12]), 1);
    let [_, mask] = write_case(folder.path(), "a", &case);
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("names.txt"), "1 255 0 0 1 1 1 \"block\"\n3 0 0 255 1 1 1 \"core of it\"\n").expect("written");
    let convert = |from: &Path, to: &Path, more: &[&std::ffi::OsStr]| {
        answer([&["convert".as_ref(), from.as_os_str(), to.as_os_str()], more].concat());
    };
    convert(&mask, &at("b.seg.nrrd"), &["--table".as_ref(), at("names.txt").as_os_str()]);
    let info = answer(["info".as_ref(), at("b.seg.nrrd").as_os_str()]);
    let names: Vec<&str> = info["labels"].as_array().expect("labels").iter().filter_map(|label| label["name"].as_str()).collect();
    assert!(names.contains(&"block") && names.contains(&"core of it"), "{info}");
    convert(&at("b.seg.nrrd"), &at("c.mha"), &["--write-table".as_ref(), at("names.ctbl").as_os_str()]);
    assert!(std::fs::read_to_string(at("names.ctbl")).expect("a table").contains("core_of_it"));
    convert(&at("c.mha"), &at("d.nrrd"), &["--as".as_ref(), "mask".as_ref()]);
    convert(&at("d.nrrd"), &at("e.nii.gz"), &["--as".as_ref(), "mask".as_ref()]);
    let back = medley_io::open_labels(&at("e.nii.gz")).expect("a mask").labels;
    assert_eq!(back, case.1);
    medley(["convert".as_ref(), mask.as_os_str(), at("f.xyz").as_os_str()]).assert_refused(".seg.nrrd");
}

#[test]
fn labels_become_surfaces_of_their_size() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, mask] = write_case(folder.path(), "a", &phantom(lps_grid([24, 24, 20]), 1));
    let at = |name: &str| folder.path().join(name);
    let counted = answer(["info".as_ref(), mask.as_os_str()]);
    let made = answer(["convert".as_ref(), mask.as_os_str(), at("{label}.stl").as_os_str(), "--smooth".as_ref(), "0".as_ref()]);
    let surfaces = made["surfaces"].as_array().expect("surfaces");
    assert_eq!(surfaces.len(), counted["labels"].as_array().expect("labels").len());
    for (surface, label) in surfaces.iter().zip(counted["labels"].as_array().expect("labels")) {
        let (of_surface, of_voxels) = (surface["ml"].as_f64().expect("mL"), label["ml"].as_f64().expect("mL"));
        assert!((of_surface - of_voxels).abs() < 0.25 * of_voxels, "{surface} against {label}");
        let bytes = std::fs::metadata(surface["output"].as_str().expect("a path")).expect("written").len();
        assert_eq!(bytes, 84 + 50 * surface["triangles"].as_u64().expect("a number"));
    }
    medley(["convert".as_ref(), mask.as_os_str(), at("one.ply").as_os_str()]).assert_refused("{label}");
    medley(["convert".as_ref(), image.as_os_str(), at("scan.ply").as_os_str()]).assert_refused("only masks");
}

/// Files of other programs that the readers' own tests have, too.
fn dicom(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/io/tests/data/dicom").join(name)
}

#[test]
fn dicom_is_told_apart_converted_and_given_a_segmentation() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let series = dicom("ct5n");
    let info = answer(["info".as_ref(), series.as_os_str()]);
    assert_eq!((info["kind"].as_str(), info["format"].as_str()), (Some("scan"), Some("DICOM")), "{info}");
    let scan = at("scan.nii.gz");
    answer(["convert".as_ref(), series.as_os_str(), scan.as_os_str()]);
    let (from, to) = (medley_io::open_volume(&series).expect("opens"), medley_io::open_volume(&scan).expect("opens"));
    from.volume.grid().require_same(to.volume.grid()).expect("the same place");
    assert!(from.volume.to_f32() == to.volume.to_f32(), "the values are others");

    // A mask of two slices on it, as a segmentation of its study and as contours, and back onto its grid.
    let mut mask = medley_volume::LabelMap::empty(*to.volume.grid());
    let [wide, high, _] = mask.grid().shape();
    (0..mask.len()).filter(|offset| (1..3).contains(&(offset / (wide * high)))).for_each(|offset| {
        let [x, y] = [offset % wide, offset / wide % high];
        mask.set(offset, if x > 3 && y > 2 && x + y < 20 { 1 + u16::from(x > 8) } else { 0 });
    });
    medley_io::write_labels(&at("mask.nii.gz"), &mask, &to.geometry).expect("written");
    for (name, more) in [("seg.dcm", &[][..]), ("contours.dcm", &["--contours"])] {
        let fixed =
            ["convert".into(), at("mask.nii.gz").into_os_string(), at(name).into_os_string(), "--like".into(), series.clone().into()];
        let more = more.iter().map(Into::into);
        answer(fixed.into_iter().chain(more).collect::<Vec<std::ffi::OsString>>());
        let back = at(&format!("{name}.nii.gz"));
        answer(["convert".as_ref(), at(name).as_os_str(), back.as_os_str(), "--like".as_ref(), series.as_os_str()]);
        assert_eq!(medley_io::open_labels(&back).expect("a mask").labels.counts(), mask.counts(), "{name}");
    }
    assert_eq!(answer(["info".as_ref(), at("seg.dcm").as_os_str()])["format"], "DICOM segmentation");
    medley(["convert".as_ref(), at("contours.dcm").as_os_str(), at("no.nii").as_os_str()]).assert_refused("--like");
    medley(["convert".as_ref(), series.as_os_str(), at("scan.dcm").as_os_str()]).assert_refused("not written as DICOM");
}

#[test]
fn of_several_series_one_is_chosen() {
    let folder = tempfile::tempdir().expect("a folder");
    let both = dicom("made");
    let info = answer(["info".as_ref(), both.as_os_str()]);
    assert_eq!(info["kind"], "dicom");
    let series = info["series"].as_array().expect("a list");
    let volumes: Vec<u64> = series.iter().filter(|one| one["is_volume"] == true).filter_map(|one| one["number"].as_u64()).collect();
    assert!(volumes.len() > 1, "{info}");
    let out = folder.path().join("out.nii");
    medley(["convert".as_ref(), both.as_os_str(), out.as_os_str()]).assert_refused("several series");
    let number = volumes[1].to_string();
    answer(["convert".as_ref(), both.as_os_str(), out.as_os_str(), "--series".as_ref(), number.as_ref()]);
    let key = series[volumes[1] as usize - 1]["key"].as_str().expect("a key").to_owned();
    let chosen = medley_io::open_volume_part(&both, &medley_io::Part::Series(key), None).expect("opens").volume;
    assert!(medley_io::open_volume(&out).expect("opens").volume.to_f32() == chosen.to_f32(), "another series was converted");
    medley(["info".as_ref(), both.as_os_str(), "--series".as_ref(), "99".as_ref()]).assert_refused("there is no series “99”");
    for (file, why) in [("bad_structured_report.dcm", "report"), ("bad_mr_truncated.dcm", "ends"), ("sc_rgb_jpeg_lossless.dcm", "colour")] {
        medley(["info".as_ref(), dicom(file).as_os_str()]).assert_refused(why);
    }
}
