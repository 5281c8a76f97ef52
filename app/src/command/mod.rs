//! Every action of the user once: its title, its shortcuts, whether it can be done now, and doing it.
//!
//! # Map
//! - this file: what the actions are, what stands in their way, and doing them
//! - `table`: title, group and usual keys of each; `keymap`: the keys a person chose instead
//! - [`search`]: finding one by a few letters

mod keymap;
#[cfg(test)]
mod page;
pub mod search;
mod table;

pub use keymap::{Keymap, Reserved, reserved};
pub use table::{Entry, Group, TABLE};

use egui::{Context, Key, KeyboardShortcut};

use crate::dialogs::Purpose;
use crate::state::settings::ThemeChoice;
use crate::state::tools::ActiveTool;
use crate::state::training::TrainingRun;
use crate::state::workbench::Workbench;

/// An action of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Choose a scan and open it.
    OpenScan,
    /// Choose a study folder and open it.
    OpenStudy,
    /// Choose a folder and make a study in it.
    NewStudy,
    /// Open the bundled study.
    OpenSample,
    /// Write the mask into the study.
    SaveMask,
    /// Write the mask to a file.
    ExportMask,
    /// Read a mask from a file.
    ImportMask,
    /// Write names and colours of labels to a file.
    ExportLabels,
    /// Read names and colours of labels from a file.
    ImportLabels,
    /// Take the last change back.
    Undo,
    /// Do it again.
    Redo,
    /// Take a tool.
    Take(ActiveTool),
    /// A smaller brush.
    SmallerBrush,
    /// A larger brush.
    LargerBrush,
    /// Paint the previous label.
    PreviousLabel,
    /// Paint the next label.
    NextLabel,
    /// Outline or fill.
    ToggleOutline,
    /// All views as at the beginning.
    ResetViews,
    /// Radiological or neurological.
    ToggleConvention,
    /// Start fine-tuning.
    FineTune,
    /// Hold the fine-tuning or let it go on.
    PauseTraining,
    /// End the fine-tuning.
    StopTraining,
    /// Let the model segment the open scan.
    Propose,
    /// Take the proposal into the mask.
    AcceptProposal,
    /// Take the proposal away.
    RejectProposal,
    /// The page of weights.
    Weights,
    /// The list in which commands, labels, cases and windows are found by name.
    Palette,
    /// The page of settings.
    Settings,
    /// Light or dark.
    ToggleTheme,
    /// Usual or high contrast.
    ToggleContrast,
    /// Larger text and buttons.
    LargerInterface,
    /// Smaller text and buttons.
    SmallerInterface,
    /// Text and buttons of the usual size.
    UsualInterface,
    /// The page of shortcuts.
    Help,
    /// Give up what is under way.
    Cancel,
}

