use std::path::PathBuf;

use medley_annotate::Author;
use medley_project::provenance::{CaseProvenance, csv, iso_time};
use medley_project::{CaseInfo, Study};
use serde::Serialize;

use super::file_names::require_writable;
use super::{Answer, Failure, Table};
use crate::texts::provenance::source;

/// Tells who changed which masks of a study, with what, when; how far each case is; and what models made that nobody touched
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A study's folder; it may be open in a window
    study: PathBuf,
    /// Only the case of this name
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Write everything as a table of comma-separated values
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Replace FILE if it is there already
    #[arg(long, requires = "csv")]
    force: bool,
}

#[derive(Serialize)]
struct Report {
    study: String,
    cases: Vec<CaseReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csv: Option<String>,
}

#[derive(Serialize)]
struct CaseReport {
    #[serde(flatten)]
    provenance: CaseProvenance,
    labelled_voxels: usize,
    untouched_model_voxels: usize,
}

/// `medley provenance STUDY [--case NAME] [--csv FILE]`.
///
/// # Errors
/// If there is no such study or case, or the table cannot be written.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let study = Study::open_even_read_only(&arguments.study)?;
    let chosen = chosen(&study, arguments.case.as_deref())?;
    let told = chosen.iter().map(|case| study.provenance(case.id)).collect::<Result<Vec<CaseProvenance>, _>>()?;
    if let Some(path) = &arguments.csv {
        let images: Vec<&std::path::Path> = chosen.iter().map(|case| case.image.as_path()).collect();
        require_writable(path, &images, arguments.force)?;
        let table = csv(&told, &study.label_table()?);
        medley_io::write_atomically(path, |out| out.write_all(table.as_bytes()))?;
    }
    let text = text(arguments, &study, &told)?;
    let csv = arguments.csv.as_ref().map(|path| path.display().to_string());
    Answer::new(&Report { study: name(&study), cases: told.into_iter().map(CaseReport::of).collect(), csv }, text)
}

impl CaseReport {
    fn of(provenance: CaseProvenance) -> Self {
        let (labelled_voxels, untouched_model_voxels) = (provenance.labelled_voxels(), provenance.untouched_model_voxels());
        Self { provenance, labelled_voxels, untouched_model_voxels }
    }
}

fn name(study: &Study) -> String {
    study.folder().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn chosen(study: &Study, wanted: Option<&str>) -> Result<Vec<CaseInfo>, Failure> {
    let mut cases = study.cases()?;
    let Some(wanted) = wanted else { return Ok(cases) };
    let names = cases.iter().map(|case| case.name.as_str()).collect::<Vec<_>>().join(", ");
    let missing = Failure::new(format!("the study {} has no case “{wanted}”; it has: {names}", study.folder().display()));
    cases.retain(|case| case.name == wanted);
    if cases.is_empty() { Err(missing) } else { Ok(cases) }
}

/// A line for each case; all about one if one was asked for.
fn text(arguments: &Arguments, study: &Study, told: &[CaseProvenance]) -> Result<String, Failure> {
    let mut table = Table::new(["case", "status", "reviewer", "by hand", "by models", "labelled", "untouched"]);
    for case in told {
        let (persons, models) = case.edits_in_mask();
        table.row([
            case.case.clone(),
            case.status.word().to_owned(),
            case.reviewer.clone().unwrap_or_else(|| "–".to_owned()),
            persons.to_string(),
            models.to_string(),
            case.labelled_voxels().to_string(),
            case.untouched_model_voxels().to_string(),
        ]);
    }
    let mut text = table.to_string();
    if arguments.case.is_some() {
        for case in told {
            text.push_str(&details(study, case)?);
        }
    }
    for case in told.iter().filter(|case| case.unreadable > 0) {
        text.push_str(&format!("note: {} changes of {} are damaged and not counted\n", case.unreadable, case.case));
    }
    if let Some(path) = &arguments.csv {
        text.push_str(&format!("written to {}\n", path.display()));
    }
    Ok(text)
}

fn details(study: &Study, case: &CaseProvenance) -> Result<String, Failure> {
    let labels = study.label_table()?;
    let mut origins = Table::new(["from", "label", "voxels", "mL"]);
    for count in case.origins.iter().filter(|count| count.label != 0) {
        let label = labels.get(count.label).map_or_else(|| count.label.to_string(), |label| label.name.clone());
        let from = source(count.source.as_ref());
        origins.row([from, label, count.voxels.to_string(), format!("{:.3}", count.millilitres)]);
    }
    let mut edits = Table::new(["when", "who", "with", "voxels", "in the mask"]);
    for edit in &case.edits {
        let who = match &edit.author {
            Author::Person => edit.reviewer.clone().unwrap_or_else(|| "a person".to_owned()),
            Author::Model(model) => model.clone(),
        };
        let is_in_mask = if edit.is_in_mask { "yes" } else { "no" };
        edits.row([iso_time(edit.at_ms), who, edit.tool.title().to_owned(), edit.changed.to_string(), is_in_mask.to_owned()]);
    }
    Ok(format!("\n{origins}\n{edits}"))
}
