//! A full disk, a folder nobody may write, files deleted underneath: one sentence each, and nothing lost.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]
#![cfg_attr(not(unix), allow(dead_code, unused_imports, reason = "most of these troubles can only be made on Unix"))]

mod common;

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use medley_annotate::{Author, Edit, Tool};
use medley_project::{CaseId, ProjectError, Study};
use medley_volume::{IndexBox, LabelMap};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A change of every voxel, which takes some room.
fn noise(mask: &LabelMap, rng: &mut ChaCha8Rng) -> Edit {
    let whole = IndexBox::whole(mask.grid().shape());
    let labels: Vec<u16> = (0..whole.len()).map(|_| rng.random_range(0..250)).collect();
    Edit::from_region(mask, whole, &labels, Author::Person, Tool::Script, 0).expect("a change")
}

/// Draws until the study refuses: how many were saved, and what it said.
fn draw_until_refused(study: &Study, case: CaseId, mask: &mut LabelMap) -> (usize, ProjectError) {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for saved in 0..10_000 {
        let edit = noise(mask, &mut rng);
        if let Err(error) = study.journal_edit(case, &edit) {
            return (saved, error);
        }
        edit.apply(mask).expect("fits");
    }
    panic!("nothing was ever refused");
}

fn assert_a_sentence(error: &ProjectError, says: &str) {
    let sentence = error.to_string();
    assert!(sentence.contains(says) && !sentence.contains('\n') && !sentence.contains("  "), "{sentence}");
}

/// Everything saved is there, the step that failed can be done again, and what comes after is saved.
fn check_and_go_on(study: &Study, case: CaseId, expected: &LabelMap, saved: usize) {
    let open = study.load_case(case).expect("opens");
    assert_eq!((open.history.len(), &open.notices), (saved, &vec![]));
    assert_eq!(common::labels(&open.mask), common::labels(expected));
    let mut mask = open.mask;
    let edit = noise(&mask, &mut ChaCha8Rng::seed_from_u64(5));
    study.journal_edit(case, &edit).expect("journaled");
    edit.apply(&mut mask).expect("fits");
    study.save_mask(case, &mask).expect("saved");
    assert_eq!(common::labels(&study.load_case(case).expect("opens").mask), common::labels(&mask));
}

#[cfg(unix)]
const CHILD: &str = "MEDLEY_TEST_FOLDER_OF_THE_CHILD";

#[cfg(unix)]
fn child_of(test: &str, through: &[&str], folder: &Path) -> Option<bool> {
    let own = std::env::current_exe().expect("a program");
    let mut command = Command::new(through[0]);
    command.args(&through[1..]).arg(own).args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, folder);
    command.status().ok().map(|status| status.success())
}

/// No file may grow beyond a limit, which the system tells like a full disk. The limit ends with the program.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_grow_is_a_sentence() {
    if let Ok(folder) = std::env::var(CHILD) {
        let study = Study::open(Path::new(&folder)).expect("opens");
        let case = study.cases().expect("cases")[0].id;
        let mut mask = study.load_case(case).expect("opens").mask;
        let (saved, error) = draw_until_refused(&study, case, &mut mask);
        assert_a_sentence(&error, "everything before it is");
        assert_eq!(common::labels(&study.load_case(case).expect("opens").mask), common::labels(&mask));
        fs::write(Path::new(&folder).join("saved"), saved.to_string()).expect("written");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    study.load_case(case).expect("opens");
    drop(study);
    let limited = ["sh", "-c", "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\""];
    assert_eq!(child_of("a_file_that_cannot_grow_is_a_sentence", &limited, folder.path()), Some(true));
    let saved: usize = fs::read_to_string(folder.path().join("saved")).expect("told").parse().expect("a number");
    assert!(saved > 3, "{saved}");
    let mut mask = LabelMap::empty(common::grid());
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    (0..saved).for_each(|_| noise(&mask, &mut rng).apply(&mut mask).expect("fits"));
    check_and_go_on(&Study::open(folder.path()).expect("opens"), case, &mask, saved);
}

