//! How often each value occurs, with the window over it to be dragged.

use egui::{Color32, CursorIcon, DragValue, Painter, Rect, Response, Sense, Shape, Stroke, Ui, Window, pos2, vec2};
use medley_volume::Quantity;

use super::color_bar::ticks;
use super::widgets::{command_button_named, named};
use crate::command::Command;
use crate::state::measure::Histogram;
use crate::state::window_level::{CT_PRESETS, WindowLevel};
use crate::state::workbench::Workbench;
use crate::texts::measure as texts;

/// Of the picture, in points.
const SIZE: egui::Vec2 = vec2(420.0, 170.0);
/// Under the picture, for values.
const FOOT: f32 = 16.0;
/// How near the pointer must be to an edge of the window, in points.
const REACH: f32 = 7.0;

/// What the hand has of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Low,
    High,
    Middle,
}

/// The histogram's window, while it is open.
pub fn show(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.measure.is_histogram_open {
        return;
    }
    let Some((quantity, range)) = workbench.case.as_ref().map(|case| (case.volume.quantity(), case.value_range)) else { return };
    let mut is_open = true;
    let at = ui.ctx().content_rect().right_top() + vec2(-SIZE.x - 360.0, 84.0);
    let window = Window::new(texts::HISTOGRAM).default_pos(at).collapsible(true).resizable(false).open(&mut is_open);
    window.show(ui.ctx(), |ui| {
        ui.set_width(SIZE.x);
        match workbench.measure.histogram.clone() {
            Some(histogram) => picture(ui, workbench, &histogram),
            None => {
                let (rect, _) = ui.allocate_exact_size(SIZE, Sense::hover());
                ui.painter().rect_filled(rect, 3.0, ui.visuals().extreme_bg_color);
                let font = egui::FontId::proportional(13.0);
                ui.painter().text(rect.center(), egui::Align2::CENTER_CENTER, texts::COUNTING, font, ui.visuals().weak_text_color());
            }
        }
        numbers(ui, workbench, quantity, range);
        automatic(ui, workbench);
        if quantity == Quantity::Hounsfield {
            presets(ui, workbench);
        }
    });
    workbench.measure.is_histogram_open = is_open;
}

/// From values to places in the picture.
#[derive(Clone, Copy)]
struct Scale {
    rect: Rect,
    low: f64,
    high: f64,
}

impl Scale {
    fn x_of(&self, value: f64) -> f32 {
        self.rect.left() + ((value - self.low) / (self.high - self.low)) as f32 * self.rect.width()
    }

    fn values_per_point(&self) -> f64 {
        (self.high - self.low) / f64::from(self.rect.width())
    }

    fn part_at(&self, window: WindowLevel, x: f32) -> Part {
        let [low, high] = [window.low(), window.high()].map(|value| (self.x_of(value) - x).abs());
        // Of a narrow window, the nearer edge.
        if low.min(high) > REACH {
            Part::Middle
        } else if low < high {
            Part::Low
        } else {
            Part::High
        }
    }

    /// A window after one of its parts was dragged from `before` by `way` points.
    fn dragged(&self, before: WindowLevel, part: Part, way: f32) -> WindowLevel {
        let by = f64::from(way) * self.values_per_point();
        let least = self.values_per_point();
        match part {
            Part::Low => before.with_low(before.low() + by, least),
            Part::High => before.with_high(before.high() + by, least),
            Part::Middle => WindowLevel { level: before.level + by, ..before },
        }
    }
}

