//! The page of weights.

/// The page's title.
pub const TITLE: &str = "Weights";
/// What is here.
pub const HERE: &str = "On this machine";
/// What can be had.
pub const RELEASED: &str = "Released with Med3D";
/// The folder is being read.
pub const LOOKING: &str = "Looking at the folder of weights…";
/// There is nothing yet.
pub const NONE_YET: &str = "Nothing was fetched or imported yet. Get one of the released encoders below, or import a file of your own.";
/// Reads the folder again.
pub const LOOK_AGAIN: &str = "Look again";
/// They are chosen.
pub const IN_USE: &str = "In use";
/// Chooses them.
pub const USE: &str = "Use";
/// What choosing means.
pub const USE_HINT: &str = "The next training starts from these weights";
/// Fetches once more.
pub const GET_AGAIN: &str = "Get again";
/// What that means.
pub const GET_AGAIN_HINT: &str = "Fetch the file once more; it must be the recorded one";
/// Fetches.
pub const GET: &str = "Get";
/// What that means.
pub const GET_HINT: &str = "Fetch it from the hub and keep it";
/// Why nothing can be fetched now.
pub const ONE_AT_A_TIME: &str = "One at a time: something is on its way already.";
/// A file is being compared with what is known of it.
pub const CHECKING: &str = "Checking what has come…";
/// Nothing has come yet.
pub const ASKING: &str = "Asking the hub…";
/// A file is being read.
pub const LOOKING_INTO: &str = "Looking into the file…";
/// Ends a transfer.
pub const STOP: &str = "Stop";
/// What that means.
pub const STOP_HINT: &str = "What has come is kept: Get goes on from there";
/// Before the field for a path.
pub const IMPORT_A_FILE: &str = "Import a file";
/// The field, empty.
pub const PATH_HINT: &str = "/path/to/weights.pth or .safetensors";
/// Imports.
pub const IMPORT: &str = "Import";
/// The accessible name of that button.
pub const IMPORT_NAME: &str = "Import the file at this path";
/// Chooses a file.
pub const BROWSE: &str = "Browse…";
/// The accessible name of that button.
pub const BROWSE_NAME: &str = "Browse for weights to import";
/// The accessible name of the bar.
pub const PROGRESS: &str = "Part of the file that has come";

/// What the released encoders are, and under which licence.
#[must_use]
pub fn released_hint(licence: &str) -> String {
    format!("Encoders for CT and MR at full width. Licence: {licence}. Nothing is fetched unless you press Get.")
}

/// The accessible name of the button that chooses weights.
#[must_use]
pub fn start_from(name: &str) -> String {
    format!("Start from {name}")
}

/// The accessible name of the button that fetches once more.
#[must_use]
pub fn get_again(name: &str) -> String {
    format!("Get {name} again")
}

/// The accessible name of the button that fetches.
#[must_use]
pub fn get(name: &str) -> String {
    format!("Get {name}")
}

/// The accessible name of the button that ends a transfer.
#[must_use]
pub fn stop_fetching(name: &str) -> String {
    format!("Stop fetching {name}")
}

/// What an encoder was trained on, and how large it is.
#[must_use]
pub fn trained_on(what: &str, parameters: u64) -> String {
    format!("Trained on {what} · {:.1} million parameters", parameters as f64 / 1e6)
}

/// A size that is not known exactly.
#[must_use]
pub fn about(size: &str) -> String {
    format!("about {size}")
}

/// How much has come.
#[must_use]
pub fn come(size: &str, total: &str) -> String {
    format!("{size} of {total}")
}
