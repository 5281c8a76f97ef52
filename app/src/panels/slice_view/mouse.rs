//! What the mouse does in a slice.

use egui::{Event, MouseWheelUnit, PointerButton, Pos2, Response, Ui};
use medley_volume::AnatomicalPlane;
use medley_volume::glam::DVec2;

use super::{Place, contour, dvec, measuring, painting, seed, slot, touch};
use crate::panels::caption::toggle_maximised;
use crate::state::measure::SlicePlane;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::tools::ActiveTool;
use crate::state::workbench::Workbench;

/// What the mouse did in the view; the geometry after it.
pub(super) fn interact(ui: &Ui, workbench: &mut Workbench, place: &Place, response: &Response) -> SliceGeometry {
    let Place { kind, plane, rect, .. } = *place;
    let mut geometry = place.geometry(workbench);
    let hover = response.hover_pos();
    if let Some(at) = hover {
        if wheel(ui, workbench, plane, at, &geometry) {
            geometry = place.geometry(workbench);
        }
        workbench.views.pointer = Some(geometry.ras_under(dvec(at)));
        workbench.measure.slice = Some(SlicePlane::of_view(&geometry, &place.grid));
    }
    if let Some(geometry) = touch::interact(ui, workbench, place, &geometry) {
        return geometry;
    }
    if response.double_clicked() && !workbench.tool.changes_mask() && !workbench.tool.is_measuring() {
        toggle_maximised(workbench, kind);
        return geometry;
    }
    let moved = response.drag_delta();
    let camera = &mut workbench.views.cameras[slot(plane)];
    if response.dragged_by(PointerButton::Middle) {
        camera.pan_mm -= DVec2::new(moved.x.into(), moved.y.into()) / geometry.points_per_mm();
        return place.geometry(workbench);
    }
    match workbench.tool {
        ActiveTool::Brush | ActiveTool::Eraser => {
            painting::paint(ui, workbench, plane, response, &geometry);
            return geometry;
        }
        ActiveTool::Contour | ActiveTool::LiveWire => {
            contour::draw_on(ui, workbench, plane, response, &geometry);
            return geometry;
        }
        ActiveTool::Fill | ActiveTool::Grow => {
            seed::click(ui, workbench, plane, response, &geometry);
            return geometry;
        }
        ActiveTool::Crosshair | ActiveTool::WindowLevel | ActiveTool::Distance | ActiveTool::Angle | ActiveTool::Region => {}
    }
    if response.dragged_by(PointerButton::Secondary) {
        let anchor = ui.input(|input| input.pointer.press_origin()).unwrap_or(rect.center());
        *camera = geometry.zoomed_at(*camera, dvec(anchor), 1.01f64.powf(f64::from(moved.y)));
        return place.geometry(workbench);
    }
    let at = response.interact_pointer_pos();
    match workbench.tool {
        ActiveTool::Crosshair if response.is_pointer_button_down_on() => {
            let is_primary = ui.input(|input| input.pointer.primary_down());
            if let Some(at) = at.filter(|_| is_primary) {
                workbench.views.crosshair = geometry.inside_towards(geometry.ras_under(dvec(at)));
                workbench.views.pointer = Some(workbench.views.crosshair);
            }
        }
        ActiveTool::WindowLevel if response.dragged_by(PointerButton::Primary) => {
            if let Some(case) = &workbench.case {
                let range = case.value_range.1 - case.value_range.0;
                workbench.views.window = workbench.views.window.dragged(moved.x.into(), moved.y.into(), range);
            }
        }
        tool if tool.is_measuring() => measuring::measure(ui, workbench, place, response, &geometry),
        _ => {}
    }
    geometry
}

/// Steps, zooms or resizes the brush; whether the picture changed.
fn wheel(ui: &Ui, workbench: &mut Workbench, plane: AnatomicalPlane, at: Pos2, geometry: &SliceGeometry) -> bool {
    let turns: Vec<(f64, egui::Modifiers)> = ui.input(|input| {
        let turn = |event: &Event| match event {
            Event::MouseWheel { unit, delta, modifiers, .. } => {
                // Some systems turn Shift + wheel sideways.
                let way = if delta.y == 0.0 { delta.x } else { delta.y };
                let notches = match unit {
                    MouseWheelUnit::Point => way / 40.0,
                    MouseWheelUnit::Line => way,
                    MouseWheelUnit::Page => way * 10.0,
                };
                Some((f64::from(notches), *modifiers))
            }
            _ => None,
        };
        input.events.iter().filter_map(turn).collect()
    });
    let mut is_changed = false;
    let way = if workbench.hands.settings.is_wheel_reversed { -1.0 } else { 1.0 };
    for (notches, modifiers) in turns {
        if modifiers.command || modifiers.ctrl {
            let camera = &mut workbench.views.cameras[slot(plane)];
            *camera = geometry.zoomed_at(*camera, dvec(at), 1.15f64.powf(notches));
        } else if modifiers.shift {
            workbench.brush.resize(notches);
        } else {
            // A touchpad sends many small turns: keep the fraction for the next one.
            let id = ui.scope_id().with(("wheel", plane));
            let turned = ui.data(|data| data.get_temp::<f64>(id)).unwrap_or(0.0) + way * notches;
            let whole = turned.trunc();
            ui.data_mut(|data| data.insert_temp(id, turned - whole));
            workbench.views.crosshair = geometry.stepped(workbench.views.crosshair, whole as i64);
        }
        is_changed = true;
    }
    is_changed
}
