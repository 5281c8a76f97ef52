//! The lines in which the other two planes cut this one, and the handles that turn them.

use std::f64::consts::{PI, TAU};

use egui::{Color32, CursorIcon, Painter, Pos2, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};
use medley_volume::glam::DVec2;

use super::{Place, dvec, pos};
use crate::state::oblique::turned_normals;
use crate::state::slice_geometry::SliceGeometry;
use crate::state::tools::ActiveTool;
use crate::state::workbench::Workbench;
use crate::texts::slices;

/// Seen on black and on white.
const COLOR: Color32 = Color32::from_rgb(90, 200, 250);
/// From a handle to the edge of the view, in points: inside the letters.
const INSET: f32 = 34.0;
/// How near the pointer must come to a handle, in points.
const GRIP: f32 = 24.0;

/// The line of another plane.
#[derive(Clone, Copy)]
struct Line {
    /// Along it, in millimetres on the screen; of length 1.
    along: DVec2,
    /// The same for the other plane's normal.
    across: DVec2,
    /// Half the thickness of the other plane's slab, 0 where there is none.
    half_mm: f64,
}

/// Turns the planes where a handle is dragged. Handles are there while the crosshair is the tool.
pub(super) fn turn(ui: &Ui, workbench: &mut Workbench, place: &Place) {
    if workbench.tool != ActiveTool::Crosshair {
        return;
    }
    let geometry = place.geometry(workbench);
    let middle = pos(geometry.point_of(workbench.views.crosshair));
    for (n, at) in handles(&lines(workbench, place, &geometry), middle, place.rect).into_iter().enumerate() {
        let id = ui.scope_id().with((place.kind, "turn", n));
        let Some(at) = at else { continue };
        // Clicks too, or they would go through to the view and move the crosshair.
        let response = ui.interact(Rect::from_center_size(at, Vec2::splat(GRIP)), id, Sense::click_and_drag());
        let name = slices::handle_of(place.kind.label(), n + 1);
        response.widget_info(|| WidgetInfo::labeled(egui::Role::Slider, true, &name));
        if response.dragged()
            && let Some(now) = response.interact_pointer_pos()
        {
            let before = now - response.drag_delta();
            workbench.turn_planes(place.plane, turned(before - middle, now - middle));
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        } else if response.hovered() {
            ui.ctx().set_cursor_icon(CursorIcon::Grab);
        }
        response.on_hover_text(slices::TURN_HINT);
    }
}

/// Draws the lines, the faces of slabs along them, and the handles while they may be used.
pub(super) fn draw(ui: &Ui, painter: &Painter, workbench: &Workbench, place: &Place, geometry: &SliceGeometry) {
    let middle = pos(geometry.point_of(workbench.views.crosshair));
    let lines = lines(workbench, place, geometry);
    let stroke = Stroke::new(1.0, COLOR.gamma_multiply(0.55));
    for line in lines {
        through(painter, place.rect, middle, line.along, stroke);
        if line.half_mm > 0.0 {
            let beside = vector(line.across * line.half_mm * geometry.points_per_mm());
            let faint = Stroke::new(1.0, COLOR.gamma_multiply(0.25));
            through(painter, place.rect, middle + beside, line.along, faint);
            through(painter, place.rect, middle - beside, line.along, faint);
        }
    }
    if workbench.tool != ActiveTool::Crosshair {
        return;
    }
    let pointer = ui.input(|input| input.pointer.hover_pos()).filter(|pointer| place.rect.contains(*pointer));
    for at in handles(&lines, middle, place.rect).into_iter().flatten() {
        let is_near = pointer.is_some_and(|pointer| pointer.distance(at) < GRIP / 2.0);
        let strength = if is_near {
            1.0
        } else if pointer.is_some() {
            0.75
        } else {
            0.4
        };
        painter.circle(
            at,
            if is_near { 6.0 } else { 4.5 },
            Color32::from_black_alpha(150),
            Stroke::new(1.5, COLOR.gamma_multiply(strength)),
        );
    }
}

