//! Data sets made by others, and studies read as one.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use medley_annotate::{Author, Edit, Tool};
use medley_io::StoredGeometry;
use medley_project::{DataSet, ProjectError, Role};
use medley_volume::{Grid, LabelMap, Quantity};

const MODALITY_AND_LABELS: &str = r#""modality": {"0": "CT"}, "labels": {"0": "background", "1": "liver", "2": "vein"}"#;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

fn scan(path: PathBuf) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    common::write_image(&path, &common::grid(), 1);
}

fn mask(path: PathBuf, label: u16) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let mut mask = LabelMap::empty(common::grid());
    mask.set(5, label);
    medley_io::write_labels(&path, &mask, &StoredGeometry::of_grid(mask.grid())).expect("written");
}

fn names(set: &DataSet) -> Vec<&str> {
    set.cases.iter().map(|case| case.name.as_str()).collect()
}

fn sentence(path: &Path) -> String {
    let error = DataSet::open(path).expect_err("not a data set");
    assert!(!matches!(error, ProjectError::Database { .. }));
    error.to_string()
}

#[test]
fn a_decathlon_list_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["liver_1", "liver_2"] {
        scan(at(&format!("imagesTr/{name}.nii.gz")));
        mask(at(&format!("labelsTr/{name}.nii.gz")), 2);
    }
    scan(at("imagesTs/liver_9.nii.gz"));
    let text = format!(
        r#"{{"name": "Liver", "tensorImageSize": "3D", {MODALITY_AND_LABELS}, "numTraining": 2, "numTest": 2,
        "training": [{{"image": "./imagesTr/liver_1.nii.gz", "label": "./labelsTr/liver_1.nii.gz"}},
                     {{"image": "./imagesTr/liver_2.nii.gz", "label": "./labelsTr/liver_2.nii.gz"}}],
        "test": ["./imagesTs/liver_9.nii.gz", "./imagesTs/liver_10.nii.gz"]}}"#
    );
    write(&at("dataset.json"), &text);
    for path in [at("dataset.json"), folder.path().to_owned()] {
        let set = DataSet::open(&path).expect("a data set");
        assert_eq!((set.name.as_str(), names(&set)), ("Liver", vec!["liver_1", "liver_2", "liver_9"]));
        assert_eq!(set.cases.iter().map(|case| case.role).collect::<Vec<_>>(), [Role::Training, Role::Training, Role::Unassigned]);
        assert_eq!(set.label_table.labels().iter().map(|l| (l.value, l.name.as_str())).collect::<Vec<_>>(), [(1, "liver"), (2, "vein")]);
        assert_eq!(set.notices, ["1 of the images under `test` are not there and were left out."]);
        let loaded = set.load(&set.cases[0]).expect("loads");
        assert_eq!((loaded.volume.quantity(), loaded.labels.map(|labels| labels.at(5))), (Quantity::Hounsfield, Some(2)));
        assert!(set.load(&set.cases[2]).expect("loads").labels.is_none());
    }
}

#[test]
fn paths_that_go_up_are_followed_with_a_notice_and_leaks_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for patient in ["a", "b"] {
        scan(at(&format!("{patient}/image.nii.gz")));
        mask(at(&format!("{patient}/label.nii.gz")), 9);
    }
    let pair = |patient: &str| format!(r#"{{"image": "../../{patient}/image.nii.gz", "label": "../../{patient}/label.nii.gz"}}"#);
    let text = format!(
        r#"{{"modality": "MRI", "labels": {{"0": "background", "1": "liver"}}, "numTraining": 5,
        "training": [{}], "validation": [{}, {}]}}"#,
        pair("a"),
        pair("b"),
        pair("a")
    );
    write(&at("msd/mixed/dataset.json"), &text);
    let set = DataSet::open(&at("msd/mixed/dataset.json")).expect("a data set");
    assert_eq!((set.name.as_str(), names(&set)), ("mixed", vec!["a_image", "b_image", "a_image-2"]));
    assert_eq!(set.quantity, Some(Quantity::Arbitrary));
    assert!(set.notices[0].contains("6 files outside its own folder"), "{:?}", set.notices);
    assert!(set.notices[1].contains("numTraining is 5, but lists 1"), "{:?}", set.notices);
    assert!(set.notices[2].contains("1 of the validation images are training images too"), "{:?}", set.notices);
    let notices = set.load(&set.cases[0]).expect("loads").notices;
    assert!(notices.iter().any(|notice| notice.contains("labels the data set does not name: 9")), "{notices:?}");
}

