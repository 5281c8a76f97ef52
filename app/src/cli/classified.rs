//! Scans with classes, from a data set or a folder of scans.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use medley_learn::{ClassSource, ClassifiedCase};
use medley_project::Role;
use medley_project::dataset::DataSet;
use medley_volume::Volume;

use super::Failure;
use super::class_table::ClassTable;
use super::file_names::is_image_name;
use crate::stem::stem;

/// The name of a table of classes that lies beside a data set.
const BESIDE: &str = "classes.csv";

/// The scans a table of classes speaks of, read when they are asked for.
pub struct ClassifiedScans {
    table: ClassTable,
    scans: Vec<Scan>,
    set: Option<DataSet>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

struct Scan {
    /// Its row in the table.
    row: String,
    is_validation: bool,
    place: Place,
}

enum Place {
    InSet(usize),
    File(PathBuf),
}

impl ClassifiedScans {
    /// The scans of a data set, or of a folder of scans that holds a table. The table is the one named, or the one that lies
    /// beside the data set, or what was entered in a study.
    ///
    /// # Errors
    /// If there is no table, or nothing in it is a scan of the data set.
    pub fn open(dataset: &Path, table: Option<&Path>) -> Result<Self, Failure> {
        let folder = if dataset.is_dir() { dataset } else { dataset.parent().unwrap_or(Path::new(".")) };
        let beside = folder.join(BESIDE);
        let file = table.map(Path::to_owned).or_else(|| beside.is_file().then_some(beside));
        let is_list = !dataset.is_dir() || ["dataset.json", "study.sqlite"].iter().any(|name| dataset.join(name).is_file());
        let set = is_list.then(|| DataSet::open(dataset)).transpose()?;
        let table = match (&file, &set) {
            (Some(file), _) => ClassTable::read(file)?,
            (None, Some(set)) => {
                let named = set.cases.iter().filter_map(|case| Some((case.name.clone(), case.class.clone()?)));
                ClassTable::one_of(named)
            }
            (None, None) => ClassTable::one_of(Vec::new()),
        };
        if table.rows.is_empty() {
            let shown = dataset.display();
            return Err(Failure::new(format!(
                "nothing says of which class the scans of {shown} are: put a table {BESIDE} beside it or name one with --classes"
            )));
        }
        let (scans, warnings) = match &set {
            Some(set) => in_set(&table, set),
            None => in_folder(&table, folder),
        };
        let mut found = Self { table, scans, set, warnings };
        found.warnings.extend(found.set.iter().flat_map(|set| set.notices.clone()));
        if found.scans.is_empty() {
            let shown = dataset.display();
            return Err(Failure::new(format!("no case in the table of classes is a scan of {shown}: names are those of files or cases")));
        }
        Ok(found)
    }

    /// Classes, and whether they exclude each other.
    #[must_use]
    pub fn table(&self) -> &ClassTable {
        &self.table
    }

    /// How many scans there are to learn from.
    #[must_use]
    pub fn training_len(&self) -> usize {
        self.scans.iter().filter(|scan| !scan.is_validation).count()
    }

    fn load(&self, is_validation: bool) -> Result<Vec<ClassifiedCase>, String> {
        let wanted = self.scans.iter().filter(|scan| scan.is_validation == is_validation);
        let load = |scan: &Scan| -> Result<Option<ClassifiedCase>, String> {
            let Some(row) = self.table.rows.get(&scan.row) else { return Ok(None) };
            let image = self.volume(&scan.place)?;
            let (name, patient) = (scan.row.clone(), row.patient.clone());
            Ok(Some(ClassifiedCase { name, patient, image: Arc::new(image), answers: row.answers.clone() }))
        };
        wanted.map(load).filter_map(Result::transpose).collect()
    }

    fn volume(&self, place: &Place) -> Result<Volume, String> {
        match (place, &self.set) {
            (Place::InSet(at), Some(set)) => {
                // The mask does not matter, so neither does whether it can be read.
                let mut case = set.cases.get(*at).cloned().ok_or("the data set has changed while it was read")?;
                case.label = None;
                set.load(&case).map(|loaded| loaded.volume).map_err(|error| error.to_string())
            }
            (Place::File(path), _) => medley_io::open_volume(path).map(|opened| opened.volume).map_err(|error| error.to_string()),
            (Place::InSet(_), None) => Err("there is no data set".to_owned()),
        }
    }
}

fn in_set(table: &ClassTable, set: &DataSet) -> (Vec<Scan>, Vec<String>) {
    let (mut scans, mut used, mut without) = (Vec::new(), BTreeSet::new(), 0);
    for (at, case) in set.cases.iter().enumerate() {
        let file = case.image.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let Some(row) = [case.name.clone(), file, stem(&case.image)].into_iter().find(|name| table.rows.contains_key(name)) else {
            without += 1;
            continue;
        };
        used.insert(row.clone());
        // In a list, what is neither for training nor for validation has no mask; that does not matter here.
        if case.role != Role::Unassigned || set.study().is_none() {
            scans.push(Scan { row, is_validation: case.role == Role::Validation, place: Place::InSet(at) });
        }
    }
    let mut warnings = Vec::new();
    if without > 0 {
        warnings.push(format!("{without} of the data set's cases have no class and were left out."));
    }
    warnings.extend(unused(table, &used));
    (scans, warnings)
}

fn in_folder(table: &ClassTable, folder: &Path) -> (Vec<Scan>, Vec<String>) {
    let (mut scans, mut used) = (Vec::new(), BTreeSet::new());
    for name in table.rows.keys() {
        let with = |ending: &str| folder.join(format!("{name}{ending}"));
        let found = [with(""), with(".nii.gz"), with(".nii")].into_iter().find(|path| path.is_file() && is_image_name(path));
        if let Some(path) = found {
            used.insert(name.clone());
            scans.push(Scan { row: name.clone(), is_validation: false, place: Place::File(path) });
        }
    }
    (scans, unused(table, &used).into_iter().collect())
}

fn unused(table: &ClassTable, used: &BTreeSet<String>) -> Option<String> {
    let left: Vec<&str> = table.rows.keys().filter(|name| !used.contains(*name)).map(String::as_str).collect();
    let some = left.iter().take(3).copied().collect::<Vec<_>>().join(", ");
    (!left.is_empty()).then(|| format!("{} rows of the table of classes name no scan of the data set: {some}.", left.len()))
}

impl ClassSource for ClassifiedScans {
    fn training(&mut self) -> Result<Vec<ClassifiedCase>, String> {
        self.load(false)
    }

    fn validation(&mut self) -> Result<Vec<ClassifiedCase>, String> {
        self.load(true)
    }
}
