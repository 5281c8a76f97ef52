//! The study's database: its tables, how it is made and how it is recognised.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::ProjectError;

/// The database's name in a study's folder.
pub(crate) const DATABASE: &str = "study.sqlite";
/// "Medl" in the database's header: this file is ours.
const APPLICATION_ID: i32 = 0x4d65_646c;
/// The format written by this program, in the database's header.
///
/// 2: `case_.class`. 3: `case_.part`. 4: `event_reviewer`, `status`.
const FORMAT: i64 = 4;

/// `event.kind`: `aside` is an edit that was never done: it leads to a mask another program made of an older one of ours.
/// `event.origin`: for an edit the one below it (0: none), for an undo or redo the edit that is taken back or done again.
/// `event.seal`: a hash of the rest of the row, because SQLite does not notice a flipped bit.
/// `mask_file`: each content the case's mask file may have, and the edit it ends with.
const TABLES: &str = "
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
CREATE TABLE label (
    value INTEGER PRIMARY KEY CHECK (value BETWEEN 1 AND 65535),
    name TEXT NOT NULL,
    red INTEGER NOT NULL CHECK (red BETWEEN 0 AND 255),
    green INTEGER NOT NULL CHECK (green BETWEEN 0 AND 255),
    blue INTEGER NOT NULL CHECK (blue BETWEEN 0 AND 255),
    is_visible INTEGER NOT NULL CHECK (is_visible IN (0, 1)),
    is_locked INTEGER NOT NULL CHECK (is_locked IN (0, 1))
) STRICT;
CREATE TABLE case_ (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE COLLATE NOCASE,
    file_stem TEXT NOT NULL UNIQUE COLLATE NOCASE,
    image TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('training', 'validation', 'unassigned')),
    is_corrected INTEGER NOT NULL DEFAULT 0 CHECK (is_corrected IN (0, 1)),
    grid TEXT,
    image_print TEXT,
    class TEXT,
    part TEXT
) STRICT;
CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id INTEGER NOT NULL REFERENCES case_ (id),
    kind TEXT NOT NULL CHECK (kind IN ('edit', 'aside', 'undo', 'redo')),
    origin INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    model TEXT,
    tool TEXT,
    changed INTEGER,
    seal BLOB NOT NULL,
    edit BLOB,
    CHECK ((kind IN ('edit', 'aside')) = (edit IS NOT NULL))
) STRICT;
CREATE INDEX event_of_case ON event (case_id, id);
CREATE TABLE mask_file (
    case_id INTEGER NOT NULL REFERENCES case_ (id),
    sha256 BLOB NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (case_id, sha256)
) STRICT, WITHOUT ROWID;
CREATE TABLE model (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    file TEXT NOT NULL,
    card TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    metrics TEXT NOT NULL
) STRICT;
";

/// Who reviewed what. Beside `event` and not in it: the seals of rows already written stay valid, and a column behind `edit` could
/// only be read through the whole Edit.
///
/// `event_reviewer.seal` covers the event's own seal, so that no name can be moved to another row.
/// `status.position`: the Edit that was the last done when the status was given (0: none).
const PROVENANCE_TABLES: &str = "
CREATE TABLE event_reviewer (
    event_id INTEGER PRIMARY KEY REFERENCES event (id),
    reviewer TEXT NOT NULL,
    seal BLOB NOT NULL
) STRICT;
CREATE TABLE status (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    case_id INTEGER NOT NULL REFERENCES case_ (id),
    status TEXT NOT NULL CHECK (status IN ('new', 'proposed', 'in_correction', 'corrected', 'approved')),
    position INTEGER NOT NULL,
    reviewer TEXT,
    at_ms INTEGER NOT NULL,
    seal BLOB NOT NULL
) STRICT;
CREATE INDEX status_of_case ON status (case_id, id);
";

/// From each older format to the next, the oldest first.
const STEPS: [&str; 3] = ["ALTER TABLE case_ ADD COLUMN class TEXT;", "ALTER TABLE case_ ADD COLUMN part TEXT;", PROVENANCE_TABLES];