fn picture(ui: &mut Ui, workbench: &mut Workbench, histogram: &Histogram) {
    let (rect, response) = ui.allocate_exact_size(SIZE, Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, texts::HISTOGRAM_PICTURE));
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 3.0, ui.visuals().extreme_bg_color);
    let plot = Rect::from_min_max(rect.min, rect.max - vec2(0.0, FOOT));
    let window = workbench.views.window;
    // A window beside all values is still to be seen.
    let (low, high) = (histogram.low.min(window.low()), histogram.high().max(window.high()));
    let margin = (high - low) * 0.02;
    let fixed = ui.data(|data| data.get_temp::<(f64, f64)>(response.id)).filter(|_| response.dragged());
    let (low, high) = fixed.unwrap_or((low - margin, high + margin));
    ui.data_mut(|data| data.insert_temp(response.id, (low, high)));
    let scale = Scale { rect: plot, low, high };
    bars(&painter, ui, histogram, &scale, workbench.measure.is_logarithmic);
    over(&painter, &scale, window);
    values(&painter, ui, &scale, rect);
    drag(ui, workbench, &scale, &response);
}

fn bars(painter: &Painter, ui: &Ui, histogram: &Histogram, scale: &Scale, is_logarithmic: bool) {
    let height = |count: u64| if is_logarithmic { (count as f64 + 1.0).ln() } else { count as f64 };
    // The largest bin is mostly air: on a linear scale it would leave nothing of the others.
    let mut sorted: Vec<u64> = histogram.counts.clone();
    sorted.sort_unstable();
    let top = if is_logarithmic { sorted.last() } else { sorted.get(sorted.len() * 199 / 200) };
    let most = height(top.copied().unwrap_or(1).max(1));
    let color = ui.visuals().text_color().gamma_multiply(0.75);
    let width = (histogram.bin_width / scale.values_per_point()) as f32;
    for (bin, &count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let left = scale.x_of(histogram.low + bin as f64 * histogram.bin_width);
        let up = ((height(count) / most).min(1.0) as f32 * (scale.rect.height() - 6.0)).max(1.0);
        let bar = Rect::from_min_max(pos2(left, scale.rect.bottom() - up), pos2(left + width.max(1.0), scale.rect.bottom()));
        painter.rect_filled(bar, 0.0, color);
    }
}

/// The window: a ramp from its black to its white, and its two edges.
fn over(painter: &Painter, scale: &Scale, window: WindowLevel) {
    let [left, right] = [window.low(), window.high()].map(|value| scale.x_of(value));
    let (top, bottom) = (scale.rect.top(), scale.rect.bottom());
    let accent = Color32::from_rgb(86, 180, 233);
    painter.rect_filled(Rect::from_min_max(pos2(left, top), pos2(right, bottom)), 0.0, accent.gamma_multiply(0.16));
    painter.add(Shape::line(vec![pos2(left, bottom - 1.0), pos2(right, top + 4.0)], Stroke::new(1.0, accent.gamma_multiply(0.8))));
    for x in [left, right] {
        painter.vline(x, top..=bottom, Stroke::new(2.0, accent));
    }
}

fn values(painter: &Painter, ui: &Ui, scale: &Scale, rect: Rect) {
    for value in ticks(scale.low, scale.high, 6) {
        let x = scale.x_of(value);
        let color = ui.visuals().weak_text_color();
        painter.vline(x, scale.rect.bottom()..=scale.rect.bottom() + 3.0, Stroke::new(1.0, color));
        let digits = if scale.high - scale.low < 10.0 { 2 } else { 0 };
        let at = pos2(x.clamp(rect.left() + 14.0, rect.right() - 14.0), rect.bottom() - 1.0);
        painter.text(at, egui::Align2::CENTER_BOTTOM, format!("{value:.digits$}"), egui::FontId::proportional(10.5), color);
    }
}

fn drag(ui: &Ui, workbench: &mut Workbench, scale: &Scale, response: &Response) {
    let id = response.id.with("part");
    if let Some(at) = response.hover_pos() {
        let icon = match scale.part_at(workbench.views.window, at.x) {
            Part::Middle => CursorIcon::Grab,
            _ => CursorIcon::ResizeHorizontal,
        };
        ui.ctx().set_cursor_icon(icon);
    }
    if response.drag_started()
        && let Some(from) = ui.input(|input| input.pointer.press_origin())
    {
        let held = (scale.part_at(workbench.views.window, from.x), workbench.views.window, from.x);
        ui.data_mut(|data| data.insert_temp(id, held));
    }
    if response.dragged()
        && let (Some((part, before, from)), Some(at)) =
            (ui.data(|data| data.get_temp::<(Part, WindowLevel, f32)>(id)), response.interact_pointer_pos())
    {
        workbench.views.window = scale.dragged(before, part, at.x - from);
    }
}

