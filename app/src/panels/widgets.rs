//! Small pieces that several panels use.

use egui::{Align, Button, CollapsingHeader, Layout, ProgressBar, Response, RichText, Role, Ui, WidgetInfo, vec2};

use crate::command::Command;
use crate::state::workbench::Workbench;
use crate::theme::progress_color;

/// A panel's heading.
pub fn heading(ui: &mut Ui, text: &str) {
    ui.add_space(2.0);
    ui.label(RichText::new(text).strong().size(13.5));
    ui.add_space(3.0);
}

/// A part of a panel that can be folded away under its heading.
pub fn section(ui: &mut Ui, title: &str, content: impl FnOnce(&mut Ui)) {
    ui.add_space(6.0);
    let title = RichText::new(title).strong().size(13.5);
    CollapsingHeader::new(title).default_open(true).show_unindented(ui, content);
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

/// A row of a list: what stands first, what stands last (from the right), and a name that takes the room between.
pub fn list_row<T>(
    ui: &mut Ui,
    state: &mut T,
    first: impl FnOnce(&mut Ui, &mut T),
    last: impl FnOnce(&mut Ui, &mut T),
    name: impl FnOnce(&mut Ui, &mut T),
) {
    ui.horizontal(|ui| {
        first(ui, state);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            last(ui, state);
            let from_left = Layout::left_to_right(Align::Center).with_main_align(Align::Min);
            ui.with_layout(from_left, |ui| name(ui, state));
        });
    });
}

/// The button with a row's name: as wide as the room there is, its text at the left.
pub fn name_button(ui: &Ui, text: &str, is_selected: bool) -> Button<'static> {
    let width = ui.available_width();
    Button::new(text.to_owned()).selected(is_selected).frame_when_inactive(is_selected).truncate().min_size(vec2(width, 20.0))
}

/// Gives a button the name that a screen reader reads and a test looks for.
pub fn named(response: &Response, name: &str) {
    let is_enabled = response.enabled();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
}

/// A bar that shows how far something is, with a text on it that can be read in every theme; `name` is what a screen reader says.
pub fn progress(ui: &mut Ui, fraction: f32, text: Option<String>, name: &str) -> Response {
    progress_wide(ui, fraction, text, name, ui.available_width())
}

/// A [`progress`] bar of a given width, in points.
pub fn progress_wide(ui: &mut Ui, fraction: f32, text: Option<String>, name: &str, width: f32) -> Response {
    let bar = ProgressBar::new(fraction).desired_width(width).fill(progress_color(ui.visuals()));
    let bar = match text {
        Some(text) => bar.text(RichText::new(text).color(ui.visuals().text_color())),
        None => bar,
    };
    let response = ui.add(bar);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, name));
    response
}

/// A faint sentence for a place where there is nothing yet.
pub fn empty_hint(ui: &mut Ui, text: &str) {
    ui.label(RichText::new(text).weak());
}
