//! Who may open a study, and what is refused with which sentence.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::fs;
use std::path::Path;

use medley_project::{ModelRecord, ProjectError, Role, Study};
use medley_volume::{Label, LabelTable};
use rusqlite::Connection;

fn refusal(folder: &Path) -> String {
    Study::open(folder).expect_err("not a study").to_string()
}

#[test]
fn a_second_opener_gets_a_sentence_until_the_first_has_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, _) = common::new_study(folder.path());
    let error = Study::open(folder.path()).expect_err("it is open");
    assert!(matches!(error, ProjectError::InUse(_)));
    assert!(error.to_string().ends_with("is open in another Medley window; close it there and try again"), "{error}");
    assert!(matches!(Study::create(folder.path(), &LabelTable::default()), Err(ProjectError::InUse(_))));
    drop(study);
    drop(Study::open(folder.path()).expect("free again"));
    assert!(matches!(Study::create(folder.path(), &LabelTable::default()), Err(ProjectError::AlreadyAStudy(_))));
}

/// Where the lock file does nothing (some network shares) SQLite's own lock has the say.
#[test]
fn a_database_another_program_holds_is_in_use() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(common::new_study(folder.path()));
    let other = Connection::open(folder.path().join("study.sqlite")).expect("opens");
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").expect("locks");
    assert!(matches!(Study::open(folder.path()), Err(ProjectError::InUse(_))));
}

#[test]
fn a_study_can_be_sent_to_another_thread() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let there = std::thread::spawn(move || study.load_case(case).map(|open| open.mask.len()));
    assert_eq!(there.join().expect("no panic").expect("opens"), common::grid().len());
}

#[test]
fn what_is_not_a_study_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    assert!(refusal(&at("nowhere")).contains("there is no such folder"));
    fs::create_dir(at("empty")).expect("a folder");
    assert!(refusal(&at("empty")).contains("there is no study.sqlite in it"));
    assert_eq!(fs::read_dir(at("empty")).expect("a folder").count(), 0, "no lock is left in a folder that is no study");

    let foreign = at("foreign.db");
    let other = Connection::open(&foreign).expect("opens");
    other.execute_batch("PRAGMA application_id = 77; CREATE TABLE a (b); INSERT INTO a VALUES (1);").expect("made");
    drop(other);
    let database = fs::read(&foreign).expect("read");
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("nothing", Vec::new(), "making the study was interrupted"),
        ("text", b"{\"labels\": 3}".to_vec(), "is not a database"),
        ("zeros", vec![0; 5000], "is not a database"),
        ("foreign", database.clone(), "belongs to another program"),
        ("short", database[..40].to_vec(), "is cut off"),
    ];
    for (name, bytes, why) in cases {
        fs::create_dir(at(name)).expect("a folder");
        let path = at(name).join("study.sqlite");
        fs::write(&path, &bytes).expect("written");
        let sentence = refusal(&at(name));
        assert!(sentence.contains(why) && sentence.contains("choose a folder that holds one"), "{sentence}");
        assert_eq!(fs::read(&path).expect("read"), bytes);
    }
    fs::create_dir_all(at("folder/study.sqlite")).expect("a folder");
    assert!(refusal(&at("folder")).contains("there is no study.sqlite in it"));
}

#[test]
fn a_study_whose_making_was_interrupted_can_be_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("study.sqlite"), b"").expect("written");
    drop(Study::create(folder.path(), &LabelTable::default()).expect("made"));
    assert_eq!(Study::open(folder.path()).expect("opens").cases().expect("cases"), vec![]);
}

#[test]
fn a_newer_study_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(common::new_study(folder.path()));
    let database = Connection::open(folder.path().join("study.sqlite")).expect("opens");
    database.execute_batch("PRAGMA user_version = 9;").expect("set");
    drop(database);
    let sentence = refusal(folder.path());
    assert!(sentence.contains("written by a newer Medley (its format is 9") && sentence.contains("update Medley"), "{sentence}");
}

