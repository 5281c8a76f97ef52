//! The Brain Imaging Data Structure (BIDS 1.10): scans in `sub-*/[ses-*/]anat`, masks in `derivatives`.
//!
//! Names are `key-value` entities and bare words joined by `_`; the last word, the suffix, says what the file is. A mask belongs to a
//! scan if it contradicts none of its entities and to no other scan it does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use medley_volume::LabelTable;

use super::json::{self, add_label, name_of_folder, plain};
use super::pairing::Pairing;
use super::place::name_cases;
use super::walk::{self, parts, some};
use super::words;
use super::{DataSet, DataSetCase};
use crate::{ProjectError, Role};

/// Folders that are looked at to tell whether this is BIDS.
const PROBED: usize = 100;
/// Entities that a derivative has of its own.
const DERIVED: [&str; 9] = ["space", "res", "den", "label", "desc", "hemi", "atlas", "seg", "rater"];
/// Spaces that are the scan's own.
const OWN_SPACES: [&str; 5] = ["orig", "native", "individual", "scanner", "subject"];

/// A name taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
struct Name<'a> {
    entities: BTreeMap<&'a str, &'a str>,
    /// Bare words but the last.
    words: Vec<&'a str>,
    suffix: &'a str,
}

impl<'a> Name<'a> {
    fn of(path: &'a Path) -> Self {
        let stem = path.file_name().and_then(|name| name.to_str()).map_or("", |name| name.split('.').next().unwrap_or(name));
        let (mut entities, mut words) = (BTreeMap::new(), Vec::new());
        for part in stem.split('_') {
            match part.split_once('-') {
                Some((key, value)) => drop(entities.insert(key, value)),
                None => words.push(part),
            }
        }
        let suffix = words.pop().unwrap_or_default();
        // The session is in the folders too, and some leave it out of the name.
        if let Some(session) = parts(path).iter().rev().skip(1).find_map(|part| part.strip_prefix("ses-")) {
            entities.entry("ses").or_insert(session);
        }
        Self { entities, words, suffix }
    }

    /// Entities that a mask must share with its scan.
    fn given(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.entities.iter().map(|(&key, &value)| (key, value)).filter(|(key, _)| !DERIVED.contains(key))
    }
}

/// Whether a folder is laid out so.
pub(super) fn is_likely(folder: &Path) -> bool {
    let starting = |folder: &Path, start: &'static str| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let paths = entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(start)).map(|entry| entry.path());
        paths.filter(|path| path.is_dir()).take(PROBED).collect::<Vec<PathBuf>>()
    };
    let has_scans =
        |subject: &PathBuf| subject.join("anat").is_dir() || starting(subject, "ses-").iter().any(|session| session.join("anat").is_dir());
    starting(folder, "sub-").iter().any(has_scans)
}

fn is_nifti(name: &str) -> bool {
    words::ending(name).is_some_and(|ending| ending.to_ascii_lowercase().starts_with(".nii"))
}

/// Whether a file of `anat` or of a derivative is called as masks are.
fn is_mask(name: &str) -> bool {
    let rest = name.split_once('_').map_or("", |(_, rest)| rest);
    name.starts_with("sub-") && is_nifti(name) && (rest.contains("dseg") || rest.contains("mask"))
}

fn is_scan(path: &Path) -> bool {
    let folders = parts(path);
    let is_placed = match folders[..] {
        [subject, "anat", _] => subject.starts_with("sub-"),
        [subject, session, "anat", _] => subject.starts_with("sub-") && session.starts_with("ses-"),
        _ => false,
    };
    let name = folders.last().copied().unwrap_or_default();
    is_placed && name.starts_with("sub-") && is_nifti(name) && !is_mask(name)
}

