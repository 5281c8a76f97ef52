//! What a scan is called after its file.

use std::path::Path;

const IMAGE_ENDINGS: [&str; 4] = [".nii.gz", ".nii", ".hdr", ".img"];

/// A file's name without its folder and without the endings of an image.
#[must_use]
pub fn stem(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let lower = name.to_ascii_lowercase();
    let ending = IMAGE_ENDINGS.iter().find(|ending| lower.ends_with(**ending));
    match ending.and_then(|ending| name.get(..name.len() - ending.len())) {
        Some(stem) if !stem.is_empty() => stem.to_owned(),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_loses_only_the_endings_of_images() {
        assert_eq!(stem(Path::new("/a/Sub-01.v2.nii.gz")), "Sub-01.v2");
        assert_eq!(stem(Path::new("b.NII")), "b");
        assert_eq!(stem(Path::new("pair.hdr")), "pair");
        assert_eq!(stem(Path::new("odd")), "odd");
        assert_eq!(stem(Path::new("odd.mha")), "odd.mha");
        assert_eq!(stem(Path::new(".nii")), ".nii");
    }
}
