//! Measurements and labels as comma-separated values, for other programs.

use std::fmt::Write;

use medley_volume::{LabelTable, Quantity};

use super::{Measure, Measured, Shape};
use crate::texts::labels::unnamed;
use crate::texts::measure as texts;

const HEAD: &str = "kind,name,size,size_unit,voxels,mean,sd,min,max,value_unit,places_ras_mm";

/// One row for each measurement and each label that has voxels. Numbers have points, places are `r a s; r a s; …`.
#[must_use]
pub fn table(measure: &Measure, labels: &LabelTable, quantity: Quantity) -> String {
    let unit = texts::value_unit(quantity);
    let mut text = format!("{HEAD}\n");
    for measured in &measure.list {
        text += &row(measured, unit);
    }
    for (label, held) in measure.labels.iter().flatten() {
        let name = labels.get(*label).map_or_else(|| unnamed(*label), |label| label.name.clone());
        let _ = writeln!(text, "label,{},{},mL,{},{},{},,,{unit},", field(&name), held.volume_ml, held.voxels, held.mean, held.sd);
    }
    text
}

fn row(measured: &Measured, unit: &str) -> String {
    let shape = &measured.measurement.shape;
    let (kind, size_unit) = match shape {
        Shape::Distance { .. } => ("distance", "mm"),
        Shape::Angle { .. } => ("angle", "degrees"),
        Shape::Ellipse(_) => ("ellipse", "mm2"),
        Shape::Rectangle(_) => ("rectangle", "mm2"),
        Shape::Freehand { .. } => ("freehand", "mm2"),
    };
    let counted = measured
        .statistics
        .flatten()
        .map_or_else(|| ",,,,,".to_owned(), |held| format!("{},{},{},{},{},{unit}", held.voxels, held.mean, held.sd, held.min, held.max));
    let place = |place: &medley_volume::Ras| {
        let [r, a, s] = place.0.to_array();
        format!("{r:.3} {a:.3} {s:.3}")
    };
    let places = shape.places().iter().map(place).collect::<Vec<_>>().join("; ");
    format!("{kind},{},{},{size_unit},{counted},{places}\n", field(&measured.measurement.name), shape.size())
}

/// A text as a field: in quotes where it must be (RFC 4180); one that a spreadsheet would take for a formula begins with an apostrophe.
fn field(text: &str) -> String {
    let is_formula = text.starts_with(['=', '+', '-', '@']);
    let text = if is_formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use medley_volume::Ras;
    use medley_volume::glam::DVec3;

    use super::super::{Measurement, RegionStatistics};
    use super::*;

    #[test]
    fn every_row_has_as_many_fields_as_the_head() {
        let shape = Shape::Distance { ends: [Ras(DVec3::ZERO), Ras(DVec3::new(3.0, 4.0, 0.0))] };
        let statistics = Some(Some(RegionStatistics { voxels: 3, mean: 1.5, sd: 0.5, min: 1.0, max: 2.0 }));
        let mut measured = Measured { number: 1, measurement: Measurement { name: "a".to_owned(), shape }, statistics: None };
        let bare = row(&measured, "HU");
        measured.statistics = statistics;
        for text in [bare.as_str(), row(&measured, "HU").as_str()] {
            assert_eq!(text.matches(',').count(), HEAD.matches(',').count(), "{text}");
        }
        assert!(bare.starts_with("distance,a,5,mm,") && bare.ends_with("0.000 0.000 0.000; 3.000 4.000 0.000\n"));
    }

    #[test]
    fn names_stay_whole_and_are_no_formulas() {
        assert_eq!(field("left, \"big\""), "\"left, \"\"big\"\"\"");
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("liver"), "liver");
    }
}
