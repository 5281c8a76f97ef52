use std::path::Path;

use super::open::open;
use super::scan::{folder_of, scan, scan_flat};
use super::series::{Scan, Series};
use crate::{IoError, OpenedVolume};

/// Series that a sentence names; the rest are counted.
const NAMED: usize = 12;

/// Opens what a person means by a path: the one volume of a folder or a zip file; the whole series that a file belongs to, with a
/// notice.
///
/// # Errors
/// If there is no volume, or there are several: the sentence lists them.
pub(crate) fn open_path(path: &Path) -> Result<OpenedVolume, IoError> {
    let found = scan(path)?;
    let is_one_file = path.is_file() && found.series.iter().flat_map(|series| &series.files).all(|file| file.place.path() == path);
    if !is_one_file {
        return open(only(path, &found)?);
    }
    let alone = only(path, &found)?;
    if alone.is_volume() {
        return open(alone);
    }
    // The other slices lie beside it. A folder that cannot be listed leaves the one there is.
    let beside = scan_flat(folder_of(path)).unwrap_or_default();
    let holds = |series: &&Series| series.files.iter().any(|file| file.place.path() == path);
    let Some(whole) = beside.series.iter().find(holds).filter(|series| series.images > 1 && series.fault.is_none()) else {
        return open(alone);
    };
    let mut opened = open(whole)?;
    opened.notices.push(format!("The file is one of {} pictures of a series, and all of it was opened.", whole.images));
    Ok(opened)
}

/// Opens one of the series under a path, by its key.
///
/// # Errors
/// If there is none of that key, and as [`open`].
pub(crate) fn open_key(path: &Path, key: &str) -> Result<OpenedVolume, IoError> {
    let found = scan(path)?;
    match found.series.iter().find(|series| series.key == key) {
        Some(series) => open(series),
        None => {
            let fault = "does not hold the series any more that was opened there";
            Err(IoError::unsupported(&path.display().to_string(), fault, "put its files back, or add the scan anew"))
        }
    }
}

/// The series that is meant where there is no choice: the only volume, or the only series.
fn only<'a>(path: &Path, found: &'a Scan) -> Result<&'a Series, IoError> {
    let name = path.display().to_string();
    let volumes: Vec<&Series> = found.series.iter().filter(|series| series.is_volume()).collect();
    match (volumes.as_slice(), found.series.as_slice()) {
        (&[one], _) | (&[], [one]) => Ok(one),
        (&[], []) => Err(nothing(&name, found)),
        (&[], all) => Err(several(&name, "no volume but several single views", all.iter().collect())),
        (many, _) => Err(several(&name, "several series", many.to_vec())),
    }
}

fn several(name: &str, what: &str, series: Vec<&Series>) -> IoError {
    let mut titles: Vec<String> = series.iter().take(NAMED).map(|series| series.title()).collect();
    if series.len() > NAMED {
        titles.push(format!("and {} more", series.len() - NAMED));
    }
    IoError::unsupported(name, format!("holds {what}: {}", titles.join("; ")), "choose one of them")
}

fn nothing(name: &str, found: &Scan) -> IoError {
    match found.skipped.as_slice() {
        // The reason is a whole sentence that begins with the file.
        [(path, reason)] if path.display().to_string() == name => {
            let rest = reason.strip_prefix(name).unwrap_or(reason).trim_start();
            let (fault, _) = rest.rsplit_once("; ").unwrap_or((rest, ""));
            IoError::unsupported(name, fault, "choose the files of a scan")
        }
        skipped => {
            IoError::unsupported(name, format!("holds no DICOM pictures ({} files were looked at)", skipped.len()), "choose another")
        }
    }
}
