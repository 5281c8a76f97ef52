//! The window of the 3D view's settings.
//!
//! # Map
//! - this file: the window, presets, what is over all; `curve`: the curve in the hand; `point`: its chosen point in numbers
//! - `clip`: the clipping box; `labels`: how solid each label is

mod clip;
mod curve;
mod labels;
mod point;

use egui::{ComboBox, DragValue, ScrollArea, Slider, Ui, Window};
use medley_volume::Quantity;

use super::widgets::heading;
use crate::render::ValueHistogram;
use crate::state::transfer::{TransferFunction, ValueScale, presets};
use crate::state::view::VolumeMode;
use crate::state::workbench::Workbench;
use crate::texts::volume as texts;

/// Inside of the window, in points.
const WIDTH: f32 = 330.0;

/// The window of settings, while it is open.
pub fn window(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.views.volume_look.is_settings_open {
        return;
    }
    let mut is_open = true;
    let room = ui.ctx().content_rect().height() - 150.0;
    // Over slices, so that what it changes is seen.
    let place = ui.max_rect().left_top() + egui::vec2(302.0, 44.0);
    let window = Window::new(texts::SETTINGS).default_pos(place);
    window.resizable(false).collapsible(false).open(&mut is_open).show(ui.ctx(), |ui| {
        ui.set_width(WIDTH);
        ScrollArea::vertical().max_height(room).min_scrolled_height(room).auto_shrink([false, true]).show(ui, |ui| {
            transfer(ui, workbench);
            ui.separator();
            clip::show(ui, workbench);
            ui.separator();
            heading(ui, texts::LABELS);
            labels::show(ui, workbench);
        });
    });
    workbench.views.volume_look.is_settings_open &= is_open;
}

/// What the parts of the window change: a curve, over a scan's values.
struct Subject<'a> {
    function: &'a mut TransferFunction,
    selected: &'a mut Option<usize>,
    histogram: &'a ValueHistogram,
    scale: ValueScale,
    quantity: Quantity,
}

impl Subject<'_> {
    /// Lowest and highest value that are shown: nearly all voxels, and every point.
    fn shown_values(&self) -> [f64; 2] {
        let [low, high] = self.histogram.bulk();
        let places = self.function.points().iter().map(|point| self.scale.value(point.at + self.function.shift()));
        let [low, high] = places.fold([low, high], |[low, high], value| [low.min(value), high.max(value)]);
        let margin = (high - low).max(1e-9) * 0.03;
        [low - margin, high + margin]
    }

    /// The chosen point, if there still is one.
    fn selected(&self) -> Option<usize> {
        self.selected.filter(|number| *number < self.function.points().len())
    }

    /// The value a point lies at.
    fn value_of(&self, number: usize) -> f64 {
        self.function.points().get(number).map_or(0.0, |point| self.scale.value(point.at + self.function.shift()))
    }

    /// Where on the unshifted curve a value lies.
    fn place_of(&self, value: f64) -> f64 {
        self.scale.place(value) - self.function.shift()
    }

    /// The unit of values as a person reads it.
    fn unit(&self) -> &'static str {
        match self.quantity {
            Quantity::Hounsfield => " HU",
            Quantity::Arbitrary => "",
        }
    }
}

fn transfer(ui: &mut Ui, workbench: &mut Workbench) {
    let mode = workbench.views.volume_mode;
    let Some(case) = &workbench.case else { return };
    let Some(textures) = &case.textures else { return };
    let quantity = case.volume.quantity();
    let look = &mut workbench.views.volume_look;
    let mut subject = Subject {
        function: look.transfers.of_mut(quantity),
        selected: &mut look.selected_point,
        histogram: textures.histogram(),
        scale: textures.value_scale(),
        quantity,
    };
    ui.horizontal(|ui| {
        preset(ui, &mut subject);
        ui.checkbox(&mut look.is_lit, texts::LIT).on_hover_text(texts::LIT_HINT);
    });
    ui.add_enabled_ui(mode == VolumeMode::Rendering, |ui| {
        curve::show(ui, &mut subject);
        point::show(ui, &mut subject);
        overall(ui, &mut subject);
    });
    let hint = if mode == VolumeMode::Rendering { texts::CURVE_HINT } else { texts::CURVE_UNUSED };
    ui.label(egui::RichText::new(hint).weak().small());
}

fn preset(ui: &mut Ui, subject: &mut Subject<'_>) {
    let all = presets(subject.quantity);
    let chosen = all.iter().find(|preset| preset.is_of(subject.function));
    let label = ui.label(texts::PRESET);
    let combo = ComboBox::from_id_salt("transfer preset").width(140.0).selected_text(chosen.map_or(texts::OWN_CURVE, |preset| preset.name));
    let response = combo.show_ui(ui, |ui| {
        for preset in all {
            if ui.selectable_label(chosen == Some(preset), preset.name).clicked() {
                *subject.function = preset.function();
                *subject.selected = None;
            }
        }
    });
    response.response.labelled_by(label.id);
}

fn overall(ui: &mut Ui, subject: &mut Subject<'_>) {
    let [low, high] = subject.shown_values();
    ui.horizontal(|ui| {
        let mut opacity = subject.function.opacity() * 100.0;
        let label = ui.label(texts::OVERALL);
        ui.spacing_mut().slider_width = 76.0;
        if ui.add(Slider::new(&mut opacity, 0.0..=100.0).suffix(" %").max_decimals(0)).labelled_by(label.id).changed() {
            subject.function.set_opacity(opacity / 100.0);
        }
        let width = subject.scale.value(1.0) - subject.scale.value(0.0);
        let mut shift = subject.function.shift() * width;
        let label = ui.label(texts::SHIFT);
        let field = DragValue::new(&mut shift).speed((high - low) / 400.0).max_decimals(1).suffix(subject.unit());
        if ui.add(field).labelled_by(label.id).changed() {
            subject.function.set_shift(shift / width);
        }
    });
}