#[test]
fn a_study_cut_short_is_damaged_and_says_what_is_left() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(common::new_study(folder.path()));
    let path = folder.path().join("study.sqlite");
    let whole = fs::read(&path).expect("read");
    for len in [100, 512, 4096, 5000, whole.len() / 2] {
        fs::write(&path, &whole[..len]).expect("written");
        let sentence = refusal(folder.path());
        assert!(sentence.contains("study.sqlite is damaged") && sentence.contains("plain NIfTI files"), "{len}: {sentence}");
    }
    let database = {
        fs::write(&path, &whole).expect("written");
        Connection::open(&path).expect("opens")
    };
    database.execute_batch("DROP TABLE label").expect("dropped");
    drop(database);
    assert!(refusal(folder.path()).contains("is damaged"));
}

#[test]
fn a_folder_nobody_may_write_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    drop(common::new_study(folder.path()));
    set_read_only(folder.path(), true);
    if fs::write(folder.path().join("probe"), b"").is_err() {
        let sentence = refusal(folder.path());
        assert!(sentence.contains("cannot be written") && sentence.contains("copy the study"), "{sentence}");
        let inner = folder.path().join("inner");
        assert!(matches!(Study::create(&inner, &LabelTable::default()), Err(ProjectError::NotWritable { .. })));
    }
    set_read_only(folder.path(), false);
}

fn set_read_only(folder: &Path, is_read_only: bool) {
    let mut paths = vec![folder.to_owned()];
    paths.extend(fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()));
    for path in paths {
        let mut permissions = fs::metadata(&path).expect("there").permissions();
        #[cfg(unix)]
        std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, if is_read_only { 0o555 } else { 0o755 });
        #[cfg(not(unix))]
        permissions.set_readonly(is_read_only);
        fs::set_permissions(&path, permissions).expect("set");
    }
}

#[test]
fn labels_cases_roles_and_models_come_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, first) = common::new_study(folder.path());
    let mut labels = LabelTable::from_names([(1, "liver"), (40_000, "spléen \"x\"")]);
    labels.insert(Label { value: 2, name: "vein".to_owned(), color: [1, 2, 3], is_visible: false, is_locked: true });
    study.set_label_table(&labels).expect("set");
    let image = folder.path().join("images/scan one.nii.gz");
    let second = study.add_case("scan one", &image, Role::Unassigned).expect("a case");
    let odd = study.add_case(" CON/..\n ", &image, Role::Validation).expect("a case");
    study.set_role(second, Role::Validation).expect("set");
    study.set_corrected(first, true).expect("set");
    study.set_meta("model in use", "m1").expect("set");
    let metrics = [("mean_dice".to_owned(), 0.875)].into();
    let file = study.models_folder().join("m1/model.safetensors");
    let model = ModelRecord { id: "m1".to_owned(), name: "first".to_owned(), file, card_json: "{}".to_owned(), created_ms: 5, metrics };
    study.add_model(&model).expect("added");
    assert!(matches!(study.add_model(&model), Err(ProjectError::ModelExists(_))));
    drop(study);

    let study = Study::open(folder.path()).expect("opens");
    assert_eq!(study.label_table().expect("labels"), labels);
    let cases = study.cases().expect("cases");
    let names: Vec<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names, ["scan one", "scan one 2", "CON/.."]);
    assert_eq!(cases.iter().map(|case| case.role).collect::<Vec<_>>(), [Role::Training, Role::Validation, Role::Validation]);
    assert_eq!(cases.iter().map(|case| case.is_corrected).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(cases[1].image, image);
    assert_eq!(study.models().expect("models"), vec![model.clone()]);
    assert_eq!(study.model("m1").expect("model"), Some(model));
    assert_eq!(study.model("m2").expect("no error"), None);
    assert_eq!(study.meta("model in use").expect("meta").as_deref(), Some("m1"));
    let open = study.load_case(odd).expect("opens");
    let saved = study.save_mask(odd, &open.mask).expect("saved");
    assert_eq!(saved, folder.path().join("masks/case-CON.nii.gz"));
    let gone = medley_project::CaseId(99);
    assert!(matches!(study.load_case(gone), Err(ProjectError::NoSuchCase(_))));
    assert!(matches!(study.set_role(gone, Role::Training), Err(ProjectError::NoSuchCase(_))));
}

#[test]
fn a_study_moved_with_its_images_still_finds_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let (study, case) = common::new_study(&here);
    drop(study);
    fs::rename(&here, &there).expect("moved");
    let study = Study::open(&there).expect("opens");
    assert_eq!(study.case(case).expect("a case").image, there.join("images/scan one.nii.gz"));
    study.load_case(case).expect("opens");
}
