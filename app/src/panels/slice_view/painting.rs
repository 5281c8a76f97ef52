//! Brush and eraser.

use egui::{Event, PointerButton, Response, Ui};
use medley_volume::AnatomicalPlane;

use super::dvec;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::workbench::Workbench;

/// Paints with the left button, erases with the right one, along every position the pointer had since the last frame.
pub(super) fn paint(ui: &Ui, workbench: &mut Workbench, plane: AnatomicalPlane, response: &Response, geometry: &SliceGeometry) {
    let events: Vec<Event> = ui.input(|input| input.events.clone());
    for event in events {
        match event {
            Event::PointerButton { pos: at, button, pressed: true, .. } if response.is_pointer_button_down_on() => {
                let erases = button == PointerButton::Secondary;
                if (erases || button == PointerButton::Primary)
                    && let Some(brush) = workbench.brush_for(plane, erases)
                {
                    workbench.begin_stroke(brush);
                    workbench.extend_stroke(geometry.ras_under(dvec(at)));
                }
            }
            Event::PointerMoved(at) if is_painting(workbench) && response.is_pointer_button_down_on() => {
                workbench.extend_stroke(geometry.ras_under(dvec(at)));
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

fn is_painting(workbench: &Workbench) -> bool {
    workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::is_painting)
}
