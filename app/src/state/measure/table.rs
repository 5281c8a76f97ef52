//! Measurements and labels as a table, for other programs.

use medley_volume::{LabelTable, Quantity};

use super::{LabelStatistics, Measure, Measured, Shape};
use crate::texts::labels::unnamed;
use crate::texts::measure as texts;

const HEAD: [&str; 11] = ["kind", "name", "size", "size_unit", "voxels", "mean", "sd", "min", "max", "value_unit", "places_ras_mm"];

type Row = [String; HEAD.len()];

/// One row for each measurement and each label that has voxels, with commas or another `separator` between fields. Numbers have points,
/// places are `r a s; r a s; …`.
#[must_use]
pub fn table(measure: &Measure, labels: &LabelTable, quantity: Quantity, separator: char) -> String {
    let unit = texts::value_unit(quantity);
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(measure.list.iter().map(|measured| of_measured(measured, unit)));
    rows.extend(measure.labels.iter().flatten().map(|(&label, held)| of_label(label, held, labels, unit)));
    let line = |row: Row| row.map(|text| field(&text, separator)).join(&separator.to_string()) + "\n";
    rows.into_iter().map(line).collect()
}

fn of_label(label: u16, held: &LabelStatistics, labels: &LabelTable, unit: &str) -> Row {
    let name = labels.get(label).map_or_else(|| unnamed(label), |label| label.name.clone());
    let (volume, voxels) = (held.volume_ml.to_string(), held.voxels.to_string());
    let (mean, sd) = (held.mean.to_string(), held.sd.to_string());
    let none = String::new;
    ["label".to_owned(), named(&name), volume, "mL".to_owned(), voxels, mean, sd, none(), none(), unit.to_owned(), none()]
}

fn of_measured(measured: &Measured, unit: &str) -> Row {
    let shape = &measured.measurement.shape;
    let (kind, size_unit) = match shape {
        Shape::Distance { .. } => ("distance", "mm"),
        Shape::Angle { .. } => ("angle", "degrees"),
        Shape::Ellipse(_) => ("ellipse", "mm2"),
        Shape::Rectangle(_) => ("rectangle", "mm2"),
        Shape::Freehand { .. } => ("freehand", "mm2"),
    };
    let [voxels, mean, sd, min, max, value_unit] = measured.statistics.flatten().map_or_else(Default::default, |held| {
        let [mean, sd, min, max] = [held.mean, held.sd, held.min, held.max].map(|number| number.to_string());
        [held.voxels.to_string(), mean, sd, min, max, unit.to_owned()]
    });
    let place = |place: &medley_volume::Ras| {
        let [r, a, s] = place.0.to_array();
        format!("{r:.3} {a:.3} {s:.3}")
    };
    let places = shape.places().iter().map(place).collect::<Vec<_>>().join("; ");
    let (name, size) = (named(&measured.measurement.name), shape.size().to_string());
    [kind.to_owned(), name, size, size_unit.to_owned(), voxels, mean, sd, min, max, value_unit, places]
}

/// A name; one that a spreadsheet would take for a formula begins with an apostrophe.
fn named(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}

/// A text as a field: in quotes where it must be (RFC 4180).
fn field(text: &str, separator: char) -> String {
    if text.contains([separator, '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use medley_volume::Ras;
    use medley_volume::glam::DVec3;

    use super::super::{Measurement, RegionStatistics};
    use super::*;

    #[test]
    fn every_field_of_a_measurement_stands_in_its_column() {
        let shape = Shape::Distance { ends: [Ras(DVec3::ZERO), Ras(DVec3::new(3.0, 4.0, 0.0))] };
        let statistics = Some(Some(RegionStatistics { voxels: 3, mean: 1.5, sd: 0.5, min: -1.0, max: 2.0 }));
        let mut measured = Measured { number: 1, measurement: Measurement { name: "a".to_owned(), shape }, statistics: None };
        let places = "0.000 0.000 0.000; 3.000 4.000 0.000";
        assert_eq!(of_measured(&measured, "HU"), ["distance", "a", "5", "mm", "", "", "", "", "", "", places]);
        measured.statistics = statistics;
        assert_eq!(of_measured(&measured, "HU"), ["distance", "a", "5", "mm", "3", "1.5", "0.5", "-1", "2", "HU", places]);
    }

    #[test]
    fn names_stay_whole_and_are_no_formulas() {
        assert_eq!(field("left, \"big\"", ','), "\"left, \"\"big\"\"\"");
        assert_eq!(field("left, big", '\t'), "left, big");
        assert_eq!(named("=1+1"), "'=1+1");
        assert_eq!(named("liver"), "liver");
    }
}
