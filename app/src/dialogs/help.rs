use egui::{Align2, Grid, RichText, ScrollArea, Ui, Window};

use crate::command::TABLE;

/// What the mouse does, which is no command.
const MOUSE: [(&str, &str); 10] = [
    ("Wheel", "Next or previous slice"),
    ("Ctrl + wheel, or right drag", "Zoom"),
    ("Middle drag", "Pan"),
    ("Shift + wheel", "Brush size"),
    ("Left drag", "What the tool does: crosshair, window/level, paint, erase"),
    ("Right drag while painting", "Erase"),
    ("Double click", "One view fills the window, and back"),
    ("Drag in the 3D view", "Turn"),
    ("Click in the 3D view", "Crosshair to what is seen there (with the crosshair tool)"),
    ("Hold S", "Hide the labels"),
];

/// The page of shortcuts.
pub fn help_window(ui: &Ui, is_open: &mut bool) {
    let window = Window::new("Keyboard and mouse").anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false);
    window.open(is_open).show(ui.ctx(), |ui| {
        ui.set_width(520.0);
        ScrollArea::vertical().max_height(ui.ctx().content_rect().height() - 160.0).show(ui, |ui| {
            let context = ui.ctx().clone();
            Grid::new("shortcuts").num_columns(2).spacing([24.0, 4.0]).striped(true).show(ui, |ui| {
                for (gesture, meaning) in MOUSE {
                    ui.label(RichText::new(gesture).strong());
                    ui.label(meaning);
                    ui.end_row();
                }
                for command in TABLE.iter().map(|entry| entry.command) {
                    let shortcuts = command.shortcut_text(&context);
                    if !shortcuts.is_empty() {
                        ui.label(RichText::new(shortcuts).strong());
                        ui.label(command.title());
                        ui.end_row();
                    }
                }
            });
        });
    });
}
