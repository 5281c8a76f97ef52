//! Data sets as lists of cases to learn from: a `dataset.json` of the Medical Segmentation Decathlon or nnU-Net v2, an `img_list`,
//! a folder laid out as BIDS or in another common way, or a study of ours. Nothing is copied: cases are referred to where they lie.
//!
//! # Map
//! - lists: `json.rs` reads a JSON file and asks it for things, `decathlon.rs` and `nnunet.rs` know one list each, `img_list.rs` reads
//!   text; `place.rs` finds the files they name
//! - folders: `walk.rs` finds the files, `bids.rs` and `folder.rs` find out which mask may be which scan's (`words.rs` knows
//!   how both are called), `pairing.rs` takes what is certain of it; `pattern.rs` does as it is told
//! - `patient.rs`: who it is, where a name says so for certain
//! - `check/`: opens every case and reports what does not fit
//!
//! # Invariants
//! 1. What is not certain is not guessed: a scan with two masks that could be its own gets none, with a notice.
//! 2. A folder without a list is never left: links that lead out of it are not followed. A list may lead out, with a notice.
//! 3. Looking for files ends: depth and number are bounded, and no folder is entered twice.

mod bids;
mod check;
mod decathlon;
mod folder;
mod img_list;
mod json;
mod nnunet;
mod options;
mod pairing;
mod patient;
mod pattern;
mod place;
mod walk;
mod words;

use std::path::{Path, PathBuf};

pub use check::{CaseFacts, Problem, ProblemKind, SetReport, Severity};
pub use options::{Options, Pattern};

use medley_volume::{LabelMap, LabelTable, Quantity, Volume};

use crate::load::on_grid;
use crate::schema::DATABASE;
use crate::{CaseId, ProjectError, Role, Study};

const LIST: &str = "dataset.json";

/// A list of cases: read from a list or a folder of files, or a study.
#[derive(Debug)]
pub struct DataSet {
    /// Its name.
    pub name: String,
    /// Its labels.
    pub label_table: LabelTable,
    /// Its cases.
    pub cases: Vec<DataSetCase>,
    /// What the user should know.
    pub notices: Vec<String>,
    /// What the list says the scans' values mean; `None` if it does not.
    pub quantity: Option<Quantity>,
    /// The study it is, held open.
    study: Option<Study>,
}

/// A case of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSetCase {
    /// Its name; no other case of the set has it.
    pub name: String,
    /// Its scan.
    pub image: PathBuf,
    /// Its mask, if it has one. For a case of a study this is where the snapshot lies (or will): use [`DataSet::load`].
    pub label: Option<PathBuf>,
    /// What it is used for.
    pub role: Role,
    /// Whether its mask is to be believed: in a study, whether a person has said so; in a list, whether there is one.
    pub is_corrected: bool,
    /// The class of the whole scan; only a study has any.
    pub class: Option<String>,
    /// Whose scan it is, where names say so for certain (a BIDS `sub-`, identifiers of known collections) or a check has found out.
    /// Cases of one patient belong into one role.
    pub patient: Option<String>,
    id: Option<CaseId>,
}

impl DataSetCase {
    /// A case of a list that has no name yet. A mask in a list is believed.
    fn listed(image: PathBuf, label: Option<PathBuf>, role: Role) -> Self {
        Self { name: String::new(), image, is_corrected: label.is_some(), label, role, class: None, patient: None, id: None }
    }
}

/// A case in memory.
#[derive(Debug)]
pub struct LoadedCase {
    /// The scan.
    pub volume: Volume,
    /// The mask on the scan's grid, if there is one.
    pub labels: Option<LabelMap>,
    /// What the user should know.
    pub notices: Vec<String>,
}

impl DataSet {
    /// Opens a data set: a `dataset.json` or an `img_list`, a folder that holds a `dataset.json` or is laid out in a way Medley knows,
    /// or a study's folder. A study is then open, exclusively, as long as the data set lives.
    ///
    /// # Errors
    /// If it is none of these, a list is damaged, or a file it names is missing.
    pub fn open(path: &Path) -> Result<Self, ProjectError> {
        Self::open_with(path, &Options::default())
    }

