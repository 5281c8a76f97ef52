//! Two programs and one study: the second looks at it, and writes nothing.
#![expect(clippy::expect_used, reason = "a test may stop where its ground gives way")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use medley_project::provenance::CaseStatus;
use medley_project::{ProjectError, ReadOnlyBecause, Role, Study};
use medley_volume::LabelTable;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

const FOLDER: &str = "MEDLEY_TEST_STUDY_OF_THE_FIRST_WINDOW";

/// Does nothing unless it is the child: opens the study and makes as many strokes as each line says; "save" saves.
#[test]
fn child_that_has_the_study() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let study = Study::open(Path::new(&folder)).expect("opens");
    let case = study.cases().expect("cases")[0].id;
    let mut mask = study.load_case(case).expect("opens").mask;
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut out = std::io::stdout();
    let mut say = |what: &str| {
        writeln!(out, "\nchild: {what}").expect("the parent listens");
        out.flush().expect("the parent listens");
    };
    say("open");
    for line in std::io::stdin().lines().map_while(Result::ok) {
        if line == "save" {
            study.save_mask(case, &mask).expect("saved");
        }
        let wanted: usize = line.parse().unwrap_or_default();
        let strokes = std::iter::repeat_with(|| common::random_stroke(&mut mask, &mut rng)).flatten().take(wanted);
        for edit in strokes {
            study.journal_edit(case, &edit).expect("journaled");
        }
        say("done");
    }
}

struct FirstWindow {
    child: Child,
    orders: ChildStdin,
    heard: Box<dyn Iterator<Item = String>>,
}

impl FirstWindow {
    fn open(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("a program"))
            .args(["child_that_has_the_study", "--exact", "--nocapture", "--test-threads=1"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines().map_while(Result::ok);
        let heard = Box::new(lines.filter(|line| line.starts_with("child: ")));
        let orders = child.stdin.take().expect("piped");
        let mut window = Self { child, orders, heard };
        assert_eq!(window.heard.next().as_deref(), Some("child: open"));
        window
    }

    fn order(&mut self, what: &str) {
        writeln!(self.orders, "{what}").expect("the child listens");
        assert_eq!(self.heard.next().as_deref(), Some("child: done"));
    }

    fn close(self) {
        let Self { mut child, orders, .. } = self;
        drop(orders);
        assert!(child.wait().expect("ended").success());
    }
}

/// Every file of a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        if entry.path().is_dir() {
            found.extend(contents(&entry.path()));
        } else if cfg!(unix) || entry.file_name() != "study.lock" {
            found.insert(entry.path(), fs::read(entry.path()).expect("read"));
        }
    }
    found
}

/// The process that has it, where the system lets others read a locked file.
fn in_use(study: &Study) -> Option<u32> {
    let Some(ReadOnlyBecause::InUse(holder)) = study.read_only_because() else { panic!("{:?}", study.read_only_because()) };
    holder.map(|holder| holder.process)
}

