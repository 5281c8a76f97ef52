//! The curve over the histogram: points are dragged, added and taken out.

use egui::epaint::{Mesh, Vertex, WHITE_UV};
use egui::{Color32, CursorIcon, EventFilter, Key, Painter, Pos2, Rect, Response, Sense, Shape, Stroke, StrokeKind, Ui, pos2, vec2};

use super::Subject;
use crate::texts::volume as texts;

const HEIGHT: f32 = 132.0;
const RADIUS: f32 = 5.0;
/// How near the pointer must be to a point to take it, in points.
const REACH: f32 = 10.0;
/// A step of the arrow keys, as a part of what is shown.
const KEY_STEP: f64 = 0.01;

/// Where values and opacities are drawn. Opacities are drawn by their root: the faint ones matter most.
struct Plot {
    rect: Rect,
    values: [f64; 2],
}

impl Plot {
    fn x(&self, value: f64) -> f32 {
        let [low, high] = self.values;
        self.rect.left() + self.rect.width() * ((value - low) / (high - low)) as f32
    }

    fn y(&self, opacity: f32) -> f32 {
        self.rect.bottom() - self.rect.height() * opacity.max(0.0).sqrt()
    }

    fn value(&self, x: f32) -> f64 {
        let [low, high] = self.values;
        low + (high - low) * f64::from((x - self.rect.left()) / self.rect.width())
    }

    fn opacity(&self, y: f32) -> f32 {
        let part = ((self.rect.bottom() - y) / self.rect.height()).clamp(0.0, 1.0);
        part * part
    }
}

pub(super) fn show(ui: &mut Ui, subject: &mut Subject<'_>) {
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click_and_drag());
    let is_enabled = ui.is_enabled();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, texts::CURVE));
    let plot = Plot { rect: outer.shrink(RADIUS + 1.0), values: shown(ui, subject, &response) };
    mouse(&response, &plot, subject);
    if response.has_focus() {
        keys(ui, &response, &plot, subject);
    }
    let painter = ui.painter_at(outer);
    painter.rect_filled(outer, 3.0, ui.visuals().extreme_bg_color);
    histogram(&painter, &plot, subject, ui.visuals().weak_text_color().gamma_multiply(0.35));
    curve(&painter, &plot, subject, ui.visuals().strong_text_color());
    let frame = if response.has_focus() { ui.visuals().selection.bg_fill } else { ui.visuals().widgets.noninteractive.bg_stroke.color };
    painter.rect_stroke(outer, 3.0, Stroke::new(1.0, frame), StrokeKind::Inside);
    if let Some(at) = response.hover_pos() {
        if nearest(&plot, subject, at).is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::Grab);
        }
        let text = format!("{:.0}{}   {:.1} %", plot.value(at.x), subject.unit(), plot.opacity(at.y) * 100.0);
        let font = egui::FontId::proportional(11.0);
        painter.text(plot.rect.right_top(), egui::Align2::RIGHT_TOP, text, font, ui.visuals().weak_text_color());
    }
}

/// The values that are shown; they stay while a point is dragged, or it would run from the pointer.
fn shown(ui: &Ui, subject: &Subject<'_>, response: &Response) -> [f64; 2] {
    let id = response.id.with("values");
    let values = subject.shown_values();
    let held = ui.data(|data| data.get_temp::<[f64; 2]>(id));
    let values = held.filter(|_| response.dragged()).unwrap_or(values);
    ui.data_mut(|data| data.insert_temp(id, values));
    values
}

fn mouse(response: &Response, plot: &Plot, subject: &mut Subject<'_>) {
    let Some(at) = response.interact_pointer_pos() else { return };
    if response.clicked() || response.drag_started() || response.secondary_clicked() {
        response.request_focus();
    }
    if response.double_clicked() {
        if nearest(plot, subject, at).is_none() {
            let place = subject.place_of(plot.value(at.x));
            *subject.selected = subject.function.insert(place, plot.opacity(at.y));
        }
    } else if response.secondary_clicked() {
        if let Some(number) = nearest(plot, subject, at)
            && subject.function.remove(number)
        {
            *subject.selected = None;
        }
    } else if response.drag_started() || response.clicked() {
        // A drag begins only some points away from where the button went down.
        let from = at - response.drag_delta();
        *subject.selected = nearest(plot, subject, from).or_else(|| nearest(plot, subject, at));
    }
    if response.dragged_by(egui::PointerButton::Primary)
        && let Some(number) = subject.selected()
    {
        let place = subject.place_of(plot.value(at.x.clamp(plot.rect.left(), plot.rect.right())));
        subject.function.move_point(number, place, plot.opacity(at.y));
    }
}

