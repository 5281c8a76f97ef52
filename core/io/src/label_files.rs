//! Label tables of other programs: ITK-SNAP's label descriptions (`.txt`, `.label`) and 3D Slicer's colour tables (`.ctbl`).
//!
//! Both are text with a label per line and `#` before comments. Neither knows locked labels.

use std::fmt::Write as _;
use std::io::Read;
use std::path::Path;

use medley_volume::{Label, LabelTable};

use crate::source::open_file;
use crate::{IoError, write_atomically};

/// A label table of 65536 long names is smaller than this.
const LARGEST_FILE: u64 = 16 << 20;

/// Whose label table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelFormat {
    /// `value red green blue opacity visible mesh "name"`.
    ItkSnap,
    /// `value name red green blue opacity`; names have underscores where words are joined.
    Slicer,
}

impl LabelFormat {
    /// The format a file name stands for: Slicer's if it ends in `.ctbl`, else ITK-SNAP's.
    #[must_use]
    pub fn of_name(path: &Path) -> Self {
        let is_slicer = path.extension().is_some_and(|end| end.eq_ignore_ascii_case("ctbl"));
        if is_slicer { Self::Slicer } else { Self::ItkSnap }
    }

    /// The format a line is in, by where its name is.
    fn of_line(line: &str) -> Self {
        if line.ends_with('"') && line.split_whitespace().take(7).all(|field| field.parse::<f64>().is_ok()) {
            return Self::ItkSnap;
        }
        Self::Slicer
    }
}

/// Reads a label table of either format, told by its contents. Background (0) is left out.
///
/// # Errors
/// If there is no such file, or a line is not a label; the sentence has the line's number.
pub fn read(path: &Path) -> Result<LabelTable, IoError> {
    let (file, _) = open_file(path)?;
    let name = path.display().to_string();
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| IoError::reading(path, error))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(IoError::too_large(&name, "is far larger than any label table", "choose a label table"));
    }
    from_text(&name, &String::from_utf8_lossy(&bytes))
}

/// Writes a label table in the format its name stands for ([`LabelFormat::of_name`]).
///
/// # Errors
/// [`IoError::Unwritable`] if the system refuses.
pub fn write(path: &Path, table: &LabelTable) -> Result<(), IoError> {
    let text = to_text(table, LabelFormat::of_name(path));
    write_atomically(path, |out| out.write_all(text.as_bytes()))
}

/// Reads a label table of either format from text. Errors call it `name`.
///
/// # Errors
/// As [`read`].
pub fn from_text(name: &str, text: &str) -> Result<LabelTable, IoError> {
    let mut table = LabelTable::default();
    let mut format = None;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let label = match format.get_or_insert_with(|| LabelFormat::of_line(line)) {
            LabelFormat::ItkSnap => itk_snap_label(line),
            LabelFormat::Slicer => slicer_label(line),
        };
        let fault = match label {
            Ok(label) if table.get(label.value).is_some() => format!("label {} is there twice", label.value),
            Ok(label) => {
                table.insert(label);
                continue;
            }
            Err(fault) => fault,
        };
        return Err(IoError::Line { file: name.to_owned(), line: number + 1, fault });
    }
    Ok(table)
}

/// A label table as text. In ITK-SNAP's format a name's double quotes become single ones; in Slicer's, its spaces underscores.
#[must_use]
pub fn to_text(table: &LabelTable, format: LabelFormat) -> String {
    let mut text = String::new();
    match format {
        LabelFormat::ItkSnap => {
            text.push_str("# ITK-SNAP label description file, written by Medley\n# value red green blue opacity visible mesh \"name\"\n");
            text.push_str("    0     0    0    0        0  0  0    \"Clear Label\"\n");
        }
        LabelFormat::Slicer => {
            let _ = writeln!(text, "# Color table file, written by Medley\n# {} values", table.labels().len() + 1);
            text.push_str("0 background 0 0 0 0\n");
        }
    }
    for Label { value, name, color: [r, g, b], is_visible, .. } in table.labels() {
        let words = name.split_whitespace();
        let _ = match format {
            LabelFormat::ItkSnap => {
                let name = words.collect::<Vec<_>>().join(" ").replace('"', "'");
                let seen = u8::from(*is_visible);
                writeln!(text, "{value:5} {r:5} {g:4} {b:4}        1  {seen}  {seen}    \"{name}\"")
            }
            LabelFormat::Slicer => {
                let name = words.collect::<Vec<_>>().join("_");
                let name = if name.is_empty() { format!("label_{value}") } else { name };
                let opacity = if *is_visible { 255 } else { 0 };
                writeln!(text, "{value} {name} {r} {g} {b} {opacity}")
            }
        };
    }
    text
}

fn itk_snap_label(line: &str) -> Result<Label, String> {
    let quotes = line.find('"').zip(line.rfind('"'));
    let (first, last) = quotes.filter(|(first, last)| first < last).ok_or("the name is not between double quotes")?;
    let (numbers, name) = (line.get(..first).unwrap_or_default(), line.get(first + 1..last).unwrap_or_default());
    let fields: Vec<&str> = numbers.split_whitespace().collect();
    let [value, r, g, b, _opacity, visible, _mesh] = fields.as_slice() else {
        return Err(format!("7 numbers are expected before the name, and {} are there", fields.len()));
    };
    let is_visible = *visible != "0";
    Ok(Label { value: label_value(value)?, name: name.to_owned(), color: color([r, g, b])?, is_visible, is_locked: false })
}

