use egui::{Align2, Checkbox, DragValue, Grid, RichText, ScrollArea, Slider, Ui, Window};

use super::draw_again_if_grown;
use crate::command::Command;
use crate::panels::widgets::{heading, named};
use crate::places;
use crate::state::settings::{PaintingButton, Settings, ThemeChoice};
use crate::state::tabs::usual_limit;
use crate::state::workbench::Workbench;
use crate::texts::settings as texts;

/// The page of settings. What is changed holds at once.
pub fn settings_window(ui: &Ui, workbench: &mut Workbench) {
    if !workbench.hands.is_settings_open {
        return;
    }
    let mut is_open = true;
    let room = ui.ctx().content_rect().size();
    let window =
        Window::new(texts::TITLE).anchor(Align2::CENTER_CENTER, [0.0, 0.0]).collapsible(false).resizable(false).default_height(room.y);
    let shown = window.open(&mut is_open).show(ui.ctx(), |ui| {
        ui.set_width((room.x - 80.0).min(460.0));
        ScrollArea::vertical().max_height(room.y - 150.0).auto_shrink([false, true]).show(ui, |ui| {
            let settings = &mut workbench.hands.settings;
            heading(ui, texts::APPEARANCE);
            appearance(ui, settings);
            ui.add_space(10.0);
            heading(ui, texts::LABELS);
            check(ui, &mut settings.has_safe_label_colors, texts::SAFE_COLORS, Some(texts::SAFE_COLORS_HINT));
            ui.add_space(10.0);
            heading(ui, texts::HANDS);
            hands(ui, settings);
            ui.add_space(10.0);
            heading(ui, texts::MEMORY);
            memory(ui, settings);
            ui.add_space(10.0);
            foot(ui, workbench);
        });
    });
    if let Some(shown) = shown {
        draw_again_if_grown(ui, &shown.response);
    }
    workbench.hands.is_settings_open &= is_open;
}

fn appearance(ui: &mut Ui, settings: &mut Settings) {
    Grid::new("appearance").num_columns(2).spacing([16.0, 8.0]).show(ui, |ui| {
        ui.label(texts::THEME);
        ui.horizontal(|ui| {
            for choice in ThemeChoice::ALL {
                let text = match choice {
                    ThemeChoice::Dark => texts::DARK,
                    ThemeChoice::Light => texts::LIGHT,
                    ThemeChoice::System => texts::SYSTEM,
                };
                ui.radio_value(&mut settings.theme, choice, text);
            }
        });
        ui.end_row();
        let label = ui.label(texts::SCALE);
        ui.horizontal(|ui| {
            // In force when it is let go: the slider would run away under the pointer.
            let id = ui.scope_id().with("scale");
            let mut percent = ui.data(|data| data.get_temp(id)).unwrap_or(settings.scale_percent);
            let slider = Slider::new(&mut percent, Settings::SCALE_RANGE).step_by(5.0).suffix(" %");
            let slider = ui.add(slider).labelled_by(label.id);
            if slider.dragged() {
                ui.data_mut(|data| data.insert_temp(id, percent));
            } else {
                ui.data_mut(|data| data.remove::<u16>(id));
                settings.scale_percent = percent;
            }
            let usual = ui.add_enabled(settings.scale_percent != 100, egui::Button::new(texts::USUAL_SCALE));
            named(&usual, texts::USUAL_SCALE_NAME);
            if usual.on_hover_text(Command::UsualInterface.tooltip(ui.ctx())).clicked() {
                settings.scale_percent = 100;
            }
        });
        ui.end_row();
    });
    check(ui, &mut settings.is_high_contrast, texts::HIGH_CONTRAST, Some(texts::HIGH_CONTRAST_HINT));
    check(ui, &mut settings.is_motion_reduced, texts::REDUCED_MOTION, Some(texts::REDUCED_MOTION_HINT));
}

fn hands(ui: &mut Ui, settings: &mut Settings) {
    ui.horizontal(|ui| {
        ui.label(texts::PAINTING_BUTTON);
        ui.add_space(8.0);
        for button in PaintingButton::ALL {
            let text = match button {
                PaintingButton::Left => texts::LEFT,
                PaintingButton::Right => texts::RIGHT,
            };
            ui.radio_value(&mut settings.painting_button, button, text);
        }
        ui.weak(texts::PAINTING_BUTTON_HINT);
    });
    check(ui, &mut settings.is_wheel_reversed, texts::REVERSED_WHEEL, None);
    check(ui, &mut settings.has_pen_pressure, texts::PEN_PRESSURE, Some(texts::PEN_PRESSURE_HINT));
}

/// How much open cases may take.
fn memory(ui: &mut Ui, settings: &mut Settings) {
    const BYTES: f64 = (1u64 << 30) as f64;
    ui.horizontal(|ui| {
        let label = ui.label(texts::OPEN_CASES);
        let usual_gib = (usual_limit() as f64 / BYTES * 10.0).round() / 10.0;
        let mut gib = settings.open_cases_gib.unwrap_or(usual_gib);
        let field = DragValue::new(&mut gib).speed(0.1).range(Settings::OPEN_CASES_RANGE_GIB).suffix(texts::GIB).max_decimals(1);
        if ui.add(field).labelled_by(label.id).changed() {
            settings.open_cases_gib = Some(gib);
        }
        if ui.add_enabled(settings.open_cases_gib.is_some(), egui::Button::new(texts::USUAL_MEMORY)).clicked() {
            settings.open_cases_gib = None;
        }
    });
    ui.add(egui::Label::new(RichText::new(texts::OPEN_CASES_HINT).small().weak()).wrap());
}

fn check(ui: &mut Ui, is_on: &mut bool, text: &str, hint: Option<&str>) {
    ui.add(Checkbox::new(is_on, text));
    if let Some(hint) = hint {
        ui.indent(text, |ui| ui.add(egui::Label::new(RichText::new(hint).small().weak()).wrap()));
    }
}

fn foot(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal(|ui| {
        let context = ui.ctx().clone();
        if ui.button(texts::SHORTCUTS).on_hover_text(Command::Help.tooltip(&context)).clicked() {
            workbench.hands.is_settings_open = false;
            Command::Help.run(workbench, &context);
        }
        if ui.button(texts::RESET).clicked() {
            workbench.hands.settings.reset();
        }
    });
    ui.add(egui::Label::new(RichText::new(texts::kept_in(&places::settings())).small().weak()).truncate());
}
