//! Masks on the disk: in the study, and in files of the user's choice.

use std::path::{Path, PathBuf};

use medley_io::{FileKind, StoredGeometry, dicom};
use medley_project::CaseId;
use medley_volume::{LabelMap, LabelTable, Mesh};

use super::{Desk, Reply, sentence};
use crate::texts::study as texts;

impl Desk {
    pub(super) fn save_mask(&mut self, case: CaseId, mask: &LabelMap) -> Result<(), String> {
        let path = self.study_mut()?.save_mask(case, mask).map_err(sentence)?;
        self.reply(Reply::MaskSaved(case, path));
        let cases = self.study_mut()?.cases().map_err(sentence)?;
        self.reply(Reply::Cases(cases));
        Ok(())
    }

    pub(super) fn export(&mut self, path: PathBuf, mask: &LabelMap, labels: &LabelTable, geometry: &StoredGeometry) -> Result<(), String> {
        if let Some(study) = &self.study {
            let is_image = study.cases().map_err(sentence)?.iter().any(|case| case.image == path);
            if is_image {
                return Err(texts::is_the_scan(&path));
            }
        }
        medley_io::write_labels_with_table(&path, mask, labels, geometry).map_err(sentence)?;
        self.reply(Reply::Exported(texts::MASK, path));
        Ok(())
    }

    /// A DICOM segmentation: of the patient and study of the case's series, where the case is one.
    pub(super) fn export_segmentation(&mut self, path: PathBuf, case: CaseId, mask: &LabelMap, labels: &LabelTable) -> Result<(), String> {
        let info = self.study_mut()?.case(case).map_err(sentence)?;
        let is_dicom = matches!(medley_io::kind_of(&info.image), Ok(FileKind::Dicom | FileKind::DicomFolder));
        let source = is_dicom.then(|| dicom::series_at(&info.image, &info.part)).transpose().map_err(sentence)?;
        dicom::write_segmentation(&path, mask, labels, source.as_ref(), &dicom::SegmentationOptions::default()).map_err(sentence)?;
        self.reply(Reply::Exported(texts::SEGMENTATION, path));
        Ok(())
    }

    pub(super) fn export_surface(&mut self, path: PathBuf, mask: &LabelMap, labels: &LabelTable, label: u16) -> Result<(), String> {
        let mesh = medley_volume::surface(mask, label).smoothed(Mesh::USUAL_ROUNDS);
        if mesh.triangles.is_empty() {
            let name = labels.get(label).map_or_else(|| label.to_string(), |label| label.name.clone());
            return Err(texts::no_surface(&name));
        }
        medley_io::mesh::write(&path, &mesh).map_err(sentence)?;
        self.reply(Reply::Exported(texts::SURFACE, path));
        Ok(())
    }

    pub(super) fn read_mask(&mut self, case: CaseId, path: PathBuf) -> Result<(), String> {
        let (labels, names, notices) = self.mask_of_file(case, &path)?;
        for notice in notices {
            self.reply(Reply::Notice(notice));
        }
        self.reply(Reply::MaskRead(case, path, Box::new(labels), names));
        Ok(())
    }

    /// The mask of a file, with the names it gives to labels and what should be known of it. Formats that hold only the labelled part of a
    /// scan are laid onto the case's voxels; others may lie anywhere.
    pub(super) fn mask_of_file(&mut self, case: CaseId, path: &Path) -> Result<(LabelMap, LabelTable, Vec<String>), String> {
        let study = self.study_mut()?;
        if dicom::is_contours(path) {
            let read = dicom::open_contours(path, &study.case_grid(case).map_err(sentence)?).map_err(sentence)?;
            return Ok((read.labels, read.table, read.notices));
        }
        let (read, names) = medley_io::open_labels_with_table(path).map_err(sentence)?;
        let labels = if dicom::is_segmentation(path) {
            // It holds only the slices that have labels.
            let (grid, name) = (study.case_grid(case).map_err(sentence)?, study.case(case).map_err(sentence)?.name);
            let elsewhere = || texts::of_another_scan(path, &name);
            medley_volume::slab_onto(&read.labels, &grid).ok_or_else(elsewhere)?
        } else {
            read.labels
        };
        Ok((labels, names, read.notices))
    }
}
