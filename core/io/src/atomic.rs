use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::IoError;

/// Writes a file so that under its name there is the whole of it or what was there before: a temporary file in the same folder,
/// flushed to the disk, renamed, and the folder flushed. A link is followed; permissions of a file that is replaced are kept.
///
/// # Errors
/// [`IoError::Unwritable`] if the system refuses or `write` fails. Nothing is left behind then.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), IoError> {
    replace(path, write).map_err(|source| IoError::writing(path, source))
}

fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let target = if path.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
    let folder = folder_of(&target);
    let before = match fs::metadata(&target) {
        Ok(found) if found.is_dir() => return Err(io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of that name")),
        Ok(found) if found.permissions().readonly() => return Err(io::ErrorKind::PermissionDenied.into()),
        Ok(found) => Some(found.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut temporary = builder().tempfile_in(&folder)?;
    let mut buffered = BufWriter::with_capacity(1 << 18, temporary.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    if let Some(permissions) = before {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.as_file().sync_all()?;
    temporary.persist(&target).map_err(|failed| failed.error)?;
    sync_folder(&folder)
}

fn folder_of(target: &Path) -> PathBuf {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// A temporary file is private unless told otherwise; a mask is as readable as any other file its owner makes.
#[cfg(unix)]
fn builder() -> tempfile::Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".medley-").suffix(".part").permissions(fs::Permissions::from_mode(0o666));
    builder
}

#[cfg(not(unix))]
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".medley-").suffix(".part");
    builder
}

/// The rename itself must reach the disk. Some network file systems cannot flush a folder; the file is in place all the same.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("mask.nii");
        write_atomically(&path, |out| out.write_all(b"old")).expect("writes");
        let full = |out: &mut dyn Write| {
            out.write_all(&[7; 1 << 20])?;
            Err(io::ErrorKind::StorageFull.into())
        };
        let error = write_atomically(&path, full).expect_err("the disk is full").to_string();
        assert!(error.contains("mask.nii") && error.contains("disk is full"), "{error}");
        assert_eq!(fs::read(&path).expect("the old file"), b"old");
        assert_eq!(names(folder.path()), vec!["mask.nii"]);
    }

    #[test]
    fn a_missing_folder_and_a_folder_in_the_way_are_sentences() {
        let folder = tempfile::tempdir().expect("a folder");
        let error = write_atomically(&folder.path().join("none/mask.nii"), |_| Ok(())).expect_err("no folder");
        assert!(error.to_string().contains("its folder does not exist"), "{error}");
        let error = write_atomically(folder.path(), |_| Ok(())).expect_err("a folder is in the way");
        assert!(error.to_string().contains("folder of that name"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn permissions_are_kept_and_links_are_followed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        write_atomically(&path, |out| out.write_all(b"1")).expect("writes");
        assert_ne!(fs::metadata(&path).expect("there").permissions().mode() & 0o077, 0, "others may read it as the umask says");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("sets");
        std::os::unix::fs::symlink(&path, &link).expect("links");
        write_atomically(&link, |out| out.write_all(b"2")).expect("writes");
        assert!(link.is_symlink());
        assert_eq!(fs::read(&path).expect("there"), b"2");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).expect("sets");
        assert!(write_atomically(&path, |out| out.write_all(b"3")).is_err(), "a read-only file is not replaced");
        assert_eq!(names(folder.path()), vec!["a", "link"]);
    }
}
