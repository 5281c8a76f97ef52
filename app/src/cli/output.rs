//! Answers: JSON or text on standard output, one sentence on standard error.

use std::io::{ErrorKind, Write};

use serde::Serialize;

use super::Failure;

/// What a subcommand found: the same as JSON and as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    json: String,
    text: String,
}

impl Answer {
    /// An answer whose JSON is `report` on one line, and whose text is for people.
    ///
    /// # Errors
    /// If the report cannot be written as JSON; none here does that.
    pub fn new(report: &impl Serialize, text: impl Into<String>) -> Result<Self, Failure> {
        Ok(Self { json: serde_json::to_string(report)?, text: text.into() })
    }

    /// Writes one of both, ending with a line break. A reader that has gone away (`medley info … | head -1`) is no error.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, is_json: bool, out: &mut dyn Write) -> Result<(), Failure> {
        let chosen = if is_json { &self.json } else { &self.text };
        match writeln!(out, "{}", chosen.trim_end()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(format!("the answer could not be written: {error}"))),
            _ => Ok(()),
        }
    }
}

/// Says why something was not done: one line.
pub fn say(err: &mut dyn Write, sentence: &str) {
    // Nobody is left to be told if standard error is closed.
    let _ = writeln!(err, "medley: {sentence}");
}

/// The same on this process's standard error.
pub fn fail(sentence: &str) {
    say(&mut std::io::stderr(), sentence);
}

/// Rows of text under a head, columns aligned; all but the first to the right.
#[derive(Debug, Clone)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column titles.
    #[must_use]
    pub fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned).to_vec()] }
    }

    /// A table with as many columns as there are titles.
    #[must_use]
    pub fn with_columns(head: Vec<String>) -> Self {
        Self { rows: vec![head] }
    }

    /// Adds a row of any number of cells.
    pub fn push(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds a row.
    pub fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let gap = widths[column] - cell.chars().count();
                if column == 0 {
                    line.push_str(cell);
                    line.push_str(&" ".repeat(gap));
                } else {
                    line.push_str(&" ".repeat(gap + 2));
                    line.push_str(cell);
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// A score as people read it; a dash where there is none.
#[must_use]
pub fn score(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let mut table = Table::new(["label", "Dice"]);
        table.row(["inferior vena cava".to_owned(), score(Some(0.5))]);
        table.row(["é".to_owned(), score(None)]);
        let lines: Vec<String> = table.to_string().lines().map(str::to_owned).collect();
        assert_eq!(lines, vec!["label                Dice", "inferior vena cava  0.500", "é                       –"]);
    }

    #[test]
    fn a_reader_that_went_away_is_no_error_and_a_full_disk_is() {
        struct Closed(ErrorKind);
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(self.0.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let answer = Answer::new(&[1, 2], "one, two").expect("JSON");
        assert!(answer.write(true, &mut Closed(ErrorKind::BrokenPipe)).is_ok());
        assert!(answer.write(true, &mut Closed(ErrorKind::StorageFull)).is_err());
        let mut written = Vec::new();
        answer.write(true, &mut written).expect("memory");
        assert_eq!(written, b"[1,2]\n");
    }
}