/// The lines of the other two planes.
fn lines(workbench: &Workbench, place: &Place, geometry: &SliceGeometry) -> [Line; 2] {
    let normals = turned_normals(&place.grid, workbench.views.turn);
    let own = place.plane.normal_axis();
    [(own + 1) % 3, (own + 2) % 3].map(|other| {
        let along = geometry.on_screen(normals[3 - own - other]);
        let plane = super::PLANES[other];
        let slab = workbench.views.slabs.get(plane);
        let half_mm = if slab.projection.is_some() { slab.thickness_mm / 2.0 } else { 0.0 };
        Line { along: along.normalize_or_zero(), across: geometry.on_screen(normals[other]), half_mm }
    })
}

/// Where the handles of both lines are, two at each, in the same order however they lie; none where a line leaves no room.
fn handles(lines: &[Line; 2], middle: Pos2, rect: Rect) -> [Option<Pos2>; 4] {
    let room = rect.shrink(INSET);
    let end = |way: DVec2| {
        let far = farthest(middle, vector(way), room)?;
        (far > 2.0 * INSET).then(|| middle + vector(way) * far)
    };
    [end(lines[0].along), end(-lines[0].along), end(lines[1].along), end(-lines[1].along)]
}

/// How far one can go from a point inside a rectangle along a direction; `None` from outside.
fn farthest(from: Pos2, way: Vec2, room: Rect) -> Option<f32> {
    if !room.contains(from) {
        return None;
    }
    let reach = |at: f32, way: f32, low: f32, high: f32| {
        if way > 0.0 {
            (high - at) / way
        } else if way < 0.0 {
            (low - at) / way
        } else {
            f32::INFINITY
        }
    };
    let far = reach(from.x, way.x, room.min.x, room.max.x).min(reach(from.y, way.y, room.min.y, room.max.y));
    far.is_finite().then_some(far)
}

/// A line through a point, across the whole view; level and upright ones as crisp as can be.
fn through(painter: &Painter, rect: Rect, at: Pos2, along: DVec2, stroke: Stroke) {
    if along.x.abs() < 1e-9 {
        painter.vline(at.x, rect.y_range(), stroke);
    } else if along.y.abs() < 1e-9 {
        painter.hline(rect.x_range(), at.y, stroke);
    } else {
        let far = vector(along) * (rect.width() + rect.height() + at.distance(rect.center()));
        painter.line_segment([at - far, at + far], stroke);
    }
}

/// By how much a direction on the screen was turned, clockwise, the short way round.
fn turned(before: Vec2, after: Vec2) -> f64 {
    let angle = |way: Vec2| dvec(way.to_pos2()).to_angle();
    let turn = (angle(after) - angle(before)).rem_euclid(TAU);
    if turn > PI { turn - TAU } else { turn }
}

fn vector(way: DVec2) -> Vec2 {
    vec2(way.x as f32, way.y as f32)
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    fn line(along: DVec2) -> Line {
        Line { along, across: along.perp(), half_mm: 0.0 }
    }

    #[test]
    fn a_handle_lies_on_its_line_inside_the_view_and_not_near_the_crosshair() {
        let rect = Rect::from_min_size(pos2(100.0, 50.0), vec2(400.0, 300.0));
        let middle = pos2(280.0, 210.0);
        let slanted = DVec2::new(0.8, -0.6);
        let found = handles(&[line(slanted), line(slanted.perp())], middle, rect);
        for (at, way) in found.iter().zip([slanted, -slanted, slanted.perp(), -slanted.perp()]) {
            let at = at.expect("there is room");
            assert!(rect.shrink(INSET - 0.01).contains(at));
            let offset = dvec((at - middle).to_pos2());
            assert!(offset.perp_dot(way).abs() < 1e-3 && offset.dot(way) > 2.0 * f64::from(INSET));
        }
        let beside = pos2(110.0, 210.0);
        assert_eq!(handles(&[line(slanted), line(slanted.perp())], beside, rect), [None; 4]);
    }

    #[test]
    fn a_turn_goes_the_short_way_round() {
        let quarter = turned(vec2(1.0, 0.0), vec2(0.0, 3.0));
        assert!((quarter - PI / 2.0).abs() < 1e-6, "down the screen is clockwise");
        let over_the_back = turned(vec2(-1.0, 0.1), vec2(-1.0, -0.1));
        assert!(over_the_back > 0.0 && over_the_back < 0.3, "{over_the_back}");
    }
}
