//! Two cases, or a mask and a proposal, looked at together: what is chosen, the bar above them, and the two sides.

use egui::containers::menu::MenuButton;
use egui::{Align2, Button, CursorIcon, FontId, Rect, Role, Sense, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::views;
use super::widgets::{command_button_named, named};
use crate::command::Command;
use crate::state::compare::{CompareMode, Other};
use crate::state::layout::{GAP, is_wide};
use crate::state::workbench::Workbench;
use crate::texts::compare as texts;

/// Height of the line above a side that says what it is, in points.
const HEADER: f32 = 22.0;
/// How far beside the line of a curtain it can still be taken, in points.
const CURTAIN_GRIP: f32 = 4.0;
/// Seconds for which each side is shown when they take turns: slow enough for people who suffer from flicker.
const TURN_SECONDS: f64 = 0.7;

/// What the open case can be compared with.
pub fn menu(ui: &mut Ui, workbench: &mut Workbench) {
    let obstacle = workbench.compare_obstacle();
    let hover = obstacle.map_or_else(|| Command::Compare.tooltip(ui.ctx()), str::to_owned);
    ui.add_enabled_ui(obstacle.is_none(), |ui| {
        let button = Button::new(texts::MENU).selected(workbench.comparison.is_some());
        let (response, _) = MenuButton::from_button(button).ui(ui, |ui| entries(ui, workbench));
        response.on_hover_text(texts::MENU_HOVER).on_disabled_hover_text(hover);
    });
}

fn entries(ui: &mut Ui, workbench: &mut Workbench) {
    let shown = workbench.case.as_ref().map(|case| case.id);
    let others = workbench.tabs.order().iter().filter(|id| Some(**id) != shown);
    let mut choices: Vec<(Other, String)> =
        others.filter_map(|id| workbench.case_of(*id)).map(|case| (Other::Case(case.id), texts::with(&case.name))).collect();
    if workbench.case.as_ref().is_some_and(|case| case.proposal.is_some()) {
        choices.push((Other::Proposal, texts::PROPOSAL.to_owned()));
    }
    let chosen = workbench.comparison.as_ref().map(|comparison| comparison.other);
    for (other, name) in choices {
        if ui.selectable_label(chosen == Some(other), name).clicked() {
            workbench.compare_with(other);
            ui.close();
        }
    }
    if chosen.is_some() {
        ui.separator();
        if ui.button(texts::LEAVE).clicked() {
            workbench.leave_comparison();
            ui.close();
        }
    }
}

/// How the sides stand to each other.
pub fn bar(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let Some(comparison) = &mut workbench.comparison else { return };
        for mode in CompareMode::ALL {
            if ui.add(Button::new(texts::mode(mode)).selected(comparison.mode == mode)).clicked() {
                comparison.mode = mode;
            }
        }
        ui.separator();
        let linked = ui.add(Button::new(texts::LINKED).selected(comparison.is_linked)).on_hover_text(texts::LINKED_HOVER);
        if linked.clicked() {
            comparison.toggle_link();
        }
        let window = ui.add_enabled(comparison.is_linked, Button::new(texts::WINDOW_LINKED).selected(comparison.is_window_linked));
        if window.on_hover_text(texts::WINDOW_LINKED_HOVER).clicked() {
            comparison.toggle_window_link();
        }
        if matches!(comparison.other, Other::Case(_)) {
            ui.separator();
            command_button_named(ui, workbench, Command::LinkHere, texts::LINK_HERE).on_hover_text(texts::LINK_HERE_HOVER);
            let Some(comparison) = &mut workbench.comparison else { return };
            let is_shifted = comparison.offset_mm.length() > 0.0;
            let hover = format!("{} ({})", texts::BY_COORDINATES_HOVER, texts::offset(comparison.offset_mm));
            if ui.add(Button::new(texts::BY_COORDINATES).selected(!is_shifted)).on_hover_text(hover).clicked() {
                comparison.link_by_coordinates();
            }
        }
        ui.separator();
        let leave = ui.button(texts::LEAVE_SHORT).on_hover_text(Command::Cancel.hint(texts::LEAVE, ui.ctx()));
        named(&leave, texts::LEAVE);
        if leave.clicked() {
            workbench.leave_comparison();
        }
    });
}