    /// As [`DataSet::open`], with what the path alone does not say.
    ///
    /// # Errors
    /// As [`DataSet::open`]; also if a pattern is none, or nothing is called as it says.
    pub fn open_with(path: &Path, options: &Options) -> Result<Self, ProjectError> {
        if path.is_dir() && path.join(DATABASE).exists() {
            return Self::of_study(Study::open(path)?);
        }
        if path.file_name().is_some_and(|name| name == DATABASE) && path.is_file() {
            return Self::of_study(Study::open(path.parent().unwrap_or(Path::new(".")))?);
        }
        let mut set = Self::of_files(path, options)?;
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        let root = options.data_root.as_deref().unwrap_or(folder);
        for case in set.cases.iter_mut().filter(|case| case.patient.is_none()) {
            case.patient = patient::of(&case.name, case.image.strip_prefix(root).unwrap_or(&case.image));
        }
        Ok(set)
    }

    fn of_files(path: &Path, options: &Options) -> Result<Self, ProjectError> {
        let fail = |what: &str| ProjectError::DataSet { path: path.to_owned(), what: what.to_owned() };
        if let Some(pattern) = &options.pattern {
            let hint = "is not a folder; a pattern is looked for in one";
            return if path.is_dir() { pattern::read(path, pattern, options) } else { Err(fail(hint)) };
        }
        if path.is_dir() && !path.join(LIST).is_file() {
            return if bids::is_likely(path) { bids::read(path) } else { folder::read(path) };
        }
        let list = if path.is_dir() { path.join(LIST) } else { path.to_owned() };
        if !list.is_file() {
            return Err(fail("is not there; check the path"));
        }
        if img_list::is_likely(&list)? {
            return img_list::read(&list, options);
        }
        let json = json::read(&list)?;
        let is_nnunet = json.has("file_ending") || json.has("channel_names");
        if is_nnunet { nnunet::read(&json, options) } else { decathlon::read(&json, options) }
    }

    /// A study as a data set.
    ///
    /// # Errors
    /// If its database cannot be read.
    pub fn of_study(study: Study) -> Result<Self, ProjectError> {
        let name = study.folder().file_name().map_or_else(|| "study".to_owned(), |name| name.to_string_lossy().into_owned());
        let stems: std::collections::HashMap<_, _> = study.case_rows()?.into_iter().map(|row| (row.id, row.file_stem)).collect();
        let cases = study.cases()?.into_iter().map(|case| DataSetCase {
            label: case.has_mask.then(|| stems.get(&case.id).map(|stem| study.mask_path(stem))).flatten(),
            is_corrected: case.is_corrected,
            class: case.class,
            id: Some(case.id),
            patient: patient::of(&case.name, case.image.strip_prefix(study.folder()).unwrap_or(&case.image)),
            name: case.name,
            image: case.image,
            role: case.role,
        });
        let cases = cases.collect();
        Ok(Self { name, label_table: study.label_table()?, cases, notices: Vec::new(), quantity: None, study: Some(study) })
    }

    /// The study this data set is, if it is one.
    #[must_use]
    pub fn study(&self) -> Option<&Study> {
        self.study.as_ref()
    }

    /// Loads a case: its scan, and its mask if it has one. A study's mask comes with everything in the journal.
    ///
    /// # Errors
    /// If a file is missing or damaged, or the mask does not lie on the scan's grid.
    pub fn load(&self, case: &DataSetCase) -> Result<LoadedCase, ProjectError> {
        if let (Some(study), Some(id)) = (&self.study, case.id) {
            let open = study.load_case(id)?;
            let labels = case.label.is_some().then_some(open.mask);
            return Ok(LoadedCase { volume: open.volume, labels, notices: open.notices });
        }
        let opened = medley_io::open_volume(&case.image)?;
        let mut notices = opened.notices;
        let volume = match self.quantity {
            Some(quantity) => opened.volume.with_quantity(quantity),
            None => opened.volume,
        };
        let Some(path) = &case.label else { return Ok(LoadedCase { volume, labels: None, notices }) };
        let found = medley_io::open_labels(path)?;
        notices.extend(found.notices);
        let labels = on_grid(&found.labels, volume.grid()).map_err(|_| ProjectError::MaskGrid {
            case: case.name.clone(),
            found: found.labels.grid().to_string(),
            expected: volume.grid().to_string(),
        })?;
        let is_named = !self.label_table.labels().is_empty();
        let unknown = labels.counts().into_keys().filter(|&value| is_named && value != 0 && self.label_table.get(value).is_none());
        let unknown: Vec<String> = unknown.map(|value| value.to_string()).collect();
        if !unknown.is_empty() {
            notices.push(format!("The mask {} holds labels the data set does not name: {}.", path.display(), unknown.join(", ")));
        }
        Ok(LoadedCase { volume, labels: Some(labels), notices })
    }
}
