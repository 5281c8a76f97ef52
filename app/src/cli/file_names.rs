//! Names of files that subcommands write, and what they must not overwrite.

use std::path::{Component, Path, PathBuf};

use super::Failure;
use crate::catalog::Released;
use crate::hub::{Kept, Shelf};
use crate::places;

/// Whether a file's name ends like a NIfTI file's.
#[must_use]
pub fn is_image_name(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    [".nii.gz", ".nii"].iter().any(|ending| name.ends_with(ending))
}

/// Fails if `out` may not be written: it is one of `inputs` (under whatever name), or it exists and `may_replace` is false.
///
/// # Errors
/// A sentence that names the file.
pub fn require_writable(out: &Path, inputs: &[&Path], may_replace: bool) -> Result<(), Failure> {
    let Ok(existing) = out.canonicalize() else { return Ok(()) };
    if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == existing)) {
        return Err(Failure::new(format!("{} is read by this command and is never overwritten: choose another name", out.display())));
    }
    if existing.is_dir() {
        return Err(Failure::new(format!("{} is a folder: name a file in it", out.display())));
    }
    if !may_replace {
        return Err(Failure::new(format!("{} exists already: choose another name, or replace it with --force", out.display())));
    }
    Ok(())
}

/// Makes a folder with all above it, if it is not there.
///
/// # Errors
/// A sentence that names the folder.
pub fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::new(format!("the folder {} cannot be made: {error}", folder.display())))
}

/// The weights a path means: the file itself, or what `finetune` or `pretrain` wrote into that folder.
#[must_use]
pub fn model_file(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    let encoder = path.join("encoder.safetensors");
    if encoder.is_file() && !path.join("model.safetensors").is_file() { encoder } else { path.join("model.safetensors") }
}

/// The weights that people mean by a path or by a name of kept weights (`resnet_50`). A kept file must be the recorded one; where a file
/// or folder of that name is at hand as well, `./NAME` means that.
///
/// # Errors
/// If a released checkpoint is named that was not fetched yet, or a kept file has changed.
pub fn weights_path(path: &Path) -> Result<PathBuf, Failure> {
    Ok(kept_weights(path)?.map_or_else(|| model_file(path), |kept| kept.file))
}

/// Kept weights, if the path is a name of some.
///
/// # Errors
/// As [`weights_path`].
pub fn kept_weights(path: &Path) -> Result<Option<Kept>, Failure> {
    let mut parts = path.components();
    let (Some(Component::Normal(name)), None) = (parts.next(), parts.next()) else { return Ok(None) };
    let Some(name) = name.to_str().filter(|name| path.as_os_str() == *name) else { return Ok(None) };
    let shelf = Shelf::at(places::weights());
    if Released::find(name).is_some() || (!path.exists() && shelf.find(name)?.is_some()) {
        return Ok(Some(shelf.verified(name)?));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_names_end_like_niftis() {
        assert!(is_image_name(Path::new("x/B.Nii.GZ")) && !is_image_name(Path::new("x/nii")));
    }

    #[test]
    fn inputs_are_never_overwritten_and_other_files_only_by_force() {
        let folder = tempfile::tempdir().expect("a folder");
        let (input, other) = (folder.path().join("a.nii"), folder.path().join("b.nii"));
        std::fs::write(&input, b"a").expect("written");
        std::fs::write(&other, b"b").expect("written");
        let roundabout = folder.path().join(".").join("a.nii");
        assert!(require_writable(&roundabout, &[&input], true).is_err());
        assert!(require_writable(&other, &[&input], false).is_err());
        assert!(require_writable(&other, &[&input], true).is_ok());
        assert!(require_writable(&folder.path().join("c.nii"), &[&input], false).is_ok());
        assert!(require_writable(folder.path(), &[&input], true).is_err());
    }
}