/// A disk of half a megabyte, where the system lets a user make one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_sentence_and_work_goes_on_once_there_is_room() {
    if let Ok(folder) = std::env::var(CHILD) {
        let folder = Path::new(&folder);
        let ballast = folder.join("ballast");
        fs::write(&ballast, vec![7; 200_000]).expect("written");
        let (study, case) = common::new_study(&folder.join("study"));
        let mut mask = study.load_case(case).expect("opens").mask;
        let (saved, error) = draw_until_refused(&study, case, &mut mask);
        assert!(matches!(error, ProjectError::DiskFull(_)), "{error}");
        assert_a_sentence(&error, "is full; free some space");
        let of_file = study.save_mask(case, &mask).expect_err("no room for a file either");
        assert_a_sentence(&of_file, "free some space");
        assert_eq!(common::labels(&study.load_case(case).expect("opens").mask), common::labels(&mask));
        fs::remove_file(&ballast).expect("removed");
        check_and_go_on(&study, case, &mask, saved);
        drop(study);
        assert_eq!(Study::open(&folder.join("study")).expect("opens").load_case(case).expect("opens").history.len(), saved + 1);
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mount = "mount -t tmpfs -o size=700k none \"$MEDLEY_TEST_FOLDER_OF_THE_CHILD\"";
    let may = Command::new("unshare").args(["-rm", "sh", "-c", mount]).env(CHILD, folder.path()).status();
    if !may.is_ok_and(|status| status.success()) {
        println!("skipped: this system lets a user mount nothing");
        return;
    }
    let through = ["unshare", "-rm", "sh", "-c", &format!("{mount} && exec \"$0\" \"$@\"")];
    let test = "a_full_disk_is_a_sentence_and_work_goes_on_once_there_is_room";
    assert_eq!(child_of(test, &through, folder.path()), Some(true));
}

/// For root nothing is read-only, so root does this as somebody else.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_can_be_looked_at() {
    use std::os::unix::fs::PermissionsExt;
    if let Ok(folder) = std::env::var(CHILD) {
        look_at_a_folder_that_cannot_be_written(Path::new(&folder));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let edit = noise(&study.load_case(case).expect("opens").mask, &mut ChaCha8Rng::seed_from_u64(1));
    study.journal_edit(case, &edit).expect("journaled");
    drop(study);
    let set_mode = |mode: u32| {
        for path in [folder.path().to_owned(), folder.path().join("study.sqlite"), folder.path().join("study.lock")] {
            let executable = if path.is_dir() { 0o111 } else { 0 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode | executable)).expect("set");
        }
    };
    set_mode(0o444);
    if fs::write(folder.path().join("probe"), b"").is_err() {
        look_at_a_folder_that_cannot_be_written(folder.path());
    } else {
        fs::remove_file(folder.path().join("probe")).expect("removed");
        let somebody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
        let may = Command::new(somebody[0]).args(&somebody[1..]).arg("ls").arg(std::env::current_exe().expect("a program")).output();
        if may.is_ok_and(|output| output.status.success()) {
            assert_eq!(child_of("a_folder_that_cannot_be_written_can_be_looked_at", &somebody, folder.path()), Some(true));
        } else {
            println!("skipped: this user may write everywhere");
        }
    }
    set_mode(0o644);
    assert_eq!(Study::open(folder.path()).expect("opens").load_case(case).expect("opens").history.len(), 1);
}

#[cfg(unix)]
fn look_at_a_folder_that_cannot_be_written(folder: &Path) {
    let refused = Study::open(folder).expect_err("nobody may write there");
    assert_a_sentence(&refused, "cannot be written");
    let study = Study::open_even_read_only(folder).expect("opens");
    assert!(matches!(study.read_only_because(), Some(medley_project::ReadOnlyBecause::NotWritable(_))));
    let case = study.cases().expect("cases")[0].id;
    let open = study.load_case(case).expect("opens");
    assert_eq!(open.history.len(), 1);
    let edit = noise(&open.mask, &mut ChaCha8Rng::seed_from_u64(2));
    let refused = study.journal_edit(case, &edit).expect_err("nothing can be written");
    assert_a_sentence(&refused, "copy the study to a folder you may write to");
}