/// Makes the database of a new study in `folder`. Whole or not at all: a power cut leaves an empty file, which may be made anew.
pub(crate) fn create(folder: &Path) -> Result<Connection, ProjectError> {
    let path = folder.join(DATABASE);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(ProjectError::database(&path))?;
    let make = || {
        prepare(&connection)?;
        connection.execute_batch(&format!(
            "BEGIN EXCLUSIVE; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; {TABLES} \
             {PROVENANCE_TABLES} COMMIT;"
        ))?;
        into_wal(&connection)
    };
    make().map_err(ProjectError::database(&path))?;
    Ok(connection)
}

/// Opens the database in `folder` and takes it for this program alone.
///
/// # Errors
/// A sentence if it is not ours, written by a newer program, damaged, in use or not writable. A file that is not ours is not
/// touched.
pub(crate) fn open(folder: &Path) -> Result<Connection, ProjectError> {
    let path = folder.join(DATABASE);
    recognise(folder, &path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(&path, flags).map_err(ProjectError::database(&path))?;
    let take = || {
        prepare(&connection)?;
        into_wal(&connection)?;
        connection.execute_batch("BEGIN EXCLUSIVE; COMMIT;")?;
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
    };
    let found = take().map_err(ProjectError::database(&path))?;
    update(&connection, folder, found)?;
    probe(connection, path)
}

/// Opens a private copy of a study's database, which is `path`, for looking only: after this nothing can be written, not even there.
pub(crate) fn open_copy(folder: &Path, path: &Path) -> Result<Connection, ProjectError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(ProjectError::database(path))?;
    let settle = || {
        prepare(&connection)?;
        // Takes the write-ahead log in, so that the copy is one file.
        connection.pragma_update_and_check(None, "journal_mode", "MEMORY", |_| Ok(()))?;
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
    };
    let found = settle().map_err(ProjectError::database(path))?;
    update(&connection, folder, found)?;
    connection.pragma_update(None, "query_only", true).map_err(ProjectError::database(path))?;
    probe(connection, folder.join(DATABASE))
}

/// Brings an older format up to this one, each step whole or not at all.
fn update(connection: &Connection, folder: &Path, found: i64) -> Result<(), ProjectError> {
    if found > FORMAT {
        return Err(ProjectError::Newer { folder: folder.to_owned(), found, known: FORMAT });
    }
    for (format, step) in (1..).zip(STEPS).filter(|(format, _)| found <= *format) {
        let whole = format!("BEGIN EXCLUSIVE; {step} PRAGMA user_version = {}; COMMIT;", format + 1);
        connection.execute_batch(&whole).map_err(ProjectError::database(&folder.join(DATABASE)))?;
    }
    Ok(())
}

/// Reads a little of every table.
fn probe(connection: Connection, path: PathBuf) -> Result<Connection, ProjectError> {
    let probe = "SELECT (SELECT count(*) FROM meta), (SELECT count(*) FROM label), (SELECT count(*) FROM case_), \
                 (SELECT count(*) FROM mask_file), (SELECT count(*) FROM model), (SELECT max(id) FROM event), \
                 (SELECT max(id) FROM event WHERE case_id = 1), \
                 (SELECT count(*) FROM status), (SELECT count(*) FROM event_reviewer)";
    match connection.query_row(probe, [], |_| Ok(())) {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) => {
            Err(ProjectError::Damaged { path, why: error.to_string() })
        }
        result => result.map_err(ProjectError::database(&path)).map(|()| connection),
    }
}

/// Looks at the header only, so that a foreign database is left exactly as it is.
pub(crate) fn recognise(folder: &Path, path: &Path) -> Result<(), ProjectError> {
    let refuse = |why: &str| Err(ProjectError::NotAStudy { folder: folder.to_owned(), why: why.to_owned() });
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return refuse("there is no study.sqlite in it"),
        Err(error) => return Err(ProjectError::file(path, "read")(error)),
    };
    let mut header = Vec::new();
    if let Err(error) = file.take(100).read_to_end(&mut header) {
        return Err(ProjectError::file(path, "read")(error));
    }
    if header.is_empty() {
        return refuse("its study.sqlite is empty: making the study was interrupted");
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return refuse("its study.sqlite is not a database");
    }
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_be_bytes);
    match (number(68), number(60)) {
        (Some(APPLICATION_ID), Some(found)) if i64::from(found) > FORMAT => {
            Err(ProjectError::Newer { folder: folder.to_owned(), found: found.into(), known: FORMAT })
        }
        (Some(APPLICATION_ID), Some(_)) => Ok(()),
        (Some(_), _) => refuse("its study.sqlite belongs to another program"),
        (None, _) => refuse("its study.sqlite is cut off"),
    }
}

