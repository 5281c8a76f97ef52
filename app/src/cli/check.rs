use std::path::PathBuf;

use medley_project::dataset::{DataSet, SetReport, Severity};
use serde::Serialize;

use super::progress::Progress;
use super::set_options::SetOptions;
use super::{Answer, Failure, Table};

/// Opens every case of a data set and says what does not fit
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A dataset.json, an `img_list`, a folder of scans and masks, a BIDS folder, or a study
    dataset: PathBuf,
    #[command(flatten)]
    set: SetOptions,
}

#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    report: &'a SetReport,
    usable: usize,
    warnings: &'a [String],
}

/// `medley check DATASET`. Problems are its answer, not a failure.
///
/// # Errors
/// If there is no data set.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let set = DataSet::open_with(&arguments.dataset, &arguments.set.options(true))?;
    let progress = Progress::new("checking");
    let report = set.check(&|_, _| true)?;
    drop(progress);
    let usable = report.usable().len();
    let mut text = format!("“{}”: {usable} of {} cases can be used\n", report.name, report.cases.len());
    let mut table = Table::new(["case", "role", "voxels", "mm", "labels", "usable"]);
    for case in &report.cases {
        let dash = || "–".to_owned();
        table.row([
            case.name.clone(),
            super::cases::role_name(case.role).to_owned(),
            case.shape.map_or_else(dash, |shape| shape.map(|n| n.to_string()).join("×")),
            case.spacing_mm.map_or_else(dash, |spacing| spacing.map(|mm| format!("{mm:.2}")).join("×")),
            case.labels.as_ref().map_or_else(dash, |labels| labels.len().to_string()),
            if case.is_usable { "yes" } else { "no" }.to_owned(),
        ]);
    }
    text.push_str(&table.to_string());
    for problem in &report.problems {
        let severity = if problem.severity == Severity::Error { "error" } else { "warning" };
        text.push_str(&format!("{severity}: {}\n", problem.what));
    }
    set.notices.iter().for_each(|notice| text.push_str(&format!("note: {notice}\n")));
    Answer::new(&Report { report: &report, usable, warnings: &set.notices }, text)
}