#[test]
fn an_nnunet_folder_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for name in ["hip_002", "hip_001"] {
        scan(at(&format!("imagesTr/{name}_0000.nii.gz")));
        scan(at(&format!("imagesTr/{name}_0001.nii.gz")));
        mask(at(&format!("labelsTr/{name}.nii.gz")), 3);
    }
    scan(at("imagesTs/hip_003_0000.nii.gz"));
    write(&at("imagesTr/notes.txt"), "");
    let text = r#"{"channel_names": {"0": "CT", "1": "PET"}, "numTraining": 2, "file_ending": ".nii.gz",
        "labels": {"background": 0, "whole": [1, 3], "core": [3], "vein": 2, "ignore": 4}}"#;
    write(&at("dataset.json"), text);
    let set = DataSet::open(folder.path()).expect("a data set");
    assert_eq!(names(&set), ["hip_001", "hip_002", "hip_003"]);
    assert_eq!(set.cases[0].label.as_deref(), Some(at("labelsTr/hip_001.nii.gz").as_path()));
    assert_eq!((set.cases[2].role, &set.cases[2].label, set.cases[2].is_corrected), (Role::Unassigned, &None, false));
    let labels: Vec<_> = set.label_table.labels().iter().map(|l| (l.value, l.name.as_str())).collect();
    assert_eq!(labels, [(1, "label 1"), (2, "vein"), (3, "label 3")]);
    assert_eq!(set.quantity, Some(Quantity::Hounsfield));
    for word in ["`whole` is a region", "`core` is a region", "\"ignore\"", "2 channels"] {
        assert!(set.notices.iter().any(|notice| notice.contains(word)), "{word}: {:?}", set.notices);
    }
    fs::remove_file(at("labelsTr/hip_002.nii.gz")).expect("removed");
    assert!(sentence(folder.path()).contains("labelsTr/hip_002.nii.gz, which is not there"));
}

#[test]
fn an_nnunet_list_may_name_its_files() {
    let folder = tempfile::tempdir().expect("a folder");
    scan(folder.path().join("x/ct.nii.gz"));
    mask(folder.path().join("x/seg.nii.gz"), 1);
    let text = r#"{"channel_names": {"0": "zscore"}, "labels": {"background": 0, "liver": "1"}, "file_ending": ".nii.gz",
        "dataset": {"p1": {"images": ["../x/ct.nii.gz"], "label": "../x/seg.nii.gz"}}}"#;
    write(&folder.path().join("set/dataset.json"), text);
    let set = DataSet::open(&folder.path().join("set")).expect("a data set");
    assert_eq!((names(&set), set.quantity), (vec!["p1"], Some(Quantity::Arbitrary)));
    assert_eq!(set.load(&set.cases[0]).expect("loads").labels.map(|labels| labels.at(5)), Some(1));
}

#[test]
fn a_study_is_a_data_set_with_its_journal() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut open = study.load_case(case).expect("opens");
    let image = study.case(case).expect("a case").image;
    study.add_case("blank", &image, Role::Validation).expect("a case");
    let mut wanted = open.mask.clone();
    wanted.set(8, 2);
    let edit = Edit::between(&open.mask, &wanted, Author::Person, Tool::Script, 0).expect("one grid").expect("a change");
    study.journal_edit(case, &edit).expect("journaled");
    study.set_corrected(case, true).expect("set");
    assert!(DataSet::open(folder.path()).expect_err("it is open").to_string().contains("is open in another Medley window"));
    drop(study);
    for path in [folder.path().to_owned(), folder.path().join("study.sqlite")] {
        let set = DataSet::open(&path).expect("a data set");
        assert_eq!(names(&set), ["scan one", "blank"]);
        assert_eq!((set.cases[0].is_corrected, set.cases[0].label.is_some()), (true, true));
        assert_eq!((set.cases[1].is_corrected, &set.cases[1].label, set.cases[1].role), (false, &None, Role::Validation));
        let loaded = set.load(&set.cases[0]).expect("loads");
        assert_eq!(loaded.labels.map(|labels| labels.at(8)), Some(2));
        assert!(set.load(&set.cases[1]).expect("loads").labels.is_none());
    }
    open.notices.clear();
}

#[test]
fn a_mask_on_another_grid_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    scan(folder.path().join("a.nii.gz"));
    let other = Grid::axis_aligned(common::SHAPE, [1.0; 3]).expect("a grid");
    let path = folder.path().join("b.nii.gz");
    medley_io::write_labels(&path, &LabelMap::empty(other), &StoredGeometry::of_grid(&other)).expect("written");
    let text = format!(r#"{{{MODALITY_AND_LABELS}, "training": [{{"image": "a.nii.gz", "label": "b.nii.gz"}}]}}"#);
    write(&folder.path().join("dataset.json"), &text);
    let set = DataSet::open(folder.path()).expect("a data set");
    let error = set.load(&set.cases[0]).expect_err("another grid");
    assert!(error.to_string().contains("resample the mask onto the image's grid first"), "{error}");
}

