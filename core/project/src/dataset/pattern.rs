//! A folder whose files are called as the user says.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path, PathBuf};

use medley_volume::LabelTable;

use super::json::{name_of_folder, plain};
use super::place::Places;
use super::walk::{self, parts};
use super::{DataSet, DataSetCase, Options, Pattern};
use crate::{ProjectError, Role, case_name};

const CASE: &str = "{case}";

pub(super) fn read(folder: &Path, pattern: &Pattern, options: &Options) -> Result<DataSet, ProjectError> {
    let fail = |what: String| ProjectError::DataSet { path: folder.to_owned(), what };
    for text in std::iter::once(&pattern.images).chain(&pattern.labels) {
        if !text.contains(CASE) || text.contains('\0') {
            return Err(fail(format!(
                "cannot be read with the pattern `{}`: it does not hold {CASE}; put it where names differ",
                plain(text)
            )));
        }
    }
    let is_inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(&pattern.images).components().all(is_inside) {
        let text = plain(&pattern.images);
        return Err(fail(format!("cannot be read with the pattern `{text}`: it leads out of the folder; choose the folder it leads to")));
    }
    let wanted: Vec<String> = pattern.images.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect();
    let wanted = wanted.join("/");
    let ends = |name: &str| wanted.rsplit('/').next().is_some_and(|last| case_of(last, name).is_some());
    let walk = walk::walk(folder, ends)?;
    let mut notices = walk.notices;
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for file in walk.files {
        if let Some(case) = case_of(&wanted, &parts(&file).join("/")) {
            found.insert(case.to_owned(), file);
        }
    }
    if found.is_empty() {
        return Err(fail(format!("holds no file that is called `{}`; check the pattern and the folder", plain(&wanted))));
    }
    let mut places = Places::default();
    let mut cases: Vec<DataSetCase> = Vec::new();
    let (mut without, mut taken) = (0, HashSet::new());
    for (case, image) in found {
        let label = pattern.labels.as_ref().map(|text| places.resolve(folder, &text.replace(CASE, &case)));
        let label = label.filter(|label| label.is_file());
        without += usize::from(label.is_none() && pattern.labels.is_some());
        let role = if label.is_some() { Role::Training } else { Role::Unassigned };
        let name = case_name::unique(&plain(&case), "-", |name| taken.contains(&name.to_lowercase()));
        taken.insert(name.to_lowercase());
        cases.push(DataSetCase { name, ..DataSetCase::listed(folder.join(image), label, role) });
    }
    if let Some(text) = &pattern.labels
        && without > 0
    {
        if without == cases.len() {
            return Err(fail(format!("holds no mask that is called `{}`; check the pattern and the folder", plain(text))));
        }
        notices.push(format!("{without} of {} scans have no mask called `{}`.", cases.len(), plain(text)));
    }
    places.finish(folder, options, &mut notices)?;
    notices.push(format!("{} names no labels; they are numbered.", folder.display()));
    let name = name_of_folder(folder);
    Ok(DataSet { name, label_table: LabelTable::default(), cases, notices, quantity: None, study: None })
}

/// What `{case}` stands for in `text`, if that is called as the pattern says. There is at most one answer: all that is not `{case}`
/// has a fixed length.
fn case_of<'a>(pattern: &str, text: &'a str) -> Option<&'a str> {
    let count = pattern.matches(CASE).count();
    let fixed = pattern.len() - count * CASE.len();
    let length = text.len().checked_sub(fixed)?.checked_div(count)?;
    let start = pattern.find(CASE)?;
    let case = text.get(start..start + length)?;
    let is_name = !case.is_empty() && !case.contains('/');
    (is_name && pattern.replace(CASE, case) == text).then_some(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_one_answer_or_none() {
        assert_eq!(case_of("{case}/{case}_t1.nii", "p7/p7_t1.nii"), Some("p7"));
        assert_eq!(case_of("scans/{case}.nii", "scans/ä b.nii"), Some("ä b"));
        for (pattern, text) in [
            ("{case}/{case}_t1.nii", "p7/p8_t1.nii"),
            ("{case}.nii", "a/b.nii"),
            ("{case}.nii", ".nii"),
            ("{case}{case}", "aab"),
            ("x{case}", "ä"),
            ("no", "no"),
        ] {
            assert_eq!(case_of(pattern, text), None, "{pattern}");
        }
    }
}
