//! Mask files: snapshots of the journal under the names people expect.
//!
//! The steps of [`Study::save_mask`], and what a power cut after each leaves: (1) the mask is written under another name: a
//! leftover, removed at the next opening; (2) its hash is recorded with the Edit it ends with: two contents are known, the file has
//! the old one; (3) it is renamed: two are known, the file has the new one; (4) the old one is forgotten: as usual.

use std::fs;
use std::path::{Path, PathBuf};

use medley_io::StoredGeometry;
use medley_volume::LabelMap;
use rusqlite::{Transaction, params};

use crate::case::CaseRow;
use crate::image::grid_from_json;
use crate::lineage::Lineage;
use crate::{CaseId, ProjectError, Study, files};

const ENDING: &str = ".nii.gz";
/// What a mask is called until it is whole. The dot hides it, and no case's file begins with one.
const UNFINISHED: (&str, &str) = (".", ".saving.nii.gz");

/// A content that a case's mask file may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownFile {
    pub sha256: Vec<u8>,
    /// The Edit it ends with.
    pub position: i64,
}

impl Study {
    /// Writes the mask of a case to its file in `masks/`, with the image's geometry, and remembers which Edit it ends with.
    ///
    /// `mask` must hold what is journaled: save between strokes. If the file holds that already, it is not written again.
    ///
    /// # Errors
    /// If the mask is not on the image's grid, another program has changed the file (it is then not overwritten), or it cannot be
    /// written. The journal has everything in any case.
    pub fn save_mask(&self, id: CaseId, mask: &LabelMap) -> Result<PathBuf, ProjectError> {
        self.save_in_steps(id, mask, &mut |_| {})
    }

    /// [`Study::save_mask`], telling which step is done.
    fn save_in_steps(&self, id: CaseId, mask: &LabelMap, done: &mut dyn FnMut(&str)) -> Result<PathBuf, ProjectError> {
        self.require_writable()?;
        let row = self.case_row(id)?;
        require_grid(&row, mask)?;
        let path = self.mask_path(&row.file_stem);
        let head = self.with_lineage(id, Lineage::head)?;
        if path.exists() {
            let found = files::sha256(&path).map_err(ProjectError::file(&path, "read"))?;
            match self.known_files(id)?.iter().find(|known| known.sha256 == found) {
                None => return Err(ProjectError::MaskChangedElsewhere(path)),
                Some(known) if known.position == head => return Ok(path),
                Some(_) => {}
            }
        }
        fs::create_dir_all(self.masks_folder()).map_err(ProjectError::file(&self.masks_folder(), "made"))?;
        let unfinished = self.masks_folder().join(format!("{}{}{}", UNFINISHED.0, row.file_stem, UNFINISHED.1));
        medley_io::write_labels(&unfinished, mask, &self.geometry(&row, mask))?;
        let sha256 = files::sha256(&unfinished).map_err(ProjectError::file(&unfinished, "read"))?;
        done("written");
        self.write(|database| record(database, id, &sha256, head))?;
        done("announced");
        files::rename_for_good(&unfinished, &path)?;
        done("renamed");
        self.settle(id, &sha256)?;
        done("settled");
        Ok(path)
    }

    /// The mask file of a case has this content: no other is expected any more.
    pub(crate) fn settle(&self, id: CaseId, sha256: &[u8; 32]) -> Result<(), ProjectError> {
        self.write(|database| {
            let sql = "DELETE FROM mask_file WHERE case_id = ? AND sha256 <> ?";
            database.prepare_cached(sql)?.execute(params![id.0, sha256]).map(drop)
        })
    }

    /// The contents the mask file of a case may have.
    pub(crate) fn known_files(&self, id: CaseId) -> Result<Vec<KnownFile>, ProjectError> {
        let read = || {
            let mut statement = self.connection.prepare_cached("SELECT sha256, position FROM mask_file WHERE case_id = ?")?;
            let rows = statement.query_map([id.0], |row| Ok(KnownFile { sha256: row.get(0)?, position: row.get(1)? }))?;
            rows.collect::<rusqlite::Result<Vec<KnownFile>>>()
        };
        match read() {
            Err(error) if ProjectError::is_damage(&error) => Ok(Vec::new()),
            result => self.db(result),
        }
    }

    pub(crate) fn mask_path(&self, file_stem: &str) -> PathBuf {
        self.masks_folder().join(format!("{file_stem}{ENDING}"))
    }

    /// The geometry of the case's image; if the image is not there just now, that of the mask's grid.
    fn geometry(&self, row: &CaseRow, mask: &LabelMap) -> StoredGeometry {
        if let Some(geometry) = self.geometries.borrow().get(&row.id) {
            return geometry.clone();
        }
        let opened = medley_io::open_volume(&row.image).ok().filter(|opened| opened.volume.grid().is_same_as(mask.grid(), 1e-3));
        let geometry = opened.map_or_else(|| StoredGeometry::of_grid(mask.grid()), |opened| opened.geometry);
        self.geometries.borrow_mut().insert(row.id, geometry.clone());
        geometry
    }
}

/// Records a content that the mask file of a case may have.
pub(crate) fn record(database: &Transaction<'_>, id: CaseId, sha256: &[u8; 32], position: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO mask_file (case_id, sha256, position) VALUES (?, ?, ?) \
               ON CONFLICT (case_id, sha256) DO UPDATE SET position = excluded.position";
    database.prepare_cached(sql)?.execute(params![id.0, sha256, position]).map(drop)
}