#[test]
fn absurd_lists_are_refused_with_a_sentence() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    scan(at("a.nii.gz"));
    let many = format!(r#"{{"training": [{}]}}"#, vec![r#"{"image": "gone.nii", "label": "gone too.nii"}"#; 1000].join(","));
    let long = format!(r#"{{"labels": {{"{}": "x"}}, "training": []}}"#, "9".repeat(1_000_000));
    let cases: [(&str, &str); 22] = [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ("\0\0\0", "is not valid JSON"),
        ("[]", "it must be a JSON object"),
        ("7", "it must be a JSON object"),
        ("{}", "is not a list of cases Medley knows"),
        (r#"{"training": 3}"#, "`training` must be a list, but is a number"),
        (r#"{"training": [[]]}"#, "entry 1: it must be a path, but is a list"),
        (r#"{"training": [{}]}"#, "entry 1 has no `image`"),
        (r#"{"training": [{"image": "a.nii.gz"}]}"#, "entry 1 has no `label`"),
        (r#"{"training": [{"image": 5, "label": "a.nii.gz"}]}"#, "`image` must be a path, but is a number"),
        (r#"{"training": [{"image": "a.nii.gz", "label": "b\u0000.nii.gz"}]}"#, "which is not there"),
        (r#"{"training": [{"image": "", "label": "a.nii.gz"}]}"#, "which is not there"),
        (r#"{"training": [], "labels": []}"#, "`labels` must be an object, but is a list"),
        (r#"{"training": [], "labels": {"70000": "x"}}"#, "label `70000` is neither"),
        (r#"{"training": [], "labels": {"x": -1}}"#, "label `x` is neither"),
        (r#"{"training": [], "labels": {"1": {"a": "b"}}}"#, "label `1` is neither"),
        (&long, "is neither a number from 0 to 65535"),
        (r#"{"file_ending": 3, "labels": {}}"#, "`file_ending` must be text"),
        (r#"{"file_ending": ".png", "labels": {}}"#, "files ending in `.png`, which Medley does not read"),
        (r#"{"file_ending": ".nii.gz", "labels": {}}"#, "imagesTr, which is not there"),
        (&many, "names"),
    ];
    for (text, why) in cases {
        write(&at("dataset.json"), text);
        let sentence = sentence(folder.path());
        assert!(sentence.contains(why) && sentence.contains("dataset.json"), "{why}: {}", &sentence[..sentence.len().min(500)]);
        assert!(sentence.len() < 1000);
    }
    assert!(sentence(folder.path()).contains("gone.nii, which is not there, nor are 1999 more files"));
    let deep = format!("{}{}", r#"{"training":"#, "[".repeat(1_000_000));
    write(&at("dataset.json"), &deep);
    assert!(sentence(folder.path()).contains("is not valid JSON (recursion limit exceeded"));
    write(&at("dataset.json"), &" ".repeat((64 << 20) + 1));
    assert!(sentence(folder.path()).contains("larger than any list of cases"));
    fs::remove_file(at("dataset.json")).expect("removed");
    assert!(sentence(folder.path()).contains("is not there, and neither is a study"));
    assert!(sentence(&at("nowhere.json")).contains("is not there; check the path"));
}

/// The data sets a developer has: `MEDLEY_SHARED=/path cargo test -- --ignored`.
#[test]
#[ignore = "needs MEDLEY_SHARED"]
fn the_shared_data_sets_load() {
    let Some(shared) = std::env::var_os("MEDLEY_SHARED").map(PathBuf::from) else { return };
    let expected = [
        ("ct_abdomen", 1, 0, 10, Quantity::Hounsfield),
        ("ct_patient_b", 1, 1, 5, Quantity::Hounsfield),
        ("mri_abdomen", 1, 0, 23, Quantity::Arbitrary),
        ("mri_brain_tumor1", 1, 0, 1, Quantity::Arbitrary),
        ("mri_colin27", 1, 1, 5, Quantity::Arbitrary),
    ];
    for (name, training, validation, labels, quantity) in expected {
        let set = DataSet::open(&shared.join("data/msd").join(name)).expect("a data set");
        let count = |role| set.cases.iter().filter(|case| case.role == role).count();
        assert_eq!((set.name.as_str(), count(Role::Training), count(Role::Validation)), (name, training, validation));
        assert_eq!(set.label_table.labels().len(), labels);
        assert_eq!(set.notices.len(), 1, "{:?}", set.notices);
        for case in &set.cases {
            let loaded = set.load(case).expect("loads");
            assert_eq!(loaded.volume.quantity(), quantity);
            let found = loaded.labels.expect("a mask").counts();
            assert!(found.len() > 1 && found.keys().all(|&value| value == 0 || set.label_table.get(value).is_some()), "{found:?}");
        }
    }
}
