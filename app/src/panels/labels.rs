//! The labels: which is painted, which are drawn, which are locked.

use egui::{Button, Color32, RichText, Ui};
use medley_volume::{Label, LabelTable};

use super::label_tools;
use super::widgets::{heading, list_row, name_button, named};
use crate::state::workbench::Workbench;

/// Size of the switches behind a label's name, in points.
const SWITCH: [f32; 2] = [40.0, 20.0];

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    heading(ui, "Labels");
    label_tools::show(ui, workbench);
    let Some(study) = &workbench.study else { return };
    let mut table = study.labels.clone();
    let mut is_changed = false;
    let mut active = workbench.active_label;
    let filter = &workbench.label_filter;
    for label in table.labels_mut().iter_mut().filter(|label| label_tools::is_shown(filter, &label.name)) {
        is_changed |= row(ui, label, &mut active);
    }
    workbench.active_label = active;
    if ui.button("Add label").clicked() {
        let value = table.next_value();
        table.insert(Label {
            value,
            name: format!("label {value}"),
            color: LabelTable::palette(value),
            is_visible: true,
            is_locked: false,
        });
        workbench.active_label = value;
        is_changed = true;
    }
    if is_changed {
        workbench.set_labels(table);
    }
    ui.label(RichText::new("Keys , and . choose the label. Double click a name to change it.").weak().small());
}

/// One label; whether it was changed.
fn row(ui: &mut Ui, label: &mut Label, active: &mut u16) -> bool {
    let before = label.clone();
    let mut state = (label, active);
    list_row(
        ui,
        &mut state,
        |ui, (label, _)| {
            let color = ui.color_edit_button_srgb(&mut label.color);
            color.on_hover_text(format!("Colour of {}", label.name));
        },
        |ui, (label, _)| switches(ui, label),
        |ui, (label, active)| name(ui, label, active),
    );
    *state.0 != before
}

fn switches(ui: &mut Ui, label: &mut Label) {
    let locked = ui.add_sized(SWITCH, switch("Lock", label.is_locked));
    named(&locked, &format!("Lock {}", label.name));
    if locked.on_hover_text("Locked: no tool and no proposal changes its voxels").clicked() {
        label.is_locked = !label.is_locked;
    }
    let shown = ui.add_sized(SWITCH, switch("Show", label.is_visible));
    named(&shown, &format!("Show {}", label.name));
    if shown.on_hover_text("Whether the label is drawn").clicked() {
        label.is_visible = !label.is_visible;
    }
}

/// The label's name: a click chooses it for painting, a double click lets it be written anew.
fn name(ui: &mut Ui, label: &mut Label, active: &mut u16) {
    let id = egui::Id::unique(("rename", label.value));
    let Some(mut text) = ui.data(|data| data.get_temp::<String>(id)) else {
        let button = name_button(ui, &label.name, *active == label.value);
        let response = ui.add(button).on_hover_text(format!("Paint {} (value {})", label.name, label.value));
        if response.clicked() {
            *active = label.value;
        }
        if response.double_clicked() {
            ui.data_mut(|data| data.insert_temp(id, label.name.clone()));
        }
        return;
    };
    let field = ui.add(egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
    named(&field, "Name of the label");
    field.request_focus();
    let is_given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
    let is_done = !is_given_up && (field.clicked_elsewhere() || ui.input(|input| input.key_pressed(egui::Key::Enter)));
    if is_done && !text.trim().is_empty() {
        label.name = text.trim().to_owned();
    }
    ui.data_mut(|data| {
        if is_done || is_given_up {
            data.remove::<String>(id);
        } else {
            data.insert_temp(id, text);
        }
    });
}

fn switch(text: &str, is_on: bool) -> Button<'_> {
    let text = RichText::new(text).small();
    Button::new(if is_on { text } else { text.color(Color32::GRAY) }).selected(is_on)
}
