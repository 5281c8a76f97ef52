//! `medley runs …`: the table of trainings.

mod compare;
mod export;
mod list;
mod show;

use std::path::PathBuf;

use medley_runs::{Run, Runs};

use super::{Answer, Failure};
use crate::places;

/// Lists, shows, compares and exports the trainings that were run here
///
/// Every fine-tuning and pretraining of this machine's user has a row, whether it was begun in the window or on the command line. The
/// table lies with the program's data; MEDLEY_RUNS names another file, or `off` for none.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Arguments),
    Show(show::Arguments),
    Compare(compare::Arguments),
    Export(export::Arguments),
}

/// Which table.
#[derive(Debug, clap::Args)]
pub struct TableOption {
    /// The file of the table, in place of the usual one
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

impl TableOption {
    fn open(&self) -> Result<Runs, Failure> {
        let usual =
            || places::runs().ok_or_else(|| Failure::new("MEDLEY_RUNS is `off`, so there is no table of trainings: name one with --table"));
        let file = self.table.clone().map_or_else(usual, Ok)?;
        Ok(Runs::open(&file)?)
    }
}

/// `medley runs …`.
///
/// # Errors
/// As each subcommand says.
pub fn run(command: &Command) -> Result<Answer, Failure> {
    match command {
        Command::List(arguments) => list::run(arguments),
        Command::Show(arguments) => show::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
        Command::Export(arguments) => export::run(arguments),
    }
}

/// A moment as people write it, to the minute (UTC).
fn moment(ms: i64) -> String {
    medley_project::provenance::iso_time(ms).replace('T', " ").chars().take(16).collect()
}

/// Steps taken and to take.
fn progress(run: &Run) -> String {
    if run.steps_done == run.steps { run.steps.to_string() } else { format!("{}/{}", run.steps_done, run.steps) }
}

/// What it was measured by, and the result.
fn result(run: &Run) -> String {
    match (&run.measure, run.score) {
        (Some(measure), Some(score)) => format!("{measure} {score:.3}"),
        _ => "–".to_owned(),
    }
}

fn seconds(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "–".to_owned(), crate::texts::numbers::duration)
}
