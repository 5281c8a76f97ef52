//! The four views, two by two, or one of them over all.

use egui::{ProgressBar, Rect, Ui, Vec2, vec2};

use super::widgets::named;
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
    workbench.figure.begin_frame();
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

/// How far the scan that is being opened has been read, and a way out.
pub(super) fn opening(ui: &mut Ui, workbench: &Workbench) {
    let fraction = workbench.fraction_read();
    let bar = ui.add(ProgressBar::new(fraction).desired_width(ui.available_width().min(240.0)).show_percentage());
    named(&bar, "Part of the scan that was read");
    if ui.add_enabled(fraction < 1.0, egui::Button::new("Give up")).on_hover_text("Stop opening this scan (Esc)").clicked() {
        workbench.stop_opening();
    }
}

fn empty(ui: &mut Ui, workbench: &mut Workbench, all: Rect) {
    ui.painter().rect_filled(all, 0.0, ui.visuals().extreme_bg_color);
    let middle = Rect::from_center_size(all.center(), vec2(360.0, 150.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            if let Some(name) = &workbench.loading {
                ui.label(format!("Opening {name}…"));
                ui.add_space(8.0);
                opening(ui, workbench);
                return;
            }
            ui.label(egui::RichText::new("No scan is open").size(20.0));
            ui.add_space(6.0);
            ui.weak("Drop a scan or a study folder here.");
            ui.add_space(10.0);
            for command in [Command::OpenScan, Command::OpenSample] {
                if ui.add_sized([200.0, 26.0], egui::Button::new(command.title())).clicked() {
                    command.run(workbench, &ui.ctx().clone());
                }
            }
        });
    });
}
