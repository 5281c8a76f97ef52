//! The 3D view.

/// Bones within a veil of skin.
pub const PRESET_BONE: &str = "CT bone";
/// Muscle and organs.
pub const PRESET_SOFT_TISSUE: &str = "CT soft tissue";
/// Lungs and their vessels.
pub const PRESET_LUNG: &str = "CT lung";
/// Vessels filled with contrast.
pub const PRESET_ANGIO: &str = "CT angiography";
/// The skin and what lies right under it.
pub const PRESET_SKIN: &str = "CT skin and muscle";
/// The more light, the more solid.
pub const PRESET_MR: &str = "MR";
/// All that is not empty.
pub const PRESET_SURFACE: &str = "Outer surface";
/// Vessels, or contrast.
pub const PRESET_BRIGHT: &str = "Bright structures";

/// The title of the window of settings.
pub const SETTINGS: &str = "3D settings";
/// The button that opens it.
pub const SETTINGS_BUTTON: &str = "Settings…";
/// The button that clips.
pub const CLIP_BUTTON: &str = "Clip";
/// The button that cuts at the crosshair.
pub const CUT_BUTTON: &str = "Cut at crosshair";
/// Where a curve is begun.
pub const PRESET: &str = "Preset";
/// A curve that is no preset's any more.
pub const OWN_CURVE: &str = "Own curve";
/// The curve's accessible name.
pub const CURVE: &str = "Opacity curve over the histogram";
/// What the mouse and the keys do in it.
pub const CURVE_HINT: &str =
    "Drag points. Double click adds one, right click or Delete removes it. Arrow keys move the chosen one, Page Up and Page Down choose.";
/// The value of the chosen point.
pub const POINT_VALUE: &str = "Value";
/// The opacity of the chosen point.
pub const POINT_OPACITY: &str = "Opacity";
/// The colour of the chosen point.
pub const POINT_COLOR: &str = "Colour of the point";
/// Chooses the point before.
pub const PREVIOUS_POINT: &str = "Previous point";
/// Chooses the point after.
pub const NEXT_POINT: &str = "Next point";
/// Puts a point behind the chosen one.
pub const ADD_POINT: &str = "Add point";
/// Takes the chosen point out.
pub const REMOVE_POINT: &str = "Remove point";
/// What all opacities are multiplied with.
pub const OVERALL: &str = "Overall opacity";
/// How far the curve is moved.
pub const SHIFT: &str = "Shift";
/// Whether surfaces are lit.
pub const LIT: &str = "Lit surfaces";
/// What that means.
pub const LIT_HINT: &str = "Light from the eye shows the shape of surfaces; without it only values are shown";
/// No curve where no volume is drawn by one.
pub const CURVE_UNUSED: &str = "The curve is used in the mode Volume.";
/// The heading of the box.
pub const CLIP: &str = "Clipping box";
/// Whether labels are cut too.
pub const CUTS_LABELS: &str = "Cut labels too";
/// The heading of the list of labels.
pub const LABELS: &str = "Labels";
/// Where no label is.
pub const NO_LABELS: &str = "The study has no labels.";

/// The accessible name of one end of the box.
#[must_use]
pub fn clip_face(side: &str) -> String {
    format!("Clip from {side}")
}

/// The accessible name of a label's opacity.
#[must_use]
pub fn label_opacity(name: &str) -> String {
    format!("Opacity of {name} in 3D")
}

/// The accessible name of a side of the cube.
#[must_use]
pub fn look_from(side: &str) -> String {
    format!("Look from {side}")
}

/// A side of the patient as it stands alone, by its letter.
#[must_use]
pub fn side_title(letter: char) -> &'static str {
    match letter {
        'R' => "Right",
        'L' => "Left",
        'A' => "Front",
        'P' => "Back",
        'S' => "Above",
        _ => "Below",
    }
}

/// A side of the patient in a sentence, by its letter.
#[must_use]
pub fn side(letter: char) -> &'static str {
    match letter {
        'R' => "the right",
        'L' => "the left",
        'A' => "the front",
        'P' => "the back",
        'S' => "above",
        _ => "below",
    }
}

/// The button of a way of drawing.
#[must_use]
pub fn mode(name: &str) -> String {
    format!("3D as {name}")
}
