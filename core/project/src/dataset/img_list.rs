//! The text list of the reference and of many who followed it: a scan and its mask on each line, or a scan alone, as paths below a
//! folder that the list does not name.

use std::path::{Path, PathBuf};

use medley_volume::LabelTable;

use super::json::{self, name_of_folder, plain};
use super::place::{Places, name_cases, warn_of_leaks};
use super::words;
use super::{DataSet, DataSetCase, Options};
use crate::{ProjectError, Role};

/// Whether a file that is to be a list is this one and not JSON. A file called `.json` never is.
pub(super) fn is_likely(path: &Path) -> Result<bool, ProjectError> {
    if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        return Ok(false);
    }
    let fail = |what: &str| ProjectError::DataSet { path: path.to_owned(), what: what.to_owned() };
    if path.file_name().and_then(|name| name.to_str()).and_then(words::ending).is_some() {
        return Err(fail("is a single scan or mask, not a list of cases; open it by itself, or choose the folder of the set"));
    }
    let bytes = json::bytes(path)?;
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first.is_some_and(|byte| matches!(byte, b'{' | b'[')) {
        return Ok(false);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.contains('\0') => Ok(true),
        _ => Err(fail("is not a list of cases: it is not text; choose a dataset.json, an img_list or a folder")),
    }
}

pub(super) fn read(path: &Path, options: &Options) -> Result<DataSet, ProjectError> {
    let fail = |what: String| ProjectError::DataSet { path: path.to_owned(), what };
    let bytes = json::bytes(path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| fail("is not text in UTF-8; save it as such".to_owned()))?;
    let mut entries = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        entries.push(columns(line).map_err(|why| fail(format!("line {}: {why}; mend the line", number + 1)))?);
    }
    if entries.is_empty() {
        return Err(fail("lists no cases; each line must hold a scan and its mask, or a scan alone".to_owned()));
    }
    let mut notices = Vec::new();
    let root = root(path, options, &entries, &mut notices)?;
    let mut places = Places::default();
    let mut cases = Vec::new();
    for (image, label) in entries {
        let image = places.resolve(&root, image);
        let label = label.map(|label| places.resolve(&root, label));
        let role = if label.is_some() { Role::Training } else { Role::Unassigned };
        places.require_scan(&image);
        label.iter().for_each(|label| places.require(label));
        cases.push(DataSetCase::listed(image, label, role));
    }
    places.finish(path, options, &mut notices)?;
    name_cases(&mut cases);
    warn_of_leaks(&cases, &mut notices);
    notices.push(format!("{} names no labels; they are numbered.", path.display()));
    let stem = path.file_stem().map(|stem| plain(&stem.to_string_lossy())).unwrap_or_default();
    let name = if stem.is_empty() { name_of_folder(&root) } else { stem };
    Ok(DataSet { name, label_table: LabelTable::default(), cases, notices, quantity: None, study: None })
}

/// Where the paths start.
fn root(path: &Path, options: &Options, entries: &[(&str, Option<&str>)], notices: &mut Vec<String>) -> Result<PathBuf, ProjectError> {
    if let Some(root) = &options.data_root {
        if !root.is_dir() {
            let what = "is no folder; choose the one where the paths of the list start".to_owned();
            return Err(ProjectError::DataSet { path: root.clone(), what });
        }
        return Ok(root.clone());
    }
    let own = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_there = |folder: &Path| entries.iter().any(|(image, _)| folder.join(image).exists());
    let above = std::path::absolute(own).ok().and_then(|own| own.parent().map(Path::to_owned));
    match above {
        Some(above) if !is_there(own) && is_there(&above) => {
            let (list, above_shown) = (path.display(), above.display());
            notices.push(format!("The files that {list} names are not in its own folder; they are taken from {above_shown}."));
            Ok(above)
        }
        _ => Ok(own.to_owned()),
    }
}

/// Whether a text ends as the name of a scan does. Folders of DICOM files have no such end: they need a tab.
fn is_scan(text: &str) -> bool {
    // Only the end is looked at: a line may be long.
    let ends = |end: &str| text.len() > end.len() && text.as_bytes()[text.len() - end.len()..].eq_ignore_ascii_case(end.as_bytes());
    words::ending(text).is_some() || [".dcm", ".ima", ".zip"].into_iter().any(ends)
}

/// A line's scan and mask. Columns are parted by a tab, or by blanks where that can be meant in one way only.
fn columns(line: &str) -> Result<(&str, Option<&str>), String> {
    if line.contains('\t') {
        let columns: Vec<&str> = line.split('\t').map(str::trim).filter(|column| !column.is_empty()).collect();
        return match columns[..] {
            [image] => Ok((image, None)),
            [image, label] => Ok((image, Some(label))),
            _ => Err(format!("it has {} columns, but must have one or two", columns.len())),
        };
    }
    // Names may hold blanks: a column ends where a file's ending stands before a blank.
    let blanks = line.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| line.split_at(at));
    let ends = blanks.filter(|(left, _)| is_scan(left));
    let splits: Vec<(&str, &str)> =
        ends.map(|(left, right)| (left, right.trim_start())).filter(|(_, right)| words::ending(right).is_some()).collect();
    match splits[..] {
        [] if is_scan(line) => Ok((line, None)),
        [(image, label)] => Ok((image, Some(label))),
        [] => Err(format!("`{}` is neither a scan nor a scan and its mask in a format Medley reads", plain(line))),
        _ => Err("it can be read as a scan and a mask in more than one way; put a tab between them".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_read_in_one_go() {
        let line = format!("a.nii{}b.nii", " ".repeat(20 << 20));
        assert_eq!(columns(&line), Ok(("a.nii", Some("b.nii"))));
        assert!(columns(&"a b ".repeat(1 << 20)).is_err());
    }

    #[test]
    fn columns_are_told_apart_or_not_at_all() {
        assert_eq!(columns("a/1.nii.gz b/1.nii.gz"), Ok(("a/1.nii.gz", Some("b/1.nii.gz"))));
        assert_eq!(columns("a 1.nii   b 1.nrrd"), Ok(("a 1.nii", Some("b 1.nrrd"))));
        assert_eq!(columns("a b.nii"), Ok(("a b.nii", None)));
        assert_eq!(columns("s/1.dcm b.nii"), Ok(("s/1.dcm", Some("b.nii"))));
        assert_eq!(columns("a folder\tb.nii"), Ok(("a folder", Some("b.nii"))));
        assert_eq!(columns("x.nii y.nii\tz"), Ok(("x.nii y.nii", Some("z"))));
        assert!(columns("a.nii b.nii c.nii").expect_err("three").contains("more than one way"));
        assert!(columns("hello world").expect_err("no files").contains("neither"));
        assert!(columns("a\tb\tc").expect_err("three").contains("3 columns"));
    }
}
