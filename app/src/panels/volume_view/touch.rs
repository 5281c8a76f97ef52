//! What fingers do in the 3D view. One finger comes as a mouse and turns it.

use egui::{Event, Rect, Ui};

use super::{TURN, zoom};
use crate::state::touch::Touch;
use crate::state::view::VolumeCamera;

/// Two fingers turn by moving, twist and zoom; a touchpad's pinch zooms. Whether the mouse has nothing to do in this frame.
pub(super) fn interact(ui: &Ui, camera: &mut VolumeCamera, touch: &Touch, rect: Rect) -> bool {
    let is_here = ui.input(|input| input.pointer.hover_pos()).is_some_and(|at| rect.contains(at));
    let factor = |event: &Event| if let Event::Zoom(factor) = event { Some(f64::from(*factor)) } else { None };
    if is_here {
        zoom(camera, ui.input(|input| input.events.iter().filter_map(factor).product()));
    }
    let is_two = touch.is_many() && touch.began_at().is_some_and(|at| rect.contains(at));
    if let Some(fingers) = ui.input(egui::InputState::multi_touch).filter(|_| is_two) {
        zoom(camera, fingers.zoom_delta.into());
        let moved = fingers.translation_delta;
        camera.turn(f64::from(moved.x) * TURN, f64::from(moved.y) * TURN);
        camera.twist(fingers.rotation_delta.into());
    }
    is_two
}

#[cfg(test)]
mod tests {
    use egui::{TouchPhase, pos2, vec2};

    use crate::testing::{Screen, sample_workbench};

    #[test]
    fn two_fingers_zoom_and_turn_and_do_not_move_the_crosshair() {
        let (mut workbench, _folder) = sample_workbench();
        let mut screen = Screen::open(&mut workbench);
        let shown = workbench.figure.shown().to_vec();
        let (_, rect) = shown.into_iter().find(|(kind, _)| *kind == crate::state::view::ViewKind::Volume).expect("a 3D view");
        let (middle, crosshair) = (pos2(rect.center().x, rect.center().y + 20.0), workbench.views.crosshair);
        let before = workbench.views.volume_camera;
        let reach = vec2(20.0, 0.0);
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::Start, middle - reach);
        screen.finger(&mut workbench, 0.02, 2, TouchPhase::Start, middle + reach);
        for step in 1..5 {
            screen.finger(&mut workbench, 0.02, 2, TouchPhase::Move, middle + reach * (1.0 + 0.2 * step as f32));
        }
        let zoomed = workbench.views.volume_camera;
        assert!(zoomed.zoom > before.zoom * 1.2, "{before:?} {zoomed:?}");
        for step in 1..5 {
            let down = vec2(0.0, 8.0 * step as f32);
            screen.finger(&mut workbench, 0.02, 1, TouchPhase::Move, middle - reach + down);
            screen.finger(&mut workbench, 0.02, 2, TouchPhase::Move, middle + reach * 1.8 + down);
        }
        assert!(workbench.views.volume_camera.pitch > zoomed.pitch + 0.1, "moving down shows more from above");
        screen.finger(&mut workbench, 0.02, 2, TouchPhase::End, middle);
        screen.finger(&mut workbench, 0.02, 1, TouchPhase::End, middle);
        assert_eq!(workbench.views.crosshair, crosshair);
    }
}
