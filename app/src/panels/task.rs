//! What the next fine-tuning is for: masks, classes of whole scans, or boxes.

use egui::{ComboBox, Ui};
use medley_nn::weights::Task;

use crate::state::workbench::Workbench;
use crate::texts::training as texts;

/// Rows of the grid of choices.
pub fn choices(ui: &mut Ui, workbench: &mut Workbench) {
    ui.label(texts::TASK);
    let task = &mut workbench.choices.task;
    let combo = ComboBox::from_id_salt("task").selected_text(texts::task(*task)).width(ui.available_width()).truncate().show_ui(ui, |ui| {
        for option in Task::ALL {
            if ui.selectable_value(task, option, texts::task(option)).clicked() {
                // A press by a screen reader is no click of the mouse, which alone closes the list.
                ui.close();
            }
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::TASK_LIST));
    ui.end_row();
    if workbench.choices.task == Task::Detect {
        ui.label(texts::OBJECTS);
        objects(ui, workbench);
        ui.end_row();
    }
}

fn objects(ui: &mut Ui, workbench: &mut Workbench) {
    let labels = workbench.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
    let chosen = &mut workbench.choices.objects;
    let label = chosen.and_then(|value| labels.get(value));
    let text = label.map_or_else(|| texts::EVERY_PIECE.to_owned(), |label| texts::pieces_of(&label.name));
    let combo = ComboBox::from_id_salt("objects").selected_text(text).width(ui.available_width()).truncate().show_ui(ui, |ui| {
        let mut is_chosen = ui.selectable_value(chosen, None, texts::EVERY_PIECE).clicked();
        for label in labels.labels() {
            is_chosen |= ui.selectable_value(chosen, Some(label.value), texts::pieces_of(&label.name)).clicked();
        }
        if is_chosen {
            ui.close();
        }
    });
    combo.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, texts::OBJECTS_LIST));
}
