//! The bar at the top: files, undo, window, overlay; below it what the tool in the hand works with.

use egui::{Button, ComboBox, Slider, Ui};
use medley_annotate::History;
use medley_volume::Quantity;

use super::tool_options;
use super::widgets::{command_button, command_button_named, named};
use crate::command::Command;
use crate::state::window_level::{CT_PRESETS, WindowLevel};
use crate::state::workbench::Workbench;
use crate::texts::toolbar as texts;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        file_menu(ui, workbench);
        command_button(ui, workbench, Command::SaveMask);
        ui.separator();
        let history = workbench.case.as_ref().map(|case| &case.history);
        let [undone, redone] = [history.and_then(History::undo_title), history.and_then(History::redo_title)];
        for (command, what) in [(Command::Undo, undone), (Command::Redo, redone)] {
            let response = command_button(ui, workbench, command);
            if let Some(what) = what {
                response.on_hover_text(what);
            }
        }
        ui.separator();
        window(ui, workbench);
        ui.separator();
        overlay(ui, workbench);
        ui.separator();
        let convention = workbench.views.convention;
        command_button_named(ui, workbench, Command::ToggleConvention, convention.name());
        command_button(ui, workbench, Command::Weights);
        let theme = if ui.ctx().theme() == egui::Theme::Dark { texts::DARK } else { texts::LIGHT };
        command_button_named(ui, workbench, Command::ToggleTheme, theme);
        command_button_named(ui, workbench, Command::Help, texts::HELP_MARK);
    });
    ui.separator();
    // Always there, so that the views do not move when a tool is taken.
    ui.horizontal_wrapped(|ui| tool_options::show(ui, workbench));
}

fn file_menu(ui: &mut Ui, workbench: &mut Workbench) {
    ui.menu_button(texts::FILE, |ui| {
        let commands = [
            Command::OpenScan,
            Command::OpenStudy,
            Command::NewStudy,
            Command::OpenSample,
            Command::SaveMask,
            Command::ExportMask,
            Command::ImportMask,
            Command::ExportLabels,
            Command::ImportLabels,
            Command::SaveMeasurements,
            Command::SaveFigure,
            Command::SaveProvenance,
            Command::Palette,
            Command::Settings,
            Command::Help,
        ];
        for command in commands {
            let obstacle = command.obstacle(workbench);
            let button = Button::new(command.title()).shortcut_text(command.shortcut_text(ui.ctx()));
            let response = ui.add_enabled(obstacle.is_none(), button).on_disabled_hover_text(obstacle.unwrap_or_default());
            named(&response, command.title());
            if response.clicked() {
                command.run(workbench, &ui.ctx().clone());
                ui.close();
            }
            if [Command::OpenSample, Command::ImportMask, Command::ImportLabels].contains(&command) {
                ui.separator();
            }
        }
    });
}

fn window(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(case) = &workbench.case else {
        ui.add_enabled(false, Button::new(texts::WINDOW));
        return;
    };
    let window = workbench.views.window;
    let is_ct = case.volume.quantity() == Quantity::Hounsfield;
    let text = match window.preset().filter(|_| is_ct) {
        Some(preset) => preset.name.to_owned(),
        None => texts::own_window(window),
    };
    let (mut chosen, mut asked) = (None::<WindowLevel>, None);
    let combo = ComboBox::from_id_salt("window").selected_text(text).width(108.0).show_ui(ui, |ui| {
        if is_ct {
            for preset in CT_PRESETS {
                let text = texts::window_choice(preset.name, preset.window);
                if ui.selectable_label(window == preset.window, text).clicked() {
                    chosen = Some(preset.window);
                }
            }
        }
        for command in [Command::WindowFromVolume, Command::WindowFromSlice, Command::WindowFromLabel, Command::ToggleHistogram] {
            if ui.selectable_label(false, command.title()).clicked() {
                asked = Some(command);
            }
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::WINDOW_LIST));
    combo.response.on_hover_text(texts::WINDOW_HINT);
    if let Some(chosen) = chosen {
        workbench.views.window = chosen;
    }
    if let Some(command) = asked {
        command.run(workbench, &ui.ctx().clone());
    }
}

fn overlay(ui: &mut Ui, workbench: &mut Workbench) {
    let overlay = &mut workbench.views.overlay;
    let label = ui.label(texts::LABELS);
    ui.spacing_mut().slider_width = 64.0;
    ui.add(Slider::new(&mut overlay.opacity, 0.0..=1.0).show_value(false)).labelled_by(label.id).on_hover_text(texts::OPACITY_HINT);
    let outline = ui.add(Button::new(texts::OUTLINE).selected(overlay.is_outline));
    named(&outline, texts::OUTLINE_NAME);
    if outline.on_hover_text(Command::ToggleOutline.tooltip(ui.ctx())).clicked() {
        overlay.is_outline = !overlay.is_outline;
    }
}