/// Both sides, or the one whose turn it is.
pub fn show(ui: &mut Ui, workbench: &mut Workbench, room: Rect) {
    let Some(comparison) = &workbench.comparison else { return };
    let (mode, is_open_first, curtain) = (comparison.mode, comparison.is_open_first, comparison.curtain);
    let [first, second] = sides(mode, room, curtain);
    let (open, other) = if is_open_first { (first, second) } else { (second, first) };
    let is_second_shown = mode == CompareMode::Flicker && turn(ui);
    let is_hidden = |side: Side| mode == CompareMode::Flicker && side.is_first == is_second_shown;
    if !is_hidden(open) {
        draw_open(ui, workbench, open);
    }
    if !is_hidden(other) {
        draw_other(ui, workbench, other);
    }
    if mode == CompareMode::Curtain {
        curtain_lines(ui, workbench, open.room);
    }
    if mode != CompareMode::Flicker {
        activate(ui, workbench, other);
    }
}

/// A side: what it has above it, the room of its views, and which part of each is seen.
#[derive(Clone, Copy)]
struct Side {
    is_first: bool,
    header: Rect,
    room: Rect,
    /// Where a curtain parts each view.
    curtain: Option<f32>,
}

impl Side {
    /// The part of a view that is seen.
    fn seen(&self, view: Rect) -> Rect {
        let Some(curtain) = self.curtain else { return view };
        let (left, right) = view.split_left_right_at_x(curtain_at(view, curtain));
        if self.is_first { left } else { right }
    }
}

fn curtain_at(view: Rect, curtain: f32) -> f32 {
    (view.left() + view.width() * curtain.clamp(0.0, 1.0)).round()
}

/// The first and the second side.
fn sides(mode: CompareMode, room: Rect, curtain: f32) -> [Side; 2] {
    let side = |is_first: bool, rect: Rect, curtain: Option<f32>| {
        let (header, room) = rect.split_top_bottom_at_y(rect.top() + HEADER);
        Side { is_first, header, room, curtain }
    };
    match mode {
        CompareMode::SideBySide if is_wide(room) => {
            // Views of the same size lie over each other point by point.
            let size = vec2(((room.width() - GAP) / 2.0).floor(), room.height());
            let second = room.left_top() + vec2(size.x + GAP, 0.0);
            [side(true, Rect::from_min_size(room.min, size), None), side(false, Rect::from_min_size(second, size), None)]
        }
        CompareMode::SideBySide => {
            let size = vec2(room.width(), ((room.height() - GAP) / 2.0).floor());
            let second = room.left_top() + vec2(0.0, size.y + GAP);
            [side(true, Rect::from_min_size(room.min, size), None), side(false, Rect::from_min_size(second, size), None)]
        }
        CompareMode::Curtain => [true, false].map(|is_first| {
            let mut made = side(is_first, room, Some(curtain));
            let (left, right) = made.header.split_left_right_at_fraction(0.5);
            made.header = if is_first { left } else { right };
            made
        }),
        CompareMode::Flicker => [true, false].map(|is_first| side(is_first, room, None)),
    }
}

/// Whether it is the second side's turn; nothing changes under a button that is held down.
fn turn(ui: &Ui) -> bool {
    let id = egui::Id::unique("turn of a comparison");
    let (now, is_held) = ui.input(|input| (input.time, input.pointer.any_down()));
    let (mut is_second, since) = ui.data(|data| data.get_temp::<(bool, f64)>(id)).unwrap_or((false, now));
    let mut since = since;
    if is_held {
        since = now;
    } else if now - since >= TURN_SECONDS {
        (is_second, since) = (!is_second, now);
    }
    ui.data_mut(|data| data.insert_temp(id, (is_second, since)));
    ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64((TURN_SECONDS - (now - since)).max(0.02)));
    is_second
}

fn draw_open(ui: &mut Ui, workbench: &mut Workbench, side: Side) {
    let name = match workbench.comparison.as_ref().map(|comparison| comparison.other) {
        Some(Other::Proposal) => texts::MASK_SIDE.to_owned(),
        _ => workbench.case.as_ref().map(|case| case.name.clone()).unwrap_or_default(),
    };
    header(ui, side.header, &name, texts::WORKS, true);
    draw(ui, workbench, side);
    if side.curtain.is_none() {
        let stroke = Stroke::new(2.0, ui.visuals().selection.bg_fill);
        ui.painter().rect_stroke(side.room, 0.0, stroke, egui::StrokeKind::Inside);
    }
    follow(ui, workbench, side);
}

fn draw_other(ui: &mut Ui, workbench: &mut Workbench, side: Side) {
    let Some(other) = workbench.comparison.as_ref().map(|comparison| comparison.other) else { return };
    let (name, role) = match other {
        Other::Case(id) => (workbench.case_of(id).map(|case| case.name.clone()).unwrap_or_default(), texts::LOOKS),
        Other::Proposal => (texts::PROPOSAL_SIDE.to_owned(), texts::ONLY_LOOKS),
    };
    header(ui, side.header, &name, role, false);
    workbench.with_other(|workbench| draw(ui, workbench, side));
    follow(ui, workbench, side);
}

