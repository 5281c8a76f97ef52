//! Small pieces that several panels use.

use egui::{Button, Response, RichText, Ui, Role, WidgetInfo};

use crate::command::Command;
use crate::state::workbench::Workbench;

/// A panel's heading.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(2.0);
    ui.label(RichText::new(text).strong().size(13.5));
    ui.add_space(3.0);
}

/// A button that does a command; while it cannot be done it is grey and its tooltip says why.
pub fn command_button(ui: &mut Ui, workbench: &mut Workbench, command: Command) -> Response {
    command_button_named(ui, workbench, command, command.title())
}

/// A [`command_button`] with another text on it; the command's title stays its accessible name.
pub fn command_button_named(ui: &mut Ui, workbench: &mut Workbench, command: Command, text: &str) -> Response {
    let obstacle = command.obstacle(workbench);
    let context = ui.ctx().clone();
    let response = ui.add_enabled(obstacle.is_none(), Button::new(text));
    named(&response, command.title());
    let response = response.on_hover_text(command.tooltip(&context));
    let response = response.on_disabled_hover_text(obstacle.unwrap_or_default());
    if response.clicked() {
        command.run(workbench, &context);
    }
    response
}

/// A row whose buttons have their texts at the left.
pub fn list_row(ui: &mut Ui, add_contents: impl FnOnce(&mut Ui)) {
    let layout = egui::Layout::left_to_right(egui::Align::Center).with_main_align(egui::Align::Min);
    ui.allocate_ui_with_layout(egui::vec2(ui.available_width(), 22.0), layout, add_contents);
}

/// Gives a button the name that a screen reader reads and a test looks for.
pub fn named(response: &Response, name: &str) {
    let is_enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
}

/// A faint sentence for a place where there is nothing yet.
pub fn empty_hint(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).weak());
}
