//! What can be pressed at the lower edge of the 3D view.

use egui::{Button, Rect, RichText, Ui, vec2};

use crate::command::Command;
use crate::panels::widgets::named;
use crate::state::view::VolumeMode;
use crate::state::workbench::Workbench;
use crate::texts::volume as texts;

pub(super) fn show(ui: &mut Ui, workbench: &mut Workbench, rect: Rect) {
    let area = Rect::from_min_size(rect.left_bottom() + vec2(8.0, -28.0), vec2(rect.width() - 16.0, 22.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        // Over black in either theme.
        *ui.visuals_mut() = egui::Visuals::dark();
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.horizontal(|ui| {
            for mode in VolumeMode::ALL {
                let button = Button::new(RichText::new(mode.name()).small()).selected(workbench.views.volume_mode == mode);
                let response = ui.add(button);
                named(&response, &format!("3D as {}", mode.name()));
                if response.clicked() {
                    workbench.views.volume_mode = mode;
                }
            }
            ui.add_space(6.0);
            let look = &workbench.views.volume_look;
            let switches = [
                (Command::ToggleClipBox, texts::CLIP_BUTTON, look.clip.is_on),
                (Command::CutAtCrosshair, texts::CUT_BUTTON, look.clip.follows_crosshair),
                (Command::VolumeSettings, texts::SETTINGS_BUTTON, look.is_settings_open),
            ];
            for (command, text, is_on) in switches {
                let response = ui.add(Button::new(RichText::new(text).small()).selected(is_on));
                named(&response, command.title());
                if response.on_hover_text(command.tooltip(ui.ctx())).clicked() {
                    command.run(workbench, &ui.ctx().clone());
                }
            }
        });
    });
}
