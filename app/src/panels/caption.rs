//! What is written over every view: its name, and the button that lets it fill the window.

use std::sync::Arc;

use egui::{Color32, Rect, Sense, Stroke, Ui, vec2};

use super::widgets::named;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;
use crate::texts;

/// The name of a view and the button that lets it fill the window.
pub fn caption(ui: &mut Ui, workbench: &mut Workbench, kind: ViewKind, rect: Rect, text: &str) {
    let area = Rect::from_min_size(rect.min + vec2(8.0, 6.0), vec2(rect.width() - 16.0, 20.0));
    // The letter of the upper edge stands in the middle.
    let room = rect.width() / 2.0 - 22.0;
    let color = Color32::from_gray(200);
    let font = egui::FontId::proportional(12.5);
    let layouts = shorter(text).map(|text| ui.painter().layout_no_wrap(text, font.clone(), color));
    if let Some(fits) = layouts.iter().find(|layout| layout.size().x <= room).or(layouts.last()) {
        ui.painter_at(rect).galley(area.left_top(), Arc::clone(fits), color);
    }
    // One view alone has nothing to grow over.
    let is_maximised = workbench.views.maximised == Some(kind);
    if !is_maximised && workbench.shown_layout().views().len() < 2 {
        return;
    }
    let view = name_of(workbench, kind);
    let place = Rect::from_min_size(area.right_top() - vec2(18.0, 2.0), vec2(18.0, 18.0));
    let response = ui.interact(place, ui.scope_id().with((kind, "maximise")), Sense::click());
    let name = texts::views::maximise(&view, is_maximised);
    named(&response, &name);
    maximise_icon(ui, place, is_maximised, response.hovered());
    if response.on_hover_text(texts::views::by_double_click(&name)).clicked() {
        toggle_maximised(workbench, kind);
    }
}

/// A view's name and number as it is, with the name shortened, and the number alone.
fn shorter(text: &str) -> [String; 3] {
    let (name, number) = text.split_once(' ').unwrap_or((text, text));
    let beginning: String = name.chars().take(3).collect();
    let short = if name == text { text.to_owned() } else { format!("{beginning} {number}") };
    [text.to_owned(), short, number.to_owned()]
}

/// One pane, or four.
fn maximise_icon(ui: &Ui, place: Rect, is_maximised: bool, is_hovered: bool) {
    let stroke = Stroke::new(1.2, Color32::from_gray(if is_hovered { 255 } else { 170 }));
    let pane = Rect::from_center_size(place.center(), vec2(11.0, 9.0));
    ui.painter().rect_stroke(pane, 1.0, stroke, egui::StrokeKind::Middle);
    if is_maximised {
        ui.painter().vline(pane.center().x, pane.y_range(), stroke);
        ui.painter().hline(pane.x_range(), pane.center().y, stroke);
    }
}

/// The accessible name of a view; on the other side of a comparison, with the name of its case.
pub fn name_of(workbench: &Workbench, kind: ViewKind) -> String {
    match &workbench.case {
        Some(case) if workbench.views.side == 1 => texts::compare::view_of(kind.label(), &case.name),
        _ => kind.label().to_owned(),
    }
}

/// One view over all, or all again.
pub fn toggle_maximised(workbench: &mut Workbench, kind: ViewKind) {
    workbench.views.maximised = if workbench.views.maximised == Some(kind) { None } else { Some(kind) };
}
