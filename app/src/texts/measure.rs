//! Measuring: tools, measurements, the histogram, windows.

use medley_volume::Quantity;

use super::numbers::voxels;
use crate::state::measure::{RegionForm, RegionStatistics, Shape};

/// Heading of the list.
pub const HEADING: &str = "Measurements";
/// Heading of what labels hold.
pub const LABELS_HEADING: &str = "Label volumes";
/// In the empty list.
pub const EMPTY: &str = "Take Distance, Angle or Region and draw in a slice.";
/// Column of names.
pub const LABEL: &str = "label";
/// Column of volumes.
pub const MILLILITRES: &str = "mL";
/// While labels are counted.
pub const COUNTING: &str = "Counting…";
/// No label has voxels.
pub const NO_LABELS: &str = "Nothing is labelled yet.";
/// Copies the table.
pub const COPY: &str = "Copy";
/// Saves the table.
pub const SAVE_TABLE: &str = "Save…";
/// Takes the last change back.
pub const UNDO: &str = "Undo";
/// What that does.
pub const UNDO_HINT: &str = "Take the last change of measurements back (Undo does it too while a measuring tool is taken)";
/// What a click on a row does.
pub const ROW_HINT: &str = "Click to go there, double click to give it a name";
/// Field of a new name.
pub const NAME_FIELD: &str = "Name of the measurement";
/// No window could be found.
pub const NO_WINDOW: &str = "There are no voxels to find a window from.";
/// Title of the histogram's window.
pub const HISTOGRAM: &str = "Histogram and window";
/// What the picture is called for a screen reader.
pub const HISTOGRAM_PICTURE: &str = "Histogram: drag an edge of the window, or its middle";
/// Counts by their logarithm.
pub const LOGARITHMIC: &str = "Logarithmic";
/// Width of the window.
pub const WIDTH: &str = "Width";
/// Its middle.
pub const LEVEL: &str = "Level";
/// The bar of greys.
pub const COLOR_BAR: &str = "Colour bar";
/// Windows found from values.
pub const AUTOMATIC: &str = "Automatic:";
/// From all of the scan.
pub const FROM_VOLUME: &str = "Scan";
/// From a slice.
pub const FROM_SLICE: &str = "Slice";
/// From the chosen label.
pub const FROM_LABEL: &str = "Label";

/// The unit of a scan's values; nothing for a scale of its own.
#[must_use]
pub fn value_unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Hounsfield => "HU",
        Quantity::Arbitrary => "",
    }
}

/// Column of means.
#[must_use]
pub fn mean_title(quantity: Quantity) -> String {
    let unit = value_unit(quantity);
    if unit.is_empty() { "mean ± SD".to_owned() } else { format!("mean ± SD ({unit})") }
}

/// What a kind of measurement is called.
#[must_use]
pub fn kind(shape: &Shape) -> &'static str {
    match shape {
        Shape::Distance { .. } => "Distance",
        Shape::Angle { .. } => "Angle",
        Shape::Ellipse(_) | Shape::Rectangle(_) | Shape::Freehand { .. } => "Region",
    }
}

/// What the form of a region is called.
#[must_use]
pub fn form(form: RegionForm) -> &'static str {
    match form {
        RegionForm::Ellipse => "Ellipse",
        RegionForm::Rectangle => "Rectangle",
        RegionForm::Freehand => "Freehand",
    }
}

/// What a shape measures: `23.4 mm`, `45.2°`, `123 mm²`.
#[must_use]
pub fn size(shape: &Shape) -> String {
    let size = shape.size();
    match shape {
        Shape::Distance { .. } => format!("{size:.1} mm"),
        Shape::Angle { .. } => format!("{size:.1}°"),
        _ if size < 100.0 => format!("{size:.1} mm²"),
        _ => format!("{size:.0} mm²"),
    }
}

/// A value with its unit.
#[must_use]
pub fn value(value: f64, quantity: Quantity) -> String {
    let digits = if value.abs() >= 1000.0 || quantity == Quantity::Hounsfield && value.abs() >= 100.0 { 0 } else { 1 };
    format!("{value:.digits$} {}", value_unit(quantity)).trim_end().to_owned()
}

/// What a region holds, in short: mean and spread.
#[must_use]
pub fn mean(held: &RegionStatistics, quantity: Quantity) -> String {
    format!("{:.1} ± {:.1} {}", held.mean, held.sd, value_unit(quantity)).trim_end().to_owned()
}

/// What a region holds, beside it in the picture.
#[must_use]
pub fn region_lines(shape: &Shape, held: Option<Option<RegionStatistics>>, quantity: Quantity) -> Vec<String> {
    match held {
        None => vec![size(shape), COUNTING.to_owned()],
        Some(None) => vec![size(shape), "no voxel".to_owned()],
        Some(Some(held)) => vec![
            format!("Mean {}", value(held.mean, quantity)),
            format!("SD {:.1}", held.sd),
            extremes(&held, quantity),
            size(shape),
            voxels(held.voxels),
        ],
    }
}

/// The smallest and the largest value; CT numbers are whole.
fn extremes(held: &RegionStatistics, quantity: Quantity) -> String {
    let digits = if quantity == Quantity::Hounsfield || held.max.abs().max(held.min.abs()) >= 100.0 { 0 } else { 2 };
    format!("{:.digits$} … {:.digits$} {}", held.min, held.max, value_unit(quantity)).trim_end().to_owned()
}

/// A volume in millilitres.
#[must_use]
pub fn millilitres(volume_ml: f64) -> String {
    let digits = if volume_ml >= 100.0 {
        0
    } else if volume_ml >= 1.0 {
        1
    } else {
        3
    };
    format!("{volume_ml:.digits$}")
}

/// Deletes a measurement.
#[must_use]
pub fn delete(name: &str) -> String {
    format!("Delete {name}")
}

/// After one was deleted.
#[must_use]
pub fn deleted(name: &str) -> String {
    format!("{name} deleted. Undo in the list of measurements brings it back.")
}

/// Beside the histogram: how much of the scan the window reaches.
#[must_use]
pub fn within(fraction: f64) -> String {
    format!("{:.1} % of the voxels lie within the window", fraction * 100.0)
}

/// The button of a window of values.
#[must_use]
pub fn preset(name: &str) -> String {
    format!("Window {name}")
}

/// Why a file of measurements cannot be read: the system.
#[must_use]
pub fn system_says(error: &std::io::Error) -> String {
    format!("the system says “{error}”")
}

/// Why it cannot be read: its size.
pub const TOO_LARGE: &str = "it is larger than any such list";
/// Why it cannot be read: it is none.
pub const NO_LIST: &str = "it says that it holds something else";
/// Why it cannot be read: its version.
pub const LATER_VERSION: &str = "a later version of this program wrote it";
/// Why it cannot be read: numbers that are none.
pub const NO_PLACE: &str = "a place in it is no place";

/// A file of measurements cannot be read.
#[must_use]
pub fn unreadable(path: &std::path::Path, why: &str) -> String {
    format!(
        "{} is no list of measurements that can be read: {why}. It is left as it is; move it away to keep new measurements of this scan.",
        path.display()
    )
}

/// The folder for such files cannot be made.
#[must_use]
pub fn no_folder(folder: &std::path::Path, error: &std::io::Error) -> String {
    format!("{} cannot be made: {}.", folder.display(), system_says(error))
}