fn numbers(ui: &mut Ui, workbench: &mut Workbench, quantity: Quantity, (min, max): (f64, f64)) {
    let range = (max - min).max(f64::MIN_POSITIVE);
    let least = range / 1e5;
    let suffix = if texts::value_unit(quantity).is_empty() { String::new() } else { format!(" {}", texts::value_unit(quantity)) };
    let speed = range / 1000.0;
    let digits = if range < 20.0 { 3 } else { 0 };
    ui.horizontal(|ui| {
        let window = &mut workbench.views.window;
        let field = |value, range| DragValue::new(value).speed(speed).range(range).max_decimals(digits).suffix(suffix.clone());
        let label = ui.label(texts::WIDTH);
        ui.add(field(&mut window.width, least..=f64::MAX)).labelled_by(label.id);
        let label = ui.label(texts::LEVEL);
        ui.add(field(&mut window.level, f64::MIN..=f64::MAX)).labelled_by(label.id);
        ui.checkbox(&mut workbench.measure.is_logarithmic, texts::LOGARITHMIC);
        ui.checkbox(&mut workbench.measure.shows_color_bar, texts::COLOR_BAR);
    });
    if let Some(histogram) = &workbench.measure.histogram {
        ui.weak(texts::within(histogram.fraction_within(workbench.views.window)));
    }
}

fn automatic(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal(|ui| {
        ui.label(texts::AUTOMATIC);
        for (command, text) in [
            (Command::WindowFromVolume, texts::FROM_VOLUME),
            (Command::WindowFromSlice, texts::FROM_SLICE),
            (Command::WindowFromLabel, texts::FROM_LABEL),
        ] {
            command_button_named(ui, workbench, command, text);
        }
    });
}

fn presets(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal_wrapped(|ui| {
        for preset in CT_PRESETS {
            let is_chosen = workbench.views.window == preset.window;
            let response = ui.add(egui::Button::new(egui::RichText::new(preset.name).small()).selected(is_chosen));
            named(&response, &texts::preset(preset.name));
            if response.on_hover_text(format!("{:.0}/{:.0} HU", preset.window.width, preset.window.level)).clicked() {
                workbench.views.window = preset.window;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale { rect: Rect { min: pos2(100.0, 0.0), max: pos2(300.0, 50.0) }, low: -1000.0, high: 1000.0 };
    const WINDOW: WindowLevel = WindowLevel { width: 400.0, level: 40.0 };

    #[test]
    fn the_hand_takes_the_edge_it_is_near_or_else_the_middle() {
        let at = |value| SCALE.part_at(WINDOW, SCALE.x_of(value));
        assert_eq!([-165.0, 235.0, 40.0].map(at), [Part::Low, Part::High, Part::Middle]);
        let narrow = WindowLevel { width: 10.0, level: 0.0 };
        assert_eq!([-20.0, 20.0].map(|value| SCALE.part_at(narrow, SCALE.x_of(value))), [Part::Low, Part::High]);
    }

    #[test]
    fn a_drag_moves_what_is_held_and_nothing_else() {
        let lower = SCALE.dragged(WINDOW, Part::Low, -10.0);
        assert_eq!((lower.low(), lower.high()), (-260.0, 240.0));
        let upper = SCALE.dragged(WINDOW, Part::High, 5.0);
        assert_eq!((upper.low(), upper.high()), (-160.0, 290.0));
        assert_eq!(SCALE.dragged(WINDOW, Part::Middle, 3.0), WindowLevel { width: 400.0, level: 70.0 });
        assert!(SCALE.dragged(WINDOW, Part::Low, 1e4).width > 0.0);
    }
}
