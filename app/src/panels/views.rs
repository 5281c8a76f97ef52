//! The four views, two by two, or one of them over all.

use egui::{Color32, Rect, Sense, Stroke, Ui, Vec2, vec2};

use super::{slice_view, volume_view};
use crate::command::Command;
use crate::state::notices::Severity;
use crate::state::view::ViewKind;
use crate::state::workbench::Workbench;

/// Between two views, in points.
const GAP: f32 = 2.0;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let all = ui.max_rect();
    ui.painter().rect_filled(all, 0.0, ui.visuals().widgets.noninteractive.bg_stroke.color);
    if workbench.case.is_none() {
        empty(ui, workbench, all);
        return;
    }
    workbench.views.pointer = None;
    match workbench.views.maximised {
        Some(kind) => view(ui, workbench, kind, all),
        None => {
            let half = (all.size() - Vec2::splat(GAP)) / 2.0;
            for (n, kind) in ViewKind::ALL.into_iter().enumerate() {
                let offset = vec2((n % 2) as f32 * (half.x + GAP), (n / 2) as f32 * (half.y + GAP));
                view(ui, workbench, kind, Rect::from_min_size(all.min + offset, half));
            }
        }
    }
    follow_up(ui, workbench);
}

/// Draws on until the 3D view is as sharp as it gets, and tells what the GPU could not do.
fn follow_up(ui: &Ui, workbench: &mut Workbench) {
    let Some(textures) = workbench.case.as_ref().and_then(|case| case.textures.clone()) else { return };
    if let Some(after) = textures.volume_repaint_after() {
        ui.ctx().request_repaint_after(after);
    }
    if let Some(failure) = textures.take_failure() {
        workbench.notices.push(Severity::Error, failure.to_string());
    }
}

fn view(ui: &mut Ui, workbench: &mut Workbench, kind: ViewKind, rect: Rect) {
    match kind.plane() {
        Some(plane) => slice_view::show(ui, workbench, kind, plane, rect),
        None => volume_view::show(ui, workbench, rect),
    }
}

/// The name of a view and the button that lets it fill the window.
pub fn caption(ui: &mut Ui, workbench: &mut Workbench, kind: ViewKind, rect: Rect, text: &str) {
    let area = Rect::from_min_size(rect.min + vec2(8.0, 6.0), vec2(rect.width() - 16.0, 20.0));
    ui.painter().text(area.left_top(), egui::Align2::LEFT_TOP, text, egui::FontId::proportional(12.5), Color32::from_gray(200));
    let is_maximised = workbench.views.maximised == Some(kind);
    let place = Rect::from_min_size(area.right_top() - vec2(18.0, 2.0), vec2(18.0, 18.0));
    let response = ui.interact(place, ui.scope_id().with((kind, "maximise")), Sense::click());
    let name = if is_maximised { format!("Show all views, not only {}", kind.label()) } else { format!("Maximise {}", kind.label()) };
    super::widgets::named(&response, &name);
    maximise_icon(ui, place, is_maximised, response.hovered());
    if response.on_hover_text(format!("{name} (double click)")).clicked() {
        toggle_maximised(workbench, kind);
    }
}

/// One pane, or four.
fn maximise_icon(ui: &Ui, place: Rect, is_maximised: bool, is_hovered: bool) {
    let stroke = Stroke::new(1.2, Color32::from_gray(if is_hovered { 255 } else { 170 }));
    let pane = Rect::from_center_size(place.center(), vec2(11.0, 9.0));
    ui.painter().rect_stroke(pane, 1.0, stroke, egui::StrokeKind::Middle);
    if is_maximised {
        ui.painter().vline(pane.center().x, pane.y_range(), stroke);
        ui.painter().hline(pane.x_range(), pane.center().y, stroke);
    }
}

/// One view over all, or all again.
pub fn toggle_maximised(workbench: &mut Workbench, kind: ViewKind) {
    workbench.views.maximised = if workbench.views.maximised == Some(kind) { None } else { Some(kind) };
}

fn empty(ui: &mut Ui, workbench: &mut Workbench, all: Rect) {
    ui.painter().rect_filled(all, 0.0, ui.visuals().extreme_bg_color);
    let middle = Rect::from_center_size(all.center(), vec2(360.0, 150.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            if let Some(name) = &workbench.loading {
                ui.spinner();
                ui.add_space(8.0);
                ui.label(format!("Opening {name}…"));
                return;
            }
            ui.label(egui::RichText::new("No scan is open").size(20.0));
            ui.add_space(6.0);
            ui.weak("Drop a NIfTI file or a study folder here.");
            ui.add_space(10.0);
            for command in [Command::OpenScan, Command::OpenSample] {
                if ui.add_sized([200.0, 26.0], egui::Button::new(command.title())).clicked() {
                    command.run(workbench, &ui.ctx().clone());
                }
            }
        });
    });
}
