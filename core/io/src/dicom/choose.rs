use std::path::Path;

use medley_volume::{LabelMap, LabelTable};

use super::open::{OpenOptions, open_watched};
use super::scan::{folder_of, scan, scan_flat};
use super::segmentation::{Segmentation, is_segmentation, open_segmentation};
use super::series::{Scan, Series};
use crate::labels::label_voxels;
use crate::{IoError, OpenedLabels, OpenedVolume, Part, Progress, StoredGeometry};

/// Series that a sentence names; the rest are counted.
const NAMED: usize = 12;

/// Opens what a person means by a path: the one volume of a folder or a zip file; the whole series that a file belongs to, with a
/// notice.
///
/// # Errors
/// If there is no volume, or there are several: the sentence lists them.
pub(crate) fn open_path(path: &Path, progress: Option<&dyn Progress>) -> Result<OpenedVolume, IoError> {
    let (series, is_more_than_asked) = meant(path)?;
    let mut opened = open_watched(&series, OpenOptions::default(), progress)?;
    if is_more_than_asked {
        opened.notices.push(format!("The file is one of {} pictures of a series, and all of it was opened.", series.images));
    }
    Ok(opened)
}

/// Opens one of the series under a path, by its key.
///
/// # Errors
/// If there is none of that key, and as [`super::open`].
pub(crate) fn open_key(path: &Path, key: &str, progress: Option<&dyn Progress>) -> Result<OpenedVolume, IoError> {
    open_watched(&with_key(path, key)?, OpenOptions::default(), progress)
}

/// The series that a scan was opened from: what [`crate::open_volume_part`] opens, with what its files say of patient and study.
///
/// # Errors
/// If there is no such series, or a choice is needed.
pub fn series_at(path: &Path, part: &Part) -> Result<Series, IoError> {
    match part {
        Part::Series(key) => with_key(path, key),
        Part::First | Part::Frame(_) => Ok(meant(path)?.0),
    }
}

fn with_key(path: &Path, key: &str) -> Result<Series, IoError> {
    scan(path)?.series.into_iter().find(|series| series.key == key).ok_or_else(|| {
        let fault = "does not hold the series any more that was opened there";
        IoError::unsupported(&path.display().to_string(), fault, "put its files back, or add the scan anew")
    })
}

/// The series that a path means, and whether the path is only one file of it.
fn meant(path: &Path) -> Result<(Series, bool), IoError> {
    let found = scan(path)?;
    let is_one_file = path.is_file() && found.series.iter().flat_map(|series| &series.files).all(|file| file.place.path() == path);
    let alone = only(path, &found)?.clone();
    if !is_one_file || alone.is_volume() {
        return Ok((alone, false));
    }
    // The other slices lie beside it. A folder that cannot be listed leaves the one there is.
    let beside = scan_flat(folder_of(path)).unwrap_or_default();
    let holds = |series: &Series| series.files.iter().any(|file| file.place.path() == path);
    let whole = beside.series.into_iter().find(holds).filter(|series| series.images > 1 && series.fault.is_none());
    Ok(whole.map_or((alone, false), |whole| (whole, true)))
}

/// Opens what a path means as a mask: a segmentation, with the names and colours of its labels, or a series whose values are labels.
///
/// # Errors
/// As [`open_path`], and if the values are no labels.
pub(crate) fn labels_of_path(path: &Path) -> Result<(OpenedLabels, LabelTable), IoError> {
    if path.is_file() && is_segmentation(path) {
        let Segmentation { labels, table, notices } = open_segmentation(path)?;
        let geometry = StoredGeometry::of_grid(labels.grid());
        return Ok((OpenedLabels { labels, geometry, notices }, table));
    }
    let OpenedVolume { volume, geometry, notices, .. } = open_path(path, None)?;
    let file = path.display().to_string();
    let (grid, scaling) = (*volume.grid(), volume.scaling());
    let voxels = label_voxels(volume.voxels().clone(), scaling, &grid).map_err(|fault| IoError::NotLabels { file: file.clone(), fault })?;
    let labels =
        LabelMap::new(grid, voxels).map_err(|error| IoError::malformed(&file, format!("cannot be used: {error}"), "export it again"))?;
    Ok((OpenedLabels { labels, geometry, notices }, LabelTable::default()))
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
