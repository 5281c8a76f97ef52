//! Opening scans, studies and what others have made; the study that is open, and what is told of it.

use std::path::Path;
use std::sync::Arc;

use medley_io::FileKind;
use medley_project::{CaseId, Role, Study};
use medley_volume::LabelTable;

use super::volumes::{OneVolume, Volumes};
use super::{Desk, Reply, StudySummary, absolute, sentence};
use crate::stem::stem;
use crate::{places, sample, texts};

impl Desk {
    pub(super) fn open(&mut self, path: &Path) -> Result<(), String> {
        match medley_io::kind_of(path).map_err(sentence)? {
            FileKind::Study => {
                self.close_study()?;
                self.study = Some(Study::open_even_read_only(path).map_err(sentence)?);
                self.announce(None)
            }
            FileKind::Nifti | FileKind::Nrrd | FileKind::MetaImage | FileKind::Npy => self.open_scan(path),
            FileKind::Dicom => self.open_dicom(path),
            // Segmentations of DICOM may lie among scans of other formats.
            FileKind::DicomFolder => self.open_dicom(path).or_else(|why| self.check_set(path).map_err(|_| why)),
            FileKind::Json | FileKind::Folder => self.check_set(path),
            FileKind::Unknown(_) | FileKind::LabelTable if path.extension().is_some_and(|end| end == "txt") => self.check_set(path),
            other => Err(texts::study::cannot_be_opened(path, &other)),
        }
    }

    pub(super) fn open_sample(&mut self) -> Result<(), String> {
        self.close_study()?;
        let folder = places::sample_study();
        let is_there = folder.join("study.sqlite").exists();
        let study = if is_there {
            Study::open_even_read_only(&folder).map_err(sentence)?
        } else {
            sample::unpack_study(&folder).map_err(sentence)?
        };
        self.study = Some(study);
        self.announce(None)
    }

    pub(super) fn new_study(&mut self, folder: &Path) -> Result<(), String> {
        let study = Study::create(folder, &first_labels()).map_err(sentence)?;
        self.close_study()?;
        self.study = Some(study);
        self.announce(None)
    }

    /// Adds a scan to the open study, or to the user's own study where none is open. A scan that is in it already is not added twice.
    fn open_scan(&mut self, path: &Path) -> Result<(), String> {
        let path = absolute(path)?;
        let watch = Arc::clone(&self.watch);
        let study = self.any_study()?;
        let known = study.cases().map_err(sentence)?.into_iter().find(|case| case.image == path);
        let id = match known {
            Some(case) => case.id,
            None => {
                // Read before it is added: what cannot be read never becomes a case.
                let opened = medley_io::open_volume_watched(&path, &*watch).map_err(sentence)?;
                if let Some(volumes) = Volumes::of_file(&path, &opened) {
                    self.reply(Reply::VolumesFound(Box::new(volumes)));
                    return Ok(());
                }
                let study = self.any_study()?;
                let id = study.add_case(&stem(&path), &path, Role::Training).map_err(sentence)?;
                self.just_read = Some((id, opened));
                id
            }
        };
        self.announce(Some(id))
    }

    /// The open study, or the user's own.
    pub(super) fn any_study(&mut self) -> Result<&mut Study, String> {
        if self.study.is_none() {
            let folder = places::own_study();
            let is_there = folder.join("study.sqlite").exists();
            let study = if is_there { Study::open_even_read_only(&folder) } else { Study::create(&folder, &first_labels()) };
            self.study = Some(study.map_err(sentence)?);
        }
        self.study_mut()
    }

    /// Opens the only series there is, or asks which.
    fn open_dicom(&mut self, path: &Path) -> Result<(), String> {
        let path = absolute(path)?;
        let volumes = Volumes::of_dicom(&path)?;
        // One file stands for the whole series that it belongs to.
        if path.is_file() && volumes.is_one_picture {
            return self.open_scan(&path);
        }
        match volumes.only().cloned() {
            Some(only) => self.open_volumes(&path, &[only]),
            None => {
                self.reply(Reply::VolumesFound(Box::new(volumes)));
                Ok(())
            }
        }
    }

    /// Adds volumes of a file or folder to the open study, those that are not in it yet, and opens the first.
    pub(super) fn open_volumes(&mut self, path: &Path, volumes: &[OneVolume]) -> Result<(), String> {
        let mut first = None;
        let mut outcome = Ok(());
        for volume in volumes {
            match self.add_volume(path, volume, first.is_none()) {
                Ok(id) => first = first.or(Some(id)),
                Err(why) => {
                    outcome = Err(why);
                    break;
                }
            }
        }
        // What was added before something failed is there.
        match first {
            Some(_) => self.announce(first).and(outcome),
            None => outcome,
        }
    }

    /// A volume as a case of the study; the first of several is kept in memory, because it is opened next.
    fn add_volume(&mut self, path: &Path, volume: &OneVolume, is_first: bool) -> Result<CaseId, String> {
        let watch = Arc::clone(&self.watch);
        let known = self.any_study()?.cases().map_err(sentence)?;
        if let Some(case) = known.iter().find(|case| case.image == path && case.part == volume.part) {
            return Ok(case.id);
        }
        // Read before it is added: what cannot be read never becomes a case.
        let opened = medley_io::open_volume_part(path, &volume.part, Some(&*watch)).map_err(sentence)?;
        let id = self.any_study()?.add_case_part(&volume.name, path, &volume.part, Role::Training).map_err(sentence)?;
        if is_first {
            self.just_read = Some((id, opened));
        }
        Ok(id)
    }

    /// Closes the open study, unless a change of it is not on the disk: that one would have no place in another study.
    pub(super) fn close_study(&mut self) -> Result<(), String> {
        self.journal_backlog();
        if !self.backlog.is_empty() && self.study.is_some() {
            return Err(texts::history::NOT_WRITTEN.to_owned());
        }
        self.told_status = None;
        self.just_read = None;
        self.study = None;
        Ok(())
    }

    pub(super) fn announce(&mut self, first: Option<CaseId>) -> Result<(), String> {
        let study = self.study.as_ref().ok_or(texts::study::NO_STUDY)?;
        let cases = study.cases().map_err(sentence)?;
        let first = first.or_else(|| cases.first().map(|case| case.id));
        let folder = study.folder().to_owned();
        let name = folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
        let labels = study.label_table().map_err(sentence)?;
        let models = study.models().map_err(sentence)?;
        let reviewer = study.reviewer().map_err(sentence)?;
        let read_only = study.read_only_because().cloned();
        self.reply(Reply::StudyOpened(StudySummary { folder, name, labels, cases, models, reviewer, read_only }, first));
        Ok(())
    }
}

/// What a new study begins with: something to paint.
fn first_labels() -> LabelTable {
    let mut labels = LabelTable::default();
    labels.add_unknown([1]);
    labels
}
