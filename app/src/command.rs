//! Every action of the user once: its title, its shortcuts, whether it can be done now, and doing it.

use egui::{Context, Key, KeyboardShortcut, Modifiers, ThemePreference};

use crate::dialogs::Purpose;
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
    /// Light or dark.
    ToggleTheme,
    /// The page of shortcuts.
    Help,
    /// Give up what is under way.
    Cancel,
}

const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

impl Command {
    /// All of them, in the order of the page of shortcuts.
    pub const ALL: [Self; 32] = [
        Self::OpenScan,
        Self::OpenStudy,
        Self::NewStudy,
        Self::OpenSample,
        Self::SaveMask,
        Self::ExportMask,
        Self::ImportMask,
        Self::ExportLabels,
        Self::ImportLabels,
        Self::Undo,
        Self::Redo,
        Self::Take(ActiveTool::Crosshair),
        Self::Take(ActiveTool::WindowLevel),
        Self::Take(ActiveTool::Brush),
        Self::Take(ActiveTool::Eraser),
        Self::SmallerBrush,
        Self::LargerBrush,
        Self::PreviousLabel,
        Self::NextLabel,
        Self::ToggleOutline,
        Self::ResetViews,
        Self::ToggleConvention,
        Self::FineTune,
        Self::PauseTraining,
        Self::StopTraining,
        Self::Propose,
        Self::AcceptProposal,
        Self::RejectProposal,
        Self::Weights,
        Self::ToggleTheme,
        Self::Help,
        Self::Cancel,
    ];

    /// What it is called on buttons and in menus.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::OpenScan => "Open scan…",
            Self::OpenStudy => "Open study…",
            Self::NewStudy => "New study…",
            Self::OpenSample => "Open the sample study",
            Self::SaveMask => "Save mask",
            Self::ExportMask => "Save mask as…",
            Self::ImportMask => "Read mask…",
            Self::ExportLabels => "Save label names as…",
            Self::ImportLabels => "Read label names…",
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::Take(tool) => tool.name(),
            Self::SmallerBrush => "Smaller brush",
            Self::LargerBrush => "Larger brush",
            Self::PreviousLabel => "Previous label",
            Self::NextLabel => "Next label",
            Self::ToggleOutline => "Labels as outline or fill",
            Self::ResetViews => "Reset views",
            Self::ToggleConvention => "Radiological or neurological",
            Self::FineTune => "Fine-tune",
            Self::PauseTraining => "Pause or resume training",
            Self::StopTraining => "Stop training",
            Self::Propose => "Propose",
            Self::AcceptProposal => "Accept proposal",
            Self::RejectProposal => "Reject proposal",
            Self::Weights => "Weights",
            Self::ToggleTheme => "Light or dark",
            Self::Help => "Keyboard and mouse",
            Self::Cancel => "Cancel",
        }
    }

    /// The keys that do it.
    #[must_use]
    pub fn shortcuts(self) -> Vec<KeyboardShortcut> {
        match self {
            Self::OpenScan => vec![ctrl(Key::O)],
            Self::SaveMask => vec![ctrl(Key::S)],
            Self::ExportMask => vec![KeyboardShortcut::new(CTRL_SHIFT, Key::S)],
            Self::Undo => vec![ctrl(Key::Z)],
            Self::Redo => vec![KeyboardShortcut::new(CTRL_SHIFT, Key::Z), ctrl(Key::Y)],
            Self::Take(tool) => {
                let digits = [Key::Num1, Key::Num2, Key::Num3, Key::Num4];
                let at = ActiveTool::ALL.iter().position(|t| *t == tool);
                at.and_then(|at| digits.get(at)).map(|key| plain(*key)).into_iter().collect()
            }
            Self::SmallerBrush => vec![plain(Key::Minus)],
            Self::LargerBrush => vec![plain(Key::Plus), plain(Key::Equals)],
            Self::PreviousLabel => vec![plain(Key::Comma)],
            Self::NextLabel => vec![plain(Key::Period)],
            Self::ToggleOutline => vec![plain(Key::G)],
            Self::ResetViews => vec![plain(Key::R)],
            Self::FineTune => vec![ctrl(Key::T)],
            Self::Weights => vec![ctrl(Key::E)],
            Self::Propose => vec![ctrl(Key::P)],
            Self::AcceptProposal => vec![ctrl(Key::Enter)],
            Self::RejectProposal => vec![ctrl(Key::Backspace)],
            Self::Help => vec![plain(Key::F1)],
            Self::Cancel => vec![plain(Key::Escape)],
            _ => Vec::new(),
        }
    }

    /// Its keys as a person reads them.
    #[must_use]
    pub fn shortcut_text(self, context: &Context) -> String {
        self.shortcuts().iter().map(|shortcut| context.format_shortcut(shortcut)).collect::<Vec<_>>().join(" or ")
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
            Self::ToggleTheme => {
                let next = if context.theme() == egui::Theme::Dark { ThemePreference::Light } else { ThemePreference::Dark };
                context.set_theme(next);
            }
            Self::Help => workbench.dialogs.is_help_open = !workbench.dialogs.is_help_open,
            Self::Cancel => {
                let is_painting = workbench.case.as_ref().is_some_and(crate::state::open_case::OpenCase::is_painting);
                if is_painting {
                    workbench.cancel_stroke();
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

    /// Does what the keys of this frame ask for, unless they go into a text field.
    pub fn run_pressed(workbench: &mut Workbench, context: &Context) {
        if context.text_edit_focused() {
            return;
        }
        // Most modifiers first, or Ctrl+Shift+Z would be taken for Ctrl+Z.
        let mut bound: Vec<(Self, KeyboardShortcut)> =
            Self::ALL.into_iter().flat_map(|command| command.shortcuts().into_iter().map(move |shortcut| (command, shortcut))).collect();
        bound.sort_by_key(|(_, shortcut)| {
            std::cmp::Reverse(usize::from(shortcut.modifiers.shift) + usize::from(shortcut.modifiers.command))
        });
        for (command, shortcut) in bound {
            if context.input_mut(|input| input.consume_shortcut(&shortcut)) {
                command.run(workbench, context);
            }
        }
        workbench.views.overlay.is_hidden = context.input(|input| input.key_down(Key::S) && input.modifiers.is_none());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key() {
        let mut seen = Vec::new();
        for command in Command::ALL {
            for shortcut in command.shortcuts() {
                assert!(!seen.contains(&shortcut), "{} has the keys of another command", command.title());
                seen.push(shortcut);
            }
        }
    }
}
