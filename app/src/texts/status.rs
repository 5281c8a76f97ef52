//! The line at the bottom.

/// No scan is open.
pub const OPEN_A_SCAN: &str = "Open a scan, or drop one onto the window.";
/// The pointer is beside the scan.
pub const OUTSIDE: &str = "outside the scan";
/// No label is here.
pub const BACKGROUND: &str = "background";
/// An Edit is not in the journal yet.
pub const SAVING: &str = "Saving…";
/// What that means.
pub const SAVING_HINT: &str = "The last change is on its way to the disk";
/// Every Edit is in the journal.
pub const KEPT: &str = "All changes kept";
/// What that means.
pub const KEPT_HINT: &str = "Every change is in the study's journal: nothing is lost if the program ends now";
/// A training is held.
pub const TRAINING_PAUSED: &str = "Training paused";
/// A training is being ended.
pub const TRAINING_STOPS: &str = "Training stops…";
/// The unit of CT numbers, behind one.
pub const HU: &str = " HU";

/// A place along one axis, in mm, with the letter of its side.
#[must_use]
pub fn side(mm: f64, positive: char, negative: char) -> String {
    format!("{:6.1} {}", mm.abs(), if mm >= 0.0 { positive } else { negative })
}

/// A place in the patient, of the sides of its three axes.
#[must_use]
pub fn place(sides: &[String; 3]) -> String {
    format!("{} mm", sides.join(" "))
}

/// A place in the patient, in full.
#[must_use]
pub fn place_hint([r, a, s]: [f64; 3]) -> String {
    format!("Place in the patient, RAS: {r:.2}, {a:.2}, {s:.2} mm")
}

/// A voxel's indices.
#[must_use]
pub fn voxel([i, j, k]: [usize; 3]) -> String {
    format!("voxel {i:3} {j:3} {k:3}")
}

/// A proposal is being computed.
#[must_use]
pub fn proposing(since: &str) -> String {
    format!("Proposing… {since}")
}

/// A training runs.
#[must_use]
pub fn training(step: usize, steps: usize, left: Option<&str>) -> String {
    let left = left.map_or_else(String::new, |left| format!(", {left} left"));
    format!("Training {step} of {steps}{left}")
}
