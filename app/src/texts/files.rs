//! Choosing files, volumes and data sets; closing the window.

use std::path::Path;

use super::numbers::{counted, plural};
use super::slices;
use crate::dialogs::Purpose;

/// Filters of the system's file dialog.
pub const SCANS: &str = "Scans";
/// Weights.
pub const WEIGHTS: &str = "Weights";
/// Masks.
pub const MASKS: &str = "Masks";
/// Surfaces.
pub const SURFACE: &str = "Surface of the chosen label";
/// Names of labels.
pub const LABEL_NAMES: &str = "Names of labels";

/// The title of a file dialog.
#[must_use]
pub fn title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::OpenScan => "Open a scan",
        Purpose::OpenSecond => slices::CHOOSE_SECOND,
        Purpose::OpenStudy => "Open a study folder",
        Purpose::NewStudy => "Choose an empty folder for the new study",
        Purpose::Weights => "Choose encoder weights",
        Purpose::ImportWeights => "Import weights",
        Purpose::ExportMask => "Save the mask as",
        Purpose::ImportMask => "Read a mask",
        Purpose::Operand => "Choose a mask to work with",
        Purpose::ExportLabels => "Save the names of labels as",
        Purpose::ImportLabels => "Read names of labels",
        Purpose::SaveMeasurements => "Save the measurements as",
        Purpose::SaveFigure => "Save the figure as",
        Purpose::SaveProvenance => "Save the provenance as",
    }
}

/// What the file must be.
#[must_use]
pub fn hint(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::OpenScan => "A scan: .nii, .nii.gz, .hdr, .nrrd, .nhdr, .mha, .mhd, .npy; a DICOM file, folder or zip",
        Purpose::OpenSecond => slices::SECOND_FILES,
        Purpose::SaveMeasurements => "A name that ends with .csv",
        Purpose::SaveFigure => "A name that ends with .png",
        Purpose::SaveProvenance => "A name that ends with .csv or .json",
        Purpose::OpenStudy => "A folder that holds study.sqlite",
        Purpose::NewStudy => "A folder that is empty or does not exist yet",
        Purpose::Weights | Purpose::ImportWeights => "A .pth or .safetensors file",
        Purpose::ExportLabels => "A name that ends with .txt or .label (ITK-SNAP) or .ctbl (3D Slicer)",
        Purpose::ImportLabels => "A label description of ITK-SNAP or a colour table of 3D Slicer",
        Purpose::ExportMask => {
            "A name that ends with .nii.gz, .nii, .nrrd, .seg.nrrd, .mha or .dcm; with .stl, .ply or .obj the surface of the chosen label"
        }
        Purpose::ImportMask | Purpose::Operand => "A mask on the scan's grid: NIfTI, NRRD, MetaImage; DICOM segmentation or contours",
    }
}

/// Files of tables.
pub const TABLES: &str = "Tables";
/// Files of pictures.
pub const PICTURES: &str = "Pictures";
/// The field for a path, empty.
pub const PATH_HINT: &str = "/path/to/file";
/// Takes the path.
pub const OK: &str = "OK";
/// Why a path is typed.
pub const NO_DIALOG: &str = "This system offers no file dialog. A file can also be dropped onto the window.";

/// A fine-tuning runs while the window is closed.
pub const CLOSE_TITLE: &str = "A fine-tuning is running";
/// What closing costs.
pub const CLOSE_COST: &str = "Closing now gives up what it has learned so far. Masks and models are kept in any case.";
/// Does not close.
pub const GO_ON: &str = "Go on training";
/// Closes.
pub const STOP_AND_CLOSE: &str = "Stop and close";

/// Volumes of a file or folder.
#[must_use]
pub fn scans_in(name: &str) -> String {
    format!("Scans in {name}")
}

/// Takes all volumes.
#[must_use]
pub fn add_all(count: usize) -> String {
    format!("Add all {count}")
}

/// What taking all means.
pub const ADD_ALL_HINT: &str = "Each becomes a case of the study; the first is opened";
/// Opens a volume.
pub const OPEN: &str = "Open";

/// The accessible name of the button that opens a volume.
#[must_use]
pub fn open(title: &str) -> String {
    format!("Open {title}")
}

/// Why a volume cannot be opened.
#[must_use]
pub fn cannot_open(fault: &str) -> String {
    format!("Cannot be opened: {fault}.")
}

/// A data set.
#[must_use]
pub fn data_set(name: &str) -> String {
    format!("Data set “{name}”")
}

/// How many cases of a data set can be used.
#[must_use]
pub fn usable(usable: usize, all: usize) -> String {
    format!("{usable} of {} can be used", counted(all, "case", "cases"))
}

/// How many have masks, and what is in them.
#[must_use]
pub fn with_mask(cases: usize, labels: usize) -> String {
    let (have, hold) = (plural(cases, "has a mask", "have a mask"), plural(cases, "the mask holds", "the masks hold"));
    format!("{cases} {have}; {hold} {}", counted(labels, "label", "labels"))
}

/// A case was left out.
pub const LEFT_OUT: &str = "Left out";
/// A case should be looked at.
pub const LOOK_AT: &str = "Look at";
/// There is no problem.
pub const EVERYTHING_FITS: &str = "Everything fits.";
/// What importing means.
pub const IMPORT_HINT: &str = "They become cases of the open study; the files stay where they are and are not changed";
/// Why nothing can be imported.
pub const NO_CASE: &str = "No case can be used as it is";

/// Imports a data set.
#[must_use]
pub fn import(cases: usize) -> String {
    format!("Import {}", counted(cases, "case", "cases"))
}

/// Where weights are kept.
#[must_use]
pub fn kept_in(folder: &Path) -> String {
    format!("Kept in {}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_case_is_told_as_one() {
        assert_eq!(usable(1, 1), "1 of 1 case can be used");
        assert_eq!(with_mask(1, 3), "1 has a mask; the mask holds 3 labels");
        assert_eq!(with_mask(2, 1), "2 have a mask; the masks hold 1 label");
    }
}
