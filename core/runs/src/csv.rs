//! Rows and curves for spreadsheets: comma-separated, quoted as RFC 4180 says, one line of titles.

use crate::{Point, Run};

/// A table of trainings.
#[must_use]
pub fn of_runs(runs: &[Run]) -> String {
    let titles = [
        "id",
        "begun_ms",
        "changed_ms",
        "kind",
        "task",
        "state",
        "data",
        "device",
        "steps",
        "steps_done",
        "loss",
        "rate",
        "steps_per_s",
        "voxels_per_s",
        "peak_memory",
        "seconds",
        "training_cases",
        "validation_cases",
        "measure",
        "score",
        "best_step",
        "output",
        "weights",
        "parent",
        "model",
        "message",
        "program",
        "settings",
    ];
    let mut text = line(titles.map(str::to_owned));
    for run in runs {
        text.push_str(&line([
            run.id.to_string(),
            run.begun_ms.to_string(),
            run.changed_ms.to_string(),
            run.kind.clone(),
            run.task.clone(),
            run.state.to_string(),
            run.data.clone(),
            run.device.clone(),
            run.steps.to_string(),
            run.steps_done.to_string(),
            said(run.loss),
            said(run.rate),
            said(run.steps_per_s),
            said(run.voxels_per_s),
            said(run.peak_memory),
            said(run.seconds),
            said(run.training_cases),
            said(run.validation_cases),
            said(run.measure.clone()),
            said(run.score),
            said(run.best_step),
            run.output.clone(),
            run.weights.clone(),
            said(run.parent.clone()),
            said(run.model.clone()),
            said(run.message.clone()),
            run.program.clone(),
            run.settings.clone(),
        ]));
    }
    text
}

/// The curves of trainings, a line a point.
#[must_use]
pub fn of_points<'a>(runs: impl IntoIterator<Item = (i64, &'a [Point])>) -> String {
    let mut text = line(["id", "name", "step", "ms", "value"].map(str::to_owned));
    for (id, points) in runs {
        for Point { name, step, ms, value } in points {
            text.push_str(&line([id.to_string(), name.clone(), step.to_string(), ms.to_string(), value.to_string()]));
        }
    }
    text
}

fn said(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn line<const N: usize>(cells: [String; N]) -> String {
    let quoted = cells.map(|cell| {
        // A spreadsheet takes what begins so for a formula; numbers below zero are numbers.
        let is_formula = cell.starts_with(['=', '+', '@']) || (cell.starts_with('-') && cell.parse::<f64>().is_err());
        let cell = if is_formula { format!("'{cell}") } else { cell };
        if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
    });
    format!("{}\r\n", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_disarmed() {
        let cells = ["plain", "a, b", "say \"aah\"", "two\nlines", "=1+1", "-3.5", "-x"].map(str::to_owned);
        assert_eq!(line(cells), "plain,\"a, b\",\"say \"\"aah\"\"\",\"two\nlines\",'=1+1,-3.5,'-x\r\n");
    }
}
