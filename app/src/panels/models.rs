//! The study's models, and asking one of them.

use egui::{RichText, Ui};

use super::training::propose_button;
use super::widgets::{empty_hint, heading};
use crate::state::workbench::{MEAN_DICE, Workbench};
use crate::texts::models as texts;
use crate::texts::numbers::duration;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    heading(ui, texts::TITLE);
    let chosen = workbench.model().map(|model| model.id.clone());
    let models = workbench.study.as_ref().map(|study| study.models.clone()).unwrap_or_default();
    if models.is_empty() {
        empty_hint(ui, texts::NONE_YET);
    }
    for model in models.iter().rev() {
        let is_chosen = chosen.as_deref() == Some(model.id.as_str());
        let text = match model.metrics.get(MEAN_DICE) {
            Some(dice) => texts::with_dice(&model.name, *dice),
            None => match model.metrics.first_key_value() {
                Some((measure, value)) => texts::with_measure(&model.name, measure, *value),
                None => model.name.clone(),
            },
        };
        if ui.radio(is_chosen, text).on_hover_text(texts::PROPOSES).clicked() {
            workbench.chosen_model = Some(model.id.clone());
        }
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        propose_button(ui, workbench);
        if let Some(proposing) = &workbench.proposing {
            ui.spinner();
            ui.label(RichText::new(duration(proposing.since.elapsed().as_secs_f64())).weak());
        }
    });
}
