//! Figures.

use crate::state::figure::FigureSubject;

/// Title of the page.
pub const TITLE: &str = "Save a figure";
/// What is shown.
pub const SUBJECT: &str = "Show";
/// How large.
pub const WIDTH: &str = "Width";
/// How large.
pub const HEIGHT: &str = "Height";
/// Resolution on paper.
pub const DPI: &str = "Resolution";
/// The height follows.
pub const PROPORTIONS: &str = "Keep the proportions of the screen";
/// Size of texts.
pub const TEXT_SCALE: &str = "Texts and lines";
/// What is drawn.
pub const DRESS: &str = "With";
/// Behind it.
pub const GROUND: &str = "Ground";
/// Behind it: black.
pub const BLACK: &str = "Black";
/// Behind it: white.
pub const WHITE: &str = "White";
/// Chooses the file and makes it.
pub const SAVE: &str = "Save as…";
/// While one is made.
pub const BUSY: &str = "The figure is being made…";
/// Why it cannot be made.
pub const NO_GPU: &str = "There is no graphics device to draw the figure with.";
/// What it never holds.
pub const PRIVACY: &str = "The file holds no patient's name and no other text than is seen in it.";
/// Usual widths: their names, in mm on paper.
pub const WIDTHS: [(&str, f64); 3] = [("One column", 89.0), ("One and a half", 120.0), ("Two columns", 183.0)];
/// What may stand over it, in the order of the switches.
pub const SWITCHES: [&str; 7] = ["Labels", "Crosshair", "Letters", "Scale bar", "Colour bar", "Measurements", "Legend of labels"];
/// Copies it.
pub const COPY: &str = "Copy";
/// What copying does.
pub const COPY_HINT: &str = "Copy the figure, to paste it in another program";
/// There is nothing to copy.
pub const NO_VIEW: &str = "No view is on the screen to copy.";

/// Labels for which a legend has no room.
#[must_use]
pub fn more_labels(count: usize) -> String {
    format!("and {count} more")
}

/// What a figure shows.
#[must_use]
pub fn subject(subject: FigureSubject) -> String {
    match subject {
        FigureSubject::View(kind) => kind.label().to_owned(),
        FigureSubject::Screen => "All views as on the screen".to_owned(),
    }
}

/// A suggested file name, which names no patient.
#[must_use]
pub fn file_name(subject: FigureSubject) -> String {
    match subject {
        FigureSubject::View(kind) => format!("{}.png", super::views::short(kind).to_lowercase()),
        FigureSubject::Screen => "views.png".to_owned(),
    }
}

/// How large it is on paper.
#[must_use]
pub fn paper([width, height]: [f64; 2]) -> String {
    format!("{width:.0} × {height:.0} mm on paper")
}

/// It could not be drawn.
#[must_use]
pub fn not_made(error: &dyn std::fmt::Display) -> String {
    format!("The figure was not made: {error}.")
}

/// Fewer pixels than its size has.
#[must_use]
pub fn not_whole(path: &std::path::Path) -> String {
    format!("{}: the picture is not whole; make it again.", path.display())
}
