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

/// Of kept weights that are none of the released ones.
pub const UNKNOWN_TRAINING: &str = "Training data and licence unknown: see where it came from";
/// Of a model whose card cannot be read.
pub const UNKNOWN_NETWORK: &str = "Network unknown: it has no readable card";
/// Of a model that says nothing of its cases.
pub const STUDY_MODEL: &str = "A model of this study";
/// Whose a model of the study is.
pub const YOURS: &str = "Yours";
/// What the bundled encoder was trained on.
pub const STARTER_TRAINED_ON: &str = "Trained on one abdominal MR, one brain MR and one chest CT";
/// Under which licence it is.
pub const STARTER_LICENCE: &str = "MIT or Apache-2.0, as Medley";

/// What a released encoder was trained on.
#[must_use]
pub fn trained_with(data: &str) -> String {
    format!("Trained on {data}")
}

/// What a model of the study was trained on.
#[must_use]
pub fn fine_tuned_on(cases: usize) -> String {
    if cases == 1 { "Fine-tuned on one case of this study".to_owned() } else { format!("Fine-tuned on {cases} cases of this study") }
}

/// A network in few words.
#[must_use]
pub fn network(depth: &str, shortcut: &str, width: usize) -> String {
    format!("ResNet-{depth}, shortcut {shortcut}, width {width}")
}

/// The system gives no thread.
#[must_use]
pub fn no_thread(error: &std::io::Error) -> String {
    format!("No thread could be started: {error}.")
}

/// Weights have come.
#[must_use]
pub fn are_here(name: &str) -> String {
    format!("{name} is on this machine now. Use it on the page of weights to start the next training from it.")
}
