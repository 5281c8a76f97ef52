//! The views of the open case in their layout, or one of them over all; the lines between them can be dragged.

use egui::{CursorIcon, Panel, ProgressBar, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use medley_volume::glam::DVec2;

use super::widgets::named;
use super::{compare, slice_view, tabs, volume_view};
use crate::command::Command;
use crate::state::layout::{Arrangement, Cell, Divider};
use crate::state::notices::Severity;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;
use crate::texts;

/// How far beside a line it can still be taken, in points.
const GRIP: f32 = 3.0;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    if workbench.case.is_none() {
        empty(ui, workbench, ui.max_rect());
        return;
    }
    workbench.tend_comparison();
    workbench.views.pointer = None;
    Panel::top("tabs").frame(super::bar_frame(ui).inner_margin(egui::Margin::symmetric(4, 3))).show(ui, |ui| tabs::show(ui, workbench));
    if workbench.comparison.is_some() {
        Panel::top("comparison").frame(super::bar_frame(ui)).show(ui, |ui| compare::bar(ui, workbench));
    }
    workbench.figure.begin_frame();
    let room = ui.available_rect_before_wrap();
    ui.painter().rect_filled(room, 0.0, ui.visuals().widgets.noninteractive.bg_stroke.color);
    if workbench.comparison.is_some() {
        compare::show(ui, workbench, room);
    } else {
        let made = arrangement(workbench, room);
        made.cells.iter().for_each(|cell| view(ui, workbench, cell));
        lines(ui, workbench, room, &made);
    }
    follow_up(ui, workbench);
}

/// Draws a view.
pub(super) fn view(ui: &mut Ui, workbench: &mut Workbench, cell: &Cell) {
    match cell.view.plane() {
        Some(plane) => slice_view::show(ui, workbench, cell.view, plane, cell.rect),
        None => volume_view::show(ui, workbench, cell.rect),
    }
}

/// The lines between the views that are in a room.
pub(super) fn lines(ui: &Ui, workbench: &mut Workbench, room: Rect, made: &Arrangement) {
    for (piece, divider) in made.dividers.iter().enumerate() {
        line(ui, workbench, room, piece, divider);
    }
}

/// Where the views are: one over all, or as the layout has them.
pub(super) fn arrangement(workbench: &Workbench, room: Rect) -> Arrangement {
    match workbench.views.maximised {
        Some(view) => Arrangement { cells: vec![Cell { view, rect: room }], dividers: Vec::new() },
        None => workbench.shown_layout().arrange(room),
    }
}

/// The sizes of the axial, sagittal and coronal view in a room; of one that is not shown, the room's.
pub(super) fn sizes(workbench: &Workbench, room: Rect) -> [DVec2; 3] {
    let made = arrangement(workbench, room);
    [ViewKind::Axial, ViewKind::Sagittal, ViewKind::Coronal].map(|view| {
        let size = made.cells.iter().find(|cell| cell.view == view).map_or(room, |cell| cell.rect).size();
        DVec2::new(size.x.into(), size.y.into())
    })
}

/// A line between views, which can be dragged.
fn line(ui: &Ui, workbench: &mut Workbench, room: Rect, piece: usize, divider: &Divider) {
    let grip = if divider.is_upright { vec2(GRIP, 0.0) } else { vec2(0.0, GRIP) };
    let response = ui.interact(divider.rect.expand2(grip), ui.scope_id().with(("line", piece)), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, texts::layout::line(divider.line)));
    if response.hovered() || response.dragged() {
        ui.ctx().set_cursor_icon(if divider.is_upright { CursorIcon::ResizeHorizontal } else { CursorIcon::ResizeVertical });
        ui.painter().rect_filled(divider.rect, 0.0, ui.visuals().selection.bg_fill);
    }
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        workbench.shown_layout_mut().drag(room, divider.line, at);
        ui.ctx().request_repaint();
    }
    if response.double_clicked() {
        workbench.shown_layout_mut().reset_lines();
    }
    response.on_hover_text(texts::layout::LINE_HOVER);
}

/// Draws on until the 3D view is as sharp as it gets, and tells what the GPU could not do.
fn follow_up(ui: &Ui, workbench: &mut Workbench) {
    let beside = workbench.compared().and_then(|id| workbench.case_of(id));
    let shown = workbench.case.iter().chain(beside).filter_map(|case| case.textures.clone());
    for textures in shown.collect::<Vec<_>>() {
        if let Some(after) = textures.volume_repaint_after() {
            ui.ctx().request_repaint_after(after);
        }
        if let Some(failure) = textures.take_failure() {
            workbench.notices.push(Severity::Error, failure.to_string());
        }
    }
}

/// How far the scan that is being opened has been read, and a way out.
pub(super) fn opening(ui: &mut Ui, workbench: &Workbench) {
    let fraction = workbench.fraction_read();
    let bar = ui.add(ProgressBar::new(fraction).desired_width(ui.available_width().min(240.0)).show_percentage());
    named(&bar, texts::views::PROGRESS);
    if ui.add_enabled(fraction < 1.0, egui::Button::new(texts::views::GIVE_UP)).on_hover_text(texts::views::GIVE_UP_HINT).clicked() {
        workbench.stop_opening();
    }
}

fn empty(ui: &mut Ui, workbench: &mut Workbench, all: Rect) {
    ui.painter().rect_filled(all, 0.0, ui.visuals().extreme_bg_color);
    let middle = Rect::from_center_size(all.center(), vec2(360.0, 150.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            if let Some(name) = &workbench.loading {
                ui.label(texts::views::opening(name));
                ui.add_space(8.0);
                opening(ui, workbench);
                return;
            }
            ui.label(egui::RichText::new(texts::views::NO_SCAN).size(20.0));
            ui.add_space(6.0);
            ui.weak(texts::views::DROP_HERE);
            ui.add_space(10.0);
            for command in [Command::OpenScan, Command::OpenSample] {
                if ui.add_sized([200.0, 26.0], egui::Button::new(command.title())).clicked() {
                    command.run(workbench, &ui.ctx().clone());
                }
            }
        });
    });
}
