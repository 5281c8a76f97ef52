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
use crate::state::correction::operation::{CombineRule, Operation};
use crate::state::layout::LayoutKind;
use crate::state::measure::WindowSource;
use crate::state::settings::ThemeChoice;
use crate::state::slab::Slab;
use crate::state::tools::ActiveTool;
use crate::state::training::TrainingRun;
use crate::state::turning::KEY_TURN;
use crate::state::workbench::Workbench;
use crate::texts::{self, slices};

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
    /// Show how the active label and another one are put together.
    Combine(CombineRule),
    /// Choose a mask file whose labels the active one is combined with.
    OpenOperand,
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
    /// A slice, or a slab of the next kind.
    NextSlab,
    /// A thicker slab.
    ThickerSlab,
    /// A thinner slab.
    ThinnerSlab,
    /// Linear between voxels, or the nearest one.
    ToggleInterpolation,
    /// Turn the other two planes as seen in this one; clockwise or not.
    Turn(medley_volume::AnatomicalPlane, bool),
    /// All planes along the scan's own axes.
    Straighten,
    /// Choose a scan to lie over the open one.
    OpenSecond,
    /// Show the second scan or not.
    ToggleSecond,
    /// Take the second scan away.
    RemoveSecond,
    /// Let the views stand like this.
    Layout(LayoutKind),
    /// Another view becomes the large one.
    NextLargeView,
    /// The next open case.
    NextTab,
    /// The previous open case.
    PreviousTab,
    /// Close the open case.
    CloseTab,
    /// Look at the open case beside another one, or end that.
    Compare,
    /// Side by side, curtain or flicker.
    NextCompareMode,
    /// Take both crosshairs of a comparison as the same place.
    LinkHere,
    /// Take the chosen measurement out of the list.
    DeleteMeasurement,
    /// Write measurements and label volumes as a table.
    SaveMeasurements,
    /// Copy them to paste them in another program.
    CopyMeasurements,
    /// The histogram and the window over it.
    ToggleHistogram,
    /// The bar of greys at the edge of slices.
    ToggleColorBar,
    /// A window from all values of the scan.
    WindowFromVolume,
    /// A window from the values of a slice.
    WindowFromSlice,
    /// A window from the values under the chosen label.
    WindowFromLabel,
    /// Save a view as a picture.
    SaveFigure,
    /// Copy what is on the screen as a picture.
    CopyPicture,
    /// The window of the 3D view's settings.
    VolumeSettings,
    /// The clipping box cuts the 3D view, or not.
    ToggleClipBox,
    /// The clipping box is the whole volume again.
    ResetClipBox,
    /// The 3D view is cut at the crosshair, or not.
    CutAtCrosshair,
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
            Self::Layout(_) | Self::NextLargeView | Self::CloseTab => unless(case.is_some(), "Open a scan first."),
            Self::NextTab | Self::PreviousTab => unless(workbench.tabs.order().len() > 1, crate::texts::compare::NOTHING_BESIDE),
            Self::Compare => workbench.compare_obstacle(),
            Self::NextCompareMode | Self::LinkHere => unless(workbench.comparison.is_some(), crate::texts::compare::NOTHING_COMPARED),
            Self::VolumeSettings | Self::ToggleClipBox | Self::CutAtCrosshair => unless(case.is_some(), "Open a scan first."),
            Self::ResetClipBox => unless(!workbench.views.volume_look.clip.is_whole(), "The clipping box is the whole volume."),
            Self::ImportLabels if workbench.read_only_obstacle().is_some() => workbench.read_only_obstacle(),
            Self::ExportLabels | Self::ImportLabels | Self::SaveProvenance => unless(workbench.study.is_some(), "Open a study first."),
            Self::Undo if workbench.undoes_measurements() => unless(workbench.measure.can_undo(), "There is no measurement to undo."),
            Self::Redo if workbench.undoes_measurements() => unless(workbench.measure.can_redo(), "There is no measurement to redo."),
            Self::CopyMeasurements => unless(workbench.has_measurements(), texts::clipboard::NO_MEASUREMENTS),
            Self::DeleteMeasurement => unless(workbench.measure.selected.is_some(), "Choose a measurement first."),
            Self::SaveMeasurements
            | Self::ToggleHistogram
            | Self::ToggleColorBar
            | Self::WindowFromVolume
            | Self::WindowFromLabel
            | Self::CopyPicture
            | Self::SaveFigure => unless(case.is_some(), "Open a scan first."),
            Self::WindowFromSlice => unless(workbench.measure.slice.is_some(), "Point at a slice first."),
            Self::Undo => unless(case.is_some_and(|case| case.history.can_undo() && case.may_paint()), "There is nothing to undo."),
            Self::Redo => unless(case.is_some_and(|case| case.history.can_redo() && case.may_paint()), "There is nothing to redo."),
            Self::Choose(_) | Self::Combine(_) | Self::OpenOperand => unless(case.is_some(), "Open a scan first."),
            Self::CopySliceUp | Self::CopySliceDown => unless(case.is_some(), "Open a scan first."),
            Self::Apply => {
                let correction = &workbench.correction;
                unless(correction.draft.is_some() || correction.preview.is_some(), "There is nothing to apply.")
            }
            Self::TakePointBack => unless(workbench.correction.draft.is_some(), "No contour is being drawn."),
            Self::NextSlab | Self::ThickerSlab | Self::ThinnerSlab | Self::Turn(..) | Self::OpenSecond => {
                unless(case.is_some(), "Open a scan first.")
            }
            Self::Straighten => unless(case.is_some() && workbench.views.is_turned(), slices::NOT_TURNED),
            Self::ToggleSecond | Self::RemoveSecond => unless(workbench.second.is_some(), slices::NO_SECOND),
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
                | Self::Combine(_)
                | Self::OpenOperand
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
            Self::Undo if workbench.undoes_measurements() => workbench.measure.undo(),
            Self::Redo if workbench.undoes_measurements() => workbench.measure.redo(),
            Self::DeleteMeasurement => {
                if let Some(number) = workbench.measure.selected {
                    workbench.delete_measurement(number);
                }
            }
            Self::SaveMeasurements => choose(workbench, Purpose::SaveMeasurements, Some("measurements.csv")),
            Self::ToggleHistogram => workbench.measure.is_histogram_open = !workbench.measure.is_histogram_open,
            Self::ToggleColorBar => workbench.measure.shows_color_bar = !workbench.measure.shows_color_bar,
            Self::WindowFromVolume => workbench.find_window(WindowSource::Volume),
            Self::WindowFromSlice => {
                if let Some(plane) = workbench.measure.slice {
                    workbench.find_window(WindowSource::Slice(plane));
                }
            }
            Self::WindowFromLabel => workbench.find_window(WindowSource::Label(workbench.active_label)),
            Self::SaveFigure => workbench.figure.open(),
            Self::CopyPicture => workbench.copy_picture(context),
            Self::CopyMeasurements => workbench.copy_measurements(),
            Self::Provenance => workbench.toggle_provenance(),
            Self::SaveProvenance => choose(workbench, Purpose::SaveProvenance, Some("provenance.csv")),
            Self::Undo => workbench.undo(),
            Self::Redo => workbench.redo(),
            Self::Take(tool) => workbench.take(tool),
            Self::Choose(operation) => workbench.choose_operation(operation),
            Self::Combine(rule) => workbench.combine(rule),
            Self::OpenOperand => choose(workbench, Purpose::Operand, None),
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
            Self::NextSlab => workbench.views.slabs.change(Slab::next),
            Self::ThickerSlab => workbench.views.slabs.change(|slab| slab.thickened(1)),
            Self::ThinnerSlab => workbench.views.slabs.change(|slab| slab.thickened(-1)),
            Self::ToggleInterpolation => workbench.views.is_interpolated = !workbench.views.is_interpolated,
            Self::Turn(plane, is_clockwise) => workbench.turn_planes(plane, if is_clockwise { KEY_TURN } else { -KEY_TURN }),
            Self::Straighten => workbench.straighten_planes(),
            Self::OpenSecond => choose(workbench, Purpose::OpenSecond, None),
            Self::ToggleSecond => workbench.toggle_second(),
            Self::RemoveSecond => workbench.remove_second(),
            Self::Layout(kind) => {
                workbench.shown_layout_mut().kind = kind;
                workbench.views.maximised = None;
            }
            Self::NextLargeView => workbench.shown_layout_mut().step_main(),
            Self::NextTab => workbench.step_tab(1),
            Self::PreviousTab => workbench.step_tab(-1),
            Self::CloseTab => {
                if let Some(id) = workbench.case.as_ref().map(|case| case.id) {
                    workbench.close_tab(id);
                }
            }
            Self::Compare => workbench.toggle_comparison(),
            Self::NextCompareMode => {
                if let Some(comparison) = &mut workbench.comparison {
                    comparison.mode = comparison.mode.next();
                }
            }
            Self::LinkHere => workbench.link_here(),
            Self::VolumeSettings => workbench.views.volume_look.is_settings_open ^= true,
            Self::ToggleClipBox => workbench.views.volume_look.clip.is_on ^= true,
            Self::ResetClipBox => workbench.views.volume_look.clip.reset(),
            Self::CutAtCrosshair => workbench.views.volume_look.clip.follows_crosshair ^= true,
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
                } else if workbench.drop_preview() {
                    // That was it.
                } else if workbench.hands.close() {
                    // What lies on top is closed; what lies under it goes on.
                } else if workbench.measure.cancel() || workbench.figure.close() {
                } else if workbench.loading.is_some() {
                    workbench.stop_opening();
                } else if workbench.volume_choice.take().is_none()
                    && workbench.checked_set.take().is_none()
                    && !workbench.dialogs.close()
                    && !std::mem::take(&mut workbench.weights_page.is_open)
                    && workbench.views.maximised.take().is_none()
                    && !std::mem::take(&mut workbench.views.volume_look.is_settings_open)
                    && !std::mem::take(&mut workbench.provenance.is_open)
                {
                    workbench.leave_comparison();
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
