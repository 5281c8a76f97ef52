use egui::{Align, Align2, Button, Event, Layout, RichText, Role, ScrollArea, TextEdit, Ui, WidgetInfo, Window, vec2};

use super::draw_again_if_grown;
use crate::command::{Command, Entry, Group, Keymap, TABLE, search};
use crate::panels::widgets::{empty_hint, heading, named};
use crate::state::shortcut_sheet::{Choosing, Step, pressed_keys};
use crate::state::workbench::Workbench;
use crate::texts::shortcuts as texts;

/// Width of the column of keys, in points.
const KEYS_WIDTH: f32 = 250.0;

/// What was pressed on the page.
enum Wish {
    Listen(Command),
    TakeOver,
    TakeAway,
    Stop,
    Reset(Command),
    ResetAll,
}

/// The page of shortcuts: all commands with their keys, which can be chosen here, and what mouse and fingers do.
pub fn help_window(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.hands.sheet.is_open {
        return;
    }
    take_keys(ui, workbench);
    let (mut is_open, mut wish) = (true, None);
    let room = ui.ctx().content_rect().size();
    let window =
        Window::new(texts::TITLE).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).default_height(room.y);
    let shown = window.open(&mut is_open).show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(620.0));
        head(ui, workbench, &mut wish);
        ui.add_space(4.0);
        ScrollArea::vertical().max_height(room.y - 190.0).auto_shrink([false, true]).show(ui, |ui| list(ui, workbench, &mut wish));
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    if let Some(wish) = wish {
        grant(workbench, wish);
    }
    workbench.hands.sheet.is_open &= is_open;
}

/// While keys are being chosen, those pressed go to the command instead of doing something.
fn take_keys(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.hands.sheet.is_listening() {
        return;
    }
    let pressed = ui.input_mut(|input| {
        let pressed = input.events.iter().find_map(pressed_keys);
        input.events.retain(|event| !matches!(event, Event::Key { .. } | Event::Text(_) | Event::Copy | Event::Cut | Event::Paste(_)));
        pressed
    });
    if let Some(key) = pressed {
        workbench.hands.sheet.press(key, &mut workbench.hands.settings.keymap);
        // The next frame installs it and shows what came of it.
        ui.ctx().request_repaint();
    }
}

fn grant(workbench: &mut Workbench, wish: Wish) {
    let (sheet, keymap) = (&mut workbench.hands.sheet, &mut workbench.hands.settings.keymap);
    match wish {
        Wish::Listen(command) => sheet.listen(command),
        Wish::TakeOver => sheet.take_over(keymap),
        Wish::TakeAway => sheet.take_away(keymap),
        Wish::Stop => sheet.stop(),
        Wish::Reset(command) => keymap.reset(command),
        Wish::ResetAll => keymap.reset_all(),
    }
}

fn head(ui: &mut Ui, workbench: &mut Workbench, wish: &mut Option<Wish>) {
    let has_changes = workbench.hands.settings.keymap.has_changes();
    ui.horizontal(|ui| {
        let edit = TextEdit::singleline(&mut workbench.hands.sheet.query).hint_text(texts::FIELD_HINT).desired_width(220.0);
        let field = ui.add(edit);
        field.widget_info(|| WidgetInfo::labeled(Role::SearchInput, true, texts::FIELD));
        ui.weak(texts::HINT);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if ui.add_enabled(has_changes, Button::new(texts::RESET_ALL)).clicked() {
                *wish = Some(Wish::ResetAll);
            }
        });
    });
}

