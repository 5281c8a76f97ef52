//! The chosen point of the curve in numbers.

use egui::{Button, DragValue, Ui};

use super::Subject;
use crate::panels::widgets::named;
use crate::texts::volume as texts;

pub(super) fn show(ui: &mut Ui, subject: &mut Subject<'_>) {
    let count = subject.function.points().len();
    let selected = subject.selected();
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let step = |ui: &mut Ui, text: &str, name: &str| {
            let response = ui.add(Button::new(text));
            named(&response, name);
            response.on_hover_text(name).clicked()
        };
        if step(ui, "<", texts::PREVIOUS_POINT) {
            *subject.selected = Some(selected.map_or(count - 1, |number| (number + count - 1) % count));
        }
        if step(ui, ">", texts::NEXT_POINT) {
            *subject.selected = Some(selected.map_or(0, |number| (number + 1) % count));
        }
        ui.add_enabled_ui(selected.is_some(), |ui| fields(ui, subject, selected.unwrap_or(0)));
        if step(ui, "+", texts::ADD_POINT) {
            add(subject);
        }
        ui.add_enabled_ui(selected.is_some() && count > 2, |ui| {
            if step(ui, "-", texts::REMOVE_POINT)
                && let Some(number) = selected
                && subject.function.remove(number)
            {
                *subject.selected = Some(number.min(subject.function.points().len() - 1));
            }
        });
    });
}

fn fields(ui: &mut Ui, subject: &mut Subject<'_>, number: usize) {
    let [low, high] = subject.shown_values();
    let point = subject.function.points()[number];
    let (mut value, mut opacity, mut color) = (subject.value_of(number), f64::from(point.opacity) * 100.0, point.color);
    let field = ui.add(DragValue::new(&mut value).speed((high - low) / 400.0).max_decimals(1).suffix(subject.unit()));
    named(&field, texts::POINT_VALUE);
    let is_moved = field.on_hover_text(texts::POINT_VALUE).changed();
    let field = ui.add(DragValue::new(&mut opacity).range(0.0..=100.0).speed(0.25).max_decimals(2).suffix(" %"));
    named(&field, texts::POINT_OPACITY);
    if field.on_hover_text(texts::POINT_OPACITY).changed() || is_moved {
        subject.function.move_point(number, subject.place_of(value), (opacity / 100.0) as f32);
    }
    let button = ui.color_edit_button_srgb(&mut color);
    named(&button, texts::POINT_COLOR);
    if button.on_hover_text(texts::POINT_COLOR).changed() {
        subject.function.set_color(number, color);
    }
}

/// A point halfway from the chosen one to the next, or to the one before where it is the last.
fn add(subject: &mut Subject<'_>) {
    let points = subject.function.points();
    let first = subject.selected().unwrap_or(0).min(points.len() - 2);
    let (low, high) = (points[first], points[first + 1]);
    *subject.selected = subject.function.insert((low.at + high.at) / 2.0, (low.opacity + high.opacity) / 2.0);
}
