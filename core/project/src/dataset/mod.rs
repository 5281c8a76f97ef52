//! Data sets as lists of cases to learn from: the Medical Segmentation Decathlon's `dataset.json`, nnU-Net v2's, or a study of
//! ours.
//!
//! # Map
//! `json.rs` reads the file and asks it for things; `decathlon.rs` and `nnunet.rs` know one list each; `place.rs` finds the files.

mod decathlon;
mod json;
mod nnunet;
mod place;

use std::path::{Path, PathBuf};

use medley_volume::{LabelMap, LabelTable, Quantity, Volume};

use crate::load::on_grid;
use crate::schema::DATABASE;
use crate::{CaseId, ProjectError, Role, Study};

const LIST: &str = "dataset.json";

/// A list of cases: read from a `dataset.json`, or a study.
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
    id: Option<CaseId>,
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
    /// Opens a data set: a `dataset.json`, or a folder that holds one, or a study's folder. A study is then open, exclusively,
    /// as long as the data set lives.
    ///
    /// # Errors
    /// If there is neither, the list is damaged or of an unknown kind, or a file it names is missing.
    pub fn open(path: &Path) -> Result<Self, ProjectError> {
        if path.is_dir() && path.join(DATABASE).exists() {
            return Self::of_study(Study::open(path)?);
        }
        if path.file_name().is_some_and(|name| name == DATABASE) && path.is_file() {
            return Self::of_study(Study::open(path.parent().unwrap_or(Path::new(".")))?);
        }
        let list = if path.is_dir() { path.join(LIST) } else { path.to_owned() };
        if !list.is_file() {
            let what = if path.is_dir() {
                "is not there, and neither is a study; choose a dataset.json, a folder that holds one, or a study's folder"
            } else {
                "is not there; check the path"
            };
            return Err(ProjectError::DataSet { path: list, what: what.to_owned() });
        }
        let json = json::read(&list)?;
        if json.has("file_ending") || json.has("channel_names") { nnunet::read(&json) } else { decathlon::read(&json) }
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
        let unknown = labels.counts().into_keys().filter(|&value| value != 0 && self.label_table.get(value).is_none());
        let unknown: Vec<String> = unknown.map(|value| value.to_string()).collect();
        if !unknown.is_empty() {
            notices.push(format!("The mask {} holds labels the data set does not name: {}.", path.display(), unknown.join(", ")));
        }
        Ok(LoadedCase { volume, labels: Some(labels), notices })
    }
}
