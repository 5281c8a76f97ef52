//! Small things done with files: hashes, moving, time.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::ProjectError;

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a file.
pub(crate) fn sha256(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 18];
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(count) => hash.update(&block[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Renames a file within its folder so that it stays renamed if the power fails.
pub(crate) fn rename_for_good(from: &Path, to: &Path) -> Result<(), ProjectError> {
    fs::rename(from, to).map_err(ProjectError::file(to, "put in place"))?;
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(ProjectError::file(folder, "flushed to the disk"))?;
    }
    Ok(())
}

/// A path as a study stores it: relative to `folder` with `/` if it lies inside, else absolute.
pub(crate) fn reference(folder: &Path, path: &Path) -> Result<String, ProjectError> {
    let absolute = std::path::absolute(path).map_err(ProjectError::file(path, "found"))?;
    let inside = inside(folder, &absolute);
    let reference = inside.as_deref().unwrap_or(&absolute);
    let text = reference.to_str().ok_or_else(|| ProjectError::NotUnicode(path.to_owned()))?;
    if inside.is_some() && cfg!(windows) {
        return Ok(text.replace('\\', "/"));
    }
    Ok(text.to_owned())
}

fn inside(folder: &Path, absolute: &Path) -> Option<PathBuf> {
    let folder = std::path::absolute(folder).ok()?;
    let has_no_way_up = |path: &Path| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
    if let Ok(rest) = absolute.strip_prefix(&folder)
        && has_no_way_up(rest)
    {
        return Some(rest.to_owned());
    }
    let (folder, absolute) = (folder.canonicalize().ok()?, absolute.canonicalize().ok()?);
    absolute.strip_prefix(folder).ok().filter(|rest| has_no_way_up(rest)).map(Path::to_owned)
}

/// Unix milliseconds.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_inside_is_kept_relative_and_one_outside_absolute() {
        let outer = tempfile::tempdir().expect("a folder");
        let study = outer.path().join("study");
        fs::create_dir_all(study.join("images")).expect("a folder");
        assert_eq!(reference(&study, &study.join("images/a.nii")).expect("text"), "images/a.nii");
        let beside = outer.path().join("b.nii");
        assert_eq!(reference(&study, &beside).expect("text"), beside.to_str().expect("text"));
        let up = study.join("../b.nii");
        assert!(Path::new(&reference(&study, &up).expect("text")).is_absolute());
    }
}