fn keys(ui: &Ui, response: &Response, plot: &Plot, subject: &mut Subject<'_>) {
    // Arrows move the point and not the focus.
    let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, tab: false, escape: false };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key: Key| ui.input(|input| i32::try_from(input.num_presses(key)).unwrap_or(0));
    let count = subject.function.points().len();
    let steps = pressed(Key::PageDown) - pressed(Key::PageUp);
    if steps != 0 {
        let at = subject.selected().map_or(if steps > 0 { -1 } else { count as i32 }, |number| number as i32);
        *subject.selected = usize::try_from((at + steps).rem_euclid(count as i32)).ok();
    }
    let Some(number) = subject.selected() else { return };
    if pressed(Key::Delete) > 0 && subject.function.remove(number) {
        *subject.selected = Some(number.min(subject.function.points().len() - 1));
        return;
    }
    let right = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
    let up = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
    if right == 0 && up == 0 {
        return;
    }
    let [low, high] = plot.values;
    let value = subject.value_of(number) + f64::from(right) * (high - low) * KEY_STEP;
    let opacity = subject.function.points()[number].opacity;
    let opacity = if up == 0 { opacity } else { plot.opacity(plot.y(opacity) - up as f32 * plot.rect.height() * KEY_STEP as f32) };
    subject.function.move_point(number, subject.place_of(value), opacity);
}

/// The point near enough to the pointer to be taken.
fn nearest(plot: &Plot, subject: &Subject<'_>, at: Pos2) -> Option<usize> {
    let distance = |number: usize| place(plot, subject, number).distance(at);
    let nearest = (0..subject.function.points().len()).min_by(|&a, &b| distance(a).total_cmp(&distance(b)))?;
    (distance(nearest) <= REACH).then_some(nearest)
}

fn place(plot: &Plot, subject: &Subject<'_>, number: usize) -> Pos2 {
    let opacity = subject.function.points().get(number).map_or(0.0, |point| point.opacity);
    pos2(plot.x(subject.value_of(number)), plot.y(opacity))
}

fn histogram(painter: &Painter, plot: &Plot, subject: &Subject<'_>, color: Color32) {
    let columns = plot.rect.width().max(1.0) as usize / 2;
    let counts = subject.histogram.columns(plot.values, columns);
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    for (n, &count) in counts.iter().enumerate() {
        // By its logarithm, or air would be all that is seen.
        let part = (f64::from(count) + 1.0).ln() / (f64::from(most) + 1.0).ln();
        let width = plot.rect.width() / columns as f32;
        let left = plot.rect.left() + n as f32 * width;
        let top = plot.rect.bottom() - plot.rect.height() * part as f32;
        painter.rect_filled(Rect::from_min_max(pos2(left, top), pos2(left + width, plot.rect.bottom())), 0.0, color);
    }
}

fn curve(painter: &Painter, plot: &Plot, subject: &Subject<'_>, line: Color32) {
    let points = subject.function.points();
    let places: Vec<Pos2> = (0..points.len()).map(|number| place(plot, subject, number)).collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
    // Straight in opacity is bent where its root is drawn.
    let mut outline = vec![pos2(plot.rect.left(), first.y)];
    let mut fill = Mesh::default();
    let columns = plot.rect.width() as usize / 2;
    for n in 0..=columns {
        let x = plot.rect.left() + plot.rect.width() * n as f32 / columns as f32;
        let [red, green, blue, _] = subject.function.at(subject.scale.place(plot.value(x)));
        let opacity = subject.function.at(subject.scale.place(plot.value(x)))[3] / subject.function.opacity().max(1e-6);
        let color = Color32::from_rgb((red * 255.0) as u8, (green * 255.0) as u8, (blue * 255.0) as u8).gamma_multiply(0.55);
        let top = plot.y(opacity);
        fill.vertices.extend([pos2(x, top), pos2(x, plot.rect.bottom())].map(|pos| Vertex { pos, uv: WHITE_UV, color }));
        if n > 0 {
            let corner = 2 * n as u32;
            fill.add_triangle(corner - 2, corner - 1, corner);
            fill.add_triangle(corner - 1, corner, corner + 1);
        }
        outline.push(pos2(x, top));
    }
    outline.push(pos2(plot.rect.right(), last.y));
    painter.add(Shape::mesh(fill));
    painter.add(Shape::line(outline, Stroke::new(1.4, line.gamma_multiply(0.8))));
    for (number, at) in places.iter().enumerate() {
        let [red, green, blue] = points[number].color;
        let is_selected = subject.selected() == Some(number);
        let stroke = Stroke::new(if is_selected { 2.5 } else { 1.2 }, line);
        painter.circle(*at, if is_selected { RADIUS + 1.0 } else { RADIUS - 0.5 }, Color32::from_rgb(red, green, blue), stroke);
    }
}

