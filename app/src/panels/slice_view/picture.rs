//! The slice and what is written over it.

use std::sync::Arc;

use egui::{Align2, Color32, CursorIcon, FontId, Pos2, Rect, Response, Stroke, Ui, Vec2, vec2};
use medley_volume::AnatomicalPlane;

use super::{Place, contour, crosshair, measuring, slot};
use crate::panels::box_overlay;
use crate::panels::caption::caption;
use crate::panels::color_bar;
use crate::render::{SliceFrame, slice_shape};
use crate::state::figure::Dress;
use crate::state::second_scan::SecondScan;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::view::Subject;
use crate::state::workbench::Workbench;
use crate::texts::{slices, views};

/// `response` is what the mouse does, on the screen; `dress` is what stands over the slice.
pub(super) fn draw(
    ui: &mut Ui,
    workbench: &mut Workbench,
    place: &Place,
    geometry: &SliceGeometry,
    response: Option<&Response>,
    dress: &Dress,
) {
    let Place { kind, plane, rect, .. } = *place;
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, dress.ground());
    let views = &workbench.views;
    let Some(case) = &workbench.case else { return };
    if let Some(textures) = &case.textures {
        let frame = SliceFrame {
            slot: views.side * 3 + slot(plane),
            texture_affine: geometry.texture_affine(),
            window: views.window,
            opacity: views.overlay.opacity,
            is_outline: views.overlay.is_outline,
            shows_labels: !views.overlay.is_hidden && dress.shows_labels,
            shows_proposal: (case.proposal.is_some() || workbench.correction.preview.is_some())
                && !views.overlay.is_hidden
                && dress.shows_labels
                && views.subject == Subject::Everything,
            is_proposal_alone: views.subject == Subject::Proposal,
            is_interpolated: views.is_interpolated,
            palette: Arc::clone(&workbench.palette),
            slab: views.slabs.get(plane).frame(geometry),
            second: workbench.second.as_ref().and_then(SecondScan::frame),
            is_on_white: dress.is_on_white,
        };
        painter.add(slice_shape(rect, textures, frame));
    }
    if dress.shows_crosshair {
        crosshair::draw(ui, &painter, workbench, place, geometry);
    }
    if dress.shows_labels {
        box_overlay::draw(&painter, workbench, plane, geometry);
        contour::draw(&painter, workbench, plane, geometry);
    }
    if dress.shows_measurements {
        measuring::draw(&painter, workbench, place, geometry);
    }
    if dress.shows_letters {
        letters(&painter, plane, workbench, rect, geometry, dress);
    }
    if dress.shows_scale_bar {
        scale_bar(&painter, rect, geometry, dress);
    }
    if dress.shows_color_bar {
        color_bar::draw(&painter, rect, views.window, case.volume.quantity(), dress.ink(210), dress.halo());
    }
    let Some(response) = response else { return };
    if workbench.tool.is_painting()
        && let Some(at) = response.hover_pos()
    {
        let radius = (workbench.brush.radius_mm * geometry.points_per_mm()) as f32;
        painter.circle_stroke(at, radius, Stroke::new(2.5, Color32::from_black_alpha(150)));
        painter.circle_stroke(at, radius, Stroke::new(1.0, Color32::WHITE));
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        if geometry.is_oblique() && !workbench.brush.is_ball {
            let below = rect.center_bottom() - vec2(0.0, 26.0);
            shadowed(&painter, below, Align2::CENTER_BOTTOM, slices::BRUSH_IS_3D, 12.0, dress.ink(210), dress.halo());
        }
    }
    let text = views::slice(kind, geometry.is_oblique(), geometry.slice_number(), geometry.slice_count());
    caption(ui, workbench, kind, rect, &text);
}

/// The letters of the patient's sides at the edges, and which convention they follow.
fn letters(painter: &egui::Painter, plane: AnatomicalPlane, workbench: &Workbench, rect: Rect, geometry: &SliceGeometry, dress: &Dress) {
    let color = if dress.is_on_white { dress.ink(0) } else { Color32::from_rgb(255, 221, 120) };
    let [left, right, top, bottom] = geometry.edge_letters();
    let places = [
        (left, rect.left_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER),
        (right, rect.right_center() - vec2(8.0, 0.0), Align2::RIGHT_CENTER),
        (top, rect.center_top() + vec2(0.0, 8.0), Align2::CENTER_TOP),
        (bottom, rect.center_bottom() - vec2(0.0, 8.0), Align2::CENTER_BOTTOM),
    ];
    for (letter, at, anchor) in places {
        shadowed(painter, at, anchor, &letter, 15.0, color, dress.halo());
    }
    if plane != AnatomicalPlane::Sagittal {
        let at = rect.right_bottom() - vec2(8.0, 7.0);
        shadowed(painter, at, Align2::RIGHT_BOTTOM, workbench.views.convention.name(), 11.0, dress.ink(170), dress.halo());
    }
}

/// Text that is read on black and on white.
fn shadowed(painter: &egui::Painter, at: Pos2, anchor: Align2, text: &str, size: f32, color: Color32, halo: Color32) {
    let font = FontId::proportional(size);
    // Dark letters of a figure on white stand over the scan's black too: they need light all around, not a shadow.
    let is_light = halo.r() > 128;
    let around: &[[f32; 2]] = if is_light { &[[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]] } else { &[[1.0, 1.0]] };
    around.iter().for_each(|&way| _ = painter.text(at + Vec2::from(way), anchor, text, font.clone(), halo));
    painter.text(at, anchor, text, font, color);
}

/// A bar of a round length at the lower left.
fn scale_bar(painter: &egui::Painter, rect: Rect, geometry: &SliceGeometry, dress: &Dress) {
    let length = round_length(f64::from(rect.width()) * 0.28 / geometry.points_per_mm());
    let from = rect.left_bottom() + vec2(10.0, -10.0);
    let to = from + vec2((length * geometry.points_per_mm()) as f32, 0.0);
    painter.line_segment([from, to], Stroke::new(3.0, dress.halo()));
    painter.line_segment([from, to], Stroke::new(1.5, dress.ink(210)));
    shadowed(painter, from - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, &views::scale(length), 11.0, dress.ink(210), dress.halo());
}

/// The largest of 1, 2 and 5 times a power of ten that is not longer than `widest`.
fn round_length(widest: f64) -> f64 {
    let power = 10f64.powf(widest.max(1e-6).log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|n| n * power).find(|length| *length <= widest * (1.0 + 1e-9)).unwrap_or(power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_bars_length_is_round_at_every_zoom_and_fits() {
        for (widest, wanted, text) in
            [(700.0, 500.0, "500 mm"), (50.0, 50.0, "50 mm"), (1.99, 1.0, "1 mm"), (0.93, 0.5, "500 µm"), (0.021, 0.02, "20 µm")]
        {
            assert!((round_length(widest) - wanted).abs() < 1e-12, "{widest}: {}", round_length(widest));
            assert_eq!(views::scale(wanted), text);
        }
    }
}
