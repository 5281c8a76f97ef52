//! The tabs of open cases.

/// The accessible name of a tab.
#[must_use]
pub fn tab(name: &str) -> String {
    format!("Tab of {name}")
}

/// The accessible name of the button that closes one.
#[must_use]
pub fn close(name: &str) -> String {
    format!("Close {name}")
}

/// How far a case's changes are, behind its name in the tooltip of its tab.
#[must_use]
pub fn kept(unjournaled: usize, unsaved: usize) -> &'static str {
    match (unjournaled, unsaved) {
        (0, 0) => "All changes are in the mask's file.",
        (0, _) => "All changes are in the journal; the mask's file is written within a minute.",
        _ => "The last change is on its way to the disk.",
    }
}

/// In the tooltip of a tab whose case a model has made a proposal for.
pub const HAS_PROPOSAL: &str = "A model's proposal waits here.";
/// In the tooltip of every tab.
pub const HOW_TO_CLOSE: &str = "Middle click closes it.";

/// A case had to be closed because the open ones took too much memory.
#[must_use]
pub fn closed_for_room(name: &str) -> String {
    format!("{name} was closed to free memory. Its mask is saved; open it again from the list of cases.")
}

/// A proposal came for a case that is not in the views.
#[must_use]
pub fn proposal_ready(name: &str) -> String {
    format!("The proposal for {name} is there; it waits in its tab.")
}
