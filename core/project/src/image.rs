//! Is an image still the one the mask was drawn on?

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use medley_volume::Grid;
use serde::{Deserialize, Serialize};

use crate::{ProjectError, files};

/// What a file was like: enough to notice that it was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    byte_len: u64,
    modified_ms: Option<i64>,
    /// Hexadecimal; `None` until the file was read once.
    sha256: Option<String>,
    /// Whether it had been left alone for a while when it was read. Clocks of file systems are coarse: a file that is changed
    /// twice in one tick has the same time both times, so a time so young tells nothing.
    #[serde(default)]
    is_settled: bool,
}

/// Longer than a tick of any file system's clock; FAT's is two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// How a file compares with its fingerprint.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// As it was.
    Same,
    /// As it was, but the fingerprint had to be taken anew: keep this one.
    Refreshed(Fingerprint),
    /// Its content is another.
    Changed(Fingerprint),
}

impl Fingerprint {
    /// Size and time only. `None` for a folder, and where the system does not say.
    pub fn at_a_glance(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
        let modified = about.modified().ok();
        let is_settled = modified.and_then(|time| SystemTime::now().duration_since(time).ok()).is_some_and(|age| age >= SETTLED);
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let modified_ms = modified.and_then(|since| i64::try_from(since.as_millis()).ok());
        Some(Self { byte_len: about.len(), modified_ms, sha256: None, is_settled })
    }

    /// Compares the file at `path` with what was remembered. It is read only if size and time cannot tell.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn look(path: &Path, remembered: Option<&Self>) -> Result<Look, ProjectError> {
        let Some(glance) = Self::at_a_glance(path) else { return Ok(Look::Same) };
        let is_alike = |old: &Self| old.byte_len == glance.byte_len && old.modified_ms == glance.modified_ms;
        if remembered.is_some_and(|old| is_alike(old) && old.is_settled && old.sha256.is_some()) {
            return Ok(Look::Same);
        }
        let sha256 = files::sha256(path).map_err(ProjectError::file(path, "read"))?;
        let sha256 = files::hex(&sha256);
        let is_same = remembered.is_none_or(|old| match &old.sha256 {
            Some(old) => *old == sha256,
            None => is_alike(old),
        });
        let now = Self { sha256: Some(sha256), ..glance };
        Ok(if is_same { Look::Refreshed(now) } else { Look::Changed(now) })
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn from_json(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A grid as a study keeps it.
#[derive(Serialize, Deserialize)]
struct GridText {
    shape: [usize; 3],
    ras_from_voxel: [[f64; 4]; 3],
}

/// A grid as text. Numbers are written so that they come back the same.
pub(crate) fn grid_to_json(grid: &Grid) -> String {
    let [x, y, z, _] = grid.affine_rows();
    serde_json::to_string(&GridText { shape: grid.shape(), ras_from_voxel: [x, y, z] }).unwrap_or_default()
}

/// A grid from its text; `None` if it is not one.
pub(crate) fn grid_from_json(text: &str) -> Option<Grid> {
    let text: GridText = serde_json::from_str(text).ok()?;
    Grid::new(text.shape, Grid::affine_from_rows(&text.ras_from_voxel)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_noticed_and_a_touched_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.bin");
        let settle = || {
            let file = fs::File::options().append(true).open(&path).expect("a file");
            file.set_modified(SystemTime::now() - 2 * SETTLED).expect("a time");
        };
        fs::write(&path, b"first").expect("written");
        settle();
        let Ok(Look::Refreshed(print)) = Fingerprint::look(&path, None) else { panic!("a first look takes the print") };
        assert_eq!(Fingerprint::look(&path, Some(&print)).expect("there"), Look::Same);
        assert_eq!(Fingerprint::from_json(&print.to_json()), Some(print.clone()));
        let touched = Fingerprint { modified_ms: Some(1), ..print.clone() };
        assert_eq!(Fingerprint::look(&path, Some(&touched)).expect("there"), Look::Refreshed(print.clone()));
        fs::write(&path, b"second").expect("written");
        assert!(matches!(Fingerprint::look(&path, Some(&print)).expect("there"), Look::Changed(_)));
        // As long as before, in the very same tick of the clock.
        let Ok(Look::Changed(young)) = Fingerprint::look(&path, Some(&print)) else { panic!("it has changed") };
        let tick = fs::metadata(&path).and_then(|about| about.modified()).expect("a time");
        fs::write(&path, b"third!").expect("written");
        fs::File::options().append(true).open(&path).and_then(|file| file.set_modified(tick)).expect("a time");
        assert!(matches!(Fingerprint::look(&path, Some(&young)).expect("there"), Look::Changed(_)));
    }

    #[test]
    fn a_grid_comes_back_from_its_text() {
        let grid = Grid::axis_aligned([3, 4, 5], [0.1, 1.0 / 3.0, 0.976_562_5]).expect("a grid");
        assert!(grid.is_same_as(&grid_from_json(&grid_to_json(&grid)).expect("a grid"), 1e-9));
        for text in ["", "{}", r#"{"shape":[0,1,1],"ras_from_voxel":[[1,0,0,0],[0,1,0,0],[0,0,1,0]]}"#] {
            assert!(grid_from_json(text).is_none());
        }
    }
}
