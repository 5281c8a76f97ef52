use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use medley_annotate::{Author, Edit, History, Tool};
use medley_io::{OpenedVolume, Progress, StoredGeometry};
use medley_volume::{Grid, LabelMap, LabelVoxels, Volume, VolumeError};
use sha2::{Digest, Sha256};

use crate::case::CaseRow;
use crate::image::{Fingerprint, Look, grid_from_json, grid_to_json};
use crate::lineage::{Lineage, ROOT};
use crate::replay::{self, Rebuilt, Replayed};
use crate::{CaseId, ProjectError, Study, files};

/// A case that is open: its scan, its mask and what can be undone and redone in it.
#[derive(Debug)]
pub struct OpenCase {
    /// The scan.
    pub volume: Volume,
    /// The scan's geometry as stored, for masks saved beside it.
    pub geometry: StoredGeometry,
    /// The mask, on exactly the scan's grid.
    pub mask: LabelMap,
    /// Its Edits, as they were.
    pub history: History,
    /// How many steps (Edits, and undos of Edits) the mask file was behind when the program that had the study open before was
    /// ended. They came back from the journal; 0 if that program was closed as usual.
    pub restored: usize,
    /// What the user should know.
    pub notices: Vec<String>,
}

/// A mask as it was when the program ended.
pub(crate) struct LoadedMask {
    pub mask: LabelMap,
    pub history: History,
    /// How many steps the mask file was behind.
    pub beyond_file: usize,
    pub notices: Vec<String>,
}

/// A mask file that was read.
struct FoundFile {
    sha256: [u8; 32],
    /// On the image's grid, or why not.
    labels: Result<LabelMap, String>,
}

impl Study {
    /// Opens a case: mask and history are what they were after the last call that journaled something, however the program ended.
    ///
    /// A mask file that another program has changed is taken in as an Edit that can be undone, with a notice. Damaged rows of the
    /// journal are passed over, with a notice.
    ///
    /// # Errors
    /// If the image is missing, unreadable or replaced by one on another grid, if the mask file was changed into something that
    /// cannot be taken in, or if the database cannot be used. Nothing is changed then.
    pub fn load_case(&self, id: CaseId) -> Result<OpenCase, ProjectError> {
        self.load_case_watched(id, &|_: f64| ControlFlow::Continue(()))
    }

    /// As [`Study::load_case`], with somebody who is told how far it has come and may end it.
    ///
    /// # Errors
    /// As [`Study::load_case`], and if it was ended.
    pub fn load_case_watched(&self, id: CaseId, progress: &dyn Progress) -> Result<OpenCase, ProjectError> {
        let row = self.case_row(id)?;
        if !row.image.exists() {
            return Err(ProjectError::MissingImage { case: row.name, image: row.image });
        }
        let opened = medley_io::open_volume_part(&row.image, &row.part, Some(progress))?;
        self.opened_case(row, opened)
    }

    /// As [`Study::load_case`], with the case's image as it was read just now.
    ///
    /// # Errors
    /// As [`Study::load_case`].
    pub fn load_case_with(&self, id: CaseId, opened: OpenedVolume) -> Result<OpenCase, ProjectError> {
        self.opened_case(self.case_row(id)?, opened)
    }

    fn opened_case(&self, row: CaseRow, opened: OpenedVolume) -> Result<OpenCase, ProjectError> {
        let id = row.id;
        let mut notices = opened.notices;
        let grid = *opened.volume.grid();
        self.require_image_grid(&row, &grid)?;
        match Fingerprint::look(&row.image, row.image_print.as_ref())? {
            Look::Same => {}
            Look::Refreshed(_) if self.is_read_only() => {}
            Look::Refreshed(print) => self.set_case("UPDATE case_ SET image_print = ?2 WHERE id = ?1", id, print.to_json())?,
            Look::Changed(print) => {
                if !self.is_read_only() {
                    self.set_case("UPDATE case_ SET image_print = ?2 WHERE id = ?1", id, print.to_json())?;
                }
                let what =
                    format!("The image {} has changed since it was last open; check that the mask still fits it.", row.image.display());
                notices.push(what);
            }
        }
        self.geometries.borrow_mut().insert(id, opened.geometry.clone());
        let loaded = self.load_mask(&row, &grid)?;
        notices.extend(loaded.notices);
        let is_first = self.loaded.borrow_mut().insert(id);
        let restored = if self.was_interrupted() && is_first { loaded.beyond_file } else { 0 };
        Ok(OpenCase { volume: opened.volume, geometry: opened.geometry, mask: loaded.mask, history: loaded.history, restored, notices })
    }

