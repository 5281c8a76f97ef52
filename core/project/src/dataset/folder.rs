//! A folder without a list: scans and masks paired by where they lie and how they are called.
//!
//! Three layouts, which may be mixed: folders of scans and of masks (`images/X` and `labels/X`, `imagesTr` and `labelsTr`), masks
//! beside scans (`X` and `X_seg`), folders of cases (`X/ct` and `X/mask`).

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use medley_io::label_files;
use medley_volume::LabelTable;

use super::json::name_of_folder;
use super::pairing::Pairing;
use super::place::name_cases;
use super::walk::{self, parts, some};
use super::words::{self, Holds, Part};
use super::{DataSet, DataSetCase, LIST};
use crate::{ProjectError, Role};

/// Files with the names of labels that are looked for in the set's folder.
const LABEL_FILES: [&str; 4] = ["labels.txt", "labels.label", "labels.ctbl", "label.txt"];

/// Files that are compared with each other: those of one folder, or of a folder of scans and its folder of masks.
#[derive(Debug, Default)]
struct Unit {
    images: Vec<PathBuf>,
    masks: Vec<PathBuf>,
    /// Whether the masks lie in a folder of masks: then they need not be called so.
    has_mask_folder: bool,
}

pub(super) fn read(folder: &Path) -> Result<DataSet, ProjectError> {
    let walk = walk::walk(folder, |_| false)?;
    let mut notices = walk.notices;
    let mut pairing = Pairing::default();
    let mut channels = Vec::new();
    for mut unit in units(&walk.files).into_values() {
        channels.extend(drop_channels(&mut unit.images));
        pairing.add(&unit.images, &unit.masks, &fits(&unit));
    }
    if pairing.paired() == 0 {
        return Err(nothing(folder, &walk.files, &pairing));
    }
    if !channels.is_empty() {
        notices.push(format!("The data set has several channels; only the first is used, and not {}.", some(&channels)));
    }
    notices.extend(pairing.doubts());
    let mut cases: Vec<DataSetCase> = pairing.cases.into_iter().map(|(image, label)| case(folder, &image, label)).collect();
    cases.sort_by(|a, b| a.image.cmp(&b.image));
    name_cases(&mut cases);
    let without = cases.iter().filter(|case| case.label.is_none()).count();
    if without > 0 {
        notices.push(format!("{without} of {} scans have no mask.", cases.len()));
    }
    let label_table = labels(folder, &mut notices);
    Ok(DataSet { name: name_of_folder(folder), label_table, cases, notices, quantity: None, study: None })
}

/// Why no data set was found.
fn nothing(folder: &Path, files: &[PathBuf], pairing: &Pairing) -> ProjectError {
    let doubts = pairing.doubts();
    let why = match (files.len(), doubts.first()) {
        (0, _) => "there are no scans in the folder".to_owned(),
        (_, Some(doubt)) => doubt.trim_end_matches('.').to_owned(),
        (count, None) => format!("none of the {count} scans in the folder has a mask that is called like it"),
    };
    let what = format!(
        "is not there, and neither is a study, nor scans with masks ({why}); choose a dataset.json, an img_list, a folder that holds a \
         dataset.json or scans with masks, or a study's folder"
    );
    ProjectError::DataSet { path: folder.join(LIST), what }
}

fn case(folder: &Path, image: &Path, label: Option<PathBuf>) -> DataSetCase {
    let part = parts(image).iter().rev().skip(1).rev().find_map(|name| words::part(name));
    let role = match (&label, part) {
        (None, _) | (_, Some(Part::Test)) => Role::Unassigned,
        (_, Some(Part::Validation)) => Role::Validation,
        (_, Some(Part::Training) | None) => Role::Training,
    };
    DataSetCase::listed(folder.join(image), label.map(|label| folder.join(label)), role)
}

