//! Slices: slabs, turned planes, a second scan.

use std::path::Path;

use crate::render::ColorMap;
use crate::state::second_scan::Blend;

/// The slice alone, without a slab.
pub const THIN: &str = "Slice";
/// Explains the button that opens the menu of a slab.
pub const SLAB_HINT: &str = "What is drawn of the millimetres around the slice. Tools change the slice in the middle.";
/// How thick a slab is.
pub const THICKNESS: &str = "Thickness";
/// One choice for all planes.
pub const ALL_PLANES: &str = "The same in all three views";
/// Linear, not nearest.
pub const LINEAR: &str = "Linear between voxels";
/// Explains it.
pub const LINEAR_HINT: &str = "Off: each pixel shows the nearest voxel as it is stored";
/// Planes are along the scan's axes already.
pub const NOT_TURNED: &str = "The planes are straight.";
/// Written over a turned view.
pub const TURNED: &str = "oblique";
/// Written over an oblique slice while a 2D brush is in the hand.
pub const BRUSH_IS_3D: &str = "The brush is a ball in an oblique slice";
/// Explains a handle.
pub const TURN_HINT: &str =
    "Drag to turn the other two planes about the crosshair (Alt + arrow keys). Reset views or Alt + Home straightens them.";

/// The name of a slab's button, with what is chosen.
#[must_use]
pub fn slab_of(view: &str, chosen: &str) -> String {
    format!("Slab of {view}: {chosen}")
}

/// The name of a handle at the end of a crosshair line, counted from 1.
#[must_use]
pub fn handle_of(view: &str, number: usize) -> String {
    format!("Turn planes in {view}, handle {number}")
}

/// Heading of the panel.
pub const SECOND: &str = "Second scan";
/// There is none.
pub const NO_SECOND: &str = "There is no second scan.";
/// Where there is none yet.
pub const SECOND_EMPTY: &str = "Lay another scan over this one, by its place in the patient.";
/// Opens the menu of scans.
pub const CHOOSE: &str = "Choose…";
/// Another scan instead.
pub const CHOOSE_OTHER: &str = "Change…";
/// From the disk.
pub const FROM_FILE: &str = "From a file…";
/// Title of the file dialog.
pub const CHOOSE_SECOND: &str = "Choose a scan to lay over the open one";
/// What the file may be.
pub const SECOND_FILES: &str = "A scan: .nii, .nii.gz, .hdr, .nrrd, .nhdr, .mha, .mhd, .npy; a DICOM file, folder or zip";
/// Whether it is drawn.
pub const SHOW: &str = "Show";
/// Takes it away.
pub const REMOVE: &str = "Remove";
/// Its colour map.
pub const COLORS: &str = "Colours";
/// Explains them.
pub const COLORS_HINT: &str = "Viridis and Cividis are told apart with any colour vision";
/// How the two become one picture.
pub const BLEND: &str = "Blend";
/// How strong it is.
pub const OPACITY: &str = "Opacity";
/// Its window.
pub const VALUES: &str = "Values";
/// Lower end of the window.
pub const LOWEST: &str = "Value with the first colour";
/// Upper end of the window.
pub const HIGHEST: &str = "Value with the last colour";
/// Window from the scan's own values.
pub const AUTOMATIC: &str = "Auto";
/// Explains it.
pub const AUTOMATIC_HINT: &str = "From the 0.1 to the 99.9 percentile of its values";
/// Explains giving up.
pub const GIVE_UP: &str = "Give up";
/// The window has no graphics device.
pub const NO_DEVICE: &str = "A second scan is drawn by the graphics device, and there is none.";

/// The name of a scan's row in the menu.
#[must_use]
pub fn lay_over(name: &str) -> String {
    format!("Lay {name} over the open scan")
}

/// While it is being read.
#[must_use]
pub fn reading(name: &str) -> String {
    format!("Reading {name}…")
}

/// Its value at the pointer.
#[must_use]
pub fn second_value(value: f64, unit: &str) -> String {
    let digits = if value.fract() == 0.0 { 0 } else { 2 };
    format!("second {value:.digits$}{unit}")
}

/// It has nothing in common with the open scan.
#[must_use]
pub fn second_lies_elsewhere(name: &str) -> String {
    format!(
        "{name} lies elsewhere in the patient than the open scan: it is drawn beside it, not over it. Was it taken in the same position?"
    )
}

/// A folder holds more than one scan.
#[must_use]
pub fn several_scans(path: &Path) -> String {
    format!(
        "{} holds several scans. Open it with File, Open scan, add the one you mean to the study, and choose it there as the second scan.",
        path.display()
    )
}

/// What a colour map is called.
#[must_use]
pub fn color_map(map: ColorMap) -> &'static str {
    match map {
        ColorMap::Gray => "Grey",
        ColorMap::Hot => "Hot",
        ColorMap::InverseGray => "Inverse grey (PET)",
        ColorMap::Viridis => "Viridis",
        ColorMap::Cividis => "Cividis",
        ColorMap::BlueRed => "Blue–red",
    }
}

/// What a blend is called.
#[must_use]
pub fn blend(blend: Blend) -> &'static str {
    match blend {
        Blend::Mix => "Mix",
        Blend::Fade => "Fade low values",
        Blend::Add => "Add",
        Blend::Checkerboard => "Checkerboard",
    }
}

/// Explains a blend.
#[must_use]
pub fn blend_hint(blend: Blend) -> &'static str {
    match blend {
        Blend::Mix => "Everywhere with the same opacity",
        Blend::Fade => "The lower a value, the more of the open scan is seen",
        Blend::Add => "Its light is added to the open scan's",
        Blend::Checkerboard => "The two in turns, in squares: shows whether edges meet",
    }
}
