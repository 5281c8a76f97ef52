//! Brush and eraser.

use egui::{Event, PointerButton, Response, Ui};
use medley_annotate::Brush;
use medley_volume::AnatomicalPlane;

use super::{dvec, touch};
use crate::state::slice_geometry::SliceGeometry;
use crate::state::touch::Touch;
use crate::state::workbench::Workbench;

/// Paints with one button (the left, unless the reader chose), erases with the other one, along every position the pointer had since the last frame.
pub(super) fn paint(ui: &Ui, workbench: &mut Workbench, plane: AnatomicalPlane, response: &Response, geometry: &SliceGeometry) {
    let painting_button = workbench.hands.painting_button();
    let events: Vec<Event> = ui.input(|input| input.events.clone());
    let mut radius_mm = None;
    for event in events {
        match event {
            // It comes before the movement that it belongs to.
            Event::Touch { force: Some(force), .. } if workbench.hands.settings.has_pen_pressure => {
                radius_mm = Some(workbench.brush.radius_mm * Touch::scale_of(force));
            }
            Event::PointerButton { pos: at, button, pressed: true, .. } if response.is_pointer_button_down_on() => {
                let erases = button != painting_button && !is_finger(workbench);
                if matches!(button, PointerButton::Primary | PointerButton::Secondary)
                    && let Some(brush) = workbench.brush_for(plane, erases)
                {
                    let brush = touch::pressed(workbench, brush);
                    workbench.begin_stroke(Brush { radius_mm: radius_mm.unwrap_or(brush.radius_mm), ..brush });
                    workbench.extend_stroke(geometry.ras_under(dvec(at)), None);
                }
            }
            Event::PointerMoved(at) if is_painting(workbench) && response.is_pointer_button_down_on() => {
                workbench.extend_stroke(geometry.ras_under(dvec(at)), radius_mm);
            }
            Event::PointerButton { pressed: false, button: PointerButton::Primary | PointerButton::Secondary, .. }
                if is_painting(workbench) =>
            {
                workbench.finish_stroke();
            }
            _ => {}
        }
    }
}

/// A finger or a pen is sent as the left button, whichever one a reader paints with.
fn is_finger(workbench: &Workbench) -> bool {
    workbench.hands.touch.began_at().is_some()
}

fn is_painting(workbench: &Workbench) -> bool {
    workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::is_painting)
}
