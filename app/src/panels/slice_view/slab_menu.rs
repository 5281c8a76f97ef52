//! The button in a slice view that says what is drawn around the slice, and the menu it opens.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Button, Color32, PopupCloseBehavior, Rect, RichText, Slider, Ui, UiBuilder, Visuals, vec2};

use super::Place;
use crate::command::Command;
use crate::panels::widgets::{command_button, named};
use crate::state::slab::{Projection, Slab};
use crate::state::workbench::Workbench;
use crate::texts::slices;

/// Shows the button below the view's caption.
pub(super) fn show(ui: &mut Ui, workbench: &mut Workbench, place: &Place) {
    let slab = workbench.views.slabs.get(place.plane);
    let area = Rect::from_min_size(place.rect.min + vec2(1.0, 25.0), vec2(130.0, 20.0));
    ui.scope_builder(UiBuilder::new().max_rect(area).id_salt((place.kind, "slab")), |ui| {
        let chosen = slab.text().unwrap_or_else(|| slices::THIN.to_owned());
        let mut text = RichText::new(&chosen).size(12.0);
        if slab.projection.is_none() {
            text = text.color(Color32::from_gray(170));
        }
        let config = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let response = ui
            .scope(|ui| {
                // Over black in either theme.
                let style = ui.style().clone();
                *ui.visuals_mut() = Visuals::dark();
                let button = Button::new(text).small().frame_when_inactive(slab.projection.is_some());
                let (response, _) = MenuButton::from_button(button).config(config).ui(ui, |ui| {
                    ui.set_style(style);
                    menu(ui, workbench, place);
                });
                response
            })
            .inner;
        named(&response, &slices::slab_of(place.kind.label(), &chosen));
        response.on_hover_text(Command::NextSlab.hint(slices::SLAB_HINT, ui.ctx()));
    });
}

fn menu(ui: &mut Ui, workbench: &mut Workbench, place: &Place) {
    let views = &mut workbench.views;
    let before = views.slabs.get(place.plane);
    let mut slab = before;
    ui.set_min_width(210.0);
    ui.horizontal(|ui| {
        ui.selectable_value(&mut slab.projection, None, slices::THIN);
        for projection in Projection::ALL {
            ui.selectable_value(&mut slab.projection, Some(projection), projection.name());
        }
    });
    ui.add_enabled_ui(slab.projection.is_some(), |ui| {
        ui.horizontal(|ui| {
            let label = ui.label(slices::THICKNESS);
            ui.spacing_mut().slider_width = 84.0;
            let slider = Slider::new(&mut slab.thickness_mm, Slab::RANGE_MM).suffix(" mm").logarithmic(true).step_by(1.0).fixed_decimals(0);
            ui.add(slider).labelled_by(label.id);
        });
    });
    if slab != before {
        views.slabs.set(place.plane, slab);
    }
    if ui.checkbox(&mut views.slabs.is_shared, slices::ALL_PLANES).changed() {
        views.slabs.set(place.plane, slab);
    }
    ui.separator();
    let tooltip = Command::ToggleInterpolation.hint(slices::LINEAR_HINT, ui.ctx());
    ui.checkbox(&mut views.is_interpolated, slices::LINEAR).on_hover_text(tooltip);
    command_button(ui, workbench, Command::Straighten);
}
