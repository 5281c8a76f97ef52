//! The labels: which is painted, which are drawn, which are locked.

use egui::{Button, Color32, RichText, Ui};
use medley_volume::{Label, LabelTable};

use super::widgets::{heading, list_row, named};
use crate::state::workbench::Workbench;

/// Size of the switches behind a label's name, in points.
const TOGGLE: [f32; 2] = [40.0, 20.0];

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    heading(ui, "Labels");
    let Some(study) = &workbench.study else { return };
    let mut table = study.labels.clone();
    let mut is_changed = false;
    let mut active = workbench.active_label;
    for label in table.labels_mut() {
        is_changed |= row(ui, label, &mut active);
    }
    workbench.active_label = active;
    if ui.button("Add label").clicked() {
        let value = table.next_value();
        table.insert(Label { value, name: format!("label {value}"), color: LabelTable::palette(value), is_visible: true, is_locked: false });
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
    list_row(ui, |ui| {
        let color = ui.color_edit_button_srgb(&mut label.color);
        color.on_hover_text(format!("Colour of {}", label.name));
        let id = ui.scope_id().with(("rename", label.value));
        let renaming = ui.data(|data| data.get_temp::<String>(id));
        let width = ui.available_width() - 2.0 * (TOGGLE[0] + ui.spacing().item_spacing.x);
        match renaming {
            Some(mut text) => {
                let field = ui.add_sized([width, 20.0], egui::TextEdit::singleline(&mut text));
                field.request_focus();
                let is_done = field.lost_focus() || ui.input(|input| input.key_pressed(egui::Key::Enter));
                if is_done && !text.trim().is_empty() {
                    label.name = text.trim().to_owned();
                }
                let is_given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
                ui.data_mut(|data| {
                    if is_done || is_given_up {
                        data.remove::<String>(id);
                    } else {
                        data.insert_temp(id, text);
                    }
                });
            }
            None => {
                let button = Button::new(&label.name).selected(*active == label.value).frame_when_inactive(false).truncate();
                let name = ui.add(button.min_size(egui::vec2(width, 20.0))).on_hover_text(format!("Paint {} (value {})", label.name, label.value));
                if name.clicked() {
                    *active = label.value;
                }
                if name.double_clicked() {
                    ui.data_mut(|data| data.insert_temp(id, label.name.clone()));
                }
            }
        }
        let shown = ui.add_sized(TOGGLE, toggle("Show", label.is_visible));
        named(&shown, &format!("Show {}", label.name));
        if shown.on_hover_text("Whether the label is drawn").clicked() {
            label.is_visible = !label.is_visible;
        }
        let locked = ui.add_sized(TOGGLE, toggle("Lock", label.is_locked));
        named(&locked, &format!("Lock {}", label.name));
        if locked.on_hover_text("Locked: no tool and no proposal changes its voxels").clicked() {
            label.is_locked = !label.is_locked;
        }
    });
    *label != before
}

fn toggle(text: &str, is_on: bool) -> Button<'_> {
    let text = RichText::new(text).small();
    Button::new(if is_on { text } else { text.color(Color32::GRAY) }).selected(is_on)
}
