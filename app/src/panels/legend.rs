//! The legend of a figure: names and colours of the labels that are seen in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Align2, Color32, FontId, Painter, Rect, pos2, vec2};
use medley_volume::glam::DVec2;

use crate::state::figure::Dress;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::workbench::Workbench;
use crate::texts;

/// From one line to the next, in points.
const LINE: f32 = 17.0;
/// The side of a mark, in points.
const MARK: f32 = 10.0;
/// From the edge of the view, and around the lines, in points.
const MARGIN: f32 = 8.0;
/// A slice is looked through at so many places along each side at most: what is smaller than one of them is no more than a dot.
const MOST_PLACES: f32 = 512.0;

/// The labels of a slice that are drawn in a figure.
pub fn labels_in_slice(workbench: &Workbench, rect: Rect, geometry: &SliceGeometry) -> BTreeSet<u16> {
    let Some(case) = workbench.case.as_ref().filter(|_| !workbench.views.overlay.is_hidden) else { return BTreeSet::new() };
    let grid = case.mask.grid();
    let least_mm = grid.spacing().into_iter().fold(f64::INFINITY, f64::min);
    let of_voxel = (least_mm * geometry.points_per_mm()) as f32;
    let step = of_voxel.max(rect.width().max(rect.height()) / MOST_PLACES).max(0.5);
    let count = |side: f32| (side / step).ceil() as usize;
    let mut found = BTreeSet::new();
    let mut last = 0;
    for row in 0..count(rect.height()) {
        for column in 0..count(rect.width()) {
            let at = rect.min + vec2(column as f32 + 0.5, row as f32 + 0.5) * step;
            let voxel = grid.voxel_at(geometry.ras_under(DVec2::new(at.x.into(), at.y.into())));
            let label = voxel.and_then(|voxel| case.mask.label(voxel)).unwrap_or(0);
            // Neighbours are mostly alike.
            if label != last && label != 0 {
                found.insert(label);
            }
            last = label;
        }
    }
    found
}

/// The labels of the whole mask, as far as they were counted.
pub fn labels_in_volume(workbench: &Workbench) -> BTreeSet<u16> {
    let counted = workbench.measure.labels.iter().flatten().map(|(label, _)| *label);
    counted.filter(|_| !workbench.views.overlay.is_hidden).collect()
}

/// Marks and names at the upper left, on a ground that sets them off; those that do not fit are counted.
pub fn draw(painter: &Painter, rect: Rect, labels: &BTreeSet<u16>, workbench: &Workbench, dress: &Dress) {
    let table = workbench.study.as_ref().map(|study| &study.labels);
    let name =
        |value: u16| table.and_then(|table| table.get(value)).map_or_else(|| texts::labels::unnamed(value), |label| label.name.clone());
    let all: Vec<(String, [u8; 4])> =
        labels.iter().map(|&value| (name(value), workbench.palette.color(value))).filter(|(_, color)| color[3] > 0).collect();
    if all.is_empty() {
        return;
    }
    let room = (((rect.height() - 4.0 * MARGIN) / LINE) as usize).max(1);
    let shown = if all.len() > room { room - 1 } else { all.len() };
    let mut lines: Vec<(String, Option<[u8; 4]>)> = all.iter().take(shown).map(|(name, color)| (name.clone(), Some(*color))).collect();
    lines.extend((shown < all.len()).then(|| (texts::figure::more_labels(all.len() - shown), None)));

    let ink = dress.ink(225);
    let text = |text: &str| painter.layout_no_wrap(text.to_owned(), FontId::proportional(12.0), ink);
    let lines: Vec<_> = lines.into_iter().map(|(name, color)| (text(&name), color)).collect();
    let widest = lines.iter().map(|(galley, _)| galley.size().x).fold(0.0, f32::max);
    let size = vec2(MARK + 3.0 * MARGIN - 2.0 + widest, LINE * lines.len() as f32 + MARGIN);
    let plate = Rect::from_min_size(rect.min + vec2(MARGIN, MARGIN), size);
    let [r, g, b, _] = dress.ground().to_array();
    painter.rect_filled(plate, 3.0, Color32::from_rgba_unmultiplied(r, g, b, 200));
    for (n, (galley, color)) in lines.iter().enumerate() {
        let middle = plate.top() + MARGIN / 2.0 + LINE * (n as f32 + 0.5);
        if let Some([r, g, b, _]) = *color {
            let mark = Rect::from_center_size(pos2(plate.left() + MARGIN + MARK / 2.0, middle), vec2(MARK, MARK));
            painter.rect_filled(mark, 2.0, Color32::from_rgb(r, g, b));
        }
        let at = pos2(plate.left() + 2.0 * MARGIN - 2.0 + MARK, middle);
        let place = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        painter.galley(place.min, Arc::clone(galley), ink);
    }
}
