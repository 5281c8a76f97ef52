use std::path::{Path, PathBuf};

/// The other file of a `.hdr`/`.img` pair, each packed or not, in the letter case of the given one; `None` if the name is neither
/// or no such file is there.
pub(crate) fn partner(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let is_packed = has_end(name, ".gz");
    let bare = if is_packed { name.get(..name.len() - 3)? } else { name };
    let stem = bare.get(..bare.len().checked_sub(4)?)?;
    let end = bare.get(stem.len()..)?;
    let other = match end {
        ".hdr" => ".img",
        ".HDR" => ".IMG",
        ".img" => ".hdr",
        ".IMG" => ".HDR",
        _ => return None,
    };
    let candidates = if is_packed { [".gz", ""] } else { ["", ".gz"] };
    candidates.iter().map(|packed| path.with_file_name(format!("{stem}{other}{packed}"))).find(|path| path.is_file())
}

/// Whether a name ends so, whatever its letter case.
pub(crate) fn has_end(name: &str, end: &str) -> bool {
    let start = name.len().checked_sub(end.len());
    start.and_then(|start| name.get(start..)).is_some_and(|found| found.eq_ignore_ascii_case(end))
}
