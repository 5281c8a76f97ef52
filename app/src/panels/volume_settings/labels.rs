//! How solid each label is in the 3D view.

use egui::{Color32, Label, Rect, Sense, Slider, Ui, vec2};

use crate::panels::widgets::{empty_hint, list_row, named};
use crate::state::workbench::Workbench;
use crate::texts::volume as texts;

pub(super) fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let labels = workbench.study.as_ref().map(|study| study.labels.labels()).unwrap_or_default();
    if labels.is_empty() {
        empty_hint(ui, texts::NO_LABELS);
    }
    for label in labels {
        let look = &mut workbench.views.volume_look;
        let mut opacity = look.label_opacity(label.value) * 100.0;
        let before = opacity;
        list_row(
            ui,
            &mut opacity,
            |ui, _| {
                let (rect, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
                let [red, green, blue] = label.color;
                ui.painter().rect_filled(Rect::from_center_size(rect.center(), vec2(11.0, 11.0)), 2.0, Color32::from_rgb(red, green, blue));
            },
            |ui, opacity| {
                ui.spacing_mut().slider_width = 90.0;
                let slider = ui.add(Slider::new(opacity, 0.0..=100.0).suffix(" %").max_decimals(0));
                named(&slider, &texts::label_opacity(&label.name));
            },
            |ui, _| {
                ui.add(Label::new(&label.name).truncate());
            },
        );
        if opacity != before {
            look.set_label_opacity(label.value, opacity / 100.0);
        }
    }
}
