//! The ring around what has the keyboard, for people who do not use a mouse.

use egui::{Color32, LayerId, Order, Stroke, StrokeKind, Ui, Visuals};

/// Width of the ring in points.
const WIDTH: f32 = 2.0;

/// The ring's colour.
#[must_use]
pub fn color(visuals: &Visuals) -> Color32 {
    visuals.widgets.active.bg_stroke.color
}

/// Draws a ring around what has the focus: buttons have an outline of their own then, but pictures and rows have none, and on a
/// chosen button it would not be seen. A field for text shows its cursor.
pub fn draw(ui: &Ui) {
    if ui.ctx().text_edit_focused() {
        return;
    }
    let Some(response) = ui.memory(egui::Memory::focused).and_then(|id| ui.ctx().read_response(id)) else { return };
    let rect = response.interact_rect.expand(1.0).intersect(ui.ctx().content_rect());
    let ring = Stroke::new(WIDTH, color(ui.visuals()));
    let order = if response.layer_id.order < Order::Foreground { response.layer_id } else { LayerId::new(Order::Tooltip, response.id) };
    ui.ctx().layer_painter(order).rect_stroke(rect, 4.0, ring, StrokeKind::Outside);
}
