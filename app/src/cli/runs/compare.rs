use std::collections::{BTreeMap, BTreeSet};

use medley_runs::Run;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{TableOption, progress, result, seconds};
use crate::cli::{Answer, Failure, Table};

/// Puts trainings beside each other: figures, and the settings in which they differ
///
/// JSON: runs[as `runs list`], differing_settings{name: [value of each run]}.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Their numbers
    #[arg(required = true, num_args = 2.., value_name = "ID")]
    ids: Vec<i64>,
    #[command(flatten)]
    table: TableOption,
}

#[derive(Serialize)]
struct Report {
    runs: Vec<Run>,
    differing_settings: BTreeMap<String, Vec<Value>>,
}

/// `medley runs compare ID ID…`.
///
/// # Errors
/// If there is no such training.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let table = arguments.table.open()?;
    let runs = arguments.ids.iter().map(|id| table.get(*id)).collect::<Result<Vec<_>, _>>()?;
    let differing_settings = differing(&runs);
    let report = Report { runs, differing_settings };
    let text = text(&report);
    Answer::new(&report, text)
}

/// Settings that are not the same in all, by name; nested ones as `augmentation.gamma`.
fn differing(runs: &[Run]) -> BTreeMap<String, Vec<Value>> {
    let flat: Vec<BTreeMap<String, Value>> = runs
        .iter()
        .map(|run| {
            let mut flat = BTreeMap::new();
            if let Ok(Value::Object(settings)) = serde_json::from_str(&run.settings) {
                flatten("", &settings, &mut flat);
            }
            flat
        })
        .collect();
    let names: BTreeSet<&String> = flat.iter().flat_map(BTreeMap::keys).collect();
    let values = |name: &String| -> Vec<Value> { flat.iter().map(|settings| settings.get(name).cloned().unwrap_or(Value::Null)).collect() };
    let all = names.into_iter().map(|name| (name.clone(), values(name)));
    all.filter(|(_, values)| values.iter().any(|value| Some(value) != values.first())).collect()
}

fn flatten(before: &str, settings: &Map<String, Value>, flat: &mut BTreeMap<String, Value>) {
    for (name, value) in settings {
        match value {
            Value::Object(inner) => flatten(&format!("{before}{name}."), inner, flat),
            other => drop(flat.insert(format!("{before}{name}"), other.clone())),
        }
    }
}

fn text(report: &Report) -> String {
    let runs = &report.runs;
    let mut table = Table::with_columns(std::iter::once("training".to_owned()).chain(runs.iter().map(|run| run.id.to_string())).collect());
    let mut row = |title: &str, of: &dyn Fn(&Run) -> String| {
        table.push(std::iter::once(title.to_owned()).chain(runs.iter().map(of)).collect());
    };
    let number = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    row("kind", &|run| format!("{}, {}", run.kind, run.task));
    row("state", &|run| run.state.to_string());
    row("data", &|run| run.data.clone());
    row("weights", &|run| run.weights.clone());
    row("device", &|run| run.device.clone());
    row("steps", &progress);
    row("result", &result);
    row("after step", &|run| run.best_step.map_or_else(|| "–".to_owned(), |step| step.to_string()));
    row("loss", &|run| number(run.loss));
    row("steps/s", &|run| number(run.steps_per_s));
    row("peak MiB", &|run| run.peak_memory.map_or_else(|| "–".to_owned(), |bytes| (bytes >> 20).to_string()));
    row("time", &|run| seconds(run.seconds));
    for (name, values) in &report.differing_settings {
        let shown = values.iter().map(|value| if value.is_null() { "as usual".to_owned() } else { value.to_string() });
        table.push(std::iter::once(name.clone()).chain(shown).collect());
    }
    table.to_string()
}