fn list(ui: &mut Ui, workbench: &Workbench, wish: &mut Option<Wish>) {
    let query = workbench.hands.sheet.query.trim();
    let is_found = |title: &str, keys: &str| {
        query.is_empty() || search::find(query, title).is_some() || keys.to_lowercase().contains(&query.to_lowercase())
    };
    let mut is_empty = true;
    for group in Group::ALL {
        let shown = |entry: &&Entry| entry.group == group && is_found(entry.title, &entry.command.shortcut_text(ui.ctx()));
        let rows: Vec<&Entry> = TABLE.iter().filter(shown).collect();
        if !rows.is_empty() {
            is_empty = false;
            heading(ui, group.title());
            rows.into_iter().for_each(|entry| command_row(ui, workbench, entry.command, wish));
            ui.add_space(8.0);
        }
    }
    let mouse = texts::mouse(workbench.hands.settings.painting_button);
    for (title, gestures) in [(texts::MOUSE, mouse.as_slice()), (texts::TOUCH, texts::TOUCHES.as_slice())] {
        let rows: Vec<_> = gestures.iter().filter(|(gesture, meaning)| is_found(meaning, gesture)).collect();
        if !rows.is_empty() {
            is_empty = false;
            heading(ui, title);
            rows.into_iter().for_each(|(gesture, meaning)| line(ui, meaning, |ui| drop(ui.label(RichText::new(*gesture).strong()))));
            ui.add_space(8.0);
        }
    }
    if is_empty {
        empty_hint(ui, texts::NOTHING);
    }
}

/// What something is called, and its keys in a column of their own.
fn line(ui: &mut Ui, title: &str, keys: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        let width = (ui.available_width() - KEYS_WIDTH).max(120.0);
        ui.allocate_ui_with_layout(vec2(width, 22.0), Layout::left_to_right(Align::Center), |ui| {
            ui.set_width(width);
            ui.add(egui::Label::new(title).truncate());
        });
        keys(ui);
    });
}

fn command_row(ui: &mut Ui, workbench: &Workbench, command: Command, wish: &mut Option<Wish>) {
    let choosing = workbench.hands.sheet.choosing().filter(|choosing| choosing.command == command);
    if let Some(choosing) = choosing {
        line(ui, command.title(), |ui| drop(ui.label(RichText::new(texts::PRESS).strong())));
        return choosing_row(ui, choosing, wish);
    }
    line(ui, command.title(), |ui| {
        let keys = command.shortcut_text(ui.ctx());
        if command == Command::Cancel {
            ui.label(RichText::new(keys).strong());
            return;
        }
        let text = if keys.is_empty() { RichText::new(texts::NO_KEYS).weak() } else { RichText::new(&keys).strong() };
        let button = ui.add(Button::new(text).min_size(vec2(130.0, 0.0)));
        named(&button, &texts::choose_name(command.title(), &keys));
        if button.clicked() {
            *wish = Some(Wish::Listen(command));
        }
        if Keymap::of(ui.ctx()).is_changed(command) {
            let reset = ui.small_button(texts::RESET);
            named(&reset, &texts::reset_name(command.title()));
            if reset.clicked() {
                *wish = Some(Wish::Reset(command));
            }
        }
    });
}

/// What stands under a command while its keys are being chosen: what is in the way, and what can be done.
fn choosing_row(ui: &mut Ui, choosing: Choosing, wish: &mut Option<Wish>) {
    let sentence = match choosing.step {
        Step::Listening => None,
        Step::Refused(key, why) => Some(texts::refused(&ui.ctx().format_shortcut(&key), why)),
        Step::Taken(key, owner) => Some(texts::taken(&ui.ctx().format_shortcut(&key), owner.title())),
    };
    ui.horizontal(|ui| {
        ui.add_space(12.0);
        if let Some(sentence) = sentence {
            ui.label(RichText::new(sentence).color(ui.visuals().warn_fg_color));
        }
        if matches!(choosing.step, Step::Taken(..)) {
            if ui.button(texts::TAKE_OVER).clicked() {
                *wish = Some(Wish::TakeOver);
            }
            if ui.button(texts::LEAVE).clicked() {
                *wish = Some(Wish::Stop);
            }
        } else if ui.button(texts::TAKE_AWAY).clicked() {
            *wish = Some(Wish::TakeAway);
        }
    });
}
