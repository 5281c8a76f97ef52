use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::lock::Lock;
use crate::{NewRun, Point, Recorder, Run, RunState, RunsError};

/// The form of the table.
const FORM: i64 = 1;
/// How long another program's writing is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT, begun_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, kind TEXT NOT NULL, task TEXT NOT NULL,
    state TEXT NOT NULL, settings TEXT NOT NULL, data TEXT NOT NULL, device TEXT NOT NULL, steps INTEGER NOT NULL,
    steps_done INTEGER NOT NULL DEFAULT 0, loss REAL, rate REAL, steps_per_s REAL, voxels_per_s REAL, peak_memory INTEGER, seconds REAL,
    training_cases INTEGER, validation_cases INTEGER, output TEXT NOT NULL, weights TEXT NOT NULL, parent TEXT, model TEXT, measure TEXT,
    score REAL, best_step INTEGER, message TEXT, program TEXT NOT NULL
);
CREATE TABLE point (
    run INTEGER NOT NULL REFERENCES run (id), name TEXT NOT NULL, step INTEGER NOT NULL, ms INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (run, name, step)
) WITHOUT ROWID;
";

/// The table, in a file.
#[derive(Debug)]
pub struct Runs {
    pub(crate) file: PathBuf,
    pub(crate) database: Connection,
}

impl Runs {
    /// Opens the table in `file`; it is made if it is not there. Trainings whose program ended without a word are marked so.
    ///
    /// # Errors
    /// If the file cannot be used, or a newer program wrote it.
    pub fn open(file: &Path) -> Result<Self, RunsError> {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|source| RunsError::Write { file: folder.to_owned(), source })?;
        }
        let failed = |source| RunsError::Database { file: file.to_owned(), source };
        let mut database = Connection::open(file).map_err(failed)?;
        database.busy_timeout(PATIENCE).map_err(failed)?;
        // A log that is written ahead needs shared memory, which network shares have not; several programs write seldom here.
        database.pragma_update(None, "journal_mode", "TRUNCATE").map_err(failed)?;
        let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).map_err(failed)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        match found {
            0 => {
                transaction.execute_batch(SCHEMA).map_err(failed)?;
                transaction.pragma_update(None, "user_version", FORM).map_err(failed)?;
            }
            FORM => {}
            _ => return Err(RunsError::Newer { file: file.to_owned(), found, known: FORM }),
        }
        transaction.commit().map_err(failed)?;
        let runs = Self { file: file.to_owned(), database };
        runs.mark_interrupted()?;
        Ok(runs)
    }

    pub(crate) fn failed(&self, source: rusqlite::Error) -> RunsError {
        RunsError::Database { file: self.file.clone(), source }
    }

    pub(crate) fn lock_file(&self, id: i64) -> PathBuf {
        let name = self.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.file.with_file_name(format!("{name}.running")).join(format!("{id}.lock"))
    }

    fn mark_interrupted(&self) -> Result<(), RunsError> {
        for run in self.list()?.into_iter().filter(|run| run.state == RunState::Running) {
            let path = self.lock_file(run.id);
            // A row is written before its lock is taken.
            let is_fresh = now_ms() - run.changed_ms < 2000 && !path.exists();
            if is_fresh || Lock::is_held(&path) {
                continue;
            }
            let change = "UPDATE run SET state = 'interrupted' WHERE id = ?1 AND state = 'running'";
            self.database.execute(change, [run.id]).map_err(|source| self.failed(source))?;
            let _ = std::fs::remove_file(path);
        }
        Ok(())
    }

    /// Adds a row for a training that begins now.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(self, new: &NewRun) -> Result<Recorder, RunsError> {
        let insert = "INSERT INTO run (begun_ms, changed_ms, kind, task, state, settings, data, device, steps, output, weights, program)
                      VALUES (?1, ?1, ?2, ?3, 'running', ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let NewRun { kind, task, settings, data, device, steps, output, weights, program } = new;
        let output = shown(output);
        let values = params![now_ms(), kind, task, settings, data, device, whole(*steps), output, weights, program];
        self.database.execute(insert, values).map_err(|source| self.failed(source))?;
        let id = self.database.last_insert_rowid();
        Recorder::new(self, id, 0.0)
    }

    /// Takes up the row of the last training into this folder, which had not come to its end; a new row if there is none.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn resume(self, new: &NewRun) -> Result<Recorder, RunsError> {
        let find = "SELECT id, seconds FROM run WHERE output = ?1 AND kind = ?2 AND state IN ('interrupted', 'stopped', 'failed')
                    ORDER BY id DESC LIMIT 1";
        let found = self.database.query_row(find, params![shown(&new.output), new.kind], |row| Ok((row.get(0)?, row.get(1)?)));
        let found: Option<(i64, Option<f64>)> = found.optional().map_err(|source| self.failed(source))?;
        let Some((id, seconds)) = found else { return self.begin(new) };
        let change = "UPDATE run SET state = 'running', changed_ms = ?2, device = ?3, message = NULL WHERE id = ?1";
        self.database.execute(change, params![id, now_ms(), new.device]).map_err(|source| self.failed(source))?;
        Recorder::new(self, id, seconds.unwrap_or(0.0))
    }

    /// All rows, oldest first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn list(&self) -> Result<Vec<Run>, RunsError> {
        let read = || {
            let mut statement = self.database.prepare_cached("SELECT * FROM run ORDER BY id")?;
            statement.query_map([], read_run)?.collect::<rusqlite::Result<Vec<Run>>>()
        };
        read().map_err(|source| self.failed(source))
    }

    /// One row.
    ///
    /// # Errors
    /// [`RunsError::Unknown`] if there is no such row.
    pub fn get(&self, id: i64) -> Result<Run, RunsError> {
        let found = self.database.query_row("SELECT * FROM run WHERE id = ?1", [id], read_run).optional();
        found.map_err(|source| self.failed(source))?.ok_or(RunsError::Unknown(id))
    }

    /// The training whose model these weights are.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of_model(&self, sha256: &str) -> Result<Option<Run>, RunsError> {
        let find = "SELECT * FROM run WHERE model = ?1 ORDER BY id DESC LIMIT 1";
        self.database.query_row(find, [sha256], read_run).optional().map_err(|source| self.failed(source))
    }

    /// The trainings from whose models this one descends, its parent first.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn lineage(&self, run: &Run) -> Result<Vec<Run>, RunsError> {
        let (mut lineage, mut next) = (Vec::<Run>::new(), run.parent.clone());
        while let Some(parent) = next {
            match self.of_model(&parent)? {
                Some(found) if found.id != run.id && lineage.iter().all(|known| known.id != found.id) => {
                    next = found.parent.clone();
                    lineage.push(found);
                }
                _ => break,
            }
        }
        Ok(lineage)
    }

    /// The curves of a training, by name and step.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn points(&self, id: i64) -> Result<Vec<Point>, RunsError> {
        let read = || {
            let mut statement =
                self.database.prepare_cached("SELECT name, step, ms, value FROM point WHERE run = ?1 ORDER BY name, step")?;
            let point = |row: &Row<'_>| Ok(Point { name: row.get(0)?, step: row.get(1)?, ms: row.get(2)?, value: row.get(3)? });
            statement.query_map([id], point)?.collect::<rusqlite::Result<Vec<Point>>>()
        };
        read().map_err(|source| self.failed(source))
    }
}

