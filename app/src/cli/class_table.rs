//! Tables that say of which class each scan is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use medley_learn::classify::Answers;

use super::Failure;

/// What is known of scans: rows of a CSV file.
///
/// The first line names the columns: `case`, then either `class` (each scan is of one class, in words) or a column per label with
/// `1` (it applies), `0` (it does not) or nothing (unknown). A column `patient` may say whose scan it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassTable {
    /// Whether classes exclude each other.
    pub answers: Answers,
    /// The classes: in alphabetical order, or the label columns as they stand.
    pub classes: Vec<String>,
    /// The rows by the name of their case.
    pub rows: BTreeMap<String, Row>,
}

/// What is known of one scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Whose scan it is; the case's name unless the table says more.
    pub patient: String,
    /// For each class whether it applies; `None` where that is unknown.
    pub answers: Vec<Option<bool>>,
}

impl ClassTable {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read or is no such table; the sentence names the line.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| Failure::new(format!("{shown} cannot be read: {error}")))?;
        Self::parse(&text).map_err(|why| Failure::new(format!("{shown} is no table of classes: {why}")))
    }

    /// Of scans that are each of one class: name and class.
    #[must_use]
    pub fn one_of(named: impl IntoIterator<Item = (String, String)>) -> Self {
        let named: Vec<(String, String)> = named.into_iter().collect();
        let classes: BTreeSet<&String> = named.iter().map(|(_, class)| class).collect();
        let classes: Vec<String> = classes.into_iter().cloned().collect();
        let row = |(name, class): (String, String)| {
            let answers = classes.iter().map(|other| Some(*other == class)).collect();
            (name.clone(), Row { patient: name, answers })
        };
        Self { answers: Answers::OneOf, rows: named.into_iter().map(row).collect(), classes }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, head) = lines.next().ok_or("it is empty")?;
        let head = cells(head).map_err(|why| format!("line 1 {why}"))?;
        let column = |name: &str| head.iter().position(|cell| cell.eq_ignore_ascii_case(name));
        let case = column("case").ok_or("its first line names no column `case`")?;
        let (patient, class) = (column("patient"), column("class"));
        let labels: Vec<usize> = (0..head.len()).filter(|at| *at != case && Some(*at) != patient && Some(*at) != class).collect();
        if class.is_none() && labels.is_empty() {
            return Err("beside `case` it has neither a column `class` nor columns of labels".to_owned());
        }
        let (mut classes_of, mut rows) = (Vec::new(), BTreeMap::new());
        for (number, line) in lines {
            let at_line = |why: &str| format!("line {} {why}", number + 1);
            let cells = cells(line).map_err(at_line)?;
            if cells.len() != head.len() {
                return Err(at_line(&format!("has {} cells where the first line names {}", cells.len(), head.len())));
            }
            let name = cells[case].clone();
            if name.is_empty() {
                return Err(at_line("names no case"));
            }
            let patient = patient.map(|at| cells[at].clone()).filter(|patient| !patient.is_empty()).unwrap_or_else(|| name.clone());
            let answers = match class {
                Some(class) => {
                    if cells[class].is_empty() {
                        continue;
                    }
                    classes_of.push((name.clone(), cells[class].clone()));
                    Vec::new()
                }
                None => labels.iter().map(|&at| answer(&cells[at])).collect::<Result<_, _>>().map_err(|why: String| at_line(&why))?,
            };
            if rows.insert(name.clone(), Row { patient, answers }).is_some() {
                return Err(at_line(&format!("names the case “{name}” again")));
            }
        }
        if class.is_none() {
            let classes = labels.iter().map(|&at| head[at].clone()).collect();
            return Ok(Self { answers: Answers::AnyOf, classes, rows });
        }
        let mut table = Self::one_of(classes_of);
        for (name, row) in &mut table.rows {
            if let Some(read) = rows.remove(name) {
                row.patient = read.patient;
            }
        }
        Ok(table)
    }
}

fn answer(cell: &str) -> Result<Option<bool>, String> {
    match cell {
        "" => Ok(None),
        "1" => Ok(Some(true)),
        "0" => Ok(Some(false)),
        other => Err(format!("holds “{other}” where 1, 0 or nothing should be")),
    }
}

/// The cells of a line: between commas, spaces around them off; in quotes commas do not count, and a doubled quote is one.
fn cells(line: &str) -> Result<Vec<String>, &'static str> {
    let (mut cells, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => cells.push(std::mem::take(&mut cell).trim().to_owned()),
            other => cell.push(other),
        }
    }
    if is_quoted {
        return Err("has a quote that does not end");
    }
    cells.push(cell.trim().to_owned());
    Ok(cells)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_class_in_words_with_patients_and_quotes() {
        let table = ClassTable::parse("case, patient,class\r\na.nii.gz,P1,benign\n\"b, second\",,\"malignant \"\"G3\"\"\"\nc,P1,\n")
            .expect("a table");
        assert_eq!(table.answers, Answers::OneOf);
        assert_eq!(table.classes, ["benign", "malignant \"G3\""]);
        assert_eq!(table.rows["a.nii.gz"], Row { patient: "P1".to_owned(), answers: vec![Some(true), Some(false)] });
        assert_eq!(table.rows["b, second"], Row { patient: "b, second".to_owned(), answers: vec![Some(false), Some(true)] });
        assert_eq!(table.rows.len(), 2, "c has no class");
    }

    #[test]
    fn labels_are_columns_and_an_empty_cell_is_unknown() {
        let table = ClassTable::parse("case,effusion,nodule\na,1,\nb,0,1\n").expect("a table");
        assert_eq!((table.answers, table.classes), (Answers::AnyOf, vec!["effusion".to_owned(), "nodule".to_owned()]));
        assert_eq!(table.rows["a"].answers, [Some(true), None]);
        assert_eq!(table.rows["b"].answers, [Some(false), Some(true)]);
    }

    #[test]
    fn what_is_no_table_is_refused_with_its_line() {
        let refusals = [
            ("", "empty"),
            ("image,class\na,b\n", "`case`"),
            ("case,patient\na,b\n", "neither"),
            ("case,class\na\n", "line 2"),
            ("case,x\na,2\n", "line 2"),
            ("case,x\na,1\na,0\n", "line 3"),
            ("case,x\n\"a,1\n", "line 2"),
        ];
        for (text, wanted) in refusals {
            let refusal = ClassTable::parse(text).expect_err(text);
            assert!(refusal.contains(wanted), "{text}: {refusal}");
        }
    }
}
