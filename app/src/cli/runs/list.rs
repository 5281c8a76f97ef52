use std::cmp::Ordering;

use clap::ValueEnum;
use medley_runs::{Run, RunState};
use serde::Serialize;

use super::{TableOption, moment, progress, result, seconds};
use crate::cli::{Answer, Failure, Table};

/// Lists trainings, the newest last
///
/// JSON: runs[{id, begun_ms, changed_ms, kind, task, state, settings, data, device, steps, steps_done, loss, rate, steps_per_s,
/// voxels_per_s, peak_memory, seconds, training_cases, validation_cases, output, weights, parent, model, measure, score, best_step,
/// message, program}].
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only those in this state: running, finished, stopped, failed or interrupted
    #[arg(long)]
    state: Option<RunState>,
    /// In which order; those without a number come first
    #[arg(long, value_enum, default_value_t = Order::Begun)]
    sort: Order,
    /// The other way round
    #[arg(long)]
    reverse: bool,
    /// At most so many, from the end of the list
    #[arg(long, value_name = "COUNT")]
    last: Option<usize>,
    #[command(flatten)]
    table: TableOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    Begun,
    Score,
    Loss,
    Steps,
    Seconds,
    Speed,
    Memory,
}

#[derive(Serialize)]
struct Report {
    runs: Vec<Run>,
}

/// `medley runs list`.
///
/// # Errors
/// If the table cannot be read.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut runs = arguments.table.open()?.list()?;
    runs.retain(|run| arguments.state.is_none_or(|state| run.state == state));
    runs.sort_by(|a, b| arguments.sort.of(a, b));
    if arguments.reverse {
        runs.reverse();
    }
    if let Some(last) = arguments.last {
        runs.drain(..runs.len().saturating_sub(last));
    }
    let text = text(&runs);
    Answer::new(&Report { runs }, text)
}

impl Order {
    fn of(self, a: &Run, b: &Run) -> Ordering {
        let by = |value: fn(&Run) -> Option<f64>| value(a).unwrap_or(f64::NEG_INFINITY).total_cmp(&value(b).unwrap_or(f64::NEG_INFINITY));
        let order = match self {
            Self::Begun => Ordering::Equal,
            Self::Score => by(|run| run.score),
            Self::Loss => by(|run| run.loss),
            Self::Steps => a.steps_done.cmp(&b.steps_done),
            Self::Seconds => by(|run| run.seconds),
            Self::Speed => by(|run| run.voxels_per_s),
            Self::Memory => a.peak_memory.cmp(&b.peak_memory),
        };
        order.then(a.id.cmp(&b.id))
    }
}

fn text(runs: &[Run]) -> String {
    if runs.is_empty() {
        return "no training yet".to_owned();
    }
    let mut table = Table::new(["id", "begun (UTC)", "kind", "task", "state", "data", "steps", "loss", "result", "time", "output"]);
    for run in runs {
        table.row([
            run.id.to_string(),
            moment(run.begun_ms),
            run.kind.clone(),
            run.task.clone(),
            run.state.to_string(),
            run.data.clone(),
            progress(run),
            run.loss.map_or_else(|| "–".to_owned(), |loss| format!("{loss:.3}")),
            result(run),
            seconds(run.seconds),
            run.output.clone(),
        ]);
    }
    table.to_string()
}