    /// The grid that a case's mask lies on. The image is read only if it never was.
    ///
    /// # Errors
    /// As [`Study::load_case`].
    pub fn case_grid(&self, id: CaseId) -> Result<Grid, ProjectError> {
        match self.case_row(id)?.grid.as_deref().and_then(grid_from_json) {
            Some(grid) => Ok(grid),
            None => Ok(*self.load_case(id)?.volume.grid()),
        }
    }

    /// Puts a mask in place of the case's, as an Edit that can be undone; returns it, or `None` if nothing changes.
    ///
    /// It is journaled. If the case is open, apply the Edit to its mask and push it to its history, or load the case again.
    ///
    /// # Errors
    /// As [`Study::load_case`]; also if the mask does not lie on the image's grid.
    pub fn import_mask(&self, id: CaseId, mask: &LabelMap) -> Result<Option<Edit>, ProjectError> {
        self.require_writable()?;
        let row = self.case_row(id)?;
        let grid = self.case_grid(id)?;
        let wanted = on_grid(mask, &grid).map_err(|_| ProjectError::MaskGrid {
            case: row.name.clone(),
            found: mask.grid().to_string(),
            expected: grid.to_string(),
        })?;
        let now = self.load_mask(&row, &grid)?.mask;
        let Ok(Some(edit)) = Edit::between(&now, &wanted, Author::Person, Tool::Import, files::now_ms()) else { return Ok(None) };
        self.journal_fitting_edit(id, &edit)?;
        Ok(Some(edit))
    }

    /// The mask of a case and its history, without its image.
    pub(crate) fn load_mask(&self, row: &CaseRow, grid: &Grid) -> Result<LoadedMask, ProjectError> {
        let path = self.mask_path(&row.file_stem);
        let mut notices = Vec::new();
        let mut lineage = self.with_lineage(row.id, Lineage::clone)?;
        let known = self.known_files(row.id)?;
        known.iter().for_each(|known| lineage.ensure(known.position));
        let fetch = |id| self.stored_edit(row.id, id);
        let found = read_mask_file(&path, grid)?;
        // Whoever only looks takes nothing in: it may also be a file of the program that has the study, newer than what is known here.
        let is_strange = |found: &FoundFile| !known.iter().any(|known| known.sha256 == found.sha256);
        let found = found.filter(|found| !(self.is_read_only() && is_strange(found)));
        let is_missing = found.is_none() && !path.exists();
        let place = found.as_ref().and_then(|found| known.iter().find(|known| known.sha256 == found.sha256));
        let (back, forth) = lineage.way(place.map_or(ROOT, |place| place.position), lineage.head());
        let beyond_file = back.len() + forth.len();
        if let (Some(found), Some(_), 2.., false) = (&found, place, known.len(), self.is_read_only()) {
            self.settle(row.id, &found.sha256)?;
        }
        let replayed = match (found, place) {
            (Some(found), None) => {
                let labels = found.labels.map_err(|why| ProjectError::ForeignMask { path: path.clone(), why })?;
                let base = known.iter().map(|known| known.position).min().unwrap_or(ROOT);
                let taken = self.take_in(row, &labels, found.sha256, base, &lineage)?;
                notices.extend(taken.1);
                lineage = self.with_lineage(row.id, Lineage::clone)?;
                taken.0
            }
            (found, place) => {
                if is_missing && !known.is_empty() {
                    notices.push(format!("There was no mask file {}; the mask was rebuilt from the study's journal.", path.display()));
                }
                let labels = found.and_then(|found| found.labels.ok());
                let snapshot = labels.zip(place.map(|place| place.position));
                replay::mask_at(lineage.head(), snapshot, grid, &lineage, &fetch)?
            }
        };
        let Replayed { mask, troubles } = replayed;
        let is_doubtful = troubles > 0 || lineage.damaged > 0;
        let Rebuilt { history, is_cut } = replay::history(&mask, &lineage, is_doubtful, &fetch)?;
        if is_doubtful || is_cut {
            notices.push(format!(
                "Part of the journal of case {} is damaged. Everything that could be read was used, and undo reaches back to the damaged \
                 place; check the mask, and copy the study's folder to another disk.",
                row.name
            ));
        }
        Ok(LoadedMask { mask, history, beyond_file, notices })
    }

