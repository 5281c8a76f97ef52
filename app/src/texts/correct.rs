//! Tools: what they are called, what is chosen for them, how they are used.

use medley_annotate::tools::Shell;
use medley_volume::AnatomicalPlane;

use super::combine;
use crate::state::correction::operation::{IslandRule, Operation, SmoothRule};
use crate::state::tools::ActiveTool;

/// A tool in the hand.
#[must_use]
pub const fn tool(tool: ActiveTool) -> &'static str {
    match tool {
        ActiveTool::Crosshair => "Crosshair",
        ActiveTool::WindowLevel => "Window/level",
        ActiveTool::Brush => "Brush",
        ActiveTool::Eraser => "Eraser",
        ActiveTool::Contour => "Contour",
        ActiveTool::Fill => "Fill",
        ActiveTool::Grow => "Grow",
        ActiveTool::LiveWire => "Live-wire",
        ActiveTool::Distance => "Distance",
        ActiveTool::Angle => "Angle",
        ActiveTool::Region => "Region",
    }
}

/// A tool that works on whole labels.
#[must_use]
pub const fn operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Threshold => "Threshold",
        Operation::Islands => "Islands",
        Operation::Smooth => "Smooth",
        Operation::Margin => "Margin",
        Operation::Interpolate => "Interpolate slices",
        Operation::FillHoles => "Fill holes",
        Operation::Hollow => "Hollow",
        Operation::Combine => "Combine labels",
        Operation::Crop => "Crop",
    }
}

/// A click into another slice while a contour is open.
pub const CONTOUR_OF_ANOTHER_SLICE: &str =
    "This contour belongs to another slice. Close it there with a double click or Enter, or drop it with Esc.";
/// A contour in a view that cuts across the voxels.
pub const CONTOUR_NEEDS_STRAIGHT_PLANES: &str =
    "Contours are drawn in the slices that were scanned. Straighten the planes first; the 3D brush paints in turned ones too.";
/// Copying beyond the scan.
pub const NO_NEXT_SLICE: &str = "There is no further slice on this side.";

/// Heading of the panel.
pub const HEADING: &str = "Correct";
/// Below the heading.
pub const HINT: &str = "Works on the active label. What would change is shown first.";
/// What the patterns in the slices mean.
pub const PREVIEW_HINT: &str = "Hatched: would be added. Crossed out: would be removed.";
/// Does what is shown.
pub const APPLY: &str = "Apply";
/// Takes it away.
pub const CANCEL: &str = "Cancel";
/// The tools' thread is busy.
pub const WORKING: &str = "Working…";
/// Something must be chosen first.
#[must_use]
pub fn nothing_chosen(operation: Option<Operation>) -> &'static str {
    if operation == Some(Operation::Crop) { combine::CHOOSE_MASK } else { "Choose another label first." }
}

/// What would change, in millilitres.
#[must_use]
pub fn change(added_ml: f64, removed_ml: f64) -> String {
    format!("+ {added_ml:.2} mL   − {removed_ml:.2} mL")
}

/// Lower end of a range.
pub const FROM: &str = "From";
/// Upper end of a range.
pub const TO: &str = "to";
/// Only what hangs together with the crosshair.
pub const ONLY_AT_CROSSHAIR: &str = "Only the piece at the crosshair";
/// The other label of two.
pub const OTHER_LABEL: &str = "Other label";
/// No label is chosen.
pub const NONE: &str = "none";
/// Smallest volume of a piece.
pub const AT_LEAST: &str = "At least";
/// Sides of a box.
pub const BOX_SIDES: [&str; 3] = ["Right – left", "Front – back", "Head – feet"];
/// A box is cleared, not kept.
pub const CLEARS_INSIDE: &str = "Clear inside the box, keep outside";
/// All labels are cut.
pub const FOR_ALL: &str = "All labels, not only the active one";

/// What becomes of pieces.
#[must_use]
pub fn island_rule(rule: IslandRule) -> &'static str {
    match rule {
        IslandRule::KeepLargest => "Keep the largest piece",
        IslandRule::RemoveSmall => "Remove small pieces",
        IslandRule::KeepAtCrosshair => "Keep the piece at the crosshair",
        IslandRule::RemoveAtCrosshair => "Remove the piece at the crosshair",
        IslandRule::Split => "Give each piece a label",
    }
}

/// How a surface is smoothed.
#[must_use]
pub fn smooth_rule(rule: SmoothRule) -> &'static str {
    match rule {
        SmoothRule::Median => "Median",
        SmoothRule::Gaussian => "Gaussian",
        SmoothRule::Opening => "Opening: spikes go",
        SmoothRule::Closing => "Closing: notches go",
    }
}

