//! What stands around sentences to the user.

/// The mark on the button that puts a sentence away.
pub const DISMISS_MARK: &str = "×";
/// The accessible name of that button.
pub const DISMISS: &str = "Dismiss";