    /// Takes what another program changed in the mask file into the journal.
    ///
    /// What it changed is the difference of the file to the mask it was given: the snapshot that ends with the Edit `base`. That
    /// difference goes on top of the mask as it is now, so that strokes made since that snapshot are kept too.
    fn take_in(
        &self,
        row: &CaseRow,
        found: &LabelMap,
        sha256: [u8; 32],
        base: i64,
        lineage: &Lineage,
    ) -> Result<(Replayed, Option<String>), ProjectError> {
        let fetch = |id| self.stored_edit(row.id, id);
        let given = replay::mask_at(base, None, found.grid(), lineage, &fetch)?;
        let Replayed { mask: now, troubles } = replay::travel(given.mask.clone(), base, lineage.head(), lineage, &fetch)?;
        let mut wanted = now.clone();
        let mut is_the_file = true;
        for offset in 0..found.len() {
            let label = found.at(offset);
            if given.troubles > 0 || label != given.mask.at(offset) {
                wanted.set(offset, label);
            } else if label != now.at(offset) {
                is_the_file = false;
            }
        }
        let change = |from: &LabelMap, to: &LabelMap| Edit::between(from, to, Author::Person, Tool::Import, files::now_ms()).ok().flatten();
        let taken = change(&now, &wanted);
        let theirs = if is_the_file { None } else { change(&given.mask, found) };
        self.journal_found(row.id, &sha256, taken.as_ref(), (!is_the_file).then_some((base, theirs.as_ref())))?;
        let notice = taken.map(|edit| {
            let path = self.mask_path(&row.file_stem);
            let changed = edit.changed;
            format!("{} was changed by another program: {changed} voxels were taken over as a change that can be undone.", path.display())
        });
        Ok((Replayed { mask: wanted, troubles }, notice))
    }

    /// Fails if the image's grid is not the one the mask is drawn on; remembers it if nothing is drawn yet.
    fn require_image_grid(&self, row: &CaseRow, grid: &Grid) -> Result<(), ProjectError> {
        let expected = row.grid.as_deref().and_then(grid_from_json);
        if expected.is_some_and(|expected| expected.is_same_as(grid, 1e-3)) {
            return Ok(());
        }
        let is_drawn_on = !self.with_lineage(row.id, Lineage::is_empty)? || self.mask_path(&row.file_stem).exists();
        if let Some(expected) = expected.filter(|_| is_drawn_on) {
            return Err(ProjectError::ImageReplaced {
                case: row.name.clone(),
                image: row.image.clone(),
                found: grid.to_string(),
                expected: expected.to_string(),
            });
        }
        if self.is_read_only() {
            return Ok(());
        }
        self.set_case("UPDATE case_ SET grid = ?2 WHERE id = ?1", row.id, grid_to_json(grid))
    }
}

/// The mask file at `path`, or `None` if there is none.
fn read_mask_file(path: &Path, grid: &Grid) -> Result<Option<FoundFile>, ProjectError> {
    /// Room for a header with extensions.
    const HEADER: u64 = 16 << 20;
    let about = match fs::metadata(path) {
        Ok(about) => about,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(ProjectError::file(path, "read")(error)),
    };
    let refuse = |why: &str| ProjectError::ForeignMask { path: path.to_owned(), why: why.to_owned() };
    if !about.is_file() {
        return Err(refuse("it is not a file"));
    }
    if about.len() > HEADER + 8 * grid.len() as u64 {
        return Err(refuse("it is larger than any mask of this image"));
    }
    let bytes = fs::read(path).map_err(ProjectError::file(path, "read"))?;
    let sha256 = Sha256::digest(&bytes).into();
    let labels = match medley_io::labels_from_bytes(&path.display().to_string(), &bytes) {
        Ok(opened) => on_grid(&opened.labels, grid).map_err(|_| format!("it has {}, but the image has {grid}", opened.labels.grid())),
        Err(error) => Err(error.to_string()),
    };
    Ok(Some(FoundFile { sha256, labels }))
}

/// The same labels on exactly `grid`, if their own grid is the same but for rounding.
pub(crate) fn on_grid(labels: &LabelMap, grid: &Grid) -> Result<LabelMap, VolumeError> {
    grid.require_same(labels.grid())?;
    let voxels = match labels.voxels() {
        LabelVoxels::U8(values) => LabelVoxels::U8(values.clone()),
        LabelVoxels::U16(values) => LabelVoxels::U16(values.clone()),
    };
    LabelMap::new(*grid, voxels)
}