#[cfg(test)]
mod tests {
    use egui::{PointerButton, Vec2};
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;
    use medley_volume::Quantity;

    use super::*;
    use crate::render::ValueHistogram;
    use crate::state::transfer::{TransferFunction, TransferPoint, ValueScale};

    type State = (TransferFunction, Option<usize>);

    const VALUES: [f64; 2] = [0.0, 1000.0];

    fn harness(histogram: &ValueHistogram) -> Harness<'_, State> {
        let point = |at, opacity| TransferPoint { at, opacity, color: [200; 3] };
        let function = TransferFunction::new(vec![point(0.0, 0.0), point(500.0, 0.25), point(1000.0, 1.0)]);
        let show = |ui: &mut Ui, (function, selected): &mut State| {
            let scale = ValueScale::VALUES;
            super::show(ui, &mut Subject { function, selected, histogram, scale, quantity: Quantity::Hounsfield });
        };
        let mut harness = Harness::builder().with_step_dt(0.02).with_size(Vec2::new(400.0, 200.0)).build_ui_state(show, (function, None));
        harness.run();
        harness
    }

    fn plot(harness: &Harness<'_, State>) -> Plot {
        // As the panel shows it: 3 % more than what there is on both sides.
        Plot { rect: harness.get_by_label(texts::CURVE).rect().shrink(RADIUS + 1.0), values: [-30.0, 1030.0] }
    }

    fn press(harness: &mut Harness<'_, State>, at: Pos2, button: PointerButton) {
        harness.hover_at(at);
        for pressed in [true, false] {
            harness.event(egui::Event::PointerButton { pos: at, button, pressed, modifiers: egui::Modifiers::NONE });
        }
        harness.run();
    }

    #[test]
    fn points_are_added_dragged_moved_by_keys_and_taken_out() {
        let histogram = ValueHistogram::even(VALUES);
        let mut harness = harness(&histogram);
        let plot = plot(&harness);
        let at = |value: f64, opacity: f32| pos2(plot.x(value), plot.y(opacity));

        // A double click where no point is adds one.
        press(&mut harness, at(250.0, 0.5), PointerButton::Primary);
        press(&mut harness, at(250.0, 0.5), PointerButton::Primary);
        let (function, selected) = harness.state();
        assert_eq!((function.points().len(), *selected), (4, Some(1)));
        assert!((function.points()[1].at - 250.0).abs() < 3.0 && (function.points()[1].opacity - 0.5).abs() < 0.02);

        // Dragged past its neighbour it stays before it.
        harness.drag_at(at(250.0, 0.5));
        harness.run();
        harness.hover_at(at(400.0, 0.4));
        harness.run();
        harness.hover_at(at(800.0, 0.1));
        harness.run();
        harness.drop_at(at(800.0, 0.1));
        harness.run();
        let point = harness.state().0.points()[1];
        assert!((point.at - 500.0).abs() < 1e-6 && (point.opacity - 0.1).abs() < 0.02, "{point:?}");

        // Keys move the chosen point; Page Down goes to the next.
        for key in [Key::ArrowLeft, Key::ArrowLeft, Key::ArrowUp] {
            harness.key_press(key);
            harness.run();
        }
        let moved = harness.state().0.points()[1];
        assert!((moved.at - (500.0 - 2.0 * 10.6)).abs() < 1e-6 && moved.opacity > point.opacity, "{moved:?}");
        harness.key_press(Key::PageDown);
        harness.run();
        assert_eq!(harness.state().1, Some(2));

        // Delete takes it out, and so does the right button.
        harness.key_press(Key::Delete);
        harness.run();
        assert_eq!(harness.state().0.points().len(), 3);
        press(&mut harness, at(moved.at, moved.opacity), PointerButton::Secondary);
        assert_eq!(harness.state().0.points().iter().map(|point| point.at).collect::<Vec<_>>(), vec![0.0, 1000.0]);
    }
}
