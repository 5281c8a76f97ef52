//! One slice: the picture, what is written over it, and what the mouse does in it.

use std::sync::Arc;

use egui::{
    Align2, Color32, CursorIcon, Event, FontId, MouseWheelUnit, PointerButton, Pos2, Rect, Response, Sense, Stroke, Ui, pos2, vec2,
};
use medley_volume::glam::{DVec2, DVec3};
use medley_volume::{AnatomicalPlane, Grid, Ras};

use super::box_overlay;
use super::caption::{caption, toggle_maximised};
use crate::render::{SliceFrame, slice_shape};
use crate::state::slice_geometry::{SliceGeometry, edge_letters};
use crate::state::tools::ActiveTool;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;

/// Crosshair lines: seen on black and on white.
const CROSSHAIR: Color32 = Color32::from_rgb(90, 200, 250);

pub fn show(ui: &mut Ui, workbench: &mut Workbench, kind: ViewKind, plane: AnatomicalPlane, rect: Rect) {
    let response = ui.interact(rect, ui.scope_id().with(kind), Sense::click_and_drag());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, kind.label()));
    let Some(grid) = workbench.case.as_ref().map(|case| *case.volume.grid()) else { return };
    let place = Place { kind, plane, rect, grid };
    let geometry = interact(ui, workbench, &place, &response);
    draw(ui, workbench, &place, &geometry, &response);
}

fn slot(plane: AnatomicalPlane) -> usize {
    match plane {
        AnatomicalPlane::Axial => 0,
        AnatomicalPlane::Sagittal => 1,
        AnatomicalPlane::Coronal => 2,
    }
}

/// Which view it is, where it lies on the screen and what it cuts.
#[derive(Clone, Copy)]
struct Place {
    kind: ViewKind,
    plane: AnatomicalPlane,
    rect: Rect,
    grid: Grid,
}

impl Place {
    fn geometry(&self, workbench: &Workbench) -> SliceGeometry {
        let views = &workbench.views;
        let size = DVec2::new(self.rect.width().into(), self.rect.height().into());
        let camera = views.cameras[slot(self.plane)];
        SliceGeometry::new(&self.grid, self.plane, views.convention, camera, views.crosshair, dvec(self.rect.center()), size)
    }
}

fn dvec(point: Pos2) -> DVec2 {
    DVec2::new(point.x.into(), point.y.into())
}

fn pos(point: DVec2) -> Pos2 {
    pos2(point.x as f32, point.y as f32)
}

/// What the mouse did in the view; the geometry after it.
fn interact(ui: &Ui, workbench: &mut Workbench, place: &Place, response: &Response) -> SliceGeometry {
    let Place { kind, plane, rect, grid } = *place;
    let mut geometry = place.geometry(workbench);
    let hover = response.hover_pos();
    if let Some(at) = hover {
        if wheel(ui, workbench, plane, at, &geometry) {
            geometry = place.geometry(workbench);
        }
        workbench.views.pointer = Some(geometry.ras_under(dvec(at)));
    }
    if response.double_clicked() && !workbench.tool.is_painting() {
        toggle_maximised(workbench, kind);
        return geometry;
    }
    let moved = response.drag_delta();
    let camera = &mut workbench.views.cameras[slot(plane)];
    if response.dragged_by(PointerButton::Middle) {
        camera.pan_mm -= DVec2::new(moved.x.into(), moved.y.into()) / geometry.points_per_mm();
        return place.geometry(workbench);
    }
    if workbench.tool.is_painting() {
        paint(ui, workbench, plane, response, &geometry);
        return geometry;
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
                workbench.views.crosshair = clamped(&grid, geometry.ras_under(dvec(at)));
                workbench.views.pointer = Some(workbench.views.crosshair);
            }
        }
        ActiveTool::WindowLevel if response.dragged_by(PointerButton::Primary) => {
            if let Some(case) = &workbench.case {
                let range = case.value_range.1 - case.value_range.0;
                workbench.views.window = workbench.views.window.dragged(moved.x.into(), moved.y.into(), range);
            }
        }
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
    for (notches, modifiers) in turns {
        if modifiers.command || modifiers.ctrl {
            let camera = &mut workbench.views.cameras[slot(plane)];
            *camera = geometry.zoomed_at(*camera, dvec(at), 1.15f64.powf(notches));
        } else if modifiers.shift {
            workbench.brush.resize(notches);
        } else {
            // A touchpad sends many small turns: keep the fraction for the next one.
            let id = ui.scope_id().with(("wheel", plane));
            let turned = ui.data(|data| data.get_temp::<f64>(id)).unwrap_or(0.0) + notches;
            let whole = turned.trunc();
            ui.data_mut(|data| data.insert_temp(id, turned - whole));
            workbench.views.crosshair = geometry.stepped(workbench.views.crosshair, whole as i64);
        }
        is_changed = true;
    }
    is_changed
}

