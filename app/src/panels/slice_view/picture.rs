//! The slice and what is written over it.

use std::sync::Arc;

use egui::{Align2, Color32, CursorIcon, FontId, Pos2, Rect, Response, Stroke, Ui, vec2};
use medley_volume::AnatomicalPlane;

use super::{Place, contour, crosshair, slot};
use crate::panels::box_overlay;
use crate::panels::caption::caption;
use crate::render::{SliceFrame, slice_shape};
use crate::state::second_scan::SecondScan;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::view::Subject;
use crate::state::workbench::Workbench;
use crate::texts::slices;

pub(super) fn draw(ui: &mut Ui, workbench: &mut Workbench, place: &Place, geometry: &SliceGeometry, response: &Response) {
    let Place { kind, plane, rect, .. } = *place;
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, Color32::BLACK);
    let views = &workbench.views;
    let Some(case) = &workbench.case else { return };
    if let Some(textures) = &case.textures {
        let frame = SliceFrame {
            slot: views.side * 3 + slot(plane),
            texture_affine: geometry.texture_affine(),
            window: views.window,
            opacity: views.overlay.opacity,
            is_outline: views.overlay.is_outline,
            shows_labels: !views.overlay.is_hidden,
            shows_proposal: (case.proposal.is_some() || workbench.correction.preview.is_some())
                && !views.overlay.is_hidden
                && views.subject == Subject::Everything,
            is_proposal_alone: views.subject == Subject::Proposal,
            is_interpolated: views.is_interpolated,
            palette: Arc::clone(&workbench.palette),
            slab: views.slabs.get(plane).frame(geometry),
            second: workbench.second.as_ref().and_then(SecondScan::frame),
        };
        painter.add(slice_shape(rect, textures, frame));
    }
    crosshair::draw(ui, &painter, workbench, place, geometry);
    box_overlay::draw(&painter, workbench, plane, geometry);
    contour::draw(&painter, workbench, plane, geometry);
    letters(&painter, plane, workbench, rect, geometry);
    scale_bar(&painter, rect, geometry);
    if workbench.tool.is_painting()
        && let Some(at) = response.hover_pos()
    {
        let radius = (workbench.brush.radius_mm * geometry.points_per_mm()) as f32;
        painter.circle_stroke(at, radius, Stroke::new(2.5, Color32::from_black_alpha(150)));
        painter.circle_stroke(at, radius, Stroke::new(1.0, Color32::WHITE));
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
        if geometry.is_oblique() && !workbench.brush.is_ball {
            let below = rect.center_bottom() - vec2(0.0, 26.0);
            shadowed(&painter, below, Align2::CENTER_BOTTOM, slices::BRUSH_IS_3D, 12.0, Color32::from_gray(210));
        }
    }
    let turned = if geometry.is_oblique() { format!(" {}", slices::TURNED) } else { String::new() };
    let text = format!("{}{turned} {}/{}", kind.label().trim_end_matches(" view"), geometry.slice_number(), geometry.slice_count());
    caption(ui, workbench, kind, rect, &text);
}

/// The letters of the patient's sides at the edges, and which convention they follow.
fn letters(painter: &egui::Painter, plane: AnatomicalPlane, workbench: &Workbench, rect: Rect, geometry: &SliceGeometry) {
    let [left, right, top, bottom] = geometry.edge_letters();
    let places = [
        (left, rect.left_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER),
        (right, rect.right_center() - vec2(8.0, 0.0), Align2::RIGHT_CENTER),
        (top, rect.center_top() + vec2(0.0, 8.0), Align2::CENTER_TOP),
        (bottom, rect.center_bottom() - vec2(0.0, 8.0), Align2::CENTER_BOTTOM),
    ];
    for (letter, at, anchor) in places {
        shadowed(painter, at, anchor, &letter, 15.0, Color32::from_rgb(255, 221, 120));
    }
    if plane != AnatomicalPlane::Sagittal {
        let at = rect.right_bottom() - vec2(8.0, 7.0);
        shadowed(painter, at, Align2::RIGHT_BOTTOM, workbench.views.convention.name(), 11.0, Color32::from_gray(170));
    }
}

/// Text that is read on black and on white.
fn shadowed(painter: &egui::Painter, at: Pos2, anchor: Align2, text: &str, size: f32, color: Color32) {
    let font = FontId::proportional(size);
    painter.text(at + vec2(1.0, 1.0), anchor, text, font.clone(), Color32::from_black_alpha(220));
    painter.text(at, anchor, text, font, color);
}

/// A bar of a round length at the lower left.
fn scale_bar(painter: &egui::Painter, rect: Rect, geometry: &SliceGeometry) {
    let widest_mm = f64::from(rect.width()) * 0.28 / geometry.points_per_mm();
    let lengths = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
    let Some(length) = lengths.into_iter().rev().find(|length| *length <= widest_mm) else { return };
    let from = rect.left_bottom() + vec2(10.0, -10.0);
    let to = from + vec2((length * geometry.points_per_mm()) as f32, 0.0);
    painter.line_segment([from, to], Stroke::new(3.0, Color32::from_black_alpha(200)));
    painter.line_segment([from, to], Stroke::new(1.5, Color32::from_gray(210)));
    shadowed(painter, from - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, &format!("{length:.0} mm"), 11.0, Color32::from_gray(210));
}
