//! What can be pressed at the lower edge of the 3D view.

use egui::{Button, Rect, Response, RichText, Ui, vec2};

use crate::command::Command;
use crate::panels::widgets::named;
use crate::state::view::VolumeMode;
use crate::state::workbench::Workbench;
use crate::texts::volume as texts;

const ROW: f32 = 22.0;
/// Views narrower than this, in points, have two rows.
const ONE_ROW: f32 = 500.0;

pub(super) fn show(ui: &mut Ui, workbench: &mut Workbench, rect: Rect) {
    let is_narrow = rect.width() < ONE_ROW;
    let rows = if is_narrow { 2.0 } else { 1.0 };
    let area = Rect::from_min_size(rect.left_bottom() + vec2(8.0, -6.0 - rows * ROW), vec2(rect.width() - 16.0, rows * ROW));
    ui.scope_builder(egui::UiBuilder::new().max_rect(area), |ui| {
        // Over black in either theme.
        *ui.visuals_mut() = egui::Visuals::dark();
        ui.spacing_mut().item_spacing = vec2(4.0, 3.0);
        if is_narrow {
            ui.horizontal(|ui| switches(ui, workbench));
            ui.horizontal(|ui| modes(ui, workbench));
        } else {
            ui.horizontal(|ui| {
                modes(ui, workbench);
                ui.add_space(8.0);
                switches(ui, workbench);
            });
        }
    });
}

fn modes(ui: &mut Ui, workbench: &mut Workbench) {
    for mode in VolumeMode::ALL {
        let response = small(ui, mode.name(), workbench.views.volume_mode == mode);
        named(&response, &texts::mode(mode.name()));
        if response.clicked() {
            workbench.views.volume_mode = mode;
        }
    }
}

fn switches(ui: &mut Ui, workbench: &mut Workbench) {
    let look = &workbench.views.volume_look;
    let switches = [
        (Command::ToggleClipBox, texts::CLIP_BUTTON, look.clip.is_on),
        (Command::CutAtCrosshair, texts::CUT_BUTTON, look.clip.follows_crosshair),
        (Command::VolumeSettings, texts::SETTINGS_BUTTON, look.is_settings_open),
    ];
    for (command, text, is_on) in switches {
        let response = small(ui, text, is_on);
        named(&response, command.title());
        if response.on_hover_text(command.tooltip(ui.ctx())).clicked() {
            command.run(workbench, &ui.ctx().clone());
        }
    }
}

fn small(ui: &mut Ui, text: &str, is_selected: bool) -> Response {
    ui.add(Button::new(RichText::new(text).small()).selected(is_selected))
}
