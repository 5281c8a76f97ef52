//! The bar of greys at the right edge of a slice, with the values of its window.

use egui::{Align2, Color32, FontId, Mesh, Painter, Rect, Shape, Stroke, StrokeKind, pos2, vec2};
use medley_volume::Quantity;

use crate::state::window_level::WindowLevel;
use crate::texts::measure as texts;

/// Of the bar, in points.
const WIDTH: f32 = 10.0;

/// A bar from the window's black to its white in the right half of the view, with round values beside it; `ink` and `halo` are the
/// colours of texts and of what sets them off from the picture.
pub fn draw(painter: &Painter, rect: Rect, window: WindowLevel, quantity: Quantity, ink: Color32, halo: Color32) {
    let height = (rect.height() * 0.5).min(220.0);
    let bar = Rect::from_min_size(pos2(rect.right() - 36.0, rect.center().y - height / 2.0), vec2(WIDTH, height));
    let mut mesh = Mesh::default();
    mesh.colored_vertex(bar.left_top(), Color32::WHITE);
    mesh.colored_vertex(bar.right_top(), Color32::WHITE);
    mesh.colored_vertex(bar.left_bottom(), Color32::BLACK);
    mesh.colored_vertex(bar.right_bottom(), Color32::BLACK);
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(1, 2, 3);
    painter.add(Shape::mesh(mesh));
    painter.rect_stroke(bar, 0.0, Stroke::new(1.0, ink), StrokeKind::Outside);
    let font = FontId::proportional(11.0);
    let write = |at: egui::Pos2, anchor: Align2, text: &str| {
        painter.text(at + vec2(1.0, 1.0), anchor, text, font.clone(), halo);
        painter.text(at, anchor, text, font.clone(), ink);
    };
    for value in ticks(window.low(), window.high(), (height / 34.0) as usize) {
        let part = ((value - window.low()) / window.width) as f32;
        let y = bar.bottom() - part * height;
        painter.hline(bar.left() - 4.0..=bar.left(), y, Stroke::new(1.0, ink));
        write(pos2(bar.left() - 6.0, y), Align2::RIGHT_CENTER, &number(value));
    }
    let unit = texts::value_unit(quantity);
    if !unit.is_empty() {
        write(bar.center_top() - vec2(0.0, 3.0), Align2::CENTER_BOTTOM, unit);
    }
}

/// A value without more digits than it has.
fn number(value: f64) -> String {
    let text = if value.abs() >= 1e6 || value != 0.0 && value.abs() < 1e-3 { format!("{value:.1e}") } else { format!("{value:.3}") };
    if text.contains('.') && !text.contains('e') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Round values from `low` to `high`: multiples of 1, 2 or 5 times a power of ten, at most `most` and one of them.
#[must_use]
pub fn ticks(low: f64, high: f64, most: usize) -> Vec<f64> {
    let range = high - low;
    if !(range.is_finite() && range > 0.0 && low.is_finite()) {
        return Vec::new();
    }
    let rough = range / most.max(1) as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|n| n * power).find(|step| *step >= rough * (1.0 - 1e-9)).unwrap_or(power * 10.0);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).take(most + 2).map(|n| n as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_within_the_window_and_not_too_many() {
        assert_eq!(ticks(-160.0, 240.0, 6), vec![-100.0, 0.0, 100.0, 200.0]);
        assert_eq!(ticks(0.0, 1.0, 5), vec![0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0]);
        for (low, high) in [(-1350.0, 150.0), (0.001, 0.0017), (3.0, 4e7), (-5e-9, 5e-9)] {
            let found = ticks(low, high, 6);
            assert!((1..=8).contains(&found.len()), "{low} … {high}: {found:?}");
            assert!(found.iter().all(|value| (low - 1e-6 * (high - low)..=high + 1e-6 * (high - low)).contains(value)));
        }
        assert!(ticks(1.0, 1.0, 5).is_empty() && ticks(f64::NAN, 1.0, 5).is_empty());
    }

    #[test]
    fn numbers_have_no_empty_digits() {
        assert_eq!([100.0, -0.5, 0.0, 1.0 / 3.0].map(number), ["100", "-0.5", "0", "0.333"]);
    }
}
