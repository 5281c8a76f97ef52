use std::fs::File;
use std::io;
use std::path::Path;

/// Lets `fill` write a file that is complete or not there: it is made beside its place and moved in when it is on the disk.
///
/// # Errors
/// What the file system or `fill` says; what was at `path` before is then untouched.
pub(super) fn write_atomically(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".medley-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // As any other new file, and not for its owner alone.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut part = builder.tempfile_in(folder)?;
    fill(part.as_file_mut())?;
    part.as_file().sync_all()?;
    part.persist(path).map_err(|error| error.error)?;
    // The new name itself is on the disk only when its folder is; not every file system lets a folder be synchronised.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
