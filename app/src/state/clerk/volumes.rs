//! Files and folders that hold several volumes: what there is to choose from.

use std::path::{Path, PathBuf};

use medley_io::{OpenedVolume, Part, dicom};

use crate::stem::stem;
use crate::texts::study as texts;

/// Volumes of one file or folder, of which a person chooses.
#[derive(Debug, Clone)]
pub struct Volumes {
    /// Where they lie.
    pub path: PathBuf,
    /// The volumes.
    pub list: Vec<OneVolume>,
    /// Whether there is nothing but one picture.
    pub is_one_picture: bool,
    /// What lies there beside them, in words; empty if nothing.
    pub others: Vec<String>,
}

/// One volume.
#[derive(Debug, Clone)]
pub struct OneVolume {
    /// Which it is.
    pub part: Part,
    /// Its name if it becomes a case.
    pub name: String,
    /// What it is, in a line.
    pub title: String,
    /// Size, voxels and what should be known before it is opened.
    pub about: Vec<String>,
    /// Why it cannot be opened; `None` if it can.
    pub fault: Option<String>,
    /// Its middle slice, where there is a choice.
    pub picture: Option<dicom::Thumbnail>,
}

impl Volumes {
    /// The DICOM series under a path, volumes first.
    ///
    /// # Errors
    /// A sentence if nothing there can be read.
    pub fn of_dicom(path: &Path) -> Result<Self, String> {
        let found = dicom::scan(path).map_err(|error| error.to_string())?;
        if found.series.is_empty() {
            // Opening it says why.
            return Err(medley_io::open_volume(path).err().map_or_else(|| texts::no_pictures(path), |error| error.to_string()));
        }
        let mut list: Vec<OneVolume> = found.series.iter().map(|series| one(path, series)).collect();
        let is_one_picture = matches!(found.series.as_slice(), [one] if one.images == 1);
        // A picture costs the reading of a slice, and is looked at only where there is a choice.
        if !is_one_picture && only(&list).is_none() {
            list.iter_mut().zip(&found.series).for_each(|(volume, series)| volume.picture = dicom::thumbnail(series).ok());
        }
        // Scouts and single views last, in their own order.
        list.sort_by_key(|volume| volume.fault.is_some());
        let others = texts::passed_over(found.skipped.len()).into_iter().collect();
        Ok(Self { path: path.to_owned(), list, is_one_picture, others })
    }

    /// The volumes that follow each other in a file, if there are several.
    pub fn of_file(path: &Path, opened: &OpenedVolume) -> Option<Self> {
        let frames: usize = opened.about.shape.iter().skip(3).product();
        if frames < 2 {
            return None;
        }
        let volume = |frame: usize| OneVolume {
            part: Part::Frame(frame),
            name: format!("{} {}", stem(path), frame + 1),
            title: texts::volume_of(frame + 1, frames),
            about: Vec::new(),
            fault: None,
            picture: None,
        };
        Some(Self { path: path.to_owned(), list: (0..frames).map(volume).collect(), is_one_picture: false, others: Vec::new() })
    }

    /// The one that is meant where there is no choice.
    pub fn only(&self) -> Option<&OneVolume> {
        only(&self.list)
    }
}

fn only(list: &[OneVolume]) -> Option<&OneVolume> {
    let mut able = list.iter().filter(|volume| volume.fault.is_none());
    able.next().filter(|_| able.next().is_none())
}

fn one(path: &Path, series: &dicom::Series) -> OneVolume {
    let mut about = vec![texts::volume_size(series.shape, series.spacing)];
    about.extend(series.notices.iter().cloned());
    let fault = match &series.fault {
        Some(fault) => Some(fault.clone()),
        None if series.is_localizer => Some(texts::SCOUT.to_owned()),
        None if series.shape[2] < 2 => Some(texts::SINGLE_VIEW.to_owned()),
        None => None,
    };
    let description = series.description.trim();
    OneVolume {
        part: Part::Series(series.key.clone()),
        name: if description.is_empty() { stem(path) } else { format!("{} {description}", stem(path)) },
        title: series.title(),
        about,
        fault,
        picture: None,
    }
}
