//! What a model for classes or boxes says.

use medley_learn::task::FoundBox;

/// It found nothing.
pub const NO_OBJECT: &str = "No object.";
/// How to go to a box.
pub const GO_TO_HINT: &str = "Press a box to go to its middle.";
/// Puts it away.
pub const DISMISS: &str = "Dismiss findings";

/// Whose they are.
#[must_use]
pub fn title(model: &str) -> String {
    format!("Model {model} finds")
}

/// A probability.
#[must_use]
pub fn percent(probability: f64) -> String {
    format!("{:.1} %", 100.0 * probability)
}

/// The accessible name of a box's button; `number` counts from 1.
#[must_use]
pub fn go_to(number: usize, found: &FoundBox) -> String {
    format!("Go to box {number}: {}, score {:.2}", found.class, found.score)
}

/// A box with its size in mm.
#[must_use]
pub fn found_box(found: &FoundBox, [x, y, z]: [f64; 3]) -> String {
    format!("{}  {:.2}  {x:.0} × {y:.0} × {z:.0} mm", found.class, found.score)
}
