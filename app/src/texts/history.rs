//! The list of steps, and what came back after the program was ended.

use super::numbers::{counted, plural, voxels};

/// Heading of the panel.
pub const HEADING: &str = "History";
/// No step yet.
pub const EMPTY: &str = "Every change of the mask will be listed here. Click one to go back to it.";
/// The first line of the list: before all steps.
pub const BEGINNING: &str = "Beginning";
/// Below the first line where older steps are no longer kept.
pub const BEGINNING_HINT: &str = "The mask before the first step of this list";
/// Takes one step back and none after it.
pub const TAKE_BACK: &str = "Take back only this";
/// Why it cannot be done.
pub const CHOOSE_A_DONE_STEP: &str = "Click a step that is done first.";
/// What the button does.
pub const TAKE_BACK_HINT: &str =
    "Gives back every voxel that this step changed and no later one. The steps after it stay. It is a step itself and can be undone.";
/// Name of the list of steps beside the button.
pub const STEP_TO_TAKE_BACK: &str = "Step to take back";
/// The mask changed while it was worked out.
pub const CHANGED_MEANWHILE: &str = "The mask has changed in between; take the step back again.";
/// A change is still being made.
pub const IS_CHANGING: &str = "The mask is still being changed; try again in a moment.";
/// Later steps have changed everything.
pub const NOTHING_LEFT: &str = "Nothing was taken back: later steps have changed every voxel of this one.";

/// How a step is read to somebody who does not see it.
#[must_use]
pub fn step_name(number: usize, title: &str, is_done: bool, is_now: bool) -> String {
    let state = match (is_now, is_done) {
        (true, _) => ", the mask as it is now",
        (false, true) => "",
        (false, false) => ", undone",
    };
    format!("Step {number}: {title}{state}")
}

/// More about a step.
#[must_use]
pub fn step_hint(who: &str, when: &str, changed: usize, shape: [usize; 3]) -> String {
    let [i, j, k] = shape;
    format!("{who}, {when}\n{} changed in a box of {i} × {j} × {k}", voxels(changed))
}

/// A person.
pub const PERSON: &str = "Person";

/// After one step was taken back alone.
#[must_use]
pub fn taken_back(given: usize, kept: usize) -> String {
    if kept == 0 {
        return format!("{} taken back.", voxels(given));
    }
    let stay = plural(kept, "stays, because a later step changed it", "stay, because later steps changed them");
    format!("{} taken back. {} {stay}.", voxels(given), voxels(kept))
}

/// After a crash.
#[must_use]
pub fn restored(steps: usize) -> String {
    let steps = counted(steps, "step", "steps");
    format!(
        "Medley was ended before it could save this mask. {steps} made since the last save came back from the study's journal; nothing is missing."
    )
}

/// How long ago something was.
#[must_use]
pub fn ago(milliseconds: i64) -> String {
    let minutes = milliseconds.max(0) / 60_000;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1440),
    }
}

/// Another study was asked for while changes of the open one wait for the disk.
pub const NOT_WRITTEN: &str =
    "The last changes of the open study are not on the disk yet, so it stays open. Make room on the disk, then open the other study.";
/// Why the mask cannot be changed while another study opens.
pub const OPENING_OBSTACLE: &str = "Another study or folder is being opened. Wait for it, or give it up, before you change the mask.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_the_unit_that_fits() {
        let told: Vec<String> = [-5, 59_999, 60_000, 59 * 60_000, 3_600_000, 2879 * 60_000, 2880 * 60_000].map(ago).to_vec();
        assert_eq!(told, ["just now", "just now", "1 min ago", "59 min ago", "1 h ago", "47 h ago", "2 days ago"]);
    }

    #[test]
    fn what_stays_is_said_only_where_something_stays() {
        assert_eq!(taken_back(1, 0), "1 voxel taken back.");
        assert!(taken_back(5, 3).contains("3 voxels stay,"));
        assert!(taken_back(5, 1).contains("1 voxel stays,"));
    }
}
