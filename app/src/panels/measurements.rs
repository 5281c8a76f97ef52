//! The list of measurements, and what each label holds.

use egui::{Align, Button, Layout, RichText, Ui};
use medley_volume::Quantity;

use super::widgets::{command_button_named, empty_hint, heading, list_row, name_button, named, section};
use crate::command::Command;
use crate::state::measure::{Measured, RegionForm};
use crate::state::tools::ActiveTool;
use crate::state::workbench::Workbench;
use crate::texts::measure as texts;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(quantity) = workbench.case.as_ref().map(|case| case.volume.quantity()) else { return };
    section(ui, texts::HEADING, |ui| content(ui, workbench, quantity));
}

fn content(ui: &mut Ui, workbench: &mut Workbench, quantity: Quantity) {
    if workbench.tool == ActiveTool::Region {
        forms(ui, workbench);
    }
    if workbench.measure.list.is_empty() {
        empty_hint(ui, texts::EMPTY);
    }
    let rows: Vec<Measured> = workbench.measure.list.clone();
    for measured in &rows {
        row(ui, workbench, measured, quantity);
    }
    buttons(ui, workbench);
    ui.add_space(10.0);
    labels(ui, workbench, quantity);
}

/// The form of the next region.
fn forms(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal(|ui| {
        for form in RegionForm::ALL {
            let response = ui.add(Button::new(texts::form(form)).selected(workbench.measure.region_form == form));
            if response.clicked() {
                workbench.measure.region_form = form;
            }
        }
    });
}

fn row(ui: &mut Ui, workbench: &mut Workbench, measured: &Measured, quantity: Quantity) {
    let shape = &measured.measurement.shape;
    let value = match measured.statistics.flatten() {
        Some(held) => texts::mean(&held, quantity),
        None => texts::size(shape),
    };
    list_row(
        ui,
        workbench,
        |_, _| {},
        |ui, workbench| {
            let delete = ui.small_button("×");
            let title = texts::delete(&measured.measurement.name);
            named(&delete, &title);
            if delete.on_hover_text(title).clicked() {
                workbench.delete_measurement(measured.number);
            }
            let held = texts::region_lines(shape, measured.statistics, quantity).join("\n");
            let label = ui.label(RichText::new(value).monospace().size(12.0));
            if shape.is_region() {
                label.on_hover_text(held);
            }
        },
        |ui, workbench| name(ui, workbench, measured),
    );
}

/// The name: a click goes there, a double click lets it be written anew.
fn name(ui: &mut Ui, workbench: &mut Workbench, measured: &Measured) {
    let is_renamed = workbench.measure.renaming.as_ref().is_some_and(|(number, _)| *number == measured.number);
    if !is_renamed {
        let is_selected = workbench.measure.selected == Some(measured.number);
        let response = ui.add(name_button(ui, &measured.measurement.name, is_selected)).on_hover_text(texts::ROW_HINT);
        if response.double_clicked() {
            workbench.measure.renaming = Some((measured.number, measured.measurement.name.clone()));
        } else if response.clicked() {
            workbench.go_to_measurement(measured.number);
        }
        return;
    }
    let Some((number, mut text)) = workbench.measure.renaming.take() else { return };
    let field = ui.add(egui::TextEdit::singleline(&mut text).desired_width(f32::INFINITY));
    named(&field, texts::NAME_FIELD);
    field.request_focus();
    let is_given_up = ui.input(|input| input.key_pressed(egui::Key::Escape));
    if field.clicked_elsewhere() || ui.input(|input| input.key_pressed(egui::Key::Enter)) {
        workbench.measure.rename(number, &text);
    } else if !is_given_up {
        workbench.measure.renaming = Some((number, text));
    }
}

fn buttons(ui: &mut Ui, workbench: &mut Workbench) {
    ui.horizontal(|ui| {
        let undo = ui.add_enabled(workbench.measure.can_undo(), Button::new(texts::UNDO));
        named(&undo, texts::UNDO_HINT);
        if undo.on_hover_text(texts::UNDO_HINT).clicked() {
            workbench.measure.undo();
        }
        command_button_named(ui, workbench, Command::CopyMeasurements, texts::COPY);
        command_button_named(ui, workbench, Command::SaveMeasurements, texts::SAVE_TABLE);
    });
}

/// Volume, mean and spread of every label that has voxels.
fn labels(ui: &mut Ui, workbench: &Workbench, quantity: Quantity) {
    heading(ui, texts::LABELS_HEADING);
    let Some(held) = &workbench.measure.labels else { return empty_hint(ui, texts::COUNTING) };
    if held.is_empty() {
        return empty_hint(ui, texts::NO_LABELS);
    }
    let table = workbench.study.as_ref().map(|study| &study.labels);
    label_row(ui, [texts::MILLILITRES, &texts::mean_title(quantity)].map(RichText::new).map(RichText::weak), |ui| {
        ui.weak(texts::LABEL);
    });
    for (&value, held) in held {
        let label = table.and_then(|table| table.get(value));
        let name = label.map_or_else(|| crate::texts::labels::unnamed(value), |label| label.name.clone());
        let [r, g, b] = workbench.label_color(value);
        let numbers = [texts::millilitres(held.volume_ml), format!("{:.0} ± {:.0}", held.mean, held.sd)];
        label_row(ui, numbers.map(|text| RichText::new(text).monospace().size(12.0)), |ui| {
            let (mark, _) = ui.allocate_exact_size(egui::vec2(9.0, 9.0), egui::Sense::hover());
            ui.painter().rect_filled(mark, 2.0, egui::Color32::from_rgb(r, g, b));
            ui.add(egui::Label::new(name).truncate()).on_hover_text(crate::texts::numbers::voxels(held.voxels as usize));
        });
    }
}

/// A name that takes what room there is, then two columns of numbers.
fn label_row(ui: &mut Ui, [volume, mean]: [RichText; 2], name: impl FnOnce(&mut Ui)) {
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            for (text, width) in [(mean, 100.0), (volume, 58.0)] {
                ui.allocate_ui_with_layout(egui::vec2(width, 16.0), Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_width(width);
                    ui.label(text);
                });
            }
            ui.with_layout(Layout::left_to_right(Align::Center), name);
        });
    });
}