/// On other systems an open database cannot be deleted at all.
#[cfg(unix)]
#[test]
fn a_database_deleted_while_it_is_open_is_put_back_whole() {
    for with_log in [false, true] {
        let folder = tempfile::tempdir().expect("a folder");
        let (study, case) = common::new_study(folder.path());
        let mut mask = study.load_case(case).expect("opens").mask;
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        for _ in 0..5 {
            let edit = noise(&mask, &mut rng);
            study.journal_edit(case, &edit).expect("journaled");
            edit.apply(&mut mask).expect("fits");
        }
        fs::remove_file(folder.path().join("study.sqlite")).expect("deleted");
        if with_log {
            fs::remove_file(folder.path().join("study.sqlite-wal")).expect("deleted");
        }
        let edit = noise(&mask, &mut rng);
        let error = study.journal_edit(case, &edit).expect_err("it is gone");
        assert!(matches!(error, ProjectError::Gone { is_put_back: true, .. }), "{error}");
        assert_a_sentence(&error, "put back with everything that was saved; open the study again");
        let again = study.journal_edit(case, &edit).expect_err("this connection leads nowhere");
        assert!(study.was_put_back() && matches!(again, ProjectError::Gone { is_put_back: true, .. }), "{again}");
        drop(study);
        let study = Study::open(folder.path()).expect("opens");
        assert_eq!(study.label_table().expect("labels").labels().len(), 2);
        check_and_go_on(&study, case, &mask, 5);
    }
}

#[cfg(unix)]
#[test]
fn a_study_moved_while_it_is_open_waits_for_its_return() {
    let outer = tempfile::tempdir().expect("a folder");
    let (here, there) = (outer.path().join("here"), outer.path().join("there"));
    let (study, case) = common::new_study(&here);
    let mut mask = study.load_case(case).expect("opens").mask;
    let edit = noise(&mask, &mut ChaCha8Rng::seed_from_u64(6));
    fs::rename(&here, &there).expect("moved");
    let error = study.journal_edit(case, &edit).expect_err("it is gone");
    assert!(matches!(error, ProjectError::Gone { is_put_back: false, .. }), "{error}");
    assert_a_sentence(&error, "put it back where it was");
    let of_file = study.save_mask(case, &mask).expect_err("it is gone");
    assert_a_sentence(&of_file, "put it back where it was");
    assert!(!here.exists(), "nothing is made where the study was");
    fs::rename(&there, &here).expect("moved back");
    study.journal_edit(case, &edit).expect("journaled");
    edit.apply(&mut mask).expect("fits");
    check_and_go_on(&study, case, &mask, 1);
}

#[test]
fn an_image_deleted_while_its_case_is_open_takes_nothing_with_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut mask = study.load_case(case).expect("opens").mask;
    let image = study.case(case).expect("a case").image;
    let bytes = fs::read(&image).expect("read");
    fs::remove_file(&image).expect("deleted");
    let edit = noise(&mask, &mut ChaCha8Rng::seed_from_u64(6));
    study.journal_edit(case, &edit).expect("journaled");
    edit.apply(&mut mask).expect("fits");
    let saved = study.save_mask(case, &mask).expect("saved");
    assert_eq!(common::labels(&medley_io::open_labels(&saved).expect("a mask").labels), common::labels(&mask));
    assert_eq!(study.provenance(case).expect("read").edits.len(), 1);
    assert_a_sentence(&study.load_case(case).expect_err("it is gone"), "The case's mask is safe");
    drop(study);
    fs::write(&image, bytes).expect("put back");
    check_and_go_on(&Study::open(folder.path()).expect("opens"), case, &mask, 1);
}

#[test]
fn mask_files_deleted_while_their_case_is_open_are_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    let mut mask = study.load_case(case).expect("opens").mask;
    let edit = noise(&mask, &mut ChaCha8Rng::seed_from_u64(6));
    study.journal_edit(case, &edit).expect("journaled");
    edit.apply(&mut mask).expect("fits");
    study.save_mask(case, &mask).expect("saved");
    fs::remove_dir_all(study.masks_folder()).expect("deleted");
    let saved = study.save_mask(case, &mask).expect("saved");
    assert_eq!(common::labels(&medley_io::open_labels(&saved).expect("a mask").labels), common::labels(&mask));
}
