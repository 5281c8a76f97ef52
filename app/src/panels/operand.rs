//! Choosing the other label that an operation works with: of this mask, or of another one.

use egui::{ComboBox, Grid, Role, Ui, WidgetInfo};

use super::widgets::command_button_named;
use crate::command::Command;
use crate::state::correction::operand::OperandSource;
use crate::state::correction::operation::CombineRule;
use crate::state::workbench::Workbench;
use crate::texts::{combine as texts, correct};

/// The mask, the label, and how they are put together.
pub fn combine(ui: &mut Ui, workbench: &mut Workbench) {
    other(ui, workbench);
    let is_one_mask = workbench.correction.options.source == OperandSource::ThisMask;
    let now = workbench.correction.options.combining_now();
    for rule in CombineRule::ALL {
        let is_possible = !is_one_mask || rule == CombineRule::Union;
        let radio = ui.add_enabled(is_possible, egui::RadioButton::new(now == rule, texts::rule(rule)));
        if radio.on_disabled_hover_text(texts::ONLY_UNION).clicked() {
            workbench.correction.options.combining = rule;
        }
    }
}

/// The mask and the label.
pub fn other(ui: &mut Ui, workbench: &mut Workbench) {
    let options = &workbench.correction.options;
    let (source, label) = (options.source, options.other);
    Grid::new("operand").num_columns(3).show(ui, |ui| {
        let chosen = pick(ui, texts::SOURCE, texts::THIS_MASK, source, &workbench.operand_sources(), texts::SOURCE_HINT);
        if chosen != source {
            workbench.choose_operand(chosen);
        }
        command_button_named(ui, workbench, Command::OpenOperand, texts::FROM_FILE);
        ui.end_row();
        let labels = workbench.operand_labels();
        workbench.correction.options.other = pick(ui, correct::OTHER_LABEL, correct::NONE, label, &labels, correct::OTHER_LABEL);
        ui.end_row();
    });
}

/// A list to choose one of, with its name before it.
fn pick<T: Copy + PartialEq>(ui: &mut Ui, name: &str, none: &str, chosen: T, all: &[(T, String)], hint: &str) -> T {
    let mut picked = chosen;
    let text = all.iter().find(|(value, _)| *value == chosen).map_or(none, |(_, name)| name.as_str());
    ui.label(name);
    let combo = ComboBox::from_id_salt(name).selected_text(text).width(112.0).truncate().show_ui(ui, |ui| {
        for (value, name) in all {
            ui.selectable_value(&mut picked, *value, name);
        }
    });
    combo.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, name));
    combo.response.on_hover_text(hint);
    picked
}