pub(super) fn read(folder: &Path) -> Result<DataSet, ProjectError> {
    let walk = walk::walk(folder, |name| name.ends_with("dseg.tsv"))?;
    let mut notices = walk.notices;
    let mut by_subject: BTreeMap<&str, (Vec<PathBuf>, Vec<PathBuf>)> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for file in &walk.files {
        let parts = parts(file);
        let Some(name) = parts.last() else { continue };
        let subject = name.split(['_', '.']).next().unwrap_or_default();
        if is_scan(file) {
            by_subject.entry(subject).or_default().0.push(file.clone());
        } else if parts.first() == Some(&"derivatives") && is_mask(name) {
            let mask = Name::of(file);
            match mask.entities.get("space") {
                Some(space) if is_template(space) => elsewhere.push(file.display().to_string()),
                _ => by_subject.entry(subject).or_default().1.push(file.clone()),
            }
        }
    }
    let mut pairing = Pairing::default();
    for (images, masks) in by_subject.values() {
        let named: Vec<Name> = images.iter().map(|image| Name::of(image)).collect();
        let fits: Vec<Vec<usize>> = masks.iter().map(|mask| fitting(&Name::of(mask), &named)).collect();
        pairing.add(images, masks, &fits);
    }
    if pairing.cases.is_empty() {
        let what = "is laid out as BIDS, but holds no sub-*/anat/*.nii or .nii.gz; choose another folder or make a list of its scans";
        return Err(ProjectError::DataSet { path: folder.to_owned(), what: what.to_owned() });
    }
    if !elsewhere.is_empty() {
        let (count, some) = (elsewhere.len(), some(&elsewhere));
        notices.push(format!("{count} masks lie in the space of a template, not of a scan, and were left out: {some}."));
    }
    notices.extend(pairing.doubts());
    let without = pairing.cases.len() - pairing.paired();
    if without > 0 {
        notices.push(format!("{without} of {} scans have no mask.", pairing.cases.len()));
    }
    let used: Vec<PathBuf> = pairing.cases.iter().filter_map(|(_, label)| label.clone()).collect();
    let tables: Vec<&PathBuf> = walk.files.iter().filter(|file| file.extension().is_some_and(|end| end == "tsv")).collect();
    let label_table = labels(folder, &used, &tables, &mut notices);
    let mut cases: Vec<DataSetCase> = Vec::new();
    for (image, label) in pairing.cases {
        let role = if label.is_some() { Role::Training } else { Role::Unassigned };
        let patient = parts(&image).first().map(|subject| (*subject).to_owned());
        let case = DataSetCase::listed(folder.join(image), label.map(|label| folder.join(label)), role);
        cases.push(DataSetCase { patient, ..case });
    }
    name_cases(&mut cases);
    Ok(DataSet { name: name_of_folder(folder), label_table, cases, notices, quantity: None, study: None })
}

/// Whether a space is that of a template. `space-T1w` is that of a scan.
fn is_template(space: &str) -> bool {
    let is_scan = ["T1w", "T2w", "FLAIR", "T1map", "T2map", "PDw", "T2starw", "UNIT1"].contains(&space);
    !is_scan && !OWN_SPACES.contains(&space)
}

/// The scans a mask may be of.
fn fitting(mask: &Name, images: &[Name]) -> Vec<usize> {
    let fits = |image: &Name| {
        let is_same = |(key, value): (&str, &str)| image.entities.get(key) == Some(&value);
        let says = mask.words.iter().copied().filter(|word| *word != "seg");
        let space = mask.entities.get("space").filter(|space| !OWN_SPACES.contains(space));
        let has_session = mask.entities.get("ses") == image.entities.get("ses");
        has_session && mask.given().all(is_same) && says.chain(space.copied()).all(|word| word == image.suffix)
    };
    let found: Vec<usize> = (0..images.len()).filter(|&number| fits(&images[number])).collect();
    // A mask without a run is of the scan without a run, if there is one.
    let is_exact = |number: &&usize| images[**number].given().all(|(key, value)| mask.entities.get(key) == Some(&value));
    let exact: Vec<usize> = found.iter().filter(is_exact).copied().collect();
    if exact.is_empty() { found } else { exact }
}

