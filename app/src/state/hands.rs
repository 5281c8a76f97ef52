//! What belongs to the hands: settings, the command palette, the page of shortcuts, fingers on the screen.

use std::path::PathBuf;

use egui::Context;

use super::command_palette::CommandPalette;
use super::settings::{Keeper, PaintingButton, Settings};
use super::shortcut_sheet::ShortcutSheet;
use super::touch::Touch;

/// Settings and what is open to find or change them.
#[derive(Debug, Default)]
pub struct Hands {
    /// What the person set.
    pub settings: Settings,
    /// The list in which commands are found.
    pub palette: CommandPalette,
    /// The page of shortcuts.
    pub sheet: ShortcutSheet,
    /// The page of settings is shown.
    pub is_settings_open: bool,
    /// Fingers and pens on the screen.
    pub touch: Touch,
    keeper: Option<Keeper>,
    in_force: Option<Settings>,
}

impl Hands {
    /// With the settings of a file, which are written there again when they change; and a sentence if they could not be read.
    /// Reads a small file: to be called before the window draws.
    #[must_use]
    pub fn open(path: PathBuf, wake: impl Fn() + Send + 'static) -> (Self, Option<String>) {
        let (settings, keeper, trouble) = Keeper::open(path, wake);
        (Self { settings, keeper: Some(keeper), ..Self::default() }, trouble)
    }

    /// Puts changed settings into force and keeps them. Called once a frame. Returns a sentence if they could not be kept, and
    /// whether anything was changed.
    pub fn follow(&mut self, context: &Context) -> (Option<String>, bool) {
        let is_changed = self.in_force.as_ref() != Some(&self.settings);
        if is_changed {
            crate::theme::apply(context, &self.settings);
            self.settings.keymap.clone().install(context);
            // What was just read needs no writing.
            if self.in_force.is_some()
                && let Some(keeper) = &self.keeper
            {
                keeper.keep(&self.settings);
            }
            self.in_force = Some(self.settings.clone());
            context.request_repaint();
        }
        (self.keeper.as_ref().and_then(Keeper::trouble), is_changed)
    }

    /// Whether these settings were changed by hand since they were last put into force, or were just read.
    #[must_use]
    pub fn is_new<T: PartialEq>(&self, setting: impl Fn(&Settings) -> &T) -> bool {
        self.in_force.as_ref().is_none_or(|in_force| setting(in_force) != setting(&self.settings))
    }

    /// A new window knows no settings yet.
    pub fn forget_window(&mut self) {
        self.in_force = None;
    }

    /// Closes what lies on top; whether anything was open.
    pub fn close(&mut self) -> bool {
        self.palette.close() || self.sheet.close() || std::mem::take(&mut self.is_settings_open)
    }

    /// The button that paints; the other one erases.
    #[must_use]
    pub fn painting_button(&self) -> egui::PointerButton {
        match self.settings.painting_button {
            PaintingButton::Left => egui::PointerButton::Primary,
            PaintingButton::Right => egui::PointerButton::Secondary,
        }
    }
}
