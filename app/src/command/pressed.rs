//! Doing what keys ask for.

use egui::{Context, Key, KeyboardShortcut};

use super::{Command, Entry, Group, Keymap, TABLE};
use crate::state::workbench::Workbench;

impl Command {
    /// Does what the keys of this frame ask for. While a text is typed, only keys that type nothing and belong to the window
    /// itself do something; while new keys are being chosen, none does.
    pub fn run_pressed(workbench: &mut Workbench, context: &Context) {
        if workbench.hands.sheet.is_listening() {
            return;
        }
        let is_typing = context.text_edit_focused();
        // Most modifiers first, or Ctrl+Shift+Z would be taken for Ctrl+Z.
        let keymap = Keymap::of(context);
        let keys_of = |entry: &'static Entry| keymap.keys(entry.command).into_iter().map(|shortcut| (entry, shortcut)).collect::<Vec<_>>();
        let mut bound: Vec<(&'static Entry, KeyboardShortcut)> = TABLE.iter().flat_map(keys_of).collect();
        bound.retain(|(entry, shortcut)| !is_typing || (entry.group == Group::Window && types_nothing(shortcut)));
        bound.sort_by_key(|(_, KeyboardShortcut { modifiers, .. })| {
            std::cmp::Reverse([modifiers.shift, modifiers.command, modifiers.alt].into_iter().filter(|is_held| *is_held).count())
        });
        // An open menu closes by Esc itself.
        let is_menu_open = egui::Popup::is_any_open(context);
        for (entry, shortcut) in bound {
            if is_menu_open && entry.command == Self::Cancel {
                continue;
            }
            if context.input_mut(|input| input.consume_shortcut(&shortcut)) {
                entry.command.run(workbench, context);
            }
        }
        if is_typing {
            return;
        }
        workbench.views.overlay.is_hidden = context.input(|input| input.key_down(Key::S) && input.modifiers.is_none());
    }
}

/// Whether a key leaves a text alone that is being typed.
fn types_nothing(shortcut: &KeyboardShortcut) -> bool {
    shortcut.modifiers.command || (Key::F1..=Key::F35).contains(&shortcut.logical_key)
}
