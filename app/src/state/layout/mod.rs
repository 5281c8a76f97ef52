//! How the views share the window: which of them are shown, how they stand, and where the lines between them are.
//!
//! # Map
//! - this file: the choice, and what of it is remembered; `arrange`: the rectangles

mod arrange;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use arrange::{Arrangement, Cell, Divider, GAP, is_wide, picture};

use super::view::ViewKind;

/// How many views are shown, and how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LayoutKind {
    /// All four, two by two.
    Quad,
    /// One large, the other three beside it on the right.
    LargeFirst,
    /// One large, the other three beside it on the left.
    LargeLast,
    /// The three slices in a row.
    Row,
    /// Axial slices and the 3D view.
    AxialAndVolume,
    /// One.
    Single,
}

impl LayoutKind {
    /// All of them, in the order they are listed.
    pub const ALL: [Self; 6] = [Self::Quad, Self::LargeFirst, Self::LargeLast, Self::Row, Self::AxialAndVolume, Self::Single];

    /// Whether one of its views can be chosen to be the large or only one.
    #[must_use]
    pub fn has_main(self) -> bool {
        matches!(self, Self::LargeFirst | Self::LargeLast | Self::Single)
    }
}

/// The layout of the views, as a person chose it. Settings can keep it: what is missing or makes no sense in them is as at first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// How many views are shown, and how they stand.
    pub kind: LayoutKind,
    /// The large or only one, where there is one.
    pub main: ViewKind,
    cuts: Cuts,
}

/// Where the lines between the views are, as parts of the whole width or height. Of each kind its own, so that one that is
/// chosen again is as it was left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Cuts {
    quad: [f32; 2],
    large: f32,
    small: [f32; 2],
    row: [f32; 2],
    pair: f32,
}

impl Default for Cuts {
    fn default() -> Self {
        let thirds = [1.0 / 3.0, 2.0 / 3.0];
        Self { quad: [0.5; 2], large: 0.7, small: thirds, row: thirds, pair: 0.5 }
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self::of(LayoutKind::Quad)
    }
}

impl Layout {
    /// A kind with its lines where they are at first.
    #[must_use]
    pub fn of(kind: LayoutKind) -> Self {
        Self { kind, main: ViewKind::Axial, cuts: Cuts::default() }
    }

    /// The views it shows, the main one first where there is one.
    #[must_use]
    pub fn views(&self) -> Vec<ViewKind> {
        match self.kind {
            LayoutKind::Quad => ViewKind::ALL.to_vec(),
            LayoutKind::LargeFirst | LayoutKind::LargeLast => {
                let others = ViewKind::ALL.into_iter().filter(|view| *view != self.main);
                std::iter::once(self.main).chain(others).collect()
            }
            LayoutKind::Row => vec![ViewKind::Axial, ViewKind::Sagittal, ViewKind::Coronal],
            LayoutKind::AxialAndVolume => vec![ViewKind::Axial, ViewKind::Volume],
            LayoutKind::Single => vec![self.main],
        }
    }

    /// The next view becomes the large or only one; a layout without one becomes the single view.
    pub fn step_main(&mut self) {
        if !self.kind.has_main() {
            self.kind = LayoutKind::Single;
            return;
        }
        let at = ViewKind::ALL.iter().position(|view| *view == self.main).unwrap_or(0);
        self.main = ViewKind::ALL[(at + 1) % ViewKind::ALL.len()];
    }
}
