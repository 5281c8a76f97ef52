use std::collections::BTreeMap;

use medley_runs::{Point, Run, RunState};
use serde::Serialize;

use super::{TableOption, moment, progress, result, seconds};
use crate::cli::output::score;
use crate::cli::{Answer, Failure, Table};

/// Shows one training: all figures, its measurements, its settings, and the models it descends from
///
/// JSON: run{as `runs list`}, lineage[run], curves{name: [[step, value]]}.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Its number
    id: i64,
    #[command(flatten)]
    table: TableOption,
}

#[derive(Serialize)]
struct Report {
    run: Run,
    lineage: Vec<Run>,
    curves: BTreeMap<String, Vec<(i64, f64)>>,
}

/// `medley runs show ID`.
///
/// # Errors
/// If there is no such training.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let runs = arguments.table.open()?;
    let run = runs.get(arguments.id)?;
    let mut curves = BTreeMap::<String, Vec<(i64, f64)>>::new();
    for Point { name, step, value, .. } in runs.points(run.id)? {
        curves.entry(name).or_default().push((step, value));
    }
    let report = Report { lineage: runs.lineage(&run)?, curves, run };
    let text = text(&report);
    Answer::new(&report, text)
}

fn text(report: &Report) -> String {
    let run = &report.run;
    let mut table = Table::new(["training", &run.id.to_string()]);
    let number = |value: Option<f64>, unit: &str| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}{unit}"));
    let words = |value: &Option<String>| value.clone().unwrap_or_else(|| "–".to_owned());
    let cases = match (run.training_cases, run.validation_cases) {
        (Some(training), Some(validation)) => format!("{training} learned from, {validation} measured on"),
        _ => "–".to_owned(),
    };
    let memory = run.peak_memory.map_or_else(|| "–".to_owned(), |bytes| format!("{} MiB", bytes >> 20));
    let rows = [
        ("begun (UTC)", moment(run.begun_ms)),
        ("kind", format!("{}, {}", run.kind, run.task)),
        ("state", run.state.to_string()),
        ("data", run.data.clone()),
        ("cases", cases),
        ("device", run.device.clone()),
        ("steps", progress(run)),
        ("time", seconds(run.seconds)),
        ("loss", number(run.loss, "")),
        ("learning rate", number(run.rate, "")),
        ("speed", format!("{}, {}", number(run.steps_per_s, " steps/s"), number(run.voxels_per_s.map(|v| v / 1e6), " Mvoxels/s"))),
        ("peak memory", memory),
        ("result", format!("{}, after step {}", result(run), run.best_step.map_or_else(|| "–".to_owned(), |step| step.to_string()))),
        ("output", run.output.clone()),
        ("weights", format!("{} {}", run.weights, words(&run.parent))),
        ("model", words(&run.model)),
        ("program", run.program.clone()),
    ];
    rows.into_iter().for_each(|(title, value)| table.row([title.to_owned(), value]));
    let mut text = table.to_string();
    if let Some(message) = &run.message {
        text.push_str(&format!("it said: {message}\n"));
    }
    for parent in &report.lineage {
        text.push_str(&format!("descends from training {}: {}, {}\n", parent.id, parent.data, result(parent)));
    }
    let measured = report.curves.iter().filter(|(name, _)| !["loss", "rate", "steps per second"].contains(&name.as_str()));
    let mut table = Table::new(["measured", "first", "best", "last"]);
    let mut has_any = false;
    for (name, points) in measured {
        let best = points.iter().map(|(_, value)| *value).reduce(f64::max);
        let [first, last] = [points.first(), points.last()].map(|point| score(point.map(|(_, value)| *value)));
        table.row([name.clone(), first, score(best), last]);
        has_any = true;
    }
    if has_any {
        text.push_str(&format!("\n{table}"));
    }
    if run.state == RunState::Interrupted {
        text.push_str("\nits program ended without a word: the same command with --resume goes on from its last checkpoint\n");
    }
    text.push_str(&format!("\nsettings: {}\n", run.settings));
    text
}
