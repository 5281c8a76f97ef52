//! Measurements in a slice: drawing them, and making and moving them with the mouse.

use egui::{
    Align2, Color32, CursorIcon, Event, FontId, Painter, PointerButton, Pos2, Rect, Response, Shape as Drawing, Stroke, Ui, pos2, vec2,
};
use medley_volume::Quantity;

use super::{Place, dvec, pos};
use crate::state::measure::{Grip, Measured, Passing, Shape, SlicePlane};
use crate::state::slice_geometry::SliceGeometry;
use crate::state::workbench::Workbench;
use crate::texts::measure as texts;

/// Seen on black, on white and on most labels.
const COLOR: Color32 = Color32::from_rgb(255, 214, 64);
/// How near the pointer must be to a handle, in points; to a line somewhat less.
const REACH: f32 = 9.0;
/// A drag shorter than this is a click, in points.
const CLICK: f32 = 4.0;
/// The shortest step of a line drawn by hand, in points.
const STEP: f64 = 3.0;

/// Makes, takes and moves measurements with the left button.
pub(super) fn measure(ui: &Ui, workbench: &mut Workbench, place: &Place, response: &Response, geometry: &SliceGeometry) {
    let Some(kind) = workbench.measuring_kind() else { return };
    let plane = SlicePlane::of_view(geometry, &place.grid);
    let least_mm = STEP / geometry.points_per_mm();
    let events = ui.input(|input| input.events.clone());
    // A quick click goes down and up within a frame.
    let is_down_here = response.is_pointer_button_down_on() || response.clicked();
    for event in events {
        match event {
            Event::PointerButton { pos: at, button: PointerButton::Primary, pressed: true, .. } if is_down_here => {
                workbench.measure.pressed_at = Some(at);
                let taken = taken_at(workbench, &plane, geometry, at);
                workbench.measure.press(kind, plane, geometry.ras_under(dvec(at)), taken);
            }
            Event::PointerMoved(at) if is_down_here || response.contains_pointer() => {
                workbench.measure.follow_pointer(geometry.ras_under(dvec(at)), least_mm);
            }
            Event::PointerButton { pos: at, button: PointerButton::Primary, pressed: false, .. }
                if workbench.measure.pressed_at.is_some() && (response.clicked() || response.drag_stopped_by(PointerButton::Primary)) =>
            {
                let from = workbench.measure.pressed_at.take().unwrap_or(at);
                workbench.measure.release(from.distance(at) > CLICK);
            }
            _ => {}
        }
    }
    if let Some(at) = response.hover_pos() {
        let is_over = workbench.measure.draft().is_none() && taken_at(workbench, &plane, geometry, at).is_some();
        ui.ctx().set_cursor_icon(if is_over { CursorIcon::Grab } else { CursorIcon::Crosshair });
    }
}

/// The measurement of this slice under the pointer: handles before lines, the newest first.
fn taken_at(workbench: &Workbench, plane: &SlicePlane, geometry: &SliceGeometry, at: Pos2) -> Option<(u64, Grip)> {
    let point = |place| pos(geometry.point_of(place));
    let list = || workbench.measure.list.iter().rev().filter(|measured| plane.passes(&measured.measurement.shape) != Passing::Beside);
    for measured in list() {
        let near = |place| plane.distance_to(place).abs() <= plane.thickness_mm * 0.501 && point(place).distance(at) <= REACH;
        let handles = measured.measurement.shape.handles();
        if let Some(index) = handles.into_iter().position(near) {
            return Some((measured.number, Grip::Handle(index)));
        }
    }
    let is_under = |measured: &&Measured| {
        let (line, is_closed) = measured.measurement.shape.line();
        let points: Vec<Pos2> = line.into_iter().map(point).collect();
        let sides = points.windows(2).map(|side| (side[0], side[1]));
        let last = is_closed.then(|| points.first().copied().zip(points.last().copied())).flatten();
        plane.passes(&measured.measurement.shape) == Passing::Within
            && sides.chain(last).any(|(from, to)| distance_to_side(at, from, to) <= REACH * 0.6)
    };
    list().find(is_under).map(|measured| (measured.number, Grip::Body))
}

fn distance_to_side(at: Pos2, from: Pos2, to: Pos2) -> f32 {
    let way = to - from;
    let along = ((at - from).dot(way) / way.length_sq().max(1e-9)).clamp(0.0, 1.0);
    (from + way * along).distance(at)
}