/// On which side of a surface a wall lies.
#[must_use]
pub fn wall(shell: Shell) -> &'static str {
    match shell {
        Shell::Inside => "Inside the surface",
        Shell::Outside => "Outside the surface",
        Shell::Centred => "Half on each side",
    }
}

/// The plane of slices.
#[must_use]
pub fn plane(plane: AnatomicalPlane) -> &'static str {
    match plane {
        AnatomicalPlane::Axial => "Axial slices",
        AnatomicalPlane::Sagittal => "Sagittal slices",
        AnatomicalPlane::Coronal => "Coronal slices",
    }
}

/// How far smoothing reaches.
pub const SMOOTH_REACH: &str = "Reach";
/// Grown or shrunk by.
pub const GROW_BY: &str = "Grow by";
/// Explains it.
pub const GROW_BY_HINT: &str = "Below zero shrinks";
/// Each direction has its own distance.
pub const BY_DIRECTION: &str = "By direction";
/// Explains it.
pub const BY_DIRECTION_HINT: &str = "A distance for each direction of the patient";
/// The directions: the patient's right, left, front, back, head, feet.
pub const DIRECTIONS: [&str; 6] = ["Right", "Left", "Front", "Back", "Head", "Feet"];
/// Thickness of a wall.
pub const WALL: &str = "Wall";
/// Holes of slices.
pub const BY_SLICE: &str = "Also what is closed within a slice";
/// Other labels may be taken.
pub const OVERWRITES: &str = "May take voxels of other labels";
/// Measuring.
pub const MEASURE_HINT: &str = "Click or drag from place to place. Drag a handle to move it; Delete removes, Esc gives up.";
/// Looking around.
pub const CROSSHAIR_HINT: &str = "Click to move the crosshair. Wheel: slices. Ctrl + wheel or right drag: zoom. Middle drag: pan.";
/// Window and level.
pub const WINDOW_HINT: &str = "Drag to the right for a wider window, down for a brighter picture.";

/// Over what tools paint.
pub const OVER: &str = "Over";
/// Everything.
pub const OVER_EVERYTHING: &str = "everything";
/// Background.
pub const OVER_BACKGROUND: &str = "background";
/// Explains the paint-over rule.
pub const OVER_HINT: &str = "Which voxels tools may change. Locked labels never change.";
/// Only some values.
pub const ONLY_VALUES: &str = "Values";
/// Explains the range of values.
pub const ONLY_VALUES_HINT: &str = "Change only voxels whose value in the scan lies in this range";
/// Round tip.
pub const ROUND: &str = "Round";
/// Square tip.
pub const SQUARE: &str = "Square";
/// Through slices.
pub const IN_3D: &str = "3D";
/// Explains it for the brush.
pub const BRUSH_3D_HINT: &str = "Paint through neighbouring slices, not in one";
/// Explains it for tools that start at a point.
pub const SEED_3D_HINT: &str = "Through all slices, not only the one that is shown";
/// Radius of a brush.
pub const RADIUS: &str = "Radius";
/// Explains it.
pub const RADIUS_HINT: &str = "Brush radius (- and +, or Shift + wheel)";
/// How far values may lie from the seed's.
pub const TOLERANCE: &str = "Within ±";
/// Explains it.
pub const TOLERANCE_HINT: &str = "How far values may lie from the one at the point. Drag up or down from the point to change it.";
/// The range is learnt.
pub const LEARNS: &str = "Learn range";
/// Explains it.
pub const LEARNS_HINT: &str = "Mean and spread of the neighbourhood give the range, again and again as the region grows";
/// Standard deviations.
pub const FACTOR: &str = "SD ×";
/// How far a region may reach.
pub const REACH: &str = "Reach";
/// Explains it.
pub const REACH_HINT: &str = "No voxel is farther from the point than this";
/// Closing holes.
pub const CLOSES_HOLES: &str = "Close holes";
/// How a brush paints.
pub const BRUSH_HINT: &str = "Right button erases.";
/// How a contour is drawn.
pub const CONTOUR_HINT: &str = "Click points or draw. Double click or Enter fills, right click erases, Backspace takes a point back.";
/// How a live-wire contour is drawn.
pub const LIVE_WIRE_HINT: &str = "Click along an edge; the line follows it. Double click or Enter fills, right click erases.";
/// How fill works.
pub const FILL_HINT: &str = "Click into a piece or a closed outline. Right click erases.";
