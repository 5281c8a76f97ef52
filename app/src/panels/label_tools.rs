//! Above the list of labels: finding one, taking a label set, and what is done with all.

use egui::{TextEdit, Ui};

use super::widgets::named;
use crate::state::label_sets::LabelSet;
use crate::state::workbench::Workbench;
use crate::texts::labels as texts;

/// Lists longer than this can be searched.
const SHORT: usize = 8;

pub fn show(ui: &mut Ui, workbench: &mut Workbench) {
    let Some(study) = &workbench.study else { return };
    let mut table = study.labels.clone();
    let active = workbench.active_label;
    let mut chosen = None;
    ui.horizontal(|ui| {
        let sets = ui.menu_button(texts::SETS, |ui| {
            for set in LabelSet::ALL {
                if ui.button(texts::set(set)).clicked() {
                    chosen = Some(set);
                    ui.close();
                }
            }
        });
        sets.response.on_hover_text(texts::SETS_HINT);
        ui.menu_button(texts::ALL, |ui| {
            type Change = fn(&mut medley_volume::Label, bool);
            let changes: [(&str, Change); 4] = [
                (texts::SHOW_ALL, |label, _| label.is_visible = true),
                (texts::SHOW_ONE, |label, is_active| label.is_visible = is_active),
                (texts::UNLOCK_ALL, |label, _| label.is_locked = false),
                (texts::LOCK_OTHERS, |label, is_active| label.is_locked = !is_active),
            ];
            for (text, change) in changes {
                if ui.button(text).clicked() {
                    table.labels_mut().iter_mut().for_each(|label| change(label, label.value == active));
                    workbench.set_labels(table.clone());
                    ui.close();
                }
            }
        });
    });
    if let Some(set) = chosen {
        workbench.take_label_set(set);
    }
    if table.labels().len() > SHORT {
        let field = ui.add(TextEdit::singleline(&mut workbench.label_filter).hint_text(texts::SEARCH).desired_width(f32::INFINITY));
        named(&field, texts::SEARCH);
        let is_found = table.labels().iter().any(|label| is_shown(&workbench.label_filter, &label.name));
        if !is_found {
            super::widgets::empty_hint(ui, texts::NOTHING_FOUND);
        }
    } else {
        workbench.label_filter.clear();
    }
}

/// Whether a label's name holds every word of the filter.
pub fn is_shown(filter: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    filter.to_lowercase().split_whitespace().all(|word| name.contains(word))
}