/// All measurements that the slice reaches: bright in their own slice, faint where they only pass through.
pub(super) fn draw(painter: &Painter, workbench: &Workbench, place: &Place, geometry: &SliceGeometry) {
    let Some(case) = &workbench.case else { return };
    let plane = SlicePlane::of_view(geometry, &place.grid);
    let quantity = case.volume.quantity();
    for measured in &workbench.measure.list {
        let shape = &measured.measurement.shape;
        let passing = plane.passes(shape);
        if passing == Passing::Beside {
            continue;
        }
        let is_selected = workbench.measure.selected == Some(measured.number);
        line(painter, shape, geometry, passing == Passing::Within, is_selected);
        // Where a shape only passes through, its numbers would hide what is there.
        if passing == Passing::Within {
            handles(painter, shape, geometry, is_selected && workbench.tool.is_measuring());
            let lines = lines_of(shape, measured.statistics, quantity);
            caption(painter, place.rect, anchor(shape, geometry), &lines);
        }
    }
    if let Some(draft) = workbench.measure.draft() {
        let shape = draft.shape();
        let passing = plane.passes(&shape);
        if passing != Passing::Beside {
            line(painter, &shape, geometry, passing == Passing::Within, true);
            if !shape.is_empty() {
                caption(painter, place.rect, anchor(&shape, geometry), &[texts::size(&shape)]);
            }
        }
    }
}

fn lines_of(shape: &Shape, held: Option<Option<crate::state::measure::RegionStatistics>>, quantity: Quantity) -> Vec<String> {
    if shape.is_region() { texts::region_lines(shape, held, quantity) } else { vec![texts::size(shape)] }
}

fn line(painter: &Painter, shape: &Shape, geometry: &SliceGeometry, is_within: bool, is_selected: bool) {
    let (places, is_closed) = shape.line();
    let mut points: Vec<Pos2> = places.into_iter().map(|place| pos(geometry.point_of(place))).collect();
    if is_closed {
        points.extend(points.first().copied());
    }
    let strength = if is_within { 1.0 } else { 0.4 };
    let width = if is_selected { 2.0 } else { 1.4 };
    painter.add(Drawing::line(points.clone(), Stroke::new(width + 2.0, Color32::from_black_alpha(150).gamma_multiply(strength))));
    painter.add(Drawing::line(points, Stroke::new(width, COLOR.gamma_multiply(strength))));
}

fn handles(painter: &Painter, shape: &Shape, geometry: &SliceGeometry, is_selected: bool) {
    // A region's corners are shown while it is in the hand; a line's ends always.
    if shape.is_region() && !is_selected {
        return;
    }
    for place in shape.handles() {
        let at = pos(geometry.point_of(place));
        let radius = if is_selected { 4.0 } else { 2.6 };
        painter.circle(at, radius, if is_selected { Color32::WHITE } else { COLOR }, Stroke::new(1.0, Color32::from_black_alpha(200)));
    }
}

/// Where the numbers stand: below the middle of a line, beside the vertex of an angle, right of a region.
fn anchor(shape: &Shape, geometry: &SliceGeometry) -> Pos2 {
    let point = |place| pos(geometry.point_of(place));
    match shape {
        Shape::Angle { points } => point(points[1]) + vec2(10.0, 8.0),
        Shape::Distance { ends } => point(ends[0]).lerp(point(ends[1]), 0.5) + vec2(10.0, 8.0),
        _ => {
            let corners: Vec<Pos2> = shape.line().0.into_iter().map(point).collect();
            let around = Rect::from_points(&corners);
            pos2(around.right() + 8.0, around.center().y - 8.0)
        }
    }
}