/// Puts the files together that may belong together.
fn units(files: &[PathBuf]) -> BTreeMap<String, Unit> {
    // Where there are folders of masks, and of which part: only beside these is `data` or `scans` a folder of scans.
    let mut mask_folders = HashSet::new();
    for file in files {
        let parts = parts(file);
        for at in 0..parts.len().saturating_sub(1) {
            if let Some((Holds::Masks, part)) = words::of_folder(parts[at]) {
                mask_folders.insert((parts[..at].join("/"), part));
            }
        }
    }
    let mut units: BTreeMap<String, Unit> = BTreeMap::new();
    for file in files {
        let parts = parts(file);
        let Some((name, folders)) = parts.split_last() else { continue };
        let place = (0..folders.len()).find_map(|at| {
            let (holds, part) = words::of_folder(folders[at])?;
            let above = folders[..at].join("/");
            let is_known = holds == Holds::Masks || mask_folders.contains(&(above.clone(), part));
            is_known.then(|| (holds, format!("{above}/*{part}/{}", folders[at + 1..].join("/"))))
        });
        match place {
            Some((Holds::Masks, key)) => {
                let unit = units.entry(key).or_default();
                unit.has_mask_folder = true;
                unit.masks.push(file.clone());
            }
            Some((Holds::Images, key)) => units.entry(key).or_default().images.push(file.clone()),
            None => {
                let unit = units.entry(folders.join("/")).or_default();
                let is_mask = words::mask_base(words::stem(name)).is_some();
                if is_mask { unit.masks.push(file.clone()) } else { unit.images.push(file.clone()) }
            }
        }
    }
    units
}

fn stem_of(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).map_or("", words::stem)
}

/// Takes the second and further channels of nnU-Net out, and returns them.
fn drop_channels(images: &mut Vec<PathBuf>) -> Vec<String> {
    let first: HashSet<String> =
        images.iter().filter_map(|path| words::channel(stem_of(path))).filter(|(_, n)| *n == 0).map(|(base, _)| base.to_owned()).collect();
    let is_further = |path: &PathBuf| words::channel(stem_of(path)).is_some_and(|(base, n)| n > 0 && first.contains(base));
    let dropped = images.extract_if(.., |path| is_further(path));
    dropped.map(|path| path.display().to_string()).collect()
}

/// Which scans each mask may be of.
fn fits(unit: &Unit) -> Vec<Vec<usize>> {
    let mut by_base: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, image) in unit.images.iter().enumerate() {
        for base in words::image_bases(stem_of(image)) {
            let found = by_base.entry(base).or_default();
            if found.last() != Some(&number) {
                found.push(number);
            }
        }
    }
    let of_mask = |mask: &PathBuf| {
        let stem = stem_of(mask);
        let base = words::mask_base(stem).filter(|base| !base.is_empty());
        let bases = base.into_iter().chain(unit.has_mask_folder.then_some(stem));
        let mut found: Vec<usize> = bases.filter_map(|base| by_base.get(base)).flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    let mut fits: Vec<Vec<usize>> = unit.masks.iter().map(of_mask).collect();
    // A folder of one case: `ct` and `mask` need not share a name.
    if let ([image], [mask], [found]) = (&unit.images[..], &unit.masks[..], &mut fits[..])
        && (words::mask_base(stem_of(mask)) == Some("") || words::is_bare_image(stem_of(image)))
        && found.is_empty()
    {
        found.push(0);
    }
    fits
}

/// The names of labels, if a file beside the cases has them.
fn labels(folder: &Path, notices: &mut Vec<String>) -> LabelTable {
    let is_file = |path: &PathBuf| path.symlink_metadata().is_ok_and(|about| about.is_file());
    let found: Vec<PathBuf> = LABEL_FILES.iter().map(|name| folder.join(name)).filter(is_file).collect();
    match &found[..] {
        [] => notices.push(format!("{} names no labels; they are numbered.", folder.display())),
        [one] => match label_files::read(one) {
            Ok(table) => return table,
            Err(error) => notices.push(format!("The labels are numbered, because {error}.")),
        },
        _ => notices.push(format!("{} has {} files of labels, and none was taken: keep one.", folder.display(), found.len())),
    }
    LabelTable::default()
}
