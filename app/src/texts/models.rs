//! Models and asking one of them.

/// The panel's heading.
pub const TITLE: &str = "Models";
/// There is none.
pub const NONE_YET: &str = "None yet. Fine-tuning makes one; it then proposes masks for other scans.";
/// What choosing a model means.
pub const PROPOSES: &str = "This model proposes";

/// A model with its mean Dice.
#[must_use]
pub fn with_dice(name: &str, dice: f64) -> String {
    format!("{name} · Dice {dice:.3}")
}

/// A model with another measure.
#[must_use]
pub fn with_measure(name: &str, measure: &str, value: f64) -> String {
    format!("{name} · {measure} {value:.3}")
}
