//! The page of shortcuts: what is looked for in it, and the keys that are being chosen.

use egui::{Event, Key, KeyboardShortcut, Modifiers};

use crate::command::{Command, Keymap, Reserved, reserved};

/// The page of shortcuts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ShortcutSheet {
    /// It is shown.
    pub is_open: bool,
    /// What is looked for.
    pub query: String,
    choosing: Option<Choosing>,
}

/// Keys that are being chosen for a command.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choosing {
    /// The command.
    pub command: Command,
    /// How far it has come.
    pub step: Step,
}

/// How far choosing has come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// The next keys pressed are taken.
    Listening,
    /// These keys cannot be taken; the next ones may be.
    Refused(KeyboardShortcut, Reserved),
    /// These keys belong to another command.
    Taken(KeyboardShortcut, Command),
}

impl ShortcutSheet {
    /// Opens or closes it.
    pub fn toggle(&mut self) {
        *self = Self { is_open: !self.is_open, ..Self::default() };
    }

    /// Gives up what is being chosen, or closes the page; whether there was either.
    pub fn close(&mut self) -> bool {
        if self.choosing.take().is_some() {
            return true;
        }
        std::mem::take(&mut self.is_open)
    }

    /// The keys that are being chosen.
    #[must_use]
    pub fn choosing(&self) -> Option<Choosing> {
        self.choosing
    }

    /// Whether the next keys pressed are taken instead of doing something.
    #[must_use]
    pub fn is_listening(&self) -> bool {
        self.is_open && matches!(self.choosing, Some(Choosing { step: Step::Listening | Step::Refused(..), .. }))
    }

    /// Takes the next keys pressed for a command.
    pub fn listen(&mut self, command: Command) {
        self.choosing = Some(Choosing { command, step: Step::Listening });
    }

    /// Nothing is chosen any more.
    pub fn stop(&mut self) {
        self.choosing = None;
    }

    /// Takes keys that were pressed: a free one is bound at once.
    pub fn press(&mut self, key: KeyboardShortcut, keymap: &mut Keymap) {
        let Some(choosing) = self.choosing.as_mut().filter(|choosing| !matches!(choosing.step, Step::Taken(..))) else { return };
        match (reserved(key), keymap.owner(key)) {
            (Some(Reserved::Escape), _) => self.choosing = None,
            (Some(why), _) => choosing.step = Step::Refused(key, why),
            (None, Some(owner)) if owner != choosing.command => choosing.step = Step::Taken(key, owner),
            (None, _) => {
                keymap.bind(choosing.command, key);
                self.choosing = None;
            }
        }
    }

    /// Gives keys that belong to another command to the one that is being chosen for.
    pub fn take_over(&mut self, keymap: &mut Keymap) {
        if let Some(Choosing { command, step: Step::Taken(key, _) }) = self.choosing.take() {
            keymap.bind(command, key);
        }
    }

    /// No keys for the command that is being chosen for.
    pub fn take_away(&mut self, keymap: &mut Keymap) {
        if let Some(Choosing { command, .. }) = self.choosing.take() {
            keymap.unbind(command);
        }
    }
}

/// The keys that an event stands for, as they can be bound: a key that is not one of those held beside others.
#[must_use]
pub fn pressed_keys(event: &Event) -> Option<KeyboardShortcut> {
    let plain = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
    match event {
        // Text is copied and pasted by the window system, which sends no keys then.
        Event::Copy => plain(Key::C),
        Event::Cut => plain(Key::X),
        Event::Paste(_) => plain(Key::V),
        Event::Key { key, pressed: true, repeat: false, modifiers, .. } if !is_held_beside(*key) => {
            let held = [
                (modifiers.command || modifiers.ctrl, Modifiers::COMMAND),
                (modifiers.shift, Modifiers::SHIFT),
                (modifiers.alt, Modifiers::ALT),
            ];
            let held = held.into_iter().filter(|(is_held, _)| *is_held).fold(Modifiers::NONE, |all, (_, modifier)| all | modifier);
            Some(KeyboardShortcut::new(held, *key))
        }
        _ => None,
    }
}

fn is_held_beside(key: Key) -> bool {
    use Key::{AltLeft, AltRight, CapsLock, ControlLeft, ControlRight, NumLock, ScrollLock, ShiftLeft, ShiftRight, SuperLeft, SuperRight};
    matches!(
        key,
        ShiftLeft | ShiftRight | ControlLeft | ControlRight | AltLeft | AltRight | SuperLeft | SuperRight | CapsLock | NumLock | ScrollLock
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(modifiers: Modifiers, key: Key) -> KeyboardShortcut {
        KeyboardShortcut::new(modifiers, key)
    }

    #[test]
    fn free_keys_are_bound_at_once_and_taken_ones_only_when_told() {
        let (mut sheet, mut keymap) = (ShortcutSheet::default(), Keymap::default());
        sheet.toggle();
        sheet.listen(Command::Undo);
        assert!(sheet.is_listening());
        sheet.press(key(Modifiers::ALT, Key::U), &mut keymap);
        assert!(!sheet.is_listening());
        assert_eq!(keymap.keys(Command::Undo), [key(Modifiers::ALT, Key::U)]);

        sheet.listen(Command::Undo);
        sheet.press(key(Modifiers::COMMAND, Key::O), &mut keymap);
        assert_eq!(sheet.choosing().map(|choosing| choosing.step), Some(Step::Taken(key(Modifiers::COMMAND, Key::O), Command::OpenScan)));
        assert!(!sheet.is_listening(), "keys do what they do while the question is asked");
        assert!(sheet.close() && sheet.is_open, "Esc answers the question with no");
        assert_eq!(keymap.owner(key(Modifiers::COMMAND, Key::O)), Some(Command::OpenScan));

        sheet.listen(Command::Undo);
        sheet.press(key(Modifiers::COMMAND, Key::O), &mut keymap);
        sheet.take_over(&mut keymap);
        assert_eq!(keymap.owner(key(Modifiers::COMMAND, Key::O)), Some(Command::Undo));
        assert_eq!(keymap.keys(Command::OpenScan), []);
    }

    #[test]
    fn reserved_keys_are_refused_and_escape_gives_up() {
        let (mut sheet, mut keymap) = (ShortcutSheet::default(), Keymap::default());
        sheet.toggle();
        sheet.listen(Command::Redo);
        sheet.press(key(Modifiers::NONE, Key::Tab), &mut keymap);
        assert!(sheet.is_listening() && matches!(sheet.choosing().map(|c| c.step), Some(Step::Refused(_, Reserved::Focus))));
        sheet.press(key(Modifiers::NONE, Key::Escape), &mut keymap);
        assert_eq!((sheet.choosing(), keymap.has_changes()), (None, false));
    }

    #[test]
    fn digits_and_letters_can_be_bound_and_keys_held_beside_others_are_not_keys() {
        let event = |key, modifiers| Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        let ctrl = Modifiers { ctrl: true, command: true, ..Modifiers::NONE };
        assert_eq!(pressed_keys(&event(Key::Num7, ctrl)), Some(key(Modifiers::COMMAND, Key::Num7)));
        assert_eq!(pressed_keys(&event(Key::ShiftLeft, Modifiers::SHIFT)), None);
        assert_eq!(pressed_keys(&event(Key::ControlRight, ctrl)), None);
        assert_eq!(pressed_keys(&Event::Text("7".to_owned())), None);
        assert_eq!(pressed_keys(&Event::Copy).and_then(reserved), Some(Reserved::Clipboard));
    }
}