/// Paints with the left button, erases with the right one, along every position the pointer had since the last frame.
fn paint(ui: &Ui, workbench: &mut Workbench, plane: AnatomicalPlane, response: &Response, geometry: &SliceGeometry) {
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

/// A place moved to the nearest one inside the scan.
fn clamped(grid: &Grid, at: Ras) -> Ras {
    let last = DVec3::from_array(grid.shape().map(|side| side as f64 - 1.0));
    let voxel = grid.continuous_index_of(at).clamp(DVec3::ZERO, last);
    Ras(grid.ras_from_voxel().transform_point3(voxel))
}

fn draw(ui: &mut Ui, workbench: &mut Workbench, place: &Place, geometry: &SliceGeometry, response: &Response) {
    let Place { kind, plane, rect, .. } = *place;
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, Color32::BLACK);
    let views = &workbench.views;
    let Some(case) = &workbench.case else { return };
    if let Some(textures) = &case.textures {
        let frame = SliceFrame {
            slot: slot(plane),
            texture_affine: geometry.texture_affine(),
            window: views.window,
            opacity: views.overlay.opacity,
            is_outline: views.overlay.is_outline,
            shows_labels: !views.overlay.is_hidden,
            shows_proposal: case.proposal.is_some() && !views.overlay.is_hidden,
            is_interpolated: true,
            palette: Arc::clone(&workbench.palette),
        };
        painter.add(slice_shape(rect, textures, frame));
    }
    let cross = pos(geometry.point_of(views.crosshair));
    let line = Stroke::new(1.0, CROSSHAIR.gamma_multiply(0.55));
    painter.vline(cross.x, rect.y_range(), line);
    painter.hline(rect.x_range(), cross.y, line);
    box_overlay::draw(&painter, workbench, plane, geometry);
    letters(&painter, plane, workbench, rect);
    scale_bar(&painter, rect, geometry);
    if workbench.tool.is_painting()
        && let Some(at) = response.hover_pos()
    {
        let radius = (workbench.brush.radius_mm * geometry.points_per_mm()) as f32;
        painter.circle_stroke(at, radius, Stroke::new(2.5, Color32::from_black_alpha(150)));
        painter.circle_stroke(at, radius, Stroke::new(1.0, Color32::WHITE));
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    let text = format!("{} {}/{}", kind.label().trim_end_matches(" view"), geometry.slice_number(), geometry.slice_count());
    caption(ui, workbench, kind, rect, &text);
}

/// The letters of the patient's sides at the edges, and which convention they follow.
fn letters(painter: &egui::Painter, plane: AnatomicalPlane, workbench: &Workbench, rect: Rect) {
    let [left, right, top, bottom] = edge_letters(plane, workbench.views.convention);
    let places = [
        (left, rect.left_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER),
        (right, rect.right_center() - vec2(8.0, 0.0), Align2::RIGHT_CENTER),
        (top, rect.center_top() + vec2(0.0, 8.0), Align2::CENTER_TOP),
        (bottom, rect.center_bottom() - vec2(0.0, 8.0), Align2::CENTER_BOTTOM),
    ];
    for (letter, at, anchor) in places {
        shadowed(painter, at, anchor, &letter.to_string(), 15.0, Color32::from_rgb(255, 221, 120));
    }
    if plane != AnatomicalPlane::Sagittal {
        let at = rect.right_bottom() - vec2(8.0, 7.0);
        shadowed(painter, at, Align2::RIGHT_BOTTOM, workbench.views.convention.name(), 11.0, Color32::from_gray(170));
    }
}

/// Text that is read on black and on white.
fn shadowed(painter: &egui::Painter, at: Pos2, anchor: Align2, text: &str, size: f32, color: Color32) {
    let font = FontId::proportional(size);
    painter.text(at + vec2(1.0, 1.0), anchor, text, font.clone(), Color32::from_black_alpha(220));
    painter.text(at, anchor, text, font, color);
}

/// A bar of a round length at the lower left.
fn scale_bar(painter: &egui::Painter, rect: Rect, geometry: &SliceGeometry) {
    let widest_mm = f64::from(rect.width()) * 0.28 / geometry.points_per_mm();
    let lengths = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];
    let Some(length) = lengths.into_iter().rev().find(|length| *length <= widest_mm) else { return };
    let from = rect.left_bottom() + vec2(10.0, -10.0);
    let to = from + vec2((length * geometry.points_per_mm()) as f32, 0.0);
    painter.line_segment([from, to], Stroke::new(3.0, Color32::from_black_alpha(200)));
    painter.line_segment([from, to], Stroke::new(1.5, Color32::from_gray(210)));
    shadowed(painter, from - vec2(0.0, 4.0), Align2::LEFT_BOTTOM, &format!("{length:.0} mm"), 11.0, Color32::from_gray(210));
}
