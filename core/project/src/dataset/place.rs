//! Finding the files a list names.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path, PathBuf};

use medley_io::FileKind;

use super::json::plain;
use super::{DataSetCase, Options};
use crate::{ProjectError, Role, case_name};

/// Resolves the paths of a list and remembers what to say about them.
#[derive(Debug, Default)]
pub(super) struct Places {
    outside: usize,
    missing: Vec<PathBuf>,
    /// The folder last asked about, and where it really lies.
    real: Option<(PathBuf, PathBuf)>,
}

impl Places {
    /// Where a path of the list leads. One that leads out of the list's folder is followed, and counted.
    pub fn resolve(&mut self, folder: &Path, text: &str) -> PathBuf {
        let path = Path::new(text);
        let mut depth = 0i64;
        let mut leaves = path.is_absolute();
        for part in path.components() {
            match part {
                Component::ParentDir => depth -= 1,
                Component::Normal(_) => depth += 1,
                Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            }
            leaves |= depth < 0;
        }
        let found = folder.join(path.components().filter(|part| !matches!(part, Component::CurDir)).collect::<PathBuf>());
        leaves = leaves || self.leads_out(folder, &found);
        self.outside += usize::from(leaves);
        found
    }

    /// Whether links on the way lead out of the folder.
    fn leads_out(&mut self, folder: &Path, found: &Path) -> bool {
        if self.real.as_ref().is_none_or(|(of, _)| of != folder) {
            self.real = folder.canonicalize().ok().map(|real| (folder.to_owned(), real));
        }
        let Some((_, real)) = &self.real else { return false };
        found.canonicalize().is_ok_and(|found| !found.starts_with(real))
    }

    /// Notes a scan that must be there and is not: a file, or a folder of DICOM files.
    pub fn require_scan(&mut self, path: &Path) {
        if !is_scan(path) {
            self.missing.push(path.to_owned());
        }
    }

    /// Notes a file that must be there and is not.
    pub fn require(&mut self, path: &Path) {
        if !path.is_file() {
            self.missing.push(path.to_owned());
        }
    }

    /// The sentence for missing files, or the notices for these and for paths that lead out of the folder.
    pub fn finish(self, list: &Path, options: &Options, notices: &mut Vec<String>) -> Result<(), ProjectError> {
        if let Some(first) = self.missing.first() {
            let more = match self.missing.len() - 1 {
                0 => String::new(),
                1 => ", nor is one more file".to_owned(),
                count => format!(", nor are {count} more files"),
            };
            let first = plain(&first.display().to_string());
            let what = format!("names {first}, which is not there{more}; put the files there or take the cases out of the list");
            if !options.keep_missing {
                return Err(ProjectError::DataSet { path: list.to_owned(), what });
            }
            notices.push(format!("{} {what}.", list.display()));
        }
        if self.outside > 0 {
            notices.push(format!(
                "{} names {} files outside its own folder; that is fine if you made the list, else look at it first.",
                list.display(),
                self.outside
            ));
        }
        Ok(())
    }
}

/// Whether a scan may be there: a file, or a folder of DICOM files.
pub(super) fn is_scan(path: &Path) -> bool {
    path.is_file() || (path.is_dir() && matches!(medley_io::kind_of(path), Ok(FileKind::DicomFolder)))
}

/// Names cases after their images: the file's name, with its folder's before it where two files are called alike, and with a
/// number where that does not help.
pub(super) fn name_cases(cases: &mut [DataSetCase]) {
    let mut count: HashMap<String, usize> = HashMap::new();
    cases.iter().for_each(|case| *count.entry(of_file(&case.image).to_lowercase()).or_default() += 1);
    let mut taken: HashSet<String> = HashSet::new();
    for case in cases {
        let mut name = of_file(&case.image);
        if count.get(&name.to_lowercase()).is_some_and(|&count| count > 1)
            && let Some(folder) = case.image.parent().and_then(Path::file_name)
        {
            name = format!("{}_{name}", plain(&folder.to_string_lossy()));
        }
        let name = if name.is_empty() { "case".to_owned() } else { name };
        let name = case_name::unique(&name, "-", |name| taken.contains(&name.to_lowercase()));
        taken.insert(name.to_lowercase());
        case.name = name;
    }
}

fn of_file(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    plain(case_name::of_file(&name))
}

/// A notice if an image is both learned from and measured on: the measure is then worth nothing.
pub(super) fn warn_of_leaks(cases: &[DataSetCase], notices: &mut Vec<String>) {
    let real = |case: &DataSetCase| case.image.canonicalize().unwrap_or_else(|_| case.image.clone());
    let with_role = |role| cases.iter().filter(move |case| case.role == role);
    let learned: HashSet<PathBuf> = with_role(Role::Training).map(real).collect();
    let both: Vec<&DataSetCase> = with_role(Role::Validation).filter(|case| learned.contains(&real(case))).collect();
    if let Some(first) = both.first() {
        notices.push(format!(
            "{} of the validation images are training images too ({}, for one): what is measured on them says nothing.",
            both.len(),
            first.image.display()
        ));
    }
}
