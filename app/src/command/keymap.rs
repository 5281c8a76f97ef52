//! Which keys do what: the table's, but for those that a person chose.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Context, Id, Key, KeyboardShortcut, Modifiers};

use super::{Command, TABLE};

/// The keys a person chose, by the command's id. A command that is not in here has the table's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keymap {
    chosen: BTreeMap<&'static str, Vec<KeyboardShortcut>>,
}

impl Keymap {
    /// The keymap of a window; the table's where none was set.
    #[must_use]
    pub fn of(context: &Context) -> Arc<Self> {
        context.data(|data| data.get_temp(Id::unique("keymap"))).unwrap_or_default()
    }

    /// Makes this the keymap of a window.
    pub fn install(self, context: &Context) {
        context.data_mut(|data| data.insert_temp(Id::unique("keymap"), Arc::new(self)));
    }

    /// The keys of a command.
    #[must_use]
    pub fn keys(&self, command: Command) -> Vec<KeyboardShortcut> {
        let entry = command.entry();
        self.chosen.get(entry.id).cloned().unwrap_or_else(|| entry.keys.to_vec())
    }

    /// Whether a command has other keys than the table's.
    #[must_use]
    pub fn is_changed(&self, command: Command) -> bool {
        self.chosen.contains_key(command.entry().id)
    }

    /// Gives a command one key of its own. The command that had it before loses it and is returned.
    pub fn bind(&mut self, command: Command, key: KeyboardShortcut) -> Option<Command> {
        let owner = TABLE.iter().map(|entry| entry.command).find(|other| *other != command && self.keys(*other).contains(&key));
        if let Some(owner) = owner {
            let left = self.keys(owner).into_iter().filter(|other| *other != key).collect();
            self.set(owner, left);
        }
        self.set(command, vec![key]);
        owner
    }

    /// Takes all keys from a command.
    pub fn unbind(&mut self, command: Command) {
        self.set(command, Vec::new());
    }

    /// Gives a command the table's keys again; what took them in the meantime loses them.
    pub fn reset(&mut self, command: Command) {
        for key in command.entry().keys {
            let others = TABLE.iter().map(|entry| entry.command).filter(|other| *other != command);
            let owners: Vec<Command> = others.filter(|other| self.keys(*other).contains(key)).collect();
            for owner in owners {
                let left = self.keys(owner).into_iter().filter(|other| other != key).collect();
                self.set(owner, left);
            }
        }
        self.chosen.remove(command.entry().id);
    }

    fn set(&mut self, command: Command, keys: Vec<KeyboardShortcut>) {
        let entry = command.entry();
        if keys == entry.keys {
            self.chosen.remove(entry.id);
        } else {
            self.chosen.insert(entry.id, keys);
        }
    }

    /// The chosen keys as settings keep them: `{"undo": ["Ctrl+Z"]}`.
    #[must_use]
    pub fn to_settings(&self) -> BTreeMap<String, Vec<String>> {
        self.chosen.iter().map(|(id, keys)| ((*id).to_owned(), keys.iter().map(written).collect())).collect()
    }

    /// What [`Keymap::to_settings`] gave. Commands and keys that are not known are left out.
    #[must_use]
    pub fn from_settings(settings: &BTreeMap<String, Vec<String>>) -> Self {
        let mut keymap = Self::default();
        for (id, keys) in settings {
            let Some(entry) = TABLE.iter().find(|entry| entry.id == id) else { continue };
            keymap.set(entry.command, keys.iter().filter_map(|key| read(key)).collect());
        }
        keymap
    }
}

/// A shortcut in the same words on every system.
fn written(shortcut: &KeyboardShortcut) -> String {
    let modifiers = shortcut.modifiers;
    let held = [(modifiers.command || modifiers.ctrl, "Ctrl+"), (modifiers.shift, "Shift+"), (modifiers.alt, "Alt+")];
    let held: String = held.into_iter().filter_map(|(is_held, word)| is_held.then_some(word)).collect();
    held + shortcut.logical_key.name()
}

fn read(text: &str) -> Option<KeyboardShortcut> {
    // "Ctrl+Plus": the key's name comes last and holds no sign of its own.
    let (modifiers, key) = text.rsplit_once('+').unwrap_or(("", text));
    let mut found = Modifiers::NONE;
    for word in modifiers.split('+').filter(|word| !word.is_empty()) {
        found |= match word {
            "Ctrl" => Modifiers::COMMAND,
            "Shift" => Modifiers::SHIFT,
            "Alt" => Modifiers::ALT,
            _ => return None,
        };
    }
    Some(KeyboardShortcut::new(found, Key::from_name(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_chosen_taken_over_and_given_back() {
        let mut keymap = Keymap::default();
        let key = KeyboardShortcut::new(Modifiers::NONE, Key::R);
        assert_eq!(keymap.bind(Command::Undo, key), Some(Command::ResetViews));
        assert_eq!((keymap.keys(Command::Undo), keymap.keys(Command::ResetViews)), (vec![key], vec![]));
        let again = Keymap::from_settings(&keymap.to_settings());
        assert_eq!(again, keymap);
        keymap.reset(Command::ResetViews);
        assert_eq!((keymap.keys(Command::Undo), keymap.keys(Command::ResetViews)), (vec![], vec![key]));
        keymap.reset(Command::Undo);
        assert_eq!(keymap, Keymap::default());
    }

    #[test]
    fn every_key_of_the_table_survives_being_kept() {
        for entry in TABLE {
            for key in entry.keys {
                assert_eq!(read(&written(key)), Some(*key), "{}", written(key));
            }
        }
    }

    #[test]
    fn unknown_settings_are_left_out() {
        let settings = [("undo", "Hyper+Z"), ("no-such", "Z"), ("redo", "NoKey")].map(|(id, key)| (id.to_owned(), vec![key.to_owned()]));
        let keymap = Keymap::from_settings(&settings.into_iter().collect());
        assert_eq!(keymap.keys(Command::Undo), vec![]);
    }
}
