//! Which keys do what: the table's, but for those that a person chose.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Context, Id, Key, KeyboardShortcut, Modifiers};

use super::{Command, TABLE};

/// The keys a person chose, by the command's id. A command that is not in here has the table's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keymap {
    chosen: BTreeMap<&'static str, Vec<KeyboardShortcut>>,
    /// Keys of commands that only another version knows.
    unknown: BTreeMap<String, Vec<String>>,
}

/// Why a key cannot be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It closes what is open and gives up what is under way.
    Escape,
    /// It goes from one thing to the next, or presses what has the focus.
    Focus,
    /// It copies, cuts or pastes text.
    Clipboard,
    /// It ends the program.
    Quit,
    /// It hides the labels while it is held.
    HideLabels,
}

/// Why a key may not be chosen for a command; `None` if it may.
#[must_use]
pub fn reserved(key: KeyboardShortcut) -> Option<Reserved> {
    let held = key.modifiers;
    let is_plain = !held.command && !held.ctrl && !held.alt;
    match key.logical_key {
        Key::Escape => Some(Reserved::Escape),
        Key::Tab => Some(Reserved::Focus),
        Key::Enter | Key::Space if is_plain => Some(Reserved::Focus),
        Key::C | Key::X | Key::V | Key::A if held.command && !held.shift && !held.alt => Some(Reserved::Clipboard),
        Key::Copy | Key::Cut | Key::Paste => Some(Reserved::Clipboard),
        Key::Q if held.command => Some(Reserved::Quit),
        Key::S if is_plain && !held.shift => Some(Reserved::HideLabels),
        _ => None,
    }
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
        // A table that is newer than the choice may give a command a key that another one has by now.
        let is_free = |key: &KeyboardShortcut| !self.chosen.values().flatten().any(|chosen| chosen == key);
        self.chosen.get(entry.id).cloned().unwrap_or_else(|| entry.keys.iter().copied().filter(is_free).collect())
    }

    /// The command that has a key.
    #[must_use]
    pub fn owner(&self, key: KeyboardShortcut) -> Option<Command> {
        TABLE.iter().map(|entry| entry.command).find(|command| self.keys(*command).contains(&key))
    }

    /// Whether any command has other keys than the table's.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.chosen.is_empty()
    }

    /// Gives all commands the table's keys again.
    pub fn reset_all(&mut self) {
        self.chosen.clear();
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
        let mut all = self.unknown.clone();
        all.extend(self.chosen.iter().map(|(id, keys)| ((*id).to_owned(), keys.iter().map(written).collect())));
        all
    }

    /// What [`Keymap::to_settings`] gave. Keys that are not known are left out; commands that are not known are kept for the
    /// version that knows them.
    #[must_use]
    pub fn from_settings(settings: &BTreeMap<String, Vec<String>>) -> Self {
        let mut keymap = Self::default();
        for (id, keys) in settings {
            match TABLE.iter().find(|entry| entry.id == id) {
                Some(entry) => keymap.set(entry.command, keys.iter().filter_map(|key| read(key)).collect()),
                None => drop(keymap.unknown.insert(id.clone(), keys.clone())),
            }
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
    fn a_chosen_key_wins_over_the_tables() {
        let settings = [("undo".to_owned(), vec!["R".to_owned()])].into();
        let keymap = Keymap::from_settings(&settings);
        let key = KeyboardShortcut::new(Modifiers::NONE, Key::R);
        assert_eq!(keymap.owner(key), Some(Command::Undo));
        assert_eq!(keymap.keys(Command::ResetViews), vec![]);
    }

    #[test]
    fn no_key_of_the_table_is_one_that_never_arrives() {
        for entry in TABLE.iter().filter(|entry| entry.command != Command::Cancel) {
            let is_usable = |key: &KeyboardShortcut| matches!(reserved(*key), None | Some(Reserved::Focus));
            assert!(entry.keys.iter().all(is_usable), "{}", entry.title);
        }
        assert_eq!(reserved(KeyboardShortcut::new(Modifiers::COMMAND, Key::C)), Some(Reserved::Clipboard));
    }

    #[test]
    fn unknown_settings_are_left_out() {
        let settings = [("undo", "Hyper+Z"), ("no-such", "Z"), ("redo", "NoKey")].map(|(id, key)| (id.to_owned(), vec![key.to_owned()]));
        let keymap = Keymap::from_settings(&settings.into_iter().collect());
        assert_eq!(keymap.keys(Command::Undo), vec![]);
    }
}
