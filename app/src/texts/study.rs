//! What becomes of files and of the study: opened, imported, saved, or why not.

use std::fmt::Display;
use std::path::Path;

use medley_io::FileKind;

use super::numbers::{counted, plural};

/// No study is open.
pub const NO_STUDY: &str = "No study is open.";
/// The study went while a training was reading it.
pub const CLOSED: &str = "the study was closed";

/// What is being opened: the bundled study.
pub const SAMPLE: &str = "the sample study";
/// What is being opened: a study that was just made.
pub const NEW: &str = "the new study";
/// What is being opened: cases of a data set.
pub const DATA_SET: &str = "the data set";

/// What was saved: a mask.
pub const MASK: &str = "Mask";
/// What was saved: a DICOM segmentation.
pub const SEGMENTATION: &str = "Segmentation";
/// What was saved: the surface of a label.
pub const SURFACE: &str = "Surface";
/// What was saved: names of labels.
pub const LABEL_NAMES: &str = "Label names";
/// What was saved: measurements.
pub const MEASUREMENTS: &str = "Measurements";
/// What was saved: a figure.
pub const FIGURE: &str = "Figure";

/// A series that shows where slices lie.
pub const SCOUT: &str = "a scout view, no volume";
/// A series of one picture.
pub const SINGLE_VIEW: &str = "a single view, no volume";

/// Something was written to a file.
#[must_use]
pub fn saved(what: &str, path: &Path) -> String {
    format!("{what} saved to {}.", path.display())
}

/// A mask was written into the study.
#[must_use]
pub fn mask_saved(case: &str) -> String {
    format!("Mask of {case} saved in the study.")
}

/// What failed with a file.
#[must_use]
pub fn about_file(path: &Path, error: &dyn Display) -> String {
    format!("{}: {error}.", path.display())
}

/// A mask was read and changed nothing.
#[must_use]
pub fn mask_is_the_same(path: &Path) -> String {
    format!("{} holds what the mask holds already.", path.display())
}

/// A mask would be written over its scan.
#[must_use]
pub fn is_the_scan(path: &Path) -> String {
    format!("{} is the scan itself; save the mask under another name.", path.display())
}

/// A label without voxels has no surface.
#[must_use]
pub fn no_surface(label: &str) -> String {
    format!("The mask holds no voxel of {label}, the chosen label: there is no surface to save.")
}

/// A mask does not fit.
#[must_use]
pub fn of_another_scan(path: &Path, case: &str) -> String {
    format!("{} does not lie on the voxels of {case}: it belongs to another scan.", path.display())
}

/// A file is neither a scan nor a study.
#[must_use]
pub fn cannot_be_opened(path: &Path, kind: &FileKind) -> String {
    let why = match kind {
        FileKind::Pytorch | FileKind::Safetensors => {
            "it holds network weights; choose it under “Start from” in the Fine-tune panel".to_owned()
        }
        FileKind::LabelTable => "it is a list of labels, not a scan".to_owned(),
        FileKind::Unknown(what) => format!("it {what}"),
        _ => "it is neither a scan nor a study folder".to_owned(),
    };
    format!("{} cannot be opened: {why}.", path.display())
}

/// A folder without pictures.
#[must_use]
pub fn no_pictures(path: &Path) -> String {
    format!("{} holds no pictures.", path.display())
}

/// Files of a folder that are no pictures; `None` for none.
#[must_use]
pub fn passed_over(files: usize) -> Option<String> {
    match files {
        0 => None,
        1 => Some("One file is no picture and was passed over.".to_owned()),
        _ => Some(format!("{files} files are no pictures and were passed over.")),
    }
}

/// A volume of a file that holds several, counted from 1.
#[must_use]
pub fn volume_of(number: usize, count: usize) -> String {
    format!("Volume {number} of {count}")
}

/// How large a volume and its voxels are.
#[must_use]
pub fn volume_size([columns, rows, slices]: [usize; 3], [x, y, z]: [f64; 3]) -> String {
    format!("{columns} × {rows} × {slices} voxels of {x:.2} × {y:.2} × {z:.2} mm")
}

/// Scans of a data set were in the study before.
#[must_use]
pub fn known_scans(known: usize, new: usize) -> String {
    let were = plural(known, "was in the study already and stays as it is", "were in the study already and stay as they are");
    format!("{} {were}; {}.", counted(known, "scan", "scans"), counted(new, "was added", "were added"))
}

/// An import has more to tell than is told.
#[must_use]
pub fn more_notices(more: usize) -> String {
    format!(
        "{} of the imported files {} when each is opened.",
        counted(more, "more notice", "more notices"),
        plural(more, "is shown", "are shown")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_agree_with_their_numbers() {
        assert_eq!(known_scans(1, 0), "1 scan was in the study already and stays as it is; 0 were added.");
        assert_eq!(known_scans(3, 1), "3 scans were in the study already and stay as they are; 1 was added.");
        assert_eq!(more_notices(1), "1 more notice of the imported files is shown when each is opened.");
        assert_eq!(more_notices(2), "2 more notices of the imported files are shown when each is opened.");
        assert_eq!((passed_over(0), passed_over(1).is_some()), (None, true));
    }
}
