//! What a person set for this program on this machine, and the file it is kept in.
//!
//! # Map
//! - this file: what can be set; `text`: the same as JSON, read leniently; `keeper`: the file and the thread that writes it
//!
//! # Invariants
//! 1. A setting that this version does not know is written back as it was read.
//! 2. A damaged file is set aside, never written over.

mod keeper;
mod text;

pub use keeper::Keeper;

use serde_json::{Map, Value};

use super::layout::Layout;
use super::transfer::Transfers;
use crate::command::Keymap;

/// Which theme is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ThemeChoice {
    /// Dark, for reading scans.
    #[default]
    Dark,
    /// Light, where the room is bright.
    Light,
    /// What the system says.
    System,
}

impl ThemeChoice {
    /// All of them, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::System];
}

/// The mouse button that paints; the other one erases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PaintingButton {
    /// The left button.
    #[default]
    Left,
    /// The right button, as left-handed readers may want it.
    Right,
}

impl PaintingButton {
    /// Both, in the order they are offered.
    pub const ALL: [Self; 2] = [Self::Left, Self::Right];
}

/// What a person set.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Dark, light or as the system.
    pub theme: ThemeChoice,
    /// Stronger contrast in either theme.
    pub is_high_contrast: bool,
    /// The size of everything in the window, in percent of the usual.
    pub scale_percent: u16,
    /// Nothing slides or fades.
    pub is_motion_reduced: bool,
    /// Labels are drawn in colours that colour-blind readers can tell apart, whatever their own are.
    pub has_safe_label_colors: bool,
    /// The mouse button that paints.
    pub painting_button: PaintingButton,
    /// Turning the wheel towards oneself shows the previous slice.
    pub is_wheel_reversed: bool,
    /// A pen's pressure changes the size of the brush, from one place of a stroke to the next.
    pub has_pen_pressure: bool,
    /// Memory for open cases, GiB; `None` for a quarter of the machine's.
    pub open_cases_gib: Option<f64>,
    /// How the views share the window.
    pub layout: Layout,
    /// The curves of the 3D view.
    pub transfers: Transfers,
    /// Keys that are not the table's.
    pub keymap: Keymap,
    /// What was done last from the command palette, newest first.
    pub recent: Vec<String>,
    /// Settings of other versions.
    unknown: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: ThemeChoice::default(),
            is_high_contrast: false,
            scale_percent: 100,
            is_motion_reduced: false,
            has_safe_label_colors: false,
            painting_button: PaintingButton::default(),
            is_wheel_reversed: false,
            has_pen_pressure: false,
            open_cases_gib: None,
            layout: Layout::default(),
            transfers: Transfers::default(),
            keymap: Keymap::default(),
            recent: Vec::new(),
            unknown: Map::new(),
        }
    }
}

/// More would push what is seldom done far down the palette.
const MOST_RECENT: usize = 12;

impl Settings {
    /// Smallest and largest size of the window's contents, in percent.
    pub const SCALE_RANGE: std::ops::RangeInclusive<u16> = 75..=250;

    /// Least and most memory that can be set for open cases, GiB.
    pub const OPEN_CASES_RANGE_GIB: std::ops::RangeInclusive<f64> = 0.5..=4096.0;

    /// The next of the usual sizes above, or below for negative `steps`.
    pub fn step_scale(&mut self, steps: isize) {
        const SIZES: [u16; 12] = [75, 80, 90, 100, 110, 125, 140, 150, 175, 200, 225, 250];
        let next = if steps > 0 {
            SIZES.into_iter().find(|&size| size > self.scale_percent)
        } else {
            SIZES.into_iter().rev().find(|&size| size < self.scale_percent)
        };
        self.scale_percent = next.unwrap_or(self.scale_percent);
    }

    /// Everything as in a new program, but for what only another version knows.
    pub fn reset(&mut self) {
        *self = Self { unknown: std::mem::take(&mut self.unknown), recent: std::mem::take(&mut self.recent), ..Self::default() };
    }

    /// Memory for open cases, bytes, where somebody set it.
    #[must_use]
    pub fn open_cases_bytes(&self) -> Option<u64> {
        self.open_cases_gib.map(|gib| (gib * f64::from(1u32 << 30)) as u64)
    }

    /// Remembers that something of the palette was done.
    pub fn remember_done(&mut self, id: &str) {
        self.recent.retain(|other| other != id);
        self.recent.insert(0, id.to_owned());
        self.recent.truncate(MOST_RECENT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_go_up_and_down_within_their_range() {
        let mut settings = Settings::default();
        settings.step_scale(1);
        assert_eq!(settings.scale_percent, 110);
        (0..20).for_each(|_| settings.step_scale(1));
        assert_eq!(settings.scale_percent, *Settings::SCALE_RANGE.end());
        (0..20).for_each(|_| settings.step_scale(-1));
        assert_eq!(settings.scale_percent, *Settings::SCALE_RANGE.start());
    }

    #[test]
    fn what_was_done_last_comes_first_and_once() {
        let mut settings = Settings::default();
        (0..30).for_each(|n| settings.remember_done(&format!("{}", n % 14)));
        assert_eq!(settings.recent.len(), MOST_RECENT);
        assert_eq!(settings.recent[..2], ["1", "0"]);
    }
}
