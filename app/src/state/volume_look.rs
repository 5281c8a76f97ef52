//! How the 3D view looks at a scan, beside its camera.

use std::collections::BTreeMap;

use super::clip_box::ClipBox;
use super::transfer::Transfers;

/// What the 3D view shows of a scan and its labels, and which of its settings is in the hand.
#[derive(Debug, Clone, PartialEq)]
pub struct VolumeLook {
    /// Colour and opacity of values.
    pub transfers: Transfers,
    /// The point of the curve that keys move.
    pub selected_point: Option<usize>,
    /// Whether surfaces in the scan are lit.
    pub is_lit: bool,
    /// What is cut away.
    pub clip: ClipBox,
    /// How solid labels are, 0 … 1, where it is not fully.
    pub label_opacity: BTreeMap<u16, f32>,
    /// Whether the window of settings is open.
    pub is_settings_open: bool,
}

impl Default for VolumeLook {
    fn default() -> Self {
        Self {
            transfers: Transfers::default(),
            selected_point: None,
            is_lit: true,
            clip: ClipBox::default(),
            label_opacity: BTreeMap::new(),
            is_settings_open: false,
        }
    }
}