/// Removes what an interrupted save left behind. Failing to is harmless: the next save overwrites it.
pub(crate) fn remove_unfinished(masks: &Path) {
    let Ok(entries) = fs::read_dir(masks) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_unfinished = name.to_str().is_some_and(|name| name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1));
        if is_unfinished {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Fails unless a mask lies on the grid that the case's masks are drawn on (if that is known yet).
pub(crate) fn require_grid(row: &CaseRow, mask: &LabelMap) -> Result<(), ProjectError> {
    let Some(grid) = row.grid.as_deref().and_then(grid_from_json) else { return Ok(()) };
    if grid.is_same_as(mask.grid(), 1e-3) {
        return Ok(());
    }
    Err(ProjectError::MaskGrid { case: row.name.clone(), found: mask.grid().to_string(), expected: grid.to_string() })
}

#[cfg(test)]
mod tests {
    use medley_annotate::{Author, Edit, Tool};
    use medley_volume::{Grid, LabelTable, Quantity, Scaling, Volume, Voxels};

    use super::*;
    use crate::Role;

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder").flatten() {
            let target = to.join(entry.file_name());
            if entry.path().is_dir() { copy(&entry.path(), &target) } else { fs::copy(entry.path(), target).map(drop).expect("copied") }
        }
    }

    struct Saving {
        folder: tempfile::TempDir,
        study: Study,
        case: CaseId,
        mask: LabelMap,
    }

    fn labels(mask: &LabelMap) -> Vec<u16> {
        (0..mask.len()).map(|offset| mask.at(offset)).collect()
    }

    impl Saving {
        fn begin() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let root = folder.path().join("study");
            let study = Study::create(&root, &LabelTable::default()).expect("a study");
            let grid = Grid::axis_aligned([4, 3, 2], [1.0; 3]).expect("a grid");
            let volume = Volume::new(grid, Voxels::I16(vec![3; 24]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
            medley_io::write_volume(&root.join("scan.nii"), &volume, &StoredGeometry::of_grid(&grid)).expect("written");
            let case = study.add_case("scan", &root.join("scan.nii"), Role::Training).expect("a case");
            let mask = study.load_case(case).expect("opens").mask;
            Self { folder, study, case, mask }
        }

        fn draw(&mut self, offset: usize, label: u16) {
            let mut wanted = self.mask.clone();
            wanted.set(offset, label);
            let edit = Edit::between(&self.mask, &wanted, Author::Person, Tool::Script, 0).expect("one grid").expect("a change");
            self.study.journal_edit(self.case, &edit).expect("journaled");
            self.mask = wanted;
        }

        /// Cuts the power now, opens what is left, and checks mask and history; draws, saves and opens once more.
        fn check_after_a_power_cut(&self, name: &str) {
            let copied = self.folder.path().join(name);
            copy(self.study.folder(), &copied);
            let study = Study::open(&copied).expect("opens");
            let open = study.load_case(self.case).expect("opens");
            assert_eq!(labels(&open.mask), labels(&self.mask), "{name}");
            // A file that was announced and never put in place cannot be told from one that was taken away.
            let is_absent = !study.mask_path("scan").exists() && !study.known_files(self.case).expect("known").is_empty();
            assert_eq!(open.notices.len(), usize::from(is_absent), "{name}: {:?}", open.notices);
            let edits = self.study.edits(self.case).expect("edits").iter().filter(|edit| edit.is_in_mask).count();
            assert_eq!(open.history.len(), edits, "{name}");
            let unfinished = fs::read_dir(study.masks_folder()).expect("a folder").flatten();
            assert!(unfinished.map(|entry| entry.file_name()).all(|file| file == "scan.nii.gz"), "{name}");
            let path = study.save_mask(self.case, &open.mask).expect("saved");
            let saved = medley_io::open_labels(&path).expect("a mask").labels;
            assert_eq!(labels(&saved), labels(&self.mask), "{name}");
            assert_eq!(study.known_files(self.case).expect("known").len(), 1, "{name}");
            drop(study);
            let open = Study::open(&copied).expect("opens").load_case(self.case).expect("opens");
            assert_eq!((labels(&open.mask), open.notices), (labels(&self.mask), vec![]), "{name}");
        }
    }

    #[test]
    fn a_power_cut_after_any_step_of_saving_loses_nothing() {
        for (round, is_saved_before, is_undone) in [(0, false, false), (1, true, false), (2, true, true), (3, false, true)] {
            let mut saving = Saving::begin();
            saving.draw(3, 1);
            saving.draw(5, 2);
            if is_saved_before {
                saving.study.save_mask(saving.case, &saving.mask).expect("saved");
            }
            saving.draw(5, 300);
            if is_undone {
                saving.study.journal_undo(saving.case).expect("journaled");
                saving.mask.set(5, 2);
                if is_saved_before {
                    saving.draw(7, 4);
                }
            }
            saving.check_after_a_power_cut(&format!("{round} before"));
            let mut steps = Vec::new();
            let mut cut = |step: &str| {
                steps.push(step.to_owned());
                saving.check_after_a_power_cut(&format!("{round} {step}"));
            };
            saving.study.save_in_steps(saving.case, &saving.mask, &mut cut).expect("saved");
            assert_eq!(steps, ["written", "announced", "renamed", "settled"]);
        }
    }

    #[test]
    fn a_mask_that_is_saved_already_is_not_written_again() {
        let mut saving = Saving::begin();
        saving.draw(3, 1);
        let path = saving.study.save_mask(saving.case, &saving.mask).expect("saved");
        let stamp = |path: &Path| fs::metadata(path).and_then(|about| about.modified()).expect("a file");
        let before = stamp(&path);
        saving.study.save_mask(saving.case, &saving.mask).expect("saved");
        assert_eq!(stamp(&path), before);
    }
}