fn slicer_label(line: &str) -> Result<Label, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (Some((value, rest)), true) = (fields.split_first(), fields.len() >= 6) else {
        return Err("a value, a name, three colours and an opacity are expected".to_owned());
    };
    let (name, numbers) = rest.split_at(rest.len() - 4);
    let [r, g, b, opacity] = numbers else { return Err("three colours and an opacity are expected at the end".to_owned()) };
    let name = name.join(" ");
    let unquoted = ['"', '\''].iter().find_map(|&quote| name.strip_prefix(quote)?.strip_suffix(quote));
    let is_visible = opacity.parse::<f64>().map_err(|_| format!("“{opacity}” is no opacity"))? > 0.0;
    let name = unquoted.unwrap_or(&name).to_owned();
    Ok(Label { value: label_value(value)?, name, color: color([r, g, b])?, is_visible, is_locked: false })
}

fn label_value(field: &str) -> Result<u16, String> {
    field.parse().map_err(|_| format!("“{field}” is no label value from 0 to 65535"))
}

fn color(fields: [&&str; 3]) -> Result<[u8; 3], String> {
    let mut color = [0; 3];
    for (part, field) in color.iter_mut().zip(fields) {
        match field.parse::<f64>() {
            Ok(value) if (0.0..=255.0).contains(&value) => *part = value.round() as u8,
            _ => return Err(format!("“{field}” is no colour from 0 to 255")),
        }
    }
    Ok(color)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> LabelTable {
        let mut table = LabelTable::from_names([(1, "left kidney"), (7, "vena \"cava\" inferior"), (300, "Leber #2")]);
        table.labels_mut()[1].is_visible = false;
        table.labels_mut()[2].color = [1, 2, 255];
        table
    }

    fn names(table: &LabelTable) -> Vec<&str> {
        table.labels().iter().map(|label| label.name.as_str()).collect()
    }

    #[test]
    fn a_table_survives_both_formats_but_for_what_they_cannot_say() {
        for format in [LabelFormat::ItkSnap, LabelFormat::Slicer] {
            let back = from_text("table", &to_text(&table(), format)).expect("reads");
            let plain = |table: &LabelTable| table.labels().iter().map(|l| (l.value, l.color, l.is_visible)).collect::<Vec<_>>();
            assert_eq!(plain(&back), plain(&table()), "{format:?}");
            match format {
                LabelFormat::ItkSnap => assert_eq!(names(&back), ["left kidney", "vena 'cava' inferior", "Leber #2"]),
                LabelFormat::Slicer => assert_eq!(names(&back), ["left_kidney", "vena_\"cava\"_inferior", "Leber_#2"]),
            }
        }
    }

    #[test]
    fn what_others_write_is_read() {
        let snap = "################\n# ITK-SnAP Label Description File\n\r\n    0     0    0    0        0  0  0    \"Clear Label\"\r\n\
                    \t1   255    0    0        0.5  1  1    \"the \"big\" one\"\n";
        let table = from_text("a", snap).expect("reads");
        assert_eq!(names(&table), ["the \"big\" one"]);
        assert_eq!(table.labels()[0].color, [255, 0, 0]);
        let slicer = "\u{feff}# Color table file\n0 Background 0 0 0 0\n2 'grey_matter' 127.5 174 128 255\n5 two words 1 2 3 0\n";
        let table = from_text("b", slicer).expect("reads");
        assert_eq!(names(&table), ["grey_matter", "two words"]);
        assert_eq!((table.labels()[0].color, table.labels()[1].is_visible), ([128, 174, 128], false));
    }

    #[test]
    fn a_wrong_line_is_named_by_its_number() {
        let wrong = [
            ("# x\n1 1 1 1 1 1 1 \"a\"\n1 2 3 \"b\"", "line 3", "7 numbers"),
            ("1 1 1 1 1 1 1 \"a\"\n\n2 1 1 1 1 1 1 b", "line 3", "double quotes"),
            ("1 1 1 1 1 1 1 \"a\"\n1 1 1 1 1 1 1 \"b\"", "line 2", "twice"),
            ("70000 name 1 2 3 255", "line 1", "65535"),
            ("1 name 1 2 256 255", "line 1", "no colour"),
            ("1 name 1 2 3 x", "line 1", "no opacity"),
            ("hello", "line 1", "expected"),
            ("1 1 1 1 1 1 1 \"", "line 1", "double quotes"),
        ];
        for (text, line, fault) in wrong {
            let error = from_text("labels.txt", text).expect_err(text).to_string();
            assert!(error.starts_with("labels.txt, ") && error.contains(line) && error.contains(fault), "{error}");
        }
    }

    #[test]
    fn the_name_of_a_file_chooses_the_format_written() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, mark) in [("t.ctbl", "1 left_kidney"), ("t.txt", "\"left kidney\"")] {
            let path = folder.path().join(name);
            write(&path, &table()).expect("writes");
            assert!(std::fs::read_to_string(&path).expect("there").contains(mark));
            assert_eq!(read(&path).expect("reads").labels().len(), 3);
        }
        assert!(read(&folder.path().join("none")).expect_err("missing").to_string().contains("does not exist"));
    }
}