impl Command {
    /// Its row in the table.
    #[must_use]
    pub fn entry(self) -> &'static Entry {
        // A command without a row would look like the first one.
        TABLE.iter().find(|entry| entry.command == self).unwrap_or(&TABLE[0])
    }

    /// What it is called on buttons and in menus.
    #[must_use]
    pub fn title(self) -> &'static str {
        self.entry().title
    }

    /// Its keys as a person reads them.
    #[must_use]
    pub fn shortcut_text(self, context: &Context) -> String {
        Keymap::of(context).keys(self).iter().map(|shortcut| context.format_shortcut(shortcut)).collect::<Vec<_>>().join(" or ")
    }

    /// What its tooltip says: title and keys.
    #[must_use]
    pub fn tooltip(self, context: &Context) -> String {
        let keys = self.shortcut_text(context);
        if keys.is_empty() { self.title().to_owned() } else { format!("{} ({keys})", self.title()) }
    }

    /// Why it cannot be done now; `None` if it can.
    #[must_use]
    pub fn obstacle(self, workbench: &Workbench) -> Option<&'static str> {
        let unless = |is_possible: bool, why: &'static str| (!is_possible).then_some(why);
        let case = workbench.case.as_ref();
        let is_training = workbench.training.as_ref().is_some_and(TrainingRun::is_active);
        match self {
            Self::SaveMask | Self::ExportMask | Self::ImportMask | Self::ResetViews => unless(case.is_some(), "Open a scan first."),
            Self::ExportLabels | Self::ImportLabels => unless(workbench.study.is_some(), "Open a study first."),
            Self::Undo => unless(case.is_some_and(|case| case.history.can_undo() && case.may_paint()), "There is nothing to undo."),
            Self::Redo => unless(case.is_some_and(|case| case.history.can_redo() && case.may_paint()), "There is nothing to redo."),
            Self::FineTune => workbench.fine_tune_obstacle(),
            Self::PauseTraining | Self::StopTraining => unless(is_training, "No training is running."),
            Self::Propose => workbench.propose_obstacle(),
            Self::AcceptProposal | Self::RejectProposal => {
                unless(case.is_some_and(|case| case.proposal.is_some()), "There is no proposal.")
            }
            _ => None,
        }
    }

    /// Does it, if it can be done.
    pub fn run(self, workbench: &mut Workbench, context: &Context) {
        if self.obstacle(workbench).is_some() {
            return;
        }
        let wake = context.clone();
        let choose = |workbench: &Workbench, purpose: Purpose, name: Option<&str>| {
            workbench.dialogs.choose(purpose, name, move || wake.request_repaint());
        };
        match self {
            Self::OpenScan => choose(workbench, Purpose::OpenScan, None),
            Self::OpenStudy => choose(workbench, Purpose::OpenStudy, None),
            Self::NewStudy => choose(workbench, Purpose::NewStudy, None),
            Self::OpenSample => workbench.open_sample(),
            Self::SaveMask => workbench.save_mask(),
            Self::ExportMask => {
                let name = workbench.case.as_ref().map(|case| format!("{}_seg.nii.gz", case.name));
                choose(workbench, Purpose::ExportMask, name.as_deref());
            }
            Self::ImportMask => choose(workbench, Purpose::ImportMask, None),
            Self::ExportLabels => choose(workbench, Purpose::ExportLabels, Some("labels.txt")),
            Self::ImportLabels => choose(workbench, Purpose::ImportLabels, None),
            Self::Undo => workbench.undo(),
            Self::Redo => workbench.redo(),
            Self::Take(tool) => workbench.tool = tool,
            Self::SmallerBrush => workbench.brush.resize(-1.0),
            Self::LargerBrush => workbench.brush.resize(1.0),
            Self::PreviousLabel => workbench.step_label(-1),
            Self::NextLabel => workbench.step_label(1),
            Self::ToggleOutline => workbench.views.overlay.is_outline = !workbench.views.overlay.is_outline,
            Self::ResetViews => workbench.views.reset_cameras(),
            Self::ToggleConvention => workbench.views.convention = workbench.views.convention.other(),
            Self::FineTune => workbench.fine_tune(),
            Self::PauseTraining => workbench.toggle_pause(),
            Self::StopTraining => workbench.stop_training(),
            Self::Propose => workbench.propose(),
            Self::AcceptProposal => workbench.accept_proposal(None),
            Self::RejectProposal => workbench.reject_proposal(),
            Self::Weights => workbench.toggle_weights_page(),
            Self::Palette => workbench.hands.palette.toggle(),
            Self::Settings => workbench.hands.is_settings_open = !workbench.hands.is_settings_open,
            Self::ToggleTheme => {
                let is_dark = context.theme() == egui::Theme::Dark;
                workbench.hands.settings.theme = if is_dark { ThemeChoice::Light } else { ThemeChoice::Dark };
            }
            Self::ToggleContrast => workbench.hands.settings.is_high_contrast = !workbench.hands.settings.is_high_contrast,
            Self::LargerInterface => workbench.hands.settings.step_scale(1),
            Self::SmallerInterface => workbench.hands.settings.step_scale(-1),
            Self::UsualInterface => workbench.hands.settings.scale_percent = 100,
            Self::Help => workbench.hands.sheet.toggle(),
            Self::Cancel => {
                let is_painting = workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::is_painting);
                if is_painting {
                    workbench.cancel_stroke();
                } else if workbench.hands.close() {
                    // What lies on top is closed; what lies under it goes on.
                } else if workbench.loading.is_some() {
                    workbench.stop_opening();
                } else if workbench.volume_choice.take().is_none()
                    && workbench.checked_set.take().is_none()
                    && !workbench.dialogs.close()
                    && !std::mem::take(&mut workbench.weights_page.is_open)
                {
                    workbench.views.maximised = None;
                }
            }
        }
    }

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
        for (entry, shortcut) in bound {
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
