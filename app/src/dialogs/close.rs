use egui::{Align2, Ui, ViewportCommand, Window};

use crate::state::training::TrainingRun;
use crate::state::workbench::Workbench;
use crate::texts::files as texts;

/// Asks before a running training is given up with the window.
pub fn close_window(ui: &Ui, workbench: &mut Workbench) {
    let is_training = workbench.training.as_ref().is_some_and(TrainingRun::is_active);
    if is_training && ui.input(|input| input.viewport().close_requested()) {
        ui.ctx().send_viewport_cmd(ViewportCommand::CancelClose);
        workbench.dialogs.asks_to_close = true;
    }
    if !workbench.dialogs.asks_to_close {
        return;
    }
    let window = Window::new(texts::CLOSE_TITLE).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false);
    window.show(ui.ctx(), |ui| {
        ui.set_width(400.0);
        ui.label(texts::CLOSE_COST);
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if ui.button(texts::GO_ON).clicked() {
                workbench.dialogs.asks_to_close = false;
            }
            if ui.button(texts::STOP_AND_CLOSE).clicked() {
                workbench.dialogs.asks_to_close = false;
                workbench.abandon_training();
                ui.ctx().send_viewport_cmd(ViewportCommand::Close);
            }
        });
    });
}
