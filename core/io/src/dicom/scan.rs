use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::group::group;
use super::image::ImageFile;
use super::place::{Place, open_archive};
use super::series::Scan;
use crate::IoError;
use crate::source::open_file;

/// How deep folders are followed.
const DEEPEST: usize = 12;
/// How many files are looked at.
const MOST_FILES: usize = 200_000;

/// Finds the series in a folder and the folders in it, a file, a zip file, or the folder of a DICOMDIR. Only headers are read. What is
/// no picture is skipped and listed with the reason. Links to folders are followed, each folder once.
///
/// # Errors
/// If there is nothing under `path` or it cannot be read.
pub fn scan(path: &Path) -> Result<Scan, IoError> {
    let about = std::fs::metadata(path).map_err(|error| IoError::reading(path, error))?;
    if about.is_dir() {
        return Ok(scan_files(files_below(path, DEEPEST)?));
    }
    let (file, _) = open_file(path)?;
    let mut head = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, 4), &mut head).map_err(|error| IoError::reading(path, error))?;
    if head.starts_with(b"PK\x03\x04") {
        return scan_archive(path);
    }
    if is_directory_file(path) {
        return Ok(scan_files(files_below(folder_of(path), DEEPEST)?));
    }
    Ok(scan_files(vec![path.to_owned()]))
}

/// Finds the series in the files of one folder, without the folders in it.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn scan_flat(folder: &Path) -> Result<Scan, IoError> {
    Ok(scan_files(files_below(folder, 0)?))
}

/// The folder a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn is_directory_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"))
}

/// All files, in the order of their names.
fn files_below(folder: &Path, deepest: usize) -> Result<Vec<PathBuf>, IoError> {
    let mut files = Vec::new();
    let mut seen = HashSet::new();
    let mut folders = vec![(folder.to_owned(), deepest)];
    while let Some((folder, depth)) = folders.pop() {
        // A link that leads back up is the same folder again.
        if !seen.insert(std::fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone())) {
            continue;
        }
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if seen.len() == 1 => return Err(IoError::reading(&folder, error)),
            Err(_) => continue,
        };
        for entry in entries.flatten() {
            let path = entry.path();
            match std::fs::metadata(&path) {
                Ok(about) if about.is_dir() && depth > 0 => folders.push((path, depth - 1)),
                Ok(about) if about.is_file() => files.push(path),
                _ => {}
            }
            if files.len() > MOST_FILES {
                let fault = format!("holds more than {MOST_FILES} files");
                return Err(IoError::too_large(&folder.display().to_string(), fault, "choose a folder with fewer files"));
            }
        }
    }
    files.sort();
    Ok(files)
}

fn scan_files(files: Vec<PathBuf>) -> Scan {
    let read: Vec<(PathBuf, Result<ImageFile, String>)> = files
        .into_par_iter()
        .map(|path| {
            let found = if is_directory_file(&path) {
                Err(format!("{} is a DICOMDIR, a list of other files; they are looked for by themselves", path.display()))
            } else {
                ImageFile::read(&Place::File(path.clone())).map_err(|error| error.to_string())
            };
            (path, found)
        })
        .collect();
    sorted_out(read)
}

fn scan_archive(path: &Path) -> Result<Scan, IoError> {
    let mut archive = open_archive(path)?;
    let count = archive.len();
    if count > MOST_FILES {
        let fault = format!("holds more than {MOST_FILES} files");
        return Err(IoError::too_large(&path.display().to_string(), fault, "unpack it and choose a folder"));
    }
    let mut read = Vec::new();
    for index in 0..count {
        let (name, is_file) = match archive.by_index(index) {
            Ok(entry) => (entry.name().map(|name| name.into_owned()).unwrap_or_default(), entry.is_file()),
            Err(_) => (format!("entry {index}"), true),
        };
        if !is_file || is_directory_file(Path::new(&name)) {
            continue;
        }
        let place = Place::Entry { archive: path.to_owned(), index, name };
        let found = place.entry_bytes(&mut archive, index).and_then(|bytes| ImageFile::whole(&place, &bytes));
        read.push((place.path(), found.map_err(|error| error.to_string())));
    }
    Ok(sorted_out(read))
}

fn sorted_out(read: Vec<(PathBuf, Result<ImageFile, String>)>) -> Scan {
    let mut images = Vec::new();
    let mut skipped = Vec::new();
    for (path, found) in read {
        match found {
            Ok(image) => images.push(image),
            Err(reason) => skipped.push((path, reason)),
        }
    }
    Scan { series: group(images), skipped }
}