/// Numbers on a dark ground, kept inside the view.
fn caption(painter: &Painter, rect: Rect, at: Pos2, lines: &[String]) {
    let text = painter.layout_no_wrap(lines.join("\n"), FontId::proportional(12.0), COLOR);
    let size = text.size() + vec2(8.0, 4.0);
    let room = rect.shrink(4.0);
    let corner = pos2(at.x.min(room.right() - size.x).max(room.left()), at.y.min(room.bottom() - size.y).max(room.top()));
    let ground = Rect::from_min_size(corner, size);
    painter.rect_filled(ground, 3.0, Color32::from_black_alpha(170));
    let from = Align2::LEFT_TOP.align_size_within_rect(text.size(), ground.shrink2(vec2(4.0, 2.0))).min;
    painter.galley(from, text, COLOR);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui::{Modifiers, RawInput, vec2};
    use medley_annotate::History;
    use medley_io::StoredGeometry;
    use medley_project::CaseId;
    use medley_volume::{AnatomicalPlane, Grid, LabelMap, Quantity, Scaling, Volume, Voxels};

    use super::*;
    use crate::state::open_case::OpenCase;
    use crate::state::tools::ActiveTool;
    use crate::state::view::ViewKind;
    use crate::state::workbench::OpenFirst;

    /// A window of one slice view of 400 × 400 points, in which a millimetre is 10 points.
    struct Hand {
        context: egui::Context,
        workbench: Workbench,
    }

    impl Hand {
        fn with(tool: ActiveTool) -> Self {
            let grid = Grid::axis_aligned([40, 40, 5], [1.0; 3]).expect("a grid");
            let volume = Volume::new(grid, Voxels::U8(vec![7; grid.len()]), Scaling::IDENTITY, Quantity::Arbitrary).expect("fits");
            let geometry = StoredGeometry::of_grid(&grid);
            let kept = medley_project::OpenCase {
                volume,
                geometry,
                mask: LabelMap::empty(grid),
                history: History::new(),
                restored: 0,
                notices: Vec::new(),
            };
            let mut workbench = Workbench::new(None, &OpenFirst::Nothing, Arc::new(|| {})).expect("threads");
            workbench.views.crosshair = grid.center();
            workbench.case = Some(OpenCase::new(CaseId(1), "a".to_owned(), kept));
            workbench.tool = tool;
            let mut hand = Self { context: egui::Context::default(), workbench };
            hand.frame(Vec::new());
            hand
        }

        fn frame(&mut self, events: Vec<Event>) {
            let screen_rect = Some(Rect::from_min_size(Pos2::ZERO, vec2(400.0, 400.0)));
            let input = RawInput { screen_rect, events, ..Default::default() };
            let workbench = &mut self.workbench;
            let _ = self.context.run_ui(input, |ui| {
                let rect = ui.max_rect();
                crate::panels::slice_view::show(ui, workbench, ViewKind::Axial, AnatomicalPlane::Axial, rect);
            });
        }

        fn button(at: Pos2, pressed: bool) -> Event {
            Event::PointerButton { pos: at, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE }
        }

        fn drag(&mut self, from: Pos2, to: Pos2) {
            self.frame(vec![Event::PointerMoved(from)]);
            self.frame(vec![Self::button(from, true)]);
            for part in [0.3, 0.7, 1.0] {
                self.frame(vec![Event::PointerMoved(from.lerp(to, part))]);
            }
            self.frame(vec![Self::button(to, false)]);
            self.frame(Vec::new());
        }

        /// Down and up in one frame.
        fn click(&mut self, at: Pos2) {
            self.frame(vec![Event::PointerMoved(at)]);
            self.frame(vec![Self::button(at, true), Self::button(at, false)]);
            self.frame(Vec::new());
        }

        fn sizes(&self) -> Vec<f64> {
            self.workbench.measure.list.iter().map(|measured| measured.measurement.shape.size()).collect()
        }
    }

    fn is_near(found: &[f64], wanted: &[f64]) -> bool {
        found.len() == wanted.len() && found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-3)
    }

    #[test]
    fn a_drag_measures_and_a_drag_at_its_end_changes_it() {
        let mut hand = Hand::with(ActiveTool::Distance);
        hand.drag(pos2(100.0, 100.0), pos2(130.0, 140.0));
        assert!(is_near(&hand.sizes(), &[5.0]), "{:?}", hand.sizes());
        hand.drag(pos2(130.0, 140.0), pos2(160.0, 180.0));
        assert!(is_near(&hand.sizes(), &[10.0]), "{:?}", hand.sizes());
        // By its line it is moved, not changed.
        hand.drag(pos2(145.0, 160.0), pos2(245.0, 160.0));
        hand.drag(pos2(260.0, 180.0), pos2(230.0, 140.0));
        assert!(is_near(&hand.sizes(), &[5.0]), "{:?}", hand.sizes());
    }

    #[test]
    fn three_quick_clicks_make_an_angle() {
        let mut hand = Hand::with(ActiveTool::Angle);
        [pos2(100.0, 100.0), pos2(100.0, 200.0), pos2(200.0, 200.0)].into_iter().for_each(|at| hand.click(at));
        assert!(is_near(&hand.sizes(), &[90.0]), "{:?}", hand.sizes());
        assert!(hand.workbench.measure.draft().is_none());
    }

    #[test]
    fn regions_are_dragged_from_corner_to_corner_or_drawn() {
        let mut hand = Hand::with(ActiveTool::Region);
        hand.workbench.measure.region_form = crate::state::measure::RegionForm::Rectangle;
        hand.drag(pos2(100.0, 100.0), pos2(200.0, 150.0));
        assert!(is_near(&hand.sizes(), &[50.0]), "{:?}", hand.sizes());
        hand.click(pos2(300.0, 300.0));
        assert_eq!(hand.sizes().len(), 1, "a click elsewhere measures nothing yet");
        assert!(hand.workbench.measure.cancel());
    }

    #[test]
    fn the_crosshair_leaves_measurements_alone() {
        let mut hand = Hand::with(ActiveTool::Distance);
        hand.drag(pos2(100.0, 100.0), pos2(130.0, 140.0));
        hand.workbench.tool = ActiveTool::Crosshair;
        hand.drag(pos2(130.0, 140.0), pos2(300.0, 300.0));
        assert!(is_near(&hand.sizes(), &[5.0]));
    }
}
