//! A model's proposal.

/// How it is drawn.
pub const LEGEND: &str = "Hatched: would be added. Crossed out: would be removed.";
/// The heads of the table.
pub const HEADS: [&str; 4] = ["", "+ mL", "− mL", ""];
/// What the second column says.
pub const ADDED_HINT: &str = "Millilitres that would be added";
/// What the third column says.
pub const REMOVED_HINT: &str = "Millilitres that would be removed";
/// Takes one label.
pub const ACCEPT: &str = "Accept";
/// Takes all.
pub const ACCEPT_ALL: &str = "Accept all";
/// Takes nothing.
pub const REJECT: &str = "Reject";

/// Whose it is.
#[must_use]
pub fn title(model: &str) -> String {
    format!("Proposal of {model}")
}

/// The accessible name of the button that takes one label.
#[must_use]
pub fn accept_only(label: &str) -> String {
    format!("Accept {label} only")
}

/// What that button does.
#[must_use]
pub fn accept_only_hint(label: &str) -> String {
    format!("Take only {label} into the mask")
}

/// Why nothing can be proposed: something is being proposed.
pub const IS_COMPUTED: &str = "A proposal is being computed.";
/// Why nothing can be proposed: a training has the device.
pub const WAIT_FOR_TRAINING: &str = "Wait until the fine-tuning has ended, or stop it.";
/// Why nothing can be proposed: no model.
pub const NO_MODEL: &str = "Fine-tune a model first.";
/// The proposal changes nothing.
pub const SAME_AS_MASK: &str = "The model proposes exactly what the mask holds.";
