use std::path::PathBuf;

use egui::{Align2, Key, Ui, Window};

use super::Dialogs;
use crate::texts::files as texts;

/// The field to type a path into, where the system has no file dialog.
pub fn path_window(ui: &Ui, dialogs: &mut Dialogs) {
    let Some((purpose, text)) = &mut dialogs.path else { return };
    let purpose = *purpose;
    let mut is_open = true;
    let mut is_done = false;
    Window::new(texts::title(purpose))
        .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
        .collapsible(false)
        .resizable(false)
        .open(&mut is_open)
        .show(ui.ctx(), |ui| {
            ui.set_width(460.0);
            let label = ui.label(texts::hint(purpose));
            let field = egui::TextEdit::singleline(text).hint_text(texts::PATH_HINT).desired_width(f32::INFINITY);
            let field = ui.add(field).labelled_by(label.id);
            if !ui.ctx().text_edit_focused() {
                field.request_focus();
            }
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                let is_typed = !text.trim().is_empty();
                let accepted = ui.add_enabled(is_typed, egui::Button::new(texts::OK)).clicked();
                is_done = accepted || (is_typed && ui.input(|input| input.key_pressed(Key::Enter)));
                ui.weak(texts::NO_DIALOG);
            });
        });
    if is_done {
        let _ = dialogs.outbox.send(purpose.chosen(PathBuf::from(text.trim())));
        ui.ctx().request_repaint();
    }
    if is_done || !is_open {
        dialogs.path = None;
    }
}
