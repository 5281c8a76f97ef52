//! Finding the files of a folder, within bounds.

use std::collections::{HashSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use super::words;
use crate::ProjectError;

/// How far is looked.
struct Bounds {
    folders_deep: usize,
    entries: usize,
}

/// A derivative in BIDS lies six folders deep. The entries are more than any set of volumes has; a folder of single DICOM files may
/// have more, and a home folder has.
const BOUNDS: Bounds = Bounds { folders_deep: 8, entries: 200_000 };

/// What was found in a folder.
#[derive(Debug)]
pub(super) struct Walk {
    /// Files that can be opened, and others that were asked for, relative to the folder; by rising name.
    pub files: Vec<PathBuf>,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// Finds the volumes below `root`, and files that `also` wants by their names. What begins with a dot is not looked at. Links are
/// followed only to places inside `root`, and no folder is entered twice.
pub(super) fn walk(root: &Path, also: impl Fn(&str) -> bool) -> Result<Walk, ProjectError> {
    within(root, also, &BOUNDS)
}

fn within(root: &Path, also: impl Fn(&str) -> bool, bounds: &Bounds) -> Result<Walk, ProjectError> {
    let real = root.canonicalize().map_err(ProjectError::file(root, "read"))?;
    let (mut entries, mut leading_out, mut too_deep, mut unreadable) = (0, 0, 0, 0);
    let mut files = Vec::new();
    let mut seen = HashSet::from([real.clone()]);
    let mut waiting = VecDeque::from([(PathBuf::new(), 0)]);
    while let Some((folder, depth)) = waiting.pop_front() {
        let listing = match fs::read_dir(root.join(&folder)) {
            Ok(listing) => listing,
            Err(error) if depth == 0 => return Err(ProjectError::file(root, "read")(error)),
            Err(_) => {
                unreadable += 1;
                continue;
            }
        };
        let mut names = Vec::new();
        for entry in listing.flatten() {
            entries += 1;
            if entries > bounds.entries {
                let what =
                    format!("holds more than {} files; choose the data set's own folder, or make a list of its cases", bounds.entries);
                return Err(ProjectError::DataSet { path: root.to_owned(), what });
            }
            // A name that is not Unicode cannot be shown or stored.
            if let Ok(name) = entry.file_name().into_string()
                && !name.starts_with('.')
                && name != "__MACOSX"
            {
                names.push((name, entry.file_type().is_ok_and(|kind| kind.is_symlink())));
            }
        }
        names.sort();
        for (name, is_link) in names {
            let path = folder.join(&name);
            let full = root.join(&path);
            let Ok(about) = fs::metadata(&full) else { continue };
            let is_wanted = about.is_file() && (words::ending(&name).is_some() || also(&name));
            if !is_wanted && !about.is_dir() {
                continue;
            }
            if is_link && !full.canonicalize().is_ok_and(|target| target.starts_with(&real)) {
                leading_out += 1;
            } else if is_wanted {
                files.push(path);
            } else if depth + 1 > bounds.folders_deep {
                too_deep += 1;
            } else if full.canonicalize().is_ok_and(|target| seen.insert(target)) {
                waiting.push_back((path, depth + 1));
            }
        }
    }
    files.sort();
    let mut notices = Vec::new();
    let shown = root.display();
    if leading_out > 0 {
        notices.push(format!(
            "{leading_out} links in {shown} lead out of it and were not followed; make a list of the cases if they belong to the set."
        ));
    }
    if too_deep > 0 {
        notices.push(format!("{too_deep} folders in {shown} lie deeper than {} others and were not looked into.", bounds.folders_deep));
    }
    if unreadable > 0 {
        notices.push(format!("{unreadable} folders in {shown} could not be read; check that you may read them."));
    }
    Ok(Walk { files, notices })
}

/// Folders and name of a relative path, as text.
pub(super) fn parts(path: &Path) -> Vec<&str> {
    path.iter().filter_map(|part| part.to_str()).collect()
}

/// A few of many, for a sentence: the first ones and how many more.
pub(super) fn some<T: std::fmt::Display>(all: &[T]) -> String {
    const SHOWN: usize = 3;
    let first: Vec<String> = all.iter().take(SHOWN).map(|one| super::json::plain(&one.to_string())).collect();
    match all.len().saturating_sub(SHOWN) {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_for_files_has_bounds() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir_all(folder.path().join("a/b")).expect("a folder");
        for name in ["1.nii", "a/2.NRRD", "a/b/3.nii.gz", "a/notes.md", "a/.4.nii"] {
            fs::write(folder.path().join(name), "").expect("written");
        }
        let look = |folders_deep, entries| within(folder.path(), |name| name == "notes.md", &Bounds { folders_deep, entries });
        let found = |walk: &Walk| walk.files.iter().map(|path| parts(path).join("/")).collect::<Vec<_>>();
        let all = look(2, 7).expect("found");
        assert_eq!((found(&all), all.notices.len()), (["1.nii", "a/2.NRRD", "a/b/3.nii.gz", "a/notes.md"].map(str::to_owned).to_vec(), 0));
        assert!(look(2, 6).expect_err("too many").to_string().contains("holds more than 6 files; choose"));
        let shallow = look(1, 7).expect("found");
        assert_eq!((found(&shallow).len(), shallow.notices.len()), (3, 1));
    }
}
