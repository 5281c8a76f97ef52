use serde_json::Value;

use crate::support::{answer, lps_grid, medley, phantom, write_case, write_line};

fn near(found: &Value, wanted: f64) {
    let found = found.as_f64().expect("a number");
    assert!((found - wanted).abs() < 1e-9, "{found} against {wanted}");
}

#[test]
fn scores_are_those_worked_out_by_hand() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pred, truth) = (folder.path().join("p.nii.gz"), folder.path().join("t.nii.gz"));
    // Label 1: predicted at 1–4, true at 3–6: two shared of four and four. Every voxel of a line is surface; distances from the
    // prediction are 2, 1, 0, 0 mm and the same back. Label 2 is only predicted, label 5 only true.
    write_line(&pred, &[0, 1, 1, 1, 1, 0, 0, 2, 2, 0]);
    write_line(&truth, &[0, 0, 0, 1, 1, 1, 1, 0, 0, 5]);
    let report = answer(["evaluate".as_ref(), pred.as_os_str(), truth.as_os_str()]);
    let one = &report["per_label"]["1"];
    near(&one["dice"], 0.5);
    near(&one["surface_dice"], 0.75);
    // The 95th percentile of 0, 0, 1, 2 lies 0.85 of the way from the third to the fourth.
    near(&one["hausdorff_95_mm"], 1.85);
    near(&one["predicted_ml"], 0.004);
    near(&one["truth_ml"], 0.004);
    for only in ["2", "5"] {
        near(&report["per_label"][only]["dice"], 0.0);
        assert!(report["per_label"][only]["hausdorff_95_mm"].is_null());
    }
    near(&report["mean"]["dice"], 0.5 / 3.0);
    near(&report["mean"]["hausdorff_95_mm"], 1.85);
    let wide = answer(["evaluate".as_ref(), pred.as_os_str(), truth.as_os_str(), "--tolerance".as_ref(), "2".as_ref()]);
    near(&wide["per_label"]["1"]["surface_dice"], 1.0);
}

#[test]
fn folders_are_compared_by_name_and_nothing_is_left_out_silently() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pred, truth) = (folder.path().join("pred"), folder.path().join("truth"));
    [&pred, &truth].iter().for_each(|folder| std::fs::create_dir(folder).expect("made"));
    write_line(&pred.join("a_seg.nii.gz"), &[1, 1, 0, 0]);
    write_line(&truth.join("a.nii.gz"), &[1, 1, 0, 0]);
    write_line(&pred.join("b_seg.nii.gz"), &[1, 1, 0, 0]);
    write_line(&truth.join("b.nii"), &[0, 1, 1, 0]);
    write_line(&truth.join("c.nii"), &[0, 1, 1, 0]);
    let report = answer(["evaluate".as_ref(), pred.as_os_str(), truth.as_os_str()]);
    near(&report["cases"]["a"]["per_label"]["1"]["dice"], 1.0);
    near(&report["cases"]["b"]["per_label"]["1"]["dice"], 0.5);
    near(&report["per_label"]["1"]["dice"], 0.75);
    let warnings = report["warnings"].as_array().expect("a list");
    assert!(warnings.len() == 1 && warnings[0].as_str().is_some_and(|text| text.contains("c.nii")), "{warnings:?}");
}

#[test]
fn masks_on_different_grids_and_scans_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let [image, mask] = write_case(folder.path(), "small", &phantom(lps_grid([8, 8, 8]), 0));
    let [_, other] = write_case(folder.path(), "large", &phantom(lps_grid([9, 8, 8]), 0));
    medley(["evaluate".as_ref(), mask.as_os_str(), other.as_os_str()]).assert_refused("large_mask.nii.gz");
    medley(["evaluate".as_ref(), image.as_os_str(), mask.as_os_str()]).assert_refused("small.nii.gz");
    medley(["evaluate".as_ref(), folder.path().as_os_str(), mask.as_os_str()]).assert_refused("small_mask.nii.gz");
}