/// What must be set anew in each connection. Exclusive locking also spares the shared-memory file, which network shares lack.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(200))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; \
         PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 67108864;",
    )
}

fn into_wal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use medley_volume::LabelTable;

    use super::*;
    use crate::{Role, Study};

    /// A study as an older format had it: without the columns that came later, and saying so.
    fn make_old(folder: &Path, format: usize) {
        let connection = Connection::open(folder.join(DATABASE)).expect("opens");
        if format < 4 {
            connection.execute_batch("DROP TABLE status; DROP TABLE event_reviewer;").expect("changed");
        }
        for column in ["class", "part"].iter().skip(format - 1) {
            connection.execute_batch(&format!("ALTER TABLE case_ DROP COLUMN {column};")).expect("changed");
        }
        connection.execute_batch(&format!("PRAGMA user_version = {format};")).expect("changed");
    }

    #[test]
    fn a_case_is_one_volume_of_a_file_and_stays_it() {
        use medley_io::{Part, StoredGeometry};
        use medley_volume::{Grid, Quantity, Scaling, Volume, Voxels};
        let folder = tempfile::tempdir().expect("a folder");
        let grid = Grid::axis_aligned([3, 2, 2], [1.0; 3]).expect("a grid");
        let image = folder.path().join("scan.nii");
        let volume = |value: i16| Volume::new(grid, Voxels::I16(vec![value; 12]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
        medley_io::write_volume(&image, &volume(1), &StoredGeometry::of_grid(&grid)).expect("written");
        // Two volumes in place of one: the number of them in the header, and the voxels of the second.
        let mut bytes = std::fs::read(&image).expect("a file");
        bytes[40..42].copy_from_slice(&4i16.to_le_bytes());
        bytes[48..50].copy_from_slice(&2i16.to_le_bytes());
        bytes.extend([7, 0].repeat(12));
        std::fs::write(&image, bytes).expect("written");
        let study = Study::create(&folder.path().join("study"), &LabelTable::default()).expect("made");
        let first = study.add_case("first", &image, Role::Training).expect("added");
        let second = study.add_case_part("second", &image, &Part::Frame(1), Role::Training).expect("added");
        drop(study);
        make_old(&folder.path().join("study"), 3);
        let study = Study::open(&folder.path().join("study")).expect("opens");
        let value = |id| study.load_case(id).expect("opens").volume.summary().max;
        assert_eq!((value(first), value(second)), (1.0, 7.0));
        assert_eq!(study.case(second).expect("is there").part, Part::Frame(1));
        study.set_case("UPDATE case_ SET part = ?2 WHERE id = ?1", second, "slab:1").expect("set");
        assert!(study.load_case(second).is_err(), "nobody knows which volume is meant");
    }

    #[test]
    fn a_study_of_the_second_format_gets_what_came_later() {
        let folder = tempfile::tempdir().expect("a folder");
        drop(Study::create(folder.path(), &LabelTable::default()).expect("made"));
        make_old(folder.path(), 2);
        assert!(Study::open(folder.path()).expect("opens").cases().expect("cases").is_empty());
    }

    #[test]
    fn a_study_of_the_first_format_opens_with_its_cases_and_takes_classes() {
        let folder = tempfile::tempdir().expect("a folder");
        let image = folder.path().join("scan.nii");
        std::fs::write(&image, b"not read here").expect("written");
        let study = Study::create(folder.path(), &LabelTable::default()).expect("made");
        let id = study.add_case("scan", &image, Role::Training).expect("added");
        drop(study);
        make_old(folder.path(), 1);
        let study = Study::open(folder.path()).expect("opens");
        let case = study.case(id).expect("is there");
        assert_eq!((case.name.as_str(), case.role, case.class), ("scan", Role::Training, None));
        study.set_class(id, Some(" benign ")).expect("set");
        drop(study);
        let study = Study::open(folder.path()).expect("opens");
        assert_eq!(study.case(id).expect("is there").class.as_deref(), Some("benign"));
        study.set_class(id, Some("  ")).expect("set");
        assert_eq!(study.case(id).expect("is there").class, None);
    }
}