/// Draws the views of a side. The first and the second side each keep their own memory of what the mouse does.
fn draw(ui: &mut Ui, workbench: &mut Workbench, side: Side) {
    let made = views::arrangement(workbench, side.room);
    let salt = if side.is_first { "first side" } else { "second side" };
    ui.scope_builder(UiBuilder::new().id_salt(salt).max_rect(side.room), |ui| {
        let whole = ui.clip_rect();
        for cell in &made.cells {
            ui.set_clip_rect(whole.intersect(side.seen(cell.rect)));
            views::view(ui, workbench, cell);
        }
        ui.set_clip_rect(whole);
        // Under a curtain both sides have the same lines.
        if side.curtain.is_none() || side.is_first {
            views::lines(ui, workbench, side.room, &made);
        }
    });
}

fn follow(ui: &Ui, workbench: &mut Workbench, side: Side) {
    let sizes = views::sizes(workbench, side.room);
    if workbench.follow(sizes) {
        // The open side is drawn already, as it was before.
        ui.ctx().request_repaint();
    }
}

/// Says what a side shows, and whether tools work there.
fn header(ui: &Ui, rect: Rect, name: &str, role: &str, is_open: bool) {
    let visuals = ui.visuals();
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 0.0, if is_open { visuals.selection.bg_fill } else { visuals.panel_fill });
    let color = if is_open { visuals.selection.stroke.color } else { visuals.text_color() };
    let drawn = painter.text(rect.left_center() + vec2(8.0, 0.0), Align2::LEFT_CENTER, name, FontId::proportional(13.0), color);
    let at = pos2(drawn.right() + 10.0, rect.center().y);
    painter.text(at, Align2::LEFT_CENTER, role, FontId::proportional(11.5), color.gamma_multiply(0.8));
    let response = ui.interact(rect, ui.scope_id().with(("side", is_open)), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name}: {role}")));
}

/// The line that parts each view under a curtain. All of them move together.
fn curtain_lines(ui: &Ui, workbench: &mut Workbench, room: Rect) {
    let made = views::arrangement(workbench, room);
    for (n, cell) in made.cells.iter().enumerate() {
        let Some(comparison) = &mut workbench.comparison else { return };
        let x = curtain_at(cell.rect, comparison.curtain);
        let line = Rect::from_min_max(pos2(x - 1.0, cell.rect.top()), pos2(x + 1.0, cell.rect.bottom()));
        let response = ui.interact(line.expand2(vec2(CURTAIN_GRIP, 0.0)), ui.scope_id().with(("curtain", n)), Sense::click_and_drag());
        named(&response, texts::CURTAIN_LINE);
        let is_held = response.hovered() || response.dragged();
        let color = if is_held { egui::Color32::WHITE } else { egui::Color32::from_gray(190) };
        let knob = Rect::from_center_size(line.center(), vec2(8.0, 28.0));
        ui.painter().rect_filled(line, 0.0, color);
        ui.painter().rect_filled(knob, 4.0, color);
        if is_held {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged()) {
            comparison.curtain = ((at.x - cell.rect.left()) / cell.rect.width().max(1.0)).clamp(0.02, 0.98);
            ui.ctx().request_repaint();
        }
    }
}

/// A click on the side that is only looked at makes it the open one: when the button is let go, so that no tool sees half a
/// gesture.
fn activate(ui: &Ui, workbench: &mut Workbench, other: Side) {
    let pressed_at = ui.input(|input| input.pointer.interact_pos().filter(|_| input.pointer.primary_pressed()));
    if let Some(at) = pressed_at {
        let is_covered = ui.ctx().layer_id_at(at).is_some_and(|layer| layer != ui.layer_id());
        let is_on = |view: Rect| {
            let seen = other.seen(view);
            // The line of the curtain is nobody's.
            if other.curtain.is_some() { seen.shrink2(vec2(CURTAIN_GRIP + 1.0, 0.0)) } else { seen }.contains(at)
        };
        let is_pressed = !is_covered && views::arrangement(workbench, other.room).cells.iter().any(|cell| is_on(cell.rect));
        if let Some(comparison) = &mut workbench.comparison {
            comparison.is_other_pressed = is_pressed;
        }
    }
    let Some(comparison) = &mut workbench.comparison else { return };
    let is_released = ui.input(|input| input.pointer.primary_released());
    if let Other::Case(id) = comparison.other
        && is_released
        && std::mem::take(&mut comparison.is_other_pressed)
    {
        workbench.switch_to(id);
        ui.ctx().request_repaint();
    }
}
