//! Every action of the user once: its title, its shortcuts, whether it can be done now, and doing it.
//!
//! # Map
//! - this file: what the actions are, what stands in their way, and doing them
//! - `table`: title, group and usual keys of each; `keymap`: the keys a person chose instead

mod keymap;
mod table;

pub use keymap::Keymap;
pub use table::{Entry, Group, TABLE};

use egui::{Context, Key, KeyboardShortcut, ThemePreference};

use crate::dialogs::Purpose;
use crate::state::correction::operation::Operation;
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
    /// The page of who did what.
    Provenance,
    /// Write who did what to a file.
    SaveProvenance,
    /// Take a tool.
    Take(ActiveTool),
    /// Show the options of an operation and what it would do.
    Choose(Operation),
    /// Do what is shown, or close the contour.
    Apply,
    /// Take the last point of a contour back.
    TakePointBack,
    /// The active label of this slice in the next one towards the head.
    CopySliceUp,
    /// The active label of this slice in the next one towards the feet.
    CopySliceDown,
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
        if self.changes_mask()
            && let Some(why) = workbench.change_obstacle()
        {
            return Some(why);
        }
        let unless = |is_possible: bool, why: &'static str| (!is_possible).then_some(why);
        let case = workbench.case.as_ref();
        let is_training = workbench.training.as_ref().is_some_and(TrainingRun::is_active);
        match self {
            Self::SaveMask | Self::ExportMask | Self::ImportMask | Self::ResetViews => unless(case.is_some(), "Open a scan first."),
            Self::ImportLabels if workbench.read_only_obstacle().is_some() => workbench.read_only_obstacle(),
            Self::ExportLabels | Self::ImportLabels | Self::SaveProvenance => unless(workbench.study.is_some(), "Open a study first."),
            Self::Undo => unless(case.is_some_and(|case| case.history.can_undo() && case.may_paint()), "There is nothing to undo."),
            Self::Redo => unless(case.is_some_and(|case| case.history.can_redo() && case.may_paint()), "There is nothing to redo."),
            Self::Choose(_) | Self::CopySliceUp | Self::CopySliceDown => unless(case.is_some(), "Open a scan first."),
            Self::Apply => {
                let correction = &workbench.correction;
                unless(correction.draft.is_some() || correction.preview.is_some(), "There is nothing to apply.")
            }
            Self::TakePointBack => unless(workbench.correction.draft.is_some(), "No contour is being drawn."),
            Self::FineTune => workbench.fine_tune_obstacle(),
            Self::PauseTraining | Self::StopTraining => unless(is_training, "No training is running."),
            Self::Propose => workbench.propose_obstacle(),
            Self::AcceptProposal | Self::RejectProposal => {
                unless(case.is_some_and(|case| case.proposal.is_some()), "There is no proposal.")
            }
            _ => None,
        }
    }

    /// Whether it changes the open mask, or is of no use but for that.
    fn changes_mask(self) -> bool {
        matches!(
            self,
            Self::SaveMask
                | Self::ImportMask
                | Self::Undo
                | Self::Redo
                | Self::Choose(_)
                | Self::Apply
                | Self::CopySliceUp
                | Self::CopySliceDown
                | Self::AcceptProposal
        )
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
            Self::Provenance => workbench.toggle_provenance(),
            Self::SaveProvenance => choose(workbench, Purpose::SaveProvenance, Some("provenance.csv")),
            Self::Undo => workbench.undo(),
            Self::Redo => workbench.redo(),
            Self::Take(tool) => workbench.take(tool),
            Self::Choose(operation) => workbench.choose_operation(operation),
            Self::Apply => workbench.apply_preview(),
            Self::TakePointBack => workbench.take_contour_point_back(),
            Self::CopySliceUp => workbench.copy_slice(medley_volume::AnatomicalPlane::Axial, 1),
            Self::CopySliceDown => workbench.copy_slice(medley_volume::AnatomicalPlane::Axial, -1),
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
                } else if workbench.drop_preview() {
                    // That was it.
                } else if workbench.loading.is_some() {
                    workbench.stop_opening();
                } else if workbench.volume_choice.take().is_none()
                    && workbench.checked_set.take().is_none()
                    && !workbench.dialogs.close()
                    && !std::mem::take(&mut workbench.weights_page.is_open)
                    && !std::mem::take(&mut workbench.provenance.is_open)
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
        let keymap = Keymap::of(context);
        let keys_of = |entry: &Entry| keymap.keys(entry.command).into_iter().map(|shortcut| (entry.command, shortcut)).collect::<Vec<_>>();
        let mut bound: Vec<(Self, KeyboardShortcut)> = TABLE.iter().flat_map(keys_of).collect();
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