/// The names of labels: of the `dseg.tsv` files that speak of the masks, or of the masks' own names.
fn labels(folder: &Path, used: &[PathBuf], tables: &[&PathBuf], notices: &mut Vec<String>) -> LabelTable {
    let names: Vec<(&Path, Name)> = used.iter().map(|mask| (mask.as_path(), Name::of(mask))).collect();
    let mut found: BTreeMap<u16, String> = BTreeMap::new();
    let mut contrary: BTreeMap<u16, String> = BTreeMap::new();
    for path in tables {
        // The principle of inheritance: a table speaks of what lies in or below its folder and shares its entities.
        let table = Name::of(path);
        let lies_below = |mask: &Path| path.parent().is_some_and(|above| mask.starts_with(above));
        let speaks_of = |(mask, name): &(&Path, Name)| {
            lies_below(mask) && table.entities.iter().all(|(key, value)| name.entities.get(key) == Some(value))
        };
        if !names.iter().any(|name| name.1.suffix == table.suffix && speaks_of(name)) {
            continue;
        }
        match json::bytes(&folder.join(path)).map(|bytes| rows(&String::from_utf8_lossy(&bytes))) {
            Ok(Some(rows)) => {
                for (value, name) in rows {
                    let old = found.entry(value).or_insert_with(|| name.clone());
                    if *old != name {
                        contrary.insert(value, format!("{value} ({old}, {name})"));
                    }
                }
            }
            _ => notices.push(format!("{} has no columns `index` and `name` and was left out.", path.display())),
        }
    }
    if !contrary.is_empty() {
        let all: Vec<&String> = contrary.values().collect();
        notices.push(format!("The dseg.tsv files do not agree about {} labels, which are numbered: {}.", all.len(), some(&all)));
        found.retain(|value, _| !contrary.contains_key(value));
    }
    let mut table = LabelTable::default();
    found.iter().for_each(|(&value, name)| add_label(&mut table, value, name));
    table.add_unknown(contrary.into_keys());
    if table.labels().is_empty() {
        // A `mask` holds one thing, and the entity `label` says which.
        let things: Vec<Option<&str>> =
            names.iter().map(|(_, name)| (name.suffix == "mask").then(|| name.entities.get("label").copied())?).collect();
        match things.first() {
            Some(Some(thing)) if things.iter().all(|other| other == &Some(*thing)) => add_label(&mut table, 1, thing),
            _ => notices.push(format!("{} names no labels; they are numbered.", folder.display())),
        }
    }
    table
}

/// Values and names of a `dseg.tsv`; `None` if it has no such columns.
fn rows(text: &str) -> Option<Vec<(u16, String)>> {
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next()?.split('\t').map(str::trim).collect();
    let column = |name: &str| header.iter().position(|title| *title == name);
    let (index, name) = (column("index")?, column("name")?);
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').map(str::trim).collect();
        Some((fields.get(index)?.parse().ok()?, plain(fields.get(name)?)))
    };
    Some(lines.filter_map(row).filter(|(value, name)| *value != 0 && !name.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(mask: &str, images: &[&str]) -> Vec<usize> {
        let images: Vec<Name> = images.iter().map(|image| Name::of(Path::new(image))).collect();
        fitting(&Name::of(Path::new(mask)), &images)
    }

    #[test]
    fn a_mask_belongs_to_the_scan_it_does_not_contradict() {
        let both = ["sub-1/anat/sub-1_T1w.nii", "sub-1/anat/sub-1_T2w.nii"];
        assert_eq!(fits("sub-1_T2w_dseg.nii", &both), [1]);
        assert_eq!(fits("sub-1_space-T1w_dseg.nii", &both), [0]);
        assert_eq!(fits("sub-1_space-orig_desc-x_dseg.nii", &both), [0, 1]);
        assert_eq!(fits("sub-1_run-2_dseg.nii", &both), [0; 0]);
        let runs = ["sub-1_run-1_T1w.nii", "sub-1_T1w.nii", "sub-1_run-2_T1w.nii"];
        assert_eq!(fits("sub-1_dseg.nii", &runs), [1]);
        assert_eq!(fits("sub-1_run-2_dseg.nii", &runs), [2]);
        let sessions = ["sub-1/ses-a/anat/sub-1_ses-a_T1w.nii", "sub-1/ses-b/anat/sub-1_ses-b_T1w.nii"];
        assert_eq!(fits("derivatives/sub-1/ses-b/anat/sub-1_dseg.nii", &sessions), [1]);
        assert_eq!(fits("derivatives/sub-1/anat/sub-1_dseg.nii", &sessions), [0; 0]);
    }

    #[test]
    fn tables_without_their_columns_are_none() {
        assert_eq!(rows("index\tname\n0\tBackground\n2\tliver\nx\ty\n70000\tz\n"), Some(vec![(2, "liver".to_owned())]));
        assert_eq!(rows("name\tindex\r\na\t1\r\n"), Some(vec![(1, "a".to_owned())]));
        assert_eq!((rows("a\tb\n1\t2"), rows("")), (None, None));
    }
}
