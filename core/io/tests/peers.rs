//! Files written by SimpleITK 2.5, pynrrd 1.1 and NumPy 2, with the answers computed by the program that wrote them.
#![expect(clippy::expect_used, reason = "a fixture that cannot be read is a failed test")]

use std::path::PathBuf;

use medley_io::{FileKind, kind_of, open_volume};
use serde_json::Value;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/peers")
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

#[test]
fn what_others_write_is_read_as_they_meant_it() {
    let text = std::fs::read_to_string(folder().join("expected.json")).expect("the answers");
    let answers: Vec<Value> = serde_json::from_str(&text).expect("a list");
    assert_eq!(answers.len(), 18);
    for answer in answers {
        let file = answer["file"].as_str().expect("a name");
        let path = folder().join(file);
        let opened = open_volume(&path).unwrap_or_else(|error| panic!("{error}"));
        let (volume, grid) = (&opened.volume, opened.volume.grid());
        assert_eq!(opened.about.dtype, answer["dtype"].as_str().expect("a type"), "{file}");
        assert_eq!(grid.shape().map(|side| side as f64).to_vec(), numbers(&answer["shape"]), "{file}");
        let rows: Vec<f64> = answer["affine"].as_array().expect("rows").iter().flat_map(numbers).collect();
        let found = grid.affine_rows();
        let difference = rows.iter().zip(found.as_flattened()).map(|(wanted, found)| (wanted - found).abs()).fold(0.0, f64::max);
        assert!(difference < 1e-5, "{file}: {difference}");
        // Every voxel counts by its place, the first axis fastest.
        let sum: f64 = (0..grid.len()).map(|at| volume.voxels().stored(at).expect("inside") * (at + 1) as f64).sum();
        let wanted = answer["weighted_sum"].as_f64().expect("a sum");
        assert!((sum - wanted).abs() <= 1e-9 * wanted.abs(), "{file}: {sum} against {wanted}");
        let has_place = answer["by"] != "NumPy";
        assert_eq!(opened.notices.is_empty(), has_place, "{file}: {:?}", opened.notices);
        let kind = match path.extension().and_then(|end| end.to_str()) {
            Some("mha" | "mhd") => FileKind::MetaImage,
            Some("nrrd" | "nhdr") => FileKind::Nrrd,
            Some("npy") => FileKind::Npy,
            _ => FileKind::Nifti,
        };
        assert_eq!(kind_of(&path).expect("reads"), kind, "{file}");
    }
    let error = open_volume(&folder().join("numpy_objects.npy")).expect_err("a pickle").to_string();
    assert!(error.contains("Python objects (a pickle)"), "{error}");
}
