use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_volume::{Grid, IndexBox, LabelMap, Quantity, Scaling, Volume, VoxelIndex, Voxels};
use serde_json::{Value, json};

use crate::support::{answer, medley};

const SMALL: [&str; 10] = ["--weights", "scratch", "--base-width", "4", "--lr", "0.01", "--device", "cpu", "--seed", "3"];

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/sample")
}

fn finetune(set: &Path, out: &Path, more: &[&str]) -> Value {
    let fixed = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str()];
    answer(fixed.into_iter().chain(SMALL.iter().chain(more).map(AsRef::as_ref)))
}

fn predict(model: &Path, image: &Path, out: &Path) -> Value {
    let fixed = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), out.as_os_str()];
    answer(fixed.into_iter().chain(["--device", "cpu"].map(AsRef::as_ref)))
}

/// Mean loss of the first and of the last fifth of a training.
fn losses(trained: &Value) -> [f64; 2] {
    let curve: Vec<f64> =
        trained["curve"].as_array().expect("a curve").iter().map(|point| point["loss"].as_f64().expect("a loss")).collect();
    let some = curve.len() / 5;
    let mean = |losses: &[f64]| losses.iter().sum::<f64>() / losses.len() as f64;
    [mean(&curve[..some]), mean(&curve[curve.len() - some..])]
}

/// Pieces of 90 × 90 × 39 mm of the sample's patient A around places in the liver or the spleen, in a folder with a table.
fn pieces(folder: &Path, count: usize) {
    let scan = medley_io::open_volume(&sample().join("patient_a_upper_ct.nii.gz")).expect("opens").volume;
    let mask = medley_io::open_labels(&sample().join("patient_a_upper_organs5.nii.gz")).expect("opens").labels;
    let mut table = "case,class\n".to_owned();
    for at in 0..count {
        let (label, class) = if at % 2 == 0 { (2, "liver") } else { (1, "spleen") };
        let sites: Vec<usize> = (0..mask.len()).filter(|&offset| mask.at(offset) == label).collect();
        let name = format!("piece-{at}");
        write_piece(&folder.join(format!("{name}.nii.gz")), &scan, &mask, sites[at * 7919 % sites.len()]);
        table.push_str(&format!("{name},{class}\n"));
    }
    std::fs::write(folder.join("classes.csv"), table).expect("written");
}

fn write_piece(path: &Path, scan: &Volume, mask: &LabelMap, around: usize) {
    let (shape, size) = (scan.grid().shape(), [30, 30, 13]);
    let voxel = [around % shape[0], around / shape[0] % shape[1], around / (shape[0] * shape[1])];
    let low: [usize; 3] = std::array::from_fn(|axis| voxel[axis].saturating_sub(size[axis] / 2).min(shape[axis] - size[axis]));
    let bounds = IndexBox { low, high: std::array::from_fn(|axis| low[axis] + size[axis]) };
    let mut affine = mask.grid().ras_from_voxel();
    affine.translation = mask.grid().ras_of(VoxelIndex(low)).0;
    let grid = Grid::new(size, affine).expect("a grid");
    let values = scan.to_f32();
    let voxels = bounds.rows(shape).flatten().map(|offset| values[offset] as i16).collect();
    let piece = Volume::new(grid, Voxels::I16(voxels), Scaling::IDENTITY, Quantity::Hounsfield).expect("fits");
    medley_io::write_volume(path, &piece, &StoredGeometry::of_grid(&grid)).expect("written");
}

