//! What the 3D view shows of a scan, beside its camera.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::clip_box::ClipBox;
use super::transfer::Transfers;
use crate::render::Palette;

/// What the 3D view shows of a scan and its labels, and which of its settings is in the hand.
#[derive(Debug, Clone)]
pub struct VolumeLook {
    /// Colour and opacity of values.
    pub transfers: Transfers,
    /// The point of the curve that keys move.
    pub selected_point: Option<usize>,
    /// Whether surfaces in the scan are lit.
    pub is_lit: bool,
    /// What is cut away.
    pub clip: ClipBox,
    /// Whether the window of settings is open.
    pub is_settings_open: bool,
    label_opacity: BTreeMap<u16, f32>,
    /// The palette it was made from, and with the labels' opacities.
    palette: Option<(Arc<Palette>, Arc<Palette>)>,
}

impl Default for VolumeLook {
    fn default() -> Self {
        Self {
            transfers: Transfers::default(),
            selected_point: None,
            is_lit: true,
            clip: ClipBox::default(),
            is_settings_open: false,
            label_opacity: BTreeMap::new(),
            palette: None,
        }
    }
}

impl VolumeLook {
    /// How solid a label is, 0 … 1.
    #[must_use]
    pub fn label_opacity(&self, label: u16) -> f32 {
        self.label_opacity.get(&label).copied().unwrap_or(1.0)
    }

    /// Makes a label more or less solid.
    pub fn set_label_opacity(&mut self, label: u16, opacity: f32) {
        if opacity >= 1.0 {
            self.label_opacity.remove(&label);
        } else {
            self.label_opacity.insert(label, opacity.max(0.0));
        }
        self.palette = None;
    }

    /// The colours of labels with their opacities; the same until either changes.
    pub fn palette(&mut self, colors: &Arc<Palette>) -> Arc<Palette> {
        if self.label_opacity.is_empty() {
            return Arc::clone(colors);
        }
        if let Some((from, made)) = &self.palette
            && Arc::ptr_eq(from, colors)
        {
            return Arc::clone(made);
        }
        let made = Arc::new(colors.with_opacities(&self.label_opacity));
        self.palette = Some((Arc::clone(colors), Arc::clone(&made)));
        made
    }
}

#[cfg(test)]
mod tests {
    use medley_volume::LabelTable;

    use super::*;

    #[test]
    fn the_palette_is_made_anew_only_when_something_changed() {
        let mut look = VolumeLook::default();
        let colors = Arc::new(Palette::of(&LabelTable::from_names([(3, "liver")])));
        assert!(Arc::ptr_eq(&look.palette(&colors), &colors));
        look.set_label_opacity(3, 0.5);
        let made = look.palette(&colors);
        assert_eq!(made.color(3)[3], 128);
        assert_eq!(made.color(4)[3], 255);
        assert!(Arc::ptr_eq(&look.palette(&colors), &made));
        let others = Arc::new(Palette::of(&LabelTable::default()));
        assert!(!Arc::ptr_eq(&look.palette(&others), &made));
        look.set_label_opacity(3, 1.0);
        assert!(Arc::ptr_eq(&look.palette(&colors), &colors));
    }
}
