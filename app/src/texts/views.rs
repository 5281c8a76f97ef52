//! The views: what they are called, what stands over them, and what there is while no scan is open.

use crate::state::slab::Projection;
use crate::state::slice_geometry::Convention;
use crate::state::view::{ViewKind, VolumeMode};

/// A file is held over the window.
pub const DROP: &str = "Drop to open";
/// No scan is open.
pub const NO_SCAN: &str = "No scan is open";
/// What can be done about it.
pub const DROP_HERE: &str = "Drop a scan or a study folder here.";
/// The accessible name of the bar of a scan that is being opened.
pub const PROGRESS: &str = "Part of the scan that was read";
/// Ends the opening.
pub const GIVE_UP: &str = "Give up";
/// What that means.
pub const GIVE_UP_HINT: &str = "Stop opening this scan (Esc)";

/// The accessible name of a view.
#[must_use]
pub const fn view(view: ViewKind) -> &'static str {
    match view {
        ViewKind::Axial => "Axial view",
        ViewKind::Sagittal => "Sagittal view",
        ViewKind::Coronal => "Coronal view",
        ViewKind::Volume => "3D view",
    }
}

/// The name of a view where it is clear that it is one.
#[must_use]
pub const fn short(view: ViewKind) -> &'static str {
    match view {
        ViewKind::Axial => "Axial",
        ViewKind::Sagittal => "Sagittal",
        ViewKind::Coronal => "Coronal",
        ViewKind::Volume => "3D",
    }
}

/// Which side of the patient is on the left.
#[must_use]
pub const fn convention(convention: Convention) -> &'static str {
    match convention {
        Convention::Radiological => "Radiological",
        Convention::Neurological => "Neurological",
    }
}

/// How the values of a slab become one.
#[must_use]
pub const fn projection(projection: Projection) -> &'static str {
    match projection {
        Projection::Maximum => "MIP",
        Projection::Mean => "Mean",
        Projection::Minimum => "MinIP",
    }
}

/// How the 3D view draws.
#[must_use]
pub const fn volume_mode(mode: VolumeMode) -> &'static str {
    match mode {
        VolumeMode::Rendering => "Volume",
        VolumeMode::MaximumIntensity => "MIP",
        VolumeMode::MeanIntensity => "Mean",
        VolumeMode::MinimumIntensity => "MinIP",
        VolumeMode::Surfaces => "Labels",
    }
}

/// What stands over a slice: its view and which of how many it is.
#[must_use]
pub fn slice(kind: ViewKind, is_oblique: bool, number: usize, count: usize) -> String {
    let turned = if is_oblique { format!(" {}", super::slices::TURNED) } else { String::new() };
    format!("{}{turned} {number}/{count}", short(kind))
}

/// A slab, as it stands over a slice.
#[must_use]
pub fn slab(projected: Projection, thickness_mm: f64) -> String {
    format!("{} {thickness_mm:.0} mm", projection(projected))
}

/// The length of a scale bar.
#[must_use]
pub fn scale(mm: f64) -> String {
    if mm >= 0.999 { format!("{mm:.0} mm") } else { format!("{:.0} µm", mm * 1000.0) }
}

/// The button that lets a view fill the window, or all views be seen again.
#[must_use]
pub fn maximise(view: &str, is_maximised: bool) -> String {
    if is_maximised { format!("Show all views, not only {view}") } else { format!("Maximise {view}") }
}

/// What the button does, and the other way to do it.
#[must_use]
pub fn by_double_click(what: &str) -> String {
    format!("{what} (double click)")
}

/// A scan is being opened.
#[must_use]
pub fn opening(name: &str) -> String {
    format!("Opening {name}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caption_names_view_and_slice() {
        assert_eq!(slice(ViewKind::Axial, false, 12, 40), "Axial 12/40");
        assert_eq!(slice(ViewKind::Coronal, true, 1, 2), "Coronal oblique 1/2");
    }
}
