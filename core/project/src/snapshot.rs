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
        let (unfinished, sha256) = self.write_unfinished(&row, mask)?;
        self.announce(id, &sha256, head)?;
        files::rename_for_good(&unfinished, &path)?;
        self.settle(id, &sha256)?;
        Ok(path)
    }

    /// Step 1: the mask under another name, and its hash.
    pub(crate) fn write_unfinished(&self, row: &CaseRow, mask: &LabelMap) -> Result<(PathBuf, [u8; 32]), ProjectError> {
        let path = self.masks_folder().join(format!("{}{}{}", UNFINISHED.0, row.file_stem, UNFINISHED.1));
        medley_io::write_labels(&path, mask, &self.geometry(row, mask))?;
        let sha256 = files::sha256(&path).map_err(ProjectError::file(&path, "read"))?;
        Ok((path, sha256))
    }

    /// Step 2: this content may appear under the mask's name.
    pub(crate) fn announce(&self, id: CaseId, sha256: &[u8; 32], position: i64) -> Result<(), ProjectError> {
        self.write(|database| record(database, id, sha256, position))
    }

    /// Step 4: no other content may.
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
