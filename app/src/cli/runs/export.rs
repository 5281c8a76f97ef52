use std::path::{Path, PathBuf};

use medley_runs::{Run, csv, tensorboard};
use serde::Serialize;

use super::TableOption;
use crate::cli::file_names::require_writable;
use crate::cli::{Answer, Failure};

/// Writes trainings as tables for spreadsheets, or as event files for TensorBoard
///
/// JSON: runs, files[].
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("form").required(true).multiple(true))]
pub struct Arguments {
    /// Their numbers; all of them unless given
    #[arg(value_name = "ID")]
    ids: Vec<i64>,
    /// A line a training
    #[arg(long, value_name = "FILE", group = "form")]
    csv: Option<PathBuf>,
    /// A line a point of a curve: loss, learning rate, speed, Dice of each label
    #[arg(long, value_name = "FILE", group = "form")]
    curves: Option<PathBuf>,
    /// The curves for TensorBoard: a folder a training in DIR (`tensorboard --logdir DIR`)
    #[arg(long, value_name = "DIR", group = "form")]
    tensorboard: Option<PathBuf>,
    /// Replace files that are there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    table: TableOption,
}

#[derive(Serialize)]
struct Report {
    runs: usize,
    files: Vec<String>,
}

/// `medley runs export`.
///
/// # Errors
/// If there is no such training, or a file cannot be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let table = arguments.table.open()?;
    let runs: Vec<Run> =
        if arguments.ids.is_empty() { table.list()? } else { arguments.ids.iter().map(|id| table.get(*id)).collect::<Result<_, _>>()? };
    let points = runs.iter().map(|run| table.points(run.id)).collect::<Result<Vec<_>, _>>()?;
    let mut files = Vec::new();
    let mut write = |path: &Path, text: String| -> Result<(), Failure> {
        require_writable(path, &[], arguments.force)?;
        std::fs::write(path, text).map_err(|error| Failure::new(format!("{} could not be written: {error}", path.display())))?;
        files.push(path.display().to_string());
        Ok(())
    };
    if let Some(path) = &arguments.csv {
        write(path, csv::of_runs(&runs))?;
    }
    if let Some(path) = &arguments.curves {
        write(path, csv::of_points(runs.iter().map(|run| run.id).zip(points.iter().map(Vec::as_slice))))?;
    }
    if let Some(folder) = &arguments.tensorboard {
        for (run, points) in runs.iter().zip(&points) {
            files.push(tensorboard::export(folder, run, points)?.display().to_string());
        }
    }
    let text = format!("{} trainings\n{}", runs.len(), files.join("\n"));
    Answer::new(&Report { runs: runs.len(), files }, text)
}
