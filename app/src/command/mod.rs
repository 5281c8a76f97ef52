//! Every action of the user once: its title, its shortcuts, whether it can be done now, and doing it.
//!
//! # Map
//! - this file: what the actions are; `obstacle`: what stands in their way; `run`: doing them; `pressed`: doing what keys ask for
//! - `table`: title, group and usual keys of each; `keymap`: the keys a person chose instead
//! - [`search`]: finding one by a few letters

mod keymap;
mod obstacle;
#[cfg(test)]
mod page;
mod pressed;
mod run;
pub mod search;
mod table;

pub use keymap::{Keymap, Reserved, reserved};
pub use table::{Entry, Group, TABLE};

use egui::Context;

use crate::state::correction::operation::{CombineRule, Operation};
use crate::state::layout::LayoutKind;
use crate::state::tools::ActiveTool;
use crate::texts::commands as texts;

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
        let keys: Vec<String> = Keymap::of(context).keys(self).iter().map(|shortcut| context.format_shortcut(shortcut)).collect();
        texts::either_of(&keys)
    }

    /// What its tooltip says: title and keys.
    #[must_use]
    pub fn tooltip(self, context: &Context) -> String {
        self.hint(self.title(), context)
    }

    /// What a tooltip says that explains it in other words: these, and its keys.
    #[must_use]
    pub fn hint(self, words: &str, context: &Context) -> String {
        texts::with_keys(words, &self.shortcut_text(context))
    }
}
