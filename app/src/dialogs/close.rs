use egui::{Align2, Ui, ViewportCommand, Window};

use crate::state::training::TrainingRun;
use crate::state::workbench::Workbench;

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
    let window = Window::new("A fine-tuning is running").anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false);
    window.show(ui.ctx(), |ui| {
        ui.set_width(400.0);
        ui.label("Closing now gives up what it has learned so far. Masks and models are kept in any case.");
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            if ui.button("Go on training").clicked() {
                workbench.dialogs.asks_to_close = false;
            }
            if ui.button("Stop and close").clicked() {
                workbench.dialogs.asks_to_close = false;
                workbench.abandon_training();
                ui.ctx().send_viewport_cmd(ViewportCommand::Close);
            }
        });
    });
}
