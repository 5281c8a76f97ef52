//! The labels: which is painted, which are drawn, which are locked.

use egui::{Button, RichText, Ui};
use medley_volume::{Label, LabelTable};

use super::label_tools;
use super::widgets::{empty_hint, heading, list_row, name_button, named};
use crate::command::Command;
use crate::state::workbench::Workbench;
use crate::texts::labels as texts;

/// Size of the switches behind a label's name, in points.
const SWITCH: [f32; 2] = [40.0, 20.0];

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    heading(ui, texts::TITLE);
    label_tools::show(ui, workbench);
    let Some(study) = &workbench.study else {
        empty_hint(ui, texts::NO_STUDY);
        return;
    };
    if study.labels.labels().is_empty() {
        empty_hint(ui, texts::NONE_YET);
    }
    let mut table = study.labels.clone();
    let is_safe = workbench.hands.settings.has_safe_label_colors;
    let mut is_changed = false;
    let mut active = workbench.active_label;
    let filter = &workbench.label_filter;
    for label in table.labels_mut().iter_mut().filter(|label| label_tools::is_shown(filter, &label.name)) {
        let safe = is_safe.then(|| workbench.palette.color(label.value));
        is_changed |= row(ui, label, &mut active, safe);
    }
    workbench.active_label = active;
    if ui.button(texts::ADD).clicked() {
        let value = table.next_value();
        table.insert(Label { value, name: texts::unnamed(value), color: LabelTable::palette(value), is_visible: true, is_locked: false });
        workbench.active_label = value;
        is_changed = true;
    }
    if is_changed {
        workbench.set_labels(table);
    }
    let keys = [Command::PreviousLabel, Command::NextLabel].map(|command| command.shortcut_text(ui.ctx()));
    ui.label(RichText::new(texts::hint(&keys[0], &keys[1])).weak().small());
}

/// One label; whether it was changed. `safe` is the colour it is drawn in where that is not its own.
fn row(ui: &mut Ui, label: &mut Label, active: &mut u16, safe: Option<[u8; 4]>) -> bool {
    let before = label.clone();
    let mut state = (label, active);
    list_row(
        ui,
        &mut state,
        |ui, (label, _)| {
            if let Some([r, g, b, _]) = safe {
                let (swatch, response) = ui.allocate_exact_size(ui.spacing().interact_size, egui::Sense::hover());
                ui.painter().rect_filled(swatch, 4.0, egui::Color32::from_rgb(r, g, b));
                response.on_hover_text(texts::SAFE_COLOR);
                return;
            }
            let color = ui.color_edit_button_srgb(&mut label.color);
            color.on_hover_text(texts::color_of(&label.name));
        },
        |ui, (label, _)| switches(ui, label),
        |ui, (label, active)| name(ui, label, active),
    );
    *state.0 != before
}

fn switches(ui: &mut Ui, label: &mut Label) {
    let locked = ui.add_sized(SWITCH, switch(ui, texts::LOCK, label.is_locked));
    named(&locked, &texts::lock(&label.name));
    if locked.on_hover_text(texts::LOCK_HINT).clicked() {
        label.is_locked = !label.is_locked;
    }
    let shown = ui.add_sized(SWITCH, switch(ui, texts::SHOW, label.is_visible));
    named(&shown, &texts::show(&label.name));
    if shown.on_hover_text(texts::SHOW_HINT).clicked() {
        label.is_visible = !label.is_visible;
    }
}

/// The label's name: a click chooses it for painting, a double click lets it be written anew.
fn name(ui: &mut Ui, label: &mut Label, active: &mut u16) {
    let id = egui::Id::unique(("rename", label.value));
    let Some(mut text) = ui.data(|data| data.get_temp::<String>(id)) else {
        let button = name_button(ui, &label.name, *active == label.value);
        let response = ui.add(button).on_hover_text(texts::paint(&label.name, label.value));
        if response.clicked() {
            *active = label.value;
        }
        if response.double_clicked() {
            ui.data_mut(|data| data.insert_temp(id, label.name.clone()));
        }
        return;
    };
    let field = ui.add(egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
    field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, texts::NAME_FIELD));
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

fn switch<'a>(ui: &Ui, text: &'a str, is_on: bool) -> Button<'a> {
    let text = RichText::new(text).small();
    Button::new(if is_on { text } else { text.color(ui.visuals().weak_text_color()) }).selected(is_on)
}