#[test]
fn scans_in_a_folder_are_classified_by_the_table_that_lies_with_them() {
    let folder = tempfile::tempdir().expect("a folder");
    pieces(folder.path(), 20);
    let (model, out) = (folder.path().join("model"), folder.path().join("out"));
    let trained = finetune(folder.path(), &model, &["--task", "classify", "--steps", "40", "--patch", "16,32,32"]);
    assert_eq!((&trained["task"], &trained["classes"]), (&json!("classify"), &json!(["liver", "spleen"])));
    assert_eq!((&trained["training_cases"], &trained["validation_cases"]), (&json!(16), &json!(4)));
    let [first, last] = losses(&trained);
    assert!(last < 0.8 * first, "{first} {last}");
    let metrics = &trained["metrics"];
    assert!(metrics["accuracy"].is_number() && metrics["confusion"].as_array().is_some_and(|rows| rows.len() == 2), "{metrics}");
    assert_eq!((metrics["measure"].as_str(), &metrics["score"]), (Some("AUC"), &metrics["mean_auc"]));

    let image = folder.path().join("piece-0.nii.gz");
    let predicted = predict(&model, &image, &out);
    assert_eq!(predicted["outputs"], json!([out.join("piece-0.classes.json")]));
    let written: Value = serde_json::from_slice(&std::fs::read(out.join("piece-0.classes.json")).expect("read")).expect("JSON");
    assert_eq!(written["classes"], predicted["images"][0]["classes"]);
    let sum: f64 =
        written["classes"].as_array().expect("classes").iter().map(|class| class["probability"].as_f64().expect("a number")).sum();
    assert!((sum - 1.0).abs() < 1e-4);
    medley(["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), out.as_os_str()])
        .assert_refused("piece-0.classes.json");
    let inspected = answer(["weights".as_ref(), "inspect".as_ref(), model.as_os_str()]);
    assert_eq!((&inspected["task"], &inspected["missing"], &inspected["unused"]), (&json!("classify"), &json!([]), &json!([])));
}

#[test]
fn labels_may_be_many_and_unknown_and_tables_that_make_no_sense_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    pieces(folder.path(), 6);
    let table = folder.path().join("labels.csv");
    std::fs::write(&table, "case,liver,spleen\npiece-0,1,\npiece-1.nii.gz,0,1\npiece-2,1,0\npiece-3,,1\npiece-9,1,1\n").expect("written");
    let named = table.to_str().expect("UTF-8");
    let few = ["--task", "classify", "--steps", "2", "--patch", "16,32,32", "--classes", named];
    let trained = finetune(folder.path(), &folder.path().join("model"), &few);
    assert_eq!(trained["classes"], json!(["liver", "spleen"]));
    assert!(trained["warnings"][0].as_str().is_some_and(|warning| warning.contains("piece-9")), "{}", trained["warnings"]);
    let out = folder.path().join("other");
    let refused = |more: &[&str], what: &str| {
        let fixed = ["finetune".as_ref(), folder.path().as_os_str(), "-o".as_ref(), out.as_os_str()];
        medley(fixed.into_iter().chain(["--task", "classify"].iter().chain(more).map(AsRef::as_ref))).assert_refused(what);
    };
    refused(&["--classes", "no/such.csv"], "no/such.csv");
    std::fs::write(&table, "case,liver\npiece-0,maybe\n").expect("written");
    refused(&["--classes", named], "maybe");
    let set = sample().join("dataset.json");
    medley(["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str(), "--task".as_ref(), "classify".as_ref()])
        .assert_refused("classes.csv");
}

#[test]
fn organs_are_found_as_boxes_in_the_patient_and_measured() {
    let folder = tempfile::tempdir().expect("a folder");
    let (model, out) = (folder.path().join("model"), folder.path().join("out"));
    let options = ["--task", "detect", "--detect-labels", "liver,1", "--steps", "40", "--patch", "16,48,48", "--validate-every", "0"];
    let trained = finetune(&sample().join("dataset.json"), &model, &options);
    assert_eq!((&trained["task"], &trained["classes"]), (&json!("detect"), &json!(["spleen", "liver"])));
    let [first, last] = losses(&trained);
    assert!(last < 0.7 * first, "{first} {last}");
    assert_eq!(trained["metrics"]["objects"], json!(2));
    assert_eq!(trained["metrics"]["at"].as_array().map(Vec::len), Some(3));

    let (image, truth) = (sample().join("patient_b_ct.nii.gz"), sample().join("patient_b_organs5.nii.gz"));
    let fixed = ["predict".as_ref(), model.as_os_str(), image.as_os_str(), "-o".as_ref(), out.as_os_str()];
    let predicted = answer(fixed.into_iter().chain(["--device", "cpu", "--min-score", "0.02"].map(AsRef::as_ref)));
    let file = out.join("patient_b_ct.boxes.json");
    assert_eq!(predicted["outputs"], json!([file]));
    let boxes = predicted["images"][0]["boxes"].as_array().expect("boxes");
    assert!(!boxes.is_empty());
    for found in boxes {
        let of = |field: &str, axis: usize| found[field][axis].as_f64().expect("a number");
        for (axis, voxels) in [256.0, 256.0, 20.0].into_iter().enumerate() {
            assert!(0.0 <= of("voxel_low", axis) && of("voxel_low", axis) < of("voxel_high", axis) && of("voxel_high", axis) <= voxels);
            assert!(of("ras_low_mm", axis) < of("ras_high_mm", axis));
        }
    }
    let scores = answer(["evaluate".as_ref(), file.as_os_str(), truth.as_os_str()]);
    assert_eq!((&scores["objects"], scores["boxes"].as_u64()), (&json!(2), Some(boxes.len() as u64)));
    let differs = (scores["mean"].as_f64().expect("a number") - trained["metrics"]["mean"].as_f64().expect("a number")).abs();
    assert!(differs < 1e-6, "the file scores {}, the training said {}", scores["mean"], trained["metrics"]["mean"]);
    let other = sample().join("patient_a_upper_organs5.nii.gz");
    medley(["evaluate".as_ref(), file.as_os_str(), other.as_os_str()]).assert_refused("patient_b_ct.boxes.json");
}

/// An option that would do nothing is not taken silently.
#[test]
fn options_of_masks_are_refused_for_classes_and_boxes() {
    let folder = tempfile::tempdir().expect("a folder");
    let (set, out) = (sample(), folder.path().join("model"));
    for task in ["classify", "detect"] {
        for option in
            [&["--head", "med3d"][..], &["--loss", "dice"], &["--deep-supervision"], &["--partial", "1"], &["--checkpointing", "blocks"]]
        {
            // Objects of a mask may be sought in some cases only.
            if task == "detect" && option[0] == "--partial" {
                continue;
            }
            let fixed = ["finetune".as_ref(), set.as_os_str(), "-o".as_ref(), out.as_os_str()];
            medley(fixed.into_iter().chain(["--task", task].iter().chain(option).map(AsRef::as_ref))).assert_refused(option[0]);
            assert!(!out.exists());
        }
    }
}
