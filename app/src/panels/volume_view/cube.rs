//! A cube in the corner that lies as the patient does. Its faces are buttons: look from there.

use std::f64::consts::{FRAC_PI_2, PI};

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};
use medley_volume::glam::DVec3;

use crate::panels::widgets::named;
use crate::state::view::VolumeCamera;
use crate::texts::volume as texts;

/// From its middle to a face, in points.
const HALF: f64 = 17.0;

/// The letters of the sides with the way towards each in RAS, and from where one looks at it: yaw and pitch.
const SIDES: [(char, DVec3, [f64; 2]); 6] = [
    ('R', DVec3::X, [FRAC_PI_2, 0.0]),
    ('L', DVec3::NEG_X, [-FRAC_PI_2, 0.0]),
    ('A', DVec3::Y, [0.0, 0.0]),
    ('P', DVec3::NEG_Y, [PI, 0.0]),
    ('S', DVec3::Z, [0.0, FRAC_PI_2]),
    ('I', DVec3::NEG_Z, [0.0, -FRAC_PI_2]),
];

pub(super) fn show(ui: &Ui, camera: &mut VolumeCamera, rect: Rect) {
    if rect.width() < 160.0 || rect.height() < 140.0 {
        return;
    }
    let middle = rect.right_top() + vec2(-38.0, 58.0);
    let directions = camera.directions();
    let painter = ui.painter_at(rect);
    let mut chosen = None;
    for (letter, towards, from) in SIDES {
        let facing = -towards.dot(directions[2]);
        // A face seen edge-on is no button.
        if facing < 0.08 {
            continue;
        }
        let corners = corners(towards).map(|corner| place(middle, directions, corner));
        let at = place(middle, directions, towards);
        let touch = Rect::from_center_size(at, vec2(16.0, 16.0) * facing.sqrt() as f32);
        let response = ui.interact(touch, ui.scope_id().with(("cube", letter)), Sense::click());
        let name = texts::look_from(texts::side(letter));
        named(&response, &name);
        face(&painter, corners, at, letter, facing as f32, response.hovered() || response.has_focus());
        if response.on_hover_text(name).clicked() {
            chosen = Some(from);
        }
    }
    if let Some([yaw, pitch]) = chosen {
        (camera.yaw, camera.pitch) = (yaw, pitch);
    }
}

/// The corners of a face of the cube, around it.
fn corners(towards: DVec3) -> [DVec3; 4] {
    let first = DVec3::new(towards.z, towards.x, towards.y).abs();
    let second = DVec3::new(towards.y, towards.z, towards.x).abs();
    [first + second, first - second, -first - second, second - first].map(|way| towards + way)
}

fn place(middle: Pos2, [right, down, _]: [DVec3; 3], at: DVec3) -> Pos2 {
    pos2(middle.x + (at.dot(right) * HALF) as f32, middle.y + (at.dot(down) * HALF) as f32)
}

fn face(painter: &Painter, corners: [Pos2; 4], at: Pos2, letter: char, facing: f32, is_hovered: bool) {
    let gray = 52.0 + 60.0 * facing + if is_hovered { 60.0 } else { 0.0 };
    let stroke = Stroke::new(1.0, Color32::from_gray(150));
    painter.add(Shape::convex_polygon(corners.to_vec(), Color32::from_gray(gray as u8).gamma_multiply(0.88), stroke));
    let color = Color32::from_rgb(255, 221, 120).gamma_multiply(facing.sqrt().clamp(0.25, 1.0));
    painter.text(at, Align2::CENTER_CENTER, letter, FontId::proportional(13.0), color);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_that_was_pressed_looks_at_the_eye() {
        for (letter, towards, [yaw, pitch]) in SIDES {
            let away = VolumeCamera { yaw, pitch, zoom: 1.0 }.directions()[2];
            assert!((away + towards).length() < 1e-9, "{letter}: the eye looks along {away}");
        }
    }

    #[test]
    fn corners_lie_on_their_face_around_its_middle() {
        for (_, towards, _) in SIDES {
            let corners = corners(towards);
            assert!(corners.iter().all(|corner| (corner.dot(towards) - 1.0).abs() < 1e-12));
            for n in 0..4 {
                assert!(((corners[n] - corners[(n + 1) % 4]).length() - 2.0).abs() < 1e-12, "neighbours share an edge");
            }
        }
    }
}
