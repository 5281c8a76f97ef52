//! The one table of commands: what each is called, where it is listed, the keys it has unless a person chose others.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::Command;
use crate::state::correction::operation::Operation;
use crate::state::tools::ActiveTool;

/// What belongs together on the page of shortcuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Scans, studies, masks.
    Files,
    /// Undo and its like.
    Edit,
    /// Tools.
    Tools,
    /// The label that is painted.
    Labels,
    /// How a scan is looked at.
    Views,
    /// Models, proposals, training.
    Learning,
    /// The window itself.
    Window,
}

impl Group {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 7] = [Self::Files, Self::Edit, Self::Tools, Self::Labels, Self::Views, Self::Learning, Self::Window];

    /// Its heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Files => "Files",
            Self::Edit => "Changes",
            Self::Tools => "Tools",
            Self::Labels => "Labels",
            Self::Views => "Views",
            Self::Learning => "Learning",
            Self::Window => "Window",
        }
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Entry {
    /// What it does.
    pub command: Command,
    /// Its name in settings: never changes.
    pub id: &'static str,
    /// What it is called on buttons and in menus.
    pub title: &'static str,
    /// Where it is listed.
    pub group: Group,
    /// Its keys unless a person chose others.
    pub keys: &'static [KeyboardShortcut],
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn row(command: Command, id: &'static str, title: &'static str, group: Group, keys: &'static [KeyboardShortcut]) -> Entry {
    Entry { command, id, title, group, keys }
}

const fn tool(tool: ActiveTool, id: &'static str, keys: &'static [KeyboardShortcut]) -> Entry {
    row(Command::Take(tool), id, tool.name(), Group::Tools, keys)
}

const fn operation(operation: Operation, id: &'static str) -> Entry {
    row(Command::Choose(operation), id, operation.name(), Group::Tools, &[])
}

/// All commands, in the order they are listed.
#[rustfmt::skip]
pub const TABLE: &[Entry] = &[
    row(Command::OpenScan, "open-scan", "Open scan…", Group::Files, &[ctrl(Key::O)]),
    row(Command::OpenStudy, "open-study", "Open study…", Group::Files, &[]),
    row(Command::NewStudy, "new-study", "New study…", Group::Files, &[]),
    row(Command::OpenSample, "open-sample", "Open the sample study", Group::Files, &[]),
    row(Command::SaveMask, "save-mask", "Save mask", Group::Files, &[ctrl(Key::S)]),
    row(Command::ExportMask, "export-mask", "Save mask as…", Group::Files, &[ctrl_shift(Key::S)]),
    row(Command::ImportMask, "import-mask", "Read mask…", Group::Files, &[]),
    row(Command::ExportLabels, "export-labels", "Save label names as…", Group::Files, &[]),
    row(Command::ImportLabels, "import-labels", "Read label names…", Group::Files, &[]),
    row(Command::SaveProvenance, "save-provenance", "Save provenance as…", Group::Files, &[]),

    row(Command::Undo, "undo", "Undo", Group::Edit, &[ctrl(Key::Z)]),
    row(Command::Redo, "redo", "Redo", Group::Edit, &[ctrl_shift(Key::Z), ctrl(Key::Y)]),
    row(Command::Apply, "apply", "Apply", Group::Edit, &[plain(Key::Enter)]),
    row(Command::TakePointBack, "take-point-back", "Take the last point of a contour back", Group::Edit, &[plain(Key::Backspace)]),
    row(Command::Provenance, "provenance", "Provenance", Group::Edit, &[ctrl(Key::I)]),
    row(Command::Cancel, "cancel", "Cancel", Group::Edit, &[plain(Key::Escape)]),

    tool(ActiveTool::Crosshair, "tool-crosshair", &[plain(Key::Num1)]),
    tool(ActiveTool::WindowLevel, "tool-window-level", &[plain(Key::Num2)]),
    tool(ActiveTool::Brush, "tool-brush", &[plain(Key::Num3)]),
    tool(ActiveTool::Eraser, "tool-eraser", &[plain(Key::Num4)]),
    tool(ActiveTool::Contour, "tool-contour", &[plain(Key::Num5)]),
    tool(ActiveTool::Fill, "tool-fill", &[plain(Key::Num6)]),
    tool(ActiveTool::Grow, "tool-grow", &[plain(Key::Num7)]),
    tool(ActiveTool::LiveWire, "tool-live-wire", &[plain(Key::Num8)]),
    operation(Operation::Threshold, "threshold"),
    operation(Operation::Islands, "islands"),
    operation(Operation::Smooth, "smooth"),
    operation(Operation::Margin, "margin"),
    operation(Operation::Interpolate, "interpolate-slices"),
    operation(Operation::FillHoles, "fill-holes"),
    operation(Operation::Hollow, "hollow"),
    operation(Operation::Merge, "merge-labels"),
    operation(Operation::Crop, "crop"),
    row(Command::CopySliceUp, "copy-slice-up", "Copy label to the slice above", Group::Tools, &[ctrl(Key::ArrowUp)]),
    row(Command::CopySliceDown, "copy-slice-down", "Copy label to the slice below", Group::Tools, &[ctrl(Key::ArrowDown)]),
    row(Command::SmallerBrush, "smaller-brush", "Smaller brush", Group::Tools, &[plain(Key::Minus)]),
    row(Command::LargerBrush, "larger-brush", "Larger brush", Group::Tools, &[plain(Key::Plus), plain(Key::Equals)]),

    row(Command::PreviousLabel, "previous-label", "Previous label", Group::Labels, &[plain(Key::Comma)]),
    row(Command::NextLabel, "next-label", "Next label", Group::Labels, &[plain(Key::Period)]),
    row(Command::ToggleOutline, "outline", "Labels as outline or fill", Group::Labels, &[plain(Key::G)]),

    row(Command::ResetViews, "reset-views", "Reset views", Group::Views, &[plain(Key::R)]),
    row(Command::ToggleConvention, "convention", "Radiological or neurological", Group::Views, &[]),

    row(Command::FineTune, "fine-tune", "Fine-tune", Group::Learning, &[ctrl(Key::T)]),
    row(Command::PauseTraining, "pause-training", "Pause or resume training", Group::Learning, &[]),
    row(Command::StopTraining, "stop-training", "Stop training", Group::Learning, &[]),
    row(Command::Propose, "propose", "Propose", Group::Learning, &[ctrl_shift(Key::P)]),
    row(Command::AcceptProposal, "accept-proposal", "Accept proposal", Group::Learning, &[ctrl(Key::Enter)]),
    row(Command::RejectProposal, "reject-proposal", "Reject proposal", Group::Learning, &[ctrl(Key::Backspace)]),
    row(Command::Weights, "weights", "Weights", Group::Learning, &[ctrl(Key::E)]),

    row(Command::ToggleTheme, "theme", "Light or dark", Group::Window, &[]),
    row(Command::Help, "help", "Keyboard and mouse", Group::Window, &[plain(Key::F1)]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_commands_share_a_key_a_name_or_a_row() {
        let (mut keys, mut ids, mut commands) = (Vec::new(), Vec::new(), Vec::new());
        for entry in TABLE {
            for key in entry.keys {
                assert!(!keys.contains(key), "{} has the keys of another command", entry.title);
                keys.push(*key);
            }
            assert!(!ids.contains(&entry.id) && !commands.contains(&entry.command), "{} is there twice", entry.id);
            ids.push(entry.id);
            commands.push(entry.command);
        }
    }

    #[test]
    fn rows_of_a_group_stand_together() {
        let mut groups: Vec<Group> = TABLE.iter().map(|entry| entry.group).collect();
        groups.dedup();
        assert_eq!(groups, Group::ALL);
    }
}
