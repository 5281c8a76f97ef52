//! A model's proposal: how it differs from the mask, and what becomes of it.

use egui::{Color32, Frame, Grid, RichText, Ui};

use super::widgets::{command_button_named, heading, named};
use crate::command::Command;
use crate::state::workbench::Workbench;
use crate::texts::labels::unnamed;
use crate::texts::proposal as texts;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(case) = &workbench.case else { return };
    let Some((proposal, difference)) = &case.proposal else { return };
    let ml = case.volume.grid().voxel_volume_ml();
    let rows = difference.per_label.clone();
    let title = texts::title(&model_name(workbench, &proposal.model));
    let labels = workbench.study.as_ref().map(|study| study.labels.clone()).unwrap_or_default();
    let mut accept_one = None;
    Frame::group(ui.style()).fill(ui.visuals().faint_bg_color).show(ui, |ui| {
        ui.set_width(ui.available_width());
        heading(ui, &title);
        ui.label(RichText::new(texts::LEGEND).small().weak());
        ui.add_space(4.0);
        Grid::new("difference").num_columns(4).spacing([8.0, 4.0]).striped(true).show(ui, |ui| {
            for head in texts::HEADS {
                ui.label(RichText::new(head).small().weak());
            }
            ui.end_row();
            for row in &rows {
                let name = labels.get(row.label).map_or_else(|| unnamed(row.label), |label| label.name.clone());
                let [r, g, b, _] = workbench.palette.color(row.label);
                ui.horizontal(|ui| {
                    let (swatch, _) = ui.allocate_exact_size(egui::vec2(10.0, 10.0), egui::Sense::hover());
                    ui.painter().rect_filled(swatch, 2.0, Color32::from_rgb(r, g, b));
                    ui.label(&name);
                });
                ui.label(RichText::new(ml_text(row.added as f64 * ml)).monospace()).on_hover_text(texts::ADDED_HINT);
                ui.label(RichText::new(ml_text(row.removed as f64 * ml)).monospace()).on_hover_text(texts::REMOVED_HINT);
                let accept = ui.small_button(texts::ACCEPT);
                named(&accept, &texts::accept_only(&name));
                if accept.on_hover_text(texts::accept_only_hint(&name)).clicked() {
                    accept_one = Some(row.label);
                }
                ui.end_row();
            }
        });
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            command_button_named(ui, workbench, Command::AcceptProposal, texts::ACCEPT_ALL);
            command_button_named(ui, workbench, Command::RejectProposal, texts::REJECT);
        });
    });
    ui.add_space(10.0);
    if let Some(label) = accept_one {
        workbench.accept_proposal(Some(label));
    }
}

/// Millilitres with as many digits as mean something.
fn ml_text(ml: f64) -> String {
    if ml < 99.95 { format!("{ml:.1}") } else { format!("{ml:.0}") }
}

/// The model's name in the study; of one that is not there, the beginning of its id.
fn model_name(workbench: &Workbench, id: &str) -> String {
    let known = workbench.study.iter().flat_map(|study| &study.models).find(|model| model.id == id);
    known.map_or_else(|| id.chars().take(12).collect(), |model| model.name.clone())
}
