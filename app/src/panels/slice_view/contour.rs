//! Contours: points by clicks, lines by hand; a double click, a click on the first point or Enter closes them.

use egui::{Color32, CursorIcon, Event, Painter, PointerButton, Pos2, Response, Shape, Stroke, Ui};
use medley_volume::AnatomicalPlane;

use super::{dvec, pos};
use crate::state::notices::Severity;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::tools::ActiveTool;
use crate::state::workbench::Workbench;
use crate::texts::correct;

/// How near a click counts as one on the first point, in points.
const NEAR: f32 = 7.0;
/// From one point to the next while drawing by hand, in points.
const STEP: f32 = 3.0;

/// What the mouse does with a contour tool.
pub(super) fn draw_on(ui: &Ui, workbench: &mut Workbench, plane: AnatomicalPlane, response: &Response, geometry: &SliceGeometry) {
    let first = |workbench: &Workbench| {
        let draft = workbench.correction.draft.as_ref()?;
        draft.is_closable().then(|| pos(geometry.point_of(draft.points[0])))
    };
    let last =
        |workbench: &Workbench| workbench.correction.draft.as_ref().and_then(|draft| draft.last()).map(|at| pos(geometry.point_of(at)));
    let is_here = response.hovered() || response.is_pointer_button_down_on();
    let events: Vec<Event> = ui.input(|input| input.events.clone());
    for event in events.into_iter().filter(|_| is_here) {
        match event {
            Event::PointerButton { pos: at, button: PointerButton::Primary, pressed: true, .. } if response.rect.contains(at) => {
                if geometry.is_oblique() {
                    workbench.notices.push(Severity::Warning, correct::CONTOUR_NEEDS_STRAIGHT_PLANES);
                    return;
                }
                let is_on_first = first(workbench).is_some_and(|first| first.distance(at) < NEAR);
                if is_on_first || (response.double_clicked() && first(workbench).is_some()) {
                    workbench.close_contour(false);
                } else {
                    workbench.click_contour(plane, geometry.ras_under(dvec(at)));
                }
            }
            Event::PointerMoved(at) if is_drawing(ui, response) && last(workbench).is_some_and(|last| last.distance(at) >= STEP) => {
                workbench.draw_contour(geometry.ras_under(dvec(at)));
            }
            Event::PointerMoved(at) => workbench.aim_contour(plane, geometry.ras_under(dvec(at))),
            _ => {}
        }
    }
    if response.double_clicked_by(PointerButton::Primary) && workbench.correction.draft.is_some() {
        workbench.close_contour(false);
    }
    if response.clicked_by(PointerButton::Secondary) {
        workbench.close_contour(true);
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
}

fn is_drawing(ui: &Ui, response: &Response) -> bool {
    response.is_pointer_button_down_on() && ui.input(|input| input.pointer.primary_down())
}

/// The contour that is being drawn, where it lies in the slice that is shown.
pub(super) fn draw(painter: &Painter, workbench: &Workbench, plane: AnatomicalPlane, geometry: &SliceGeometry) {
    let Some(draft) = workbench.correction.draft.as_ref().filter(|draft| draft.plane == plane) else { return };
    if geometry.stored_slice() != Some(draft.slice.index) {
        return;
    }
    let point = |at| pos(geometry.point_of(at));
    let mut line: Vec<Pos2> = draft.points.iter().map(|at| point(*at)).collect();
    line.extend(draft.tail.iter().map(|at| point(*at)));
    let color = workbench.active_color();
    painter.add(Shape::line(line.clone(), Stroke::new(3.5, Color32::from_black_alpha(170))));
    painter.add(Shape::line(line.clone(), Stroke::new(1.8, color)));
    if let (Some(first), Some(last)) = (line.first(), line.last()) {
        painter.extend(Shape::dashed_line(&[*last, *first], Stroke::new(1.0, color.gamma_multiply(0.7)), 4.0, 4.0));
    }
    let is_drawn_by_hand = workbench.tool == ActiveTool::Contour && draft.points.len() > 60;
    for (n, at) in draft.points.iter().enumerate() {
        if n == 0 || (workbench.tool == ActiveTool::Contour && !is_drawn_by_hand) {
            let size = if n == 0 { 4.0 } else { 2.5 };
            painter.circle(point(*at), size, color, Stroke::new(1.0, Color32::BLACK));
        }
    }
}