fn read_run(row: &Row<'_>) -> rusqlite::Result<Run> {
    let state: String = row.get("state")?;
    Ok(Run {
        id: row.get("id")?,
        begun_ms: row.get("begun_ms")?,
        changed_ms: row.get("changed_ms")?,
        kind: row.get("kind")?,
        task: row.get("task")?,
        state: state.parse().unwrap_or(RunState::Interrupted),
        settings: row.get("settings")?,
        data: row.get("data")?,
        device: row.get("device")?,
        steps: row.get("steps")?,
        steps_done: row.get("steps_done")?,
        loss: row.get("loss")?,
        rate: row.get("rate")?,
        steps_per_s: row.get("steps_per_s")?,
        voxels_per_s: row.get("voxels_per_s")?,
        peak_memory: row.get("peak_memory")?,
        seconds: row.get("seconds")?,
        training_cases: row.get("training_cases")?,
        validation_cases: row.get("validation_cases")?,
        output: row.get("output")?,
        weights: row.get("weights")?,
        parent: row.get("parent")?,
        model: row.get("model")?,
        measure: row.get("measure")?,
        score: row.get("score")?,
        best_step: row.get("best_step")?,
        message: row.get("message")?,
        program: row.get("program")?,
    })
}

/// The folder by its whole name, so that it is known again from elsewhere.
fn shown(output: &Path) -> String {
    std::path::absolute(output).unwrap_or_else(|_| output.to_owned()).display().to_string()
}

pub(crate) fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
