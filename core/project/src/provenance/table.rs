use std::fmt::Write;

use medley_annotate::Author;
use medley_volume::LabelTable;

use super::{CaseProvenance, Source, iso_time};

const HEAD: &str = "row,case,at,who,reviewer,tool,label,name,voxels,millilitres,is_in_mask,status";

/// Provenance as a table (RFC 4180, UTF-8), one kind of row in the column `row`: `case` (its status now), `status` (each status it
/// was given), `edit` (who changed how many voxels, with what, when) and `origin` (how many voxels of a label come from whom).
#[must_use]
pub fn csv(cases: &[CaseProvenance], labels: &LabelTable) -> String {
    let mut text = format!("{HEAD}\r\n");
    for case in cases {
        let mut line = |row: &str, cells: [&str; 10]| {
            let _ = write!(text, "{row},{}", quoted(&case.case));
            cells.iter().for_each(|cell| text.extend([",", &quoted(cell)]));
            text.push_str("\r\n");
        };
        let reviewer = case.reviewer.as_deref().unwrap_or_default();
        let at = case.status_at_ms.map(iso_time).unwrap_or_default();
        let labelled = case.labelled_voxels().to_string();
        line("case", [&at, "", reviewer, "", "", "", &labelled, "", "", case.status.word()]);
        for change in &case.status_log {
            let reviewer = change.reviewer.as_deref().unwrap_or_default();
            line("status", [&iso_time(change.at_ms), "person", reviewer, "", "", "", "", "", "", change.status.word()]);
        }
        for edit in &case.edits {
            let (tool, is_in_mask) = (format!("{:?}", edit.tool), if edit.is_in_mask { "yes" } else { "no" });
            let who = match &edit.author {
                Author::Person => "person",
                Author::Model(model) => model,
            };
            let (at, voxels, reviewer) = (iso_time(edit.at_ms), edit.changed.to_string(), edit.reviewer.as_deref().unwrap_or_default());
            line("edit", [&at, who, reviewer, &tool, "", "", &voxels, "", is_in_mask, ""]);
        }
        for origin in &case.origins {
            let who = match &origin.source {
                None => "nobody",
                Some(Source::Person) => "person",
                Some(Source::Imported) => "file",
                Some(Source::Model(model)) => model,
            };
            let name = labels.get(origin.label).map(|label| label.name.as_str()).unwrap_or_default();
            let (label, voxels, millilitres) = (origin.label.to_string(), origin.voxels.to_string(), format!("{:.4}", origin.millilitres));
            line("origin", ["", who, "", "", &label, name, &voxels, &millilitres, "", ""]);
        }
    }
    text
}

/// A cell, in quotes where a reader would take it apart. What a spreadsheet would take for a formula gets a quote in front of it.
fn quoted(cell: &str) -> String {
    let cell = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

#[cfg(test)]
mod tests {
    use medley_annotate::Tool;

    use super::super::{CaseStatus, OriginCount, StatusChange};
    use super::*;
    use crate::{EditId, EditInfo};

    #[test]
    fn every_row_has_every_column_and_odd_names_stay_whole() {
        let author = Author::Model("spleen, \"v2\"".to_owned());
        let edit = EditInfo {
            id: EditId(1),
            author,
            reviewer: Some("MK".to_owned()),
            tool: Tool::Proposal,
            at_ms: 0,
            changed: 9,
            is_in_mask: true,
        };
        let case = CaseProvenance {
            case: "=1+2".to_owned(),
            status: CaseStatus::Approved,
            reviewer: Some("MK".to_owned()),
            status_at_ms: Some(1000),
            status_log: vec![StatusChange { status: CaseStatus::Approved, after: Some(EditId(1)), reviewer: None, at_ms: 1000 }],
            edits: vec![edit],
            origins: vec![OriginCount { source: Some(Source::Person), label: 1, voxels: 9, millilitres: 0.009 }],
            unreadable: 0,
        };
        let labels = LabelTable::from_names([(1, "liver")]);
        let expected = [
            HEAD,
            "case,'=1+2,1970-01-01T00:00:01Z,,MK,,,,9,,,approved",
            "status,'=1+2,1970-01-01T00:00:01Z,person,,,,,,,,approved",
            "edit,'=1+2,1970-01-01T00:00:00Z,\"spleen, \"\"v2\"\"\",MK,Proposal,,,9,,yes,",
            "origin,'=1+2,,person,,,1,liver,9,0.0090,,",
            "",
        ];
        assert_eq!(csv(&[case], &labels), expected.join("\r\n"));
    }
}
