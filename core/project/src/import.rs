//! Data sets of others become cases of a study: scans where they lie, masks as Edits that can be undone.

use crate::dataset::DataSet;
use crate::{CaseId, ProjectError, Study};

/// What an import brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// The new cases.
    pub cases: Vec<CaseId>,
    /// Names of cases whose scan the study had already; they stay as they are.
    pub known: Vec<String>,
    /// What the user should know.
    pub notices: Vec<String>,
}

impl Study {
    /// Adds the cases of a data set, each with its role and its mask, which counts as corrected. Labels that the study does not have
    /// come with their names and colours. `progress` is told how many cases are done and how many there are; it ends the import with
    /// `false`, and what was imported stays.
    ///
    /// # Errors
    /// If the data set calls a label otherwise than the study does (nothing is imported then), a file is damaged or missing, or the
    /// database cannot be written.
    pub fn import_set(&self, set: &DataSet, progress: &dyn Fn(usize, usize) -> bool) -> Result<Imported, ProjectError> {
        let mut table = self.label_table()?;
        for label in set.label_table.labels() {
            match table.get(label.value) {
                // A name that nobody has given yet gives way.
                Some(own) if own.name == unnamed(label.value) => table.insert(label.clone()),
                Some(own) if label.name != unnamed(label.value) && own.name.to_lowercase() != label.name.to_lowercase() => {
                    return Err(ProjectError::LabelNames { value: label.value, ours: own.name.clone(), theirs: label.name.clone() });
                }
                Some(_) => {}
                None => table.insert(label.clone()),
            }
        }
        self.set_label_table(&table)?;
        let mut imported = Imported::default();
        let there = self.cases()?;
        for (done, case) in set.cases.iter().enumerate() {
            if !progress(done, set.cases.len()) {
                break;
            }
            let image = std::path::absolute(&case.image).unwrap_or_else(|_| case.image.clone());
            if there.iter().any(|own| own.image == image) {
                imported.known.push(case.name.clone());
                continue;
            }
            let loaded = set.load(case)?;
            let id = self.add_case(&case.name, &image, case.role)?;
            imported.cases.push(id);
            imported.notices.extend(loaded.notices);
            if let Some(labels) = loaded.labels {
                self.import_mask(id, &labels)?;
                self.set_corrected(id, case.is_corrected)?;
            }
        }
        Ok(imported)
    }
}

/// What a label is called that nobody has named.
fn unnamed(value: u16) -> String {
    format!("label {value}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use medley_io::StoredGeometry;
    use medley_volume::{Grid, LabelMap, LabelTable, Quantity, Scaling, Volume, Voxels};

    use super::*;
    use crate::Role;

    /// Two scans with masks beside them.
    fn set(folder: &Path) -> DataSet {
        let grid = Grid::axis_aligned([6, 5, 4], [1.0; 3]).expect("a grid");
        let geometry = StoredGeometry::of_grid(&grid);
        for (number, name) in ["a", "b"].iter().enumerate() {
            let voxels = Voxels::I16((0..120).map(|v| v * 3 + number as i16).collect());
            let volume = Volume::new(grid, voxels, Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
            medley_io::write_volume(&folder.join(format!("{name}.nii.gz")), &volume, &geometry).expect("written");
            let mut mask = LabelMap::empty(grid);
            (0..40).for_each(|offset| mask.set(offset, 1 + (offset % 2) as u16));
            medley_io::write_labels(&folder.join(format!("{name}_seg.nii.gz")), &mask, &geometry).expect("written");
        }
        let mut set = DataSet::open(folder).expect("a set");
        let report = set.check(&|_, _| true).expect("checked");
        set.adopt(&report);
        set
    }

    #[test]
    fn cases_come_with_masks_roles_and_labels_and_only_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = set(folder.path());
        let study = Study::create(&folder.path().join("study"), &LabelTable::default()).expect("made");
        let imported = study.import_set(&set, &|_, _| true).expect("imported");
        assert_eq!((imported.cases.len(), imported.known.len()), (2, 0));
        let cases = study.cases().expect("cases");
        assert!(cases.iter().all(|case| case.role == Role::Training && case.is_corrected && case.has_mask));
        let open = study.load_case(imported.cases[1]).expect("opens");
        assert_eq!(open.mask.counts(), [(0, 80), (1, 20), (2, 20)].into());
        assert_eq!(open.history.len(), 1, "the mask is one step that can be taken back");
        assert_eq!(study.label_table().expect("labels").labels().len(), 2);
        let again = study.import_set(&set, &|_, _| true).expect("imported");
        assert_eq!((again.cases.len(), again.known), (0, vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(study.cases().expect("cases").len(), 2);
    }

    #[test]
    fn labels_of_another_name_are_not_mixed() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut set = set(folder.path());
        let first = |study: &Study| study.label_table().expect("labels").get(1).expect("there").name.clone();
        let [numbered, named] = ["numbered", "named"].map(|name| {
            let labels = if name == "named" { LabelTable::from_names([(1, "liver")]) } else { LabelTable::from_names([(1, "label 1")]) };
            Study::create(&folder.path().join(name), &labels).expect("made")
        });
        named.import_set(&set, &|_, _| false).expect("numbers are no names");
        assert_eq!(first(&named), "liver");
        set.label_table = LabelTable::from_names([(1, "spleen"), (2, "core")]);
        numbered.import_set(&set, &|_, _| false).expect("a number gives way to a name");
        assert_eq!(first(&numbered), "spleen");
        let study = Study::create(&folder.path().join("study"), &LabelTable::from_names([(1, "liver")])).expect("made");
        let refusal = study.import_set(&set, &|_, _| true).expect_err("refused").to_string();
        assert!(refusal.contains("liver"), "{refusal}");
        assert!(study.cases().expect("cases").is_empty());
    }

    #[test]
    fn an_import_that_is_given_up_keeps_what_it_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let set = set(folder.path());
        let study = Study::create(&folder.path().join("study"), &LabelTable::default()).expect("made");
        assert_eq!(study.import_set(&set, &|done, _| done < 1).expect("imported").cases.len(), 1);
        assert_eq!(study.cases().expect("cases").len(), 1);
    }
}