#[test]
fn the_second_window_sees_everything_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    drop(study);
    let mut first = FirstWindow::open(folder.path());
    first.order("30");
    let before = contents(folder.path());
    let second = Study::open_even_read_only(folder.path()).expect("opens");
    assert!(second.is_read_only());
    assert_eq!(in_use(&second), cfg!(unix).then_some(first.child.id()));
    let open = second.load_case(case).expect("opens");
    assert_eq!((open.history.len(), &open.notices), (30, &vec![]));
    assert_eq!(second.edits(case).expect("edits").len(), 30);
    assert_eq!(second.provenance(case).expect("read").status, CaseStatus::InCorrection);

    let edit = common::random_edit(&open.mask, &mut ChaCha8Rng::seed_from_u64(5)).expect("a change");
    let image = second.case(case).expect("a case").image;
    let refused: [(&str, Result<(), ProjectError>); 14] = [
        ("edit", second.journal_edit(case, &edit).map(drop)),
        ("undo", second.journal_undo(case)),
        ("jump", second.journal_jump(case, -5)),
        ("save", second.save_mask(case, &open.mask).map(drop)),
        ("import", second.import_mask(case, &medley_volume::LabelMap::empty(common::grid())).map(drop)),
        ("labels", second.set_label_table(&LabelTable::default())),
        ("meta", second.set_meta("a", "b")),
        ("case", second.add_case("x", &image, Role::Training).map(drop)),
        ("image", second.set_image(case, &image)),
        ("role", second.set_role(case, Role::Validation)),
        ("class", second.set_class(case, Some("x"))),
        ("status", second.set_status(case, CaseStatus::Approved)),
        ("corrected", second.set_corrected(case, true)),
        ("reviewer", second.set_reviewer(Some("MK"))),
    ];
    for (what, result) in refused {
        let Err(error @ ProjectError::ReadOnly { .. }) = result else { panic!("{what}: {result:?}") };
        let sentence = error.to_string();
        assert!(sentence.contains("can only be looked at here") && sentence.contains("close it there"), "{sentence}");
    }
    assert_eq!(common::labels(&second.load_case(case).expect("opens").mask), common::labels(&open.mask));
    drop(second);
    assert!(contents(folder.path()) == before, "looking has written something");

    // The first goes on as if nobody had looked; who looks again sees it.
    first.order("10");
    first.order("save");
    first.order("3");
    let second = Study::open_even_read_only(folder.path()).expect("opens");
    let open = second.load_case(case).expect("opens");
    assert_eq!((open.history.len(), &open.notices), (43, &vec![]));
    first.order("2");
    first.order("save");
    let later = second.load_case(case).expect("opens");
    assert_eq!(common::labels(&later.mask), common::labels(&open.mask), "a file newer than the copy is not taken in");
    assert_eq!(later.notices, Vec::<String>::new());
    first.close();
    let third = Study::open(folder.path()).expect("free again");
    assert_eq!(third.load_case(case).expect("opens").history.len(), 45);
    assert!(!third.was_interrupted());
}

/// The first writes and moves its log into the database all the time: what the second sees is always whole.
#[test]
fn looking_while_the_other_writes_shows_a_whole_study() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    drop(study);
    let mut first = FirstWindow::open(folder.path());
    let mut seen = 0;
    for _ in 0..12 {
        writeln!(first.orders, "60").expect("the child listens");
        let second = Study::open_even_read_only(folder.path()).expect("opens");
        let open = second.load_case(case).expect("opens");
        assert_eq!(open.notices, Vec::<String>::new());
        assert!(open.history.len() >= seen);
        seen = open.history.len();
        assert_eq!(second.provenance(case).expect("read").unreadable, 0);
        drop(second);
        assert_eq!(first.heard.next().as_deref(), Some("child: done"));
    }
    first.close();
    assert_eq!(Study::open(folder.path()).expect("opens").edits(case).expect("edits").len(), 720);
}

#[test]
fn a_study_of_an_older_format_is_looked_at_without_changing_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (study, case) = common::new_study(folder.path());
    study.load_case(case).expect("opens");
    drop(study);
    let database = rusqlite::Connection::open(folder.path().join("study.sqlite")).expect("opens");
    database.execute_batch("DROP TABLE status; DROP TABLE event_reviewer; PRAGMA user_version = 3;").expect("changed");
    drop(database);
    // Somebody who knows nothing of Medley holds the lock, and says nothing of himself.
    let lock = fs::File::create(folder.path().join("study.lock")).expect("a file");
    lock.lock().expect("locked");
    let before = contents(folder.path());
    let study = Study::open_even_read_only(folder.path()).expect("opens");
    assert_eq!(study.read_only_because(), Some(&ReadOnlyBecause::InUse(None)));
    assert_eq!(study.cases().expect("cases").len(), 1);
    study.load_case(case).expect("opens");
    drop(study);
    assert!(contents(folder.path()) == before);
    drop(lock);
    assert!(!Study::open_even_read_only(folder.path()).expect("opens").is_read_only());
}

#[test]
fn what_is_not_a_study_cannot_be_looked_at_either() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(matches!(Study::open_even_read_only(folder.path()), Err(ProjectError::NotAStudy { .. })));
}
