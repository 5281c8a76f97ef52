//! The one table of commands: what each is called, where it is listed, the keys it has unless a person chose others.

use egui::{Key, KeyboardShortcut, Modifiers};
use medley_volume::AnatomicalPlane;

use super::Command;
use crate::state::correction::operation::{CombineRule, Operation};
use crate::state::layout::LayoutKind;
use crate::state::tools::ActiveTool;
use crate::texts;

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
        texts::commands::group(self)
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

const fn shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::SHIFT, key)
}

const fn ctrl_shift(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), key)
}

const fn alt(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::ALT, key)
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

const fn layout(kind: LayoutKind, id: &'static str, keys: &'static [KeyboardShortcut]) -> Entry {
    row(Command::Layout(kind), id, texts::layout::kind(kind), Group::Views, keys)
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
    row(Command::SaveMeasurements, "save-measurements", "Save measurements as…", Group::Files, &[]),
    row(Command::CopyMeasurements, "copy-measurements", "Copy measurements", Group::Files, &[]),
    row(Command::SaveFigure, "save-figure", "Save figure…", Group::Files, &[ctrl_shift(Key::F)]),
    row(Command::CopyPicture, "copy-picture", "Copy picture", Group::Files, &[alt(Key::P)]),
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
    operation(Operation::Combine, "merge-labels"),
    row(Command::Combine(CombineRule::Union), "combine-union", "Union with another label", Group::Tools, &[]),
    row(Command::Combine(CombineRule::Subtract), "combine-subtract", "Subtract a label of another mask", Group::Tools, &[]),
    row(Command::Combine(CombineRule::Intersect), "combine-intersect", "Intersect with a label of another mask", Group::Tools, &[]),
    row(Command::Combine(CombineRule::Exclusive), "combine-exclusive", "Exclusive-or with a label of another mask", Group::Tools, &[]),
    row(Command::OpenOperand, "open-operand", "Combine with a mask file…", Group::Tools, &[]),
    operation(Operation::Crop, "crop"),
    row(Command::CopySliceUp, "copy-slice-up", "Copy label to the slice above", Group::Tools, &[ctrl(Key::ArrowUp)]),
    row(Command::CopySliceDown, "copy-slice-down", "Copy label to the slice below", Group::Tools, &[ctrl(Key::ArrowDown)]),
    tool(ActiveTool::Distance, "tool-distance", &[plain(Key::D)]),
    tool(ActiveTool::Angle, "tool-angle", &[plain(Key::A)]),
    tool(ActiveTool::Region, "tool-region", &[plain(Key::E)]),
    row(Command::DeleteMeasurement, "delete-measurement", "Delete the measurement", Group::Tools, &[plain(Key::Delete)]),
    row(Command::SmallerBrush, "smaller-brush", "Smaller brush", Group::Tools, &[plain(Key::Minus)]),
    row(Command::LargerBrush, "larger-brush", "Larger brush", Group::Tools, &[plain(Key::Plus), plain(Key::Equals)]),

    row(Command::PreviousLabel, "previous-label", "Previous label", Group::Labels, &[plain(Key::Comma)]),
    row(Command::NextLabel, "next-label", "Next label", Group::Labels, &[plain(Key::Period)]),
    row(Command::ToggleOutline, "outline", "Labels as outline or fill", Group::Labels, &[plain(Key::G)]),

    row(Command::ResetViews, "reset-views", "Reset views", Group::Views, &[plain(Key::R)]),
    row(Command::ToggleHistogram, "histogram", "Histogram", Group::Views, &[plain(Key::H)]),
    row(Command::WindowFromSlice, "window-from-slice", "Window from this slice", Group::Views, &[plain(Key::W)]),
    row(Command::WindowFromVolume, "window-from-scan", "Window from the whole scan", Group::Views, &[]),
    row(Command::WindowFromLabel, "window-from-label", "Window from the chosen label", Group::Views, &[]),
    row(Command::ToggleColorBar, "color-bar", "Colour bar", Group::Views, &[]),
    row(Command::ToggleConvention, "convention", "Radiological or neurological", Group::Views, &[]),
    row(Command::NextSlab, "next-slab", "Slice, MIP, mean or MinIP", Group::Views, &[plain(Key::T)]),
    row(Command::ThickerSlab, "thicker-slab", "Thicker slab", Group::Views, &[plain(Key::CloseBracket)]),
    row(Command::ThinnerSlab, "thinner-slab", "Thinner slab", Group::Views, &[plain(Key::OpenBracket)]),
    row(Command::ToggleInterpolation, "interpolation", "Linear or nearest voxels", Group::Views, &[plain(Key::I)]),
    row(Command::Turn(AnatomicalPlane::Axial, true), "turn-axial-clockwise", "Turn planes clockwise in the axial view", Group::Views, &[alt(Key::ArrowRight)]),
    row(Command::Turn(AnatomicalPlane::Axial, false), "turn-axial-back", "Turn planes counter-clockwise in the axial view", Group::Views, &[alt(Key::ArrowLeft)]),
    row(Command::Turn(AnatomicalPlane::Sagittal, true), "turn-sagittal-clockwise", "Turn planes clockwise in the sagittal view", Group::Views, &[alt(Key::ArrowDown)]),
    row(Command::Turn(AnatomicalPlane::Sagittal, false), "turn-sagittal-back", "Turn planes counter-clockwise in the sagittal view", Group::Views, &[alt(Key::ArrowUp)]),
    row(Command::Turn(AnatomicalPlane::Coronal, true), "turn-coronal-clockwise", "Turn planes clockwise in the coronal view", Group::Views, &[alt(Key::PageDown)]),
    row(Command::Turn(AnatomicalPlane::Coronal, false), "turn-coronal-back", "Turn planes counter-clockwise in the coronal view", Group::Views, &[alt(Key::PageUp)]),
    row(Command::Straighten, "straighten", "Straighten planes", Group::Views, &[alt(Key::Home)]),
    row(Command::OpenSecond, "open-second", "Second scan from a file…", Group::Views, &[]),
    row(Command::ToggleSecond, "second", "Show or hide the second scan", Group::Views, &[plain(Key::O)]),
    row(Command::RemoveSecond, "remove-second", "Remove the second scan", Group::Views, &[]),
    layout(LayoutKind::Quad, "layout-quad", &[alt(Key::Num1)]),
    layout(LayoutKind::LargeFirst, "layout-large-first", &[alt(Key::Num2)]),
    layout(LayoutKind::LargeLast, "layout-large-last", &[alt(Key::Num3)]),
    layout(LayoutKind::Row, "layout-row", &[alt(Key::Num4)]),
    layout(LayoutKind::AxialAndVolume, "layout-axial-volume", &[alt(Key::Num5)]),
    layout(LayoutKind::Single, "layout-single", &[alt(Key::Num6)]),
    row(Command::NextLargeView, "next-large-view", "Next large view", Group::Views, &[alt(Key::L)]),
    row(Command::NextTab, "next-tab", "Next open case", Group::Views, &[ctrl(Key::Tab)]),
    row(Command::PreviousTab, "previous-tab", "Previous open case", Group::Views, &[ctrl_shift(Key::Tab)]),
    row(Command::CloseTab, "close-tab", "Close this case", Group::Views, &[ctrl(Key::W)]),
    row(Command::Compare, "compare", "Compare with the last case, or end that", Group::Views, &[alt(Key::C)]),
    row(Command::NextCompareMode, "next-compare-mode", "Side by side, curtain or flicker", Group::Views, &[alt(Key::M)]),
    row(Command::LinkHere, "link-here", "Take both crosshairs as the same place", Group::Views, &[alt(Key::H)]),
    row(Command::VolumeSettings, "volume-settings", "3D settings", Group::Views, &[shift(Key::V)]),
    row(Command::ToggleClipBox, "clip-box", "Clipping box in 3D", Group::Views, &[shift(Key::B)]),
    row(Command::ResetClipBox, "reset-clip-box", "Reset the clipping box", Group::Views, &[]),
    row(Command::CutAtCrosshair, "cut-at-crosshair", "Cut 3D at the crosshair", Group::Views, &[shift(Key::X)]),

    row(Command::FineTune, "fine-tune", "Fine-tune", Group::Learning, &[ctrl(Key::T)]),
    row(Command::PauseTraining, "pause-training", "Pause or resume training", Group::Learning, &[]),
    row(Command::StopTraining, "stop-training", "Stop training", Group::Learning, &[]),
    row(Command::Propose, "propose", "Propose", Group::Learning, &[ctrl_shift(Key::P)]),
    row(Command::AcceptProposal, "accept-proposal", "Accept proposal", Group::Learning, &[ctrl(Key::Enter)]),
    row(Command::RejectProposal, "reject-proposal", "Reject proposal", Group::Learning, &[ctrl(Key::Backspace)]),
    row(Command::Weights, "weights", "Weights", Group::Learning, &[ctrl(Key::E)]),

    row(Command::Palette, "palette", "Find a command", Group::Window, &[ctrl(Key::P)]),
    row(Command::Settings, "settings", "Settings…", Group::Window, &[ctrl(Key::Comma)]),
    row(Command::ToggleTheme, "theme", "Light or dark", Group::Window, &[]),
    row(Command::ToggleContrast, "contrast", "High contrast", Group::Window, &[]),
    row(Command::LargerInterface, "larger-interface", "Larger text and buttons", Group::Window, &[ctrl(Key::Plus), ctrl(Key::Equals)]),
    row(Command::SmallerInterface, "smaller-interface", "Smaller text and buttons", Group::Window, &[ctrl(Key::Minus)]),
    row(Command::UsualInterface, "usual-interface", "Usual size of text and buttons", Group::Window, &[ctrl(Key::Num0)]),
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
