//! Fill and grow: a click, and for growing a drag that widens or narrows what is alike.

use egui::{CursorIcon, PointerButton, Response, Ui};
use medley_volume::AnatomicalPlane;

use super::dvec;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::tools::ActiveTool;
use crate::state::workbench::Workbench;

/// What the mouse does with a tool that starts at a point.
pub(super) fn click(ui: &Ui, workbench: &mut Workbench, plane: AnatomicalPlane, response: &Response, geometry: &SliceGeometry) {
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    let (pressed, released, origin, moved) = ui.input(|input| {
        let pointer = &input.pointer;
        (pointer.any_pressed(), pointer.any_released(), pointer.press_origin(), pointer.delta())
    });
    let Some(origin) = origin.or(response.interact_pointer_pos()).filter(|at| response.rect.contains(*at)) else { return };
    let erases = ui.input(|input| input.pointer.button_down(PointerButton::Secondary));
    let seed = geometry.ras_under(dvec(origin));
    if response.is_pointer_button_down_on() && !ui.input(|input| input.pointer.middle_down()) {
        if pressed {
            workbench.click_seed(plane, seed, erases);
        } else if workbench.tool == ActiveTool::Grow && moved.y != 0.0 {
            workbench.widen_growth(-f64::from(moved.y));
            workbench.click_seed(plane, seed, erases);
        }
    }
    if released && workbench.tool == ActiveTool::Grow && workbench.correction.operation.is_none() {
        workbench.apply_preview();
    }
}
